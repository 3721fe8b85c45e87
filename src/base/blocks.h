/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator that keeps what is given back: crawl after crawl asks for the same sizes (pages, the
 * buffers of a connection, what a record is made in), and each time the C library gave them back to
 * the system their pages had to be cleared and mapped again: 90 page faults a crawl.
 *
 * Sizes are rounded up by an eighth at most, and a list holds the free blocks of each. What is in
 * use and what is kept stay within `limit` together, as far as giving back what is kept can make it
 * so; what is in use is never refused here (crawler/budget.h does that). `sweep`, called now and
 * then, gives back half of what nobody needed since; `flush` everything.
 *
 * In a build with sanitizers nothing is kept, so that they see every use after a free.
 */
#ifndef CQ_BASE_BLOCKS_H
#define CQ_BASE_BLOCKS_H

#include "base/mem.h"

enum { CQ_BLOCK_CLASSES = 104 };

struct cq_block;

struct cq_blocks {
    struct cq_mem mem; /* to be passed down */
    const struct cq_mem *under;
    size_t limit; /* 0: nothing is kept */
    size_t out;   /* bytes in use, and kept, their heads included */
    size_t kept;
    size_t least_kept; /* since the last sweep */
    struct cq_block *free[CQ_BLOCK_CLASSES];
};

/* b must not move. */
void cq_blocks_init(struct cq_blocks *b, const struct cq_mem *under, size_t limit);
void cq_blocks_flush(struct cq_blocks *b);
void cq_blocks_sweep(struct cq_blocks *b);

#endif
