/* SPDX-License-Identifier: Apache-2.0 */
/* What a bench computes: quantiles against sorted values, the two loops in virtual time, what is
 * said of two results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/histogram.h"
#include "cli/pace.h"
#include "cli/spread.h"

#define MS ((uint64_t)1000000)

/* ---- histogram ---- */

static struct cq_histogram h;
static uint64_t values[20000];

static int by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Any number of binary digits is as likely as another. */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (*state >> 3) % ((uint64_t)1 << (1 + *state % CQ_HISTOGRAM_BITS));
}

static void check(size_t n)
{
    static const double percents[] = {0.01, 1, 25, 50, 90, 99, 99.9, 99.99, 100};

    qsort(values, n, sizeof(*values), by_size);
    for (size_t i = 0; i < sizeof(percents) / sizeof(*percents); i++) {
        double wanted = percents[i] / 100 * (double)n;
        size_t rank = (size_t)wanted + ((double)(size_t)wanted < wanted);
        uint64_t exact = values[rank ? rank - 1 : 0], got = cq_histogram_at(&h, percents[i]);

        assert_true(got >= exact);
        assert_true(got - exact <= exact >> CQ_HISTOGRAM_DIGITS);
    }
}

static void test_quantiles(void **state)
{
    uint64_t dice = 88172645463325252u;

    (void)state;
    for (size_t n = 1; n <= sizeof(values) / sizeof(*values); n = n * 3 + 1) {
        cq_histogram_clear(&h);
        for (size_t i = 0; i < n; i++) {
            values[i] = draw(&dice);
            cq_histogram_record(&h, values[i]);
        }
        assert_int_equal(h.n, n);
        check(n);
    }
}

static void test_ends(void **state)
{
    (void)state;
    cq_histogram_clear(&h);
    assert_int_equal(cq_histogram_at(&h, 50), 0);
    for (uint64_t v = 0; v < 5000; v++) { /* the borders of the first rows */
        cq_histogram_clear(&h);
        cq_histogram_record(&h, v);
        cq_histogram_record(&h, UINT64_MAX);
        assert_in_range(cq_histogram_at(&h, 50), v, v + (v >> CQ_HISTOGRAM_DIGITS));
    }
    assert_true(cq_histogram_at(&h, 100) == ((uint64_t)1 << CQ_HISTOGRAM_BITS) - 1);
    assert_true(h.max == UINT64_MAX);
}

/* ---- the loops ---- */

static void test_closed(void **state)
{
    struct cq_pace p = {.window = 2, .duration_ns = 10 * MS, .start_ns = 5 * MS};
    uint64_t meant;

    (void)state;
    assert_true(cq_pace_next(&p, 5 * MS, 0, &meant) && meant == 5 * MS);
    assert_true(cq_pace_next(&p, 5 * MS, 1, &meant));
    assert_false(cq_pace_next(&p, 5 * MS, 2, &meant));
    assert_true(cq_pace_due(&p, 5 * MS, 2) == UINT64_MAX);
    assert_true(cq_pace_next(&p, 14 * MS, 1, &meant) && meant == 14 * MS);
    assert_false(cq_pace_next(&p, 15 * MS, 1, &meant));
    assert_true(cq_pace_is_over(&p, 15 * MS));
    p = (struct cq_pace){.window = 9, .count = 2};
    assert_true(cq_pace_next(&p, 1, 0, &meant) && cq_pace_next(&p, 1, 1, &meant));
    assert_false(cq_pace_next(&p, 1, 0, &meant));
    assert_true(cq_pace_is_over(&p, 1));
}

/* 1,000 a second; the only place is taken for 10 ms: those that could not begin count from when
 * they were meant to. */
static void test_open(void **state)
{
    struct cq_pace p = {.window = 1, .rate = 1000, .duration_ns = 20 * MS};
    uint64_t meant;

    (void)state;
    assert_true(cq_pace_next(&p, 0, 0, &meant) && meant == 0);
    assert_true(cq_pace_due(&p, 0, 1) == UINT64_MAX);
    for (uint64_t i = 1; i <= 10; i++) {
        assert_true(cq_pace_next(&p, 10 * MS, 0, &meant));
        assert_true(meant == i * MS);
    }
    assert_false(cq_pace_next(&p, 10 * MS, 0, &meant));
    assert_true(cq_pace_due(&p, 10 * MS, 0) == 11 * MS);
    for (uint64_t i = 11; i < 20; i++)
        assert_true(cq_pace_next(&p, 90 * MS, 0, &meant) && meant == i * MS);
    assert_false(cq_pace_next(&p, 90 * MS, 0, &meant));
    assert_true(cq_pace_is_over(&p, 90 * MS));
}

/* ---- two results ---- */

static struct cq_spread spread(double a, double b, double c)
{
    double v[] = {a, b, c};

    return cq_spread_of(v, 3);
}

static void test_compare(void **state)
{
    struct cq_spread a = spread(3, 1, 2), b = spread(3.1, 9, 4), c = spread(2.9, 9, 4);
    double even[] = {4, 1, 3, 2};
    struct cq_spread e = cq_spread_of(even, 4), one = cq_spread_of(even, 1);

    (void)state;
    assert_true(a.median == 2 && a.min == 1 && a.max == 3 && a.n == 3);
    assert_true(e.median == 2.5);
    assert_int_equal(cq_spread_compare(&a, &b), CQ_CHANGE_MORE);
    assert_int_equal(cq_spread_compare(&b, &a), CQ_CHANGE_LESS);
    assert_int_equal(cq_spread_compare(&a, &c), CQ_CHANGE_NOISE);
    assert_int_equal(cq_spread_compare(&a, &a), CQ_CHANGE_NOISE);
    assert_int_equal(cq_spread_compare(&one, &b), CQ_CHANGE_FEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_closed),    cmocka_unit_test(test_open),
        cmocka_unit_test(test_compare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
