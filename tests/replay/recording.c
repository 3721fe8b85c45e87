/* SPDX-License-Identifier: Apache-2.0 */
/* Transcripts to rows (tests/replay/recording.h), decoded by the connection machine itself. */
#include "replay/recording.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/conn.h"
#include "proto/rows.h"
#include "proto/wire.h"

enum { RECORDED = 17 };

static cq_bytes load_file(struct cq_arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    cq_bytes b = CQ_NULL;
    uint8_t *p;
    long n;

    if (!f) return b;
    fseek(f, 0, SEEK_END);
    n = ftell(f);
    rewind(f);
    p = cq_arena_alloc(a, (size_t)n + 1);
    if (p && fread(p, 1, (size_t)n, f) == (size_t)n) b = (cq_bytes){p, (size_t)n};
    fclose(f);
    return b;
}

static bool keep_rows(struct recording *rec, struct recorded_table *t, cq_bytes body, int version)
{
    uint8_t *meta = cq_arena_alloc(&rec->arena, body.n);
    struct cql_rows r;
    struct cql_column col;
    const uint8_t *columns;
    size_t n = 0;

    if (cql_rows_begin(&r, body, version)) return false;
    meta[n++] = (uint8_t)(r.keyspace.n >> 8);
    meta[n++] = (uint8_t)r.keyspace.n;
    memcpy(meta + n, r.keyspace.p, r.keyspace.n);
    n += r.keyspace.n;
    meta[n++] = (uint8_t)(r.table.n >> 8);
    meta[n++] = (uint8_t)r.table.n;
    memcpy(meta + n, r.table.p, r.table.n);
    n += r.table.n;
    columns = r.p;
    while (cql_rows_column(&r, &col))
        continue;
    memcpy(meta + n, columns, (size_t)(r.p - columns));
    n += (size_t)(r.p - columns);
    if (cql_rows_count(&r)) return false;
    t->metadata = (cq_bytes){meta, n};
    t->n_columns = r.n_columns;
    t->cap = r.n_rows + 16;
    t->rows = calloc(t->cap, sizeof(*t->rows));
    while (cql_rows_next(&r, &t->rows[t->n_rows]))
        t->n_rows++;
    return r.err == 0;
}

/* Statement i of a transcript is table i of CQ_TABLES. */
static bool take_event(struct recording *rec, struct cql_conn *c, const struct cql_event *ev,
                       int version, uint8_t **block)
{
    struct recorded_table *t = &rec->tables[ev->stream > 0 ? ev->stream - 1 : 0];

    switch (ev->kind) {
    case CQL_EV_READY:
        for (int i = 0; i <= RECORDED; i++)
            if (cql_conn_query(c, CQ_LIT("SELECT"), 5000, CQ_NULL, 0) != i) return false;
        return true;
    case CQL_EV_BODY:
        *block = realloc(*block, ev->need);
        cql_conn_give(c, *block, ev->need);
        return true;
    case CQL_EV_RESULT:
        *block = NULL;
        return keep_rows(rec, t, cq_arena_dup(&rec->arena, ev->body), version) &&
               (free(ev->block), true);
    case CQL_EV_ERROR:
        t->error = ev->code;
        t->error_text = cq_arena_dup(&rec->arena, ev->text);
        return true;
    case CQL_EV_SUPPORTED:
    case CQL_EV_EVENT:
        return true;
    default:
        return false;
    }
}

static bool replay(struct recording *rec, struct cql_conn *c, cq_bytes all, int version)
{
    struct cql_event ev;
    uint8_t *block = NULL;
    size_t at = 0;
    bool good = true;

    while (good && at < all.n) {
        cq_bytes out = cql_conn_pending(c);
        size_t n;
        uint8_t *p;

        cql_conn_sent(c, out.n);
        cql_conn_space(c, &p, &n);
        if (n > all.n - at) n = all.n - at;
        memcpy(p, all.p + at, n);
        at += n;
        cql_conn_commit(c, n, 0);
        while (good && cql_conn_next(c, &ev))
            good = take_event(rec, c, &ev, version, &block);
    }
    return good;
}

