/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host's descriptors in the private loop (cqlcrawl_poll): one wait for both, where a poll of the
 * host over cqlcrawl_fd and a step behind it are four system calls or more. Place i of the host's
 * list has a handle of its own, which is kept from call to call and told only what changes. What
 * cannot be waited for (a regular file, /dev/null) is always ready, as poll(2) has it.
 */
#include <poll.h>

#include "lib/handle.h"

struct cq_watched {
    uv_poll_t poll;
    struct cq_polls *all;
    int fd;
    int events;  /* of UV_*, as the loop waits for now; 0: it does not */
    int revents; /* POLL*, of this turn */
};

/* ---- the end ---- */

static void closed_one(struct cq_polls *p)
{
    if (--p->handles || !p->closed) return;
    cq_free(p->mem, p->list);
    p->closed(p->closed_ctx);
}

static void on_timer_closed(uv_handle_t *h)
{
    closed_one(h->data);
}

static void on_watched_closed(uv_handle_t *h)
{
    struct cq_watched *w = h->data;
    struct cq_polls *p = w->all;

    cq_free(p->mem, w);
    closed_one(p);
}

static void drop(struct cq_polls *p, size_t i)
{
    if (p->list[i]) uv_close((uv_handle_t *)&p->list[i]->poll, on_watched_closed);
    p->list[i] = NULL;
}

void cq_polls_close(struct cq_polls *p, void (*closed)(void *ctx), void *ctx)
{
    p->closed = closed;
    p->closed_ctx = ctx;
    if (!p->mem) {
        closed(ctx);
        return;
    }
    for (size_t i = 0; i < p->n; i++)
        drop(p, i);
    uv_close((uv_handle_t *)&p->limit, on_timer_closed);
}

/* ---- what is waited for ---- */

static void on_limit(uv_timer_t *t)
{
    (void)t; /* the turn is over, and that is all */
}

static bool begin(struct cq_polls *p, cqlcrawl *c, size_t n)
{
    struct cq_watched **list;

    if (!p->mem) {
        p->mem = &c->mem;
        p->handles = 1;
        (void)uv_timer_init(c->loop, &p->limit);
        p->limit.data = p;
    }
    if (n <= p->n) return true;
    list = cq_realloc(p->mem, p->list, n * sizeof(struct cq_watched *));
    if (!list) return false;
    p->list = list;
    while (p->n < n)
        p->list[p->n++] = NULL;
    return true;
}

static void on_ready(uv_poll_t *h, int status, int events)
{
    struct cq_watched *w = h->data;

    if (status) w->events = 0; /* libuv has stopped: an error, which the host's call will meet */
    w->revents = status ? POLLERR : 0;
    if (events & UV_READABLE) w->revents |= POLLIN;
    if (events & UV_WRITABLE) w->revents |= POLLOUT;
}

static int wanted(const struct pollfd *f)
{
    if (f->fd < 0) return 0;
    return ((f->events & POLLIN) ? UV_READABLE : 0) | ((f->events & POLLOUT) ? UV_WRITABLE : 0);
}

/* NULL: it cannot be waited for. */
static struct cq_watched *watched(struct cq_polls *p, uv_loop_t *loop, size_t i, int fd)
{
    struct cq_watched *w = p->list[i];

    if (w) return w;
    w = cq_calloc(p->mem, 1, sizeof(*w));
    if (!w || uv_poll_init(loop, &w->poll, fd)) {
        cq_free(p->mem, w);
        return NULL;
    }
    w->poll.data = w;
    w->all = p;
    w->fd = fd;
    p->handles++;
    return p->list[i] = w;
}

/* Brings place i up to date; false: it is ready at once. */
static bool watch(struct cq_polls *p, uv_loop_t *loop, size_t i, const struct pollfd *f)
{
    int events = wanted(f);
    struct cq_watched *w = p->list[i];

    if (w && w->fd != f->fd) drop(p, i); /* its owner may be about to close it */
    w = events ? watched(p, loop, i, f->fd) : p->list[i];
    if (!w) return !events;
    w->revents = 0;
    if (w->events == events) return true;
    w->events = events;
    if (!events) (void)uv_poll_stop(&w->poll);
    return !events || uv_poll_start(&w->poll, events, on_ready) == 0;
}

/* How many are ready without waiting. */
static int watch_all(struct cq_polls *p, uv_loop_t *loop, struct pollfd *fds, size_t n)
{
    int ready = 0;

    for (size_t i = 0; i < p->n; i++) {
        if (i >= n) {
            drop(p, i);
            continue;
        }
        fds[i].revents = 0;
        if (watch(p, loop, i, &fds[i])) continue;
        fds[i].revents = fds[i].events;
        ready++;
    }
    return ready;
}

static int collect(const struct cq_polls *p, struct pollfd *fds, size_t n)
{
    int ready = 0;

    for (size_t i = 0; i < n; i++) {
        if (p->list[i] && p->list[i]->revents) fds[i].revents = (short)p->list[i]->revents;
        ready += fds[i].revents != 0;
    }
    return ready;
}

static int end(cqlcrawl *c)
{
    while (!cq_handle_turn(c, UV_RUN_ONCE))
        ;
    return 0;
}

int cqlcrawl_poll(cqlcrawl *c, struct pollfd *fds, size_t n, int timeout_ms)
{
    struct cq_polls *p = &c->polls;
    bool waits;

    if (!c->is_private || c->turning) return CQ_EINVALID;
    if (!begin(p, c, n)) return CQ_ENOMEM;
    waits = watch_all(p, c->loop, fds, n) == 0 && timeout_ms != 0;
    if (waits && timeout_ms > 0) {
        uv_update_time(c->loop); /* a timer counts from the loop's own time */
        (void)uv_timer_start(&p->limit, on_limit, (uint64_t)timeout_ms, 0);
    }
    if (cq_handle_turn(c, waits ? UV_RUN_ONCE : UV_RUN_NOWAIT)) return 0;
    if (c->closing) return end(c); /* in a callback */
    (void)uv_timer_stop(&p->limit);
    return collect(p, fds, n);
}
