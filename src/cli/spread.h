/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a figure was in each round of a bench, and what two benches say beside each other. Rounds of
 * one bench differ by what else the machine does: two figures differ where their rounds do not
 * overlap at all, else it is noise. Pure.
 */
#ifndef CQ_CLI_SPREAD_H
#define CQ_CLI_SPREAD_H

#include <stdbool.h>
#include <stddef.h>

struct cq_spread {
    double median, min, max;
    size_t n; /* rounds; 0: there is no figure */
};

/* values are sorted in place. */
struct cq_spread cq_spread_of(double *values, size_t n);

enum cq_change {
    CQ_CHANGE_NOISE, /* the rounds overlap */
    CQ_CHANGE_FEW,   /* fewer than three rounds: no saying */
    CQ_CHANGE_MORE,
    CQ_CHANGE_LESS,
};

enum { CQ_FEWEST_ROUNDS = 3 };

enum cq_change cq_spread_compare(const struct cq_spread *a, const struct cq_spread *b);

#endif
