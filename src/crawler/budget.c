/* SPDX-License-Identifier: Apache-2.0 */
/* A crawl's share of the memory account (crawler/budget.h). */
#include "crawler/budget.h"

#include <assert.h>

bool cq_budget_reserve(struct cq_budget *b, size_t n)
{
    struct cq_account *a = b->account;

    b->starved = false;
    if (!a || b->reserved >= n) return true;
    if (a->limit && n > a->limit) n = a->limit;
    if (b->reserved >= n) return true;
    if (!cq_account_take(a, n - b->reserved)) {
        b->starved = true;
        return false;
    }
    b->reserved = n;
    return true;
}

/* n more than the account has: allowed to the one crawl that holds the overdraft. */
static bool overdraw(struct cq_budget *b, size_t n)
{
    struct cq_account *a = b->account;

    if (b->reserved + n > a->limit) {
        b->too_small = true;
        return false;
    }
    if (a->overdraft && a->overdraft != b) return false;
    a->overdraft = b;
    a->used += n;
    if (a->used > a->peak) a->peak = a->used;
    return true;
}

bool cq_budget_take(struct cq_budget *b, size_t n)
{
    size_t more;

    b->starved = false;
    if (!b->account || b->held + n <= b->reserved) {
        b->held += n;
        return true;
    }
    more = b->held + n - b->reserved;
    if (!cq_account_take(b->account, more) && !overdraw(b, more)) {
        b->starved = !b->too_small;
        return false;
    }
    b->reserved += more;
    b->held += n;
    return true;
}

void cq_budget_give(struct cq_budget *b, size_t n)
{
    assert(n <= b->held);
    b->held -= n;
}

void cq_budget_release(struct cq_budget *b)
{
    assert(b->held == 0);
    if (!b->account) return;
    cq_account_give(b->account, b->reserved);
    b->reserved = 0;
    b->starved = false;
    if (b->account->overdraft == b) b->account->overdraft = NULL;
}
