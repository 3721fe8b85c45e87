/* SPDX-License-Identifier: Apache-2.0 */
/* The crawl's small parts by themselves: statements, refusals, names, budget, findings, products.
 */
#include <stdio.h>
#include <stdlib.h>

#include "crawler/budget.h"
#include "crawler/far.h"
#include "crawler/findings.h"
#include "crawler/names.h"
#include "crawler/queries.h"
#include "crawler/reading.h"
#include "unit/base/cmocka_all.h"

static void assert_text(enum cq_table t, enum cq_form form, const char *want)
{
    cq_bytes got = cq_query_text(t, form);

    if (!cq_eq(got, cq_str(want))) fail_msg("%.*s", CQ_FMT(got));
}

static void test_statements(void **state)
{
    (void)state;
    assert_text(CQ_T_LOCAL, CQ_FORM_ALL, "SELECT * FROM system.local WHERE key='local'");
    assert_text(CQ_T_LOCAL, CQ_FORM_VERSION,
                "SELECT schema_version FROM system.local WHERE key='local'");
    assert_text(CQ_T_PEERS_V2, CQ_FORM_ALL, "SELECT * FROM system.peers_v2");
    assert_text(CQ_T_PEERS, CQ_FORM_NAMED,
                "SELECT peer,data_center,host_id,preferred_ip,rack,release_version,rpc_address,"
                "schema_version FROM system.peers");
    assert_text(CQ_T_COLUMNS, CQ_FORM_ALL, "SELECT * FROM system_schema.columns");
    assert_text(CQ_T_VTABLES, CQ_FORM_NAMED, "SELECT * FROM system_virtual_schema.tables");
    /* every column of a named list is one that the model knows, in its order */
    for (int t = CQ_T_PEERS_V2; t <= CQ_T_PEERS; t++) {
        const struct cq_table_info *info = cq_table_info((enum cq_table)t);
        char want[512] = "SELECT ";

        for (int i = 0; i < info->n_columns; i++)
            snprintf(want + strlen(want), sizeof(want) - strlen(want), "%s%s", i ? "," : "",
                     info->columns[i]);
        snprintf(want + strlen(want), sizeof(want) - strlen(want), " FROM %s", info->name);
        assert_text((enum cq_table)t, CQ_FORM_NAMED, want);
    }
}

static void test_page_rows(void **state)
{
    (void)state;
    assert_int_equal(cq_query_page_rows(CQ_T_TABLES, 0, CQ_PAGE_BYTES), 524);
    assert_int_equal(cq_query_page_rows(CQ_T_COLUMNS, 0, CQ_PAGE_BYTES), 2912);
    assert_int_equal(cq_query_page_rows(CQ_T_PEERS, 0, CQ_PAGE_BYTES), CQ_MAX_PEERS);
    assert_int_equal(cq_query_page_rows(CQ_T_TABLES, 1 << 20, CQ_PAGE_BYTES), 1);
    assert_int_equal(cq_query_page_rows(CQ_T_TABLES, 1024, CQ_PAGE_BYTES), 256);
    assert_int_equal(cq_query_page_rows(CQ_T_TYPES, 1, CQ_PAGE_BYTES), 10000);
    assert_int_equal(cq_query_page_rows(CQ_T_TABLES, 0, CQ_MAX_PAGE_BYTES), 2097);
}

/* A write that leaves after the last one's answers and is waited for so long: what a page holds. */
static size_t waited(struct cq_far *f, uint64_t ns, bool may_grow)
{
    cq_far_asked(f, CQ_SEC(100));
    cq_far_answered(f, CQ_SEC(100) + ns, may_grow);
    return f->page_bytes;
}

static void test_far(void **state)
{
    struct cq_far f;

    (void)state;
    cq_far_init(&f);
    assert_int_equal(f.page_bytes, CQ_PAGE_BYTES);
    assert_int_equal(waited(&f, CQ_MS(80), false), CQ_PAGE_BYTES); /* before: nothing is known */
    assert_int_equal(waited(&f, CQ_MS(90), true), 2 * CQ_PAGE_BYTES);
    assert_int_equal(waited(&f, CQ_MS(110), true), 4 * CQ_PAGE_BYTES);
    assert_int_equal(waited(&f, CQ_MS(110), true), CQ_MAX_PAGE_BYTES);
    assert_int_equal(waited(&f, CQ_MS(160), true), CQ_MAX_PAGE_BYTES / 2); /* the bytes take it */
    assert_int_equal(waited(&f, CQ_MS(90), false), CQ_PAGE_BYTES);         /* memory is short */
    assert_int_equal(waited(&f, CQ_SEC(8), true), CQ_PAGE_BYTES);
    cq_far_init(&f); /* near: waits are short, whatever they are made of */
    assert_int_equal(waited(&f, CQ_MS(1), false), CQ_PAGE_BYTES);
    assert_int_equal(waited(&f, CQ_MS(1), true), CQ_PAGE_BYTES);
    assert_int_equal(waited(&f, CQ_MS(80), true), CQ_PAGE_BYTES);
}

