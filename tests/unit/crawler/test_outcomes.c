/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a read when single tables are absent, denied, failed, overloaded, silent or
 * endless. */
#include "crawler/crawl_impl.h"
#include "replay/bench.h"
#include "unit/base/cmocka_all.h"

#define FAULT(n, code_, ...) ((struct standin_fault){.code = (code_) + 1, __VA_ARGS__})

static void assert_incomplete(const struct bench *b)
{
    assert_int_equal(b->d.scope.read, CQ_READ_INCOMPLETE);
    assert_int_equal(b->d.retry, CQ_RETRY_NO);
    assert_int_equal(b->d.n_hangups, 1);
    assert_int_equal(b->d.scope.waits, b->s.bursts);
    assert_int_equal(b->d.scope.requests, b->s.requests);
}

static void test_denied(void **state)
{
    struct bench b;

    (void)state;
    for (int t = CQ_T_LOCAL; t < CQ_N_TABLES; t++) {
        bench_begin(&b, t == CQ_T_PEERS ? OLD : RICH);
        b.s.fault[t] = FAULT(t, 0x2100, .text = "User u has no SELECT permission on it");
        bench_run(&b);
        assert_incomplete(&b);
        bench_assert_reason(&b, "denied", cq_table_info((enum cq_table)t)->name);
        assert_int_equal(b.d.scope.n_reasons, 1);
        assert_int_equal(b.d.scope.tables[t].outcome, CQ_OUTCOME_DENIED);
        assert_true(bench_has(&b, "\"code\":\"denied\",\"text\":\"User u has no SELECT"));
        bench_end(&b);
    }
}

/* Without rights on views, columns of views are no orphans; without columns nothing is written that
 * has some. */
static void test_denied_parent(void **state)
{
    struct bench b;

    (void)state;
    bench_begin(&b, RICH);
    b.s.fault[CQ_T_COLUMNS] = FAULT(0, 0x2100, .text = "no");
    bench_run(&b);
    assert_incomplete(&b);
    assert_int_equal(b.d.counts[CQ_KIND_TABLE], 21); /* the virtual ones */
    assert_int_equal(b.d.counts[CQ_KIND_VIEW], 0);
    assert_int_equal(b.d.counts[CQ_KIND_KEYSPACE], 13);
    assert_int_equal(b.d.counts[CQ_KIND_TYPE], 7);
    bench_end(&b);
}

static void test_absent(void **state)
{
    struct bench b;

    (void)state;
    for (int t = CQ_T_LOCAL; t < CQ_N_TABLES; t++) {
        if (t == CQ_T_PEERS) continue;
        bench_begin(&b, RICH);
        b.s.fault[t] = FAULT(t, 0x2200, .text = "unconfigured table x");
        bench_run(&b);
        assert_int_equal(b.d.scope.tables[t].outcome, CQ_OUTCOME_ABSENT);
        if (cq_table_info((enum cq_table)t)->required) {
            assert_incomplete(&b);
            bench_assert_reason(&b, "absent", cq_table_info((enum cq_table)t)->name);
        } else if (t != CQ_T_VIEWS && t != CQ_T_VKEYSPACES && t != CQ_T_VTABLES &&
                   t != CQ_T_VCOLUMNS) {
            /* (absent views leave their columns without an owner) */
            bench_assert_complete(&b);
        }
        bench_end(&b);
    }
}

static void test_failed(void **state)
{
    struct bench b;

    (void)state;
    for (int t = CQ_T_KEYSPACES; t < CQ_N_TABLES; t++) {
        bench_begin(&b, RICH);
        b.s.fault[t] = FAULT(t, 0x1300, .text = "Operation failed");
        bench_run(&b);
        assert_incomplete(&b);
        bench_assert_reason(&b, "failed", cq_table_info((enum cq_table)t)->name);
        assert_int_equal(b.d.scope.tables[t].outcome, CQ_OUTCOME_FAILED);
        bench_end(&b);
    }
}

/* A later page that fails: what is written is right, what is not known is not written. */
static void test_later_page(void **state)
{
    static const enum cq_table tables[] = {CQ_T_COLUMNS, CQ_T_TABLES, CQ_T_VIEWS, CQ_T_FUNCTIONS,
                                           CQ_T_VCOLUMNS};
    struct bench all, b;

    (void)state;
    bench_begin(&all, RICH);
    bench_run(&all);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (unsigned page = 1; page < 3; page++) {
            bench_begin(&b, RICH);
            b.s.page_rows = tables[i] == CQ_T_COLUMNS ? 100 : 1;
            b.s.fault[tables[i]] = FAULT(0, 0x2200, .from = page, .text = "unconfigured table");
            bench_run(&b);
            assert_incomplete(&b);
            assert_int_equal(b.d.scope.tables[tables[i]].outcome, CQ_OUTCOME_FAILED);
            bench_assert_part(&b, &all);
            bench_end(&b);
        }
    }
    bench_end(&all);
}

