/* SPDX-License-Identifier: Apache-2.0 */
/* read, proof, agreement: torn reads, orphans, duplicates, peers. */
#include <stdio.h>

#include "replay/bench.h"
#include "unit/base/cmocka_all.h"

/* uuids in their 16 bytes */
#define A ((const uint8_t *)"aaaaaaaaaaaaaaaa")
#define B ((const uint8_t *)"bbbbbbbbbbbbbbbb")
#define ZERO ((const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")
#define A_TEXT "61616161-6161-6161-6161-616161616161"

static void set_versions(struct bench *b, const uint8_t *x, const uint8_t *y, const uint8_t *z)
{
    b->s.versions[0] = x;
    b->s.versions[1] = y;
    b->s.versions[2] = z;
}

static void test_version(void **state)
{
    struct bench b;

    (void)state;
    bench_begin(&b, RICH);
    set_versions(&b, A, A, A);
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.d.scope.proof, CQ_PROOF_VERSION);
    assert_string_equal(b.d.scope.version_before, A_TEXT);
    assert_string_equal(b.d.scope.version_after, A_TEXT);
    bench_end(&b);

    bench_begin(&b, RICH);
    set_versions(&b, A, B, B);
    bench_run(&b);
    assert_int_equal(b.d.scope.read, CQ_READ_INCOMPLETE);
    bench_assert_reason(&b, "torn", NULL);
    assert_int_equal(b.d.retry, CQ_RETRY_TORN);
    assert_int_equal(b.d.scope.proof, CQ_PROOF_NONE);
    bench_end(&b);
}

/* The row that said the version is gone: no reading is as good as another version. */
static void test_version_gone(void **state)
{
    struct bench b;

    (void)state;
    for (unsigned from = 2; from <= 3; from++) {
        bench_begin(&b, RICH);
        b.d.o.proof = CQ_PROOF_SETTLED;
        b.s.rowless_from = from;
        bench_run(&b);
        assert_int_equal(b.d.scope.read, CQ_READ_INCOMPLETE);
        bench_assert_reason(&b, "torn", NULL);
        assert_int_equal(b.d.scope.proof, CQ_PROOF_NONE);
        bench_end(&b);
    }
}

static void test_no_proof(void **state)
{
    struct bench b;

    (void)state;
    bench_begin(&b, RICH); /* versions that say nothing */
    set_versions(&b, ZERO, ZERO, ZERO);
    b.d.o.proof = CQ_PROOF_SETTLED;
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.d.scope.proof, CQ_PROOF_NONE);
    assert_false(b.d.scope.agreement_known);
    assert_int_equal(b.d.scope.waits, 5);
    bench_end(&b);

    bench_begin(&b, RICH); /* nobody asked for one */
    b.d.o.proof = CQ_PROOF_NONE;
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.d.scope.proof, CQ_PROOF_NONE);
    assert_int_equal(b.d.scope.waits, 4);
    assert_int_equal(b.s.bursts, 4);
    assert_true(b.d.scope.agreed);
    bench_end(&b);
}

static void test_settled_slowly(void **state)
{
    struct bench b;
    uint64_t began;

    (void)state;
    bench_begin(&b, RICH); /* a slow server is given many times what the read took */
    set_versions(&b, A, A, A);
    b.d.o.proof = CQ_PROOF_SETTLED;
    b.d.o.timeout_ns = 0;
    b.d.o.request_timeout_ns = 0;
    b.d.chunk = 1024;
    b.d.read_ns = CQ_MS(3);
    began = b.d.now;
    bench_run(&b);
    assert_int_equal(b.d.scope.proof, CQ_PROOF_SETTLED);
    assert_true(b.d.now - began >= 10 * (b.d.scope.ns_before + b.d.scope.ns_main));
    assert_true(10 * b.d.scope.ns_main > 2 * CQ_SETTLE);
    bench_end(&b);
}

