/* SPDX-License-Identifier: Apache-2.0 */
/* An intrusive circular list: a node that is in no list points to itself, so that taking it out
 * twice does no harm. */
#ifndef CQ_BASE_RING_H
#define CQ_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

struct cq_ring {
    struct cq_ring *prev, *next;
};

#define CQ_RING_OF(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void cq_ring_init(struct cq_ring *r)
{
    r->prev = r->next = r;
}

static inline bool cq_ring_is_empty(const struct cq_ring *r)
{
    return r->next == r;
}

static inline void cq_ring_remove(struct cq_ring *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    cq_ring_init(node);
}

static inline void cq_ring_push(struct cq_ring *head, struct cq_ring *node) /* at the end */
{
    cq_ring_remove(node);
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* Everything of `from` into the empty list `to`. */
static inline void cq_ring_move(struct cq_ring *to, struct cq_ring *from)
{
    cq_ring_init(to);
    if (cq_ring_is_empty(from)) return;
    *to = *from;
    to->next->prev = to;
    to->prev->next = to;
    cq_ring_init(from);
}

/* Everything of `from` to the end of `to`. */
static inline void cq_ring_splice(struct cq_ring *to, struct cq_ring *from)
{
    if (cq_ring_is_empty(from)) return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    cq_ring_init(from);
}

#endif
