/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) and hex; XXH3 is in xxh3_*.c. */
#include "base/digest.h"

#include <string.h>

#include "base/lanes.h"

enum { BLOCK = 64, LENGTH = 8 };

/* 4.2.2: of the cube roots of the first 64 primes, the first 32 bits behind the point. */
static const uint32_t k[BLOCK] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t right(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

/* 6.2.2: one block into the eight words. */
static void add_block(uint32_t h[8], const uint8_t p[BLOCK])
{
    uint32_t w[BLOCK], v[8];

    for (int t = 0; t < 16; t++)
        w[t] = (uint32_t)p[4 * t] << 24 | (uint32_t)p[4 * t + 1] << 16 |
               (uint32_t)p[4 * t + 2] << 8 | p[4 * t + 3];
    for (int t = 16; t < BLOCK; t++) {
        uint32_t a = w[t - 15], b = w[t - 2];

        w[t] = w[t - 16] + w[t - 7] + (right(a, 7) ^ right(a, 18) ^ a >> 3) +
               (right(b, 17) ^ right(b, 19) ^ b >> 10);
    }
    memcpy(v, h, sizeof(v));
    for (int t = 0; t < BLOCK; t++) {
        uint32_t a = v[0], e = v[4];
        uint32_t t1 = v[7] + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) +
                      ((e & v[5]) ^ (~e & v[6])) + k[t] + w[t];
        uint32_t t2 =
            (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

        memmove(v + 1, v, 7 * sizeof(*v));
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        h[i] += v[i];
}

/* The last bytes, a bit, zeros, the length in bits (5.1.1): one block or two. */
void cq_sha256(cq_bytes b, uint8_t out[32])
{
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint8_t last[2 * BLOCK] = {0};
    uint64_t bits = cq_big64((uint64_t)b.n * 8);
    size_t rest = b.n % BLOCK, n = rest + 1 + LENGTH <= BLOCK ? BLOCK : 2 * BLOCK;

    for (size_t i = 0; i + BLOCK <= b.n; i += BLOCK)
        add_block(h, b.p + i);
    if (rest) memcpy(last, b.p + b.n - rest, rest);
    last[rest] = 0x80;
    memcpy(last + n - LENGTH, &bits, LENGTH);
    for (size_t i = 0; i < n; i += BLOCK)
        add_block(h, last + i);
    for (int i = 0; i < 32; i++)
        out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

void cq_hex(const uint8_t *p, size_t n, char *out)
{
    size_t i = 0;

    for (; i + 8 <= n; i += 8)
        cq_hex8(p + i, (uint8_t *)out + 2 * i);
    for (; i < n; i++) {
        out[2 * i] = cq_hex_digit(p[i] >> 4);
        out[2 * i + 1] = cq_hex_digit(p[i] & 15);
    }
}

void cq_hash128_bytes(struct cq_hash128 h, uint8_t out[16])
{
    uint64_t halves[2] = {cq_big64(h.high), cq_big64(h.low)};

    memcpy(out, halves, sizeof(halves));
}

void cq_hash128_hex(struct cq_hash128 h, char out[32])
{
    uint64_t halves[2] = {cq_big64(h.high), cq_big64(h.low)};

    for (int i = 0; i < 2; i++)
        cq_hex8((const uint8_t *)&halves[i], (uint8_t *)out + 16 * i);
}
