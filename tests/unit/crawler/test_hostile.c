/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that no server would send: bytes changed, rows dropped, doubled, moved between tables' ends,
 * metadata damaged, by seed. Whatever comes, the attempt ends with one verdict, gives all memory
 * back, and lies about nothing that it counts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "replay/bench.h"
#include "unit/base/cmocka_all.h"

enum { ROUNDS = 1200, ROUNDS_PER_LOAD = 8 };

static unsigned seed;

static unsigned any(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return n ? (seed >> 8) % n : 0;
}

static cq_bytes changed(struct recording *rec, cq_bytes b)
{
    uint8_t *p = (uint8_t *)(uintptr_t)cq_arena_dup(&rec->arena, b).p;

    for (unsigned n = 1 + any(3); n && b.n; n--)
        p[any((unsigned)b.n)] = (uint8_t)(any(2) ? any(256) : 0xff * any(2));
    return (cq_bytes){p, b.n};
}

static void damage(struct recording *rec, struct recorded_table *t)
{
    size_t i = any((unsigned)t->n_rows), j = any((unsigned)t->n_rows);
    cq_bytes x;

    if (t->n_rows == 0) return;
    switch (any(6)) {
    case 0:
        recording_drop(t, i);
        break;
    case 1:
        if (t->n_rows < t->cap) recording_insert(rec, t, j, t->rows[i]);
        break;
    case 2:
        x = t->rows[i];
        t->rows[i] = t->rows[j];
        t->rows[j] = x;
        break;
    case 3:
        if (any(8) == 0) t->metadata = changed(rec, t->metadata);
        break;
    default:
        t->rows[i] = changed(rec, t->rows[i]);
    }
}

/* Lines are whole, numbered without a gap, one begin and one end. */
static void assert_lines(const struct bench *b)
{
    const char *p = (const char *)b->d.lines.p;
    unsigned long long version = b->d.o.epoch << 22;

    for (; *p; p = strchr(p, '\n') + 1) {
        char want[64];
        const char *at = strstr(p, "\"version\":");

        snprintf(want, sizeof(want), "\"version\":%llu,", version++);
        if (!at || strncmp(at, want, strlen(want)) != 0) fail_msg("%s expected in %.200s", want, p);
    }
    assert_int_equal(bench_count(b, "\"kind\":\"scope_begin\",\"op\""), 1);
    assert_int_equal(bench_count(b, "\"kind\":\"scope_end\",\"op\""), 1);
}

static void test_damaged_rows(void **state)
{
    struct cq_account account = {.limit = CQ_MIB(4)};
    unsigned complete = 0, sorted = 0, failed = 0;
    struct bench b = {0};

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        seed = round + 1;
        if (round % ROUNDS_PER_LOAD == 0) {
            if (round) recording_fini(&b.rec);
            assert_true(recording_load(&b.rec, round % 16 ? RICH : OLD, 4, false));
        }
        for (unsigned n = 1 + any(3); n; n--)
            damage(&b.rec, &b.rec.tables[any(CQ_N_TABLES)]);
        standin_init(&b.s, &b.rec);
        drive_init(&b.d, &b.s);
        b.s.shuffle = round;
        b.s.page_rows = any(3) ? any(60) : 0;
        b.d.o.account = &account;
        b.d.o.sorted = any(4) == 0;
        bench_run(&b);
        assert_lines(&b);
        assert_int_equal(account.used, 0);
        assert_int_equal(b.d.scope.waits, b.s.bursts);
        assert_int_equal(b.d.scope.requests, b.s.requests);
        if (b.d.scope.read == CQ_READ_COMPLETE)
            complete++;
        else
            assert_true(b.d.scope.n_reasons > 0);
        if (b.d.retry == CQ_RETRY_SORTED) sorted++;
        if (bench_has(&b, "\"code\":\"failed\"")) failed++;
        drive_fini(&b.d);
        standin_fini(&b.s);
    }
    recording_fini(&b.rec);
    print_message("%u complete, %u to be sorted, %u with a failed table\n", complete, sorted,
                  failed);
    assert_true(complete > 0 && sorted > 10 && failed > 10);
}

/* A list that has fewer elements than it says: its type is not written, and the read says so. */
static void test_cut_list(void **state)
{
    struct bench b;
    struct recorded_table *types;
    cq_bytes fields, cut;

    (void)state;
    bench_begin(&b, RICH);
    types = &b.rec.tables[CQ_T_TYPES];
    fields = recording_cell(types, types->rows[0], 2);
    cut = cq_arena_dup(&b.rec.arena, fields);
    ((uint8_t *)(uintptr_t)cut.p)[3]++;
    types->rows[0] = recording_edit(&b.rec, types, types->rows[0], 2, cut);
    bench_run(&b);
    assert_int_equal(b.d.scope.read, CQ_READ_INCOMPLETE);
    bench_assert_reason(&b, "unwritten", NULL);
    assert_int_equal(bench_count(&b, "\"kind\":\"type\",\"op\""), (int)types->n_rows - 1);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_damaged_rows),
                                       cmocka_unit_test(test_cut_list)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
