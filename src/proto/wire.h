/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol's primitives (v5.spec 3), sticky: after the first read that does not fit every
 * further one returns zero or null and `bad` stays set, so that a decoder is a straight line with
 * one check at its end. Everything that is read is a view. Writers append to a cq_buf, which is
 * sticky by itself.
 */
#ifndef CQL_PROTO_WIRE_H
#define CQL_PROTO_WIRE_H

#include "base/buf.h"
#include "base/bytes.h"

struct cql_reader {
    const uint8_t *p;
    const uint8_t *end;
    bool bad;
};

static inline struct cql_reader cql_reader_of(cq_bytes b)
{
    static const uint8_t none[1] = {0};
    const uint8_t *p = b.p ? b.p : none;

    return (struct cql_reader){p, p + (b.p ? b.n : 0), false};
}

static inline size_t cql_left(const struct cql_reader *r)
{
    return (size_t)(r->end - r->p);
}

static inline cq_bytes cql_rest(const struct cql_reader *r)
{
    return (cq_bytes){r->p, cql_left(r)};
}

static inline bool cql_fail(struct cql_reader *r)
{
    r->bad = true;
    r->p = r->end;
    return false;
}

static inline uint8_t cql_read_u8(struct cql_reader *r)
{
    if (cql_left(r) < 1) return (uint8_t)cql_fail(r);
    return *r->p++;
}

static inline uint16_t cql_load_u16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t cql_load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t cql_load_u64(const uint8_t *p)
{
    return (uint64_t)cql_load_u32(p) << 32 | cql_load_u32(p + 4);
}

static inline uint16_t cql_read_u16(struct cql_reader *r)
{
    if (cql_left(r) < 2) return (uint16_t)cql_fail(r);
    r->p += 2;
    return cql_load_u16(r->p - 2);
}

static inline uint32_t cql_read_u32(struct cql_reader *r)
{
    if (cql_left(r) < 4) return (uint32_t)cql_fail(r);
    r->p += 4;
    return cql_load_u32(r->p - 4);
}

static inline int32_t cql_read_i32(struct cql_reader *r)
{
    return (int32_t)cql_read_u32(r);
}

/* The next n bytes; null where they are not there. */
static inline cq_bytes cql_read_raw(struct cql_reader *r, size_t n)
{
    cq_bytes b = {r->p, n};

    if (cql_left(r) < n) {
        cql_fail(r);
        return CQ_NULL;
    }
    r->p += n;
    return b;
}

/* [string] and [short bytes]: never null while the reader is good */
static inline cq_bytes cql_read_string(struct cql_reader *r)
{
    size_t n = cql_read_u16(r);

    return r->bad ? CQ_NULL : cql_read_raw(r, n);
}

/* [long string] */
cq_bytes cql_read_long_string(struct cql_reader *r);

/* [bytes]: any negative length is null */
static inline cq_bytes cql_read_bytes(struct cql_reader *r)
{
    int32_t n = cql_read_i32(r);

    if (n < 0 || r->bad) return CQ_NULL;
    return cql_read_raw(r, (size_t)n);
}

/* [value]: null (-1) and unset (-2) are told apart, any other negative length is an error. */
enum cql_value_state { CQL_VALUE_SET, CQL_VALUE_NULL, CQL_VALUE_UNSET };
enum cql_value_state cql_read_value(struct cql_reader *r, cq_bytes *v);

/* [inetaddr]: 4 or 16 bytes; [inet]: the same and an [int] port */
cq_bytes cql_read_inetaddr(struct cql_reader *r);
cq_bytes cql_read_inet(struct cql_reader *r, uint32_t *port);

/* [string list]: the raw elements, to be walked with cql_read_string n times */
cq_bytes cql_read_string_list(struct cql_reader *r, uint32_t *n);
/* [bytes map]: the raw pairs, [string] and [bytes], n times */
cq_bytes cql_read_bytes_map(struct cql_reader *r, uint32_t *n);
/* [string multimap]: the raw pairs, [string] and [string list], n times */
cq_bytes cql_read_multimap(struct cql_reader *r, uint32_t *n);

/* [vint], unsigned and signed (zigzag): v5.spec 3 */
uint64_t cql_read_uvint(struct cql_reader *r);
int64_t cql_read_vint(struct cql_reader *r);

void cql_write_u8(struct cq_buf *b, unsigned v);
void cql_write_u16(struct cq_buf *b, unsigned v);
void cql_write_u32(struct cq_buf *b, uint32_t v);
void cql_write_u64(struct cq_buf *b, uint64_t v);
/* A text over 65,535 bytes sets CQ_ETOO_LARGE. */
void cql_write_string(struct cq_buf *b, cq_bytes s);
void cql_write_long_string(struct cq_buf *b, cq_bytes s);
void cql_write_bytes(struct cq_buf *b, cq_bytes s); /* null as -1 */
void cql_write_unset(struct cq_buf *b);             /* the [value] -2 */

#endif
