/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Placing the bodies of envelopes: the machine of proto/inflow.h above the segment layer, which is
 * in inflow_segment.c. Happy path: nine bytes of header, HEAD, the owner says where the body goes,
 * bytes are copied there (or read there at once: a large v4 body), WHOLE. Failures are sticky.
 */
#include "proto/inflow.h"

#include <assert.h>

#include "base/bounds.h"
#include "base/err.h"
#include "proto/inflow_impl.h"
#include "proto/lz4.h"

void cql_inflow_init(struct cql_inflow *in, const struct cq_mem *mem)
{
    *in = (struct cql_inflow){.mem = mem};
}

static size_t charge(size_t cap)
{
    return cap > CQL_IN_FIRST ? cap : 0;
}

void cql_in_release(struct cql_inflow *in, struct cql_in_buf *b)
{
    if (charge(b->cap) && in->give) in->give(in->ctx, charge(b->cap));
    cq_free(in->mem, b->p);
    *b = (struct cql_in_buf){0};
}

bool cql_in_grow(struct cql_inflow *in, struct cql_in_buf *b, size_t cap)
{
    size_t more = charge(cap) - charge(b->cap);
    uint8_t *p;

    in->is_refused = false;
    if (cap <= b->cap) return true;
    if (more && in->take && !in->take(in->ctx, more)) {
        in->is_refused = true;
        return false;
    }
    p = cq_realloc(in->mem, b->p, cap);
    if (!p) {
        if (more && in->give) in->give(in->ctx, more);
        in->err = CQ_ENOMEM;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

void cql_inflow_fini(struct cql_inflow *in)
{
    cql_in_release(in, &in->raw);
    cql_in_release(in, &in->plain);
    cql_in_release(in, &in->small);
    *in = (struct cql_inflow){.mem = in->mem};
}

void cql_inflow_idle(struct cql_inflow *in)
{
    if (in->head_n || in->raw.n > in->raw.off || in->payload.n) return;
    cql_in_release(in, &in->raw);
    cql_in_release(in, &in->plain);
    cql_in_release(in, &in->small);
}

void cql_inflow_unused(struct cql_inflow *in)
{
    in->direct = false;
    if (in->raw.n == 0) cql_in_release(in, &in->raw);
}

size_t cql_inflow_pending(const struct cql_inflow *in)
{
    return in->raw.n - in->raw.off;
}

cq_bytes cql_inflow_peek(const struct cql_inflow *in)
{
    if (!in->raw.p) return (cq_bytes){(const uint8_t *)"", 0};
    return (cq_bytes){in->raw.p + in->raw.off, in->raw.n - in->raw.off};
}

/* Room for n more bytes of a body that is gathered inside; it doubles with what arrives. */
static bool room_inside(struct cql_inflow *in, size_t n)
{
    size_t cap = 2 * in->small.n > CQL_IN_FIRST ? 2 * in->small.n : CQL_IN_FIRST;

    if (in->small.n + n <= in->small.cap) return true;
    if (cap > in->h.length) cap = in->h.length;
    if (cap < in->small.n + n) cap = in->small.n + n;
    return cql_in_grow(in, &in->small, cap);
}

/* A large body of v4 is read where it belongs: into its block, or packed into ours. */
static bool can_read_directly(const struct cql_inflow *in)
{
    if (in->segmented || in->dest != CQL_DEST_BLOCK || in->whole || in->raw.n > in->raw.off)
        return false;
    return in->h.length - in->arrived >= CQL_IN_FIRST && (in->packed || in->have < in->cap);
}

static void direct_space(struct cql_inflow *in, uint8_t **p, size_t *n)
{
    size_t left = in->h.length - in->arrived;

    if (in->packed) {
        if (!room_inside(in, CQL_IN_FIRST)) return;
        *p = in->small.p + in->small.n;
        *n = in->small.cap - in->small.n;
    } else {
        *p = in->block + in->have;
        *n = in->cap - in->have;
    }
    if (*n > left) *n = left;
    in->direct = true;
}

static bool is_waiting_for_block(const struct cql_inflow *in)
{
    if (in->dest != CQL_DEST_BLOCK || in->whole || in->have == in->total) return false;
    return in->packed ? in->total > in->cap : in->have == in->cap;
}

void cql_inflow_space(struct cql_inflow *in, uint8_t **p, size_t *n)
{
    *p = NULL;
    *n = 0;
    in->direct = false;
    if (in->err || is_waiting_for_block(in)) return;
    if (can_read_directly(in)) {
        direct_space(in, p, n);
        return;
    }
    if (in->raw.off && in->payload.n == 0) {
        memmove(in->raw.p, in->raw.p + in->raw.off, in->raw.n - in->raw.off);
        in->raw.n -= in->raw.off;
        in->raw.off = 0;
    }
    if (!cql_in_grow(in, &in->raw, cql_in_raw_wanted(in))) return;
    *p = in->raw.p + in->raw.n;
    *n = in->raw.cap - in->raw.n;
}

void cql_inflow_commit(struct cql_inflow *in, size_t n)
{
    if (in->direct) {
        assert(n <= in->h.length - in->arrived);
        if (in->packed)
            in->small.n += n;
        else
            in->have += n;
        in->arrived += n;
        in->direct = false;
        return;
    }
    assert(n <= in->raw.cap - in->raw.n);
    in->raw.n += n;
    in->many |= in->raw.n == in->raw.cap;
}

static void start(struct cql_inflow *in, enum cql_in_dest dest)
{
    assert(in->head_n == CQL_HEADER_BYTES && in->dest == CQL_DEST_NONE);
    in->dest = dest;
    in->packed = (in->h.flags & CQL_FLAG_COMPRESSED) && in->h.version < 5;
    in->total = in->packed ? 0 : in->h.length;
}

int cql_inflow_small(struct cql_inflow *in)
{
    start(in, CQL_DEST_SMALL);
    if (in->h.length > CQ_MAX_SMALL_BODY) return in->err = CQ_ETOO_LARGE;
    return 0;
}

void cql_inflow_block(struct cql_inflow *in)
{
    start(in, CQL_DEST_BLOCK);
}

void cql_inflow_skip(struct cql_inflow *in)
{
    start(in, CQL_DEST_SKIP);
}

size_t cql_inflow_need(const struct cql_inflow *in)
{
    size_t seen = in->have + cql_in_at_hand(in);
    size_t need = 2 * seen > CQ_PAGE_FIRST ? 2 * seen : CQ_PAGE_FIRST;

    return in->packed || need > in->total ? in->total : need;
}

void cql_inflow_give(struct cql_inflow *in, uint8_t *block, size_t cap)
{
    assert(in->dest == CQL_DEST_BLOCK && cap > in->have);
    in->block = block;
    in->cap = cap;
}

/* The header's bytes, wherever slices cut them. */
static int read_head(struct cql_inflow *in)
{
    cq_bytes b;
    int rc = cql_in_supply(in, &b);
    size_t n = CQL_HEADER_BYTES - in->head_n;

    if (rc) return rc;
    if (n > b.n) n = b.n;
    if (n) memcpy(in->head + in->head_n, b.p, n);
    in->head_n += n;
    in->h = cql_header_read(in->head);
    rc = cql_in_consume(in, n);
    if (rc || in->head_n < CQL_HEADER_BYTES) return rc;
    if (in->h.flags & CQL_FLAG_COMPRESSED && in->h.version < 5 && !in->lz4) return CQ_EPROTOCOL;
    return CQL_IN_HEAD;
}

static int whole(struct cql_inflow *in, const uint8_t *p, size_t n)
{
    in->whole = true;
    in->body = (cq_bytes){p ? p : (const uint8_t *)"", n};
    return CQL_IN_WHOLE;
}

/* All of a packed body has arrived: unpack it to where it goes. */
static int unpack(struct cql_inflow *in)
{
    uint8_t *to = in->block;
    int rc;

    if (cq_is_null(in->lz4body)) {
        rc = cql_lz4_body((cq_bytes){in->small.p, in->small.n}, &in->total, &in->lz4body);
        if (rc) return rc;
    }
    if (in->dest == CQL_DEST_SMALL) {
        if (in->total > CQ_MAX_SMALL_BODY) return CQ_ETOO_LARGE;
        if (!cql_in_grow(in, &in->plain, in->total)) return in->err ? in->err : CQL_IN_MORE;
        to = in->plain.p;
    } else if (in->total > in->cap) {
        return CQL_IN_WANT;
    }
    rc = cql_lz4_unpack(in->lz4body, to, in->total);
    if (rc) return rc;
    in->have = in->total;
    return whole(in, to, in->total);
}

static int finish(struct cql_inflow *in)
{
    if (cql_in_overruns(in)) return CQ_EPROTOCOL;
    if (in->dest == CQL_DEST_SKIP) return whole(in, NULL, 0);
    if (in->packed) return unpack(in);
    if (in->dest == CQL_DEST_SMALL) return whole(in, in->small.p, in->small.n);
    return whole(in, in->block, in->have);
}

/* Moves what is at hand towards its destination. */
static int move(struct cql_inflow *in, cq_bytes b)
{
    size_t n = in->h.length - in->arrived;

    if (n > b.n) n = b.n;
    if (n == 0) return 0;
    if (in->dest == CQL_DEST_SMALL || (in->packed && in->dest == CQL_DEST_BLOCK)) {
        if (!room_inside(in, n)) return in->err;
        memcpy(in->small.p + in->small.n, b.p, n);
        in->small.n += n;
    } else if (in->dest == CQL_DEST_BLOCK) {
        if (n > in->cap - in->have) n = in->cap - in->have;
        if (b.p != in->block + in->have) memcpy(in->block + in->have, b.p, n);
        in->have += n;
    }
    in->arrived += n;
    return cql_in_consume(in, n);
}

static int read_body(struct cql_inflow *in)
{
    while (in->arrived < in->h.length) {
        size_t before = in->arrived;
        cq_bytes b;
        int rc;

        if (in->dest == CQL_DEST_BLOCK && !in->packed && in->have == in->cap) return CQL_IN_WANT;
        rc = cql_in_supply(in, &b);
        if (rc) return rc;
        rc = move(in, b);
        if (rc) return rc;
        if (in->arrived == before) return CQL_IN_MORE;
    }
    return finish(in);
}

static void next_envelope(struct cql_inflow *in)
{
    in->whole = false;
    in->body = in->lz4body = CQ_NULL;
    in->head_n = in->arrived = in->total = in->have = in->cap = 0;
    in->small.n = 0;
    in->block = NULL;
    in->dest = CQL_DEST_NONE;
}

int cql_inflow_next(struct cql_inflow *in)
{
    int rc = in->err;

    if (!rc && in->whole) next_envelope(in);
    while (!rc && in->head_n < CQL_HEADER_BYTES) {
        size_t before = in->head_n;

        rc = read_head(in);
        if (rc == 0 && in->head_n == before) return CQL_IN_MORE;
    }
    if (!rc) rc = in->dest == CQL_DEST_NONE ? CQL_IN_HEAD : read_body(in);
    if (rc < 0) in->err = rc;
    return rc;
}
