/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fleet scheduler (crawler/fleet.h, due.h): the golden trace, what must hold for every seed
 * (the world asserts most of it, tests/sched/world.c), and single decisions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sched/world.h"

static struct world *world;

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t cap = 0;

    assert_non_null(f);
    assert_true(getdelim(&text, &cap, 0, f) > 0);
    (void)fclose(f);
    return text;
}

static void test_golden_trace(void **state)
{
    struct world_options o = world_golden;
    char *golden = read_file(CQ_TEST_DATA "/fleet-trace.txt"), *text = NULL;
    size_t n = 0;

    (void)state;
    o.trace = open_memstream(&text, &n);
    assert_non_null(o.trace);
    world_init(world, &o);
    world_run(world);
    (void)fclose(o.trace);
    assert_string_equal(text, golden);
    assert_int_equal(world->most_running, o.slots);
    assert_int_equal(world->most_half, o.half_open);
    assert_true(world->shortages > 0);
    free(text);
    free(golden);
}

/* In no span of time more starts than the rate allows, and what a late loop makes up for. */
static void check_rate(const struct world *w)
{
    uint64_t interval = (CQ_SEC(1) + w->o.rate - 1) / w->o.rate;

    for (unsigned from = 0; from < w->starts; from += 7) {
        for (unsigned to = from + 1; to < w->starts; to++) {
            uint64_t span = w->starts_ns[to] - w->starts_ns[from] + CQ_RATE_SLACK;

            assert_true((to - from) * interval <= span + 2 * interval);
        }
    }
}

static void test_every_seed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct cq_rand r = {seed};
        struct world_options o = {
            .seed = seed,
            .clusters = 20 + (unsigned)cq_rand_below(&r, 60),
            .slots = 1 + (unsigned)cq_rand_below(&r, 20),
            .half_open = 1 + (unsigned)cq_rand_below(&r, 10),
            .rate = cq_rand_below(&r, 2) ? 1 + (unsigned)cq_rand_below(&r, 200) : 0,
            .retries = (unsigned)cq_rand_below(&r, 4),
            .only = -1,
            .short_from_ns = CQ_SEC(1) + cq_rand_below(&r, CQ_SEC(2)),
            .short_of = 1 + (unsigned)cq_rand_below(&r, 8),
        };

        o.short_to_ns = o.short_from_ns + cq_rand_below(&r, CQ_SEC(4));
        world_init(world, &o);
        world_run(world); /* every member ends, once */
        if (o.rate) check_rate(world);
        for (unsigned i = 0; i < o.clusters; i++) {
            const struct cluster *c = &world->c[i];

            assert_true(c->attempts >= 1);
            if (c->kind == HEALTHY || c->kind == EXPIRED) assert_int_equal(c->last_err, 0);
            if (c->kind == PASSWORD) assert_int_equal(c->last_err, CQ_EAUTH_FAILED);
        }
    }
}

/* Sick clusters by the hundred before and among the healthy ones. Nobody waits longer for a start
 * than those before it can hold the slots. */
static void test_sick_ones_hold_nobody_back(void **state)
{
    const enum kind sick[] = {DEAD, SILENT, REFUSED, RESETS};
    struct world_options o = {
        .seed = 3, .clusters = 400, .slots = 100, .half_open = 10, .retries = 3, .only = HEALTHY};

    (void)state;
    world_init(world, &o);
    for (unsigned i = 0; i < 300; i++)
        world->c[i].kind = sick[i % 4];
    world_run(world);
    for (unsigned i = 0; i < o.clusters; i++) {
        const struct cluster *c = &world->c[i];

        /* 75 silent ones of 20 s and 75 dead ones of 5 s before it share at least 75 slots */
        assert_true(c->first_start_ns - CQ_SEC(1) <= CQ_SEC(60));
        if (i) assert_true(c->first_start_ns >= world->c[i - 1].first_start_ns);
    }
}

