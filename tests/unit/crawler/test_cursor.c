/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor by itself: pages made by hand, rows in hand over page ends, order, bounds, answers that
 * are none. */
#include <stdio.h>
#include <stdlib.h>

#include "crawler/cursor.h"
#include "proto/cql.h"
#include "proto/wire.h"
#include "unit/base/cmocka_all.h"

struct world {
    struct cq_arena arena;
    struct cq_budget budget;
    struct cq_shared shared;
    struct cq_names ranks;
    struct cq_cursor c;
    struct cq_buf body;
    size_t rows_at;
    uint32_t n_rows;
};

static void begin(struct world *w, enum cq_table t)
{
    *w = (struct world){0};
    cq_arena_init(&w->arena, &cq_mem_libc);
    w->shared = (struct cq_shared){
        .mem = &cq_mem_libc, .blocks = &cq_mem_libc, .arena = &w->arena, .budget = &w->budget};
    cq_names_init(&w->ranks, &cq_mem_libc);
    cq_names_put(&w->ranks, CQ_LIT("b"), 0);
    cq_names_put(&w->ranks, CQ_LIT("a"), 1);
    cq_cursor_init(&w->c, &w->shared, t);
    cq_buf_init(&w->body, &cq_mem_libc, 64u << 20);
}

static void end(struct world *w)
{
    cq_cursor_fini(&w->c);
    cq_names_fini(&w->ranks);
    cq_arena_fini(&w->arena);
    cq_buf_fini(&w->body);
    assert_int_equal(w->budget.held, 0);
}

/* A page of system_schema.columns with three text columns; more: the state of the next one, or
 * NULL. */
static void page_begin(struct world *w, const char *third, const char *more)
{
    const char *const names[] = {"keyspace_name", "table_name", third};

    cq_buf_clear(&w->body);
    cql_write_u32(&w->body, CQL_RESULT_ROWS);
    cql_write_u32(&w->body, CQL_ROWS_GLOBAL_SPEC | (more ? (uint32_t)CQL_ROWS_MORE_PAGES : 0));
    cql_write_u32(&w->body, 3);
    if (more) cql_write_bytes(&w->body, cq_str(more));
    cql_write_string(&w->body, CQ_LIT("system_schema"));
    cql_write_string(&w->body, CQ_LIT("columns"));
    for (int i = 0; i < 3; i++) {
        cql_write_string(&w->body, cq_str(names[i]));
        cql_write_u16(&w->body, CQL_TYPE_VARCHAR);
    }
    w->rows_at = w->body.n;
    cql_write_u32(&w->body, 0);
    w->n_rows = 0;
}

static void row(struct world *w, const char *k, const char *t, const char *c)
{
    cql_write_bytes(&w->body, cq_str(k));
    cql_write_bytes(&w->body, cq_str(t));
    cql_write_bytes(&w->body, cq_str(c));
    w->n_rows++;
}

static int page_end(struct world *w)
{
    int err;
    uint8_t *block;

    for (int i = 0; i < 4; i++)
        w->body.p[w->rows_at + (size_t)i] = (uint8_t)(w->n_rows >> (24 - 8 * i));
    block = cq_cursor_room(&w->c, w->body.n, 0, &err);
    assert_non_null(block);
    memcpy(block, w->body.p, w->body.n);
    return cq_cursor_page(&w->c, (cq_bytes){block, w->body.n}, 4);
}

/* What a server claims is believed as far as it is reserved; with room for all of it, the block is
 * not moved again. */
static void test_room(void **state)
{
    struct cq_account account = {.limit = 100000};
    struct world w;
    int err;

    (void)state;
    begin(&w, CQ_T_COLUMNS);
    w.budget.account = &account;
    assert_true(cq_budget_reserve(&w.budget, 50000));
    assert_non_null(cq_cursor_room(&w.c, 1000, 50001, &err));
    assert_int_equal(w.c.cap, 1000);
    assert_non_null(cq_cursor_room(&w.c, 2000, UINT64_MAX, &err));
    assert_int_equal(w.c.cap, 2000);
    assert_non_null(cq_cursor_room(&w.c, 3000, 50000, &err));
    assert_int_equal(w.c.cap, 50000);
    assert_non_null(cq_cursor_room(&w.c, 50000, 50000, &err));
    end(&w);
    cq_budget_release(&w.budget);
    assert_int_equal(account.used, 0);
}

static void assert_row(struct world *w, const char *t, const char *c)
{
    assert_int_equal(cq_cursor_peek(&w->c, &w->ranks), CQ_AT_ROW);
    assert_true(cq_eq(w->c.key.name, cq_str(t)));
    assert_true(cq_eq(w->c.key.third, cq_str(c)));
}

