/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows out of pages (crawler/cursor.h). Order is checked against the row before; rows of unknown
 * keyspaces take no part in that. Pages come in through pages.c.
 */
#include "crawler/cursor.h"

#include <assert.h>

#include "base/err.h"
#include "base/short.h"
#include "model/lists.h"

bool cq_cursor_look(const struct cq_cursor *c, struct cql_rows *rows)
{
    if (c->n_pages == 0) return false;
    *rows = cq_cursor_page_at(c, 0)->rows;
    return true;
}

/* The names of the row before outlive its page. */
static int keep_last(struct cq_cursor *c)
{
    cq_bytes *part[] = {&c->last.keyspace, &c->last.name, &c->last.third};
    size_t at = 0;

    c->head = NULL;
    if (!c->has_last || c->last_kept) return 0;
    cq_buf_clear(&c->names);
    for (int i = 0; i < 3; i++)
        if (part[i]->n) cq_buf_put(&c->names, part[i]->p, part[i]->n);
    if (c->names.err) return c->names.err;
    for (int i = 0; i < 3; i++) {
        if (!part[i]->p) continue;
        part[i]->p = part[i]->n ? c->names.p + at : (const uint8_t *)"";
        at += part[i]->n;
    }
    c->last_kept = true;
    return 0;
}

/* So do the rows in hand: what of the page they cover is copied in one piece, and their cells
 * point there. */
static int carry_hand(struct cq_cursor *c, const uint8_t *end)
{
    size_t width = cq_shape_cells(c->shape), n = (size_t)(end - c->uncarried);
    cq_bytes *cell = (cq_bytes *)(void *)c->hand.p + c->n_carried * width;
    cq_bytes copy;

    if (c->n_carried == c->n_hand) return 0;
    if (n > CQ_MAX_CARRY - c->carry_bytes) return CQ_ETOO_LARGE;
    copy = cq_arena_dup(&c->carry, (cq_bytes){c->uncarried, n});
    if (!copy.p) return CQ_ENOMEM;
    c->carry_bytes += n;
    for (size_t i = (c->n_hand - c->n_carried) * width; i > 0; i--, cell++)
        if (cell->p) cell->p = copy.p + (cell->p - c->uncarried);
    c->n_carried = c->n_hand;
    return 0;
}

/* The last page stays as long as rows in hand are views into it. */
static void free_last(struct cq_cursor *c)
{
    if (c->collect || !c->complete || c->n_hand || !c->n_pages || c->at_page < c->n_pages) return;
    cq_budget_give(c->shared->budget, cq_cursor_page_at(c, 0)->cap);
    cq_free(c->shared->blocks, cq_cursor_page_at(c, 0)->block);
    c->n_pages = c->at_page = 0;
}

/* The page was read to its end. Its block waits for the next page, if there is one. */
static int close_page(struct cq_cursor *c)
{
    struct cq_page *page = cq_cursor_page_at(c, c->at_page);
    int err;

    c->before = CQ_NULL;
    if (c->collect || c->complete) {
        c->at_page++;
        free_last(c);
        return 0;
    }
    err = keep_last(c);
    if (!err) err = carry_hand(c, page->rows.p);
    if (err) return err;
    assert(c->n_pages == 1);
    c->n_pages = 0;
    cq_buf_clear(&c->pages);
    if (!c->block) {
        c->block = page->block;
        c->cap = page->cap;
        return 0;
    }
    cq_budget_give(c->shared->budget, page->cap);
    cq_free(c->shared->blocks, page->block);
    return 0;
}

static inline bool read_key(const struct cq_cursor *c, const cq_bytes *cells, struct cq_key *key)
{
    const int *slot = c->slots.slot;

    if (c->slots.n == 0) return true;
    key->keyspace = cells[slot[0]];
    if (c->slots.n > 1) key->name = cells[slot[1]];
    if (c->slots.n > 2) key->third = cells[slot[2]];
    return key->keyspace.p && (c->slots.n < 2 || key->name.p);
}

/* Row, key and count of a row that was taken apart. */
static inline bool have_read(struct cq_cursor *c, const struct cql_rows *rows,
                             const cq_bytes *cells, struct cq_key *key, cq_bytes *row)
{
    row->n = (size_t)(rows->p - row->p);
    c->outcome.rows++;
    if (read_key(c, cells, key)) return true;
    cq_cursor_fail(c, CQ_EPROTOCOL, "a row without its key");
    return false;
}

