/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for generated schemas that read like a company's own (--names words); the reference schema
 * keeps its numbered ones. Nothing here fails: what runs out of words gets a number behind it.
 */
#ifndef CQSIM_NAMES_H
#define CQSIM_NAMES_H

#include "sim/rng.h"
#include "sim/table.h"

/* The k-th keyspace of a schema; `first` turns the list, so that schemas differ. */
void cqsim_name_keyspace(size_t first, unsigned k, char out[CQSIM_MAX_NAME]);
/* The t-th table: what it holds and by what, and a comment that says the same. */
void cqsim_name_table(size_t first, unsigned t, char out[CQSIM_MAX_NAME],
                      char comment[CQSIM_MAX_NAME]);
/* The i-th regular column, of that type. */
void cqsim_name_column(const char *type, unsigned i, char out[CQSIM_MAX_NAME]);

#endif
