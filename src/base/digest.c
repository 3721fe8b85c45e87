/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by OpenSSL's EVP, XXH3, hex. */
#include "base/digest.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include "base/err.h"
#include "base/lanes.h"

int cq_sha256(cq_bytes b, uint8_t out[32])
{
    unsigned int n = 0;

    if (!EVP_Digest(b.p ? b.p : (const uint8_t *)"", b.n, out, &n, EVP_sha256(), NULL) || n != 32) {
        return CQ_EINTERNAL;
    }
    return 0;
}

uint64_t cq_xxh3_64(cq_bytes b)
{
    return XXH3_64bits(b.p, b.n);
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

void cq_hash128_hex(struct cq_hash128 h, char out[32])
{
    uint64_t halves[2] = {cq_big64(h.high), cq_big64(h.low)};

    for (int i = 0; i < 2; i++)
        cq_hex8((const uint8_t *)&halves[i], (uint8_t *)out + 16 * i);
}
