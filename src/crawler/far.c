/* SPDX-License-Identifier: Apache-2.0 */
/* Page sizes over a distance (crawler/far.h). */
#include "crawler/far.h"

#include "base/bounds.h"

void cq_far_init(struct cq_far *f)
{
    *f = (struct cq_far){.page_bytes = CQ_PAGE_BYTES};
}

void cq_far_asked(struct cq_far *f, uint64_t now)
{
    f->asked_ns = now;
}

void cq_far_answered(struct cq_far *f, uint64_t now, bool may_grow)
{
    uint64_t took = now - f->asked_ns;

    if (!f->nearest_ns || took < f->nearest_ns) f->nearest_ns = took;
    if (may_grow && f->nearest_ns >= CQ_FAR && took < 2 * f->nearest_ns)
        f->page_bytes *= 2;
    else
        f->page_bytes /= 2;
    if (f->page_bytes < CQ_PAGE_BYTES) f->page_bytes = CQ_PAGE_BYTES;
    if (f->page_bytes > CQ_MAX_PAGE_BYTES) f->page_bytes = CQ_MAX_PAGE_BYTES;
}
