/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC32 by PCLMULQDQ, after V. Gopal and others, "Fast CRC Computation for Generic Polynomials
 * Using PCLMULQDQ Instruction" (Intel, 2009). A polynomial may be cut off at the front and added
 * again, multiplied by a power of x modulo P, further behind: so 64 bytes at a time melt into the
 * next 64, in the end into 16, with the same remainder. The paper's last step (Barrett's reduction)
 * is left to the tables: two rounds of eight bytes.
 *
 * A segment of 128 KiB takes 10 us, by the tables 60. Built for SSE4.1 and PCLMULQDQ, called only
 * where the processor says that it has them.
 */
#include "proto/crc_fold.h"

#include <immintrin.h>

#include "base/cpu.h"

enum { LANES = 4, LANE = 16, STRIDE = LANES * LANE };

#define FOLDING __attribute__((target("sse4.1,pclmul")))

/* x^(d + 32) and x^(d - 32) modulo P for a distance of d bits, reflected as everything is (3 of the
 * paper): by how much the halves of a lane move. */
FOLDING static __m128i by_512(void)
{
    return _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
}

FOLDING static __m128i by_128(void)
{
    return _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
}

FOLDING static __m128i load(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* x moved by the distance of k, and what stands there. */
FOLDING static __m128i fold(__m128i x, __m128i k, __m128i there)
{
    __m128i low = _mm_clmulepi64_si128(x, k, 0x00);
    __m128i high = _mm_clmulepi64_si128(x, k, 0x11);

    return _mm_xor_si128(_mm_xor_si128(low, high), there);
}

FOLDING static size_t fold_all(uint32_t crc, const uint8_t *p, size_t n,
                               uint8_t folded[CQL_CRC_FOLDED])
{
    __m128i x[LANES], one;
    size_t at = STRIDE;

    for (int i = 0; i < LANES; i++)
        x[i] = load(p + i * LANE);
    x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)crc));
    for (; n - at >= STRIDE; at += STRIDE) {
        for (int i = 0; i < LANES; i++)
            x[i] = fold(x[i], by_512(), load(p + at + i * LANE));
    }
    one = x[0];
    for (int i = 1; i < LANES; i++)
        one = fold(one, by_128(), x[i]);
    for (; n - at >= LANE; at += LANE)
        one = fold(one, by_128(), load(p + at));
    _mm_storeu_si128((__m128i *)(void *)folded, one);
    return at;
}

size_t cql_crc_fold(uint32_t crc, const uint8_t *p, size_t n, uint8_t folded[CQL_CRC_FOLDED])
{
    if (n < STRIDE || !cq_cpu_can_fold()) return 0;
    return fold_all(crc, p, n, folded);
}
