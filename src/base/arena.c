/* SPDX-License-Identifier: Apache-2.0 */
/* The block arena of base/arena.h. Blocks grow from a quarter of a KiB to 64 KiB; a larger object
 * gets a block of its own. */
#include "base/arena.h"

#include "base/bounds.h"

enum { FIRST = 224, GROWTH = 4, LARGEST = 65536, ALIGN = 16 };

struct cq_arena_block {
    struct cq_arena_block *next;
    size_t cap;
    size_t n;
    _Alignas(ALIGN) uint8_t data[];
};

void cq_arena_init(struct cq_arena *a, const struct cq_mem *mem)
{
    *a = (struct cq_arena){.mem = mem};
}

static void free_from(struct cq_arena *a, struct cq_arena_block *b)
{
    while (b) {
        struct cq_arena_block *next = b->next;

        a->used -= b->cap;
        cq_free(a->mem, b);
        b = next;
    }
}

void cq_arena_fini(struct cq_arena *a)
{
    free_from(a, a->head);
    a->head = NULL;
}

void cq_arena_reset(struct cq_arena *a)
{
    struct cq_arena_block **largest = &a->head, *keep;

    if (!a->head) return;
    for (struct cq_arena_block **at = &a->head->next; *at; at = &(*at)->next) {
        if ((*at)->cap > (*largest)->cap) largest = at;
    }
    keep = *largest;
    *largest = keep->next;
    free_from(a, a->head);
    a->head = keep;
    keep->next = NULL;
    keep->n = 0;
}

static struct cq_arena_block *grow(struct cq_arena *a, size_t n)
{
    size_t cap = a->head ? a->head->cap * GROWTH : FIRST;
    struct cq_arena_block *b;

    if (cap > LARGEST) cap = LARGEST;
    if (cap < n) cap = n;
    b = cq_alloc(a->mem, sizeof(*b) + cap);
    if (!b) return NULL;
    b->next = a->head;
    b->cap = cap;
    b->n = 0;
    a->head = b;
    a->used += cap;
    return b;
}

void *cq_arena_alloc(struct cq_arena *a, size_t n)
{
    struct cq_arena_block *b = a->head;
    void *p;

    if (n > CQ_MAX_ENVELOPE_BODY) return NULL;
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (!b || b->cap - b->n < n) b = grow(a, n);
    if (!b) return NULL;
    p = b->data + b->n;
    b->n += n;
    return p;
}

cq_bytes cq_arena_dup(struct cq_arena *a, cq_bytes b)
{
    uint8_t *p = cq_arena_alloc(a, b.n ? b.n : 1);

    if (!p) return CQ_NULL;
    if (b.n) memcpy(p, b.p, b.n);
    return (cq_bytes){p, b.n};
}
