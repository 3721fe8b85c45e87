/* SPDX-License-Identifier: Apache-2.0 */
/* What progress looks like: golden texts, widths, rates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/progress.h"

static struct cq_figures figures(void)
{
    return (struct cq_figures){
        .total = 1000,
        .done = 412,
        .failed = 3,
        .incomplete = 1,
        .in_flight = 200,
        .clusters_per_s = 85.31,
        .bytes_per_s = 12340000,
        .left_ns = 6892000000,
        .slowest = {{"prod-eu-1", 12100000000}, {"lab", 900000000}},
        .n_slowest = 2,
    };
}

static void same(struct cq_text *t, const char *want)
{
    cq_text_put(t, "", 1);
    assert_false(t->failed);
    assert_string_equal(t->p, want);
    cq_text_free(t);
}

static void test_line(void **state)
{
    struct cq_figures f = figures();
    struct cq_text t = {0};

    (void)state;
    cq_progress_line(&t, &f);
    same(&t, "412 of 1,000 done   1 incomplete   3 failed   200 in flight   85.3 clusters/s   "
             "12.3 MB/s   0:07 left   slowest: prod-eu-1 12.1 s, lab 900 ms");
    f.clusters_per_s = -1;
    f.left_ns = CQ_UNKNOWN;
    f.failed = f.incomplete = 0;
    f.later = 7;
    f.delivering = 8;
    f.bound = "inventory:443 is parked: \033[2J";
    cq_progress_line(&t, &f);
    same(&t, "412 of 1,000 done   200 in flight   7 to try again   8 delivering   sink-bound: "
             "inventory:443 is parked: \\x1b[2J");
    f = (struct cq_figures){.total = 1234567, .left_ns = 3723000000000u, .clusters_per_s = 330.7};
    cq_progress_line(&t, &f);
    same(&t, "0 of 1,234,567 done   331 clusters/s   0.0 MB/s   1:02:03 left");
    f.stopping = true;
    cq_progress_line(&t, &f);
    same(&t, "0 of 1,234,567 done   331 clusters/s   0.0 MB/s   stopping");
}

static void test_bar(void **state)
{
    struct cq_figures f = figures();
    struct cq_text t = {0};

    (void)state;
    assert_int_equal(cq_progress_bar(&t, &f, 80), 3);
    same(&t, "412 of 1,000 done   1 incomplete   3 failed   200 in flight\n"
             "[==============>                    ]   85.3 clusters/s   12.3 MB/s   0:07 left\n"
             "slowest: prod-eu-1 12.1 s, lab 900 ms\n");
    assert_int_equal(cq_progress_bar(&t, &f, 50), 3); /* too narrow for all of it */
    same(&t, "412 of 1,000 done   1 incomplete   3 failed   200\n"
             "[===================>                           ]\n"
             "slowest: prod-eu-1 12.1 s, lab 900 ms\n");
    f.done = f.total = 0;
    f.n_slowest = 0;
    f.bound = "x";
    t.colours = true;
    assert_int_equal(cq_progress_bar(&t, &f, 1), 3);
    same(&t, "0 of 0 done   \033[33m1 inc\033[0m\n"
             "[=================]\n"
             "\033[33msink-bound: \033[0mx\n");
}

/* No line ever reaches the last column, whatever is in it. */
static void test_no_line_is_broken(void **state)
{
    static char name[900];
    struct cq_figures f = figures();

    (void)state;
    for (size_t i = 0; i + 3 < sizeof(name); i += 3)
        memcpy(name + i, "\xe7\x8c\xab", 3); /* a cat: two columns */
    f.slowest[0].title = name;
    f.bound = "\xcc\x81\xcc\x81 a \x7f\xff b";
    for (unsigned width = 20; width < 300; width++) {
        struct cq_text t = {.colours = width % 2};
        size_t from = 0;
        unsigned n = cq_progress_bar(&t, &f, width);

        assert_int_equal(n, 4);
        for (size_t i = 0; i < t.n; i++) {
            struct cq_text line = {.p = t.p, .n = i};

            if (t.p[i] != '\n') continue;
            assert_true(cq_text_columns(&line, from) < width);
            from = i + 1;
            n--;
        }
        assert_int_equal(n, 0);
        cq_text_free(&t);
    }
}

static void test_rates(void **state)
{
    struct cq_figures f = {.total = 100000};
    struct cq_rates r = {0};

    (void)state;
    cq_figures_rates(&f, &r);
    assert_true(f.clusters_per_s < 0 && f.left_ns == CQ_UNKNOWN);
    for (uint64_t ms = 0; ms < 60000; ms += 100) { /* 10 a second, then 100 a second */
        uint64_t done = ms < 20000 ? ms / 100 : 200 + (ms - 20000) / 10;

        cq_rates_add(&r, ms * 1000000, done, done * 1000);
        f.done = done;
        cq_figures_rates(&f, &r);
        if (ms < 2000) assert_true(f.clusters_per_s < 0);
        if (ms == 10000) assert_true(f.clusters_per_s > 9.9 && f.clusters_per_s < 10.1);
        if (ms == 40000) assert_true(f.clusters_per_s > 99 && f.clusters_per_s < 101);
        if (ms == 40000) assert_true(f.left_ns > 970000000000u && f.left_ns < 990000000000u);
    }
    assert_true(f.bytes_per_s > 99000 && f.bytes_per_s < 101000);
    f.total = f.done;
    cq_figures_rates(&f, &r);
    assert_true(f.left_ns == CQ_UNKNOWN);
}

static void test_wipe(void **state)
{
    static const unsigned columns[] = {79, 30, 0};
    struct cq_text t = {0};

    (void)state;
    cq_progress_wipe(&t, columns, 0, 80);
    assert_int_equal(t.n, 0);
    cq_progress_wipe(&t, columns, 3, 80);
    same(&t, "\033[3A\r\033[J");
    cq_progress_wipe(&t, columns, 3, 40); /* narrower now: the first line takes two */
    same(&t, "\033[4A\r\033[J");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),  cmocka_unit_test(test_bar),
        cmocka_unit_test(test_rates), cmocka_unit_test(test_no_line_is_broken),
        cmocka_unit_test(test_wipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
