/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LZ4 blocks through liblz4, with the two peculiarities of CQL (protocol.md 1.7): an empty body is
 * the length 0 followed by one zero byte or by nothing, and lengths are bounded before they are
 * believed.
 */
#include "proto/lz4.h"

#include <lz4.h>

#include "base/bounds.h"
#include "base/err.h"
#include "proto/wire.h"

enum { MAX_RATIO = 255 };

bool cql_lz4_plausible(size_t packed, size_t plain)
{
    return plain <= CQ_MAX_ENVELOPE_BODY && plain / MAX_RATIO <= packed;
}

int cql_lz4_unpack(cq_bytes packed, uint8_t *out, size_t n)
{
    int got;

    if (n == 0) return packed.n == 0 || (packed.n == 1 && packed.p[0] == 0) ? 0 : CQ_ELZ4;
    if (packed.n > INT32_MAX || !cql_lz4_plausible(packed.n, n)) return CQ_ELZ4;
    got = LZ4_decompress_safe((const char *)packed.p, (char *)out, (int)packed.n, (int)n);
    return got >= 0 && (size_t)got == n ? 0 : CQ_ELZ4;
}

int cql_lz4_pack(cq_bytes plain, struct cq_buf *out)
{
    int most, got;
    uint8_t *to;

    if (plain.n > CQ_MAX_ENVELOPE_BODY) {
        if (!out->err) out->err = CQ_ETOO_LARGE;
        return out->err;
    }
    most = LZ4_compressBound((int)plain.n);
    to = cq_buf_room(out, (size_t)most);
    if (!to) return out->err;
    got =
        LZ4_compress_default(plain.n ? (const char *)plain.p : "", (char *)to, (int)plain.n, most);
    if (got <= 0) {
        out->err = CQ_EINTERNAL;
        return out->err;
    }
    out->n += (size_t)got;
    return 0;
}

int cql_lz4_body(cq_bytes body, size_t *plain, cq_bytes *block)
{
    struct cql_reader r = cql_reader_of(body);

    *plain = cql_read_u32(&r);
    *block = cql_rest(&r);
    return !r.bad && cql_lz4_plausible(block->n, *plain) ? 0 : CQ_ELZ4;
}

const char *cql_lz4_library(void)
{
    return LZ4_versionString();
}
