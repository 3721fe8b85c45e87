/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Column masks (5.0, system_schema.column_masks): found by column name for each column of a table.
 * They are few and come by name; almost no table has any.
 */
#include "model/row.h"
#include "model/sort.h"

struct mask {
    cq_bytes column;
    uint32_t row;
};

static int by_column(const void *a, const void *b)
{
    const struct mask *x = a, *y = b;

    return cq_cmp(x->column, y->column);
}

void cq_masks_begin(struct cq_model *m, const struct cq_rowset *masks)
{
    struct cq_row r;

    cq_buf_clear(&m->masks);
    for (uint32_t i = 0; i < masks->n; i++) {
        struct mask one = {.row = i};

        r = cq_row_of(masks, i);
        one.column = r.cell[CQ_MASKS_column_name];
        cq_buf_put(&m->masks, &one, sizeof(one));
    }
    cq_model_fail(m, m->masks.err);
    cq_sort(m->masks.p, m->masks.n / sizeof(struct mask), sizeof(struct mask), by_column);
}

static const struct mask *find(const struct cq_model *m, cq_bytes column)
{
    const struct mask *masks = (const struct mask *)(const void *)m->masks.p;
    size_t low = 0, high = m->masks.n / sizeof(*masks);

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = cq_cmp(masks[mid].column, column);

        if (c == 0) return &masks[mid];
        if (c < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}

/* The three lists run in parallel; nulls says which values are null. */
static void put_arguments(struct cq_json *j, const struct cq_row *r)
{
    struct cql_iter types, values, nulls;
    cq_bytes type, value, null;

    cql_iter_begin(&types, r->cell[CQ_MASKS_function_argument_types]);
    cql_iter_begin(&values, r->cell[CQ_MASKS_function_argument_values]);
    cql_iter_begin(&nulls, r->cell[CQ_MASKS_function_argument_nulls]);
    cq_json_name(j, CQ_KEY("arguments"));
    cq_json_open(j, '[');
    while (cql_iter_next(&types, &type)) {
        bool is_null = false;

        if (!cql_iter_next(&values, &value)) value = CQ_NULL;
        if (cql_iter_next(&nulls, &null)) cql_get_bool(null, &is_null);
        cq_json_open(j, '{');
        cq_json_member(j, CQ_KEY("type"), type);
        cq_json_member(j, CQ_KEY("value"), is_null ? CQ_NULL : value);
        cq_json_close(j, '}');
    }
    cq_json_close(j, ']');
}

void cq_put_mask(struct cq_model *m, const struct cq_rowset *masks, cq_bytes column)
{
    const struct mask *one = masks->n ? find(m, column) : NULL;
    struct cq_json *j = &m->rec->json;
    struct cq_row r;

    if (!one) return;
    r = cq_row_of(masks, one->row);
    cq_buf_clear(&m->text);
    if (!cq_is_null(r.cell[CQ_MASKS_function_keyspace])) {
        cq_buf_put(&m->text, r.cell[CQ_MASKS_function_keyspace].p,
                   r.cell[CQ_MASKS_function_keyspace].n);
        cq_buf_putc(&m->text, '.');
    }
    cq_buf_put(&m->text, r.cell[CQ_MASKS_function_name].p, r.cell[CQ_MASKS_function_name].n);
    cq_model_fail(m, m->text.err);
    cq_json_name(j, CQ_KEY("mask"));
    cq_json_open(j, '{');
    cq_json_member(j, CQ_KEY("function"), cq_buf_view(&m->text));
    put_arguments(j, &r);
    cq_put_extra(m, &r, false);
    cq_json_close(j, '}');
}
