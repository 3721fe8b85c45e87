/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QUERY, PREPARE or EXECUTE in, RESULT or ERROR out: one statement, one page. Pages are cut as real
 * servers cut them (a page that is full always promises another, so that a multiple of the page
 * size ends with an empty page); the paging state names statement and row and is refused elsewhere
 * with the servers' own text.
 */
#ifndef CQSIM_ANSWER_H
#define CQSIM_ANSWER_H

#include "sim/cluster.h"
#include "sim/query.h"
#include "sim/statement.h"

/* 5.0's words. */
#define CQSIM_OVERLOADED_TEXT                                                                      \
    "Server is in overloaded state. Cannot accept more requests at this point"

void cqsim_error_body(const struct cqsim_error *e, struct cqsim_buf *body);
/* Appends the body and returns its opcode. */
unsigned cqsim_answer(struct cqsim_cluster *c, const struct cqsim_query *q, unsigned version,
                      struct cqsim_counts *counts, struct cqsim_buf *body);
/* The same of a statement that is to be prepared. */
unsigned cqsim_answer_prepare(struct cqsim_cluster *c, struct cqsim_slice text, unsigned version,
                              struct cqsim_counts *counts, struct cqsim_buf *body);

#endif
