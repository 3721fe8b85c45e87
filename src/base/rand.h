/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Randomness as data, for jitter alone (never for secrets): a generator of 64 bits of state, the
 * same numbers from the same seed on every machine. A Weyl sequence whose terms are mixed (Steele,
 * Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014, 3).
 */
#ifndef CQ_BASE_RAND_H
#define CQ_BASE_RAND_H

#include <stdint.h>

struct cq_rand {
    uint64_t state; /* the seed */
};

static inline uint64_t cq_rand_next(struct cq_rand *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 to n, n left out; 0 where n is 0. n up to 2^53. */
static inline uint64_t cq_rand_below(struct cq_rand *r, uint64_t n)
{
    return (uint64_t)((double)(cq_rand_next(r) >> 11) * 0x1p-53 * (double)n);
}

#endif
