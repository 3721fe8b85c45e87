/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds of a bench (cli/bench.h). A cluster is read once at a time under one name, so a crawl goes
 * under the cluster's name and its place in the window: "10.0.0.1:9042#3". A round ends when the
 * last crawl that began in it has ended; its processor time is that of the whole process.
 */
#include "cli/bench.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SECOND 1000000000u

/* ---- the end of a crawl ---- */

static void count_fault(struct cq_bench *b, const struct cq_outcome *o)
{
    const char *code = cq_outcome_code(o);
    unsigned i = 0;

    if (!code) return;
    b->failed++;
    while (i < b->n_faults && strcmp(b->faults[i].code, code) != 0)
        i++;
    if (i == CQ_MAX_FAULT_CODES) return;
    if (i == b->n_faults) {
        b->n_faults++;
        (void)snprintf(b->faults[i].code, sizeof(b->faults[i].code), "%s", code);
        b->faults[i].class_ = o->err ? cqlcrawl_errclass(o->err) : "incomplete";
        b->faults[i].remedy = o->err ? cqlcrawl_remedy(o->err) : NULL;
    }
    b->faults[i].n++;
}

static void count_phases(struct cq_bench *b, const struct cqlcrawl_event *ev, uint64_t total_ns)
{
    const uint64_t ns[CQ_N_PHASES] = {
        [CQ_PHASE_DNS] = ev->ns_resolve,   [CQ_PHASE_CONNECT] = ev->ns_connect,
        [CQ_PHASE_TLS] = ev->ns_tls,       [CQ_PHASE_HANDSHAKE] = ev->ns_protocol,
        [CQ_PHASE_LOGIN] = ev->ns_login,   [CQ_PHASE_FIRST_BYTE] = ev->ns_first_byte,
        [CQ_PHASE_BEFORE] = ev->ns_before, [CQ_PHASE_MAIN] = ev->ns_main,
        [CQ_PHASE_AFTER] = ev->ns_after,   [CQ_PHASE_TOTAL] = total_ns,
    };

    for (int i = 0; i < CQ_N_PHASES; i++) {
        if (ns[i]) cq_histogram_record(&b->phases[i], ns[i]); /* 0: there was no such phase */
    }
    cq_histogram_record(b->round, total_ns);
}

static void count(struct cq_bench *b, const struct cq_bench_slot *k,
                  const struct cqlcrawl_event *ev)
{
    struct cq_bench_round *r = &b->rounds[b->n_rounds];

    r->crawls++;
    r->requests += ev->requests;
    r->connections += ev->connections;
    r->wire_in += ev->bytes_in;
    r->wire_out += ev->bytes_out;
    r->records += ev->records;
    if (cq_outcome_ending(&k->o) != CQ_COMPLETE) {
        count_fault(b, &k->o);
        return;
    }
    r->complete++;
    count_phases(b, ev, cq_now_ns() - k->meant_ns);
}

void cq_bench_event(struct cq_session *s, struct cq_outcome *o, const struct cqlcrawl_event *ev)
{
    struct cq_bench *b = s->own;
    struct cq_bench_slot *k = (struct cq_bench_slot *)o;

    if (ev->kind != CQLCRAWL_EVENT_DONE) return;
    k->busy = false;
    b->in_flight--;
    if (b->warming || (ev->err && strcmp(ev->code, "cancelled") == 0)) return;
    count(b, k, ev);
}

/* ---- the beginning of one ---- */

static void begin(struct cq_bench *b, struct cq_bench_slot *k, uint64_t meant_ns)
{
    struct cq_cluster c = b->inv->clusters[b->next++ % b->inv->n_clusters];
    const char *why;
    int err;

    (void)snprintf(k->name, sizeof(k->name), "%.200s#%zu", c.name, (size_t)(k - b->slots) + 1);
    c.name = k->name;
    cq_outcome_fini(&k->o);
    k->o = (struct cq_outcome){.title = k->name};
    k->meant_ns = meant_ns;
    k->busy = true;
    b->in_flight++;
    if (b->in_flight > b->most_in_flight) b->most_in_flight = b->in_flight;
    err = cq_session_add(b->s, &c, &k->o, NULL, &why);
    if (err) cq_session_add_failed(b->s, &k->o, err);
}

static void begin_all(struct cq_bench *b)
{
    uint64_t meant_ns;

    for (unsigned i = 0; i < b->window; i++) {
        if (b->slots[i].busy) continue;
        if (!cq_pace_next(&b->pace, cq_now_ns(), b->in_flight, &meant_ns)) return;
        begin(b, &b->slots[i], meant_ns);
    }
}

/* ---- a round ---- */

