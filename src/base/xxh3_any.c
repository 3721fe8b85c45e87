/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3 as the compiler makes it for the processor's baseline (NEON on aarch64). */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/xxh3.h"

struct cq_hash128 cq_xxh3_128(cq_bytes b)
{
    XXH128_hash_t h = XXH3_128bits(b.p, b.n);

    return (struct cq_hash128){h.high64, h.low64};
}

struct cq_hash128 cq_xxh3_128_seeded(cq_bytes b, uint64_t seed)
{
    XXH128_hash_t h = XXH3_128bits_withSeed(b.p, b.n, seed);

    return (struct cq_hash128){h.high64, h.low64};
}