bool cq_cursor_raw(struct cq_cursor *c, cq_bytes *cells, struct cq_key *key, cq_bytes *row)
{
    struct cql_rows *rows;

    if (c->at_page >= c->n_pages) return false;
    rows = &cq_cursor_page_at(c, c->at_page)->rows;
    row->p = rows->p;
    if (cql_rows_next_cells(rows, cq_shape_slots(c->shape), cq_shape_cells(c->shape), cells))
        return have_read(c, rows, cells, key, row);
    if (rows->err) cq_cursor_fail(c, rows->err, "a page broke off inside a row");
    return false;
}

/* A table is mostly the table before, but for its name, comment and id. */
static inline bool raw_like(struct cq_cursor *c, cq_bytes *cells, cq_bytes *row)
{
    struct cql_rows *rows = &cq_cursor_page_at(c, c->at_page)->rows;

    row->p = rows->p;
    return cql_rows_next_like(rows, &c->like, c->before, cells) &&
           have_read(c, rows, cells, &c->key, row);
}

int cq_cursor_compare(const struct cq_cursor *c, const struct cq_key *a, const struct cq_key *b)
{
    int order;

    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    if (c->slots.n < 2) return 0;
    order = cq_cmp(a->name, b->name);
    if (order || c->slots.n < 3) return order;
    return cq_cmp(a->third, b->third);
}

/* a after b is out of order. The types of a function's arguments come in an order of their own. */
bool cq_cursor_falls(const struct cq_cursor *c, const struct cq_key *a, const struct cq_key *b)
{
    if (cq_cursor_compare(c, a, b) >= 0) return false;
    return c->slots.third_is_text || a->rank != b->rank || !cq_eq(a->name, b->name);
}

/* Nearly every row of a table with three key columns begins with the very bytes of the row before:
 * one comparison instead of a search for the rank and a comparison for each part. */
static bool is_same(const struct cq_cursor *c)
{
    cq_bytes head;

    if (!c->head) return false;
    head = cq_cursor_head(c);
    return head.n == c->head_bytes && cq_same_bytes(head.p, c->head, head.n);
}

static void check_same(struct cq_cursor *c)
{
    int order = c->slots.n > 2 ? cq_cmp(c->key.third, c->last.third) : 0;

    c->key.rank = c->last.rank;
    c->duplicate = order == 0;
    c->fell = order < 0 && c->slots.third_is_text;
}

/* What the merge relies on. Also finds out whether the key is that of the row before. */
static void check_order(struct cq_cursor *c)
{
    int order;

    c->duplicate = false;
    if (c->key.rank == CQ_RANK_UNKNOWN || !c->has_last || c->slots.n < 2) return;
    order = cq_cursor_compare(c, &c->key, &c->last);
    c->duplicate = !order;
    c->fell = order < 0 && cq_cursor_falls(c, &c->key, &c->last);
}

static void find_rank(struct cq_cursor *c, const struct cq_names *ranks)
{
    c->key.rank = CQ_RANK_UNKNOWN;
    if (c->has_last && cq_eq(c->key.keyspace, c->last.keyspace))
        c->key.rank = c->last.rank;
    else
        cq_names_get(ranks, c->key.keyspace, &c->key.rank);
}

/* Where the cells of the next row go; who takes one row takes more. NULL: c->hand.err. */
static inline cq_bytes *room(struct cq_cursor *c)
{
    enum { FURTHER_ROWS = 16 };
    size_t n = cq_shape_cells(c->shape) * sizeof(cq_bytes);

    if (c->hand.cap - c->hand.n < n && !cq_buf_room(&c->hand, c->n_hand ? n * FURTHER_ROWS : n))
        return NULL;
    return (cq_bytes *)(void *)(c->hand.p + c->hand.n);
}

static int peek_sorted(struct cq_cursor *c)
{
    const struct cq_sorted *s = &c->sorted[c->at_sorted];
    struct cql_rows one = {.n_columns = c->shape->n_columns, .n_rows = 1};
    cq_bytes *cells;

    c->at_end = c->at_sorted == c->n_sorted;
    if (c->at_end) return CQ_AT_END;
    c->cells = cells = room(c);
    if (!cells) return c->hand.err;
    one.p = s->row.p;
    one.end = s->row.p + s->row.n;
    cql_rows_next_cells(&one, cq_shape_slots(c->shape), cq_shape_cells(c->shape), cells);
    c->key = s->key;
    c->at_sorted++;
    check_order(c);
    c->have = true;
    return CQ_AT_ROW;
}

/* The next row. 1: it is there; 0: none; negative. */
static int read_row(struct cq_cursor *c)
{
    const cq_bytes *last = c->cells;
    cq_bytes *cells, row;

    if (c->at_page >= c->n_pages) return 0;
    c->cells = cells = room(c);
    if (!cells) return c->hand.err;
    if (!c->before.p || cells != last || !raw_like(c, cells, &row)) {
        if (!cq_cursor_raw(c, cells, &c->key, &row)) return 0;
        c->alike = c->like.n_free ? (uint32_t)c->outcome.rows : 0;
    }
    c->from = row.p;
    if (c->like.n_free) c->before = row;
    return 1;
}

