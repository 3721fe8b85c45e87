/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of a TARGET, in arguments, in files of one per line and in contact_points:
 *
 *   host | host:port | [v6] | [v6]:port
 *   cassandra://[user@]host[:port][,host[:port]...][?tls=MODE&name=NAME&sni=NAME]
 *
 * A password in it is refused, and never repeated in the message.
 */
#ifndef CQ_CLI_TARGET_H
#define CQ_CLI_TARGET_H

#include "cli/spec.h"

/* One contact point. False with a diagnostic. */
bool cq_parse_endpoint(struct cq_pool *pool, struct cq_diags *d, struct cq_place at,
                       const char *text, struct cqlcrawl_endpoint *out);
#define CQ_LONGEST_TARGET 4096

/* Either form: c->at, c->endpoints, and c->spec where it says more than that. */
bool cq_parse_target(struct cq_pool *pool, struct cq_diags *d, struct cq_place at, const char *text,
                     struct cq_cluster *c);

extern const char *const cq_tls_words[]; /* in the order of enum cqlcrawl_tls_mode */

#endif
