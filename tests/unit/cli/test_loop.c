/* SPDX-License-Identifier: Apache-2.0 */
/* Sources: descriptors and times, removed and added inside callbacks; how many clusters fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/limits.h"
#include "cli/loop.h"

struct seen {
    struct cq_loop *loop;
    struct cq_source *other;
    int ready, due;
};

static void count(void *ctx, short revents)
{
    struct seen *s = ctx;

    assert_true(revents & POLLIN);
    s->ready++;
    if (s->other) cq_loop_remove(s->loop, s->other);
}

static void count_due(void *ctx, uint64_t now)
{
    struct seen *s = ctx;

    (void)now;
    s->due++;
}

static void test_sources(void **state)
{
    struct cq_loop l = {0};
    struct seen a = {.loop = &l}, b = {.loop = &l};
    struct cq_source x, y;
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(write(pipes[1], "1", 1), 1);
    x = CQ_SOURCE(pipes[0], &a);
    y = CQ_SOURCE(pipes[0], &b);
    x.events = y.events = POLLIN;
    x.ready = y.ready = count;
    assert_true(cq_loop_add(&l, &x) && cq_loop_add(&l, &y));
    cq_loop_turn(&l, 1000);
    assert_int_equal(a.ready, 1);
    assert_int_equal(b.ready, 1);
    x.events = 0; /* not now */
    cq_loop_turn(&l, 1000);
    assert_int_equal(a.ready, 1);
    assert_int_equal(b.ready, 2);
    x.events = POLLIN;
    a.other = &y; /* ready in the same turn, and gone */
    cq_loop_turn(&l, 1000);
    assert_int_equal(a.ready, 2);
    assert_int_equal(b.ready, 2);
    assert_int_equal(l.n, 2);
    cq_loop_turn(&l, 1000);
    assert_int_equal(l.n, 1);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    cq_loop_fini(&l);
}

static void test_times(void **state)
{
    struct cq_loop l = {0};
    struct seen a = {.loop = &l};
    struct cq_source x = CQ_SOURCE(-1, &a), many[40];
    uint64_t begin = cq_now_ns();

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        many[i] = CQ_SOURCE(-1, &a);
        assert_true(cq_loop_add(&l, &many[i]));
    }
    assert_true(cq_loop_add(&l, &x));
    x.due = count_due;
    x.due_ns = begin + 20000000;
    while (!a.due)
        cq_loop_turn(&l, 5000);
    assert_true(cq_now_ns() >= begin + 20000000);
    assert_true(cq_now_ns() < begin + 3000000000u);
    assert_true(x.due_ns == CQ_NEVER);
    cq_loop_turn(&l, 0);
    assert_int_equal(a.due, 1);
    cq_loop_fini(&l);
}

static void test_fit(void **state)
{
    (void)state;
    /* what is over is taken away, and everything together stays below the limit */
    for (uint64_t limit = 0; limit < 3000; limit += 7) {
        struct cq_files f = {.limit = limit, .sinks = 2, .sink_requests = 8, .others = 40};

        for (unsigned asked = 0; asked < 2000; asked += 500) {
            unsigned half = asked, n = cq_fit_files(&f, 1000, &half);

            assert_true(n >= 1 && half >= 1 && half <= (asked ? asked : CQ_USUAL_HALF_OPEN));
            if (n > 1) assert_true(n + half + 2 * 4 + 8 + 40 + 64 <= limit);
        }
    }
}

/* Connections being made: as many as are asked for, as far as clusters and descriptors go. */
static void test_fit_half_open(void **state)
{
    const struct {
        uint64_t limit, wanted;
        unsigned asked, slots, half_open;
    } all[] = {
        {20000, 1000, 0, 1000, CQ_USUAL_HALF_OPEN},
        {20000, 1000, 30, 1000, 30},
        {20000, 8000, 4000, 8000, 4000},
        {20000, 1000, 4000, 1000, 1000},    /* each is one of the clusters */
        {20000, 15000, 15000, 15000, 4936}, /* second addresses get what clusters leave */
        {1024, 1000, 1000, 840, 120},       /* or an eighth of all */
        {1024, 100000, 0, 840, 120},
        {66, 100, 100, 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct cq_files f = {.limit = all[i].limit};
        unsigned half = all[i].asked;

        assert_int_equal(cq_fit_files(&f, all[i].wanted, &half), all[i].slots);
        assert_int_equal(half, all[i].half_open);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_fit_half_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
