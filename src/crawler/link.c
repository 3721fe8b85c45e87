/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shell of one attempt (crawler/link.h): sock -> crawl -> events. The happy path is dial,
 * sock_opened, bytes through sock_space and sock_received, cq_link_run until DONE, close. A dial
 * that fails or a transport that ends is told to the crawl, which decides what that means.
 */
#include "crawler/link.h"

#include <assert.h>
#include <time.h>

enum { EVENTS_PER_TURN = 256 };

/* One sock's context: outlives the link's interest in it, not the link. */
struct dial {
    struct cq_link *link;
    struct cq_sock *sock;
    bool live; /* this is the link's sock */
    bool open;
};

struct cq_link {
    struct cq_link_options o;
    struct cq_crawl *crawl;
    struct dial *dial; /* NULL: not connected and not trying */
    unsigned n_dials;  /* socks not closed yet */
    uv_timer_t timer;
    bool timer_open;
    uint64_t armed_ns;  /* of the loop's clock; CQ_NEVER: not armed */
    uint64_t skew_ns;   /* what the crawl's clock is behind */
    uint64_t halted_ns; /* since when its clock stands still; 0: it runs */
    bool paused, done, closing;
};

static int64_t wall_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The crawl's own time. */
static uint64_t now_ns(const struct cq_link *l)
{
    return (l->halted_ns ? l->halted_ns : uv_hrtime()) - l->skew_ns;
}

static void halt(struct cq_link *l)
{
    if (!l->halted_ns) l->halted_ns = uv_hrtime();
}

static void unhalt(struct cq_link *l)
{
    if (!l->halted_ns) return;
    l->skew_ns += uv_hrtime() - l->halted_ns;
    l->halted_ns = 0;
}

static void maybe_closed(struct cq_link *l)
{
    struct cq_link_handler h = l->o.handler;
    void *ctx = l->o.ctx;

    if (!l->closing || l->n_dials || l->timer_open) return;
    cq_crawl_free(l->crawl);
    cq_tls_ctx_release(l->o.tls);
    cq_free(l->o.mem, l);
    h.closed(ctx);
}

/* ---- the timer ---- */

static void on_timer(uv_timer_t *t)
{
    struct cq_link *l = t->data;

    l->armed_ns = CQ_NEVER;
    if (l->closing) return;
    if (!l->halted_ns) cq_crawl_tick(l->crawl, now_ns(l));
    l->o.handler.ready(l->o.ctx);
}

/* A timer that is set too early fires in vain once and is set again: cheaper than moving it with
 * every answer. */
static void arm(struct cq_link *l)
{
    uint64_t at = cq_crawl_deadline(l->crawl), now = uv_hrtime();

    if (l->halted_ns || l->done || at == CQ_NEVER) return;
    at = at > CQ_NEVER - l->skew_ns - 1 ? CQ_NEVER - 1 : at + l->skew_ns;
    if (l->armed_ns <= at) return;
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
    if (d->live && !d->link->paused) cq_crawl_space(d->link->crawl, p, n);
}

static void sock_received(void *ctx, size_t n)
{
    struct dial *d = ctx;

    if (!d->live) return;
    cq_crawl_commit(d->link->crawl, n, now_ns(d->link));
    d->link->o.handler.ready(d->link->o.ctx);
}

static void sock_step(void *ctx, const struct cq_sock_step *step)
{
    struct dial *d = ctx;

    if (!d->live) return;
    if (step->err == 0) cq_crawl_net_step(d->link->crawl, (int)step->step, step->ns);
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
    err = cq_crawl_connected(l->crawl, f->tls ? &tls : NULL, now_ns(l));
    if (err) {
        drop(l);
        cq_crawl_net_end(l->crawl, err, cq_err_text(err), now_ns(l), wall_ms());
    }
    l->o.handler.ready(l->o.ctx);
}

static void sock_ended(void *ctx, int err, const char *text)
{
    struct dial *d = ctx;
    struct cq_link *l = d->link;

    if (!d->live) return;
    cq_crawl_net_end(l->crawl, err ? err : CQ_ECLOSED, text, now_ns(l), wall_ms());
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
    struct cq_sock_options o = {
        .loop = l->o.loop,
        .mem = l->o.mem,
        .resolver = l->o.resolver,
        .endpoints = l->o.endpoints,
        .n_endpoints = l->o.n_endpoints,
        .connect_timeout_ns = l->o.connect_timeout_ns,
        .tls = l->o.tls,
        .sni = l->o.sni,
        .verify_name = l->o.verify_name,
        .handler = {sock_space, sock_received, sock_step, sock_opened, sock_ended, sock_closed},
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
        cq_crawl_net_end(l->crawl, err, cq_err_text(err), now_ns(l), wall_ms());
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
    if (out.n) {
        err = cq_sock_write(l->dial->sock, out);
        if (err) {
            drop(l);
            cq_crawl_net_end(l->crawl, err, cq_err_text(err), now_ns(l), wall_ms());
            l->o.handler.ready(l->o.ctx);
            return;
        }
        cq_crawl_sent(l->crawl, out.n);
    }
    if (!l->paused) cq_sock_resume(l->dial->sock);
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
        l->paused = !l->o.handler.record(l->o.ctx, ev->line);
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
    int n = 0;

    if (l->paused) return CQ_LINK_PAUSED;
    unhalt(l);
    while (!l->done && !l->paused && n < EVENTS_PER_TURN) {
        if (!cq_crawl_next(l->crawl, &ev, now_ns(l), wall_ms())) break;
        handle(l, &ev);
        n++;
    }
    if (l->done) return CQ_LINK_DONE;
    flush(l);
    if (l->paused) {
        halt(l);
        return CQ_LINK_PAUSED;
    }
    arm(l);
    return n == EVENTS_PER_TURN ? CQ_LINK_MORE : CQ_LINK_WAITING;
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
    l->armed_ns = CQ_NEVER;
    err = cq_crawl_new(&l->crawl, &l->o.crawl, now_ns(l), wall_ms());
    if (err || uv_timer_init(o->loop, &l->timer)) {
        cq_crawl_free(l->crawl);
        cq_free(o->mem, l);
        return err ? err : CQ_EINTERNAL;
    }
    l->timer.data = l;
    l->timer_open = true;
    if (l->o.tls) (void)cq_tls_ctx_retain(l->o.tls);
    if (o->early_err) {
        cq_crawl_net_end(l->crawl, o->early_err, o->early_text, now_ns(l), wall_ms());
    } else {
        dial(l);
    }
    *out = l;
    o->handler.ready(o->ctx);
    return 0;
}

void cq_link_resume(struct cq_link *l)
{
    if (!l->paused) return;
    l->paused = false;
    l->o.handler.ready(l->o.ctx);
}

void cq_link_cancel(struct cq_link *l)
{
    if (l->done || l->closing) return;
    drop(l);
    l->paused = false;
    cq_crawl_cancel(l->crawl, now_ns(l), wall_ms());
    l->o.handler.ready(l->o.ctx);
}

void cq_link_close(struct cq_link *l)
{
    assert(!l->closing);
    l->closing = true;
    drop(l);
    uv_close((uv_handle_t *)&l->timer, timer_closed);
}
