/* SPDX-License-Identifier: Apache-2.0 */
/* Outcomes and sums: endings, codes, what stays from an earlier read, who is under way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/outcome.h"

static struct cqlcrawl_event done(enum cqlcrawl_read read, int err, const char *reason)
{
    struct cqlcrawl_event ev = CQLCRAWL_INIT(cqlcrawl_event);

    ev.kind = CQLCRAWL_EVENT_DONE;
    ev.read = read;
    ev.err = err;
    ev.reason = reason;
    ev.text = "why";
    ev.attempts = 1;
    ev.ns_total = 7000000;
    return ev;
}

/* The number of a code. */
static int err_of(const char *code)
{
    for (int err = -1; err > -1200; err--) {
        if (strcmp(cqlcrawl_errcode(err), code) == 0) return err;
    }
    fail_msg("no code %s", code);
    return 0;
}

static void test_endings(void **state)
{
    struct cq_outcome o = {.title = "a"};
    struct cq_totals t = {0};
    struct cqlcrawl_event ev = done(CQLCRAWL_READ_COMPLETE, 0, NULL);

    (void)state;
    assert_string_equal(cq_outcome_code(&o), "not_begun");
    assert_int_equal(cq_outcome_ending(&o), CQ_FAILED);
    ev.tables = 5;
    ev.nodes = 3;
    cq_outcome_done(&o, &t, &ev, 1000, false);
    assert_null(cq_outcome_code(&o));
    assert_null(o.text);
    assert_int_equal(o.read_at_ms, 1000);
    ev = done(CQLCRAWL_READ_INCOMPLETE, 0, "denied");
    cq_outcome_done(&o, &t, &ev, 2000, false);
    assert_string_equal(cq_outcome_code(&o), "denied");
    assert_string_equal(o.text, "why");
    assert_int_equal(o.read_at_ms, 1000);
    ev = done(CQLCRAWL_READ_FAILED, err_of("connection_refused"), NULL);
    cq_outcome_done(&o, &t, &ev, 3000, false);
    cq_outcome_done(&o, &t, &ev, 4000, false);
    assert_string_equal(cq_outcome_code(&o), "connection_refused");
    assert_int_equal(t.done, 4);
    assert_int_equal(t.endings[CQ_COMPLETE], 1);
    assert_int_equal(t.endings[CQ_INCOMPLETE], 1);
    assert_int_equal(t.endings[CQ_FAILED], 2);
    assert_int_equal(t.n_faults, 2);
    assert_string_equal(t.faults[1].class_, "network");
    assert_int_equal(t.faults[1].n, 2);
    assert_int_equal(t.buckets[1], 4); /* 7 ms: up to 10 */
    cq_outcome_fini(&o);
}

/* A heartbeat says nothing of tables: those that are known stay, and are not counted again. */
static void test_unchanged(void **state)
{
    struct cq_outcome o = {.title = "a"};
    struct cq_totals t = {0};
    struct cqlcrawl_event ev = done(CQLCRAWL_READ_COMPLETE, 0, NULL);

    (void)state;
    ev.tables = 5;
    ev.nodes = 3;
    ev.not_after_ms = 77;
    cq_outcome_done(&o, &t, &ev, 1000, false);
    ev = done(CQLCRAWL_READ_COMPLETE, 0, NULL);
    ev.unchanged = 1;
    ev.nodes = 4;
    cq_outcome_done(&o, &t, &ev, 2000, false);
    assert_int_equal(o.objects[CQ_TABLES], 5);
    assert_int_equal(o.objects[CQ_NODES], 4);
    assert_int_equal(t.objects[CQ_TABLES], 5);
    assert_int_equal(o.not_after_ms, 77);
    assert_int_equal(o.read_at_ms, 2000);
    assert_int_equal(t.unchanged, 1);
    cq_outcome_fini(&o);
}

/* What was read and did not get where it should is no complete read to anybody. */
static void test_undelivered(void **state)
{
    static const enum cqlcrawl_delivery ways[] = {
        CQLCRAWL_DELIVERY_NONE, CQLCRAWL_DELIVERY_ACCEPTED, CQLCRAWL_DELIVERY_REJECTED,
        CQLCRAWL_DELIVERY_UNKNOWN};
    struct cq_totals t = {0};

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct cqlcrawl_event ev = done(CQLCRAWL_READ_COMPLETE, 0, NULL);
        struct cq_outcome o = {.title = "a"};

        ev.delivery = ways[i % 4];
        cq_outcome_done(&o, &t, &ev, 1000, i >= 4);
        assert_int_equal(o.undelivered, i >= 2);
        assert_int_equal(o.read_at_ms, i >= 2 ? 0 : 1000);
        cq_outcome_fini(&o);
    }
    assert_int_equal(t.undelivered, 6);
}

static void test_many_codes(void **state)
{
    struct cq_totals t = {0};
    struct cq_outcome o = {.title = "a"};
    uint64_t n = 0;

    (void)state;
    for (int i = 0; i < CQ_MAX_FAULT_CODES + 30; i++) {
        char reason[24];
        struct cqlcrawl_event ev;

        (void)snprintf(reason, sizeof(reason), "reason_%d", i);
        ev = done(CQLCRAWL_READ_INCOMPLETE, 0, reason);
        cq_outcome_done(&o, &t, &ev, 1, false);
    }
    assert_int_equal(t.n_faults, CQ_MAX_FAULT_CODES);
    assert_string_equal(t.faults[CQ_MAX_FAULT_CODES - 1].code, "other");
    for (unsigned i = 0; i < t.n_faults; i++)
        n += t.faults[i].n;
    assert_int_equal(n, CQ_MAX_FAULT_CODES + 30);
    cq_outcome_fini(&o);
}

static void test_under_way(void **state)
{
    struct cq_outcome o[4] = {{0}};
    struct cq_under_way w = {0};

    (void)state;
    for (int i = 0; i < 4; i++)
        cq_outcome_started(&o[i], &w, (uint64_t)i * 10);
    assert_ptr_equal(w.oldest, &o[0]);
    cq_outcome_started(&o[0], &w, 50); /* another attempt */
    assert_ptr_equal(w.oldest, &o[1]);
    assert_ptr_equal(w.newest, &o[0]);
    assert_int_equal(w.n, 4);
    cq_outcome_paused(&o[2], &w);
    cq_outcome_paused(&o[2], &w);
    assert_int_equal(w.n, 3);
    assert_ptr_equal(o[1].newer, &o[3]);
    assert_ptr_equal(o[3].older, &o[1]);
    cq_outcome_paused(&o[0], &w);
    cq_outcome_paused(&o[1], &w);
    cq_outcome_paused(&o[3], &w);
    assert_null(w.oldest);
    assert_null(w.newest);
    assert_int_equal(w.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endings),     cmocka_unit_test(test_unchanged),
        cmocka_unit_test(test_undelivered), cmocka_unit_test(test_many_codes),
        cmocka_unit_test(test_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