static enum cq_refusal refusal(int code, const char *text, enum cq_form form, bool later)
{
    return cq_query_refusal(code, cq_str(text), form, later);
}

static void test_refusals(void **state)
{
    (void)state;
    assert_int_equal(refusal(0x2200, "unconfigured table peers_v2", CQ_FORM_NAMED, false),
                     CQ_REFUSAL_ABSENT);
    assert_int_equal(
        refusal(0x2200, "Keyspace system_virtual_schema does not exist", CQ_FORM_ALL, false),
        CQ_REFUSAL_ABSENT);
    assert_int_equal(refusal(0x2000, "no viable alternative", CQ_FORM_ALL, false),
                     CQ_REFUSAL_ABSENT);
    assert_int_equal(refusal(0x2200, "unconfigured table columns", CQ_FORM_ALL, true),
                     CQ_REFUSAL_FAILED);
    assert_int_equal(refusal(0x2200, "Undefined column name peer_port in table system.peers_v2",
                             CQ_FORM_NAMED, false),
                     CQ_REFUSAL_FORM);
    assert_int_equal(refusal(0x2200, "Unrecognized name preferred_ip", CQ_FORM_NAMED, false),
                     CQ_REFUSAL_FORM);
    assert_int_equal(refusal(0x2200, "Undefined column name x", CQ_FORM_ALL, false),
                     CQ_REFUSAL_ABSENT);
    assert_int_equal(refusal(0x2100, "User x has no SELECT permission", CQ_FORM_ALL, true),
                     CQ_REFUSAL_DENIED);
    assert_int_equal(refusal(0x1001, "", CQ_FORM_ALL, true), CQ_REFUSAL_OVERLOADED);
    for (int code = 0x1000; code <= 0x1700; code += 0x100)
        assert_int_equal(refusal(code, "", CQ_FORM_ALL, false), CQ_REFUSAL_FAILED);
    assert_int_equal(refusal(0x0000, "boom", CQ_FORM_ALL, false), CQ_REFUSAL_FAILED);
    assert_int_equal(
        refusal(0x0000, "Unknown keyspace/cf pair (system.peers_v2)", CQ_FORM_NAMED, false),
        CQ_REFUSAL_ABSENT);
}

static void test_retry_after(void **state)
{
    (void)state;
    assert_true(cq_query_retry_ns(CQ_NULL, 0) == CQ_MS(100));
    assert_true(cq_query_retry_ns(CQ_NULL, 1) == CQ_MS(300));
    assert_true(cq_query_retry_ns(CQ_NULL, 2) == CQ_SEC(1));
    assert_true(cq_query_retry_ns(CQ_LIT("x, RetryAfterMs=10, y"), 0) == CQ_MS(100));
    assert_true(cq_query_retry_ns(CQ_LIT("x, RetryAfterMs=777"), 0) == CQ_MS(777));
    assert_true(cq_query_retry_ns(CQ_LIT("RetryAfterMs=99999999999999999999"), 0) ==
                CQ_OVERLOADED_DELAY_MAX);
    assert_true(cq_query_retry_ns(CQ_LIT("RetryAfterMs="), 0) == CQ_MS(100));
}

static void test_names(void **state)
{
    enum { N = 5000 };
    struct cq_names m;
    char name[32];
    uint32_t v;

    (void)state;
    cq_names_init(&m, &cq_mem_libc);
    assert_false(cq_names_get(&m, CQ_LIT("a"), &v));
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < N; i++) {
            snprintf(name, sizeof(name), "name%u", (unsigned)i);
            assert_int_equal(cq_names_put(&m, cq_str(name), i), 1);
            assert_int_equal(cq_names_put(&m, cq_str(name), i + 1), 0);
        }
        for (uint32_t i = 0; i < N; i++) {
            snprintf(name, sizeof(name), "name%u", (unsigned)i);
            assert_true(cq_names_get(&m, cq_str(name), &v));
            assert_int_equal(v, i);
        }
        assert_false(cq_names_get(&m, CQ_LIT("name"), &v));
        assert_int_equal(cq_names_put(&m, (cq_bytes){(const uint8_t *)"", 0}, 7), 1);
        cq_names_clear(&m);
        assert_false(cq_names_get(&m, CQ_LIT("name1"), &v));
    }
    cq_names_fini(&m);
}

static void test_budget(void **state)
{
    struct cq_account a = {.limit = 1000};
    struct cq_budget x = {.account = &a}, y = {.account = &a}, none = {0};

    (void)state;
    assert_true(cq_budget_reserve(&x, 600));
    assert_false(cq_budget_reserve(&y, 600));
    assert_true(y.starved);
    assert_true(cq_budget_reserve(&y, 400));
    assert_false(y.starved);
    assert_true(cq_budget_take(&x, 600)); /* from the reservation */
    assert_int_equal(a.used, 1000);
    assert_true(cq_budget_take(&x, 100)); /* over the limit: one may */
    assert_false(cq_budget_take(&y, 500));
    assert_true(y.starved && !y.too_small);
    cq_budget_give(&x, 700);
    cq_budget_release(&x);
    assert_int_equal(a.used, 400);
    assert_null(a.overdraft);
    assert_true(cq_budget_take(&y, 500));
    assert_int_equal(a.used, 500);
    assert_false(cq_budget_take(&y, 501)); /* more than all there is */
    assert_true(y.too_small && !y.starved);
    cq_budget_give(&y, 500);
    cq_budget_release(&y);
    assert_int_equal(a.used, 0);
    assert_int_equal(a.peak, 1100);
    assert_true(cq_budget_take(&none, 1u << 30));
    cq_budget_give(&none, 1u << 30);
    cq_budget_release(&none);
    assert_true(cq_budget_reserve(&x, 5000)); /* all there are */
    assert_int_equal(a.used, 1000);
    cq_budget_release(&x);
}

