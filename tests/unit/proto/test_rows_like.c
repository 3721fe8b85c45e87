/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row that is the one before but for its free cells: said of no other row, and its cells are then
 * those that a row taken apart has. Rows by seed, in memory that ends where the page ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "proto/rows.h"
#include "proto/wire.h"
#include "unit/proto/talk.h"

enum { COLUMNS = 7, CELLS = 9, MANY = 60 };

/* Columns 0, 1, 3 and 5 are free; the cells of column i go to slot[i], 2 and 8 stay null. */
static const int16_t slot[COLUMNS] = {0, 1, 7, 3, 5, 4, 6};
static const struct cql_like like = {slot, COLUMNS, {0, 1, 3, 5}, 4};

static unsigned any(unsigned *seed, unsigned n)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 8) % n;
}

static void put_rows(struct cq_buf *b, unsigned *seed)
{
    static const char long_text[] = "an option of a table, as long as such things are, and longer "
                                    "than sixty-four bytes, of which none may differ: "
                                    "org.apache.cassandra.db.compaction, and so on and so forth";

    cq_buf_clear(b);
    for (unsigned i = 0; i < MANY; i++) {
        unsigned odd = any(seed, 6);
        char name[32];
        int n = snprintf(name, sizeof(name), "table_%u", any(seed, 2000));

        cql_write_bytes(b, any(seed, 9) ? CQ_LIT("keyspace") : CQ_LIT("k"));
        cql_write_bytes(b, (cq_bytes){(uint8_t *)name, (size_t)n});
        cql_write_bytes(b, (cq_bytes){(const uint8_t *)long_text, sizeof(long_text) - (odd == 0)});
        cql_write_bytes(b, any(seed, 9) ? (cq_bytes){(uint8_t *)name, any(seed, 6)} : CQ_NULL);
        cql_write_bytes(b, odd == 1 ? CQ_NULL : odd == 2 ? CQ_LIT("") : CQ_LIT("\x01"));
        cql_write_bytes(b, (cq_bytes){(uint8_t *)name, 5});
        cql_write_bytes(b, odd == 3 ? CQ_LIT("99P") : any(seed, 20) ? CQ_LIT("99p") : CQ_NULL);
    }
}

static bool is_free(uint32_t column)
{
    for (size_t k = 0; k < like.n_free; k++)
        if (like.free[k] == column) return true;
    return false;
}

static bool is_like(const cq_bytes *a, const cq_bytes *b)
{
    for (uint32_t i = 0; i < COLUMNS; i++) {
        const cq_bytes *x = &a[slot[i]], *y = &b[slot[i]];

        if (is_free(i) ? !x->p || !y->p : !x->p != !y->p || !cq_eq(*x, *y)) return false;
    }
    return true;
}

/* How many rows were like the row before them. */
static unsigned walk(struct cql_rows r)
{
    const uint8_t *from = r.p;
    cq_bytes cells[CELLS], kept[CELLS], want[CELLS];
    unsigned n = 0;

    if (!cql_rows_next_cells(&r, slot, CELLS, cells)) return 0;
    for (;;) {
        cq_bytes before = {from, (size_t)(r.p - from)};
        struct cql_rows one = r;
        bool is;

        from = r.p;
        memcpy(kept, cells, sizeof(kept));
        is = cql_rows_next_like(&r, &like, before, cells);
        if (!cql_rows_next_cells(&one, slot, CELLS, want)) {
            assert_false(is);
            return n;
        }
        assert_int_equal(is, is_like(kept, want));
        n += is;
        if (!is) {
            assert_memory_equal(cells, kept, sizeof(kept));
            assert_true(r.p == from);
            memcpy(cells, want, sizeof(cells));
            r = one;
        }
        assert_memory_equal(cells, want, sizeof(cells));
        assert_true(r.p == one.p && r.rows_read == one.rows_read);
    }
}

static void test_like(void **state)
{
    unsigned seed = 3, n = 0;
    struct cq_buf b;

    (void)state;
    cq_buf_init(&b, &cq_mem_libc, 1u << 20);
    for (unsigned round = 0; round < 300; round++) {
        struct guard g;

        put_rows(&b, &seed);
        g = guard_of((cq_bytes){b.p, round % 2 ? b.n : b.n - round});
        n += walk((struct cql_rows){
            .p = g.b.p, .end = g.b.p + g.b.n, .n_columns = COLUMNS, .n_rows = MANY});
        guard_free(&g);
    }
    assert_in_range(n, 1000, 300 * MANY / 2);
    cq_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_like)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
