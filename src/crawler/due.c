/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap over pointers (crawler/due.h). */
#include "crawler/due.h"

#include <assert.h>

#include "base/err.h"

enum { FIRST_ROOM = 64 };

int cq_dues_reserve(struct cq_dues *h, size_t n)
{
    size_t room = h->room ? h->room : FIRST_ROOM;
    struct cq_due **heap;

    if (n <= h->room) return 0;
    while (room < n)
        room *= 2;
    heap = cq_realloc(h->mem, h->heap, room * sizeof(struct cq_due *));
    if (!heap) return CQ_ENOMEM;
    h->heap = heap;
    h->room = room;
    return 0;
}

void cq_dues_fini(struct cq_dues *h)
{
    cq_free(h->mem, h->heap);
    h->heap = NULL;
    h->n = h->room = 0;
}

static void put(struct cq_dues *h, size_t i, struct cq_due *d)
{
    h->heap[i] = d;
    d->place = i + 1;
}

static void rise(struct cq_dues *h, size_t i, struct cq_due *d)
{
    while (i > 0 && h->heap[(i - 1) / 2]->at_ns > d->at_ns) {
        put(h, i, h->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(h, i, d);
}

static void sink(struct cq_dues *h, size_t i, struct cq_due *d)
{
    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < h->n && h->heap[child + 1]->at_ns < h->heap[child]->at_ns) child++;
        if (child >= h->n || h->heap[child]->at_ns >= d->at_ns) break;
        put(h, i, h->heap[child]);
        i = child;
    }
    put(h, i, d);
}

void cq_dues_push(struct cq_dues *h, struct cq_due *d, uint64_t at_ns)
{
    assert(d->place == 0 && h->n < h->room);
    d->at_ns = at_ns;
    rise(h, h->n++, d);
}

void cq_dues_remove(struct cq_dues *h, struct cq_due *d)
{
    size_t i = d->place - 1;
    struct cq_due *last;

    if (!d->place) return;
    d->place = 0;
    last = h->heap[--h->n];
    if (last == d) return;
    if (i > 0 && h->heap[(i - 1) / 2]->at_ns > last->at_ns)
        rise(h, i, last);
    else
        sink(h, i, last);
}

struct cq_due *cq_dues_first(const struct cq_dues *h)
{
    return h->n ? h->heap[0] : NULL;
}
