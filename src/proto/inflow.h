/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From received bytes to envelopes: undoes segments (v5) and lz4 (v4 bodies, v5 segments), puts a
 * sliced envelope together again, and places each body where the owner wants it. Sans-I/O.
 *
 *   space -> read there -> commit        next until it says MORE, obeying each answer:
 *
 *   MORE    read more                         HEAD   h is an envelope's header: call one of
 *   WANT    give a block (have/need/total)           small (kept inside), block (the owner's), skip
 *   WHOLE   body is complete: a view until the next call of next
 *
 * After next returned a negative error (CQ_ECRC, CQ_ELZ4, CQ_EPROTOCOL, CQ_ETOO_LARGE, CQ_ENOMEM)
 * nothing may be asked of it any more. Headers are handed up unjudged but for their length.
 *
 * Memory: one ring of received bytes (IN_FIRST, growing to IN_MANY where they come in numbers, and
 * to the segment or packed body in hand), one block for an unpacked segment, one for small bodies.
 * A segment all of which belongs to the body in hand is unpacked straight into that body's block.
 * One that grows beyond IN_FIRST is asked for through take; refused, space offers no room until
 * take agrees. Blocks are charged by what has arrived, never by the length that a server claims.
 */
#ifndef CQL_PROTO_INFLOW_H
#define CQL_PROTO_INFLOW_H

#include "base/bytes.h"
#include "base/mem.h"
#include "proto/envelope.h"
#include "proto/segment.h"

enum cql_in { CQL_IN_MORE, CQL_IN_HEAD, CQL_IN_WANT, CQL_IN_WHOLE };

enum cql_in_dest { CQL_DEST_NONE, CQL_DEST_SMALL, CQL_DEST_BLOCK, CQL_DEST_SKIP };

/* A block of ours that grows only with the account's consent. */
struct cql_in_buf {
    uint8_t *p;
    size_t n;
    size_t off; /* consumed */
    size_t cap;
};

struct cql_inflow {
    const struct cq_mem *mem;
    bool (*take)(void *ctx, size_t n);
    void (*give)(void *ctx, size_t n);
    void *ctx;

    bool segmented; /* v5 after READY or AUTHENTICATE */
    bool lz4;

    struct cql_in_buf raw;   /* as received */
    struct cql_in_buf plain; /* an unpacked segment */
    struct cql_in_buf small; /* a small body, or a packed v4 body */

    bool in_segment;        /* seg is checked and its payload is at hand */
    bool is_sliced;         /* the envelope in hand began in a slice */
    struct cql_segment seg; /* the one in hand */
    cq_bytes payload;       /* what of it is not consumed yet */

    uint8_t head[CQL_HEADER_BYTES];
    size_t head_n;
    struct cql_header h;
    enum cql_in_dest dest;
    bool packed;      /* a v4 body under lz4: gathered in small, unpacked when whole */
    size_t arrived;   /* bytes of the body as sent, out of h.length */
    size_t total;     /* bytes of the body as handed up */
    cq_bytes lz4body; /* packed: its block, once all of it has arrived */

    uint8_t *block;
    size_t cap;
    size_t have; /* bytes in block */
    cq_bytes body;
    bool whole;      /* handed up: to be cleared at the next call */
    bool direct;     /* space offered the block itself */
    bool many;       /* a room was filled: bytes come in numbers */
    bool is_refused; /* the account refused a growth: space and next try again */
    int err;         /* sticky */
};

/* take, give and ctx may be set afterwards. Allocates nothing yet. */
void cql_inflow_init(struct cql_inflow *in, const struct cq_mem *mem);
/* The block, if one is held, is the owner's: take it from in->block first. */
void cql_inflow_fini(struct cql_inflow *in);

void cql_inflow_space(struct cql_inflow *in, uint8_t **p, size_t *n);
void cql_inflow_commit(struct cql_inflow *in, size_t n);
/* A cql_in, or a negative error. */
int cql_inflow_next(struct cql_inflow *in);

/* After HEAD. small: CQ_ETOO_LARGE for a body over CQ_MAX_SMALL_BODY. */
int cql_inflow_small(struct cql_inflow *in);
void cql_inflow_block(struct cql_inflow *in);
void cql_inflow_skip(struct cql_inflow *in);
/* After WANT: how much is wanted, and the block for it (the first `have` bytes copied). */
size_t cql_inflow_need(const struct cql_inflow *in);
void cql_inflow_give(struct cql_inflow *in, uint8_t *block, size_t cap);

/* Segments begin behind the envelope handed up last (v5.spec 2: after READY or AUTHENTICATE). */
void cql_inflow_segmented(struct cql_inflow *in);
/* Bytes received and not handed up. */
size_t cql_inflow_pending(const struct cql_inflow *in);
/* Received so far, for the text of an error: what is next in line. */
cq_bytes cql_inflow_peek(const struct cql_inflow *in);
/* Gives all buffers back, where nothing is in them and no body is in hand. */
void cql_inflow_idle(struct cql_inflow *in);
/* The space offered last is not used: the received bytes' block goes back, if it is empty. */
void cql_inflow_unused(struct cql_inflow *in);

#endif
