/* SPDX-License-Identifier: Apache-2.0 */
/* The order of dialling in virtual time: timelines by hand, then 20,000 seeded ones against the
 * rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* after the four above */
#include <cmocka.h>

#include "net/dial.h"

#define T0 CQ_SEC(1000)
#define TIMEOUT CQ_SEC(5)

enum { SILENT = -1, MAX_WORLD = 512 };

/* What the network does, after `after` ms from the beginning of the try (or of asking for the
 * name). */
struct name_plan {
    int after_ms; /* SILENT: never */
    size_t n;     /* addresses; 0: no such name */
    bool mixed;   /* every other one IPv6 */
};
struct addr_plan {
    int after_ms;
    int err; /* 0: connects */
};

struct world {
    struct name_plan names[CQ_MAX_CONTACT_POINTS];
    size_t n_names;
    struct addr_plan (*plan)(const struct world *w, size_t i);
    struct addr_plan plans[MAX_WORLD];
    unsigned seed;
    /* what happened */
    struct cq_dial d;
    struct cq_blame fault;
    uint64_t now;
    uint64_t resolved_at;
    uint64_t began[MAX_WORLD]; /* 0: never */
    size_t order[MAX_WORLD];
    size_t n_order;
    bool answered[CQ_MAX_CONTACT_POINTS];
    bool over[MAX_WORLD];
    size_t winner; /* MAX_WORLD: nobody */
    size_t turns;
};

static struct cq_addr make_addr(size_t e, size_t k, bool v6)
{
    struct cq_addr a;
    char text[40];

    snprintf(text, sizeof text, v6 ? "fd00:%zx::%zx" : "127.40.%zu.%zu", e + 1, k + 1);
    assert_true(cq_addr_parse(text, 9042, &a));
    return a;
}

