/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3 by SSE2, which every x86-64 has, or by AVX2 where it is there and the piece is worth it. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/cpu.h"
#include "base/xxh3.h"

/* Up to here XXH3 uses no vectors. */
enum { WITHOUT_VECTORS = XXH3_MIDSIZE_MAX };

struct cq_hash128 cq_xxh3_128(cq_bytes b)
{
    XXH128_hash_t h;

    if (b.n > WITHOUT_VECTORS && cq_cpu_has_avx2()) return cq_xxh3_128_avx2(b);
    h = XXH3_128bits(b.p, b.n);
    return (struct cq_hash128){h.high64, h.low64};
}

struct cq_hash128 cq_xxh3_128_seeded(cq_bytes b, uint64_t seed)
{
    XXH128_hash_t h;

    if (b.n > WITHOUT_VECTORS && cq_cpu_has_avx2()) return cq_xxh3_128_seeded_avx2(b, seed);
    h = XXH3_128bits_withSeed(b.p, b.n, seed);
    return (struct cq_hash128){h.high64, h.low64};
}
