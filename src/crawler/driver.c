/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver's loop side (crawler/driver.h): who runs next and when. Whatever happens during a turn
 * only marks jobs as ready; the check handle, at the turn's end, runs each of them once, fills free
 * slots from the queue and lets the loop sleep when nothing is ready (an idle handle keeps it from
 * sleeping otherwise). One timer serves all that wait for a time.
 */
#include "crawler/driver.h"

#include <assert.h>

enum { STARTS_PER_TURN = 64 };

static struct cq_job *job_of_ready(struct cq_ring *node)
{
    return CQ_RING_OF(node, struct cq_job, ready);
}

static struct cq_job *job_of_queue(struct cq_ring *node)
{
    return CQ_RING_OF(node, struct cq_job, queue);
}

static void on_idle(uv_idle_t *h)
{
    (void)h; /* its being active is what matters: the loop does not block */
}

static void kick(struct cq_driver *d)
{
    if (!d->handles_closing) (void)uv_idle_start(&d->idle, on_idle);
}

void cq_driver_wake(struct cq_driver *d, struct cq_job *job)
{
    cq_ring_push(&d->ready, &job->ready);
    kick(d);
}

/* ---- time ---- */

static void on_timer(uv_timer_t *t);

static void arm(struct cq_driver *d, uint64_t due_ns)
{
    uint64_t now = uv_hrtime();

    if (d->timer_due_ns <= due_ns) return;
    d->timer_due_ns = due_ns;
    (void)uv_timer_start(&d->timer, on_timer, due_ns > now ? (due_ns - now + 999999) / 1000000 : 0,
                         0);
}

static void on_timer(uv_timer_t *t)
{
    struct cq_driver *d = t->data;
    struct cq_ring *node = d->later.next, *next;
    uint64_t now = uv_hrtime();

    d->timer_due_ns = CQ_NEVER;
    for (; node != &d->later; node = next) {
        struct cq_job *job = job_of_queue(node);

        next = node->next;
        if (job->due_ns <= now) {
            cq_ring_remove(&job->queue);
            cq_driver_wake(d, job);
        } else {
            arm(d, job->due_ns);
        }
    }
}

void cq_driver_sleep(struct cq_driver *d, struct cq_job *job, uint64_t due_ns)
{
    job->due_ns = due_ns;
    cq_ring_push(&d->later, &job->queue);
    arm(d, due_ns);
}

/* ---- a turn ---- */

/* Who starved runs again once memory has come back. */
static void feed_starved(struct cq_driver *d)
{
    if (cq_ring_is_empty(&d->starved) || d->account.used >= d->starved_at) return;
    while (!cq_ring_is_empty(&d->starved)) {
        struct cq_job *job = job_of_queue(d->starved.next);

        cq_ring_remove(&job->queue);
        cq_driver_wake(d, job);
    }
}

static void fill_slots(struct cq_driver *d)
{
    int n = 0;

    while (!d->closing && d->running < d->concurrency && !cq_ring_is_empty(&d->queued)) {
        struct cq_job *job = job_of_queue(d->queued.next);

        if (n++ == STARTS_PER_TURN) {
            kick(d);
            return;
        }
        cq_ring_remove(&job->queue);
        cq_job_start(d, job);
    }
}

static void handle_closed(uv_handle_t *h);
static void resolver_closed(void *ctx);

static void maybe_close(struct cq_driver *d)
{
    if (!d->closing || d->handles_closing || d->n_jobs) return;
    d->handles_closing = true;
    uv_close((uv_handle_t *)&d->check, handle_closed);
    uv_close((uv_handle_t *)&d->idle, handle_closed);
    uv_close((uv_handle_t *)&d->timer, handle_closed);
    cq_resolver_close(d->resolver, resolver_closed, d);
}

