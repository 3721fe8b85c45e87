/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few statements that the simulator understands:
 *
 *   SELECT * | name [, name ...] FROM keyspace.table
 *       [WHERE name = 'text' | ? | :name [AND name = 'text' ...]] [;]
 *
 * Keywords in any case, names bare (folded to lower case) or quoted. Anything else gives the error
 * that a server gives: 0x2000 with the place of the first token that does not fit.
 */
#ifndef CQSIM_STATEMENT_H
#define CQSIM_STATEMENT_H

#include "sim/release.h"

enum { CQSIM_MAX_CONDITIONS = 3 };

struct cqsim_statement {
    char keyspace[CQSIM_MAX_NAME];
    char table[CQSIM_MAX_NAME];
    unsigned n_names; /* 0 = every column */
    char names[CQSIM_MAX_COLUMNS][CQSIM_MAX_NAME];
    unsigned n_where; /* conditions, all of which hold */
    char where[CQSIM_MAX_CONDITIONS][CQSIM_MAX_NAME];
    char equals[CQSIM_MAX_CONDITIONS][CQSIM_MAX_NAME];
    bool is_bound;   /* the first one's value comes with the request */
    uint64_t digest; /* names the statement: a paging state belongs to one */
};

bool cqsim_statement_parse(struct cqsim_slice text, struct cqsim_statement *out,
                           struct cqsim_error *error);

#endif
