/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3 by AVX2: the one file that is compiled for it (layer.cmake), called by xxh3_x86.c alone. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/xxh3.h"

struct cq_hash128 cq_xxh3_128_avx2(cq_bytes b)
{
    XXH128_hash_t h = XXH3_128bits(b.p, b.n);

    return (struct cq_hash128){h.high64, h.low64};
}

struct cq_hash128 cq_xxh3_128_seeded_avx2(cq_bytes b, uint64_t seed)
{
    XXH128_hash_t h = XXH3_128bits_withSeed(b.p, b.n, seed);

    return (struct cq_hash128){h.high64, h.low64};
}
