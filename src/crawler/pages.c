/* SPDX-License-Identifier: Apache-2.0 */
/* Pages into a cursor: room for a body, its metadata, the end of a table (crawler/cursor.h). */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "crawler/cursor.h"
#include "crawler/shape.h"

void cq_cursor_init(struct cq_cursor *c, struct cq_shared *shared, enum cq_table table)
{
    *c = (struct cq_cursor){.shared = shared, .table = table, .slots = cq_query_key(table)};
    cq_buf_init(&c->pages, shared->mem, CQ_MAX_PAGES_PER_TABLE * sizeof(struct cq_page));
    cq_buf_init(&c->paging_state, shared->mem, CQ_MAX_PAGING_STATE);
    cq_buf_init(&c->names, shared->mem, CQ_MAX_CARRY);
    cq_buf_init(&c->hand, shared->mem, CQ_MAX_HAND);
    cq_arena_init(&c->carry, shared->mem);
}

static void free_block(struct cq_cursor *c, uint8_t *block, size_t cap)
{
    if (!block) return;
    cq_budget_give(c->shared->budget, cap);
    cq_free(c->shared->blocks, block);
}

static void drop_pages(struct cq_cursor *c)
{
    struct cq_page *pages = (struct cq_page *)(void *)c->pages.p;

    for (size_t i = 0; i < c->n_pages; i++)
        free_block(c, pages[i].block, pages[i].cap);
    c->n_pages = c->at_page = 0;
    cq_buf_clear(&c->pages);
    c->have = false;
}

void cq_cursor_fini(struct cq_cursor *c)
{
    if (!c->shared) return;
    drop_pages(c);
    free_block(c, c->block, c->cap);
    if (c->sorted) free_block(c, (uint8_t *)c->sorted, c->n_sorted * sizeof(*c->sorted));
    cq_buf_fini(&c->pages);
    cq_buf_fini(&c->paging_state);
    cq_buf_fini(&c->names);
    cq_buf_fini(&c->hand);
    cq_arena_fini(&c->carry);
    c->shared = NULL;
}

uint8_t *cq_cursor_room(struct cq_cursor *c, size_t need, uint64_t total, int *err)
{
    uint8_t *block;

    *err = 0;
    if (c->cap >= need) return c->block;
    if (total > need && total - c->cap <= cq_budget_left(c->shared->budget)) need = (size_t)total;
    if (!cq_budget_take(c->shared->budget, need - c->cap)) {
        if (c->shared->budget->too_small) *err = CQ_EMEMORY;
        return NULL;
    }
    block = cq_realloc(c->shared->blocks, c->block, need);
    if (!block) {
        cq_budget_give(c->shared->budget, need - c->cap);
        *err = CQ_ENOMEM;
        return NULL;
    }
    c->block = block;
    c->cap = need;
    return block;
}

static const char *keep_text(struct cq_cursor *c, cq_bytes text)
{
    char *copy;

    if (text.n > CQ_MAX_ERROR_TEXT) text.n = CQ_MAX_ERROR_TEXT;
    copy = cq_arena_alloc(c->shared->arena, text.n + 1);
    if (!copy) return "";
    if (text.n) memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    return copy;
}

void cq_cursor_refuse(struct cq_cursor *c, enum cq_outcome outcome, cq_bytes text)
{
    c->outcome.outcome = outcome;
    c->complete = true;
    c->why = keep_text(c, text);
    drop_pages(c);
}

void cq_cursor_fail(struct cq_cursor *c, int err, const char *fmt, ...)
{
    char text[CQ_MAX_ERRMSG];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    c->err = err;
    cq_cursor_refuse(c, CQ_OUTCOME_FAILED, cq_str(text));
}

/* Which cells of a table's row are nearly always its own: names, comment, id. */
static void find_free(struct cq_cursor *c)
{
    static const int own[CQL_MAX_FREE] = {CQ_TABLES_keyspace_name, CQ_TABLES_table_name,
                                          CQ_TABLES_comment, CQ_TABLES_id};
    const struct cq_shape *s = c->shape;

    c->like = (struct cql_like){.slot = s->slot, .n_columns = s->n_columns};
    if (c->table != CQ_T_TABLES) return;
    for (uint32_t i = 0; i < s->n_columns; i++)
        for (int k = 0; k < CQL_MAX_FREE; k++)
            if (s->slot[i] == own[k]) c->like.free[c->like.n_free++] = i;
}