static void test_findings(void **state)
{
    struct cq_arena arena;
    struct cq_findings f, g;
    struct cq_anomaly a;
    char one[33], two[33], name[32];

    (void)state;
    cq_arena_init(&arena, &cq_mem_libc);
    cq_findings_init(&f, &arena);
    cq_findings_init(&g, &arena);
    cq_findings_digest(&f, one);
    assert_string_equal(one, "");
    for (int i = 0; i < 3; i++)
        cq_findings_add(&f, CQ_FOUND_ORPHAN_COLUMNS, CQ_T_COLUMNS, "table", CQ_LIT("k"),
                        CQ_LIT("t"));
    cq_findings_add(&f, CQ_FOUND_DUPLICATE_ROW, CQ_T_TABLES, "table", CQ_LIT("k"), CQ_LIT("u"));
    assert_int_equal(f.n, 2);
    assert_int_equal(f.orphans, 3);
    cq_finding_anomaly(f.first, &a);
    assert_string_equal(a.code, "orphan_columns");
    assert_non_null(strstr(a.text, "system_schema.columns"));
    assert_non_null(strstr(a.text, "3 rows"));
    /* the digest is of the orphans alone, and of each of their rows */
    cq_findings_digest(&f, one);
    for (int i = 0; i < 3; i++) {
        cq_findings_digest(&g, two);
        assert_string_not_equal(one, two);
        cq_findings_add(&g, CQ_FOUND_ORPHAN_COLUMNS, CQ_T_COLUMNS, "table", CQ_LIT("k"),
                        CQ_LIT("t"));
    }
    cq_findings_digest(&g, two);
    assert_string_equal(one, two);
    /* names do not run into each other */
    cq_findings_add(&f, CQ_FOUND_ORPHAN_INDEX, CQ_T_INDEXES, "table", CQ_LIT("ab"), CQ_LIT("c"));
    cq_findings_add(&g, CQ_FOUND_ORPHAN_INDEX, CQ_T_INDEXES, "table", CQ_LIT("a"), CQ_LIT("bc"));
    cq_findings_digest(&f, one);
    cq_findings_digest(&g, two);
    assert_string_not_equal(one, two);
    for (unsigned i = 0; i < CQ_MAX_ANOMALIES + 10; i++) {
        snprintf(name, sizeof(name), "t%u", i);
        cq_findings_add(&f, CQ_FOUND_ORPHAN_MASK, CQ_T_MASKS, "table", CQ_LIT("k"), cq_str(name));
    }
    assert_int_equal(f.n, CQ_MAX_ANOMALIES);
    assert_int_equal(f.n_all, CQ_MAX_ANOMALIES + 10 + 5);
    cq_arena_fini(&arena);
}

/* One object has one finding of a kind, whichever tables say so: it has one id. */
static void test_one_finding(void **state)
{
    struct cq_arena arena;
    struct cq_findings f;
    struct cq_anomaly a;

    (void)state;
    cq_arena_init(&arena, &cq_mem_libc);
    cq_findings_init(&f, &arena);
    cq_findings_add(&f, CQ_FOUND_DUPLICATE_ROW, CQ_T_TABLES, "table", CQ_LIT("k"), CQ_LIT("u"));
    cq_findings_add(&f, CQ_FOUND_DUPLICATE_ROW, CQ_T_TABLES, "view", CQ_LIT("k"), CQ_LIT("u"));
    cq_findings_add(&f, CQ_FOUND_DUPLICATE_ROW, CQ_T_INDEXES, "table", CQ_LIT("k"), CQ_LIT("u"));
    assert_int_equal(f.n, 2);
    cq_finding_anomaly(f.first, &a);
    assert_non_null(strstr(a.text, "system_schema.tables and others"));
    assert_non_null(strstr(a.text, "2 rows"));
    cq_arena_fini(&arena);
}

static void test_versions(void **state)
{
    (void)state;
    assert_false(cq_version_says(""));
    assert_false(cq_version_says("00000000-0000-0000-0000-000000000000"));
    assert_true(cq_version_says("00000000-0000-0000-0000-000000000001"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements),  cmocka_unit_test(test_page_rows),
        cmocka_unit_test(test_far),         cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_retry_after), cmocka_unit_test(test_names),
        cmocka_unit_test(test_budget),      cmocka_unit_test(test_findings),
        cmocka_unit_test(test_one_finding), cmocka_unit_test(test_versions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
