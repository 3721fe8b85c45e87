/* SPDX-License-Identifier: Apache-2.0 */
/* Conservation: whatever a receiver does, every record is accepted or a dead letter with its
 * reason, once, in order, and never before its time (unit/sink/world.c). A seed that fails is one
 * line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "unit/sink/world.h"

enum { SEEDS = 20 };

static const struct cq_sink_config config = {
    .lanes = 4,
    .batch_records = 50,
    .batch_bytes = CQ_KIB(8),
    .batch_age_ns = CQ_MS(100),
    .timeout_ns = CQ_SEC(60),
};

static void run(const struct world_faults *faults, enum cq_encoding encoding, uint64_t all,
                struct world_result *sum)
{
    struct cq_sink_config o = config;

    *sum = (struct world_result){.lowest_limit = UINT64_MAX};
    o.encoding = encoding;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world_result r;

        world_run(seed, &o, faults, &r);
        assert_int_equal(r.accepted + r.dead, all);
        sum->requests += r.requests;
        sum->retries += r.retries;
        sum->dead += r.dead;
        sum->lost += r.lost;
        if (r.in_outage > sum->in_outage) sum->in_outage = r.in_outage;
        sum->duplicates += r.duplicates;
        if (r.lowest_limit < sum->lowest_limit) sum->lowest_limit = r.lowest_limit;
        if (r.ended_ns > sum->ended_ns) sum->ended_ns = r.ended_ns;
    }
}

static const uint64_t all = WORLD_CLUSTERS * WORLD_RECORDS;

static void healthy(void **state)
{
    struct world_faults none = {0};
    struct world_result r;

    (void)state;
    run(&none, CQ_ENCODING_IDENTITY, all, &r);
    assert_int_equal(r.retries, 0);
    assert_int_equal(r.dead, 0);
    assert_true(r.requests < SEEDS * all / 20); /* batches, not records */
}

static void busy_and_resets(void **state)
{
    struct world_faults k = {.busy = 200, .reset = 100, .lost_answer = 100, .conflict = 200};
    struct world_result r;

    (void)state;
    run(&k, CQ_ENCODING_IDENTITY, all, &r);
    assert_true(r.retries > SEEDS * 10);
    assert_true(r.duplicates > SEEDS);
    assert_int_equal(r.dead, 0);
}

/* Single failures cost their lane a moment, not the destination. */
static void flaky(void **state)
{
    struct world_faults none = {0}, k = {.flaky = 140};
    struct world_result healthy_one, r;

    (void)state;
    run(&none, CQ_ENCODING_IDENTITY, all, &healthy_one);
    run(&k, CQ_ENCODING_IDENTITY, all, &r);
    assert_true(r.retries > SEEDS * 5);
    assert_true(r.ended_ns < healthy_one.ended_ns + CQ_SEC(3));
}

/* Who is down is asked less and less, by one request. */
static void outage(void **state)
{
    struct world_faults k = {.outage_ns = CQ_SEC(300)};
    struct world_result r;

    (void)state;
    run(&k, CQ_ENCODING_IDENTITY, all, &r);
    assert_int_equal(r.dead, 0);
    assert_true(r.in_outage < 50); /* the mean of the longest wait is 15 s */
    assert_true(r.ended_ns < k.outage_ns + CQ_SINK_RETRY_CAP + CQ_SEC(5));
}

static void poison(void **state)
{
    struct world_faults k = {.poison = 20, .busy = 50, .letters_fail = true};
    struct world_result r;

    (void)state;
    run(&k, CQ_ENCODING_IDENTITY, all, &r);
    assert_true(r.dead > SEEDS * 20);
}

static void small_limit(void **state)
{
    struct world_faults k = {.limit = 2000, .huge = 5, .lost_answer = 50};
    struct world_result r;

    (void)state;
    run(&k, CQ_ENCODING_IDENTITY, all, &r);
    assert_true(r.lowest_limit <= 2000);
    assert_true(r.dead > SEEDS);
}

static void parked(void **state)
{
    struct world_faults k = {.parked = 100};
    struct world_result r;

    (void)state;
    run(&k, CQ_ENCODING_IDENTITY, all, &r);
    assert_int_equal(r.dead, 0);
    assert_true(r.ended_ns > CQ_SEC(10));
}

static void no_encoding(void **state)
{
    struct world_faults k = {.no_encoding = true, .busy = 50, .lost_answer = 50};
    struct world_result r;

    (void)state;
    run(&k, CQ_ENCODING_ZSTD, all, &r);
    assert_int_equal(r.dead, 0);
}

static void everything(void **state)
{
    struct world_faults k = {.busy = 100,
                             .reset = 50,
                             .lost_answer = 50,
                             .conflict = 100,
                             .parked = 10,
                             .poison = 5,
                             .huge = 2,
                             .limit = 4000};
    struct world_result r;

    (void)state;
    run(&k, CQ_ENCODING_GZIP, all, &r);
    run(&k, CQ_ENCODING_IDENTITY, all, &r);
    assert_true(r.dead > SEEDS);
}

static void no_memory(void **state)
{
    struct world_faults k = {
        .no_memory = 700, .busy = 100, .poison = 5, .huge = 30, .limit = 20000};
    struct world_result r;

    (void)state;
    run(&k, CQ_ENCODING_ZSTD, all, &r);
    run(&k, CQ_ENCODING_IDENTITY, all, &r);
    assert_true(r.lost > 0 && r.lost < r.dead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy),    cmocka_unit_test(busy_and_resets),
        cmocka_unit_test(flaky),      cmocka_unit_test(outage),
        cmocka_unit_test(poison),     cmocka_unit_test(small_limit),
        cmocka_unit_test(parked),     cmocka_unit_test(no_encoding),
        cmocka_unit_test(everything), cmocka_unit_test(no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