static void test_settled(void **state)
{
    struct bench b;
    uint64_t began;

    (void)state;
    bench_begin(&b, RICH);
    set_versions(&b, A, A, A);
    b.d.o.proof = CQ_PROOF_SETTLED;
    began = b.d.now;
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.d.scope.proof, CQ_PROOF_SETTLED);
    assert_true(b.d.now - began >= CQ_SETTLE);
    assert_int_equal(b.d.scope.waits, 6);
    assert_int_equal(b.s.bursts, 6);
    bench_end(&b);

    bench_begin(&b, RICH);
    set_versions(&b, A, A, B);
    b.d.o.proof = CQ_PROOF_SETTLED;
    bench_run(&b);
    assert_int_equal(b.d.scope.read, CQ_READ_INCOMPLETE);
    bench_assert_reason(&b, "torn", NULL);
    assert_int_equal(b.d.retry, CQ_RETRY_TORN);
    assert_int_equal(b.d.scope.proof, CQ_PROOF_NONE);
    bench_end(&b);

    bench_begin(&b, RICH); /* torn before it could settle: not waited for */
    set_versions(&b, A, B, B);
    b.d.o.proof = CQ_PROOF_SETTLED;
    began = b.d.now;
    bench_run(&b);
    assert_true(b.d.now == began);
    bench_assert_reason(&b, "torn", NULL);
    bench_end(&b);
}

/* One change of the recorded rows that leaves something pointing to nothing. */
enum wound { TABLE, COLUMN_OF_NONE, INDEX, TRIGGER, DROPPED, VIEW, KEYSPACE, KEY, GAP, N_WOUNDS };

static void wound(struct bench *b, enum wound w)
{
    struct recorded_table *t = b->rec.tables;
    struct recorded_table *columns = &t[CQ_T_COLUMNS];
    static const enum cq_table child[] = {
        [INDEX] = CQ_T_INDEXES, [TRIGGER] = CQ_T_TRIGGERS, [DROPPED] = CQ_T_DROPPED};
    size_t i;

    switch (w) {
    case TABLE:
        recording_drop(&t[CQ_T_TABLES], recording_find(&t[CQ_T_TABLES], 1, "peers", 0));
        break;
    case COLUMN_OF_NONE: /* before the first table of its keyspace */
        i = recording_find(columns, 0, "system_auth", 0);
        recording_insert(&b->rec, columns, i,
                         recording_edit(&b->rec, columns, columns->rows[i], 1, CQ_LIT("aaa")));
        break;
    case INDEX:
    case TRIGGER:
    case DROPPED:
        i = t[child[w]].n_rows - 1; /* behind the last table */
        t[child[w]].rows[i] =
            recording_edit(&b->rec, &t[child[w]], t[child[w]].rows[i], 1, CQ_LIT("zzz"));
        break;
    case VIEW:
        t[CQ_T_VIEWS].rows[0] =
            recording_edit(&b->rec, &t[CQ_T_VIEWS], t[CQ_T_VIEWS].rows[0], 4, CQ_LIT("gone"));
        break;
    case KEYSPACE:
        recording_drop(&t[CQ_T_KEYSPACES],
                       recording_find(&t[CQ_T_KEYSPACES], 0, "system_traces", 0));
        break;
    case KEY:
        i = recording_find(columns, 2, "peer", 0);
        recording_drop(columns, i);
        break;
    case GAP:
        i = recording_find(columns, 3, "asc", 0);
        columns->rows[i] = recording_edit(&b->rec, columns, columns->rows[i], 6,
                                          (cq_bytes){(const uint8_t *)"\0\0\0\7", 4});
        break;
    case N_WOUNDS:
        break;
    }
}

static void test_orphans(void **state)
{
    static const char *const codes[] = {
        "orphan_columns",   "orphan_columns",        "orphan_index",
        "orphan_trigger",   "orphan_dropped_column", "orphan_view",
        "orphan_partition", "no_partition_key",      "position_gap"};
    struct bench b;

    (void)state;
    for (int w = 0; w < N_WOUNDS; w++) {
        char code[64];

        snprintf(code, sizeof(code), "\"code\":\"%s\"", codes[w]);
        bench_begin(&b, RICH);
        wound(&b, (enum wound)w);
        b.s.page_rows = w % 2 ? 3 : 0;
        bench_run(&b);
        assert_int_equal(b.d.scope.read, CQ_READ_INCOMPLETE);
        bench_assert_reason(&b, "orphans", NULL);
        assert_int_equal(b.d.scope.n_reasons, 1);
        assert_int_equal(b.d.retry, CQ_RETRY_TORN);
        assert_int_equal(b.d.counts[CQ_KIND_ANOMALY], 0);
        assert_int_equal(strlen(b.d.orphans.digest), 32);
        /* seen again under the same version: so it is */
        b.s.page_rows = w % 2 ? 0 : 2;
        bench_again(&b);
        bench_assert_complete(&b);
        if (!bench_has(&b, code)) fail_msg("no anomaly %s", codes[w]);
        bench_end(&b);
    }
}

