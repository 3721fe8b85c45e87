/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shell of one attempt (crawler/link.h): sock -> crawl -> events. The happy path is dial,
 * sock_opened, bytes through sock_space and sock_received, cq_link_run until DONE, close. A dial
 * that fails or a transport that ends is told to the crawl, which decides what that means.
 */
#include "crawler/link.h"

#include <assert.h>
#include <time.h>

enum { EVENTS_PER_TURN = 1024, LATE_TURNS = 64 };
enum { CLOCK_EVERY = 8 }; /* events: for each of them, the two clocks cost 2 % of a crawl */

/* One sock's context: outlives the link's interest in it, not the link. */
struct dial {
    struct cq_link *link;
    struct cq_sock *sock;
    bool live; /* this is the link's sock */
    bool open;
    uint8_t which[CQ_MAX_CONTACT_POINTS]; /* the contact points that it tries */
};

struct cq_link {
    struct cq_link_options o;
    struct cq_crawl *crawl;
    struct dial *dial; /* NULL: not connected and not trying */
    unsigned n_dials;  /* socks not closed yet */
    uv_timer_t timer;
    bool timer_open;
    uint64_t armed_ns; /* when the timer fires; CQ_NEVER: not armed */
    unsigned due;      /* it has fired: turns until the crawl is told; 0: it has not */
    bool heard;        /* something came since the last turn */
    uint64_t spent_ns; /* on the processor, as far as the meter has told */
    int point;         /* the contact point of the last connection; -1: none */
    bool paused, done, closing;
    bool cancelled; /* nobody is waited for any more */
};

int64_t cq_link_wall_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint64_t spent(void *ctx)
{
    struct cq_link *l = ctx;

    cq_meter_tell(l->o.meter, &l->spent_ns);
    return l->spent_ns;
}

static void maybe_closed(struct cq_link *l)
{
    struct cq_link_handler h = l->o.handler;
    void *ctx = l->o.ctx;

    if (!l->closing || l->n_dials || l->timer_open) return;
    cq_crawl_free(l->crawl);
    cq_trust_release(l->o.tls);
    cq_free(l->o.mem, l);
    h.closed(ctx);
}

/* ---- the timer ---- */

static void on_timer(uv_timer_t *t)
{
    struct cq_link *l = t->data;

    l->armed_ns = CQ_NEVER;
    if (l->closing) return;
    if (!l->due) l->due = LATE_TURNS;
    l->o.handler.ready(l->o.ctx);
}

/* Only after what had come was read and looked at: where it is we who are late (a host that took
 * its time, a thousand clusters in one turn) the peer may have answered long ago. */
static void tick(struct cq_link *l, bool more)
{
    bool heard = l->heard || more;

    l->heard = false;
    if (!l->due) return;
    l->due = heard ? l->due - 1 : 0;
    if (!l->due) cq_crawl_tick(l->crawl, uv_hrtime());
    l->o.handler.ready(l->o.ctx);
}

/* One that is set too early fires in vain: cheaper than moving it with every answer. */
static void arm(struct cq_link *l)
{
    uint64_t at = cq_crawl_deadline(l->crawl), now;

    if (at == CQ_NEVER || l->armed_ns <= at) return;
    now = uv_hrtime();
    l->armed_ns = at;
    (void)uv_timer_start(&l->timer, on_timer, at > now ? (at - now + 999999) / 1000000 : 0, 0);
}

/* ---- the sock ---- */

static void drop(struct cq_link *l)
{
    struct dial *d = l->dial;

    if (!d) return;
    l->dial = NULL;
    d->live = false;
    cq_sock_close(d->sock);
}

static void sock_space(void *ctx, uint8_t **p, size_t *n)
{
    struct dial *d = ctx;

    *n = 0;
    if (!d->live || d->link->paused) return;
    cq_crawl_space(d->link->crawl, p, n);
    if (*n == 0 && cq_crawl_deadline(d->link->crawl) <= uv_hrtime())
        d->link->o.handler.ready(d->link->o.ctx); /* it has failed just now: in this turn */
}

static void sock_received(void *ctx, size_t n)
{
    struct dial *d = ctx;

    if (!d->live) return;
    d->link->heard = true;
    cq_crawl_commit(d->link->crawl, n, uv_hrtime());
    d->link->o.handler.ready(d->link->o.ctx);
}

