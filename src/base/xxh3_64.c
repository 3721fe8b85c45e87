/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3-64, for names and places: short, so that wider vectors would not pay. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/digest.h"

uint64_t cq_xxh3_64(cq_bytes b)
{
    return XXH3_64bits(b.p, b.n);
}

uint64_t cq_xxh3_64_seeded(cq_bytes b, uint64_t seed)
{
    return XXH3_64bits_withSeed(b.p, b.n, seed);
}
