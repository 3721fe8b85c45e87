/* SPDX-License-Identifier: Apache-2.0 */
/* The commands; each returns the exit status (docs/configuration.md). */
#ifndef CQ_CLI_COMMAND_H
#define CQ_CLI_COMMAND_H

#include "cli/args.h"

enum cq_exit {
    CQ_EXIT_OK = 0,
    CQ_EXIT_INTERNAL = 1,
    CQ_EXIT_USAGE = 2,       /* nobody was contacted */
    CQ_EXIT_INCOMPLETE = 3,  /* some cluster incomplete or failed */
    CQ_EXIT_UNDELIVERED = 4, /* records could not be written */
    CQ_EXIT_SIGNAL = 128,    /* and the signal's number */
};

int cq_command_crawl(struct cq_pool *pool, const struct cq_args *a);
int cq_command_check(struct cq_pool *pool, const struct cq_args *a);
int cq_command_serve(struct cq_pool *pool, const struct cq_args *a);
int cq_command_validate(struct cq_pool *pool, const struct cq_args *a);
int cq_command_bench(struct cq_pool *pool, const struct cq_args *a);
int cq_command_help(const struct cq_args *a);
int cq_command_version(void);
/* Says what is wrong with arguments or inventory; CQ_EXIT_USAGE. */
struct cq_diags;
int cq_complain(const struct cq_diags *d, bool json);
/* What is allowed and should be known. */
void cq_warn(const struct cq_diags *d, bool json);

#endif
