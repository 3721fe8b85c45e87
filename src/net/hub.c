/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One descriptor for all sockets of a loop (net/hub.h). A member that leaves is taken out of the
 * kernel's list by name, never by the closing of its descriptor alone: a host's child that was
 * forked meanwhile would keep it there.
 */
#include "net/hub.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "net/transport.h"

enum { BATCH = 256 }; /* the rest comes in the next turn */

static void tell(struct cq_hub *h, struct epoll_event *events, int n)
{
    h->batch = events;
    h->n_batch = n;
    for (int i = 0; i < n; i++) {
        struct cq_hub_place *m = events[i].data.ptr;

        events[i].data.ptr = NULL;
        if (m) m->ready(m);
    }
    h->batch = NULL;
}

/* Where one is alone it is who is meant. */
static void on_poll(uv_poll_t *p, int status, int events)
{
    struct cq_hub *h = p->data;
    struct epoll_event ready[BATCH];
    int n;

    (void)status; /* an epoll descriptor does not break */
    (void)events;
    if (h->n == 1 && h->first && h->first->is_tolerant) {
        h->first->ready(h->first);
        return;
    }
    n = epoll_wait(h->fd, ready, BATCH, 0);
    tell(h, ready, n > 0 ? n : 0);
}

static int open_hub(struct cq_hub *h)
{
    int err;

    h->fd = epoll_create1(EPOLL_CLOEXEC);
    if (h->fd < 0) return errno;
    err = uv_poll_init(h->loop, &h->poll, h->fd);
    if (err) {
        (void)close(h->fd);
        h->fd = -1;
        return -err;
    }
    h->poll.data = h;
    (void)uv_poll_start(&h->poll, UV_READABLE, on_poll);
    uv_unref((uv_handle_t *)&h->poll);
    return 0;
}

void cq_hub_init(struct cq_hub *h, uv_loop_t *loop)
{
    *h = (struct cq_hub){.loop = loop, .fd = -1};
}

static void joined(struct cq_hub *h, struct cq_hub_place *m)
{
    if (h->n++ == 0) uv_ref((uv_handle_t *)&h->poll);
    h->first = m;
}

static void left(struct cq_hub *h, const struct cq_hub_place *m)
{
    if (--h->n == 0) uv_unref((uv_handle_t *)&h->poll);
    if (h->first == m) h->first = NULL;
    for (int i = 0; h->batch && i < h->n_batch; i++) {
        if (h->batch[i].data.ptr == m) h->batch[i].data.ptr = NULL;
    }
}

int cq_hub_watch(struct cq_hub *h, struct cq_hub_place *m, unsigned want)
{
    struct epoll_event e = {.events = ((want & CQ_WANT_IN) ? (unsigned)EPOLLIN : 0) |
                                      ((want & CQ_WANT_OUT) ? (unsigned)EPOLLOUT : 0),
                            .data.ptr = m};
    unsigned had = m->want;
    int err = 0;

    if (want == had) return 0;
    if (h->fd < 0) err = open_hub(h);
    if (err) return err;
    m->want = 0;
    if (had && want && epoll_ctl(h->fd, EPOLL_CTL_MOD, m->fd, &e) == 0) {
        m->want = want;
        return 0;
    }
    if (had) {
        (void)epoll_ctl(h->fd, EPOLL_CTL_DEL, m->fd, &e);
        left(h, m);
    }
    if (!want) return 0;
    if (epoll_ctl(h->fd, EPOLL_CTL_ADD, m->fd, &e)) return errno;
    m->want = want;
    joined(h, m);
    return 0;
}

static void on_closed(uv_handle_t *p)
{
    struct cq_hub *h = p->data;

    h->closed(h->ctx);
}

void cq_hub_close(struct cq_hub *h, void (*closed)(void *ctx), void *ctx)
{
    assert(h->n == 0 && h->loop);
    h->loop = NULL;
    h->closed = closed;
    h->ctx = ctx;
    if (h->fd < 0) {
        closed(ctx);
        return;
    }
    uv_close((uv_handle_t *)&h->poll, on_closed); /* before its descriptor */
    (void)close(h->fd);
    h->fd = -1;
}
