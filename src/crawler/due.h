/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is due when: a binary heap of nodes that live in their owners. Push, remove and first are
 * O(log n) and O(1); the array of pointers is the only memory, reserved ahead, so that a push never
 * fails.
 */
#ifndef CQ_CRAWLER_DUE_H
#define CQ_CRAWLER_DUE_H

#include <stdint.h>

#include "base/mem.h"

struct cq_due {
    uint64_t at_ns;
    size_t place; /* in the heap, plus 1; 0: not in it */
};

struct cq_dues {
    const struct cq_mem *mem;
    struct cq_due **heap;
    size_t n, room;
};

int cq_dues_reserve(struct cq_dues *h, size_t n); /* room for n in all: 0 or CQ_ENOMEM */
void cq_dues_fini(struct cq_dues *h);
/* d is not in it, and there is room. */
void cq_dues_push(struct cq_dues *h, struct cq_due *d, uint64_t at_ns);
void cq_dues_remove(struct cq_dues *h, struct cq_due *d); /* nothing where it is not in it */
struct cq_due *cq_dues_first(const struct cq_dues *h);    /* the earliest; NULL: none */

#endif
