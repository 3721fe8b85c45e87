/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lists of columns keep and what they cost. That they never say what a server did not is
 * shown by whole crawls (tests/unit/crawler/test_lists.c).
 */
#include "model/lists.h"

#include <stdio.h>

#include "base/buf.h"
#include "proto/wire.h"
#include "unit/base/cmocka_all.h"
#include "unit/base/watched.h"

enum { ROWS = 3 };

/* Rows as a server sends them, and views of their cells. */
struct sent {
    uint8_t bytes[ROWS * 512];
    size_t n;
    struct cq_shape shape;
    cq_bytes cells[ROWS * CQ_COLUMNS_N];
    struct cq_rowset set;
};

static void add_cell(struct sent *s, cq_bytes *cell, cq_bytes value)
{
    uint8_t *p = s->bytes + s->n;

    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value.n >> (24 - 8 * i));
    memcpy(p + 4, value.p, value.n);
    *cell = (cq_bytes){p + 4, value.n};
    s->n += 4 + value.n;
}

static void make(struct sent *s, unsigned number, cq_bytes type)
{
    const cq_bytes fixed[CQ_COLUMNS_N] = {CQ_LIT("keyspace"),
                                          CQ_LIT("table"),
                                          CQ_NULL,
                                          CQ_LIT("none"),
                                          CQ_NULL,
                                          CQ_LIT("regular"),
                                          CQ_LIT("\xff\xff\xff\xff"),
                                          type};
    char name[32];

    *s = (struct sent){.set = {.n = ROWS}};
    s->shape = (struct cq_shape){.n_known = CQ_COLUMNS_N, .n_columns = CQ_COLUMNS_N};
    s->set.shape = &s->shape;
    s->set.cells = s->cells;
    for (int r = 0; r < ROWS; r++) {
        snprintf(name, sizeof(name), "c%d_%u", r, number);
        for (int i = 0; i < CQ_COLUMNS_N; i++)
            add_cell(s, &s->cells[r * CQ_COLUMNS_N + i], fixed[i].p ? fixed[i] : cq_str(name));
    }
}

static uint64_t sketch_of(unsigned number)
{
    return (number * UINT64_C(0x9e3779b97f4a7c15)) | 1;
}

static const struct cq_list *find(const struct cq_lists *lists, unsigned number)
{
    for (size_t way = 0; way < CQ_LIST_WAYS; way++) {
        const struct cq_list *l = cq_lists_at(lists, sketch_of(number), way);

        if (l) return l;
    }
    return NULL;
}

static void keep(struct cq_lists *lists, unsigned number, cq_bytes type, cq_bytes json)
{
    struct sent s;

    make(&s, number, type);
    cq_lists_keep(lists, sketch_of(number), &s.set, json, CQ_LIT("[]"));
}

static void is_as_it_was_kept(void **state)
{
    struct cq_lists *lists;
    const struct cq_list *l;
    const uint8_t *last;
    struct cql_rows r;
    struct sent s;
    struct cq_hash128 hash = cq_xxh3_128(CQ_LIT("[\"table\",[[]],[],[]]"));

    (void)state;
    assert_int_equal(cq_lists_new(&lists, &cq_mem_libc), 0);
    assert_false(cq_lists_wants(lists, sketch_of(1)));
    assert_true(cq_lists_wants(lists, sketch_of(1)));
    assert_false(cq_lists_wants(lists, sketch_of(2)));
    keep(lists, 1, CQ_LIT("text"), CQ_LIT("{}"));
    l = find(lists, 1);
    assert_non_null(l);
    assert_null(find(lists, 2));
    assert_true(cq_eq(l->json, CQ_LIT("{}")));
    assert_true(cq_eq(l->structure, CQ_LIT("[]")));
    assert_memory_equal(&l->table_hash, &hash, sizeof(hash));
    make(&s, 1, CQ_LIT("text"));
    r = (struct cql_rows){.p = s.bytes + s.n / ROWS, .end = s.bytes + s.n, .rows_read = 1};
    r.n_rows = ROWS;
    assert_true(cql_rows_match(&r, (cq_bytes){s.bytes, 4 + 8 + 4 + 5}, &l->tails, true, &last));
    assert_true(r.p == s.bytes + s.n && last == s.bytes + s.n / ROWS * (ROWS - 1));
    assert_null(cq_lists_next(lists, 0));
    cq_lists_follow(lists, 0, l);
    assert_true(cq_lists_next(lists, 0) == l);
    cq_lists_free(lists);
}

static void not_what_was_not_sent_so(void **state)
{
    static uint8_t big[CQ_LIST_BYTES];
    struct cq_lists *lists;
    struct sent s;

    (void)state;
    assert_int_equal(cq_lists_new(&lists, &cq_mem_libc), 0);
    make(&s, 1, CQ_LIT("text"));
    s.cells[CQ_COLUMNS_N].p++; /* the second row does not follow the first */
    cq_lists_keep(lists, sketch_of(1), &s.set, CQ_LIT("{}"), CQ_LIT("[]"));
    make(&s, 1, CQ_LIT("text"));
    s.cells[CQ_COLUMNS_type] = CQ_NULL;
    cq_lists_keep(lists, sketch_of(1), &s.set, CQ_LIT("{}"), CQ_LIT("[]"));
    keep(lists, 1, CQ_LIT("text"), (cq_bytes){big, sizeof(big)});
    assert_null(find(lists, 1));
    assert_int_equal(lists->bytes, 0);
    cq_lists_free(lists);
}

static void has_bounds(void **state)
{
    static uint8_t json[20000];
    struct cq_lists *lists;
    unsigned n = 0;
    size_t bytes = 0;

    (void)state;
    assert_int_equal(cq_lists_new(&lists, &cq_mem_libc), 0);
    for (unsigned i = 1; i < 3000; i++) {
        keep(lists, i, CQ_LIT("int"), (cq_bytes){json, i * 7919 % sizeof(json)});
        assert_non_null(find(lists, i));
        assert_in_range(lists->bytes, 1, CQ_LISTS_BYTES);
        if (find(lists, i / 2)) cq_lists_follow(lists, find(lists, i / 2)->number, find(lists, i));
    }
    for (size_t i = 0; i < CQ_LISTS_KEPT; i++) {
        n += lists->list[i] != NULL;
        bytes += lists->list[i] ? lists->list[i]->bytes : 0;
        assert_true(!lists->list[i] || lists->list[i]->number == i + 1);
    }
    assert_in_range(n, 50, CQ_LISTS_KEPT);
    assert_int_equal(bytes, lists->bytes);
    cq_lists_free(lists);
}

static void works_or_is_not_there(void **state)
{
    struct cq_lists *lists;
    size_t n = 0;

    (void)state;
    for (;; n++) {
        struct watched w;
        int err;

        watched_init(&w, n);
        err = cq_lists_new(&lists, &w.mem);
        assert_true(err == 0 ? lists != NULL : err == CQ_ENOMEM && !lists);
        if (lists) keep(lists, 1, CQ_LIT("int"), CQ_LIT("{}"));
        if (lists && n == 2) assert_null(find(lists, 1));
        if (lists && n == 2) assert_int_equal(lists->bytes, 0);
        cq_lists_free(lists);
        assert_int_equal(w.alive, 0);
        if (n > 2) break;
    }
    cq_lists_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_as_it_was_kept),
        cmocka_unit_test(not_what_was_not_sent_so),
        cmocka_unit_test(has_bounds),
        cmocka_unit_test(works_or_is_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
