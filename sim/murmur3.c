/* SPDX-License-Identifier: Apache-2.0 */
/* MurmurHash3 x64 128 as Cassandra computes it; checked against the order of rows of real servers.
 */
#include "sim/murmur3.h"

#define C1 UINT64_C(0x87c37b91114253d5)
#define C2 UINT64_C(0x4cf5ad432745937f)

static uint64_t rotl(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

static uint64_t fmix(uint64_t k)
{
    k = (k ^ k >> 33) * UINT64_C(0xff51afd7ed558ccd);
    k = (k ^ k >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return k ^ k >> 33;
}

static uint64_t block(const uint8_t *p)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

/* The tail's bytes are Java bytes: those above 0x7f fill every bit above their own. */
static uint64_t tail_half(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v ^= (uint64_t)(int64_t)(int8_t)p[i] << (8 * i);
    return v;
}

int64_t cqsim_murmur3_token(struct cqsim_slice key)
{
    uint64_t h1 = 0, h2 = 0;
    size_t blocks = key.n / 16;
    for (size_t i = 0; i < blocks; i++) {
        h1 ^= rotl(block(key.p + 16 * i) * C1, 31) * C2;
        h1 = (rotl(h1, 27) + h2) * 5 + 0x52dce729;
        h2 ^= rotl(block(key.p + 16 * i + 8) * C2, 33) * C1;
        h2 = (rotl(h2, 31) + h1) * 5 + 0x38495ab5;
    }
    const uint8_t *tail = key.p + 16 * blocks;
    size_t left = key.n % 16;
    if (left > 8) h2 ^= rotl(tail_half(tail + 8, left - 8) * C2, 33) * C1;
    if (left > 0) h1 ^= rotl(tail_half(tail, left < 8 ? left : 8) * C1, 31) * C2;
    h1 ^= key.n;
    h2 ^= key.n;
    h1 += h2;
    h2 += h1;
    h1 = fmix(h1) + fmix(h2);
    int64_t token = (int64_t)h1;
    return token == INT64_MIN ? INT64_MAX : token;
}
