/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorted mode (crawler/cursor.h): a server whose partitions or rows come in another order than the
 * merge relies on. All pages are kept, an index of all rows is made and sorted in place (heap sort:
 * no recursion, no second array).
 */
#include "base/err.h"
#include "crawler/cursor.h"

/* Rows of one name whose third part is no text (overloads of a function) stay as they came. */
static int order(const struct cq_cursor *c, const struct cq_sorted *a, const struct cq_sorted *b)
{
    bool same = a->key.rank == b->key.rank && cq_eq(a->key.name, b->key.name);
    int by_key = same && !c->slots.third_is_text ? 0 : cq_cursor_compare(c, &a->key, &b->key);

    if (by_key) return by_key;
    return a->at < b->at ? -1 : a->at > b->at;
}

static void sift(const struct cq_cursor *c, struct cq_sorted *a, size_t i, size_t n)
{
    struct cq_sorted x = a[i];

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= n) break;
        if (child + 1 < n && order(c, &a[child + 1], &a[child]) > 0) child++;
        if (order(c, &a[child], &x) <= 0) break;
        a[i] = a[child];
        i = child;
    }
    a[i] = x;
}

static void heap_sort(const struct cq_cursor *c, struct cq_sorted *a, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(c, a, i, n);
    for (size_t end = n; end-- > 1;) {
        struct cq_sorted x = a[0];

        a[0] = a[end];
        a[end] = x;
        sift(c, a, 0, end);
    }
}

static size_t count_rows(const struct cq_cursor *c)
{
    const struct cq_page *pages = (const struct cq_page *)(const void *)c->pages.p;
    size_t n = 0;

    for (size_t i = 0; i < c->n_pages; i++)
        n += pages[i].rows.n_rows;
    return n;
}

static void read_all(struct cq_cursor *c, const struct cq_names *ranks)
{
    struct cq_sorted *all = c->sorted, x = {0};
    cq_bytes cells[CQ_MAX_CELLS];
    size_t n = 0;

    while (c->at_page < c->n_pages) {
        if (!cq_cursor_raw(c, cells, &x.key, &x.row)) {
            c->at_page++;
            continue;
        }
        x.key.rank = CQ_RANK_UNKNOWN;
        cq_names_get(ranks, x.key.keyspace, &x.key.rank);
        if (n && cq_cursor_falls(c, &x.key, &all[n - 1].key)) c->unordered = true;
        x.at = n;
        all[n++] = x;
    }
}

int cq_cursor_sort(struct cq_cursor *c, const struct cq_names *ranks)
{
    size_t n = count_rows(c);
    size_t bytes = n * sizeof(struct cq_sorted);

    if (c->sorted || c->outcome.outcome != CQ_OUTCOME_ROWS) return 0;
    if (!cq_budget_take(c->shared->budget, bytes))
        return c->shared->budget->too_small ? CQ_EMEMORY : 1;
    c->sorted = cq_calloc(c->shared->blocks, n ? n : 1, sizeof(*c->sorted));
    if (!c->sorted) {
        cq_budget_give(c->shared->budget, bytes);
        return CQ_ENOMEM;
    }
    c->n_sorted = n;
    read_all(c, ranks);
    if (c->outcome.outcome == CQ_OUTCOME_ROWS) heap_sort(c, c->sorted, n);
    return 0;
}