/* Rows of b.t, a column for each letter. */
static void assert_hand(struct world *w, const char *letters)
{
    struct cq_rowset hand = cq_cursor_hand(&w->c);

    assert_int_equal(hand.n, strlen(letters));
    for (size_t i = 0; i < hand.n; i++) {
        const cq_bytes *cells = cq_rowset_at(&hand, i);

        assert_true(cq_eq(cells[CQ_COLUMNS_keyspace_name], CQ_LIT("b")));
        assert_true(cq_eq(cells[CQ_COLUMNS_table_name], CQ_LIT("t")));
        assert_true(
            cq_eq(cells[CQ_COLUMNS_column_name], (cq_bytes){(const uint8_t *)letters + i, 1}));
        assert_true(cq_is_null(cells[CQ_COLUMNS_type]));
    }
}

static void test_pages(void **state)
{
    struct world w;

    (void)state;
    begin(&w, CQ_T_COLUMNS);
    assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_NEED);
    assert_false(cq_cursor_wants_page(&w.c)); /* the first one is not asked for so */
    page_begin(&w, "column_name", "1");
    row(&w, "b", "t", "x");
    row(&w, "b", "t", "y");
    assert_int_equal(page_end(&w), 0);
    assert_row(&w, "t", "x");
    assert_false(cq_cursor_wants_page(&w.c));
    assert_int_equal(cq_cursor_take(&w.c), 0);
    assert_row(&w, "t", "y");
    assert_int_equal(cq_cursor_take(&w.c), 0);
    assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_NEED);
    assert_true(cq_cursor_wants_page(&w.c));
    page_begin(&w, "column_name", "2"); /* an empty one */
    assert_int_equal(page_end(&w), 0);
    assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_NEED);
    page_begin(&w, "column_name", NULL);
    row(&w, "b", "t", "z");
    row(&w, "a", "t", "z");
    assert_int_equal(page_end(&w), 0);
    assert_row(&w, "t", "z");
    assert_int_equal(w.c.key.rank, 0);
    assert_false(w.c.duplicate);
    assert_int_equal(cq_cursor_take(&w.c), 0);
    assert_row(&w, "t", "z");
    assert_int_equal(w.c.key.rank, 1);
    assert_hand(&w, "xyz"); /* over two page ends */
    cq_cursor_drop(&w.c);
    assert_int_equal(cq_cursor_hand(&w.c).n, 0);
    cq_cursor_skip(&w.c);
    assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_END);
    assert_false(cq_cursor_wants_page(&w.c));
    assert_int_equal(w.c.outcome.rows, 4);
    assert_int_equal(w.c.outcome.pages, 3);
    end(&w);
}

/* The last page waits for the hand, and no longer. */
static void test_last_page(void **state)
{
    struct world w;

    (void)state;
    begin(&w, CQ_T_COLUMNS);
    page_begin(&w, "column_name", NULL);
    row(&w, "b", "t", "x");
    row(&w, "b", "t", "y");
    assert_int_equal(page_end(&w), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_ROW);
        assert_int_equal(cq_cursor_take(&w.c), 0);
    }
    assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_END);
    assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_END);
    assert_hand(&w, "xy");
    assert_true(w.budget.held > 0);
    cq_cursor_drop(&w.c);
    assert_int_equal(w.budget.held, 0);
    assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_END);
    end(&w);
}

static void take(struct world *w)
{
    assert_int_equal(cq_cursor_take(&w->c), 0);
    cq_cursor_take_run(&w->c);
}

/* Rows taken many at once are in hand, and checked, as if they had been taken one at a time. */
static void test_runs(void **state)
{
    struct world w;
    unsigned takes = 0;

    (void)state;
    begin(&w, CQ_T_COLUMNS);
    page_begin(&w, "column_name", "1");
    for (const char *c = "abcdefgh"; *c; c++)
        row(&w, "b", "t", (const char[]){*c, 0});
    assert_int_equal(page_end(&w), 0);
    while (cq_cursor_peek(&w.c, &w.ranks) == CQ_AT_ROW) {
        take(&w);
        takes++;
    }
    assert_in_range(takes, 2, 5); /* as room came, and the row next to the page's end */
    assert_hand(&w, "abcdefgh");
    page_begin(&w, "column_name", NULL);
    row(&w, "b", "t", "i");
    row(&w, "b", "t", "j");
    row(&w, "b", "t", "k");
    row(&w, "b", "t", "k");
    row(&w, "b", "t", "l");
    row(&w, "b", "t", "j");
    row(&w, "b", "u", "a");
    assert_int_equal(page_end(&w), 0);
    assert_row(&w, "t", "i");
    take(&w);
    assert_row(&w, "t", "k");
    assert_true(w.c.same && w.c.duplicate);
    cq_cursor_skip(&w.c);
    assert_row(&w, "t", "l");
    assert_false(w.c.duplicate);
    take(&w);
    assert_hand(&w, "abcdefghijkl");
    assert_int_equal(w.c.outcome.rows, 13);
    assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_FELL);
    end(&w);
}

