/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of rounds (cli/spread.h). */
#include "cli/spread.h"

#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

struct cq_spread cq_spread_of(double *values, size_t n)
{
    struct cq_spread s = {.n = n};

    if (!n) return s;
    qsort(values, n, sizeof(*values), by_size);
    s.min = values[0];
    s.max = values[n - 1];
    s.median = (values[(n - 1) / 2] + values[n / 2]) / 2;
    return s;
}

enum cq_change cq_spread_compare(const struct cq_spread *a, const struct cq_spread *b)
{
    if (b->min == a->min && b->max == a->max) return CQ_CHANGE_NOISE;
    if (a->n < CQ_FEWEST_ROUNDS || b->n < CQ_FEWEST_ROUNDS) return CQ_CHANGE_FEW;
    if (b->min > a->max) return CQ_CHANGE_MORE;
    if (b->max < a->min) return CQ_CHANGE_LESS;
    return CQ_CHANGE_NOISE;
}