static void test_broken_page(void **state)
{
    struct bench all, b;

    (void)state;
    bench_begin(&all, RICH);
    bench_run(&all);
    bench_begin(&b, RICH);
    b.s.truncate_table = CQ_T_COLUMNS + 1;
    bench_run(&b);
    assert_incomplete(&b);
    assert_int_equal(b.d.scope.tables[CQ_T_COLUMNS].outcome, CQ_OUTCOME_FAILED);
    bench_assert_part(&b, &all);
    bench_end(&b);
    bench_end(&all);
}

static void test_overloaded(void **state)
{
    struct bench b;
    uint64_t began;

    (void)state;
    bench_begin(&b, RICH);
    began = b.d.now;
    b.s.fault[CQ_T_TABLES] = FAULT(0, 0x1001, .times = 2, .text = "busy");
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.s.asked[CQ_T_TABLES], 3);
    assert_int_equal(b.d.scope.waits, 7);
    assert_int_equal(b.s.bursts, 7);
    assert_true(b.d.now - began == CQ_MS(400));
    bench_end(&b);

    bench_begin(&b, RICH);
    began = b.d.now;
    b.s.fault[CQ_T_TABLES] =
        FAULT(0, 0x1001, .times = 1, .text = "Request rate is large: x, RetryAfterMs=2500, y");
    bench_run(&b);
    bench_assert_complete(&b);
    assert_true(b.d.now - began == CQ_MS(2500));
    bench_end(&b);

    bench_begin(&b, RICH);
    b.s.fault[CQ_T_TABLES] = FAULT(0, 0x1001, .text = "busy");
    bench_run(&b);
    assert_incomplete(&b);
    bench_assert_reason(&b, "failed", "system_schema.tables");
    assert_int_equal(b.s.asked[CQ_T_TABLES], 4);
    bench_end(&b);
}

/* A node that joins, or that is at a limit of its own, is told apart by its code. */
static void test_bootstrapping(void **state)
{
    struct bench b;

    (void)state;
    bench_begin(&b, RICH);
    b.s.fault[CQ_T_LOCAL] = FAULT(0, 0x1002, .text = "Cannot read from a bootstrapping node");
    for (int t = CQ_T_LOCAL; t < CQ_N_TABLES; t++)
        b.s.fault[t] = b.s.fault[CQ_T_LOCAL];
    bench_run(&b);
    assert_int_equal(b.d.scope.read, CQ_READ_FAILED);
    assert_int_equal(b.d.scope.err, CQ_EBOOTSTRAPPING);
    assert_int_equal(b.s.asked[CQ_T_TABLES], 1); /* another node, or later: not at once */
    bench_end(&b);
}

/* At most n statements unanswered, and the same records. */
static void test_in_flight(void **state)
{
    static const unsigned limits[] = {1, 2, 5, 100};
    struct bench all;

    (void)state;
    bench_begin(&all, RICH);
    bench_run(&all);
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        unsigned most = 0;
        struct bench b;

        bench_begin(&b, RICH);
        b.d.o.max_in_flight = limits[i];
        b.d.o.page_rows = 40;
        b.d.chunk = 700;
        b.s.fault[CQ_T_TABLES] = FAULT(0, 0x1001, .times = 1, .text = "busy");
        assert_true(drive_begin(&b.d));
        for (int idle = 0; !b.d.done && idle < 100;) {
            bool moved = drive_step(&b.d);
            unsigned n = b.d.done ? 0 : b.d.c->n_sent;

            if (n > most) most = n;
            idle = moved ? 0 : idle + 1;
            if (!moved) cq_crawl_tick(b.d.c, b.d.now += CQ_MS(50));
        }
        bench_assert_complete(&b);
        assert_string_equal(b.d.scope.digest, all.d.scope.digest);
        if (limits[i] < 10) assert_int_equal(most, limits[i]);
        if (limits[i] == 1) assert_int_equal(b.d.scope.waits, b.s.requests);
        bench_end(&b);
    }
    bench_end(&all);
}

