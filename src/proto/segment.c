/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segment codec of proto/segment.h. Headers are judged by their CRC24 before a length is used,
 * payloads by their CRC32 before a byte of them is read; damage is CQ_ECRC and the end of the
 * connection, since nothing behind it can be told apart (v5.spec 2.2).
 */
#include "proto/segment.h"

#include <assert.h>

#include "base/bounds.h"
#include "base/err.h"
#include "proto/crc.h"
#include "proto/envelope.h"
#include "proto/lz4.h"

static uint64_t load_le(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;

    while (n--)
        v = v << 8 | p[n];
    return v;
}

static void store_le(uint8_t *p, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

int cql_segment_read(struct cql_segment *s, const uint8_t *p, bool lz4)
{
    unsigned bits = lz4 ? 5 : 3;
    uint64_t word = load_le(p, bits);
    uint32_t unpacked = lz4 ? word >> 17 & CQ_MAX_SEGMENT_PAYLOAD : 0;

    if (load_le(p + bits, 3) != cql_crc24(p, bits)) return CQ_ECRC;
    *s = (struct cql_segment){
        .header = bits + 3,
        .wire = word & CQ_MAX_SEGMENT_PAYLOAD,
        .stored = unpacked == 0,
        .self_contained = word >> (lz4 ? 34 : 17) & 1,
    };
    s->plain = s->stored ? s->wire : unpacked;
    return s->stored || cql_lz4_plausible(s->wire, s->plain) ? 0 : CQ_ELZ4;
}

int cql_segment_check(const struct cql_segment *s, const uint8_t *p)
{
    const uint8_t *payload = p + s->header;

    return load_le(payload + s->wire, 4) == cql_crc32(payload, s->wire) ? 0 : CQ_ECRC;
}

void cql_segment_put(struct cq_buf *out, cq_bytes payload, bool self_contained, bool lz4, bool pack)
{
    size_t begin = out->n;
    size_t header = cql_segment_header_bytes(lz4);
    uint64_t unpacked = 0, wire = payload.n;
    uint8_t trailer[CQL_SEGMENT_TRAILER];

    assert(payload.n <= CQ_MAX_SEGMENT_PAYLOAD);
    if (!cq_buf_room(out, header + payload.n + CQL_SEGMENT_TRAILER)) return;
    out->n += header;
    if (lz4 && pack) {
        if (cql_lz4_pack(payload, out)) return;
        wire = out->n - begin - header;
        unpacked = payload.n;
    }
    if (unpacked == 0 || wire >= payload.n) {
        out->n = begin + header;
        cq_buf_put(out, payload.p, payload.n);
        wire = payload.n;
        unpacked = 0;
    }
    store_le(trailer, cql_crc32(out->p + begin + header, wire), sizeof(trailer));
    cq_buf_put(out, trailer, sizeof(trailer));
    if (out->err) return;
    if (lz4) wire |= unpacked << 17;
    wire |= (uint64_t)self_contained << (lz4 ? 34 : 17);
    store_le(out->p + begin, wire, lz4 ? 5 : 3);
    store_le(out->p + begin + header - 3, cql_crc24(out->p + begin, lz4 ? 5 : 3), 3);
}

/* Bytes of the first envelope, 0 where it is not whole. */
static size_t first_envelope(cq_bytes b)
{
    size_t n;

    if (b.n < CQL_HEADER_BYTES) return 0;
    n = CQL_HEADER_BYTES + (size_t)cql_header_read(b.p).length;
    return n <= b.n ? n : 0;
}

static void put_slices(struct cq_buf *out, cq_bytes envelope, bool lz4, bool pack)
{
    for (size_t at = 0; at < envelope.n;) {
        size_t n = envelope.n - at;

        if (n > CQ_MAX_SEGMENT_PAYLOAD) n = CQ_MAX_SEGMENT_PAYLOAD;
        cql_segment_put(out, (cq_bytes){envelope.p + at, n}, false, lz4, pack);
        at += n;
    }
}

int cql_segments_put(struct cq_buf *out, cq_bytes envelopes, bool lz4, bool pack)
{
    cq_bytes left = envelopes;

    while (left.n > 0 && !out->err) {
        size_t n = 0, next;

        while ((next = first_envelope((cq_bytes){left.p + n, left.n - n})) != 0 &&
               n + next <= CQ_MAX_SEGMENT_PAYLOAD)
            n += next;
        if (n == 0 && next == 0) return CQ_EINVALID;
        if (n == 0)
            put_slices(out, (cq_bytes){left.p, n = next}, lz4, pack);
        else
            cql_segment_put(out, (cq_bytes){left.p, n}, true, lz4, pack);
        left = (cq_bytes){left.p + n, left.n - n};
    }
    return out->err;
}
