/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows: heads that lie about their counts, every prefix against an unreadable page, cells in
 * slots, null and empty kept apart. Real servers' rows are in test_recorded.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/err.h"
#include "proto/cql.h"
#include "proto/rows.h"
#include "proto/wire.h"
#include "unit/proto/talk.h"

/* Two columns (text, list<int>), three rows: ("a", null), ("", []), (null, [7]). */
static void put_rows(struct cq_buf *b, unsigned flags)
{
    cql_write_u32(b, CQL_RESULT_ROWS);
    cql_write_u32(b, flags);
    cql_write_u32(b, 2);
    if (flags & CQL_ROWS_MORE_PAGES) cql_write_bytes(b, CQ_LIT("state"));
    if (flags & CQL_ROWS_METADATA_CHANGED) cql_write_string(b, CQ_LIT("id"));
    if (flags & CQL_ROWS_GLOBAL_SPEC && !(flags & CQL_ROWS_NO_METADATA)) {
        cql_write_string(b, CQ_LIT("ks"));
        cql_write_string(b, CQ_LIT("t"));
    }
    for (int i = 0; i < 2 && !(flags & CQL_ROWS_NO_METADATA); i++) {
        if (!(flags & CQL_ROWS_GLOBAL_SPEC)) {
            cql_write_string(b, CQ_LIT("ks"));
            cql_write_string(b, CQ_LIT("t"));
        }
        cql_write_string(b, i ? CQ_LIT("l") : CQ_LIT("name"));
        cql_write_u16(b, i ? CQL_TYPE_LIST : CQL_TYPE_VARCHAR);
        if (i) cql_write_u16(b, CQL_TYPE_INT);
    }
    cql_write_u32(b, 3);
    cql_write_bytes(b, CQ_LIT("a"));
    cql_write_bytes(b, CQ_NULL);
    cql_write_bytes(b, CQ_LIT(""));
    cql_write_bytes(b, CQ_LIT("\0\0\0\0"));
    cql_write_bytes(b, CQ_NULL);
    cql_write_bytes(b, CQ_LIT("\0\0\0\x01\0\0\0\x04\0\0\0\x07"));
}

/* Both ways to read a row say the same; twice: columns in another order, and as they come. */
static void assert_same(const struct cql_rows *rows)
{
    const int16_t slot[] = {2, 0};
    struct cql_rows raw = *rows, mapped = *rows, straight = *rows;
    cq_bytes row, want[2], cells[3], plain[3];
    bool there;

    if (rows->n_columns != 2) return;
    do {
        there = cql_rows_next(&raw, &row);
        assert_int_equal(cql_rows_next_cells(&mapped, slot, 3, cells), there);
        assert_int_equal(cql_rows_next_cells(&straight, NULL, 3, plain), there);
        assert_true(mapped.p == raw.p && straight.p == raw.p);
        assert_true(mapped.err == raw.err && straight.err == raw.err);
        if (!there) return;
        cql_row_cells(row, 2, (const int16_t[]){0, 1}, want);
        assert_true(cells[2].p == want[0].p && cells[2].n == want[0].n);
        assert_true(cells[0].p == want[1].p && cells[0].n == want[1].n);
        assert_memory_equal(plain, want, sizeof(want));
        assert_true(cq_is_null(cells[1]) && cq_is_null(plain[2]));
    } while (true);
}

/* Rows read, or the error. */
static int read_all(cq_bytes body, int version)
{
    struct cql_rows r;
    struct cql_column column;
    cq_bytes row, cells[2];
    const int16_t slot[CQ_MAX_RESULT_COLUMNS] = {1, 0};
    int n = 0;

    cql_rows_begin(&r, body, version);
    while (cql_rows_column(&r, &column))
        ;
    cql_rows_count(&r);
    assert_same(&r);
    for (; cql_rows_next(&r, &row); n++)
        if (r.n_columns == 2) cql_row_cells(row, r.n_columns, slot, cells);
    return r.err ? r.err : n;
}

