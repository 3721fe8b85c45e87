/* SPDX-License-Identifier: Apache-2.0 */
/* Content faults (spoil.h): orphans, duplicates, unknown columns and types, wrong order. */
#include "sim/spoil.h"

#include <string.h>

enum { EVERY = 40, UNKNOWN_TYPE_ID = 0x0080 };

static void orphan_table(struct cqsim_schema *s)
{
    static const struct cqsim_column_def id = {"id", "int", "partition_key", 0, "none"};
    cqsim_schema_begin(s, "tables", "zz_gone");
    cqsim_row_text(&s->row, "table_name", "lost");
    cqsim_schema_options(s, "its keyspace is not there");
    cqsim_schema_end(s, "tables");
    cqsim_schema_column(s, "zz_gone", "lost", &id);
}

/* One cell more in every row of a table. */
static void widen(struct cqsim_table *t, const char *name, struct cqsim_slice option,
                  struct cqsim_slice cell)
{
    struct cqsim_rows wider = {0};
    struct cqsim_buf b = {0};
    if (!cqsim_table_add(t, name, option.p, option.n)) return;
    for (size_t i = 0; i < t->rows.n; i++) {
        struct cqsim_slice row = cqsim_rows_get(&t->rows, i);
        cqsim_buf_clear(&b);
        cqsim_put(&b, row.p, row.n);
        cqsim_put_bytes(&b, cell);
        cqsim_rows_add(&wider, cqsim_buf_slice(&b));
    }
    cqsim_buf_fini(&b);
    cqsim_rows_fini(&t->rows);
    t->rows = wider;
}

/* A value for each type letter of release.c. */
static struct cqsim_slice sample(char letter)
{
    static const struct {
        char letter;
        uint8_t n;
        const char *bytes;
    } samples[] = {
        {'s', 9, "some text"},
        {'i', 4, "\0\0\0\x2a"},
        {'b', 1, "\1"},
        {'d', 8, "\x3f\xf8\0\0\0\0\0\0"},
        {'u', 16, "0123456789abcdef"},
        {'n', 4, "\x7f\0\0\1"},
        {'x', 3, "\xde\xad\x00"},
        {'t', 8, "\0\0\1\xa1\xfc\x1b\x6d\x84"},
        {'M', 18, "\0\0\0\1\0\0\0\3key\0\0\0\3val"},
        {'X', 16, "\0\0\0\1\0\0\0\3key\0\0\0\1\xff"},
        {'S', 11, "\0\0\0\1\0\0\0\3one"},
        {'L', 18, "\0\0\0\2\0\0\0\3one\0\0\0\3two"},
        {'O', 9, "\0\0\0\1\0\0\0\1\1"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        if (samples[i].letter == letter)
            return (struct cqsim_slice){(const uint8_t *)samples[i].bytes, samples[i].n};
    return (struct cqsim_slice){(const uint8_t *)"", 0};
}

static void add_columns(struct cqsim_dataset *d, const struct cqsim_faults *f)
{
    struct cqsim_table *t = cqsim_dataset_find(d, "system_schema", "tables");
    if (f->extra_column != NULL) {
        uint8_t option[CQSIM_MAX_OPTION];
        size_t n = cqsim_release_type(f->extra_column[0], option);
        widen(t, "zz_new_option", (struct cqsim_slice){option, n}, sample(f->extra_column[0]));
    }
    if (f->unknown_type) {
        static const uint8_t option[2] = {UNKNOWN_TYPE_ID >> 8, UNKNOWN_TYPE_ID & 0xff};
        widen(t, "zz_unknown", (struct cqsim_slice){option, 2}, sample('x'));
    }
}

void cqsim_spoil_rows(struct cqsim_schema *s, const struct cqsim_faults *f)
{
    static const struct cqsim_column_def lost = {"lost", "text", "regular", -1, "none"};
    static const char *const options[] = {"target", "lost"};
    char keyspace[CQSIM_MAX_NAME];
    cqsim_copy_text(keyspace, sizeof keyspace, cqsim_dataset_user_keyspace(s->data));
    if (f->orphan_column) cqsim_schema_column(s, keyspace, "no_such_table", &lost);
    if (f->orphan_keyspace) orphan_table(s);
    if (f->orphan_index) {
        cqsim_schema_begin(s, "indexes", keyspace);
        cqsim_row_text(&s->row, "table_name", "no_such_table");
        cqsim_row_text(&s->row, "index_name", "lost_idx");
        cqsim_row_text(&s->row, "kind", "COMPOSITES");
        cqsim_row_texts(&s->row, "options", options, 2, 1);
        cqsim_schema_end(s, "indexes");
    }
    add_columns(s->data, f);
}

static void duplicate(struct cqsim_rows *rows)
{
    struct cqsim_rows more = {0};
    for (size_t i = 0; i < rows->n; i++) {
        cqsim_rows_add(&more, cqsim_rows_get(rows, i));
        if (i % EVERY == 0) cqsim_rows_add(&more, cqsim_rows_get(rows, i));
    }
    cqsim_rows_fini(rows);
    *rows = more;
}

static bool same_partition(const struct cqsim_rows *rows, size_t a, size_t b)
{
    return cqsim_compare(cqsim_row_cell(cqsim_rows_get(rows, a), 0),
                         cqsim_row_cell(cqsim_rows_get(rows, b), 0)) == 0;
}

static size_t partition_end(const struct cqsim_rows *rows, size_t from)
{
    size_t to = from + 1;
    while (to < rows->n && same_partition(rows, from, to))
        to++;
    return to;
}

/* The last partition first; inside, rows stay as they are. */
static void reverse_partitions(struct cqsim_rows *rows)
{
    struct cqsim_rows out = {0};
    size_t end = rows->n;
    while (end > 0) {
        size_t from = end - 1;
        while (from > 0 && same_partition(rows, from - 1, end - 1))
            from--;
        for (size_t i = from; i < end; i++)
            cqsim_rows_add(&out, cqsim_rows_get(rows, i));
        end = from;
    }
    cqsim_rows_fini(rows);
    *rows = out;
}

static void reverse_inside(struct cqsim_rows *rows)
{
    struct cqsim_rows out = {0};
    for (size_t from = 0, to; from < rows->n; from = to) {
        to = partition_end(rows, from);
        for (size_t i = to; i > from; i--)
            cqsim_rows_add(&out, cqsim_rows_get(rows, i - 1));
    }
    cqsim_rows_fini(rows);
    *rows = out;
}

void cqsim_spoil_order(struct cqsim_dataset *d, const struct cqsim_faults *f)
{
    for (size_t i = 0; i < d->n_tables; i++) {
        struct cqsim_table *t = &d->tables[i];
        if (strcmp(t->keyspace, "system_schema") != 0) continue;
        bool keyspaces = strcmp(t->name, "keyspaces") == 0;
        if (f->duplicate) duplicate(&t->rows);
        if (f->unordered && !keyspaces) reverse_partitions(&t->rows);
        if (f->unordered_rows && !keyspaces) reverse_inside(&t->rows);
    }
}
