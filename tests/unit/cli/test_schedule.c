/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule of `serve` in virtual time: spread, no drift, back-off, a stall, a million clusters;
 * properties over seeds, and one golden trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/schedule.h"

#define SEC 1000000000u
#define HOUR ((uint64_t)3600 * SEC)

enum { N_SEEDS = 20 };

/* A fleet in virtual time: every read takes read_ns. */
struct fleet {
    struct cq_schedule s;
    struct cq_turn *turns;
    uint64_t *ends; /* of the read under way; 0: none */
    size_t n;
    uint64_t now, read_ns;
};

static void fleet_open(struct fleet *f, size_t n, uint64_t seed, uint64_t ramp, uint64_t interval)
{
    *f = (struct fleet){.n = n, .now = HOUR, .read_ns = SEC / 10};
    f->turns = calloc(n, sizeof(*f->turns));
    f->ends = calloc(n, sizeof(*f->ends));
    assert_non_null(f->turns);
    assert_non_null(f->ends);
    cq_schedule_init(&f->s, seed, ramp);
    for (size_t i = 0; i < n; i++)
        assert_true(cq_schedule_add(&f->s, &f->turns[i], interval, 10, f->now));
}

static void fleet_close(struct fleet *f)
{
    cq_schedule_fini(&f->s);
    free(f->turns);
    free(f->ends);
}

/* What ends by now ends; what is due begins. Returns how many began. */
static size_t step(struct fleet *f, enum cq_turn_end end)
{
    struct cq_turn *t;
    size_t begun = 0;

    for (size_t i = 0; i < f->n; i++) {
        if (!f->ends[i] || f->ends[i] > f->now) continue;
        f->ends[i] = 0;
        cq_schedule_done(&f->s, &f->turns[i], end, f->now);
    }
    while ((t = cq_schedule_next(&f->s, f->now))) {
        size_t i = (size_t)(t - f->turns);

        if (f->ends[i]) fail_msg("cluster %zu is read twice at once", i);
        f->ends[i] = f->now + f->read_ns;
        begun++;
    }
    return begun;
}

/* Seconds from now on, one step each; the most that began within one. */
static size_t busiest(struct fleet *f, size_t seconds, size_t *total)
{
    size_t most = 0;

    *total = 0;
    for (size_t i = 0; i < seconds; i++) {
        size_t n;

        f->now += SEC;
        n = step(f, CQ_TURN_GOOD);
        *total += n;
        if (n > most) most = n;
    }
    return most;
}

static void test_a_start_is_spread(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        struct fleet f;
        size_t most, total;

        fleet_open(&f, 3000, seed, 60 * (uint64_t)SEC, 300 * (uint64_t)SEC);
        most = busiest(&f, 60, &total); /* 50 a second */
        if (total != 3000 || most > 100) fail_msg("seed %lu: %zu, %zu", seed, total, most);
        most = busiest(&f, 900, &total); /* 10 a second, the ramp left no wave behind */
        if (total < 7500 || total > 9300) fail_msg("seed %lu: %zu reads", seed, total);
        if (most > 40) fail_msg("seed %lu: %zu at once", seed, most);
        fleet_close(&f);
    }
}

static void test_no_stampede_after_a_stall(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        struct fleet f;
        size_t most, total;

        fleet_open(&f, 3000, seed, 300 * (uint64_t)SEC, 300 * (uint64_t)SEC);
        (void)busiest(&f, 600, &total);
        f.now += HOUR; /* suspended: 12 reads of each went by */
        most = busiest(&f, 300, &total);
        if (total < 3000 || total > 4600) fail_msg("seed %lu: %zu reads", seed, total);
        if (most > 120) fail_msg("seed %lu: %zu at once, 10 are usual", seed, most);
        fleet_close(&f);
    }
}

static void test_no_drift(void **state)
{
    const uint64_t interval = 60 * (uint64_t)SEC;

    (void)state;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        struct cq_schedule s;
        struct cq_turn t;
        uint64_t now = 5, phase, before = 0;

        cq_schedule_init(&s, seed, SEC);
        assert_true(cq_schedule_add(&s, &t, interval, 10, now));
        phase = t.phase_ns % interval;
        for (int i = 0; i < 2000; i++) {
            uint64_t off;

            now = cq_schedule_deadline(&s);
            assert_null(cq_schedule_next(&s, now - 1));
            assert_ptr_equal(cq_schedule_next(&s, now), &t);
            off = (now % interval + interval - phase) % interval;
            if (i && off >= interval / 10) fail_msg("seed %lu: %lu", seed, off);
            if (i > 1) {
                uint64_t gap = now - before;

                if (gap < interval * 9 / 10 || gap > interval * 11 / 10) fail_msg("gap %lu", gap);
            }
            before = now;
            now += interval / 3 + (uint64_t)i; /* what the read takes does not matter */
            cq_schedule_done(&s, &t, CQ_TURN_GOOD, now);
        }
        cq_schedule_fini(&s);
    }
}

/* A read that takes longer than the interval: places go by, one read at a time, never closer than
 * half an interval. */
