/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The longer primitives of proto/wire.h. Lists and maps are checked to their end when they are
 * read, so that walking the view that comes out cannot fail (v5.spec 3).
 */
#include "proto/wire.h"

#include "base/err.h"

cq_bytes cql_read_long_string(struct cql_reader *r)
{
    int32_t n = cql_read_i32(r);

    if (n < 0) cql_fail(r);
    return r->bad ? CQ_NULL : cql_read_raw(r, (size_t)n);
}

enum cql_value_state cql_read_value(struct cql_reader *r, cq_bytes *v)
{
    int32_t n = cql_read_i32(r);

    *v = CQ_NULL;
    if (n == -2) return CQL_VALUE_UNSET;
    if (n < -2) cql_fail(r);
    if (n < 0 || r->bad) return CQL_VALUE_NULL;
    *v = cql_read_raw(r, (size_t)n);
    return r->bad ? CQL_VALUE_NULL : CQL_VALUE_SET;
}

cq_bytes cql_read_inetaddr(struct cql_reader *r)
{
    size_t n = cql_read_u8(r);

    if (n != 4 && n != 16) cql_fail(r);
    return r->bad ? CQ_NULL : cql_read_raw(r, n);
}

cq_bytes cql_read_inet(struct cql_reader *r, uint32_t *port)
{
    cq_bytes address = cql_read_inetaddr(r);

    *port = cql_read_u32(r);
    return r->bad ? CQ_NULL : address;
}

static cq_bytes since(const struct cql_reader *r, const uint8_t *from, uint32_t *n)
{
    if (r->bad) {
        *n = 0;
        return CQ_NULL;
    }
    return (cq_bytes){from, (size_t)(r->p - from)};
}

cq_bytes cql_read_string_list(struct cql_reader *r, uint32_t *n)
{
    const uint8_t *from;

    *n = cql_read_u16(r);
    from = r->p;
    for (uint32_t i = 0; i < *n && !r->bad; i++)
        cql_read_string(r);
    return since(r, from, n);
}

cq_bytes cql_read_bytes_map(struct cql_reader *r, uint32_t *n)
{
    const uint8_t *from;

    *n = cql_read_u16(r);
    from = r->p;
    for (uint32_t i = 0; i < *n && !r->bad; i++) {
        cql_read_string(r);
        cql_read_bytes(r);
    }
    return since(r, from, n);
}

cq_bytes cql_read_multimap(struct cql_reader *r, uint32_t *n)
{
    const uint8_t *from;
    uint32_t values;

    *n = cql_read_u16(r);
    from = r->p;
    for (uint32_t i = 0; i < *n && !r->bad; i++) {
        cql_read_string(r);
        cql_read_string_list(r, &values);
    }
    return since(r, from, n);
}

/* The leading one-bits of the first byte say how many bytes follow; the rest of it is the top. */
uint64_t cql_read_uvint(struct cql_reader *r)
{
    uint8_t first = cql_read_u8(r);
    unsigned extra = 0;
    uint64_t v;

    while (extra < 8 && (first & (0x80u >> extra)))
        extra++;
    v = extra >= 7 ? 0 : first & (0x7fu >> extra);
    for (unsigned i = 0; i < extra; i++)
        v = v << 8 | cql_read_u8(r);
    return r->bad ? 0 : v;
}

int64_t cql_read_vint(struct cql_reader *r)
{
    uint64_t v = cql_read_uvint(r);

    return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}

void cql_write_u8(struct cq_buf *b, unsigned v)
{
    cq_buf_put(b, &(uint8_t){(uint8_t)v}, 1);
}

void cql_write_u16(struct cq_buf *b, unsigned v)
{
    uint8_t raw[2] = {(uint8_t)(v >> 8), (uint8_t)v};

    cq_buf_put(b, raw, sizeof(raw));
}

void cql_write_u32(struct cq_buf *b, uint32_t v)
{
    cql_write_u16(b, v >> 16);
    cql_write_u16(b, v & 0xffff);
}

void cql_write_u64(struct cq_buf *b, uint64_t v)
{
    cql_write_u32(b, (uint32_t)(v >> 32));
    cql_write_u32(b, (uint32_t)v);
}

void cql_write_string(struct cq_buf *b, cq_bytes s)
{
    if (s.n > 0xffff && !b->err) b->err = CQ_ETOO_LARGE;
    cql_write_u16(b, (unsigned)s.n);
    cq_buf_put(b, s.p, s.n);
}

void cql_write_long_string(struct cq_buf *b, cq_bytes s)
{
    if (s.n > INT32_MAX && !b->err) b->err = CQ_ETOO_LARGE;
    cql_write_u32(b, (uint32_t)s.n);
    cq_buf_put(b, s.p, s.n);
}

void cql_write_bytes(struct cq_buf *b, cq_bytes s)
{
    if (cq_is_null(s)) {
        cql_write_u32(b, UINT32_MAX);
        return;
    }
    cql_write_long_string(b, s);
}

void cql_write_unset(struct cq_buf *b)
{
    cql_write_u32(b, UINT32_MAX - 1);
}
