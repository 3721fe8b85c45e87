/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block arena: what belongs to one crawl (or one keyspace of it) and goes away at once. Nothing
 * is freed alone. cq_arena_reset keeps the largest block, so that a crawler that is warm allocates
 * nothing.
 */
#ifndef CQ_BASE_ARENA_H
#define CQ_BASE_ARENA_H

#include "base/bytes.h"
#include "base/mem.h"

struct cq_arena_block;

struct cq_arena {
    const struct cq_mem *mem;
    struct cq_arena_block *head;
    size_t used; /* bytes of all blocks */
};

void cq_arena_init(struct cq_arena *a, const struct cq_mem *mem);
void cq_arena_fini(struct cq_arena *a);
void cq_arena_reset(struct cq_arena *a);
void *cq_arena_alloc(struct cq_arena *a, size_t n); /* aligned to 16; NULL: no memory */
cq_bytes
cq_arena_dup(struct cq_arena *a,
             cq_bytes b); /* a copy; a null p with n > 0 never happens: NULL means no memory */

#endif
