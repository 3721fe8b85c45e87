/* SPDX-License-Identifier: Apache-2.0 */
#include "sched/world.h"

#include <assert.h>
#include <string.h>

static const char *const names[N_KINDS] = {
    "healthy", "slow",     "dead",     "refused", "silent",  "overloaded",
    "torn",    "unsorted", "password", "expired", "joining", "resets",
};

static const char *const follows[] = {"over", "point", "sorted", "torn", "later", "shortage"};

const struct world_options world_golden = {
    .seed = 7,
    .clusters = 50,
    .slots = 8,
    .half_open = 4,
    .rate = 80,
    .retries = 2,
    .only = -1,
    .short_from_ns = CQ_SEC(1) + CQ_MS(400),
    .short_to_ns = CQ_SEC(4),
    .short_of = 4,
};

static uint64_t ms(struct world *w, unsigned from, unsigned to)
{
    return CQ_MS(from) + cq_rand_below(&w->rand, CQ_MS(to - from) + 1);
}

static unsigned n_points(enum kind k)
{
    return k == EXPIRED || k == JOINING ? 2 : 1;
}

void world_init(struct world *w, const struct world_options *o)
{
    struct cq_fleet_options f = {
        .mem = &cq_mem_libc,
        .slots = o->slots,
        .half_open = o->half_open,
        .rate = o->rate,
        .seed = o->seed,
    };

    memset(w, 0, sizeof(*w));
    w->o = *o;
    w->rand.state = o->seed ^ 0x776f726c64u;
    w->now = CQ_SEC(1);
    w->least_window = o->slots;
    cq_fleet_init(&w->fleet, &f);
    for (unsigned i = 0; i < o->clusters; i++) {
        struct cluster *c = &w->c[i];

        c->number = i;
        c->kind = o->only >= 0                 ? (enum kind)o->only
                  : cq_rand_below(&w->rand, 2) ? HEALTHY
                                               : (enum kind)cq_rand_below(&w->rand, N_KINDS);
        c->opens_ns = c->ends_ns = CQ_NEVER;
        c->m.retries = o->retries;
        c->m.n_points = n_points(c->kind);
        assert(cq_fleet_add(&w->fleet, &c->m) == 0);
    }
}

/* ---- what the clusters do ---- */

/* The shell's dial: contact points in order, from the attempt's first, without those left out. */
static int point_of(const struct cluster *c)
{
    for (unsigned k = 0; k < c->m.n_points; k++) {
        unsigned p = (c->m.first_point + k) % c->m.n_points;

        if (!(c->m.out & 1u << p)) return (int)p;
    }
    assert(false && "no contact point is left");
    return -1;
}

static void will(struct world *w, struct cluster *c, uint64_t opens, uint64_t ends, int err)
{
    c->opens_ns = opens == CQ_NEVER ? CQ_NEVER : w->now + opens;
    c->ends_ns = w->now + ends;
    c->end.err = err;
}

static void read_well(struct world *w, struct cluster *c)
{
    uint64_t opens = ms(w, 2, 40);

    will(w, c, opens, opens + ms(w, 5, 200), 0);
}

static void fail_at_first_point(struct world *w, struct cluster *c, int err)
{
    if (c->end.point == 0)
        will(w, c, CQ_NEVER, ms(w, 2, 40), err);
    else
        read_well(w, c);
}

