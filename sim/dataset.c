/* SPDX-License-Identifier: Apache-2.0 */
/* Builds data sets (dataset.h): base rows, generated rows, faults in the content, order. */
#include "sim/dataset.h"

#include "sim/schema.h"
#include "sim/spoil.h"

#include <stdlib.h>
#include <string.h>

struct cqsim_table *cqsim_dataset_find(struct cqsim_dataset *d, const char *keyspace,
                                       const char *name)
{
    for (size_t i = 0; i < d->n_tables; i++)
        if (strcmp(d->tables[i].keyspace, keyspace) == 0 && strcmp(d->tables[i].name, name) == 0)
            return &d->tables[i];
    return NULL;
}

bool cqsim_dataset_has_keyspace(struct cqsim_dataset *d, const char *keyspace)
{
    const struct cqsim_table *lists[] = {
        cqsim_dataset_find(d, "system_schema", "keyspaces"),
        cqsim_dataset_find(d, "system_virtual_schema", "keyspaces"),
    };
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; lists[k] != NULL && i < lists[k]->rows.n; i++)
            if (cqsim_is(cqsim_row_cell(cqsim_rows_get(&lists[k]->rows, i), 0), keyspace))
                return true;
    return false;
}

/* The recordings are of 3.11, 4.0 and 5.0; 3.0 has no cdc columns, 4.1 one named memtable more. */
static bool is_of_release(const struct cqsim_release *rel, const struct cqsim_table *t,
                          struct cqsim_slice row)
{
    return rel->line != CQSIM_30 || strcmp(t->name, "columns") != 0 ||
           !cqsim_is(cqsim_row_cell(row, 2), "cdc");
}

static void copy_base_rows(const struct cqsim_release *rel, const struct cqsim_table *from,
                           struct cqsim_table *to)
{
    struct cqsim_row row = {0};
    for (size_t i = 0; i < from->rows.n; i++) {
        struct cqsim_slice cells = cqsim_rows_get(&from->rows, i);
        if (!cqsim_starts(cqsim_row_cell(cells, 0), "system")) continue;
        if (!is_of_release(rel, from, cells)) continue;
        cqsim_row_begin(&row, to);
        struct cqsim_reader r = cqsim_reader(cells);
        for (unsigned c = 0; c < from->n_columns; c++) {
            struct cqsim_slice v = cqsim_get_bytes(&r);
            if (v.p != NULL) cqsim_row_bytes(&row, from->columns[c].name, v);
        }
        cqsim_row_end(&row, &to->rows);
    }
    cqsim_row_fini(&row);
}

static void add_memtable_columns(struct cqsim_schema *s)
{
    static const struct cqsim_column_def def = {"memtable", "text", "regular", -1, "none"};
    if (s->data->release->line != CQSIM_41) return;
    cqsim_schema_column(s, "system_schema", "tables", &def);
    cqsim_schema_column(s, "system_schema", "views", &def);
}

static void add_tables(struct cqsim_dataset *d)
{
    struct cqsim_recording *base = cqsim_alloc(sizeof *base);
    if (!cqsim_recording_read(base, cqsim_base_bytes(d->release->line), (struct cqsim_slice){0}))
        abort();
    const char *keyspace, *name;
    for (size_t i = 0; cqsim_release_nth(i, &keyspace, &name); i++) {
        struct cqsim_table *t = &d->tables[d->n_tables];
        if (!cqsim_release_table(d->release, keyspace, name, t)) continue;
        d->n_tables++;
        const struct cqsim_table *from = cqsim_recording_find(base, keyspace, name);
        if (from != NULL && strcmp(keyspace, "system") != 0) copy_base_rows(d->release, from, t);
    }
    cqsim_recording_fini(base);
    free(base);
}

/* SUPPORTED: keys and values as the servers of that line send them. */
static void write_supported(struct cqsim_dataset *d)
{
    const struct cqsim_release *rel = d->release;
    struct cqsim_buf *b = &d->supported;
    cqsim_put_u16(b, rel->versions[0] ? 3 : 2);
    if (rel->versions[0] != 0) {
        cqsim_put_string(b, "PROTOCOL_VERSIONS");
        unsigned n = 1;
        for (const char *p = rel->versions; *p != 0; p++)
            n += *p == ' ';
        cqsim_put_u16(b, n);
        for (const char *p = rel->versions; *p != 0;) {
            size_t len = strcspn(p, " ");
            cqsim_put_u16(b, (unsigned)len);
            cqsim_put(b, p, len);
            p += len + strspn(p + len, " ");
        }
    }
    cqsim_put_string(b, "COMPRESSION");
    cqsim_put_u16(b, 2);
    cqsim_put_string(b, "snappy");
    cqsim_put_string(b, "lz4");
    cqsim_put_string(b, "CQL_VERSION");
    cqsim_put_u16(b, 1);
    cqsim_put_string(b, rel->cql_version);
}

