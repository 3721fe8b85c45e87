/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a page should hold: pages of one table can only be asked for one after another, so that
 * a large cluster that is far away costs its pages times the distance. Where the wait for a write
 * is about the shortest one there was, it is the distance that was waited for and not the bytes,
 * and the next pages are twice as large; where it is the bytes, or memory is scarce, half as large.
 * Pure; times are those in which we wait for the server.
 *
 *   asked (a write leaves) -> answered (all of it has come) -> asked ...
 */
#ifndef CQ_CRAWLER_FAR_H
#define CQ_CRAWLER_FAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cq_far {
    uint64_t asked_ns, nearest_ns; /* the shortest wait; 0: none yet */
    size_t page_bytes;
};

void cq_far_init(struct cq_far *f);
void cq_far_asked(struct cq_far *f, uint64_t now);
/* may_grow: these were pages, and there is memory for larger ones. */
void cq_far_answered(struct cq_far *f, uint64_t now, bool may_grow);

#endif
