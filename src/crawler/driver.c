/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver's loop side (crawler/driver.h). Whatever happens during a turn only marks jobs as
 * ready; the check handle, at the turn's end, runs each of them once, starts whom the fleet names,
 * and lets the loop sleep when nothing is ready (an idle handle keeps it from sleeping otherwise).
 * One timer serves all that wait for a time.
 */
#include "crawler/driver.h"

#include <assert.h>
#include <time.h>

#include "base/sanitized.h"
#include "crawler/budget.h"
#include "crawler/shape.h"
#include "model/memo.h"

static struct cq_job *job_of_ready(struct cq_ring *node)
{
    return CQ_RING_OF(node, struct cq_job, ready);
}

static void on_idle(uv_idle_t *h)
{
    (void)h; /* its being active is what matters: the loop does not block */
}

void cq_driver_kick(struct cq_driver *d)
{
    if (!d->handles_closing) (void)uv_idle_start(&d->idle, on_idle);
}

void cq_driver_wake(struct cq_driver *d, struct cq_job *job)
{
    cq_ring_push(&d->ready, &job->ready);
    cq_driver_kick(d);
}

/* ---- time ---- */

static void on_timer(uv_timer_t *t)
{
    struct cq_driver *d = t->data;

    d->timer_due_ns = CQ_NEVER;
    cq_driver_kick(d);
}

/* A timer that is set too early fires in vain once: cheaper than moving it all the time. */
static void arm(struct cq_driver *d, uint64_t now, uint64_t due_ns)
{
    if (due_ns <= now) cq_driver_kick(d);
    if (due_ns <= now || d->timer_due_ns <= due_ns) return;
    d->timer_due_ns = due_ns;
    (void)uv_timer_start(&d->timer, on_timer, (due_ns - now + 999999) / 1000000, 0);
}

/* ---- a turn ---- */

/* Who starved runs again once memory has come back. */
static void feed_starved(struct cq_driver *d)
{
    struct cq_job *job;

    while ((job = cq_account_next(&d->account)))
        cq_driver_wake(d, job);
}

static void run_ready(struct cq_driver *d)
{
    struct cq_ring now;

    if (d->shares_loop) cq_meter_foreign(&d->meter, 0);
    d->meter.is_alone = !d->shares_loop && d->fleet.n[CQ_PLACE_SLOT] == 1;
    cq_ring_move(&now, &d->ready);
    while (!cq_ring_is_empty(&now)) {
        struct cq_job *job = job_of_ready(now.next);

        cq_ring_remove(&job->ready);
        cq_job_run(d, job);
    }
}

/* Everybody who was there at cancel_all or close, so many a turn. */
static void cancel_doomed(struct cq_driver *d)
{
    for (unsigned n = 0; n < CQ_DOOMED_PER_TURN && !cq_ring_is_empty(&d->doomed); n++) {
        struct cq_job *job = CQ_RING_OF(d->doomed.next, struct cq_job, all);

        cq_ring_push(&d->all, &job->all);
        cq_driver_cancel(d, job);
    }
}

/* While some are still to be cancelled nobody starts. */
static void run_fleet(struct cq_driver *d)
{
    struct cq_member *m;

    cq_fleet_turn(&d->fleet);
    while (!d->closing && cq_ring_is_empty(&d->doomed)) {
        uint64_t now = uv_hrtime();
        enum cq_fleet_act act = cq_fleet_next(&d->fleet, now, &m);

        if (act == CQ_FLEET_NOTHING) {
            arm(d, now, cq_fleet_deadline(&d->fleet));
            return;
        }
        if (act == CQ_FLEET_START)
            cq_job_start(d, CQ_RING_OF(m, struct cq_job, member));
        else
            cq_job_woken(d, CQ_RING_OF(m, struct cq_job, member));
    }
}

static void handle_closed(uv_handle_t *h);
static void part_closed(void *ctx);

static void maybe_close(struct cq_driver *d)
{
    if (!d->closing || d->handles_closing || d->n_jobs) return;
    d->handles_closing = true;
    cq_fleet_fini(&d->fleet);
    cq_memo_free(d->memo);
    cq_shapes_free(d->shapes);
    uv_close((uv_handle_t *)&d->check, handle_closed);
    uv_close((uv_handle_t *)&d->idle, handle_closed);
    uv_close((uv_handle_t *)&d->timer, handle_closed);
    cq_hub_close(&d->hub, part_closed, d);
    cq_resolver_close(d->resolver, part_closed, d);
}

