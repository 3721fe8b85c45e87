/* SPDX-License-Identifier: Apache-2.0 */
/* Answers statements (answer.h). Layouts: CQL v4 sections 4.1.4 and 4.2.5. */
#include "sim/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { R_GLOBAL = 1, R_MORE = 2, R_NO_METADATA = 4, RESULT_ROWS = 2, RESULT_PREPARED = 4 };
enum { STATE_MAGIC = 0x43515349, STATE_BYTES = 20 };

#define FILTERING                                                                                  \
    "Cannot execute this query as it might involve data filtering and thus may have "              \
    "unpredictable performance. If you want to execute this query despite the performance "        \
    "unpredictability, use ALLOW FILTERING"

/* One answer in the making. */
struct page {
    const struct cqsim_table *table;
    const struct cqsim_rows *rows;
    struct cqsim_rows own; /* rows that were made for this request */
    unsigned n_columns;
    unsigned columns[CQSIM_MAX_COLUMNS];
    bool every_column;
    size_t from, to;
    uint32_t lap;
    bool more;
    size_t next_row;
    uint32_t next_lap;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void cqsim_error_body(const struct cqsim_error *e, struct cqsim_buf *body)
{
    cqsim_put_u32(body, e->code);
    cqsim_put_string(body, e->text);
}

static bool say(struct cqsim_error *e, uint32_t code, const char *text)
{
    e->code = code;
    cqsim_copy_text(e->text, sizeof e->text, cqsim_text(text));
    return false;
}

/* The faults that answer a statement on table st with an error. */
static bool spoiled(struct cqsim_cluster *c, const struct cqsim_statement *st,
                    struct cqsim_error *e)
{
    const struct cqsim_faults *f = &c->faults;
    if (c->overloaded_left > 0) {
        c->overloaded_left--;
        return !say(e, CQSIM_E_OVERLOADED, CQSIM_OVERLOADED_TEXT);
    }
    if (c->bootstrapping_left > 0) {
        c->bootstrapping_left--;
        return !say(e, CQSIM_E_BOOTSTRAPPING, "Cannot read from a bootstrapping node");
    }
    if (cqsim_faults_names(f->denied, st->keyspace, st->table)) {
        e->code = CQSIM_E_DENIED;
        snprintf(e->text, sizeof e->text,
                 "User %s has no SELECT permission on <table %s.%s> or any of its parents",
                 c->config->user ? c->config->user : "anonymous", st->keyspace, st->table);
        return true;
    }
    if (cqsim_faults_names(f->fail, st->keyspace, st->table))
        return !say(e, CQSIM_E_SERVER, "java.lang.RuntimeException: simulated failure");
    return false;
}

static const struct cqsim_table *find_table(struct cqsim_cluster *c,
                                            const struct cqsim_statement *st, struct cqsim_error *e)
{
    const struct cqsim_table *t = cqsim_dataset_find(c->data, st->keyspace, st->table);
    if (t != NULL && t->error != 0) {
        say(e, t->error, t->error_text);
        return NULL;
    }
    if (t != NULL && !cqsim_faults_names(c->faults.absent, st->keyspace, st->table)) return t;
    cqsim_release_absent(c->release, cqsim_dataset_has_keyspace(c->data, st->keyspace),
                         st->keyspace, st->table, e);
    return NULL;
}

static bool unknown_column(const struct cqsim_cluster *c, const struct cqsim_statement *st,
                           const char *name, bool in_where, struct cqsim_error *e)
{
    e->code = CQSIM_E_INVALID;
    if (c->release->line >= CQSIM_40)
        snprintf(e->text, sizeof e->text, "Undefined column name %s in table %s.%s", name,
                 st->keyspace, st->table);
    else if (c->release->line == CQSIM_311)
        snprintf(e->text, sizeof e->text, "Undefined column name %s", name);
    else
        snprintf(e->text, sizeof e->text, "Undefined name %s in %s clause", name,
                 in_where ? "where" : "selection");
    return false;
}

static bool choose_columns(const struct cqsim_cluster *c, const struct cqsim_statement *st,
                           struct page *p, struct cqsim_error *e)
{
    p->every_column = st->n_names == 0;
    p->n_columns = p->every_column ? p->table->n_columns : st->n_names;
    for (unsigned i = 0; i < p->n_columns; i++) {
        int at = (int)i;
        if (!p->every_column) at = cqsim_table_column(p->table, cqsim_text(st->names[i]));
        if (at < 0) return unknown_column(c, st, st->names[i], false, e);
        p->columns[i] = (unsigned)at;
    }
    return true;
}

/* The value of a condition `name = ?` becomes the text that it is compared with. */
static bool bind(const struct cqsim_query *q, struct cqsim_statement *st, struct cqsim_error *e)
{
    if (q->n_values != st->is_bound)
        return say(e, CQSIM_E_INVALID, "Invalid amount of bind variables");
    if (!st->is_bound) return true;
    if (q->value.p == NULL) return say(e, CQSIM_E_INVALID, "Invalid null value in condition");
    cqsim_copy_text(st->equals[0], sizeof st->equals[0], q->value);
    return true;
}

/* Conditions name the first columns in their order, which are those of the primary key. */
static bool check_conditions(const struct cqsim_cluster *c, const struct cqsim_statement *st,
                             const struct page *p, struct cqsim_error *e)
{
    for (unsigned i = 0; i < st->n_where; i++) {
        int at = cqsim_table_column(p->table, cqsim_text(st->where[i]));
        if (at < 0) return unknown_column(c, st, st->where[i], true, e);
        if (at != (int)i) return say(e, CQSIM_E_INVALID, FILTERING);
    }
    return true;
}

static bool fits(const struct cqsim_statement *st, struct cqsim_slice row)
{
    for (unsigned i = 0; i < st->n_where; i++)
        if (!cqsim_is(cqsim_row_cell(row, i), st->equals[i])) return false;
    return true;
}

/* Rows that the conditions leave: the table's own, or a copy. */
static bool choose_rows(struct cqsim_cluster *c, const struct cqsim_statement *st, struct page *p,
                        struct cqsim_error *e)
{
    p->rows = &p->table->rows;
    if (strcmp(st->keyspace, "system") == 0 && !c->data->recorded) {
        cqsim_cluster_rows(c, p->table, &p->own);
        p->rows = &p->own;
    }
    if (st->n_where == 0) return true;
    if (!check_conditions(c, st, p, e)) return false;
    struct cqsim_rows left = {0};
    for (size_t i = 0; i < p->rows->n; i++) {
        struct cqsim_slice row = cqsim_rows_get(p->rows, i);
        if (fits(st, row)) cqsim_rows_add(&left, row);
    }
    cqsim_rows_fini(&p->own);
    p->own = left;
    p->rows = &p->own;
    return true;
}

/* Page state: magic, statement, then a lap (empty pages count up) and the next row. */
static void put_state(struct cqsim_buf *b, const struct cqsim_statement *st, const struct page *p)
{
    cqsim_put_u32(b, STATE_BYTES);
    cqsim_put_u32(b, STATE_MAGIC);
    cqsim_put_u64(b, st->digest);
    cqsim_put_u32(b, p->next_lap);
    cqsim_put_u32(b, (uint32_t)p->next_row);
}

static bool read_state(const struct cqsim_query *q, const struct cqsim_statement *st,
                       struct page *p, struct cqsim_error *e)
{
    p->lap = 1;
    if (q->state.p == NULL) return true;
    struct cqsim_reader r = cqsim_reader(q->state);
    bool mine = cqsim_get_u32(&r) == STATE_MAGIC;
    uint64_t digest = (uint64_t)cqsim_get_u32(&r) << 32;
    digest |= cqsim_get_u32(&r);
    p->lap = cqsim_get_u32(&r);
    p->from = cqsim_get_u32(&r);
    if (!r.bad && mine && digest == st->digest && p->from <= p->rows->n) return true;
    return say(e, CQSIM_E_PROTOCOL, "Invalid value for the paging state");
}

static bool choose_page(const struct cqsim_cluster *c, const struct cqsim_query *q,
                        const struct cqsim_statement *st, struct page *p, struct cqsim_error *e)
{
    uint32_t size = q->page_size;
    if (size > 0 && c->config->page_rows > 0) size = c->config->page_rows;
    if (!read_state(q, st, p, e)) return false;
    p->to = p->rows->n;
    if (size == 0) return true;
    bool empty = c->config->empty_pages && p->lap == 1;
    size_t room = empty ? 0 : size;
    if (p->to - p->from >= room) {
        p->to = p->from + room;
        p->more = true;
    }
    p->next_row = p->to;
    p->next_lap = empty ? 0 : 1;
    if (c->faults.endless) {
        p->more = true;
        p->next_lap = p->lap + 1;
    }
    if (c->faults.repeated_state) {
        p->more = true;
        p->next_row = least(size, p->rows->n);
        p->next_lap = 1;
    }
    return true;
}

static void put_column(struct cqsim_buf *b, const struct cqsim_column *col)
{
    cqsim_put_string(b, col->name);
    cqsim_put(b, col->option, col->n_option);
}

static void put_metadata(struct cqsim_buf *b, const struct page *p)
{
    cqsim_put_string(b, p->table->keyspace);
    cqsim_put_string(b, p->table->name);
    for (unsigned i = 0; i < p->n_columns; i++)
        put_column(b, &p->table->columns[p->columns[i]]);
}

static void put_rows(struct cqsim_buf *b, const struct page *p)
{
    cqsim_put_u32(b, (uint32_t)(p->to - p->from));
    if (p->every_column) {
        struct cqsim_slice cells = cqsim_rows_span(p->rows, p->from, p->to);
        cqsim_put(b, cells.p, cells.n);
        return;
    }
    for (size_t i = p->from; i < p->to; i++) {
        struct cqsim_slice row = cqsim_rows_get(p->rows, i);
        for (unsigned c = 0; c < p->n_columns; c++) {
            struct cqsim_slice cell = cqsim_row_cell(row, p->columns[c]);
            if (cell.p == NULL)
                cqsim_put_u32(b, UINT32_MAX);
            else
                cqsim_put_bytes(b, cell);
        }
    }
}

static void put_result(struct cqsim_buf *b, const struct cqsim_query *q,
                       const struct cqsim_statement *st, const struct page *p)
{
    uint32_t flags = q->skip_metadata ? R_NO_METADATA : R_GLOBAL;
    cqsim_put_u32(b, RESULT_ROWS);
    cqsim_put_u32(b, flags | (p->more ? R_MORE : 0));
    cqsim_put_u32(b, p->n_columns);
    if (p->more) put_state(b, st, p);
    if (!q->skip_metadata) put_metadata(b, p);
    put_rows(b, p);
}

/* Sections 4.2.5.4 and (v5) the result's metadata id, which never changes here. */
static void put_prepared(struct cqsim_buf *b, struct cqsim_slice text, unsigned version,
                         const struct cqsim_statement *st, const struct page *p)
{
    cqsim_put_u32(b, RESULT_PREPARED);
    cqsim_put_u16(b, (unsigned)text.n);
    cqsim_put(b, text.p, text.n);
    if (version >= 5) {
        cqsim_put_u16(b, sizeof st->digest);
        cqsim_put_u64(b, st->digest);
    }
    cqsim_put_u32(b, st->is_bound ? R_GLOBAL : 0);
    cqsim_put_u32(b, st->is_bound);
    if (version >= 4) cqsim_put_u32(b, st->is_bound); /* the whole partition key is bound */
    if (st->is_bound) {
        if (version >= 4) cqsim_put_u16(b, 0);
        cqsim_put_string(b, p->table->keyspace);
        cqsim_put_string(b, p->table->name);
        put_column(b, &p->table->columns[0]);
    }
    cqsim_put_u32(b, R_GLOBAL);
    cqsim_put_u32(b, p->n_columns);
    put_metadata(b, p);
}

/* true when the page stands; false with an error. */
static bool make_page(struct cqsim_cluster *c, const struct cqsim_query *q,
                      struct cqsim_statement *st, struct page *p, struct cqsim_error *e)
{
    if (!cqsim_statement_parse(q->text, st, e)) return false;
    if (spoiled(c, st, e)) return false;
    p->table = find_table(c, st, e);
    if (p->table == NULL) return false;
    if (!bind(q, st, e) || !choose_columns(c, st, p, e) || !choose_rows(c, st, p, e)) return false;
    return choose_page(c, q, st, p, e);
}

/* What can be wrong with a statement before it is executed. */
static bool prepare(struct cqsim_cluster *c, struct cqsim_slice text, struct cqsim_statement *st,
                    struct page *p, struct cqsim_error *e)
{
    if (!cqsim_statement_parse(text, st, e)) return false;
    p->table = find_table(c, st, e);
    if (p->table == NULL || !choose_columns(c, st, p, e)) return false;
    return check_conditions(c, st, p, e);
}

unsigned cqsim_answer_prepare(struct cqsim_cluster *c, struct cqsim_slice text, unsigned version,
                              struct cqsim_counts *counts, struct cqsim_buf *body)
{
    struct cqsim_statement *st = cqsim_alloc(sizeof *st);
    struct page p = {0};
    struct cqsim_error e = {0};
    bool ok = prepare(c, text, st, &p, &e);
    if (ok) {
        put_prepared(body, text, version, st, &p);
    } else {
        cqsim_error_body(&e, body);
        counts->errors++;
    }
    free(st);
    return ok ? CQSIM_OP_RESULT : CQSIM_OP_ERROR;
}

unsigned cqsim_answer(struct cqsim_cluster *c, const struct cqsim_query *q, unsigned version,
                      struct cqsim_counts *counts, struct cqsim_buf *body)
{
    (void)version;
    struct cqsim_statement *st = cqsim_alloc(sizeof *st);
    struct page p = {0};
    struct cqsim_error e = {0};
    bool ok = make_page(c, q, st, &p, &e);
    if (ok) {
        put_result(body, q, st, &p);
        counts->pages++;
        counts->rows += p.to - p.from;
        if (strcmp(st->keyspace, "system_schema") == 0 && strcmp(st->table, "tables") == 0 &&
            p.from == 0)
            cqsim_cluster_tear(c);
    } else {
        cqsim_error_body(&e, body);
        counts->errors++;
    }
    cqsim_rows_fini(&p.own);
    free(st);
    return ok ? CQSIM_OP_RESULT : CQSIM_OP_ERROR;
}