static void test_silence(void **state)
{
    struct bench b;
    uint64_t began;

    (void)state;
    bench_begin(&b, RICH);
    began = b.d.now;
    b.s.silent_from[CQ_T_TRIGGERS] = 1;
    bench_run(&b);
    assert_incomplete(&b);
    bench_assert_reason(&b, "failed", "system_schema.triggers");
    assert_true(b.d.now - began == CQ_SEC(5));
    bench_end(&b);

    bench_begin(&b, RICH);
    for (int t = 0; t < CQ_N_TABLES; t++)
        b.s.silent_from[t] = 1;
    bench_run(&b);
    assert_int_equal(b.d.scope.read, CQ_READ_FAILED);
    assert_int_equal(b.d.err, CQ_ETIMEOUT);
    assert_true(bench_has(&b, "\"code\":\"timeout\""));
    bench_end(&b);

    /* the versions cannot be read again */
    bench_begin(&b, RICH);
    b.s.silent_from[CQ_T_LOCAL] = 2;
    bench_run(&b);
    assert_incomplete(&b);
    bench_assert_reason(&b, "failed", "system.local");
    assert_int_equal(b.d.scope.proof, CQ_PROOF_NONE);
    bench_end(&b);
}

static void test_whole_time(void **state)
{
    struct bench b;

    (void)state;
    bench_begin(&b, RICH);
    b.d.o.timeout_ns = CQ_SEC(2);
    b.s.silent_from[CQ_T_TRIGGERS] = 1;
    bench_run(&b);
    assert_int_equal(b.d.scope.read, CQ_READ_INCOMPLETE);
    bench_assert_reason(&b, "timeout", NULL);
    assert_int_equal(b.d.err, CQ_ETIMEOUT);
    assert_int_equal(b.d.scope.tables[CQ_T_TRIGGERS].outcome, CQ_OUTCOME_FAILED);
    bench_end(&b);
}

static void test_endless(void **state)
{
    struct bench b;

    (void)state;
    bench_begin(&b, RICH);
    b.s.repeats_state = true;
    b.s.page_rows = 2;
    bench_run(&b);
    assert_int_not_equal(b.d.scope.read, CQ_READ_COMPLETE);
    bench_end(&b);

    bench_begin(&b, RICH);
    b.s.never_ends = true;
    b.d.o.timeout_ns = 0;
    bench_run(&b);
    assert_int_not_equal(b.d.scope.read, CQ_READ_COMPLETE);
    bench_assert_reason(&b, "failed", "system_schema.keyspaces");
    assert_true(b.d.scope.tables[CQ_T_KEYSPACES].pages <= CQ_MAX_EMPTY_PAGES + 2);
    bench_end(&b);
}

/* A server that does not know one of the named columns is asked with SELECT *. */
static void test_other_form(void **state)
{
    struct bench b;

    (void)state;
    bench_begin(&b, TRIO);
    b.s.fault[CQ_T_PEERS_V2] =
        FAULT(0, 0x2200, .times = 1, .text = "Undefined column name peer_port");
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.d.counts[CQ_KIND_NODE], 3);
    assert_int_equal(b.d.scope.waits, 6);
    bench_end(&b);

    bench_begin(&b, OLD);
    b.s.fault[CQ_T_PEERS_V2] = FAULT(
        0, 0x0000,
        .text = "java.lang.IllegalArgumentException: Unknown keyspace/cf pair (system.peers_v2)");
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.s.asked[CQ_T_PEERS], 2);
    bench_end(&b);
}

static bool wants_rich(void *ctx, cq_bytes keyspace, cq_bytes name)
{
    (void)name;
    ++*(unsigned *)ctx;
    return cq_eq(keyspace, CQ_LIT("rich"));
}

static void test_filters(void **state)
{
    struct bench b;
    unsigned calls = 0;

    (void)state;
    bench_begin(&b, RICH);
    b.d.o.write_system = false;
    b.d.o.wants = wants_rich;
    b.d.o.wants_ctx = &calls;
    bench_run(&b);
    bench_assert_complete(&b);
    assert_true(calls > 10);
    assert_int_equal(b.d.counts[CQ_KIND_KEYSPACE], 1);
    assert_false(bench_has(&b, "\"keyspace\":\"system"));
    assert_int_equal(b.d.scope.tables[CQ_T_COLUMNS].rows, 726);
    bench_end(&b);

    bench_begin(&b, RICH);
    b.d.o.discard = true;
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.d.lines.n, 1); /* the NUL */
    assert_string_equal(b.d.step_text[5], "complete: 89 tables, 13 keyspaces");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_denied),        cmocka_unit_test(test_denied_parent),
        cmocka_unit_test(test_absent),        cmocka_unit_test(test_failed),
        cmocka_unit_test(test_later_page),    cmocka_unit_test(test_broken_page),
        cmocka_unit_test(test_overloaded),    cmocka_unit_test(test_silence),
        cmocka_unit_test(test_whole_time),    cmocka_unit_test(test_endless),
        cmocka_unit_test(test_other_form),    cmocka_unit_test(test_filters),
        cmocka_unit_test(test_bootstrapping), cmocka_unit_test(test_in_flight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