static void answer(struct world *w, size_t e)
{
    const struct name_plan *p = &w->names[e];
    struct cq_addr a[64];

    w->answered[e] = true;
    for (size_t k = 0; k < p->n; k++)
        a[k] = make_addr(e, k, p->mixed && k >= p->n / 2);
    if (p->n)
        assert_int_equal(cq_dial_addresses(&w->d, e, a, p->n, w->now), 0);
    else
        cq_dial_unresolved(&w->d, e, CQ_EDNS, "no such name");
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Lets everything happen that is due now; the time of the next thing. */
static uint64_t happen(struct world *w)
{
    uint64_t next = CQ_NEVER;

    for (size_t e = 0; e < w->n_names; e++) {
        uint64_t at = T0 + CQ_MS((uint64_t)w->names[e].after_ms);

        if (w->answered[e] || w->names[e].after_ms == SILENT) continue;
        if (at <= w->now)
            answer(w, e);
        else
            next = least(next, at);
    }
    for (size_t i = 0; i < w->d.n; i++) {
        uint64_t at = w->began[i] + CQ_MS((uint64_t)w->plans[i].after_ms);

        if (!w->began[i] || w->over[i] || w->plans[i].after_ms == SILENT) continue;
        if (at > w->now) {
            next = least(next, at);
            continue;
        }
        w->over[i] = true;
        if (w->plans[i].err)
            cq_dial_failed(&w->d, i, w->plans[i].err, NULL);
        else if (w->winner == MAX_WORLD)
            w->winner = i;
    }
    return next;
}

/* Until the dial waits. False: it is over. */
static bool step(struct world *w)
{
    for (;;) {
        size_t i = MAX_WORLD;

        switch (cq_dial_next(&w->d, w->now, &i)) {
        case CQ_DIAL_WAIT:
            return true;
        case CQ_DIAL_FAILED:
            return false;
        case CQ_DIAL_RESOLVED:
            assert_int_equal(w->resolved_at, 0);
            w->resolved_at = w->now;
            break;
        case CQ_DIAL_CONNECT:
            assert_true(w->resolved_at > 0);
            assert_true(i < w->d.n);
            assert_int_equal(w->began[i], 0);
            w->began[i] = w->now;
            w->order[w->n_order++] = i;
            if (w->plan) w->plans[i] = w->plan(w, i);
            break;
        }
    }
}

static void fini(struct world *w)
{
    cq_dial_fini(&w->d);
    cq_blame_fini(&w->fault);
}

static void run(struct world *w)
{
    w->now = T0;
    w->winner = MAX_WORLD;
    w->fault.mem = &cq_mem_libc;
    cq_dial_init(&w->d, &cq_mem_libc, &w->fault, TIMEOUT, w->now);
    for (size_t e = 0; e < w->n_names; e++)
        cq_dial_name(&w->d, "name");
    for (;;) {
        uint64_t next;

        (void)happen(w);
        if (w->winner < MAX_WORLD || !step(w)) return;
        next = happen(w); /* what has begun just now counts too */
        if (w->winner < MAX_WORLD || !step(w)) return;
        next = least(next, cq_dial_deadline(&w->d));
        assert_true(next != CQ_NEVER);
        assert_true(next > w->now); /* no busy loop */
        w->now = next;
        assert_true(w->turns++ < 2000);
    }
}

static uint64_t ms(uint64_t t)
{
    return (t - T0) / CQ_MS(1);
}

static struct addr_plan all_silent(const struct world *w, size_t i)
{
    (void)w;
    (void)i;
    return (struct addr_plan){SILENT, 0};
}

static struct addr_plan all_refused(const struct world *w, size_t i)
{
    (void)w;
    (void)i;
    return (struct addr_plan){10, CQ_EREFUSED};
}

static struct addr_plan third_connects(const struct world *w, size_t i)
{
    (void)w;
    return (struct addr_plan){i == 2 ? 20 : SILENT, 0};
}

static void one_address(void **state)
{
    struct world w = {.n_names = 1, .names = {{0, 1, false}}};

    (void)state;
    w.plans[0] = (struct addr_plan){5, 0};
    run(&w);
    assert_int_equal(w.winner, 0);
    assert_int_equal(ms(w.now), 5);
    assert_int_equal(ms(w.resolved_at), 0);
    fini(&w);
}

static void silence_is_staggered(void **state)
{
    struct world w = {.n_names = 3, .names = {{0, 1, false}, {0, 1, false}, {0, 2, false}}};

    (void)state;
    w.plan = third_connects;
    run(&w);
    assert_int_equal(w.winner, 2);
    assert_int_equal(ms(w.began[0]), 0);
    assert_int_equal(ms(w.began[1]), 250);
    assert_int_equal(ms(w.began[2]), 500);
    assert_int_equal(w.began[3], 0);
    assert_int_equal(ms(w.now), 520);
    fini(&w);
}

static void refusals_go_on_at_once(void **state)
{
    struct world w = {.n_names = 2, .names = {{0, 2, false}, {0, 1, false}}};

    (void)state;
    w.plan = all_refused;
    run(&w);
    assert_int_equal(w.winner, MAX_WORLD);
    assert_int_equal(ms(w.began[1]), 10);
    assert_int_equal(ms(w.began[2]), 20);
    assert_int_equal(ms(w.now), 30);
    assert_int_equal(w.fault.err, CQ_EREFUSED);
    assert_string_equal(cq_blame_text(&w.fault),
                        "127.40.1.1:9042: nothing listens on that port; 127.40.1.2:9042: "
                        "nothing listens on that port; 127.40.2.1:9042: nothing listens "
                        "on that port");
    fini(&w);
}

/* A refusal does not wait for the stagger of one that is silent meanwhile. */
static void refused_beside_silence(void **state)
{
    struct world w = {.n_names = 1, .names = {{0, 3, false}}};

    (void)state;
    w.plans[0] = (struct addr_plan){SILENT, 0};
    w.plans[1] = (struct addr_plan){10, CQ_EREFUSED};
    w.plans[2] = (struct addr_plan){10, 0};
    run(&w);
    assert_int_equal(ms(w.began[1]), 250);
    assert_int_equal(ms(w.began[2]), 260);
    assert_int_equal(w.winner, 2);
    fini(&w);
}

static void all_silent_times_out(void **state)
{
    struct world w = {.n_names = 1, .names = {{100, 2, false}}};

    (void)state;
    w.plan = all_silent;
    run(&w);
    assert_int_equal(ms(w.now), 5100); /* the connect step has a deadline of its own */
    assert_int_equal(w.fault.err, CQ_ECONNECT_TIMEOUT);
    assert_non_null(strstr(cq_blame_text(&w.fault), "127.40.1.2:9042: no answer within 5000 ms"));
    fini(&w);
}

/* Sixty silent addresses and the last one good: all are tried in half of the time. */
static void many_fit(void **state)
{
    struct world w = {.n_names = 2, .names = {{0, 32, false}, {0, 32, false}}};

    (void)state;
    w.plan = all_silent;
    run(&w);
    assert_int_equal(w.n_order, 64);
    assert_true(ms(w.began[63]) <= 2500);
    assert_int_equal(ms(w.now), 5000);
    fini(&w);
}

static void families_take_turns(void **state)
{
    struct world w = {.n_names = 1, .names = {{0, 5, true}}};
    char text[200];

    (void)state;
    w.plan = all_silent;
    run(&w);
    cq_dial_print(&w.d, text, sizeof text);
    assert_string_equal(text, "127.40.1.1, fd00:1::3, 127.40.1.2, fd00:1::4, fd00:1::5");
    cq_dial_print(&w.d, text, 20);
    assert_string_equal(text, "127.40.1.1...");
    cq_dial_print(&w.d, text, 13);
    assert_string_equal(text, "127.40.1.1");
    fini(&w);
}

/* A name that is slow does not hold up a contact point that is known; its addresses still count
 * later. */
static void slow_name(void **state)
{
    struct world w = {.n_names = 2, .names = {{700, 1, false}, {0, 2, false}}};

    (void)state;
    w.plan = all_silent;
    run(&w);
    assert_int_equal(ms(w.resolved_at), 250);
    assert_int_equal(w.d.addrs[2].endpoint, 0);
    assert_int_equal(ms(w.began[0]), 250);
    assert_int_equal(ms(w.began[1]), 500);
    assert_int_equal(ms(w.began[2]), 750);
    fini(&w);
}

static void late_name_is_waited_for(void **state)
{
    struct world w = {.n_names = 2, .names = {{700, 1, false}, {0, 1, false}}};

    (void)state;
    w.plans[0] = (struct addr_plan){1, CQ_EREFUSED};
    w.plans[1] = (struct addr_plan){1, 0};
    run(&w);
    assert_int_equal(w.winner, 1);
    assert_int_equal(ms(w.now), 701);
    fini(&w);
}

static void no_names(void **state)
{
    struct world w = {.n_names = 2, .names = {{20, 0, false}, {40, 0, false}}};
    struct world v = {.n_names = 2, .names = {{20, 0, false}, {SILENT, 0, false}}};

    (void)state;
    run(&w);
    assert_int_equal(w.fault.err, CQ_EDNS);
    assert_string_equal(cq_blame_text(&w.fault), "name: no such name; name: no such name");
    assert_int_equal(w.resolved_at, 0);
    assert_int_equal(ms(w.now), 40);
    fini(&w);
    run(&v);
    assert_int_equal(v.fault.err, CQ_EDNS);
    assert_int_equal(ms(v.now), 5000);
    assert_non_null(strstr(cq_blame_text(&v.fault), "no answer within 5000 ms"));
    fini(&v);
}

/* The code is the one that tells most, in whatever order they come. */
static void codes(void **state)
{
    static const struct {
        int a, b, code;
    } cases[] = {
        {CQ_EUNREACHABLE, CQ_EREFUSED, CQ_EREFUSED},
        {CQ_EREFUSED, CQ_EUNREACHABLE, CQ_EREFUSED},
        {CQ_EUNREACHABLE, CQ_ECONNECT_TIMEOUT, CQ_ECONNECT_TIMEOUT},
        {CQ_EDESCRIPTORS, CQ_ECONNECT_TIMEOUT, CQ_EDESCRIPTORS},
        {CQ_EUNREACHABLE, CQ_EUNREACHABLE, CQ_EUNREACHABLE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w = {.n_names = 2, .names = {{0, 1, false}, {0, 1, false}}};

        w.plans[0] = (struct addr_plan){3, cases[i].a};
        w.plans[1] = (struct addr_plan){3, cases[i].b};
        run(&w);
        assert_int_equal(w.fault.err, cases[i].code);
        fini(&w);
    }
}

static unsigned roll(unsigned *seed, unsigned n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % n;
}

static struct addr_plan random_plan(const struct world *w, size_t i)
{
    unsigned s = w->seed + (unsigned)i * 7919u;
    unsigned what = roll(&s, 8);
    int after = (int)roll(&s, 700);

    if (what < 3) return (struct addr_plan){SILENT, 0};
    return (struct addr_plan){after, what < 7 ? CQ_EREFUSED : 0};
}

static void check_rules(const struct world *w)
{
    uint64_t stagger = least(CQ_STAGGER, TIMEOUT / 2 / (w->d.n ? w->d.n : 1));

    assert_true(w->now <= T0 + 2 * TIMEOUT);
    assert_true(w->winner < MAX_WORLD || w->fault.err);
    for (size_t k = 1; k < w->n_order; k++) {
        uint64_t a = w->began[w->order[k - 1]];
        uint64_t b = w->began[w->order[k]];
        bool failed_between = false;

        for (size_t i = 0; i < w->d.n; i++) {
            uint64_t end = w->began[i] + CQ_MS((uint64_t)w->plans[i].after_ms);

            failed_between |= w->over[i] && w->plans[i].err && end >= a && end <= b;
        }
        assert_true(b - a >= stagger || failed_between);
        assert_true(b < w->resolved_at + TIMEOUT);
    }
    if (w->winner == MAX_WORLD && w->now < w->resolved_at + TIMEOUT)
        for (size_t i = 0; i < w->d.n; i++)
            assert_true(w->over[i]);
}

static void random_worlds(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20000; seed++) {
        struct world w = {.seed = seed * 2654435761u};
        unsigned s = w.seed;

        w.n_names = 1 + roll(&s, CQ_MAX_CONTACT_POINTS);
        for (size_t e = 0; e < w.n_names; e++) {
            unsigned what = roll(&s, 6);

            w.names[e].after_ms = what == 0 ? SILENT : what < 3 ? 0 : (int)roll(&s, 6000);
            w.names[e].n = roll(&s, 4) ? 1 + roll(&s, 6) : 0;
            w.names[e].mixed = roll(&s, 2);
        }
        w.plan = random_plan;
        run(&w);
        check_rules(&w);
        fini(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address),
        cmocka_unit_test(silence_is_staggered),
        cmocka_unit_test(refusals_go_on_at_once),
        cmocka_unit_test(refused_beside_silence),
        cmocka_unit_test(all_silent_times_out),
        cmocka_unit_test(many_fit),
        cmocka_unit_test(families_take_turns),
        cmocka_unit_test(slow_name),
        cmocka_unit_test(late_name_is_waited_for),
        cmocka_unit_test(no_names),
        cmocka_unit_test(codes),
        cmocka_unit_test(random_worlds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