static void attempt(struct world *w, struct cluster *c)
{
    unsigned before = c->attempts - 1;

    c->end = (struct cq_attempt_end){.point = point_of(c)};
    read_well(w, c);
    switch (c->kind) {
    case SLOW:
        c->ends_ns += ms(w, 2000, 9000);
        break;
    case DEAD:
        c->end.point = -1;
        will(w, c, CQ_NEVER, CQ_SEC(5), CQ_ECONNECT_TIMEOUT);
        break;
    case REFUSED:
        c->end.point = -1;
        will(w, c, CQ_NEVER, CQ_MS(1), CQ_EREFUSED);
        break;
    case SILENT:
        will(w, c, CQ_NEVER, CQ_SEC(20), CQ_ESILENT);
        break;
    case OVERLOADED:
        if (before < 2) will(w, c, CQ_NEVER, ms(w, 2, 40), CQ_EOVERLOADED);
        break;
    case TORN:
        if (before < 2) c->end.want = CQ_RETRY_TORN;
        break;
    case UNSORTED:
        if (!c->m.sorted) c->end.want = CQ_RETRY_SORTED;
        break;
    case PASSWORD:
        will(w, c, CQ_NEVER, ms(w, 2, 40), CQ_EAUTH_FAILED);
        break;
    case EXPIRED:
        fail_at_first_point(w, c, CQ_ETLS_EXPIRED);
        break;
    case JOINING:
        fail_at_first_point(w, c, CQ_EBOOTSTRAPPING);
        break;
    case RESETS:
        if (cq_rand_below(&w->rand, 2)) c->end.err = CQ_ERESET;
        break;
    case HEALTHY:
    case N_KINDS:
        break;
    }
}

/* ---- what must always hold ---- */

static void count_half(struct world *w)
{
    w->half = 0;
    for (unsigned i = 0; i < w->o.clusters; i++) {
        struct cluster *c = &w->c[i];

        if (c->counts_half && w->now >= c->began_ns + CQ_HALF_OPEN_TIME) c->counts_half = false;
        w->half += c->counts_half;
    }
    if (w->half > w->most_half) w->most_half = w->half;
    assert(w->half <= w->o.half_open);
}

static bool is_passing(int err)
{
    return err == CQ_ECONNECT_TIMEOUT || err == CQ_EREFUSED || err == CQ_ESILENT ||
           err == CQ_EOVERLOADED || err == CQ_ERESET || err == CQ_EBOOTSTRAPPING;
}

static void check_next(const struct world *w, const struct cluster *c, enum cq_next next)
{
    uint64_t most = CQ_RETRY_BASE << (c->m.tries ? c->m.tries - 1 : 0);

    switch (next) {
    case CQ_NEXT_OVER:
        assert(!is_passing(c->end.err) || c->m.tries == w->o.retries);
        break;
    case CQ_NEXT_LATER:
        assert(is_passing(c->end.err) && c->m.tries <= w->o.retries);
        assert(c->m.delay_ns > 0 && c->m.delay_ns <= (most < CQ_RETRY_CAP ? most : CQ_RETRY_CAP));
        break;
    case CQ_NEXT_SHORTAGE:
        assert(c->end.err == CQ_EDESCRIPTORS);
        assert(c->m.delay_ns > 0 && c->m.delay_ns <= CQ_RETRY_CAP);
        break;
    case CQ_NEXT_POINT:
        assert(c->end.err == CQ_ETLS_EXPIRED || c->end.err == CQ_EBOOTSTRAPPING);
        assert(c->m.delay_ns == 0);
        break;
    case CQ_NEXT_SORTED:
    case CQ_NEXT_TORN:
        assert(c->end.err == 0);
        break;
    }
}

/* ---- the loop ---- */

static void say(const struct world *w, const char *what, const struct cluster *c)
{
    if (!w->o.trace) return;
    (void)fprintf(w->o.trace, "%4u.%06u %-6s c%02u %-10s", (unsigned)(w->now / CQ_SEC(1)) - 1,
                  (unsigned)(w->now % CQ_SEC(1) / 1000), what, c->number, names[c->kind]);
}

