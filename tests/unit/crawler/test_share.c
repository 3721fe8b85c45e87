/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thousand clusters share one account, in virtual time: 20 ms away, 10 MB a second each, but for
 * one in twenty that trickles. Every healthy one is read whole, within its own deadline, and the
 * account stays within its limit. Also: what a crawl holds besides the account while it waits, and
 * the minimum rate by itself.
 */
#include <stdlib.h>

#include "crawler/budget.h"
#include "replay/bench.h"
#include "unit/base/cmocka_all.h"

enum { CLUSTERS = 1000, ONE_IN = 20, MOST_TRIES = 3 };

#define TICK CQ_MS(5)
#define LATENCY CQ_MS(20)

struct member {
    struct standin s;
    struct cq_crawl_options o;
    struct cq_crawl *c; /* NULL: waits for its next attempt, or is over */
    bool trickles, over, complete;
    unsigned tries;
    int err;
    uint64_t began_ns, ended_ns, again_ns;
    uint64_t answers_at; /* what the server has said since then arrives from there on */
    size_t need;
};

struct world {
    struct cq_account account;
    struct recording rec;
    struct member *m;
    uint64_t now;
    int64_t wall;
    unsigned left, too_slow;
    size_t fast, slow; /* bytes a tick */
};

static void start(struct world *w, struct member *m)
{
    struct drive d;

    standin_init(&m->s, &w->rec);
    drive_init(&d, &m->s);
    m->o = d.o;
    m->o.memo = NULL; /* freed with d */
    m->o.shapes = NULL;
    drive_fini(&d);
    m->o.account = &w->account;
    m->o.owner = m;
    m->o.need = m->need;
    m->o.attempt = ++m->tries;
    m->o.timeout_ns = CQ_SEC(30);
    m->o.request_timeout_ns = CQ_SEC(25);
    m->o.discard = true;
    assert_int_equal(cq_crawl_new(&m->c, &m->o, w->now, w->wall), 0);
    assert_int_equal(cq_crawl_connected(m->c, NULL, w->now), 0);
    m->answers_at = 0;
}

static void finish(struct world *w, struct member *m, const struct cq_crawl_event *ev)
{
    m->err = ev->err;
    m->complete = ev->scope->read == CQ_READ_COMPLETE;
    m->need = ev->need;
    m->ended_ns = w->now;
    cq_crawl_free(m->c);
    m->c = NULL;
    standin_fini(&m->s);
    if (m->err == CQ_ETOO_SLOW) w->too_slow++;
    m->again_ns = w->now + CQ_SEC(1);
    m->over = m->err != CQ_ETOO_SLOW || m->tries == MOST_TRIES;
    w->left -= m->over;
}

static void pull(struct world *w, struct member *m)
{
    struct cq_crawl_event ev;
    cq_bytes out;

    while (m->c && cq_crawl_next(m->c, &ev, w->now, w->wall))
        if (ev.kind == CQ_CRAWL_DONE) finish(w, m, &ev);
    if (!m->c) return;
    out = cq_crawl_pending(m->c);
    if (out.n == 0) return;
    if (standin_pending(&m->s).n == 0) m->answers_at = w->now + LATENCY;
    standin_feed(&m->s, out);
    cq_crawl_sent(m->c, out.n);
}

/* What arrives in one tick. */
static void receive(struct world *w, struct member *m)
{
    size_t left = m->trickles ? w->slow : w->fast;

    while (m->c && left && w->now >= m->answers_at) {
        cq_bytes in = standin_pending(&m->s);
        uint8_t *p;
        size_t n;

        cq_crawl_space(m->c, &p, &n);
        if (n > in.n) n = in.n;
        if (n > left) n = left;
        if (n == 0) break;
        memcpy(p, in.p, n);
        standin_sent(&m->s, n);
        cq_crawl_commit(m->c, n, w->now);
        left -= n;
        pull(w, m);
    }
}

static void turn(struct world *w, struct member *m)
{
    if (m->over) return;
    if (!m->c && w->now >= m->again_ns) start(w, m);
    if (!m->c) return;
    if (cq_crawl_deadline(m->c) <= w->now) {
        cq_crawl_tick(m->c, w->now);
        pull(w, m);
    }
    if (!m->c) return;
    if (standin_pending(&m->s).n)
        receive(w, m);
    else if (!cq_crawl_is_starved(m->c))
        pull(w, m);
}

static void run(struct world *w, size_t limit, size_t need)
{
    *w = (struct world){.account = {.limit = limit}, .now = CQ_SEC(1000), .left = CLUSTERS};
    w->wall = 1795236000000;
    w->fast = 10000000 / 200;
    w->slow = 2000 / 200;
    assert_true(recording_load(&w->rec, "5.0.9-v5-reference", 5, false));
    w->m = calloc(CLUSTERS, sizeof(*w->m));
    for (int i = 0; i < CLUSTERS; i++) {
        w->m[i].trickles = i % ONE_IN == ONE_IN / 2;
        w->m[i].began_ns = w->now;
        w->m[i].need = need;
    }
    for (int tick = 0; w->left && tick < 200 * 600; tick++) {
        struct member *fed;

        for (int i = 0; i < CLUSTERS; i++)
            turn(w, &w->m[i]);
        while ((fed = cq_account_next(&w->account)))
            pull(w, fed);
        w->now += TICK;
        w->wall += (int64_t)(TICK / CQ_MS(1));
    }
    assert_int_equal(w->left, 0);
}

/* Seconds until the last healthy one was done. */
static double check_healthy(const struct world *w, const char *what)
{
    uint64_t last = 0;

    for (int i = 0; i < CLUSTERS; i++) {
        const struct member *m = &w->m[i];

        if (m->trickles) {
            assert_true(m->complete || m->err == CQ_ETOO_SLOW || m->err == CQ_ETIMEOUT);
            continue;
        }
        if (!m->complete) fail_msg("cluster %d: %s", i, cq_err_code(m->err));
        assert_int_equal(m->tries, 1);
        if (m->ended_ns - m->began_ns > last) last = m->ended_ns - m->began_ns;
    }
    print_message("%s: the last healthy one after %.2f s, peak %zu KiB of %zu, %u too slow\n", what,
                  (double)last / 1e9, w->account.peak >> 10, w->account.limit >> 10, w->too_slow);
    return (double)last / 1e9;
}

static void end(struct world *w)
{
    assert_int_equal(w->account.used, 0);
    assert_null(w->account.overdraft);
    recording_fini(&w->rec);
    free(w->m);
}

/* The default budget: in time by the wall clock, too. Over the limit goes one crawl at a time. */
static void test_default_budget(void **state)
{
    struct world w;

    (void)state;
    run(&w, CQ_DEFAULT_MEMORY_MAX, 0);
    assert_true(check_healthy(&w, "64 MiB") < 30);
    assert_true(w.account.peak <= w.account.limit + CQ_KIB(100));
    end(&w);
}

/*
 * A small one, and what each needs is known: waiting for memory takes longer than a deadline, which
 * stands still meanwhile. Those that trickle would keep all of it, but for the minimum rate.
 */
static void test_small_budget(void **state)
{
    struct world w;

    (void)state;
    run(&w, CQ_MIB(3), CQ_KIB(400));
    (void)check_healthy(&w, "3 MiB");
    assert_true(w.account.peak <= w.account.limit + CQ_KIB(600));
    assert_true(w.too_slow > 0);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_budget),
        cmocka_unit_test(test_small_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