/* The metadata: the first page makes the shape, the others must not differ. NULL, or what is wrong.
 */
static const char *read_head(struct cq_cursor *c, struct cql_rows *r, cq_bytes body, int version,
                             int *err)
{
    uint64_t hash = 0;

    *err = cql_rows_begin(r, body, version);
    if (*err) return "the answer is no page of rows";
    *err = cq_shape_read(r, c->table, c->shared->shapes, c->shared->arena,
                         c->shape ? NULL : &c->shape, &hash);
    if (*err) return "the columns' names and types cannot be read";
    *err = cql_rows_count(r);
    if (*err) return "the number of rows cannot be true";
    if (c->outcome.pages > 0) {
        if (hash == c->metadata_hash) return NULL;
        *err = CQ_EPROTOCOL;
        return "a page has other columns than the first one";
    }
    c->metadata_hash = hash;
    for (int i = 0; i < c->slots.n; i++)
        if (!cq_has(c->shape, c->slots.slot[i])) *err = CQ_EPROTOCOL;
    find_free(c);
    c->is_headed = c->slots.n > 1 && c->shape->slot[0] == c->slots.slot[0] &&
                   c->shape->slot[1] == c->slots.slot[1];
    return *err ? "its key columns are missing" : NULL;
}

/* Whether and how the next page is asked for; also the guards against pages without end. */
static void read_paging(struct cq_cursor *c, const struct cql_rows *r)
{
    cq_bytes before = cq_buf_view(&c->paging_state);

    c->empty_pages = r->n_rows ? 0 : c->empty_pages + 1;
    if (cq_is_null(r->paging_state)) {
        c->complete = true;
        return;
    }
    if (c->outcome.pages > 1 && cq_eq(before, r->paging_state))
        cq_cursor_fail(c, CQ_EPROTOCOL, "the server repeats a page");
    else if (c->outcome.pages >= CQ_MAX_PAGES_PER_TABLE)
        cq_cursor_fail(c, CQ_ETOO_MANY, "more than %u pages", CQ_MAX_PAGES_PER_TABLE);
    else if (c->empty_pages >= CQ_MAX_EMPTY_PAGES)
        cq_cursor_fail(c, CQ_ETOO_MANY, "%u empty pages in a row", CQ_MAX_EMPTY_PAGES);
    if (c->complete) return;
    cq_buf_clear(&c->paging_state);
    cq_buf_put(&c->paging_state, r->paging_state.p, r->paging_state.n);
}

int cq_cursor_page(struct cq_cursor *c, cq_bytes body, int version)
{
    struct cq_page page = {.block = c->block, .cap = c->cap};
    const char *wrong;
    int err;

    if (c->complete) return 0; /* too late: the block goes with the cursor */
    wrong = read_head(c, &page.rows, body, version, &err);
    if (err == CQ_ENOMEM) return err;
    if (wrong) {
        cq_cursor_fail(c, err, "%s", wrong);
        return 0;
    }
    c->outcome.outcome = CQ_OUTCOME_ROWS;
    c->outcome.pages++;
    if (page.rows.n_rows && !c->row_bytes) c->row_bytes = body.n / page.rows.n_rows + 1;
    read_paging(c, &page.rows);
    if (c->outcome.outcome == CQ_OUTCOME_FAILED) return 0;
    cq_buf_put(&c->pages, &page, sizeof(page));
    /* the first row's cells have their place from here on */
    if (page.rows.n_rows) cq_buf_room(&c->hand, cq_shape_cells(c->shape) * sizeof(cq_bytes));
    if (c->pages.err || c->paging_state.err || c->hand.err == CQ_ENOMEM) return CQ_ENOMEM;
    c->n_pages++;
    c->block = NULL;
    c->cap = 0;
    return 0;
}

bool cq_cursor_wants_page(const struct cq_cursor *c)
{
    if (c->complete || c->outcome.pages == 0) return false;
    return c->collect || (c->n_pages == 0 && !c->have);
}
