/* SPDX-License-Identifier: Apache-2.0 */
/* A crawl's share of the memory account, and who is fed first (crawler/budget.h). */
#include "crawler/budget.h"

#include <assert.h>

#include "base/bounds.h"

/* ---- the lines ---- */

static void push(struct cq_waiters *line, struct cq_budget *b)
{
    b->behind = NULL;
    b->before = line->last;
    *(line->last ? &line->last->behind : &line->first) = b;
    line->last = b;
    line->n++;
}

static void leave(struct cq_budget *b)
{
    struct cq_account *a = b->account;
    struct cq_waiters *const lines[] = {NULL, &a->topping, &a->reserving, &a->fed};
    struct cq_waiters *line = lines[b->line];

    b->missing = 0;
    if (!line) return;
    *(b->before ? &b->before->behind : &line->first) = b->behind;
    *(b->behind ? &b->behind->before : &line->last) = b->before;
    line->n--;
    b->line = CQ_LINE_NONE;
}

static void queue_up(struct cq_budget *b, enum cq_line line, size_t missing)
{
    struct cq_account *a = b->account;

    if (b->line != line) {
        leave(b);
        b->line = line;
        push(line == CQ_LINE_TOPPING ? &a->topping : &a->reserving, b);
    }
    b->missing = missing;
}

/* ---- who is next ---- */

static struct cq_budget *fewest_missing(const struct cq_waiters *line)
{
    struct cq_budget *least = line->first;

    for (struct cq_budget *b = least; b; b = b->behind)
        if (b->missing < least->missing) least = b;
    return least;
}

/* The one half-way that may go on, if it has to over the limit. NULL: all of them wait for the one
 * that is over it already. */
static struct cq_budget *next_topping(struct cq_account *a)
{
    struct cq_budget *b = fewest_missing(&a->topping);

    if (cq_account_take(a, b->missing)) return b;
    if (a->overdraft) {
        b = a->overdraft;
        if (b->line != CQ_LINE_TOPPING) return NULL;
    }
    a->overdraft = b;
    a->used += b->missing;
    if (a->used > a->peak) a->peak = a->used;
    return b;
}

static void serve(struct cq_account *a)
{
    for (;;) {
        struct cq_budget *b = a->reserving.first;
        size_t fed;

        if (a->topping.first)
            b = next_topping(a);
        else if (b && !cq_account_take(a, b->missing))
            b = NULL;
        if (!b) return;
        fed = b->missing;
        leave(b);
        b->reserved += fed;
        b->line = CQ_LINE_FED;
        push(&a->fed, b);
    }
}

void *cq_account_next(struct cq_account *a)
{
    struct cq_budget *b;

    serve(a);
    b = a->fed.first;
    if (!b) return NULL;
    leave(b);
    return b->owner;
}

bool cq_account_is_short(const struct cq_account *a)
{
    return a->topping.first || a->reserving.first;
}

/* ---- one crawl ---- */

static bool wait_in(struct cq_budget *b, enum cq_line line, size_t n)
{
    if (b->reserved < n) {
        queue_up(b, line, n - b->reserved);
        serve(b->account);
    }
    b->starved = b->reserved < n;
    if (!b->starved) leave(b);
    return !b->starved;
}

static size_t within_limit(const struct cq_account *a, size_t n)
{
    return a->limit && n > a->limit ? a->limit : n;
}

bool cq_budget_reserve(struct cq_budget *b, size_t n)
{
    b->starved = false;
    if (!b->account) return true;
    n = within_limit(b->account, n);
    if (!b->wanted || n < b->wanted) b->wanted = n;
    return wait_in(b, CQ_LINE_RESERVING, b->wanted);
}

bool cq_budget_extend(struct cq_budget *b, size_t n)
{
    b->starved = false;
    if (!b->account) return true;
    return wait_in(b, CQ_LINE_TOPPING, within_limit(b->account, n));
}

size_t cq_budget_left(const struct cq_budget *b)
{
    return b->reserved > b->held ? b->reserved - b->held : 0;
}

bool cq_budget_take(struct cq_budget *b, size_t n)
{
    struct cq_account *a = b->account;
    size_t wanted = b->held + n;

    b->starved = false;
    if (a && wanted > b->reserved) {
        if (a->limit && wanted > a->limit) {
            b->too_small = true;
            return false;
        }
        queue_up(b, CQ_LINE_TOPPING, wanted - b->reserved);
        serve(a);
        b->starved = wanted > b->reserved;
        if (b->starved) return false;
    }
    if (a) leave(b);
    b->held = wanted;
    if (b->most < wanted) b->most = wanted;
    return true;
}

void cq_budget_add(struct cq_budget *b, size_t n)
{
    struct cq_account *a = b->account;

    b->held += n;
    if (b->most < b->held) b->most = b->held;
    if (!a || b->held <= b->reserved) return;
    a->used += b->held - b->reserved;
    if (a->used > a->peak) a->peak = a->used;
    b->reserved = b->held;
}

void cq_budget_give(struct cq_budget *b, size_t n)
{
    assert(n <= b->held);
    b->held -= n;
}

void cq_budget_trim(struct cq_budget *b, size_t spare)
{
    struct cq_account *a = b->account;
    size_t kept = b->held + spare;

    if (!a || b->reserved <= kept) return;
    cq_account_give(a, b->reserved - kept);
    b->reserved = kept;
    if (a->overdraft == b && a->used <= a->limit) a->overdraft = NULL;
}

static void learn(struct cq_account *a, size_t most)
{
    if (most >= a->typical) {
        a->typical = most;
    } else {
        a->typical -= (a->typical - most) / CQ_LEARN_DECAY;
    }
    if (a->n_learnt < CQ_LEARN_AFTER) a->n_learnt++;
}

size_t cq_budget_guess(const struct cq_budget *b)
{
    const struct cq_account *a = b->account;

    if (!a || a->n_learnt < CQ_LEARN_AFTER) return CQ_DEFAULT_RESERVATION;
    return a->typical < CQ_DEFAULT_RESERVATION ? a->typical : CQ_DEFAULT_RESERVATION;
}

void cq_budget_release(struct cq_budget *b)
{
    assert(b->held == 0);
    if (!b->account) return;
    leave(b);
    if (b->most) learn(b->account, b->most);
    b->most = b->wanted = 0;
    cq_account_give(b->account, b->reserved);
    b->reserved = 0;
    b->starved = false;
    if (b->account->overdraft == b) b->account->overdraft = NULL;
}
