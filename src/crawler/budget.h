/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one crawl holds of the account that all crawls and batches share (--memory-max). It is
 * reserved before a question is asked; pages are taken from the reservation, and top it up when it
 * does not do. Whoever finds no room waits in one of two lines and is fed when memory comes back:
 *
 *   topping    half-way crawls: they are fed first, the one that lacks the fewest bytes before all
 *   reserving  crawls that have asked nothing yet: in their order, and only while nobody tops up
 *
 * Where even the first of those half-way finds no room, one crawl at a time may go over the limit
 * (members of a fleet that all wait for each other would never end): the account's overdraft. A
 * crawl whose pages need more than the whole account fails, so that the overdraft is at most as
 * large as the limit; what crawls hold beside their pages (cq_budget_add) may come to it.
 *
 * The owner of the account asks cq_account_next whose turn it is; a crawl that asks again by itself
 * finds out, too.
 */
#ifndef CQ_CRAWLER_BUDGET_H
#define CQ_CRAWLER_BUDGET_H

#include "base/mem.h"

enum cq_line { CQ_LINE_NONE, CQ_LINE_TOPPING, CQ_LINE_RESERVING, CQ_LINE_FED };

struct cq_budget {
    struct cq_account *account; /* NULL: no limit */
    void *owner;                /* for cq_account_next */
    size_t reserved;            /* taken from the account */
    size_t held;                /* of that in use */
    size_t most;                /* held at once at most: what the next crawl of it should reserve */
    size_t wanted;              /* to be reserved */
    size_t missing;             /* while it waits: bytes */
    bool starved;               /* the last call had to wait */
    bool too_small;             /* it will never fit: CQ_EMEMORY */
    enum cq_line line;
    struct cq_budget *before, *behind;
};

/* Before anything is asked: n bytes, or all there are if the limit is lower. False: wait, and ask
 * again when fed; n is then the least of what was asked for so far (who is fed and wants more would
 * hold what others wait for). */
bool cq_budget_reserve(struct cq_budget *b, size_t n);
/* Reserved and not in use: may be taken without asking anybody. */
size_t cq_budget_left(const struct cq_budget *b);
/* False: nothing was taken; too_small says whether waiting helps. */
bool cq_budget_take(struct cq_budget *b, size_t n);
/* Somebody half-way will need more: n bytes in all (as above), before those who only begin. False:
 * wait, and ask again when fed. */
bool cq_budget_extend(struct cq_budget *b, size_t n);
/* What to reserve for a cluster of which nothing is known: what crawls of this account have needed
 * lately (the largest, sinking slowly), CQ_DEFAULT_RESERVATION at most and until enough are known.
 */
size_t cq_budget_guess(const struct cq_budget *b);
/* n that are in use already (small things beside the pages): never refused, over the limit if need
 * be. */
void cq_budget_add(struct cq_budget *b, size_t n);
void cq_budget_give(struct cq_budget *b, size_t n);
/* What is reserved, not in use and more than `spare` goes back. */
void cq_budget_trim(struct cq_budget *b, size_t spare);
/* Everything back to the account, out of every line. */
void cq_budget_release(struct cq_budget *b);

/* The owner of somebody who had to wait and need not any longer; NULL: nobody. */
void *cq_account_next(struct cq_account *a);
/* Somebody waits. */
bool cq_account_is_short(const struct cq_account *a);

#endif