/* 200 black holes, half-open budget 10: they hold slots, not the budget. */
static void test_black_holes_leave_the_budget(void **state)
{
    struct world_options o = {
        .seed = 3, .clusters = 201, .slots = 201, .half_open = 10, .only = DEAD};

    (void)state;
    world_init(world, &o);
    world->c[200].kind = HEALTHY;
    world_run(world);
    assert_true(world->c[200].first_start_ns <= CQ_SEC(1) + 20 * CQ_HALF_OPEN_TIME);
    assert_true(world->c[200].first_start_ns >= CQ_SEC(1) + 19 * CQ_HALF_OPEN_TIME);
    assert_int_equal(world->most_half, 10);
}

/* When the last of 2,000 starts, where a login takes 240 ms (three waits of 80): in virtual time.
 */
static uint64_t last_start_ns(unsigned half_open)
{
    struct cq_fleet_options o = {.mem = &cq_mem_libc, .slots = 2000, .half_open = half_open};
    static struct cq_member all[2000];
    unsigned started = 0, opened = 0;
    uint64_t at[2000], now = CQ_SEC(1);
    struct cq_member *m;
    struct cq_fleet f;

    memset(all, 0, sizeof(all));
    cq_fleet_init(&f, &o);
    for (unsigned i = 0; i < 2000; i++) {
        all[i].n_points = 1;
        assert_int_equal(cq_fleet_add(&f, &all[i]), 0);
    }
    for (; started < 2000; now += CQ_MS(1)) {
        while (opened < started && at[opened] + CQ_MS(240) <= now)
            cq_fleet_opened(&f, &all[opened++]);
        cq_fleet_turn(&f);
        while (cq_fleet_next(&f, now, &m) == CQ_FLEET_START)
            at[started++] = now;
        assert_true(started - opened <= f.half_open);
    }
    for (unsigned i = 0; i < 2000; i++)
        cq_fleet_remove(&f, &all[i]);
    cq_fleet_fini(&f);
    return at[1999] - CQ_SEC(1);
}

/* The half-open connections are what a fleet's beginning takes over a distance, until there are
 * more of them than anybody may have. */
static void test_half_open_over_a_distance(void **state)
{
    struct cq_fleet f;

    (void)state;
    assert_true(last_start_ns(0) >= 7 * CQ_MS(240)); /* 2,000 / 256 */
    assert_true(last_start_ns(0) < 8 * CQ_MS(240));
    assert_true(last_start_ns(1000) >= CQ_MS(240) && last_start_ns(1000) < CQ_MS(300));
    assert_true(last_start_ns(2000) < CQ_MS(40)); /* 64 starts a turn */
    cq_fleet_init(&f, &(struct cq_fleet_options){.mem = &cq_mem_libc, .half_open = 1u << 30});
    assert_int_equal(f.half_open, CQ_MAX_HALF_OPEN);
    cq_fleet_fini(&f);
}

/* Due retries and first attempts take turns, and the retries keep to their share of the slots. */
static void test_retries_push_nobody_out(void **state)
{
    struct cq_fleet_options o = {.mem = &cq_mem_libc, .slots = 40, .half_open = 1000, .seed = 1};
    struct cq_attempt_end reset = {.err = CQ_EREFUSED, .point = -1};
    static struct cq_member old[30], fresh[300];
    struct cq_member *m;
    struct cq_fleet f;
    unsigned further = 0, first = 0;

    (void)state;
    memset(old, 0, sizeof(old));
    memset(fresh, 0, sizeof(fresh));
    cq_fleet_init(&f, &o);
    for (int i = 0; i < 30; i++) {
        old[i].n_points = old[i].retries = 1;
        assert_int_equal(cq_fleet_add(&f, &old[i]), 0);
        assert_int_equal(cq_fleet_next(&f, CQ_SEC(1), &m), CQ_FLEET_START);
        assert_int_equal(cq_fleet_judge(&f, m, &reset, CQ_SEC(1)), CQ_NEXT_LATER);
        cq_fleet_end(&f, m, CQ_SEC(1));
    }
    for (int i = 0; i < 300; i++) {
        fresh[i].n_points = 1;
        assert_int_equal(cq_fleet_add(&f, &fresh[i]), 0);
    }
    cq_fleet_turn(&f);
    while (cq_fleet_next(&f, CQ_SEC(9), &m) == CQ_FLEET_START) {
        if (m->further) {
            assert_true(++further <= first + 1);
        } else {
            assert_ptr_equal(m, &fresh[first]);
            first++;
        }
    }
    assert_int_equal(further, 10); /* a quarter of 40 */
    assert_int_equal(first, 30);
    assert_int_equal(f.n[CQ_PLACE_AGAIN], 20);
    for (int i = 0; i < 30; i++)
        cq_fleet_remove(&f, &old[i]);
    for (int i = 0; i < 300; i++)
        cq_fleet_remove(&f, &fresh[i]);
    cq_fleet_fini(&f);
}