static void test_slow_reads(void **state)
{
    const uint64_t interval = 10 * (uint64_t)SEC;

    (void)state;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        struct cq_schedule s;
        struct cq_turn t;
        uint64_t now = SEC, before = 0;

        cq_schedule_init(&s, seed, HOUR);
        assert_true(cq_schedule_add(&s, &t, interval, 10, now));
        for (uint64_t i = 0; i < 1000; i++) {
            now = cq_schedule_deadline(&s);
            assert_ptr_equal(cq_schedule_next(&s, now), &t);
            assert_int_equal(cq_schedule_deadline(&s), UINT64_MAX);
            if (before && now - before < interval / 2) fail_msg("gap %lu", now - before);
            before = now;
            now += (i * 7919 % 35) * SEC;
            cq_schedule_done(&s, &t, CQ_TURN_GOOD, now);
            assert_true(cq_schedule_deadline(&s) > now);
            assert_true(cq_schedule_deadline(&s) <= now + interval + interval / 2 + SEC);
        }
        cq_schedule_fini(&s);
    }
}

static void test_back_off(void **state)
{
    const uint64_t interval = 300 * (uint64_t)SEC;
    uint64_t sum[8] = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct cq_schedule s;
        struct cq_turn t;
        uint64_t now = SEC;

        cq_schedule_init(&s, seed, SEC);
        assert_true(cq_schedule_add(&s, &t, interval, 10, now));
        for (unsigned k = 0; k < 8; k++) {
            uint64_t window = interval << k, wait;

            now = cq_schedule_deadline(&s);
            assert_ptr_equal(cq_schedule_next(&s, now), &t);
            cq_schedule_done(&s, &t, CQ_TURN_FAILED, now);
            wait = cq_schedule_deadline(&s) - now;
            if (window > CQ_SCHEDULE_BACKOFF_MAX_NS) window = CQ_SCHEDULE_BACKOFF_MAX_NS;
            assert_in_range(wait, interval / 2, interval / 2 + window);
            sum[k] += wait / 1000;
        }
        now = cq_schedule_deadline(&s);
        assert_ptr_equal(cq_schedule_next(&s, now), &t);
        cq_schedule_done(&s, &t, CQ_TURN_GOOD, now); /* as if nothing had been */
        assert_int_equal(t.failures, 0);
        assert_in_range(cq_schedule_deadline(&s) - now, interval / 2, interval * 8 / 5);
        cq_schedule_fini(&s);
    }
    for (unsigned k = 0; k < 8; k++) { /* the mean: half an interval and half the window */
        uint64_t window = interval << k, mean;

        if (window > CQ_SCHEDULE_BACKOFF_MAX_NS) window = CQ_SCHEDULE_BACKOFF_MAX_NS;
        mean = (interval + window) / 2;
        assert_in_range(sum[k], mean * 9 / 10, mean * 11 / 10);
    }
}

/* An interval that is longer than the largest window: failures make it no shorter. */
static void test_back_off_of_a_long_interval(void **state)
{
    struct cq_schedule s;
    struct cq_turn t;
    uint64_t now = SEC;

    (void)state;
    cq_schedule_init(&s, 1, SEC);
    assert_true(cq_schedule_add(&s, &t, 24 * HOUR, 10, now));
    for (int i = 0; i < 100; i++) {
        now = cq_schedule_deadline(&s);
        assert_ptr_equal(cq_schedule_next(&s, now), &t);
        cq_schedule_done(&s, &t, CQ_TURN_FAILED, now);
        assert_in_range(cq_schedule_deadline(&s) - now, 12 * HOUR, 36 * HOUR);
    }
    cq_schedule_fini(&s);
}

static void test_cancelled_says_nothing(void **state)
{
    struct cq_schedule s;
    struct cq_turn t;
    uint64_t now = SEC;

    (void)state;
    cq_schedule_init(&s, 1, SEC);
    assert_true(cq_schedule_add(&s, &t, 10 * (uint64_t)SEC, 10, now));
    now = cq_schedule_deadline(&s);
    assert_non_null(cq_schedule_next(&s, now));
    cq_schedule_done(&s, &t, CQ_TURN_FAILED, now);
    now = cq_schedule_deadline(&s);
    assert_non_null(cq_schedule_next(&s, now));
    cq_schedule_done(&s, &t, CQ_TURN_NEITHER, now);
    assert_int_equal(t.failures, 1);
    assert_true(cq_schedule_deadline(&s) - now <= 17 * (uint64_t)SEC);
    cq_schedule_fini(&s);
}

