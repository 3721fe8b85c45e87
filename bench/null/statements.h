/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a crawl asks, in its three writes: kept by hand like src/crawler/queries.c and compared with
 * it at the simulator's counters (tests/bench/null.py).
 */
#ifndef NULL_STATEMENTS_H
#define NULL_STATEMENTS_H

#include <stdint.h>

enum null_write { NULL_WRITE_BEFORE, NULL_WRITE_MAIN, NULL_WRITE_AFTER };

struct null_statement {
    enum null_write write;
    const char *text;
    uint32_t page_rows;
};

extern const struct null_statement null_statements[];
extern const unsigned null_n_statements;

#endif
