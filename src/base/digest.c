/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by OpenSSL's EVP, XXH3, hex. */
#include "base/digest.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include "base/err.h"

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
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
}