static void test_another_interval(void **state)
{
    struct cq_schedule s;
    struct cq_turn t, taken;

    (void)state;
    cq_schedule_init(&s, 3, HOUR);
    assert_true(cq_schedule_add(&s, &taken, 1, 10, 0));
    assert_ptr_equal(cq_schedule_next(&s, 1), &taken);
    assert_true(cq_schedule_add(&s, &t, 24 * HOUR, 10, 0));
    cq_schedule_change(&s, &t, 24 * HOUR, 10, 100); /* the same: nothing moves */
    assert_true(t.due_ns <= HOUR);
    cq_schedule_change(&s, &t, 60 * (uint64_t)SEC, 10, 2 * HOUR);
    assert_in_range(t.due_ns, 2 * HOUR, 2 * HOUR + 60 * (uint64_t)SEC);
    cq_schedule_change(&s, &taken, 10 * (uint64_t)SEC, 10, 2 * HOUR); /* counts from its end on */
    assert_int_equal(taken.at, 0);
    cq_schedule_done(&s, &taken, CQ_TURN_GOOD, 2 * HOUR);
    assert_in_range(taken.due_ns, 2 * HOUR, 2 * HOUR + 11 * (uint64_t)SEC);
    cq_schedule_remove(&s, &t);
    cq_schedule_remove(&s, &taken);
    assert_int_equal(s.n_turns, 0);
    assert_int_equal(cq_schedule_deadline(&s), UINT64_MAX);
    cq_schedule_fini(&s);
}

/* Random programs against the naive answer: the earliest of all that wait. */
static void test_heap(void **state)
{
    enum { N = 50 };

    (void)state;
    for (unsigned seed = 0; seed < 50; seed++) {
        struct cq_schedule s;
        struct cq_turn t[N];
        int is[N] = {0}; /* 1 waiting, 2 taken */
        uint64_t now = 1;
        unsigned r = seed * 2654435761u + 1;

        cq_schedule_init(&s, seed, HOUR);
        for (int i = 0; i < 4000; i++) {
            uint64_t least = UINT64_MAX;
            struct cq_turn *got;
            unsigned k;

            r = r * 1664525u + 1013904223u;
            k = (r >> 16) % N;
            now += (r >> 8) % SEC;
            if (!is[k]) {
                assert_true(cq_schedule_add(&s, &t[k], (1 + k) * (uint64_t)SEC, 10, now));
                is[k] = 1;
            } else if ((r & 7u) == 0) {
                cq_schedule_remove(&s, &t[k]);
                is[k] = 0;
            } else if (is[k] == 2) {
                cq_schedule_done(&s, &t[k], (enum cq_turn_end)(r % 3), now);
                is[k] = 1;
            }
            got = cq_schedule_next(&s, now);
            if (got) is[got - t] = 2;
            for (int j = 0; j < N; j++)
                if (is[j] == 1 && t[j].due_ns < least) least = t[j].due_ns;
            assert_int_equal(cq_schedule_deadline(&s), least);
        }
        cq_schedule_fini(&s);
    }
}

static void test_a_million(void **state)
{
    struct fleet f;
    struct cq_turn *t;
    size_t n = 0;
    uint64_t before = 0;

    (void)state;
    fleet_open(&f, 1000000, 9, HOUR, HOUR);
    while (n < f.n) {
        f.now = cq_schedule_deadline(&f.s);
        assert_true(f.now >= before);
        before = f.now;
        while ((t = cq_schedule_next(&f.s, f.now))) {
            n++;
            cq_schedule_done(&f.s, t, CQ_TURN_GOOD, f.now);
        }
    }
    fleet_close(&f);
}

/* 6 clusters for ten minutes, the last one dead: this must not change by accident. */
static void test_golden(void **state)
{
    static const char *const expected =
        "1@10.258 0@12.126 4@12.250 2@15.662 5@21.461 3@26.987 4@60.854 3@74.484 5@108.206 "
        "4@119.811 3@133.224 5@149.111 0@177.461 4@182.409 2@187.010 1@194.693 3@194.766 "
        "5@223.498 4@241.308 3@255.580 0@300.117 4@302.729 2@309.351 1@311.209 3@317.670 "
        "4@361.439 3@375.276 0@415.146 ";
    struct cq_schedule s;
    struct cq_turn t[6], *due;
    char trace[4096];
    size_t n = 0;
    uint64_t now = 0;

    (void)state;
    cq_schedule_init(&s, 42, 30 * (uint64_t)SEC);
    for (int i = 0; i < 6; i++)
        assert_true(cq_schedule_add(&s, &t[i], (i < 3 ? 120 : 60) * (uint64_t)SEC, 10, now));
    for (;;) {
        now = cq_schedule_deadline(&s);
        if (now > 420 * (uint64_t)SEC) break;
        due = cq_schedule_next(&s, now);
        assert_non_null(due);
        n += (size_t)snprintf(trace + n, sizeof(trace) - n, "%d@%lu.%03lu ", (int)(due - t),
                              now / SEC, now / 1000000 % 1000);
        cq_schedule_done(&s, due, due == &t[5] ? CQ_TURN_FAILED : CQ_TURN_GOOD, now + SEC);
    }
    assert_string_equal(trace, expected);
    cq_schedule_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_start_is_spread),
        cmocka_unit_test(test_no_stampede_after_a_stall),
        cmocka_unit_test(test_no_drift),
        cmocka_unit_test(test_slow_reads),
        cmocka_unit_test(test_back_off),
        cmocka_unit_test(test_back_off_of_a_long_interval),
        cmocka_unit_test(test_cancelled_says_nothing),
        cmocka_unit_test(test_another_interval),
        cmocka_unit_test(test_heap),
        cmocka_unit_test(test_a_million),
        cmocka_unit_test(test_golden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