static void test_prefixes(void **state)
{
    static const unsigned flags[] = {0, 1, 2, 3, 4, 5, 6, 8, 9, 11};

    (void)state;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        struct cq_buf b;

        cq_buf_init(&b, &cq_mem_libc, 4096);
        put_rows(&b, flags[i]);
        for (size_t n = 0; n <= b.n; n++) {
            struct guard g = guard_of((cq_bytes){b.p, n});

            assert_int_equal(read_all(g.b, 5), n < b.n ? CQ_EPROTOCOL : 3);
            guard_free(&g);
        }
        cq_buf_puts(&b, "trailing");
        assert_int_equal(read_all(cq_buf_view(&b), 5), 3);
        cq_buf_fini(&b);
    }
}

static void test_cells(void **state)
{
    static const int16_t slot[] = {2, -1};
    struct cq_buf b;
    struct cql_rows r;
    struct cql_column column;
    cq_bytes row, cells[3] = {CQ_LIT("left"), CQ_LIT("alone"), CQ_NULL};

    (void)state;
    cq_buf_init(&b, &cq_mem_libc, 4096);
    put_rows(&b, CQL_ROWS_GLOBAL_SPEC | CQL_ROWS_MORE_PAGES);
    assert_int_equal(cql_rows_begin(&r, cq_buf_view(&b), 4), 0);
    assert_true(cq_eq(r.keyspace, CQ_LIT("ks")) && cq_eq(r.table, CQ_LIT("t")));
    assert_true(cq_eq(r.paging_state, CQ_LIT("state")));
    assert_true(cql_rows_column(&r, &column) && cq_eq(column.name, CQ_LIT("name")));
    assert_true(cq_eq(column.table, CQ_LIT("t")) && cq_eq(column.type, CQ_LIT("\0\x0d")));
    assert_true(cql_rows_column(&r, &column) && cq_eq(column.type, CQ_LIT("\0\x20\0\x09")));
    assert_false(cql_rows_column(&r, &column));
    assert_int_equal(cql_rows_count(&r), 0);
    assert_int_equal(r.n_rows, 3);
    assert_true(cql_rows_next(&r, &row));
    cql_row_cells(row, 2, slot, cells);
    assert_true(cq_eq(cells[2], CQ_LIT("a")) && cq_eq(cells[0], CQ_LIT("left")));
    assert_true(cq_eq(cells[1], CQ_LIT("alone")));
    assert_true(cql_rows_next(&r, &row));
    cql_row_cells(row, 2, slot, cells);
    assert_true(!cq_is_null(cells[2]) && cells[2].n == 0);
    assert_true(cql_rows_next(&r, &row));
    cql_row_cells(row, 2, slot, cells);
    assert_true(cq_is_null(cells[2]));
    assert_false(cql_rows_next(&r, &row));
    assert_int_equal(r.err, 0);
    cq_buf_fini(&b);
}

