/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times in fixed memory, to three significant digits, as HdrHistogram keeps them: within each power
 * of two 1,024 slots of equal width, so that a value is known to one part in 1,024, and counting
 * one is a shift and an addition. Values from 0 to 2^40 - 1 (of nanoseconds: 18 minutes); larger
 * ones count as that, and `max` is exact. Pure.
 */
#ifndef CQ_CLI_HISTOGRAM_H
#define CQ_CLI_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
    CQ_HISTOGRAM_DIGITS = 10, /* binary ones, behind the first */
    CQ_HISTOGRAM_BITS = 40,   /* of the largest value */
    CQ_HISTOGRAM_SLOTS = (CQ_HISTOGRAM_BITS - CQ_HISTOGRAM_DIGITS + 1) << CQ_HISTOGRAM_DIGITS,
};

struct cq_histogram { /* zeroes: empty */
    uint64_t n, max;
    uint32_t counts[CQ_HISTOGRAM_SLOTS];
};

void cq_histogram_record(struct cq_histogram *h, uint64_t value);
void cq_histogram_clear(struct cq_histogram *h);
/* The least value that `percent` per cent of all do not exceed (100: max), at most one part in
 * 1,024 too large; 0 where nothing was counted. */
uint64_t cq_histogram_at(const struct cq_histogram *h, double percent);

#endif
