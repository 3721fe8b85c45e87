/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns that are known by their bytes: whatever a memo has seen before, and wherever pages end, a
 * crawl says to the byte what one without a memo says. First of servers as they are, again and
 * again; then with rows changed, dropped, doubled and moved by seed, which a memo full of what was
 * there before must never cover up.
 */
#define _GNU_SOURCE 1 /* memmem */
#include <stdio.h>

#include "model/lists.h"
#include "proto/wire.h"
#include "replay/bench.h"
#include "unit/base/cmocka_all.h"

enum { CHANGES = 400, CHANGES_PER_LOAD = 4 };

static unsigned seed;

static unsigned any(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return n ? (seed >> 8) % n : 0;
}

/* What crawls of one loop share. */
struct common {
    struct cq_memo *memo;
    struct cq_shapes *shapes;
};

static void common_init(struct common *c)
{
    assert_int_equal(cq_memo_new(&c->memo, &cq_mem_libc), 0);
    assert_int_equal(cq_shapes_new(&c->shapes, &cq_mem_libc), 0);
}

static void common_fini(struct common *c)
{
    cq_memo_free(c->memo);
    cq_shapes_free(c->shapes);
}

/* common NULL: everything is read for the first time. */
static void crawl(struct bench *b, const struct common *common, uint32_t page_rows, bool discard)
{
    standin_init(&b->s, &b->rec);
    drive_init(&b->d, &b->s);
    b->s.page_rows = page_rows;
    b->d.o.memo = common ? common->memo : NULL;
    b->d.o.shapes = common ? common->shapes : NULL;
    b->d.o.discard = discard;
    bench_run(b);
}

static void end(struct bench *b)
{
    drive_fini(&b->d);
    standin_fini(&b->s);
}

/* The same server with the memo and without one. */
static void assert_same(struct recording *rec, const struct common *common, uint32_t page_rows)
{
    struct bench with = {.rec = *rec}, without = {.rec = *rec};
    cq_bytes a, b;

    crawl(&with, common, page_rows, false);
    crawl(&without, NULL, page_rows, false);
    a = cq_buf_view(&with.d.lines);
    b = cq_buf_view(&without.d.lines);
    assert_int_equal(with.d.retry, without.d.retry);
    assert_int_equal(with.d.scope.read, without.d.scope.read);
    bench_assert_part(&without, &with);
    /* A row that ends a table's reading (it comes too early, or is none) is met behind the table
     * before it, which is whole then, or within that, which is not written. */
    if (with.d.scope.read == CQ_READ_COMPLETE && !cq_eq(a, b)) {
        size_t i = 0, from;

        while (i < a.n && i < b.n && a.p[i] == b.p[i])
            i++;
        from = i > 200 ? i - 200 : 0;
        fail_msg("%s | %s\n at %zu: %.400s\n and not %.400s", with.d.text, without.d.text, i,
                 a.p + from, b.p + from);
    }
    assert_string_equal(with.d.text, without.d.text);
    assert_string_equal(with.d.orphans.digest, without.d.orphans.digest);
    for (int t = 0; with.d.scope.read == CQ_READ_COMPLETE && t < CQ_N_TABLES; t++)
        assert_int_equal(with.d.scope.tables[t].rows, without.d.scope.tables[t].rows);
    *rec = with.rec;
    end(&with);
    end(&without);
}

static void test_again(void **state)
{
    static const struct {
        const char *name;
        int version;
        bool lz4;
        unsigned lists; /* at least so many are known in the end */
    } servers[] = {{OLD, 4, false, 30},
                   {RICH, 4, false, 60},
                   {"5.0.9-v5-reference", 5, false, 120},
                   {TRIO, 5, true, 60}};
    static const uint32_t pages[] = {0, 0, 0, 1, 2, 3, 7, 60, 0};
    struct common common;

    (void)state;
    common_init(&common);
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        struct recording rec;
        unsigned n = 0;

        assert_true(recording_load(&rec, servers[i].name, servers[i].version, servers[i].lz4));
        for (size_t k = 0; k < sizeof(pages) / sizeof(pages[0]); k++)
            assert_same(&rec, &common, pages[k]);
        recording_fini(&rec);
        for (size_t k = 0; k < CQ_LISTS_KEPT; k++)
            n += common.memo->lists->list[k] != NULL;
        assert_in_range(n, servers[i].lists, CQ_LISTS_KEPT);
        assert_in_range(common.memo->lists->bytes, 1, CQ_LISTS_BYTES);
    }
    common_fini(&common);
}

/* Where no record is made, lists are learnt too, and the counts stay what they are. */
static void test_without_records(void **state)
{
    struct bench b = {0};
    struct common common;

    (void)state;
    common_init(&common);
    assert_true(recording_load(&b.rec, RICH, 4, false));
    for (int round = 0; round < 3; round++) {
        crawl(&b, &common, 0, true);
        bench_assert_complete(&b);
        assert_int_equal(b.d.counts[CQ_KIND_TABLE], 89);
        assert_false(bench_has(&b, "\"kind\":"));
        assert_true(round == 0 || common.memo->lists->bytes > 0);
        end(&b);
    }
    assert_same(&b.rec, &common, 0);
    recording_fini(&b.rec);
    common_fini(&common);
}

