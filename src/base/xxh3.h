/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XXH3-128 (seed 0) of one piece, compiled from the library's header for what the processor has:
 * what the shared library does with SSE2 in 1,800 instructions per table (1.4 KB) is 980 here, and
 * 615 by AVX2. xxh3_x86.c or, on other processors, xxh3_any.c is built.
 */
#ifndef CQ_BASE_XXH3_H
#define CQ_BASE_XXH3_H

#include "base/digest.h"

/* Only where the processor has AVX2. */
struct cq_hash128 cq_xxh3_128_avx2(cq_bytes b);
struct cq_hash128 cq_xxh3_128_seeded_avx2(cq_bytes b, uint64_t seed);

#endif
