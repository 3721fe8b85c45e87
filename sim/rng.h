/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seeded numbers (splitmix64): the same seed gives the same clusters, faults and order of answers
 * on every machine. A generator is one word of state that its owner keeps; it never fails.
 */
#ifndef CQSIM_RNG_H
#define CQSIM_RNG_H

#include <stddef.h>
#include <stdint.h>

struct cqsim_rng {
    uint64_t state;
};

static inline uint64_t cqsim_rng_next(struct cqsim_rng *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 .. n-1; the slight bias does not matter here. */
static inline size_t cqsim_rng_below(struct cqsim_rng *r, size_t n)
{
    return n == 0 ? 0 : (size_t)(cqsim_rng_next(r) % n);
}

/* A generator of its own for one thing: seed and two numbers that name the thing. */
static inline struct cqsim_rng cqsim_rng_for(uint64_t seed, uint64_t a, uint64_t b)
{
    struct cqsim_rng r = {seed};
    r.state ^= cqsim_rng_next(&r) + a * 0xd1342543de82ef95u;
    r.state ^= cqsim_rng_next(&r) + b * 0xaf251af3b0f025b5u;
    return r;
}

/* 16 bytes in the shape of a uuid of that version (RFC 4122 section 4.1.3). */
static inline void cqsim_rng_uuid(struct cqsim_rng *r, unsigned version, uint8_t out[16])
{
    uint64_t words[2] = {cqsim_rng_next(r), cqsim_rng_next(r)};
    for (unsigned i = 0; i < 16; i++)
        out[i] = (uint8_t)(words[i / 8] >> (8 * (i % 8)));
    out[6] = (uint8_t)((out[6] & 0x0f) | version << 4);
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

#endif