/* A row of masks for a column: default(). */
static void mask(struct recording *rec, cq_bytes keyspace, cq_bytes table, cq_bytes column)
{
    const cq_bytes cells[] = {keyspace, table,   column,           CQ_NULL,
                              CQ_NULL,  CQ_NULL, CQ_LIT("system"), CQ_LIT("mask_default")};
    struct recorded_table *masks = &rec->tables[CQ_T_MASKS];
    struct cq_buf row;

    cq_buf_init(&row, &cq_mem_libc, 4096);
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
        cql_write_bytes(&row, cells[i]);
    recording_insert(rec, masks, masks->n_rows, cq_arena_dup(&rec->arena, cq_buf_view(&row)));
    cq_buf_fini(&row);
}

/* Masks, an index, a view: what stands beside or among known columns. */
static void test_masked(void **state)
{
    struct recorded_table *columns;
    struct bench b = {0};
    struct common common;

    (void)state;
    common_init(&common);
    assert_true(recording_load(&b.rec, "5.0.9-v5-reference", 5, false));
    for (int i = 0; i < 3; i++)
        assert_same(&b.rec, &common, 0);
    columns = &b.rec.tables[CQ_T_COLUMNS];
    mask(&b.rec, recording_cell(columns, columns->rows[0], 0),
         recording_cell(columns, columns->rows[0], 1),
         recording_cell(columns, columns->rows[0], 2));
    assert_same(&b.rec, &common, 0);
    crawl(&b, &common, 0, false);
    assert_true(bench_has(&b, "\"mask\":{"));
    end(&b);
    recording_fini(&b.rec);
    common_fini(&common);
}

/* A server with as many columns, one of them under another name. */
static void test_other_columns(void **state)
{
    struct recorded_table *tables;
    struct common common;
    struct bench b = {0};
    cq_bytes metadata;
    uint8_t *at;

    (void)state;
    common_init(&common);
    assert_true(recording_load(&b.rec, RICH, 4, false));
    tables = &b.rec.tables[CQ_T_TABLES];
    metadata = cq_arena_dup(&b.rec.arena, tables->metadata);
    at = memmem(metadata.p, metadata.n, "\0\3cdc", 5);
    assert_non_null(at);
    assert_same(&b.rec, &common, 0);
    memcpy(at, "\0\3CDC", 5);
    tables->metadata = metadata;
    for (int i = 0; i < 3; i++)
        assert_same(&b.rec, &common, 0);
    crawl(&b, &common, 0, false);
    assert_true(bench_has(&b, "\"extra\":[{\"name\":\"CDC\""));
    end(&b);
    recording_fini(&b.rec);
    common_fini(&common);
}

static void change(struct recording *rec, struct recorded_table *t)
{
    size_t i = any((unsigned)t->n_rows), j = any((unsigned)t->n_rows);
    cq_bytes row = t->rows[i];
    uint32_t column = any(t->n_columns);
    cq_bytes cell = recording_cell(t, row, column);

    if (!cell.p) return;
    switch (any(8)) {
    case 0:
        recording_drop(t, i);
        break;
    case 1:
        if (t->n_rows < t->cap) recording_insert(rec, t, j, row);
        break;
    case 2:
        if (t->n_rows < t->cap) recording_insert(rec, t, i, row);
        break;
    case 3:
        t->rows[i] = recording_edit(rec, t, row, column, CQ_NULL);
        break;
    default: /* a byte of a cell */
        if (cell.n == 0) return;
        cell = cq_arena_dup(&rec->arena, cell);
        ((uint8_t *)(uintptr_t)cell.p)[any((unsigned)cell.n)] ^= (uint8_t)(1u << any(8));
        t->rows[i] = recording_edit(rec, t, row, column, cell);
    }
}

static void test_changed(void **state)
{
    static const enum cq_table tables[] = {CQ_T_COLUMNS,  CQ_T_COLUMNS, CQ_T_COLUMNS, CQ_T_COLUMNS,
                                           CQ_T_VCOLUMNS, CQ_T_TABLES,  CQ_T_MASKS,   CQ_T_INDEXES};
    struct common common;
    struct recording rec;

    (void)state;
    common_init(&common);
    for (unsigned round = 0; round < CHANGES; round++) {
        seed = round + 1;
        if (round % CHANGES_PER_LOAD == 0) {
            if (round) recording_fini(&rec);
            assert_true(recording_load(&rec, RICH, 4, false));
            assert_same(&rec, &common, 0);
        }
        for (unsigned n = 1 + any(3); n; n--) {
            struct recorded_table *t = &rec.tables[tables[any(8)]];

            if (t->n_rows) change(&rec, t);
        }
        assert_same(&rec, &common, any(3) ? 0 : 1 + any(40));
    }
    recording_fini(&rec);
    common_fini(&common);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_again), cmocka_unit_test(test_without_records),
        cmocka_unit_test(test_masked), cmocka_unit_test(test_other_columns),
        cmocka_unit_test(test_changed)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