static void sock_unused(void *ctx)
{
    const struct dial *d = ctx;

    if (d->live) cq_crawl_unused(d->link->crawl);
}

static void sock_step(void *ctx, const struct cq_sock_step *step)
{
    struct dial *d = ctx;

    if (!d->live) return;
    if (step->err == 0) cq_crawl_net_step(d->link->crawl, (int)step->step, step->ns);
    if (step->step == CQ_STEP_CONNECT && step->err == 0) {
        d->link->point = d->which[cq_sock_endpoint(d->sock)];
    }
    d->link->o.handler.step(d->link->o.ctx, step);
}

static void sock_opened(void *ctx, const struct cq_sock_facts *f)
{
    struct dial *d = ctx;
    struct cq_link *l = d->link;
    struct cq_tls_facts tls = {.version = f->tls_version,
                               .cipher = f->tls_cipher,
                               .subject = f->subject,
                               .issuer = f->issuer,
                               .not_after_ms = f->not_after_ms};
    int err;

    if (!d->live) return;
    d->open = true;
    err = cq_crawl_connected(l->crawl, f->tls ? &tls : NULL, uv_hrtime());
    if (err) {
        drop(l);
        cq_crawl_net_end(l->crawl, err, cq_err_text(err), uv_hrtime(), cq_link_wall_ms());
    }
    l->o.handler.ready(l->o.ctx);
}

static void sock_ended(void *ctx, int err, const char *text)
{
    struct dial *d = ctx;
    struct cq_link *l = d->link;

    if (!d->live) return;
    cq_crawl_net_end(l->crawl, err ? err : CQ_ECLOSED, text, uv_hrtime(), cq_link_wall_ms());
    drop(l);
    l->o.handler.ready(l->o.ctx);
}

static void sock_closed(void *ctx)
{
    struct dial *d = ctx;
    struct cq_link *l = d->link;

    l->n_dials--;
    cq_free(l->o.mem, d);
    maybe_closed(l);
}

static int open_sock(struct cq_link *l, struct dial *d)
{
    struct cq_endpoint chosen[CQ_MAX_CONTACT_POINTS];
    struct cq_sock_options o = {
        .loop = l->o.loop,
        .mem = l->o.crawl.mem,
        .hub = l->o.hub,
        .resolver = l->o.resolver,
        .endpoints = chosen,
        .n_endpoints = cq_link_points(&l->o, chosen, d->which),
        .connect_timeout_ns = l->o.connect_timeout_ns,
        .tls = l->o.tls,
        .sni = l->o.sni,
        .verify_name = l->o.verify_name,
        .handler = {sock_space, sock_received, sock_unused, sock_step, sock_opened, sock_ended,
                    sock_closed},
        .ctx = d,
    };

    return cq_sock_open(&d->sock, &o);
}

static void dial(struct cq_link *l)
{
    struct dial *d = cq_calloc(l->o.mem, 1, sizeof(*d));
    int err = CQ_ENOMEM;

    drop(l);
    if (d) {
        d->link = l;
        err = open_sock(l, d);
    }
    if (err) {
        cq_free(l->o.mem, d);
        cq_crawl_net_end(l->crawl, err, cq_err_text(err), uv_hrtime(), cq_link_wall_ms());
        return;
    }
    d->live = true;
    l->dial = d;
    l->n_dials++;
}

static void flush(struct cq_link *l)
{
    cq_bytes out;
    int err;

    if (!l->dial || !l->dial->open) return;
    out = cq_crawl_pending(l->crawl);
    if (!out.n) return;
    err = cq_sock_write(l->dial->sock, out);
    if (!err) {
        cq_crawl_sent(l->crawl, out.n);
        return;
    }
    drop(l);
    cq_crawl_net_end(l->crawl, err, cq_err_text(err), uv_hrtime(), cq_link_wall_ms());
    l->o.handler.ready(l->o.ctx);
}

static void read_on(struct cq_link *l)
{
    if (l->dial && l->dial->open && !l->paused) cq_sock_resume(l->dial->sock);
}

/* ---- events ---- */

static void tell_step(struct cq_link *l, const struct cq_crawl_event *ev)
{
    struct cq_sock_step s = {(enum cq_step)ev->step, ev->err, ev->ns, ev->text};

    if (ev->step >= CQ_STEP_PROTOCOL) l->o.handler.step(l->o.ctx, &s);
}