/* ---- one member ---- */

struct one {
    struct cq_fleet f;
    struct cq_member m, other;
    uint64_t now;
};

static void open_one(struct one *o, unsigned points, unsigned retries)
{
    struct cq_fleet_options fo = {.mem = &cq_mem_libc, .seed = 5};

    memset(o, 0, sizeof(*o));
    o->now = CQ_SEC(1);
    cq_fleet_init(&o->f, &fo);
    o->m.n_points = points;
    o->m.retries = retries;
    o->other.n_points = 1;
    assert_int_equal(cq_fleet_add(&o->f, &o->m), 0);
}

static void close_one(struct one *o)
{
    cq_fleet_remove(&o->f, &o->m);
    if (o->other.place != CQ_PLACE_OUT) cq_fleet_remove(&o->f, &o->other);
    cq_fleet_fini(&o->f);
}

static void start_one(struct one *o)
{
    struct cq_member *m;
    uint64_t at = cq_fleet_deadline(&o->f);

    if (at > o->now) o->now = at;
    cq_fleet_turn(&o->f);
    assert_int_equal(cq_fleet_next(&o->f, o->now, &m), CQ_FLEET_START);
    assert_ptr_equal(m, &o->m);
}

static enum cq_next fails(struct one *o, int err, int point)
{
    struct cq_attempt_end e = {.err = err, .point = point};
    enum cq_next next;

    start_one(o);
    next = cq_fleet_judge(&o->f, &o->m, &e, o->now);
    cq_fleet_end(&o->f, &o->m, o->now);
    return next;
}

static void test_which_faults_pass(void **state)
{
    const int pass[] = {CQ_EDNS,         CQ_EREFUSED,    CQ_EUNREACHABLE,   CQ_ECONNECT_TIMEOUT,
                        CQ_ERESET,       CQ_ECLOSED,     CQ_ESILENT,        CQ_ETIMEOUT,
                        CQ_ETLS_TIMEOUT, CQ_EOVERLOADED, CQ_EBOOTSTRAPPING, CQ_EDESCRIPTORS,
                        CQ_ETOO_SLOW,    CQ_EPORTS};

    (void)state;
    for (int err = CQ_ERR_FIRST_ + 1; err < CQ_ERR_LAST_; err++) {
        bool passes = false;

        for (size_t i = 0; i < sizeof(pass) / sizeof(pass[0]); i++)
            passes = passes || pass[i] == err;
        assert_int_equal(cq_fault_of(err).passing, passes);
        if (cq_err_class(err) == CQ_CLASS_AUTH) assert_false(cq_fault_of(err).point);
        if (cq_err_class(err) == CQ_CLASS_USAGE) assert_false(cq_fault_of(err).point);
    }
}

static void test_retries_are_counted(void **state)
{
    struct one o;

    (void)state;
    open_one(&o, 1, 2);
    assert_int_equal(fails(&o, CQ_EREFUSED, -1), CQ_NEXT_LATER);
    assert_int_equal(fails(&o, CQ_EOVERLOADED, 0), CQ_NEXT_LATER);
    assert_int_equal(fails(&o, CQ_EREFUSED, -1), CQ_NEXT_OVER);
    close_one(&o);
    open_one(&o, 1, 0);
    assert_int_equal(fails(&o, CQ_EREFUSED, -1), CQ_NEXT_OVER);
    close_one(&o);
    open_one(&o, 1, 50); /* the last one would begin too late */
    while (fails(&o, CQ_ETIMEOUT, 0) == CQ_NEXT_LATER)
        o.now += CQ_SEC(60);
    assert_true(o.now - CQ_SEC(1) <= CQ_MAX_TRYING + CQ_SEC(60));
    assert_in_range(o.m.tries, 7, 12);
    close_one(&o);
}

