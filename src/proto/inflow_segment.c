/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segment layer under inflow.c (v5.spec 2.1 to 2.3). Before READY or AUTHENTICATE it hands
 * received bytes through as they are; after it, the payload of one checked segment at a time.
 *
 * An envelope lies whole in a self-contained segment, or in slices that hold nothing else: what
 * breaks this rule is CQ_EPROTOCOL. It is finished by length, never by counting slices.
 */
#include "base/bounds.h"
#include "base/err.h"
#include "proto/inflow_impl.h"
#include "proto/lz4.h"

void cql_inflow_segmented(struct cql_inflow *in)
{
    in->segmented = true;
}

static size_t received(const struct cql_inflow *in)
{
    return in->raw.n - in->raw.off;
}

/* The header of the next segment, where it is there and sound. */
static bool peek_segment(const struct cql_inflow *in, struct cql_segment *s)
{
    return received(in) >= cql_segment_header_bytes(in->lz4) &&
           cql_segment_read(s, in->raw.p + in->raw.off, in->lz4) == 0;
}

size_t cql_in_raw_wanted(const struct cql_inflow *in)
{
    size_t least = in->many ? CQL_IN_MANY : CQL_IN_FIRST;
    struct cql_segment s;
    size_t whole;

    if (!in->segmented || in->in_segment || !peek_segment(in, &s))
        return in->raw.cap > least ? in->raw.cap : least;
    whole = cql_segment_bytes(&s);
    return whole > least ? whole : least;
}

size_t cql_in_at_hand(const struct cql_inflow *in)
{
    return in->segmented ? in->payload.n : received(in);
}

static void close_segment(struct cql_inflow *in)
{
    in->raw.off += cql_segment_bytes(&in->seg);
    in->in_segment = false;
    in->payload = CQ_NULL;
}

static int check_place(struct cql_inflow *in)
{
    if (in->head_n == 0)
        in->is_sliced = !in->seg.self_contained;
    else if (in->seg.self_contained || !in->is_sliced)
        return CQ_EPROTOCOL;
    return 0;
}

/* Where the segment in hand is unpacked: into the body's own block, where all of it belongs there.
 */
static uint8_t *place(struct cql_inflow *in)
{
    size_t n = in->seg.plain;

    if (in->dest == CQL_DEST_BLOCK && !in->whole && n <= in->cap - in->have &&
        n <= in->h.length - in->arrived)
        return in->block + in->have;
    if (n > in->plain.cap) cql_in_release(in, &in->plain); /* nothing in it is worth a copy */
    return cql_in_grow(in, &in->plain, n) ? in->plain.p : NULL;
}

/* *opened says whether there was a whole segment. */
static int open_segment(struct cql_inflow *in, bool *opened)
{
    const uint8_t *p;
    uint8_t *to = NULL;
    int rc;

    *opened = false;
    if (received(in) < cql_segment_header_bytes(in->lz4)) return 0;
    p = in->raw.p + in->raw.off;
    rc = cql_segment_read(&in->seg, p, in->lz4);
    if (rc || received(in) < cql_segment_bytes(&in->seg)) return rc;
    if (!in->seg.stored) {
        to = place(in);
        if (!to) return in->err;
    }
    rc = cql_segment_check(&in->seg, p);
    if (!rc) rc = check_place(in);
    if (rc) return rc;
    in->payload = (cq_bytes){p + in->seg.header, in->seg.wire};
    if (!in->seg.stored) {
        rc = cql_lz4_unpack(in->payload, to, in->seg.plain);
        in->payload = (cq_bytes){to, in->seg.plain};
    }
    in->in_segment = *opened = rc == 0;
    return rc;
}

int cql_in_supply(struct cql_inflow *in, cq_bytes *b)
{
    bool opened = true;

    if (!in->segmented) {
        *b = cql_inflow_peek(in);
        return 0;
    }
    while (in->payload.n == 0 && opened) {
        int rc;

        if (in->in_segment) close_segment(in);
        rc = open_segment(in, &opened);
        if (rc) return rc;
    }
    *b = in->payload;
    return 0;
}

int cql_in_consume(struct cql_inflow *in, size_t n)
{
    if (n == 0) return 0;
    if (!in->segmented) {
        in->raw.off += n;
        if (in->raw.off == in->raw.n) in->raw.off = in->raw.n = 0;
        return 0;
    }
    in->payload.p += n;
    in->payload.n -= n;
    if (in->payload.n || !in->in_segment) return 0;
    close_segment(in);
    if (!in->seg.self_contained) return 0;
    return in->head_n < CQL_HEADER_BYTES || in->arrived < in->h.length ? CQ_EPROTOCOL : 0;
}

bool cql_in_overruns(const struct cql_inflow *in)
{
    return in->segmented && in->is_sliced && in->payload.n > 0;
}