static int second_at(bool same_page, const char *const a[3], const char *const b[3],
                     bool *duplicate)
{
    struct world w;
    int at;

    begin(&w, CQ_T_COLUMNS);
    page_begin(&w, "column_name", "1");
    row(&w, a[0], a[1], a[2]);
    if (same_page) row(&w, b[0], b[1], b[2]);
    assert_int_equal(page_end(&w), 0);
    assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_ROW);
    cq_cursor_skip(&w.c);
    if (!same_page) { /* the page goes, the key stays */
        assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_NEED);
        page_begin(&w, "column_name", NULL);
        row(&w, b[0], b[1], b[2]);
        assert_int_equal(page_end(&w), 0);
    }
    at = cq_cursor_peek(&w.c, &w.ranks);
    *duplicate = w.c.duplicate;
    end(&w);
    return at;
}

/* What peek says of the second row, in a page of its own or not. */
static int second(const char *k1, const char *t1, const char *c1, const char *k2, const char *t2,
                  const char *c2, bool *duplicate)
{
    const char *const a[] = {k1, t1, c1}, *const b[] = {k2, t2, c2};
    bool other;
    int at = second_at(true, a, b, &other);

    assert_int_equal(second_at(false, a, b, duplicate), at);
    assert_int_equal(other, *duplicate);
    return at;
}

static void test_order(void **state)
{
    bool d;

    (void)state;
    assert_int_equal(second("b", "t", "x", "b", "t", "y", &d), CQ_AT_ROW);
    assert_false(d);
    assert_int_equal(second("b", "t", "x", "b", "u", "a", &d), CQ_AT_ROW);
    assert_int_equal(second("b", "t", "x", "a", "a", "a", &d), CQ_AT_ROW);
    assert_int_equal(second("b", "t", "x", "b", "t", "x", &d), CQ_AT_ROW);
    assert_true(d);
    assert_int_equal(second("b", "t", "x", "b", "t", "a", &d), CQ_AT_FELL);
    assert_int_equal(second("b", "t", "x", "b", "s", "y", &d), CQ_AT_FELL);
    assert_int_equal(second("a", "t", "x", "b", "u", "y", &d), CQ_AT_FELL);
    assert_int_equal(second("b", "t", "x", "b", "t\xff", "a", &d), CQ_AT_ROW); /* bytes, unsigned */
    assert_int_equal(second("b", "", "x", "b", "a", "a", &d), CQ_AT_ROW);
    /* unknown keyspaces take no part */
    assert_int_equal(second("a", "t", "x", "zz", "a", "a", &d), CQ_AT_ROW);
    assert_int_equal(second("zz", "t", "x", "b", "a", "a", &d), CQ_AT_ROW);
}

static void assert_failed(struct world *w, int err)
{
    assert_int_equal(w->c.outcome.outcome, CQ_OUTCOME_FAILED);
    assert_int_equal(w->c.err, err);
    assert_true(w->c.why[0] != 0);
    assert_int_equal(cq_cursor_peek(&w->c, &w->ranks), CQ_AT_END);
    assert_null(cq_cursor_hand(&w->c).shape);
    assert_false(cq_cursor_wants_page(&w->c));
    end(w);
}

