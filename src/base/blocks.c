/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeping allocator of base/blocks.h. A block begins with a head of 16 bytes: its size and,
 * while it is free, the next one of its class. Classes: multiples of 16 up to 128, then eight for
 * every doubling up to 512 KiB; what is larger goes straight through. Fails as the one under it
 * does.
 */
#include "base/blocks.h"

#include <stdint.h>
#include <string.h>

enum { SMALL = 128, STEPS = 8, LARGEST = 512 * 1024, STRAIGHT = CQ_BLOCK_CLASSES };
enum { ANY = 4096, HOW_MUCH_LARGER = 2 }; /* from that size on the next two classes will do */

struct cq_block {
    struct cq_block *next;
    size_t size; /* with this head */
};

_Static_assert(sizeof(struct cq_block) == 16, "what follows is aligned for anything");

/* *size becomes what blocks of the class have. */
static unsigned class_of(size_t *size)
{
    unsigned log2;
    size_t base, step, at;

    if (*size > LARGEST) return STRAIGHT;
    if (*size <= SMALL) {
        *size = (*size + 15) & ~(size_t)15;
        return (unsigned)(*size / 16 - 1);
    }
    log2 = 63u - (unsigned)__builtin_clzll(*size - 1);
    base = (size_t)1 << log2;
    step = base / STEPS;
    at = (*size - 1 - base) / step;
    *size = base + (at + 1) * step;
    return (log2 - 6) * STEPS + (unsigned)at;
}

static struct cq_block *pop(struct cq_blocks *b, unsigned i)
{
    struct cq_block *block = b->free[i];

    b->free[i] = block->next;
    b->kept -= block->size;
    if (b->kept < b->least_kept) b->least_kept = b->kept;
    return block;
}

/* At least n bytes of what is kept go back, the largest blocks first. */
static void release(struct cq_blocks *b, size_t n)
{
    size_t aim = b->kept > n ? b->kept - n : 0;

    for (unsigned i = CQ_BLOCK_CLASSES; i-- > 0 && b->kept > aim;) {
        while (b->free[i] && b->kept > aim)
            cq_free(b->under, pop(b, i));
    }
}

static struct cq_block *find(struct cq_blocks *b, unsigned class, size_t size)
{
    unsigned last = size < ANY ? class : class + HOW_MUCH_LARGER;

    for (unsigned i = class; i <= last && i < CQ_BLOCK_CLASSES; i++) {
        if (b->free[i]) return pop(b, i);
    }
    return NULL;
}

static struct cq_block *take(struct cq_blocks *b, size_t n)
{
    size_t size = n + sizeof(struct cq_block);
    unsigned class;
    struct cq_block *block;

    if (size < n) return NULL;
    class = b->limit ? class_of(&size) : STRAIGHT;
    block = find(b, class, size);
    if (!block) {
        if (b->out + b->kept + size > b->limit) release(b, b->out + b->kept + size - b->limit);
        block = cq_alloc(b->under, size);
        if (!block) return NULL;
        block->size = size;
    }
    b->out += block->size;
    return block;
}

static void give(struct cq_blocks *b, struct cq_block *block)
{
    size_t size = block->size;
    unsigned class = class_of(&size);

    b->out -= block->size;
    if (class == STRAIGHT || b->out + b->kept + size > b->limit) {
        cq_free(b->under, block);
        return;
    }
    block->next = b->free[class];
    b->free[class] = block;
    b->kept += size;
}

/* Neither is in a list: the one under this moves it, perhaps without a copy. */
static struct cq_block *resize_straight(struct cq_blocks *b, struct cq_block *block, size_t size)
{
    size_t before = block->size;

    block = cq_realloc(b->under, block, size);
    if (!block) return NULL;
    block->size = size;
    b->out += size - before;
    return block;
}

static void *resize(void *ctx, void *p, size_t n)
{
    struct cq_blocks *b = ctx;
    struct cq_block *block = p ? (struct cq_block *)p - 1 : NULL, *moved;

    if (n == 0) {
        if (block) give(b, block);
        return NULL;
    }
    if (!block) {
        block = take(b, n);
        return block ? block + 1 : NULL;
    }
    if (!b->limit || (block->size > LARGEST && n > LARGEST)) {
        if (n > SIZE_MAX - sizeof(*block)) return NULL;
        block = resize_straight(b, block, n + sizeof(*block));
        return block ? block + 1 : NULL;
    }
    if (n <= block->size - sizeof(*block)) return p;
    moved = take(b, n);
    if (!moved) return NULL;
    memcpy(moved + 1, p, block->size - sizeof(*block));
    give(b, block);
    return moved + 1;
}

void cq_blocks_init(struct cq_blocks *b, const struct cq_mem *under, size_t limit)
{
    *b = (struct cq_blocks){.mem = {resize, b}, .under = under, .limit = limit};
}

void cq_blocks_flush(struct cq_blocks *b)
{
    release(b, b->kept);
    b->least_kept = 0;
}

void cq_blocks_sweep(struct cq_blocks *b)
{
    release(b, b->least_kept / 2);
    b->least_kept = b->kept;
}
