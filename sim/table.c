/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, rows and the writer of rows (table.h). */
#include "sim/table.h"

#include "sim/murmur3.h"

#include <stdlib.h>
#include <string.h>

int cqsim_table_column(const struct cqsim_table *t, struct cqsim_slice name)
{
    for (unsigned i = 0; i < t->n_columns; i++)
        if (cqsim_is(name, t->columns[i].name)) return (int)i;
    return -1;
}

void cqsim_table_fini(struct cqsim_table *t)
{
    cqsim_rows_fini(&t->rows);
}

bool cqsim_table_add(struct cqsim_table *t, const char *name, const void *option, size_t n)
{
    if (t->n_columns == CQSIM_MAX_COLUMNS || n > CQSIM_MAX_OPTION) return false;
    struct cqsim_column *c = &t->columns[t->n_columns++];
    cqsim_copy_text(c->name, sizeof c->name, cqsim_text(name));
    memcpy(c->option, option, n);
    c->n_option = n;
    return true;
}

void cqsim_rows_fini(struct cqsim_rows *rows)
{
    cqsim_buf_fini(&rows->cells);
    free(rows->at);
    *rows = (struct cqsim_rows){0};
}

void cqsim_rows_clear(struct cqsim_rows *rows)
{
    cqsim_buf_clear(&rows->cells);
    rows->n = 0;
}

void cqsim_rows_add(struct cqsim_rows *rows, struct cqsim_slice cells)
{
    if (rows->n == rows->cap) {
        rows->cap = rows->cap ? 2 * rows->cap : 16;
        rows->at = cqsim_grow(rows->at, rows->cap * sizeof *rows->at);
    }
    rows->at[rows->n++] = cqsim_buf_len(&rows->cells);
    cqsim_put(&rows->cells, cells.p, cells.n);
}

static size_t row_begin(const struct cqsim_rows *rows, size_t i)
{
    return i < rows->n ? rows->at[i] : cqsim_buf_len(&rows->cells);
}

struct cqsim_slice cqsim_rows_span(const struct cqsim_rows *rows, size_t from, size_t to)
{
    size_t begin = row_begin(rows, from);
    return (struct cqsim_slice){cqsim_buf_head(&rows->cells) + begin, row_begin(rows, to) - begin};
}

struct cqsim_slice cqsim_rows_get(const struct cqsim_rows *rows, size_t i)
{
    return cqsim_rows_span(rows, i, i + 1);
}

struct cqsim_slice cqsim_row_cell(struct cqsim_slice row, unsigned column)
{
    struct cqsim_reader r = cqsim_reader(row);
    for (unsigned i = 0; i < column; i++)
        cqsim_get_bytes(&r);
    return cqsim_get_bytes(&r);
}

struct sort_key {
    int64_t token;
    unsigned n;
    struct cqsim_slice row;
    struct cqsim_slice cells[4];
};

static int compare_keys(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    if (x->token != y->token) return x->token < y->token ? -1 : 1;
    for (unsigned i = 0; i < x->n; i++) {
        int c = cqsim_compare(x->cells[i], y->cells[i]);
        if (c != 0) return c;
    }
    return 0;
}

void cqsim_rows_sort(struct cqsim_rows *rows, unsigned n_clustering)
{
    struct sort_key *keys = cqsim_alloc((rows->n + 1) * sizeof *keys);
    for (size_t i = 0; i < rows->n; i++) {
        struct sort_key *k = &keys[i];
        k->row = cqsim_rows_get(rows, i);
        k->n = n_clustering + 1 < 4 ? n_clustering + 1 : 4;
        for (unsigned c = 0; c < k->n; c++)
            k->cells[c] = cqsim_row_cell(k->row, c);
        k->token = cqsim_murmur3_token(k->cells[0]);
    }
    qsort(keys, rows->n, sizeof *keys, compare_keys);
    struct cqsim_rows sorted = {0};
    for (size_t i = 0; i < rows->n; i++)
        cqsim_rows_add(&sorted, keys[i].row);
    free(keys);
    cqsim_rows_fini(rows);
    *rows = sorted;
}

void cqsim_row_fini(struct cqsim_row *row)
{
    for (unsigned i = 0; i <= CQSIM_MAX_COLUMNS; i++)
        cqsim_buf_fini(&row->cells[i]);
}

void cqsim_row_begin(struct cqsim_row *row, const struct cqsim_table *t)
{
    row->table = t;
    memset(row->set, 0, sizeof row->set);
}

void cqsim_row_end(struct cqsim_row *row, struct cqsim_rows *rows)
{
    struct cqsim_buf *b = &row->cells[CQSIM_MAX_COLUMNS];
    cqsim_buf_clear(b);
    for (unsigned i = 0; i < row->table->n_columns; i++) {
        if (row->set[i])
            cqsim_put_bytes(b, cqsim_buf_slice(&row->cells[i]));
        else
            cqsim_put_u32(b, UINT32_MAX);
    }
    cqsim_rows_add(rows, cqsim_buf_slice(b));
}

struct cqsim_buf *cqsim_row_set(struct cqsim_row *row, const char *name)
{
    int i = cqsim_table_column(row->table, cqsim_text(name));
    unsigned at = i < 0 ? CQSIM_MAX_COLUMNS : (unsigned)i;
    cqsim_buf_clear(&row->cells[at]);
    row->set[at] = true;
    return &row->cells[at];
}

void cqsim_row_bytes(struct cqsim_row *row, const char *name, struct cqsim_slice v)
{
    cqsim_put(cqsim_row_set(row, name), v.p, v.n);
}

void cqsim_row_text(struct cqsim_row *row, const char *name, const char *v)
{
    cqsim_row_bytes(row, name, cqsim_text(v));
}

void cqsim_row_int(struct cqsim_row *row, const char *name, int32_t v)
{
    cqsim_put_u32(cqsim_row_set(row, name), (uint32_t)v);
}

void cqsim_row_long(struct cqsim_row *row, const char *name, int64_t v)
{
    cqsim_put_u64(cqsim_row_set(row, name), (uint64_t)v);
}

void cqsim_row_double(struct cqsim_row *row, const char *name, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    cqsim_put_u64(cqsim_row_set(row, name), bits);
}

void cqsim_row_bool(struct cqsim_row *row, const char *name, bool v)
{
    cqsim_put_u8(cqsim_row_set(row, name), v);
}

void cqsim_row_texts(struct cqsim_row *row, const char *name, const char *const *items,
                     size_t n_items, size_t n_elements)
{
    struct cqsim_buf *b = cqsim_row_set(row, name);
    cqsim_put_u32(b, (uint32_t)n_elements);
    for (size_t i = 0; i < n_items; i++)
        cqsim_put_bytes(b, cqsim_text(items[i]));
}