static void handle(struct cq_link *l, const struct cq_crawl_event *ev)
{
    switch (ev->kind) {
    case CQ_CRAWL_RECORD:
        flush(l); /* the server works while the consumer does */
        l->paused = !l->o.handler.record(l->o.ctx, ev->line) && !l->cancelled;
        return;
    case CQ_CRAWL_STEP:
        tell_step(l, ev);
        return;
    case CQ_CRAWL_REDIAL:
        dial(l);
        return;
    case CQ_CRAWL_HANGUP:
        drop(l);
        return;
    case CQ_CRAWL_DONE:
        l->done = true;
        drop(l);
        l->o.handler.done(l->o.ctx, ev);
        return;
    }
}

enum cq_link_state cq_link_run(struct cq_link *l)
{
    struct cq_crawl_event ev;
    uint64_t now = uv_hrtime(), until = now + CQ_TURN;
    int64_t wall_ms = cq_link_wall_ms();
    bool more = true;
    int n = 0;

    if (l->paused) return CQ_LINK_PAUSED;
    cq_meter_begin(l->o.meter, &l->spent_ns);
    while (!l->done && !l->paused && n < EVENTS_PER_TURN && now < until) {
        more = cq_crawl_next(l->crawl, &ev, now, wall_ms);
        if (!more) break;
        handle(l, &ev);
        if (++n % CLOCK_EVERY) continue;
        now = uv_hrtime();
        wall_ms = cq_link_wall_ms();
    }
    if (l->done) return CQ_LINK_DONE;
    flush(l);
    tick(l, more || l->paused);
    read_on(l);
    cq_meter_end(l->o.meter, &l->spent_ns);
    if (l->paused) {
        cq_crawl_pause(l->crawl, uv_hrtime());
        return CQ_LINK_PAUSED;
    }
    if (!l->due) arm(l);
    if (more) return CQ_LINK_MORE;
    return cq_crawl_is_starved(l->crawl) ? CQ_LINK_STARVED : CQ_LINK_WAITING;
}

/* ---- life ---- */

static void timer_closed(uv_handle_t *h)
{
    struct cq_link *l = h->data;

    l->timer_open = false;
    maybe_closed(l);
}

int cq_link_open(struct cq_link **out, const struct cq_link_options *o)
{
    struct cq_link *l = cq_calloc(o->mem, 1, sizeof(*l));
    int err = CQ_ENOMEM;

    *out = NULL;
    if (!l) return CQ_ENOMEM;
    l->o = *o;
    l->o.crawl.cpu_ns = spent;
    l->o.crawl.cpu_ctx = l;
    l->armed_ns = CQ_NEVER;
    l->point = -1;
    err = cq_crawl_new(&l->crawl, &l->o.crawl, uv_hrtime(), cq_link_wall_ms());
    if (err || uv_timer_init(o->loop, &l->timer)) {
        cq_crawl_free(l->crawl);
        cq_free(o->mem, l);
        return err ? err : CQ_EINTERNAL;
    }
    l->timer.data = l;
    l->timer_open = true;
    (void)cq_trust_retain(l->o.tls);
    if (o->early_err) {
        cq_crawl_net_end(l->crawl, o->early_err, o->early_text, uv_hrtime(), cq_link_wall_ms());
    } else {
        dial(l);
    }
    *out = l;
    o->handler.ready(o->ctx);
    return 0;
}

int cq_link_point(const struct cq_link *l)
{
    return l->point;
}

void cq_link_resume(struct cq_link *l)
{
    if (!l->paused) return;
    l->paused = false;
    cq_crawl_resume(l->crawl, uv_hrtime());
    l->o.handler.ready(l->o.ctx);
}

void cq_link_cancel(struct cq_link *l)
{
    if (l->done || l->closing) return;
    drop(l);
    l->cancelled = true;
    cq_link_resume(l); /* the verdict is worth a line even to a consumer who waits */
    cq_crawl_cancel(l->crawl, uv_hrtime(), cq_link_wall_ms());
    l->o.handler.ready(l->o.ctx);
}

void cq_link_close(struct cq_link *l)
{
    assert(!l->closing);
    l->closing = true;
    cq_meter_forget(l->o.meter, &l->spent_ns);
    drop(l);
    uv_close((uv_handle_t *)&l->timer, timer_closed);
}