/* A table whose columns are not there is not written, until it is known to be so. */
static void test_keyless(void **state)
{
    static const char table[] = "\"id\":\"c/table/system/IndexInfo\"";
    struct recorded_table *columns;
    struct bench b;

    (void)state;
    bench_begin(&b, RICH);
    columns = &b.rec.tables[CQ_T_COLUMNS];
    for (size_t i = columns->n_rows; i-- > 0;)
        if (cq_eq(recording_cell(columns, columns->rows[i], 1), CQ_LIT("IndexInfo")))
            recording_drop(columns, i);
    bench_run(&b);
    bench_assert_reason(&b, "orphans", NULL);
    assert_false(bench_has(&b, table));
    bench_again(&b);
    bench_assert_complete(&b);
    assert_true(bench_has(&b, table));
    bench_end(&b);
}

static void test_orphans_moved(void **state)
{
    struct bench b;

    (void)state;
    bench_begin(&b, RICH); /* the same orphan, another version */
    set_versions(&b, A, A, A);
    wound(&b, TABLE);
    bench_run(&b);
    set_versions(&b, B, B, B);
    bench_again(&b);
    assert_int_equal(b.d.scope.read, CQ_READ_INCOMPLETE);
    assert_int_equal(b.d.retry, CQ_RETRY_TORN);
    bench_end(&b);

    bench_begin(&b, RICH); /* another orphan, the same version */
    wound(&b, TABLE);
    bench_run(&b);
    wound(&b, VIEW);
    bench_again(&b);
    assert_int_equal(b.d.scope.read, CQ_READ_INCOMPLETE);
    bench_end(&b);
}

static void test_duplicates(void **state)
{
    static const enum cq_table tables[] = {
        CQ_T_KEYSPACES, CQ_T_TABLES,    CQ_T_COLUMNS,    CQ_T_TYPES,    CQ_T_VIEWS,
        CQ_T_INDEXES,   CQ_T_FUNCTIONS, CQ_T_AGGREGATES, CQ_T_TRIGGERS, CQ_T_DROPPED,
        CQ_T_VTABLES,   CQ_T_VCOLUMNS,  CQ_T_VKEYSPACES};
    struct bench all, b;

    (void)state;
    bench_begin(&all, RICH);
    bench_run(&all);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (uint32_t rows = 0; rows < 3; rows++) {
            struct recorded_table *t;

            bench_begin(&b, RICH);
            t = &b.rec.tables[tables[i]];
            recording_insert(&b.rec, t, t->n_rows / 2, t->rows[t->n_rows / 2]);
            b.s.page_rows = rows;
            bench_run(&b);
            bench_assert_complete(&b);
            assert_int_equal(b.d.counts[CQ_KIND_ANOMALY], 1);
            assert_true(bench_has(&b, "\"code\":\"duplicate_row\""));
            assert_string_equal(b.d.scope.digest, all.d.scope.digest);
            bench_end(&b);
        }
    }
    bench_end(&all);
}

/* Overloads of a function have no order among them that two of a kind would be neighbours in. */
static void test_overload_twice(void **state)
{
    struct recorded_table *t;
    struct bench all, b;
    size_t i = 0;

    (void)state;
    bench_begin(&all, RICH);
    bench_run(&all);
    bench_begin(&b, RICH);
    t = &b.rec.tables[CQ_T_FUNCTIONS];
    while (i + 1 < t->n_rows &&
           !cq_eq(recording_cell(t, t->rows[i], 1), recording_cell(t, t->rows[i + 1], 1)))
        i++;
    assert_true(i + 1 < t->n_rows);
    recording_insert(&b.rec, t, i + 2, t->rows[i]);
    bench_run(&b);
    bench_assert_complete(&b);
    assert_true(bench_has(&b, "\"code\":\"duplicate_row\""));
    assert_int_equal(b.d.counts[CQ_KIND_FUNCTION], all.d.counts[CQ_KIND_FUNCTION]);
    assert_string_equal(b.d.scope.digest, all.d.scope.digest);
    bench_end(&b);
    bench_end(&all);
}

