/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing the few bytes that names and cells have, without a call of the C library: for what is
 * done for every column of every table. What is long is memcmp's.
 */
#ifndef CQ_BASE_SHORT_H
#define CQ_BASE_SHORT_H

#include "base/lanes.h"

/* memcmp() == 0; words that overlap cover every length. */
static inline bool cq_same_bytes(const uint8_t *a, const uint8_t *b, size_t n)
{
    if (n > 256) return memcmp(a, b, n) == 0;
    if (n >= 16) return cq_same_long(a, b, n);
    if (n >= 8) {
        size_t last = n - 8;

        return ((cq_load64(a) ^ cq_load64(b)) | (cq_load64(a + last) ^ cq_load64(b + last))) == 0;
    }
    if (n >= 4) {
        size_t last = n - 4;

        return ((cq_load32(a) ^ cq_load32(b)) | (cq_load32(a + last) ^ cq_load32(b + last))) == 0;
    }
    return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
}

/* The bytes as a number that is the greater the later the bytes come in order. */
static inline uint64_t cq_load64_be(const uint8_t *p)
{
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
           (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
           (uint64_t)p[6] << 8 | p[7];
}

/* cq_cmp of names, without a call: what differs is near the front, or there is not much of it. */
static inline int cq_cmp_short(cq_bytes a, cq_bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n, i = 0;

    for (; i + 8 <= n; i += 8) {
        uint64_t x = cq_load64_be(a.p + i), y = cq_load64_be(b.p + i);

        if (x != y) return x < y ? -1 : 1;
    }
    for (; i < n; i++)
        if (a.p[i] != b.p[i]) return a.p[i] < b.p[i] ? -1 : 1;
    return a.n < b.n ? -1 : a.n > b.n;
}

#endif
