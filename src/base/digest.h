/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests: SHA-256 where others must be able to trust it (sealed ids), XXH3-128 where it is a
 * fingerprint of content.
 */
#ifndef CQ_BASE_DIGEST_H
#define CQ_BASE_DIGEST_H

#include "base/bytes.h"

/* SHA-256 of b, our own, so that who has no TLS needs no OpenSSL (design.md, "The start"). */
void cq_sha256(cq_bytes b, uint8_t out[32]);
/* XXH3-128 of b, seed 0. */
struct cq_hash128 {
    uint64_t high, low;
};
struct cq_hash128 cq_xxh3_128(cq_bytes b);
/* With a seed: the key of a batch. */
struct cq_hash128 cq_xxh3_128_seeded(cq_bytes b, uint64_t seed);
/* The same as 32 lower-case hex digits, no NUL: high first, as the library's canonical form. */
void cq_hash128_hex(struct cq_hash128 h, char out[32]);
/* The same as 16 bytes. */
void cq_hash128_bytes(struct cq_hash128 h, uint8_t out[16]);
/* XXH3-64 of b: places and shares, where nobody is trusted. */
uint64_t cq_xxh3_64(cq_bytes b);
uint64_t cq_xxh3_64_seeded(cq_bytes b, uint64_t seed);
/* Lower-case hex of n bytes; out gets 2 * n characters, no NUL. */
void cq_hex(const uint8_t *p, size_t n, char *out);

#endif
