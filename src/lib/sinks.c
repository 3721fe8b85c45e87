/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop's side of sinks and fetches (lib/sinks.h): one check handle takes a turn at the end of
 * each turn of the loop; an idle handle keeps the loop from sleeping where a turn is wanted; one
 * timer stands for the earliest deadline.
 */
#include <assert.h>

#include "lib/sinks_impl.h"

static void on_idle(uv_idle_t *h)
{
    (void)h; /* its being active is what matters */
}

void cq_sinks_wanted(struct cq_sinks *s)
{
    if (s->kicked || s->closed) return;
    s->kicked = true;
    (void)uv_idle_start(&s->idle, on_idle);
}

void cq_sinks_kick(cqlcrawl *c)
{
    if (c->sinks) cq_sinks_wanted(c->sinks);
}

static void on_ready(void *ctx)
{
    cq_sinks_wanted(ctx);
}

/* ---- time ---- */

static void on_timer(uv_timer_t *t)
{
    struct cq_sinks *s = t->data;

    s->timer_due_ns = CQ_NEVER;
    cq_sinks_wanted(s);
}

static void arm(struct cq_sinks *s, uint64_t now)
{
    uint64_t due = CQ_NEVER;

    for (size_t i = 0; i < s->n; i++) {
        uint64_t d = cq_sink_deadline(&s->entries[i]->machine);

        if (d < due) due = d;
    }
    if (due == s->timer_due_ns) return;
    s->timer_due_ns = due;
    if (due == CQ_NEVER) {
        (void)uv_timer_stop(&s->timer);
        return;
    }
    uv_update_time(s->c->loop); /* a timer counts from the loop's own time */
    (void)uv_timer_start(&s->timer, on_timer, due > now ? (due - now) / CQ_MS(1) + 1 : 0, 0);
}

/* ---- a turn ---- */

static bool take_answers(struct cq_sinks *s)
{
    struct cq_http_call *call;

    while ((call = cq_http_next(s->http)) != NULL) {
        struct cq_sink_lane *l = cq_http_ctx(call);

        if (!l->entry) {
            cq_fetch_done((struct cq_fetch *)l, cq_http_response(call));
        } else if (!cq_sink_entry_answer(l, cq_http_response(call))) {
            return false;
        }
        if (s->stopped) return false;
    }
    return true;
}

static void on_check(uv_check_t *h)
{
    struct cq_sinks *s = h->data;
    bool more = false;

    if (s->stopped || !s->kicked) return;
    s->kicked = false;
    cq_meter_foreign(&s->c->driver.meter, 0); /* this is of no one cluster */
    (void)uv_idle_stop(&s->idle);
    if (!take_answers(s)) return;
    for (size_t i = 0; i < s->n; i++) {
        if (!cq_sink_entry_turn(s->entries[i], uv_hrtime(), &more)) return;
    }
    arm(s, uv_hrtime());
    if (more) cq_sinks_wanted(s);
}

/* ---- life ---- */

int cq_sinks_open(cqlcrawl *c)
{
    struct cq_sinks *s;
    int err;

    if (c->sinks) return 0;
    s = cq_calloc(&c->mem, 1, sizeof(*s));
    if (!s) return cq_fault_set(&c->last, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    s->c = c;
    s->timer_due_ns = CQ_NEVER;
    cq_ring_init(&s->fetches);
    err = cq_http_new(&s->http, c->loop, &c->mem, c->driver.resolver, on_ready, s, &c->last);
    if (err) {
        cq_free(&c->mem, s);
        return err;
    }
    (void)uv_check_init(c->loop, &s->check);
    (void)uv_idle_init(c->loop, &s->idle);
    (void)uv_timer_init(c->loop, &s->timer);
    s->check.data = s->idle.data = s->timer.data = s;
    s->handles = 4;
    (void)uv_check_start(&s->check, on_check);
    uv_unref((uv_handle_t *)&s->check);
    c->sinks = s;
    return 0;
}

int cq_sinks_begin(cqlcrawl *c)
{
    struct cq_sinks *s = c->sinks;
    size_t part = c->driver.account.limit / CQ_SINK_MEMORY_PART;
    int err = 0;

    if (!s || s->begun) return 0;
    for (size_t i = 0; i < s->n && !err; i++) {
        if (!s->entries[i]->lanes) err = cq_sink_entry_begin(s->entries[i], part / s->n);
    }
    s->begun = !err;
    return err;
}

void cq_sinks_stop(cqlcrawl *c)
{
    struct cq_sinks *s = c->sinks;

    if (!s || s->stopped) return;
    s->stopped = true;
    for (size_t i = 0; i < s->n; i++)
        cq_sink_entry_stop(s->entries[i]);
    for (struct cq_ring *node = s->fetches.next; node != &s->fetches; node = node->next)
        cq_fetch_stop(CQ_RING_OF(node, struct cq_fetch, node));
}

static void closed_one(struct cq_sinks *s)
{
    struct cq_mem mem = s->c->mem;
    void (*closed)(void *ctx) = s->closed;
    void *ctx = s->closed_ctx;

    if (--s->handles > 0) return;
    s->c->sinks = NULL;
    cq_free(&mem, s);
    closed(ctx);
}

static void on_closed(uv_handle_t *h)
{
    closed_one(h->data);
}

static void on_http_closed(void *ctx)
{
    closed_one(ctx);
}

void cq_sinks_close(cqlcrawl *c, void (*closed)(void *ctx), void *ctx)
{
    struct cq_sinks *s = c->sinks;

    if (!s) {
        closed(ctx);
        return;
    }
    assert(s->stopped);
    s->closed = closed;
    s->closed_ctx = ctx;
    while (!cq_ring_is_empty(&s->fetches))
        cq_fetch_cancel(CQ_RING_OF(s->fetches.next, struct cq_fetch, node));
    for (size_t i = 0; i < s->n; i++)
        cq_sink_entry_free(s->entries[i]);
    s->n = 0;
    uv_close((uv_handle_t *)&s->check, on_closed);
    uv_close((uv_handle_t *)&s->idle, on_closed);
    uv_close((uv_handle_t *)&s->timer, on_closed);
    cq_http_close(s->http, on_http_closed, s);
}
