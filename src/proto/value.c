/* SPDX-License-Identifier: Apache-2.0 */
/* The cell readers of proto/value.h: total, nothing copied (v5.spec 6). */
#include "proto/value.h"

#include <arpa/inet.h>

#include "base/inet4.h"
#include "base/lanes.h"
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

/* Groups of 8, 4, 4, 4 and 12 digits. */
bool cql_get_uuid(cq_bytes cell, char out[37])
{
    uint8_t hex[32];

    if (cell.n != 16 || cq_is_null(cell)) return false;
    cq_hex8(cell.p, hex);
    cq_hex8(cell.p + 8, hex + 16);
    memcpy(out, hex, 8);
    memcpy(out + 9, hex + 8, 4);
    memcpy(out + 14, hex + 12, 4);
    memcpy(out + 19, hex + 16, 4);
    memcpy(out + 24, hex + 20, 12);
    out[8] = out[13] = out[18] = out[23] = '-';
    out[36] = 0;
    return true;
}

bool cql_get_inet(cq_bytes cell, char out[46])
{
    if ((cell.n != 4 && cell.n != 16) || cq_is_null(cell)) return false;
    if (cell.n == 4) return cq_inet4_text(cell.p, out) > 0;
    return inet_ntop(AF_INET6, cell.p, out, 46) != NULL;
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
