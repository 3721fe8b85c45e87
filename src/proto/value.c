/* SPDX-License-Identifier: Apache-2.0 */
/* The cell readers of proto/value.h: total, nothing copied (v5.spec 6). */
#include "proto/value.h"

#include <arpa/inet.h>

#include "base/digest.h"
#include "proto/wire.h"

bool cql_get_bool(cq_bytes cell, bool *v)
{
    if (cell.n != 1 || cq_is_null(cell)) return false;
    *v = cell.p[0] != 0;
    return true;
}

bool cql_get_int(cq_bytes cell, int32_t *v)
{
    if (cell.n != 4 || cq_is_null(cell)) return false;
    *v = (int32_t)cql_load_u32(cell.p);
    return true;
}

bool cql_get_bigint(cq_bytes cell, int64_t *v)
{
    if (cell.n != 8 || cq_is_null(cell)) return false;
    *v = (int64_t)cql_load_u64(cell.p);
    return true;
}

bool cql_get_double(cq_bytes cell, double *v)
{
    uint64_t bits;

    if (cell.n != 8 || cq_is_null(cell)) return false;
    bits = cql_load_u64(cell.p);
    memcpy(v, &bits, sizeof(*v));
    return true;
}

bool cql_get_uuid(cq_bytes cell, char out[37])
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    const uint8_t *p = cell.p;

    if (cell.n != 16 || cq_is_null(cell)) return false;
    for (size_t i = 0; i < sizeof(groups); i++) {
        if (i > 0) *out++ = '-';
        cq_hex(p, groups[i], out);
        p += groups[i];
        out += 2 * groups[i];
    }
    *out = 0;
    return true;
}

bool cql_get_inet(cq_bytes cell, char out[46])
{
    if ((cell.n != 4 && cell.n != 16) || cq_is_null(cell)) return false;
    return inet_ntop(cell.n == 4 ? AF_INET : AF_INET6, cell.p, out, 46) != NULL;
}

void cql_iter_begin(struct cql_iter *it, cq_bytes cell)
{
    struct cql_reader r = cql_reader_of(cell);
    int32_t n = cell.n ? cql_read_i32(&r) : 0;

    *it = (struct cql_iter){.p = r.p, .end = r.end, .left = n > 0 ? (uint32_t)n : 0};
    it->bad = r.bad || n < 0;
}

static bool take(struct cql_iter *it, cq_bytes *element)
{
    struct cql_reader r = {it->p, it->end, false};

    *element = cql_read_bytes(&r);
    it->p = r.p;
    if (!r.bad) return true;
    it->bad = true;
    it->left = 0;
    return false;
}

bool cql_iter_next(struct cql_iter *it, cq_bytes *element)
{
    if (it->left == 0) return false;
    it->left--;
    return take(it, element);
}

bool cql_iter_pair(struct cql_iter *it, cq_bytes *key, cq_bytes *value)
{
    if (it->left == 0) return false;
    it->left--;
    return take(it, key) && take(it, value);
}
