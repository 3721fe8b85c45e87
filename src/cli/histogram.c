/* SPDX-License-Identifier: Apache-2.0 */
/* Times in fixed memory (cli/histogram.h). Slots up to 2^11 are one wide; then each further binary
 * digit of a value has 1,024 slots, twice as wide as those before. */
#include "cli/histogram.h"

#include <string.h>

#define LARGEST (((uint64_t)1 << CQ_HISTOGRAM_BITS) - 1)

static unsigned bits(uint64_t v)
{
    unsigned n = 0;

    for (; v; v >>= 1)
        n++;
    return n;
}

/* How many low digits of a value do not count. */
static unsigned shift_of(uint64_t v)
{
    unsigned n = bits(v);

    return n > CQ_HISTOGRAM_DIGITS + 1 ? n - CQ_HISTOGRAM_DIGITS - 1 : 0;
}

void cq_histogram_record(struct cq_histogram *h, uint64_t value)
{
    uint64_t v = value < LARGEST ? value : LARGEST;
    unsigned shift = shift_of(v);

    h->counts[((size_t)shift << CQ_HISTOGRAM_DIGITS) + (size_t)(v >> shift)]++;
    h->n++;
    if (value > h->max) h->max = value;
}

void cq_histogram_clear(struct cq_histogram *h)
{
    memset(h, 0, sizeof(*h));
}

/* The largest value that counts in slot i. */
static uint64_t last_of(size_t i)
{
    size_t shift = i >> CQ_HISTOGRAM_DIGITS;

    if (shift > 0) shift--; /* the first two rows are of one width */
    return (((uint64_t)i - ((uint64_t)shift << CQ_HISTOGRAM_DIGITS) + 1) << shift) - 1;
}

uint64_t cq_histogram_at(const struct cq_histogram *h, double percent)
{
    double wanted = percent / 100 * (double)h->n;
    uint64_t seen = 0;

    for (size_t i = 0; i < CQ_HISTOGRAM_SLOTS; i++) {
        seen += h->counts[i];
        if (seen && (double)seen >= wanted) return last_of(i) < h->max ? last_of(i) : h->max;
    }
    return h->max;
}