static void test_contact_points(void **state)
{
    struct one o;

    (void)state;
    open_one(&o, 3, 1);
    assert_int_equal(fails(&o, CQ_EBOOTSTRAPPING, 1), CQ_NEXT_POINT);
    assert_int_equal(o.m.out, 2);
    assert_int_equal(fails(&o, CQ_ETLS_EXPIRED, 0), CQ_NEXT_POINT);
    assert_int_equal(o.m.out, 3);
    assert_int_equal(fails(&o, CQ_ENOT_CQL, 2), CQ_NEXT_LATER); /* point 1 may be up by then */
    assert_int_equal(o.m.first_point, 1);
    assert_int_equal(o.m.out, 5);
    assert_int_equal(fails(&o, CQ_EBOOTSTRAPPING, 1), CQ_NEXT_OVER);
    close_one(&o);

    open_one(&o, 2, 5);
    assert_int_equal(fails(&o, CQ_ETLS_EXPIRED, 0), CQ_NEXT_POINT);
    assert_int_equal(fails(&o, CQ_ETLS_UNTRUSTED, 1), CQ_NEXT_OVER); /* all are for good */
    close_one(&o);

    open_one(&o, 2, 5);
    assert_int_equal(fails(&o, CQ_EAUTH_FAILED, 0), CQ_NEXT_OVER); /* tried once */
    close_one(&o);

    open_one(&o, 2, 5);
    assert_int_equal(fails(&o, CQ_EREFUSED, -1), CQ_NEXT_LATER); /* the dial has seen all */
    assert_int_equal(o.m.out, 0);
    assert_int_equal(o.m.first_point, 1);
    close_one(&o);
}

static void test_torn_and_sorted(void **state)
{
    struct cq_attempt_end torn = {.want = CQ_RETRY_TORN}, order = {.want = CQ_RETRY_SORTED};
    struct one o;

    (void)state;
    open_one(&o, 1, 0);
    start_one(&o);
    assert_int_equal(cq_fleet_judge(&o.f, &o.m, &order, o.now), CQ_NEXT_SORTED);
    cq_fleet_end(&o.f, &o.m, o.now);
    start_one(&o);
    assert_int_equal(cq_fleet_judge(&o.f, &o.m, &order, o.now), CQ_NEXT_OVER);
    assert_int_equal(cq_fleet_judge(&o.f, &o.m, &torn, o.now), CQ_NEXT_TORN);
    assert_int_equal(o.m.delay_ns, CQ_TORN_DELAY_1);
    cq_fleet_end(&o.f, &o.m, o.now);
    start_one(&o);
    assert_int_equal(cq_fleet_judge(&o.f, &o.m, &torn, o.now), CQ_NEXT_TORN);
    assert_int_equal(o.m.delay_ns, CQ_TORN_DELAY_2);
    cq_fleet_end(&o.f, &o.m, o.now);
    start_one(&o);
    assert_int_equal(cq_fleet_judge(&o.f, &o.m, &torn, o.now), CQ_NEXT_OVER);
    cq_fleet_end(&o.f, &o.m, o.now);
    close_one(&o);
}