static void test_lies(void **state)
{
    const struct {
        cq_bytes body;
        int want;
    } cases[] = {
        {CQ_LIT("\0\0\0\x02\0\0\0\x04\0\0\0\0\0\0\0\0"), 0},
        {CQ_LIT("\0\0\0\x02\0\0\0\x04\0\0\0\0\x7f\xff\xff\xff"),
         CQ_EPROTOCOL}, /* rows of nothing */
        {CQ_LIT("\0\0\0\x02\0\0\0\x04\0\0\0\x01\x7f\xff\xff\xff"), CQ_EPROTOCOL},
        {CQ_LIT("\0\0\0\x02\0\0\0\x04\0\0\0\x01\xff\xff\xff\xff"), CQ_EPROTOCOL},
        {CQ_LIT("\0\0\0\x02\0\0\0\x04\xff\xff\xff\xff\0\0\0\0"), CQ_EPROTOCOL},
        {CQ_LIT("\0\0\0\x02\0\0\0\x04\0\0\x01\x01\0\0\0\0"), CQ_ETOO_MANY},
        {CQ_LIT("\0\0\0\x02\0\0\0\x01\x7f\xff\xff\xff\0\x01k\0\x01t"), CQ_EPROTOCOL},
        {CQ_LIT("\0\0\0\x01\0\0\0\x04\0\0\0\0\0\0\0\0"), CQ_EPROTOCOL}, /* another kind */
        /* more pages, and no way to ask for them */
        {CQ_LIT("\0\0\0\x02\0\0\0\x06\0\0\0\0\xff\xff\xff\xff\0\0\0\0"), CQ_EPROTOCOL},
        /* bits that nobody knows are passed over */
        {CQ_LIT("\0\0\0\x02\0\0\x01\x04\0\0\0\0\0\0\0\0"), 0},
        /* a cell of the length -2: null */
        {CQ_LIT("\0\0\0\x02\0\0\0\x04\0\0\0\x01\0\0\0\x01\xff\xff\xff\xfe"), 1},
        {CQ_LIT("\0\0\0\x02\0\0\0\x04\0\0\0\x01\0\0\0\x01\0\0\0\x05zzzz"), CQ_EPROTOCOL},
        {CQ_NULL, CQ_EPROTOCOL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct guard g = guard_of(cases[i].body);

        assert_int_equal(read_all(g.b, 4), cases[i].want);
        guard_free(&g);
    }
}

enum { WIDE = 5, MANY = 40 };

/* Rows of four columns by seed: two that seldom change, a name that mostly rises, anything. */
static void put_run(struct cq_buf *b, unsigned *seed)
{
    static const char *const names[] = {"ks", "keyspace_1",
                                        "a_keyspace_with_a_long_name_000000001"};
    char third[32];

    cq_buf_clear(b);
    for (unsigned i = 0; i < MANY; i++) {
        unsigned x = *seed = *seed * 1103515245u + 12345u;
        int n = snprintf(third, sizeof(third), "%s%04u", x >> 13 & 1 ? "c" : "column_name_", i);
        const char *fourth = "\0\0\0\x07 and some more";

        if ((x >> 16 & 7) == 0) n = (int)(x >> 20 & 1);
        if ((x >> 17 & 15) == 1) n = (int)strlen(strcpy(third, "column"));
        cql_write_bytes(b, cq_str(names[(x >> 24 & 15) ? 1 : x >> 28 & 1]));
        cql_write_bytes(b, cq_str(names[(x >> 21 & 15) ? 2 : x >> 28 & 1]));
        cql_write_bytes(b, (x >> 19 & 31) ? (cq_bytes){(uint8_t *)third, (size_t)n} : CQ_NULL);
        cql_write_bytes(b, (x >> 18 & 3) ? (cq_bytes){(const uint8_t *)fourth, x >> 25 & 15}
                                         : CQ_NULL);
    }
}

static bool goes_on(const cq_bytes *before, const cq_bytes *row)
{
    return cq_eq(before[0], row[0]) && cq_eq(before[1], row[1]) && cq_cmp(row[2], before[2]) > 0;
}

/* A run behind one row says what the rows say one at a time, and stops where it has to. */
static size_t assert_run(struct cql_rows *one, size_t max)
{
    cq_bytes before[WIDE], cells[MANY][WIDE], want[WIDE];
    const uint8_t *from = one->p;
    struct cql_rows many;
    size_t n, i = 0;

    if (!cql_rows_next_cells(one, NULL, WIDE, before)) return 0;
    many = *one;
    n = cql_rows_run(&many,
                     &(struct cql_run){.head = from,
                                       .head_bytes = 8 + before[0].n + before[1].n,
                                       .first_bytes = before[0].n,
                                       .third = before[2],
                                       .third_at = 2,
                                       .n_columns = 4,
                                       .n_cells = WIDE},
                     cells[0], max);
    for (; i < n; i++) {
        assert_true(cql_rows_next_cells(one, NULL, WIDE, want) && goes_on(before, want));
        assert_memory_equal(cells[i], want, sizeof(want));
        memcpy(before, want, sizeof(want));
    }
    assert_true(many.p == one->p && many.rows_read == one->rows_read && !many.err);
    if (n < max && many.end - many.p > 120 && cql_rows_next_cells(&many, NULL, WIDE, want))
        assert_false(goes_on(before, want));
    return n;
}

/* Rows by seed, in memory that ends where they do: the odd rounds' are whole. */
static struct cql_rows begin_runs(struct guard *g, struct cq_buf *b, unsigned *seed, unsigned round)
{
    put_run(b, seed);
    *g = guard_of((cq_bytes){b->p, round % 2 ? b->n : b->n - round});
    return (struct cql_rows){.p = g->b.p, .end = g->b.p + g->b.n, .n_columns = 4, .n_rows = MANY};
}

static void test_runs(void **state)
{
    unsigned seed = 1, taken = 0;
    struct cq_buf b;

    (void)state;
    cq_buf_init(&b, &cq_mem_libc, 1u << 20);
    for (unsigned round = 0; round < 400; round++) {
        struct guard g;
        struct cql_rows r = begin_runs(&g, &b, &seed, round);

        while (r.rows_read < r.n_rows && !r.err)
            taken += (unsigned)assert_run(&r, round % 3 ? MANY : 3);
        assert_int_equal(r.err, round % 2 || !round ? 0 : CQ_EPROTOCOL);
        guard_free(&g);
    }
    assert_in_range(taken, 3000, 400 * MANY);
    cq_buf_fini(&b);
}

/* The rows from `from` on that begin with head, as tails; how many. */
static size_t make_tails(struct cql_rows r, cq_bytes head, struct cql_tails *t, uint16_t *length,
                         uint8_t *bytes)
{
    const uint8_t *p = head.p;

    *t = (struct cql_tails){0, length, bytes};
    for (;;) {
        length[t->n] = (uint16_t)((size_t)(r.p - p) - head.n);
        memcpy(bytes, p + head.n, length[t->n]);
        bytes += length[t->n++];
        p = r.p;
        if ((size_t)(r.end - p) < head.n || memcmp(p, head.p, head.n) != 0) return t->n;
        if (!cql_rows_next_cells(&r, NULL, WIDE, (cq_bytes[WIDE]){CQ_NULL})) return t->n;
    }
}

static bool matches(struct cql_rows r, cq_bytes head, const struct cql_tails *t, bool is_last,
                    const struct cql_rows *after)
{
    const uint8_t *last, *p = r.p;
    uint32_t read = r.rows_read;

    if (!cql_rows_match(&r, head, t, is_last, &last)) {
        assert_true(r.p == p && r.rows_read == read);
        return false;
    }
    assert_true(r.p == after->p && r.rows_read == after->rows_read);
    assert_memory_equal(last, head.p, head.n);
    assert_true(last + head.n + t->length[t->n - 1] == r.p);
    return true;
}

/* Nothing but all of their bytes is a match, and every one of them counts. */
static bool assert_match(struct cql_rows *one)
{
    static uint16_t length[MANY];
    static uint8_t bytes[MANY * 64];
    cq_bytes cells[WIDE], head = {one->p, 0};
    struct cql_tails t, other;
    struct cql_rows after, many;
    size_t n_bytes = 0;
    bool is_end;

    if (!cql_rows_next_cells(one, NULL, WIDE, cells)) return false;
    head.n = 8 + cells[0].n + cells[1].n;
    make_tails(*one, head, &t, length, bytes);
    after = many = *one;
    for (size_t i = 1; i < t.n; i++)
        assert_true(cql_rows_next_cells(&after, NULL, WIDE, cells));
    is_end = after.rows_read == after.n_rows;
    if (!is_end && ((size_t)(after.end - after.p) < head.n ||
                    memcmp(after.p, head.p, head.n) == 0)) { /* what comes is cut short */
        assert_false(matches(many, head, &t, true, &after));
        return false;
    }
    for (size_t i = 0; i < t.n; i++)
        if (length[i] < 16 || head.n < 16) {
            assert_false(matches(many, head, &t, true, &after));
            *one = after;
            return false;
        }
    assert_int_equal(matches(many, head, &t, false, &after), !is_end);
    assert_true(matches(many, head, &t, true, &after));
    assert_true(cql_rows_sketch(&many, head) != 0);
    other = t;
    other.n--;
    assert_false(other.n && matches(many, head, &other, true, &after)); /* one more comes */
    for (size_t i = 0; i < t.n; i++)
        n_bytes += length[i];
    for (size_t i = 0; i < n_bytes; i++) {
        bytes[i] ^= 0x40;
        assert_false(matches(many, head, &t, true, &after));
        bytes[i] ^= 0x40;
    }
    *one = after;
    return true;
}

static void test_matches(void **state)
{
    unsigned seed = 7, matched = 0;
    struct cq_buf b;

    (void)state;
    cq_buf_init(&b, &cq_mem_libc, 1u << 20);
    for (unsigned round = 0; round < 60; round++) {
        struct guard g;
        struct cql_rows r = begin_runs(&g, &b, &seed, round);

        while (r.rows_read < r.n_rows && !r.err)
            matched += assert_match(&r);
        guard_free(&g);
    }
    assert_true(matched > 100);
    cq_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefixes), cmocka_unit_test(test_cells),
        cmocka_unit_test(test_lies),     cmocka_unit_test(test_runs),
        cmocka_unit_test(test_matches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