/* The trio's peers: peer 0, port 1, dc 2, host_id 3, native address 4 ... schema_version 10 */
static void set_peer(struct bench *b, size_t row, uint32_t column, cq_bytes value)
{
    struct recorded_table *t = &b->rec.tables[CQ_T_PEERS_V2];

    t->rows[row] = recording_edit(&b->rec, t, t->rows[row], column, value);
}

static void test_peers(void **state)
{
    struct bench b;
    cq_bytes id;

    (void)state;
    bench_begin(&b, TRIO);
    bench_run(&b);
    assert_true(b.d.scope.agreed);
    assert_int_equal(b.d.scope.n_nodes, 3);
    bench_end(&b);

    bench_begin(&b, TRIO); /* one lags behind: that is no fault of this read */
    set_peer(&b, 1, 10, (cq_bytes){A, 16});
    bench_run(&b);
    bench_assert_complete(&b);
    assert_true(b.d.scope.agreement_known);
    assert_false(b.d.scope.agreed);
    assert_int_equal(b.d.scope.n_versions, 2);
    bench_end(&b);

    bench_begin(&b, TRIO); /* one says nothing */
    set_peer(&b, 0, 10, CQ_NULL);
    bench_run(&b);
    bench_assert_complete(&b);
    assert_false(b.d.scope.agreed);
    assert_int_equal(b.d.scope.n_versions, 1);
    bench_end(&b);

    bench_begin(&b, TRIO); /* one is not whole */
    set_peer(&b, 0, 3, CQ_NULL);
    bench_run(&b);
    bench_assert_complete(&b);
    assert_true(b.d.scope.agreed);
    assert_int_equal(b.d.scope.n_nodes, 2);
    assert_int_equal(b.d.counts[CQ_KIND_NODE], 2);
    assert_true(bench_has(&b, "\"code\":\"peer_skipped\""));
    bench_end(&b);

    bench_begin(&b, TRIO); /* one is the node that we spoke to */
    id = recording_cell(&b.rec.tables[CQ_T_PEERS_V2], b.rec.tables[CQ_T_PEERS_V2].rows[0], 3);
    set_peer(&b, 1, 3, id);
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.d.counts[CQ_KIND_NODE], 2);
    assert_true(bench_has(&b, "\"code\":\"peer_duplicate\""));
    bench_end(&b);
}

/* Where the peers cannot be read nobody knows whether they agree. */
static void test_peers_unknown(void **state)
{
    struct bench b;

    (void)state;
    bench_begin(&b, TRIO);
    b.s.fault[CQ_T_PEERS_V2] = (struct standin_fault){.code = 0x2101, .text = "no"};
    bench_run(&b);
    assert_int_equal(b.d.scope.read, CQ_READ_INCOMPLETE);
    assert_false(b.d.scope.agreement_known);
    bench_end(&b);

    bench_begin(&b, TRIO); /* only the second time: what the first one said */
    b.s.fault[CQ_T_PEERS_V2] = (struct standin_fault){.code = 0x2101, .from = 1, .text = "no"};
    set_peer(&b, 1, 10, (cq_bytes){A, 16});
    bench_run(&b);
    assert_int_equal(b.d.scope.read, CQ_READ_INCOMPLETE);
    assert_true(b.d.scope.agreement_known);
    assert_false(b.d.scope.agreed);
    assert_int_equal(b.d.scope.n_nodes, 3);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version),    cmocka_unit_test(test_version_gone),
        cmocka_unit_test(test_no_proof),   cmocka_unit_test(test_settled_slowly),
        cmocka_unit_test(test_settled),    cmocka_unit_test(test_orphans),
        cmocka_unit_test(test_keyless),    cmocka_unit_test(test_orphans_moved),
        cmocka_unit_test(test_duplicates), cmocka_unit_test(test_overload_twice),
        cmocka_unit_test(test_peers),      cmocka_unit_test(test_peers_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