bool recording_load(struct recording *rec, const char *name, int version, bool lz4)
{
    struct cql_conn_options o = {.mem = &cq_mem_libc,
                                 .version = version == 4 ? 4 : 0,
                                 .compression = lz4 ? CQL_YES : CQL_NO,
                                 .driver_name = "x",
                                 .driver_version = "x"};
    struct cql_conn *c;
    char path[512];
    cq_bytes all;
    bool good;

    *rec = (struct recording){0};
    cq_arena_init(&rec->arena, &cq_mem_libc);
    snprintf(path, sizeof(path), "%s/transcripts/%s.s2c.bin", CQ_TEST_DATA, name);
    all = load_file(&rec->arena, path);
    if (!all.p || cql_conn_new(&c, &o, 0)) return false;
    good = replay(rec, c, all, version);
    cql_conn_free(c, NULL);
    rec->has_v5 = name[0] != '3';
    return good;
}

void recording_fini(struct recording *r)
{
    for (int t = 0; t < CQ_N_TABLES; t++)
        free(r->tables[t].rows);
    cq_arena_fini(&r->arena);
}

cq_bytes recording_cell(const struct recorded_table *t, cq_bytes row, uint32_t column)
{
    struct cql_reader r = cql_reader_of(row);
    cq_bytes cell = CQ_NULL;

    assert(column < t->n_columns);
    for (uint32_t i = 0; i <= column; i++)
        cell = cql_read_bytes(&r);
    return cell;
}

size_t recording_find(const struct recorded_table *t, uint32_t column, const char *text,
                      size_t from)
{
    for (size_t i = from; i < t->n_rows; i++)
        if (cq_eq(recording_cell(t, t->rows[i], column), cq_str(text))) return i;
    assert(false && "no such row");
    return 0;
}

void recording_drop(struct recorded_table *t, size_t row)
{
    memmove(&t->rows[row], &t->rows[row + 1], (t->n_rows - row - 1) * sizeof(*t->rows));
    t->n_rows--;
}

void recording_insert(struct recording *r, struct recorded_table *t, size_t at, cq_bytes row)
{
    (void)r;
    assert(t->n_rows < t->cap);
    memmove(&t->rows[at + 1], &t->rows[at], (t->n_rows - at) * sizeof(*t->rows));
    t->rows[at] = row;
    t->n_rows++;
}

cq_bytes recording_edit(struct recording *r, const struct recorded_table *t, cq_bytes row,
                        uint32_t column, cq_bytes value)
{
    cq_bytes old = recording_cell(t, row, column);
    const uint8_t *at = old.p ? old.p - 4 : row.p;
    size_t head = (size_t)(at - row.p);
    uint8_t *p = cq_arena_alloc(&r->arena, row.n + value.n + 4);
    size_t n = head;

    assert(old.p);
    memcpy(p, row.p, head);
    for (int i = 3; i >= 0; i--)
        p[n++] = (uint8_t)(value.p ? value.n >> (8 * i) : 0xff);
    if (value.n) memcpy(p + n, value.p, value.n);
    n += value.n;
    memcpy(p + n, at + 4 + old.n, row.n - head - 4 - old.n);
    return (cq_bytes){p, n + row.n - head - 4 - old.n};
}

/* One partition n times, each under a name of its own. */
static size_t copy_partition(struct recording *r, struct recorded_table *t, size_t from, unsigned n,
                             cq_bytes *to)
{
    cq_bytes keyspace = recording_cell(t, t->rows[from], 0);
    char name[128];
    size_t end = from, k = 0;

    while (end < t->n_rows && cq_eq(recording_cell(t, t->rows[end], 0), keyspace))
        end++;
    for (unsigned i = 0; i < n; i++) {
        snprintf(name, sizeof(name), i ? "%.*s_%u" : "%.*s", CQ_FMT(keyspace), i);
        for (size_t row = from; row < end; row++)
            to[k++] = recording_edit(r, t, t->rows[row], 0, cq_str(name));
    }
    return end;
}

void recording_multiply(struct recording *r, unsigned n)
{
    for (int i = CQ_T_KEYSPACES; i < CQ_N_TABLES; i++) {
        struct recorded_table *t = &r->tables[i];
        cq_bytes *rows = calloc(t->n_rows * n + 16, sizeof(*rows));

        for (size_t row = 0; row < t->n_rows;) {
            size_t at = row;

            row = copy_partition(r, t, row, n, rows + at * n);
        }
        free(t->rows);
        t->rows = rows;
        t->n_rows *= n;
        t->cap = t->n_rows + 16;
    }
}