/* Memory that crawls leave for the next ones: some of it goes back now and then, all of it where
 * there is no next one. */
static void tidy(struct cq_driver *d)
{
    uint64_t now = uv_now(d->loop) * CQ_MS(1);

    if (d->n_jobs == 0) {
        cq_blocks_flush(&d->blocks);
    } else if (now >= d->swept_ns + CQ_SWEEP) {
        cq_blocks_sweep(&d->blocks);
        d->swept_ns = now;
    }
}

static void on_check(uv_check_t *h)
{
    struct cq_driver *d = h->data;

    run_ready(d);
    feed_starved(d);
    (void)uv_idle_stop(&d->idle);
    cancel_doomed(d);
    run_fleet(d);
    if (!cq_ring_is_empty(&d->ready) || !cq_ring_is_empty(&d->doomed)) cq_driver_kick(d);
    tidy(d);
    if (d->n_jobs == 0) uv_unref((uv_handle_t *)&d->check);
    maybe_close(d);
}

/* ---- life ---- */

static uint64_t thread_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return CQ_SEC(t.tv_sec) + (uint64_t)t.tv_nsec;
}

static void closed_one(struct cq_driver *d)
{
    if (--d->n_handles) return;
    cq_blocks_flush(&d->blocks);
    d->closed(d->closed_ctx);
}

static void handle_closed(uv_handle_t *h)
{
    closed_one(h->data);
}

static void part_closed(void *ctx)
{
    closed_one(ctx);
}

int cq_driver_open(struct cq_driver *d, const struct cq_driver_options *o)
{
    struct cq_fleet_options fleet = {.mem = o->mem,
                                     .slots = o->concurrency,
                                     .half_open = o->half_open,
                                     .rate = o->rate,
                                     .seed = o->seed};
    int err;

    *d = (struct cq_driver){
        .loop = o->loop,
        .mem = o->mem,
        .account = {.limit = o->memory_max ? o->memory_max : CQ_DEFAULT_MEMORY_MAX},
        .handler = o->handler,
        .ctx = o->ctx,
        .shares_loop = o->shares_loop,
        .timer_due_ns = CQ_NEVER,
        .meter = {.clock_ns = thread_ns, .wall_ns = uv_hrtime},
    };
    cq_blocks_init(&d->blocks, o->mem, CQ_SANITIZED ? 0 : d->account.limit);
    err = cq_memo_new(&d->memo, o->mem);
    if (!err) err = cq_shapes_new(&d->shapes, o->mem);
    if (!err) err = cq_resolver_new(&d->resolver, o->loop, o->mem);
    if (err) {
        cq_memo_free(d->memo);
        cq_shapes_free(d->shapes);
        return err;
    }
    cq_fleet_init(&d->fleet, &fleet);
    cq_ring_init(&d->all);
    cq_ring_init(&d->doomed);
    cq_ring_init(&d->ready);
    /* These never fail: they only link a handle into the loop. */
    (void)uv_check_init(o->loop, &d->check);
    (void)uv_idle_init(o->loop, &d->idle);
    (void)uv_timer_init(o->loop, &d->timer);
    d->check.data = d->idle.data = d->timer.data = d;
    cq_hub_init(&d->hub, o->loop);
    d->n_handles = 5;
    (void)uv_check_start(&d->check, on_check);
    uv_unref((uv_handle_t *)&d->check);
    return 0;
}

int cq_driver_add(struct cq_driver *d, struct cq_job *job)
{
    int err = cq_fleet_add(&d->fleet, &job->member);

    if (err) return err;
    assert(!d->closing && job->state == CQ_JOB_NEW);
    job->driver = d;
    cq_ring_init(&job->all);
    cq_ring_init(&job->ready);
    cq_ring_push(&d->all, &job->all);
    job->state = CQ_JOB_QUEUED;
    d->n_jobs++;
    d->n_waits[CQ_WAIT_NONE]++;
    uv_ref((uv_handle_t *)&d->check);
    cq_driver_kick(d);
    return 0;
}

void cq_driver_cancel(struct cq_driver *d, struct cq_job *job)
{
    job->cancel = true;
    cq_driver_wake(d, job);
}

void cq_driver_cancel_all(struct cq_driver *d)
{
    cq_ring_splice(&d->doomed, &d->all);
    cq_driver_kick(d);
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
    cq_driver_kick(d);
}