static void test_shortage(void **state)
{
    struct one o;

    (void)state;
    open_one(&o, 1, 1); /* alone: as any passing fault */
    assert_int_equal(fails(&o, CQ_EDESCRIPTORS, -1), CQ_NEXT_LATER);
    assert_int_equal(o.f.window, CQ_DEFAULT_CONCURRENCY);
    start_one(&o);
    cq_fleet_end(&o.f, &o.m, o.now);
    close_one(&o);

    open_one(&o, 1, 0);
    start_one(&o);
    {
        struct cq_attempt_end e = {.err = CQ_EDESCRIPTORS, .point = -1};
        struct cq_member *m;

        assert_int_equal(cq_fleet_add(&o.f, &o.other), 0);
        assert_int_equal(cq_fleet_next(&o.f, o.now, &m), CQ_FLEET_START);
        assert_int_equal(cq_fleet_judge(&o.f, &o.m, &e, o.now), CQ_NEXT_SHORTAGE);
        cq_fleet_end(&o.f, &o.m, o.now);
        assert_int_equal(o.f.window, 1);
        o.now += CQ_SEC(1); /* due, and the window has grown to 2 */
        assert_int_equal(cq_fleet_next(&o.f, o.now, &m), CQ_FLEET_START);
        assert_ptr_equal(m, &o.m);
        assert_int_equal(o.f.window, 2);
        cq_fleet_end(&o.f, &o.m, o.now);
        for (int i = 0; i < 60; i++) {
            o.now += CQ_WINDOW_GROWS;
            assert_int_equal(cq_fleet_next(&o.f, o.now, &m), CQ_FLEET_NOTHING);
        }
        assert_int_equal(o.f.window, CQ_DEFAULT_CONCURRENCY);
    }
    close_one(&o);
}

static void test_sleepers_wake(void **state)
{
    struct cq_member *m;
    struct one o;

    (void)state;
    open_one(&o, 1, 0);
    start_one(&o);
    cq_fleet_end(&o.f, &o.m, o.now);
    assert_int_equal(cq_fleet_deadline(&o.f), CQ_NEVER);
    cq_fleet_sleep(&o.f, &o.m, o.now + 5);
    assert_int_equal(cq_fleet_deadline(&o.f), o.now + 5);
    assert_int_equal(cq_fleet_next(&o.f, o.now + 4, &m), CQ_FLEET_NOTHING);
    assert_int_equal(cq_fleet_next(&o.f, o.now + 5, &m), CQ_FLEET_WAKE);
    assert_ptr_equal(m, &o.m);
    close_one(&o);
}

static void test_starts_per_turn(void **state)
{
    struct cq_fleet_options o = {.mem = &cq_mem_libc, .half_open = 1000, .seed = 1};
    static struct cq_member many[CQ_STARTS_PER_TURN + 1];
    struct cq_member *m;
    struct cq_fleet f;

    (void)state;
    cq_fleet_init(&f, &o);
    for (unsigned i = 0; i <= CQ_STARTS_PER_TURN; i++) {
        many[i] = (struct cq_member){.n_points = 1};
        assert_int_equal(cq_fleet_add(&f, &many[i]), 0);
    }
    for (unsigned i = 0; i < CQ_STARTS_PER_TURN; i++)
        assert_int_equal(cq_fleet_next(&f, 1, &m), CQ_FLEET_START);
    assert_int_equal(cq_fleet_next(&f, 1, &m), CQ_FLEET_NOTHING);
    assert_int_equal(cq_fleet_deadline(&f), 0); /* the next turn */
    cq_fleet_turn(&f);
    assert_int_equal(cq_fleet_next(&f, 1, &m), CQ_FLEET_START);
    for (unsigned i = 0; i <= CQ_STARTS_PER_TURN; i++)
        cq_fleet_remove(&f, &many[i]);
    cq_fleet_fini(&f);
}

/* ---- the heap ---- */

static void test_heap(void **state)
{
    enum { N = 2000 };
    static struct cq_due due[N];
    struct cq_dues h = {.mem = &cq_mem_libc};
    struct cq_rand r = {9};
    uint64_t last = 0;
    size_t n = N;

    (void)state;
    memset(due, 0, sizeof(due));
    assert_int_equal(cq_dues_reserve(&h, N), 0);
    for (int i = 0; i < N; i++)
        cq_dues_push(&h, &due[i], cq_rand_below(&r, 500));
    for (int i = 0; i < N; i += 3, n--) {
        cq_dues_remove(&h, &due[i]);
        cq_dues_remove(&h, &due[i]); /* does no harm */
    }
    assert_int_equal(h.n, n);
    for (; n; n--) {
        struct cq_due *d = cq_dues_first(&h);

        assert_true(d->at_ns >= last);
        last = d->at_ns;
        cq_dues_remove(&h, d);
    }
    assert_null(cq_dues_first(&h));
    cq_dues_fini(&h);
}