static void test_answers_that_are_none(void **state)
{
    struct world w;

    (void)state;
    begin(&w, CQ_T_COLUMNS); /* a key column is missing */
    page_begin(&w, "column", NULL);
    assert_int_equal(page_end(&w), 0);
    assert_failed(&w, CQ_EPROTOCOL);

    begin(&w, CQ_T_COLUMNS); /* a later page has other columns */
    page_begin(&w, "column_name", "1");
    assert_int_equal(page_end(&w), 0);
    page_begin(&w, "column_game", NULL);
    assert_int_equal(page_end(&w), 0);
    assert_failed(&w, CQ_EPROTOCOL);

    begin(&w, CQ_T_COLUMNS); /* a row without a keyspace, in the middle */
    page_begin(&w, "column_name", NULL);
    row(&w, "b", "t", "x");
    row(&w, NULL, "t", "x");
    assert_int_equal(page_end(&w), 0);
    assert_row(&w, "t", "x");
    assert_int_equal(cq_cursor_take(&w.c), 0);
    assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_END);
    assert_failed(&w, CQ_EPROTOCOL);

    begin(&w, CQ_T_COLUMNS); /* VOID */
    cql_write_u32(&w.body, CQL_RESULT_VOID);
    w.rows_at = 0;
    w.n_rows = CQL_RESULT_VOID;
    assert_int_equal(page_end(&w), 0);
    assert_failed(&w, CQ_EPROTOCOL);

    begin(&w, CQ_T_COLUMNS); /* the same place again and again */
    page_begin(&w, "column_name", "1");
    assert_int_equal(page_end(&w), 0);
    assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_NEED);
    page_begin(&w, "column_name", "1");
    row(&w, "b", "t", "x");
    assert_int_equal(page_end(&w), 0);
    assert_failed(&w, CQ_EPROTOCOL);
}

static void test_bounds(void **state)
{
    static char big[70000];
    char name[16];
    struct world w;
    int err = 0;

    (void)state;
    begin(&w, CQ_T_COLUMNS); /* rows of one object */
    page_begin(&w, "column_name", NULL);
    for (unsigned i = 0; i <= CQ_MAX_OBJECT_ROWS; i++) {
        snprintf(name, sizeof(name), "c%08u", i);
        row(&w, "b", "t", name);
    }
    assert_int_equal(page_end(&w), 0);
    for (unsigned i = 0; i <= CQ_MAX_OBJECT_ROWS; i++) {
        assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_ROW);
        err = cq_cursor_take(&w.c);
        if (i < CQ_MAX_OBJECT_ROWS) assert_int_equal(err, 0);
    }
    assert_int_equal(err, CQ_ETOO_MANY);
    end(&w);

    begin(&w, CQ_T_COLUMNS); /* bytes of one object carried over page ends */
    memset(big, 'x', sizeof(big) - 1);
    for (unsigned i = 0; err >= 0 || i == 0; i++) {
        assert_true(i < CQ_MAX_CARRY / 65000 + 2);
        snprintf(name, sizeof(name), "%u", i);
        page_begin(&w, "column_name", name);
        memcpy(big, name, strlen(name));
        snprintf(big, 9, "%08u", i);
        big[8] = 'x';
        row(&w, "b", "t", big);
        assert_int_equal(page_end(&w), 0);
        assert_int_equal(cq_cursor_peek(&w.c, &w.ranks), CQ_AT_ROW);
        assert_int_equal(cq_cursor_take(&w.c), 0);
        err = cq_cursor_peek(&w.c, &w.ranks);
    }
    assert_int_equal(err, CQ_ETOO_LARGE);
    end(&w);
}

/* Sorting against a model: any order of rows gives the order of keys. */
static void test_sort(void **state)
{
    unsigned seed = 1;

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct world w;
        struct cq_key last = {0};
        unsigned n = round % 50, seen = 0;

        begin(&w, CQ_T_COLUMNS);
        w.c.collect = true;
        page_begin(&w, "column_name", NULL);
        for (unsigned i = 0; i < n; i++) {
            char t[8], c[8];

            seed = seed * 1103515245u + 12345u;
            snprintf(t, sizeof(t), "%u", seed >> 16 & 7);
            snprintf(c, sizeof(c), "%u", seed >> 20 & 15);
            row(&w, seed >> 28 & 1 ? "a" : seed >> 29 & 1 ? "b" : "zz", t, c);
        }
        assert_int_equal(page_end(&w), 0);
        assert_int_equal(cq_cursor_sort(&w.c, &w.ranks), 0);
        while (cq_cursor_peek(&w.c, &w.ranks) == CQ_AT_ROW) {
            if (seen++) assert_true(cq_cursor_compare(&w.c, &w.c.key, &last) >= 0);
            if (seen > 1 && w.c.key.rank != CQ_RANK_UNKNOWN)
                assert_int_equal(w.c.duplicate, cq_cursor_compare(&w.c, &w.c.key, &last) == 0);
            last = w.c.key;
            cq_cursor_skip(&w.c);
        }
        assert_int_equal(seen, n);
        end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),     cmocka_unit_test(test_room),
        cmocka_unit_test(test_last_page), cmocka_unit_test(test_runs),
        cmocka_unit_test(test_order),     cmocka_unit_test(test_answers_that_are_none),
        cmocka_unit_test(test_bounds),    cmocka_unit_test(test_sort),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
