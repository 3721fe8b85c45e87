/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The private loop and the end of a handle. A host that polls cqlcrawl_fd sleeps on an epoll
 * descriptor whose interest list libuv brings up to date only when a turn begins; so a step takes
 * turns until one has found nothing to do, and the timeout is never longer than BELT_MS while
 * anything may arrive at a descriptor, should an event slip in between.
 */
#include "lib/handle.h"

#include <assert.h>
#include <poll.h>

enum { TURNS_PER_STEP = 16, BELT_MS = 50, OF_HOST_NS = 20000 };

static void free_handle(cqlcrawl *c)
{
    struct cq_mem mem = c->mem;

    cq_trust_fini(&c->trust);
    cq_greetings_free(c->greetings);
    cq_buf_fini(&c->labels);
    cq_secret_release(c->shared);
    cq_free(&mem, c->names.buckets);
    cq_free(&mem, c->slots);
    if (c->is_private) (void)uv_loop_close(&c->own);
    cq_free(&mem, c);
}

void cq_handle_end(cqlcrawl *c)
{
    void (*closed)(void *ctx) = c->closed;
    void *ctx = c->closed_ctx;

    free_handle(c);
    if (closed) closed(ctx);
}

/* No handle is left. On a private loop the handle lives until the turn is over. */
static void polls_closed(void *ctx)
{
    cqlcrawl *c = ctx;

    c->dead = true;
    if (!c->is_private) cq_handle_end(c);
}

static void all_closed(void *ctx)
{
    cqlcrawl *c = ctx;

    c->state = NULL;
    cq_polls_close(&c->polls, polls_closed, c);
}

static void sinks_closed(void *ctx)
{
    cqlcrawl *c = ctx;

    if (c->state)
        cq_state_close(c->state, all_closed, c);
    else
        all_closed(c);
}

/* Every job has ended, and what the state is to know of them is on its way. */
static void driver_closed(void *ctx)
{
    cq_sinks_close(ctx, sinks_closed, ctx);
}

void cqlcrawl_close(cqlcrawl *c, void (*closed)(void *ctx), void *ctx)
{
    if (c->closing) return;
    c->closing = true;
    c->closed = closed;
    c->closed_ctx = ctx;
    cq_sinks_stop(c);
    cq_driver_close(&c->driver, driver_closed, c);
    if (!c->is_private || c->turning) return;
    while (!c->dead)
        (void)uv_run(c->loop, UV_RUN_ONCE);
    cq_handle_end(c);
}

bool cq_handle_turn(cqlcrawl *c, uv_run_mode mode)
{
    uint64_t away = uv_hrtime() - c->left_ns;
    bool works = away > OF_HOST_NS; /* the host, between its turns */

    if (works) cq_meter_foreign(&c->driver.meter, away);
    c->turning++;
    (void)uv_run(c->loop, mode);
    c->turning--;
    if (c->state && !c->dead) cq_state_flush(c->state);
    if (works) cq_meter_foreign(&c->driver.meter, 0); /* as it did before */
    c->left_ns = uv_hrtime();
    if (!c->dead) return false;
    cq_handle_end(c);
    return true;
}

int cqlcrawl_run(cqlcrawl *c)
{
    if (!c->is_private || c->turning) return CQ_EINVALID;
    c->stop = false;
    while (((c->active || cq_sinks_fetching(c)) && !c->stop) || c->closing) {
        if (cq_handle_turn(c, UV_RUN_ONCE)) return 0;
    }
    return 0;
}

void cqlcrawl_stop(cqlcrawl *c)
{
    c->stop = true;
    if (c->is_private) uv_stop(c->loop);
}

int cqlcrawl_fd(const cqlcrawl *c)
{
    return c->is_private ? uv_backend_fd(c->loop) : -1;
}

/* Else the clock alone is waited for: an attempt's time, the end of its epoch's second (twenty
 * turns in vain at the end of a crawl would be a tenth of its processor time). */
static bool listens(const cqlcrawl *c)
{
    return c->driver.fleet.n[CQ_PLACE_SLOT] || c->sinks || c->state;
}

int cqlcrawl_timeout(const cqlcrawl *c)
{
    int ms;

    if (!c->is_private || !uv_loop_alive(c->loop)) return -1; /* dead, libuv says 0 */
    uv_update_time(c->loop);
    ms = uv_backend_timeout(c->loop);
    if (listens(c) && (c->active || cq_sinks_fetching(c)) && (ms < 0 || ms > BELT_MS)) ms = BELT_MS;
    return ms;
}

static bool has_work(cqlcrawl *c)
{
    struct pollfd p = {.fd = uv_backend_fd(c->loop), .events = POLLIN};

    if (!uv_loop_alive(c->loop)) return false;
    return poll(&p, 1, 0) > 0 || uv_backend_timeout(c->loop) == 0;
}

int cqlcrawl_step(cqlcrawl *c)
{
    if (!c->is_private || c->turning) return CQ_EINVALID;
    for (int i = 0; i < TURNS_PER_STEP; i++) {
        bool work = has_work(c);

        if (cq_handle_turn(c, UV_RUN_NOWAIT) || !work) return 0;
    }
    return 0;
}