/* poll() knows milliseconds; a schedule of an open loop is finer. */
static void set_timer(struct cq_bench *b)
{
    uint64_t due = cq_pace_due(&b->pace, cq_now_ns(), b->in_flight);
    struct itimerspec t = {{0, 0}, {0, 0}};

    if (b->timer.fd < 0) return;
    if (due != UINT64_MAX) {
        t.it_value.tv_sec = (time_t)(due / SECOND);
        t.it_value.tv_nsec = (long)(due % SECOND);
    }
    (void)timerfd_settime(b->timer.fd, TFD_TIMER_ABSTIME, &t, NULL);
}

static void on_timer(void *ctx, short revents)
{
    struct cq_bench *b = ctx;
    uint64_t n;

    (void)revents;
    while (read(b->timer.fd, &n, sizeof(n)) > 0)
        ;
}

static uint64_t ns_of(const struct timeval *t)
{
    return (uint64_t)t->tv_sec * SECOND + (uint64_t)t->tv_usec * 1000;
}

static bool goes_on(const struct cq_bench *b)
{
    const struct cq_session *s = b->s;

    if (s->interrupted) return b->in_flight && cq_now_ns() < s->give_up_ns;
    if (cq_session_has_failed(s)) return b->in_flight > 0;
    return b->in_flight || !cq_pace_is_over(&b->pace, cq_now_ns());
}

/* Until the last crawl that began in it has ended. */
static void turn_until_over(struct cq_bench *b)
{
    uint64_t now = cq_now_ns(), left;

    b->pace.start_ns = now;
    while (goes_on(b)) {
        if (!b->s->interrupted && !cq_session_has_failed(b->s)) begin_all(b);
        set_timer(b);
        now = cq_now_ns();
        left = b->pace.start_ns + b->pace.duration_ns - now;
        cq_session_turn(b->s, b->in_flight || b->pace.count ? -1 : (int)(left / 1000000 + 1));
    }
}

static void run_round(struct cq_bench *b)
{
    struct cq_bench_round *r = &b->rounds[b->n_rounds];
    uint64_t began = cq_now_ns(), bytes = b->s->record_bytes;
    struct rusage before, after;

    cq_histogram_clear(b->round);
    (void)getrusage(RUSAGE_SELF, &before);
    turn_until_over(b);
    (void)getrusage(RUSAGE_SELF, &after);
    r->wall_ns = cq_now_ns() - began;
    r->user_ns = ns_of(&after.ru_utime) - ns_of(&before.ru_utime);
    r->system_ns = ns_of(&after.ru_stime) - ns_of(&before.ru_stime);
    r->record_bytes = b->s->record_bytes - bytes;
    r->p50_ns = cq_histogram_at(b->round, 50);
    r->p99_ns = cq_histogram_at(b->round, 99);
}

/* Each cluster once, or each place of the window: names, sessions, buffers and caches are warm. */
static void warm_up(struct cq_bench *b)
{
    size_t n = b->inv->n_clusters;

    b->warming = true;
    b->pace = (struct cq_pace){.count = n > b->window ? n : b->window, .window = b->window};
    turn_until_over(b);
    b->warming = false;
}

static int open_bench(struct cq_bench *b)
{
    b->slots = calloc(b->window, sizeof(*b->slots));
    b->rounds = calloc(b->o->rounds + 1, sizeof(*b->rounds));
    b->phases = calloc(CQ_N_PHASES, sizeof(*b->phases));
    b->round = calloc(1, sizeof(*b->round));
    b->timer = CQ_SOURCE(-1, b);
    b->timer.events = POLLIN;
    b->timer.ready = on_timer;
    if (b->o->rate) b->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!b->slots || !b->rounds || !b->phases || !b->round) return -1;
    return cq_loop_add(&b->s->loop, &b->timer) ? 0 : -1;
}

int cq_bench_run(struct cq_bench *b)
{
    if (open_bench(b)) return -1;
    b->base_kib = cq_bench_status_kib("VmRSS");
    warm_up(b);
    while (b->n_rounds < b->o->rounds && !b->s->interrupted && !cq_session_has_failed(b->s)) {
        b->pace = (struct cq_pace){.rate = b->o->rate,
                                   .count = b->o->count,
                                   .duration_ns = b->o->duration_ms * 1000000,
                                   .window = b->window};
        run_round(b);
        if (!b->s->interrupted) b->n_rounds++;
    }
    b->peak_kib = cq_bench_status_kib("VmHWM");
    return 0;
}

void cq_bench_free(struct cq_bench *b)
{
    for (unsigned i = 0; b->slots && i < b->window; i++)
        cq_outcome_fini(&b->slots[i].o);
    if (b->timer.fd > 0) (void)close(b->timer.fd);
    free(b->slots);
    free(b->rounds);
    free(b->phases);
    free(b->round);
}