static void start(struct world *w, struct cluster *c)
{
    assert(!c->over && c->ends_ns == CQ_NEVER && c->attempts < WORLD_ATTEMPTS);
    if (c->attempts++ == 0) c->first_start_ns = w->now;
    if (w->starts < sizeof(w->starts_ns) / sizeof(w->starts_ns[0])) {
        w->starts_ns[w->starts] = w->now;
    }
    w->starts++;
    c->began_ns = w->now;
    c->counts_half = true;
    attempt(w, c);
    if (w->now >= w->o.short_from_ns && w->now < w->o.short_to_ns && w->running >= w->o.short_of) {
        will(w, c, CQ_NEVER, CQ_MS(1) / 10, CQ_EDESCRIPTORS);
        c->end.point = -1;
        c->end.want = CQ_RETRY_NO;
        w->shortages++;
    }
    w->running++;
    if (w->running > w->most_running) w->most_running = w->running;
    assert(w->running <= w->o.slots);
    count_half(w);
    say(w, "start", c);
    if (w->o.trace) {
        (void)fprintf(w->o.trace, " attempt %u, point %d; %u running, %u half-open\n", c->attempts,
                      c->end.point, w->running, w->half);
    }
}

static void end(struct world *w, struct cluster *c)
{
    enum cq_next next = cq_fleet_judge(&w->fleet, &c->m, &c->end, w->now);

    check_next(w, c, next);
    c->opens_ns = c->ends_ns = CQ_NEVER;
    c->counts_half = false;
    c->last_err = c->end.err;
    w->running--;
    cq_fleet_end(&w->fleet, &c->m, w->now);
    if (w->fleet.window < w->least_window) w->least_window = w->fleet.window;
    say(w, "end", c);
    if (w->o.trace) {
        (void)fprintf(w->o.trace, " %s -> %s", c->end.err ? cq_err_code(c->end.err) : "read",
                      follows[next]);
        if (c->m.delay_ns && next != CQ_NEXT_OVER) {
            (void)fprintf(w->o.trace, " in %u.%06u", (unsigned)(c->m.delay_ns / CQ_SEC(1)),
                          (unsigned)(c->m.delay_ns % CQ_SEC(1) / 1000));
        }
        if (next == CQ_NEXT_SHORTAGE) (void)fprintf(w->o.trace, ", window %u", w->fleet.window);
        (void)fputc('\n', w->o.trace);
    }
    if (next != CQ_NEXT_OVER) return;
    c->over = true;
    w->over++;
    cq_fleet_remove(&w->fleet, &c->m);
}

static void happen(struct world *w)
{
    for (unsigned i = 0; i < w->o.clusters; i++) {
        struct cluster *c = &w->c[i];

        if (c->opens_ns <= w->now) {
            c->opens_ns = CQ_NEVER;
            c->counts_half = false;
            say(w, "opened", c);
            if (w->o.trace) (void)fputc('\n', w->o.trace);
            cq_fleet_opened(&w->fleet, &c->m);
        }
        if (c->ends_ns <= w->now) end(w, c);
    }
}

static uint64_t next_time(const struct world *w)
{
    uint64_t at = cq_fleet_deadline(&w->fleet);

    for (unsigned i = 0; i < w->o.clusters; i++) {
        const struct cluster *c = &w->c[i];

        if (c->opens_ns < at) at = c->opens_ns;
        if (c->ends_ns < at) at = c->ends_ns;
    }
    return at;
}

void world_run(struct world *w)
{
    struct cq_member *m;
    unsigned idle = 0; /* turns in which no time went by */

    while (w->over < w->o.clusters) {
        uint64_t at;

        cq_fleet_turn(&w->fleet);
        while (cq_fleet_next(&w->fleet, w->now, &m) == CQ_FLEET_START)
            start(w, CQ_RING_OF(m, struct cluster, m));
        at = next_time(w);
        assert(at != CQ_NEVER); /* nobody waits for ever */
        idle = at > w->now ? 0 : idle + 1;
        assert(idle < 1000); /* a deadline that was kept for nothing */
        if (at > w->now) w->now = at;
        happen(w);
    }
    assert(w->running == 0 && w->fleet.n_members == 0 && w->fleet.n_half == 0);
    cq_fleet_fini(&w->fleet);
}