static void *no_memory(void *ctx, void *p, size_t n)
{
    unsigned *left = ctx;

    if (n && !(*left)--) return NULL;
    return cq_mem_libc.resize(NULL, p, n);
}

static void test_no_memory(void **state)
{
    static struct cq_member many[100];
    unsigned left = 1;
    const struct cq_mem mem = {no_memory, &left};
    struct cq_fleet_options o = {.mem = &mem};
    struct cq_fleet f;
    int added = 0;

    (void)state;
    cq_fleet_init(&f, &o);
    for (int i = 0; i < 100; i++) {
        many[i] = (struct cq_member){.n_points = 1};
        if (cq_fleet_add(&f, &many[i])) break;
        added++;
    }
    assert_int_equal(added, 64); /* the array could not grow: nothing was added, nothing lost */
    assert_int_equal(f.n_members, 64);
    assert_int_equal(many[64].place, CQ_PLACE_OUT);
    for (int i = 0; i < added; i++)
        cq_fleet_remove(&f, &many[i]);
    cq_fleet_fini(&f);
}

/* A million members, each failing and tried again: what grows with their number would show. */
static void test_a_million(void **state)
{
    enum { N = 1000000 };
    struct cq_fleet_options o = {.mem = &cq_mem_libc, .half_open = 1000, .seed = 1};
    struct cq_attempt_end refused = {.err = CQ_EREFUSED, .point = -1};
    struct cq_member *all = calloc(N, sizeof(*all)), *m;
    struct cq_fleet f;
    uint64_t now = CQ_SEC(1);
    size_t over = 0, starts = 0;

    (void)state;
    assert_non_null(all);
    cq_fleet_init(&f, &o);
    for (int i = 0; i < N; i++) {
        all[i].n_points = 1;
        all[i].retries = 1;
        assert_int_equal(cq_fleet_add(&f, &all[i]), 0);
    }
    for (int i = 0; i < N; i += 10, over++)
        cq_fleet_remove(&f, &all[i]); /* cancelled */
    while (over < N) {
        cq_fleet_turn(&f);
        while (cq_fleet_next(&f, now, &m) == CQ_FLEET_START) {
            starts++;
            now += 100;
            if (cq_fleet_judge(&f, m, &refused, now) == CQ_NEXT_OVER) over++;
            cq_fleet_end(&f, m, now);
            if (m->place == CQ_PLACE_OUT) cq_fleet_remove(&f, m);
        }
        if (cq_fleet_deadline(&f) != CQ_NEVER && cq_fleet_deadline(&f) > now)
            now = cq_fleet_deadline(&f);
    }
    assert_int_equal(starts, 2 * (N - N / 10));
    cq_fleet_fini(&f);
    free(all);
}

static int setup(void **state)
{
    (void)state;
    world = malloc(sizeof(*world));
    return world ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    free(world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_trace),
        cmocka_unit_test(test_every_seed),
        cmocka_unit_test(test_sick_ones_hold_nobody_back),
        cmocka_unit_test(test_black_holes_leave_the_budget),
        cmocka_unit_test(test_half_open_over_a_distance),
        cmocka_unit_test(test_retries_push_nobody_out),
        cmocka_unit_test(test_which_faults_pass),
        cmocka_unit_test(test_retries_are_counted),
        cmocka_unit_test(test_contact_points),
        cmocka_unit_test(test_torn_and_sorted),
        cmocka_unit_test(test_shortage),
        cmocka_unit_test(test_sleepers_wake),
        cmocka_unit_test(test_starts_per_turn),
        cmocka_unit_test(test_heap),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_a_million),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