/* No row is left in the pages that are there. 0: there may be one now; enum cq_at; negative. */
static int turn_page(struct cq_cursor *c)
{
    if (c->outcome.outcome == CQ_OUTCOME_FAILED) return CQ_AT_END;
    if (c->at_page >= c->n_pages) return c->complete ? CQ_AT_END : CQ_AT_NEED;
    return close_page(c);
}

int cq_cursor_next(struct cq_cursor *c, const struct cq_names *ranks)
{
    int at;

    if (c->fell) return CQ_AT_FELL;
    if (c->outcome.outcome == CQ_OUTCOME_FAILED) return CQ_AT_END;
    if (c->sorted) return peek_sorted(c);
    while ((at = read_row(c)) == 0) {
        at = turn_page(c);
        c->at_end = at == CQ_AT_END;
        if (at) return at;
    }
    if (at < 0) return at;
    c->have = true;
    c->same = ranks && is_same(c);
    if (c->same) {
        check_same(c);
    } else if (ranks) {
        find_rank(c, ranks);
        check_order(c);
    }
    return c->fell ? CQ_AT_FELL : CQ_AT_ROW;
}

void cq_cursor_skip(struct cq_cursor *c)
{
    cq_bytes head;

    assert(c->have);
    c->have = false;
    if (c->key.rank == CQ_RANK_UNKNOWN) return;
    c->last = c->key;
    c->has_last = true;
    c->last_kept = false;
    if (!c->is_headed) return;
    head = cq_cursor_head(c);
    c->head = head.p;
    c->head_bytes = head.n;
}

int cq_cursor_take(struct cq_cursor *c)
{
    if (c->n_hand >= CQ_MAX_OBJECT_ROWS) return CQ_ETOO_MANY;
    if (c->n_carried == c->n_hand) c->uncarried = c->from;
    c->hand.n += cq_shape_cells(c->shape) * sizeof(cq_bytes); /* room() made sure of it */
    c->n_hand++;
    cq_cursor_skip(c);
    return 0;
}

/* What cannot be told at once (another name, a fall, the page's end) is left to cq_cursor_next. */
void cq_cursor_take_run(struct cq_cursor *c)
{
    size_t width, n, max = CQ_MAX_OBJECT_ROWS - c->n_hand;
    struct cql_run run = {.head = c->head, .head_bytes = c->head_bytes};
    const cq_bytes *last;
    cq_bytes *cells;

    assert(!c->have && c->n_hand);
    if (!c->head || c->sorted || c->slots.n < 3 || !c->shape->is_straight) return;
    width = cq_shape_cells(c->shape);
    run.first_bytes = c->last.keyspace.n;
    run.third = c->last.third;
    run.third_at = (uint32_t)c->slots.slot[2];
    run.n_columns = c->shape->n_columns;
    run.n_cells = (uint32_t)width;
    n = (c->hand.cap - c->hand.n) / (width * sizeof(*cells));
    if (max > n) max = n;
    cells = (cq_bytes *)(void *)(c->hand.p + c->hand.n);
    n = cql_rows_run(&cq_cursor_page_at(c, c->at_page)->rows, &run, cells, max);
    if (n == 0) return;
    last = cells + (n - 1) * width;
    c->hand.n += n * width * sizeof(*cells);
    c->n_hand += n;
    c->outcome.rows += n;
    read_key(c, last, &c->last);
    c->head = c->last.keyspace.p - CQL_CELL_HEADER;
}

struct cq_rowset cq_cursor_hand(struct cq_cursor *c)
{
    if (c->outcome.outcome != CQ_OUTCOME_ROWS) return (struct cq_rowset){0};
    if (c->list) return (struct cq_rowset){c->shape, NULL, c->list->tails.n};
    return (struct cq_rowset){c->shape, (const cq_bytes *)(const void *)c->hand.p, c->n_hand};
}

void cq_cursor_drop(struct cq_cursor *c)
{
    if (c->have && c->n_hand) {
        memmove(c->hand.p, c->cells, cq_shape_cells(c->shape) * sizeof(cq_bytes));
        c->cells = (const cq_bytes *)(const void *)c->hand.p;
    }
    cq_buf_clear(&c->hand);
    if (c->n_carried) cq_arena_reset(&c->carry);
    c->n_hand = c->n_carried = c->carry_bytes = 0;
    c->list = NULL;
    c->sketch = 0;
    free_last(c);
}

void cq_cursor_rest(struct cq_cursor *c)
{
    cq_cursor_drop(c);
    cq_buf_fini(&c->hand);
    cq_arena_fini(&c->carry);
}
