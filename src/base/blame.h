/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cq_fault (base/err.h) for what there is a thousand of: its words take memory only once there is
 * something to say. The first one wins; where there is no memory for its words, those of the error
 * stand.
 */
#ifndef CQ_BASE_BLAME_H
#define CQ_BASE_BLAME_H

#include "base/err.h"
#include "base/mem.h"

struct cq_blame {
    const struct cq_mem *mem;
    int err; /* 0: nothing went wrong */
    char *own;
};

/* Returns err. */
int cq_blame_set(struct cq_blame *b, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
const char *cq_blame_text(const struct cq_blame *b); /* until fini */
void cq_blame_fini(struct cq_blame *b);

#endif
