/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the receiver can be asked, as JSON, and told, while it runs: GET /stats, /clusters,
 * /records?cluster=NAME (NDJSON out of the store), /reset; PUT /script, /faults, /outage.
 */
#ifndef CQSIM_RECEIVER_QUERIES_H
#define CQSIM_RECEIVER_QUERIES_H

#include "sim/receiver/receiver.h"

/* Appends the answer's body and returns its status. */
unsigned cqsim_query_answer(struct cqsim_receiver *r, const struct cqsim_request *request,
                            struct cqsim_slice body, struct cqsim_buf *out, const char **type);
void cqsim_query_stats(const struct cqsim_receiver *r, struct cqsim_buf *out);
/* Line i of the help; NULL behind the last. */
const char *cqsim_query_help(size_t i);

#endif
