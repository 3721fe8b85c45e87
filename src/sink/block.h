/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that wait in a row: their lines one behind the other (each ends with its only LF), and
 * whose they are. Filled at the end, answered from the front. Both parts have their memory from the
 * beginning, so that a record within the limits never needs the machine's; further ones make it
 * grow, and it shrinks when it is empty again.
 */
#ifndef CQ_SINK_BLOCK_H
#define CQ_SINK_BLOCK_H

#include "base/buf.h"
#include "base/ring.h"

/* One source of records (a cluster) at one sink; embedded by its owner, who keeps it until all it
 * offered is answered. offered = accepted + dead + pending. */
struct cq_sink_client {
    struct cq_ring waiting; /* until its lane has room */
    struct cq_ring settled; /* nothing pending any more: to be told */
    void *owner;
    unsigned lane;
    uint64_t offered, accepted, dead;
};

static inline uint64_t cq_sink_pending(const struct cq_sink_client *c)
{
    return c->offered - c->accepted - c->dead;
}

struct cq_block_run {
    struct cq_sink_client *who;
    uint32_t records;
};

struct cq_block {
    struct cq_buf bytes;
    struct cq_block_run *runs;
    size_t first_run, n_runs, cap_runs;
    size_t base; /* bytes that it has in any case */
    uint32_t records;
    uint64_t since_ns; /* when its first record came */
};

/* 0 or CQ_ENOMEM. */
int cq_block_init(struct cq_block *b, const struct cq_mem *mem, size_t bytes, size_t runs);
void cq_block_fini(struct cq_block *b);
static inline size_t cq_block_size(const struct cq_block *b)
{
    return b->bytes.n - b->bytes.off;
}
/* One line, copied. 0, or CQ_ENOMEM with nothing taken. */
int cq_block_put(struct cq_block *b, struct cq_sink_client *who, cq_bytes line, uint64_t now_ns);
/* The lines in front: at most *records of them and `bytes` bytes, but one at least. */
cq_bytes cq_block_front(const struct cq_block *b, uint32_t *records, size_t bytes);
/* The client of the front's records, and how many of the next n are its own. n >= 1. */
struct cq_sink_client *cq_block_who(const struct cq_block *b, uint32_t *n);
/* Both empty: each has the other's memory from now on. */
void cq_block_exchange(struct cq_block *a, struct cq_block *b);
/* Takes away n records of that client, of so many bytes. */
void cq_block_drop(struct cq_block *b, uint32_t n, size_t bytes);

#endif
