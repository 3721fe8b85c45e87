/* SPDX-License-Identifier: Apache-2.0 */
/* What options set that have a file of their own (cli/options.c): those of `bench` and of logins.
 */
#ifndef CQ_CLI_SETTERS_H
#define CQ_CLI_SETTERS_H

#include "cli/args.h"

bool cq_parse_simulate(const char *s, struct cq_simulate *out);

/* As cq_option.set. */
#define SETTER(fn)                                                                                 \
    bool fn(struct cq_args *a, struct cq_pool *pool, const char *name, const char *value)
SETTER(cq_bench_set_simulate);
SETTER(cq_bench_set_sim);
SETTER(cq_bench_set_rounds);
SETTER(cq_bench_set_duration);
SETTER(cq_bench_set_count);
SETTER(cq_bench_set_json);
SETTER(cq_bench_set_compare);
SETTER(cq_login_set_user);
SETTER(cq_login_set_password_file);
SETTER(cq_login_set_plaintext);
SETTER(cq_login_set_tls);
SETTER(cq_login_set_tls_name);
SETTER(cq_login_set_tls_sni);
SETTER(cq_login_set_cacert);
SETTER(cq_login_set_cert);
SETTER(cq_login_set_key);
#undef SETTER

#endif