static void on_check(uv_check_t *h)
{
    struct cq_driver *d = h->data;
    struct cq_ring now;

    cq_ring_move(&now, &d->ready);
    while (!cq_ring_is_empty(&now)) {
        struct cq_job *job = job_of_ready(now.next);

        cq_ring_remove(&job->ready);
        cq_job_run(d, job);
    }
    feed_starved(d);
    (void)uv_idle_stop(&d->idle);
    fill_slots(d);
    if (!cq_ring_is_empty(&d->ready)) kick(d);
    if (d->n_jobs == 0) uv_unref((uv_handle_t *)&d->check);
    maybe_close(d);
}

/* ---- life ---- */

static void closed_one(struct cq_driver *d)
{
    if (--d->n_handles == 0) d->closed(d->closed_ctx);
}

static void handle_closed(uv_handle_t *h)
{
    closed_one(h->data);
}

static void resolver_closed(void *ctx)
{
    closed_one(ctx);
}

int cq_driver_open(struct cq_driver *d, const struct cq_driver_options *o)
{
    int err;

    *d = (struct cq_driver){
        .loop = o->loop,
        .mem = o->mem,
        .account = {.limit = o->memory_max ? o->memory_max : CQ_DEFAULT_MEMORY_MAX},
        .concurrency = o->concurrency ? o->concurrency : CQ_DEFAULT_CONCURRENCY,
        .handler = o->handler,
        .ctx = o->ctx,
        .timer_due_ns = CQ_NEVER,
    };
    err = cq_resolver_new(&d->resolver, o->loop, o->mem);
    if (err) return err;
    cq_ring_init(&d->all);
    cq_ring_init(&d->queued);
    cq_ring_init(&d->later);
    cq_ring_init(&d->ready);
    cq_ring_init(&d->starved);
    /* These never fail: they only link a handle into the loop. */
    (void)uv_check_init(o->loop, &d->check);
    (void)uv_idle_init(o->loop, &d->idle);
    (void)uv_timer_init(o->loop, &d->timer);
    d->check.data = d->idle.data = d->timer.data = d;
    d->n_handles = 4;
    (void)uv_check_start(&d->check, on_check);
    uv_unref((uv_handle_t *)&d->check);
    return 0;
}

void cq_driver_add(struct cq_driver *d, struct cq_job *job)
{
    assert(!d->closing && job->state == CQ_JOB_NEW);
    job->driver = d;
    cq_ring_init(&job->all);
    cq_ring_init(&job->queue);
    cq_ring_init(&job->ready);
    cq_ring_push(&d->all, &job->all);
    cq_ring_push(&d->queued, &job->queue);
    job->state = CQ_JOB_QUEUED;
    d->n_jobs++;
    uv_ref((uv_handle_t *)&d->check);
    kick(d);
}

void cq_driver_cancel(struct cq_driver *d, struct cq_job *job)
{
    job->cancel = true;
    cq_driver_wake(d, job);
}

void cq_driver_cancel_all(struct cq_driver *d)
{
    for (struct cq_ring *node = d->all.next; node != &d->all; node = node->next) {
        cq_driver_cancel(d, CQ_RING_OF(node, struct cq_job, all));
    }
}

void cq_driver_resume(struct cq_driver *d, struct cq_job *job)
{
    job->resume = true;
    cq_driver_wake(d, job);
}

void cq_driver_begun(struct cq_driver *d, struct cq_job *job, uint64_t epoch)
{
    assert(job->state == CQ_JOB_BEGINNING && !job->begun);
    job->begun = true;
    job->remembered = epoch != 0;
    if (epoch) job->last_epoch = epoch;
    cq_driver_wake(d, job);
}

void cq_driver_settled(struct cq_driver *d, struct cq_job *job)
{
    assert(job->state == CQ_JOB_SETTLING && !job->settled);
    job->settled = true;
    cq_driver_wake(d, job);
}

void cq_driver_close(struct cq_driver *d, void (*closed)(void *ctx), void *ctx)
{
    assert(!d->closing);
    d->closing = true;
    d->closed = closed;
    d->closed_ctx = ctx;
    cq_driver_cancel_all(d);
    uv_ref((uv_handle_t *)&d->check);
    kick(d);
}
