/* SPDX-License-Identifier: Apache-2.0 */
/* All columns of a table at once, where their bytes are known (crawler/cursor.h, model/lists.h). */
#include <assert.h>

#include "crawler/cursor.h"
#include "model/lists.h"
#include "proto/wire.h"

/* A row of a keyspace that nobody knows may stand among those of a table, which go on behind it. */
static bool goes_on_well(const struct cq_cursor *c, const struct cql_rows *rows,
                         const struct cq_names *ranks)
{
    size_t left = (size_t)(rows->end - rows->p);
    cq_bytes keyspace;
    uint32_t unused;

    if (rows->rows_read == rows->n_rows) return true;
    if (left < CQL_CELL_HEADER) return false;
    keyspace = (cq_bytes){rows->p + CQL_CELL_HEADER, cql_load_u32(rows->p)};
    if (keyspace.n > left - CQL_CELL_HEADER) return false;
    return cq_eq(keyspace, c->key.keyspace) || cq_names_get(ranks, keyspace, &unused);
}

/* This list is what comes: *last is where its last row begins. */
static bool is_next(struct cq_cursor *c, const struct cq_list *l, const struct cq_names *ranks,
                    cq_bytes head, const uint8_t **last)
{
    struct cql_rows *rows = &cq_cursor_page_at(c, c->at_page)->rows, after = *rows;
    bool is_last = c->complete && c->at_page + 1 == c->n_pages;

    if (!cql_rows_match(&after, head, &l->tails, is_last, last)) return false;
    if (!goes_on_well(c, &after, ranks)) return false;
    *rows = after;
    return true;
}

/* First what came behind the list before the last time; then by what the first rows say. */
static const struct cq_list *find(struct cq_cursor *c, struct cq_lists *lists,
                                  const struct cq_names *ranks, cq_bytes head, const uint8_t **last)
{
    const struct cq_list *l = cq_lists_next(lists, c->n_before);

    if (l && is_next(c, l, ranks, head, last)) return l;
    c->sketch = cql_rows_sketch(&cq_cursor_page_at(c, c->at_page)->rows, head);
    for (size_t way = 0; way < CQ_LIST_WAYS; way++) {
        l = cq_lists_at(lists, c->sketch, way);
        if (!l || !is_next(c, l, ranks, head, last)) continue;
        cq_lists_follow(lists, c->n_before, l);
        return l;
    }
    return NULL;
}

/* The last row of a list is the row before, as if all of them had been read. */
static void stand_behind(struct cq_cursor *c, const uint8_t *last)
{
    const uint8_t *name = last + CQL_CELL_HEADER + c->key.keyspace.n + CQL_CELL_HEADER;
    const uint8_t *third = name + c->key.name.n;

    c->key.keyspace.p = last + CQL_CELL_HEADER;
    c->key.name.p = name;
    c->key.third = (cq_bytes){third + CQL_CELL_HEADER, cql_load_u32(third)};
    c->from = last;
}

bool cq_cursor_take_list(struct cq_cursor *c, struct cq_lists *lists, const struct cq_names *ranks)
{
    const struct cq_shape *s = c->shape;
    const uint8_t *last;
    cq_bytes head;

    assert(c->have && !c->n_hand && !c->list);
    if (!c->is_headed || c->sorted || !s->is_straight || s->n_columns != CQ_COLUMNS_N) return false;
    head = cq_cursor_head(c);
    c->list = find(c, lists, ranks, head, &last);
    if (!c->list) return false;
    c->sketch = 0;
    c->n_before = c->list->number;
    c->outcome.rows += c->list->tails.n - 1;
    stand_behind(c, last);
    cq_cursor_skip(c);
    return true;
}