struct cqsim_dataset *cqsim_dataset_new(const struct cqsim_release *rel,
                                        const struct cqsim_shape *shape, uint64_t seed,
                                        const struct cqsim_faults *faults)
{
    struct cqsim_dataset *d = cqsim_alloc(sizeof *d);
    d->release = rel;
    write_supported(d);
    add_tables(d);
    struct cqsim_schema s = {.data = d, .seed = seed, .rng = cqsim_rng_for(seed, 1, 0)};
    add_memtable_columns(&s);
    cqsim_schema_plain(&s, shape);
    if (shape->rich) cqsim_schema_rich(&s);
    cqsim_spoil_rows(&s, faults);
    cqsim_row_fini(&s.row);
    for (size_t i = 0; i < d->n_tables; i++)
        if (strcmp(d->tables[i].keyspace, "system_schema") == 0)
            cqsim_rows_sort(&d->tables[i].rows, d->tables[i].n_clustering);
    cqsim_spoil_order(d, faults);
    return d;
}

/* The line that the recorded system.local names, else the one that was asked for. */
static const struct cqsim_release *recorded_release(struct cqsim_recording *rec,
                                                    const struct cqsim_release *other)
{
    const struct cqsim_table *t = cqsim_recording_find(rec, "system", "local");
    int at = t == NULL ? -1 : cqsim_table_column(t, cqsim_text("release_version"));
    if (at < 0 || t->rows.n == 0) return other;
    char text[CQSIM_MAX_NAME];
    cqsim_copy_text(text, sizeof text, cqsim_row_cell(cqsim_rows_get(&t->rows, 0), (unsigned)at));
    char *dot = strchr(text, '.');
    if (dot != NULL) dot[1 + strcspn(dot + 1, ".-")] = 0;
    const struct cqsim_release *rel = cqsim_release_find(text);
    return rel != NULL ? rel : other;
}

struct cqsim_dataset *cqsim_dataset_replay(const struct cqsim_release *rel,
                                           struct cqsim_recording *rec)
{
    struct cqsim_dataset *d = cqsim_alloc(sizeof *d);
    d->release = recorded_release(rec, rel);
    d->recorded = true;
    d->supported = rec->supported;
    d->n_tables = rec->n_tables;
    memcpy(d->tables, rec->tables, sizeof d->tables);
    *rec = (struct cqsim_recording){0};
    return d;
}

static void copy_buf(struct cqsim_buf *b)
{
    struct cqsim_slice s = cqsim_buf_slice(b);
    *b = (struct cqsim_buf){0};
    cqsim_put(b, s.p, s.n);
}

struct cqsim_dataset *cqsim_dataset_copy(const struct cqsim_dataset *d)
{
    struct cqsim_dataset *copy = cqsim_alloc(sizeof *copy);
    *copy = *d;
    copy_buf(&copy->supported);
    for (size_t i = 0; i < copy->n_tables; i++) {
        struct cqsim_rows *rows = &copy->tables[i].rows;
        const size_t *at = rows->at;
        copy_buf(&rows->cells);
        rows->cap = rows->n;
        rows->at = cqsim_grow(NULL, rows->n * sizeof *rows->at);
        if (rows->n > 0) memcpy(rows->at, at, rows->n * sizeof *at);
    }
    return copy;
}

struct cqsim_slice cqsim_dataset_user_keyspace(struct cqsim_dataset *d)
{
    const struct cqsim_table *t = cqsim_dataset_find(d, "system_schema", "keyspaces");
    for (size_t i = 0; i < t->rows.n; i++) {
        struct cqsim_slice name = cqsim_row_cell(cqsim_rows_get(&t->rows, i), 0);
        if (!cqsim_starts(name, "system")) return name;
    }
    return cqsim_text("system_auth");
}

void cqsim_dataset_free(struct cqsim_dataset *d)
{
    if (d == NULL) return;
    for (size_t i = 0; i < d->n_tables; i++)
        cqsim_table_fini(&d->tables[i]);
    cqsim_buf_fini(&d->supported);
    free(d);
}
