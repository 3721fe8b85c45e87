/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one crawl holds of the account that all crawls share (--memory-max). It is reserved before a
 * question is asked; pages are taken from the reservation, and top it up when it does not do. Where
 * the account is empty one crawl at a time may go over it (a fleet whose members all wait for each
 * other would never end); the others wait until that one gives back. A crawl that needs more than
 * the whole account fails.
 */
#ifndef CQ_CRAWLER_BUDGET_H
#define CQ_CRAWLER_BUDGET_H

#include "base/mem.h"

struct cq_budget {
    struct cq_account *account; /* NULL: no limit */
    size_t reserved;            /* taken from the account */
    size_t held;                /* of that in use */
    bool starved;               /* the last take had to wait */
    bool too_small;             /* it will never fit: CQ_EMEMORY */
};

/* Before anything is asked: n bytes, or all there are if the limit is lower. False: wait. */
bool cq_budget_reserve(struct cq_budget *b, size_t n);
/* False: nothing was taken; too_small says whether waiting helps. */
bool cq_budget_take(struct cq_budget *b, size_t n);
void cq_budget_give(struct cq_budget *b, size_t n);
/* Everything back to the account. */
void cq_budget_release(struct cq_budget *b);

#endif
