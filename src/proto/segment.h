/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outer unit of v5 (v5.spec 2.1 to 2.3), integers little-endian:
 *
 *   plain  | 17 bits payload length, 1 bit self-contained, 6 bits padding  | CRC24 | payload |
 * CRC32 lz4    | 17 bits length on the wire, 17 bits length unpacked (0: stored), 1 bit
 * self-contained, 5 bits padding                          | CRC24 | payload | CRC32
 *
 * A self-contained segment holds whole envelopes; any other one holds a slice of a single envelope.
 * CRC32 is taken over the payload as it is on the wire.
 */
#ifndef CQL_PROTO_SEGMENT_H
#define CQL_PROTO_SEGMENT_H

#include "base/buf.h"
#include "base/bytes.h"

#define CQL_SEGMENT_HEADER_PLAIN 6u
#define CQL_SEGMENT_HEADER_LZ4 8u
#define CQL_SEGMENT_TRAILER 4u

struct cql_segment {
    uint32_t header; /* bytes of the header itself */
    uint32_t wire;   /* payload bytes on the wire */
    uint32_t plain;  /* payload bytes when unpacked */
    bool stored;     /* the payload is as it is on the wire */
    bool self_contained;
};

static inline size_t cql_segment_header_bytes(bool lz4)
{
    return lz4 ? CQL_SEGMENT_HEADER_LZ4 : CQL_SEGMENT_HEADER_PLAIN;
}

static inline size_t cql_segment_bytes(const struct cql_segment *s)
{
    return (size_t)s->header + s->wire + CQL_SEGMENT_TRAILER;
}

/*
 * Reads the header at p (cql_segment_header_bytes of them). CQ_ECRC: damaged; CQ_ELZ4: an unpacked
 * length that cannot be.
 */
int cql_segment_read(struct cql_segment *s, const uint8_t *p, bool lz4);

/* Checks payload and trailer of the whole segment at p: 0 or CQ_ECRC. */
int cql_segment_check(const struct cql_segment *s, const uint8_t *p);

/*
 * Appends one segment with that payload (at most CQ_MAX_SEGMENT_PAYLOAD bytes, asserted). With lz4
 * the long header is used and the payload packed where `pack` says so and that makes it smaller,
 * else stored.
 */
void cql_segment_put(struct cq_buf *out, cq_bytes payload, bool self_contained, bool lz4,
                     bool pack);

/*
 * Appends whole envelopes, packed into as few self-contained segments as they fit into; an envelope
 * that fits into none goes out in slices. CQ_EINVALID: not whole envelopes. Returns 0 or out->err.
 */
int cql_segments_put(struct cq_buf *out, cq_bytes envelopes, bool lz4, bool pack);

#endif
