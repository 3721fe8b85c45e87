/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's multi handle on a libuv loop. libcurl says which descriptors it waits for (on_socket)
 * and when it wants to be called without any (on_timer_wanted); both only take note of it.
 *
 * What is easily done wrong here:
 * - One uv_poll per descriptor and loop. That of a connection that has answered stays until libcurl
 *   closes it (cq_http_on_close), not until the request ends (CURL_POLL_REMOVE): to watch anew is
 *   seven system calls a request. One that has not may be closed without a word: it is watched no
 *   longer. Its number may come again at once, so each has a handle of its own.
 * - An idle connection that the server closes is readable for ever: it is watched no longer.
 * - A poll's status < 0 is an error of the descriptor: CURL_CSELECT_ERR; libuv has stopped it.
 * - libcurl sends one buffer a call. It is called again while it gets rid of them (carry_on), so
 *   that a body leaves in one turn of the loop and nobody waits for room that is there.
 * - Finished transfers are drained after every socket_action, those of the timer too.
 * - Where socket_action itself fails, the state of every transfer is undefined: all of them end
 * with an error and the multi handle is made anew.
 */
#include "net/http_impl.h"

#include <assert.h>
#include <netinet/tcp.h>
#include <unistd.h>

enum { BUFFERS = 16 }; /* sent by one connection in one turn */

struct watch {
    struct cq_ring node;    /* of all */
    struct cq_ring changed; /* what is wanted of it, since the last settle */
    uv_poll_t poll;
    struct cq_http *h;
    curl_socket_t fd;
    int wanted; /* UV_READABLE, UV_WRITABLE: by libcurl; 0: idle, or closed */
    int polled; /* by libuv */
    bool held;  /* what is written waits for more: TCP_CORK */
};

static void act(struct cq_http *h, curl_socket_t fd, int flags);

/* ---- descriptors ---- */

static void closed_one(struct cq_http *h)
{
    void (*closed)(void *ctx) = h->closed;
    void *ctx = h->closed_ctx;

    if (--h->handles > 0) return;
    h->curl.global_cleanup();
    cq_free(h->mem, h);
    closed(ctx);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;
    struct cq_http *h = w->h;

    cq_free(h->mem, w);
    closed_one(h);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
    struct watch *w = p->data;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;

    if (status < 0) w->polled = 0;
    if (!w->wanted) {
        (void)uv_poll_stop(p);
        w->polled = 0;
        return;
    }
    if (events & UV_READABLE) flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE) flags |= CURL_CSELECT_OUT;
    cq_ring_push(&w->h->changed, &w->changed);
    act(w->h, w->fd, flags);
}

/* NULL: it is not watched. */
static struct watch *watch_of(struct cq_http *h, curl_socket_t fd)
{
    for (struct cq_ring *node = h->watches.next; node != &h->watches; node = node->next) {
        struct watch *w = CQ_RING_OF(node, struct watch, node);

        if (w->fd == fd) return w;
    }
    return NULL;
}

static struct watch *watch(struct cq_http *h, curl_socket_t fd)
{
    struct watch *w = cq_calloc(h->mem, 1, sizeof(*w));

    if (!w) return NULL;
    w->h = h;
    w->fd = fd;
    cq_ring_init(&w->node);
    cq_ring_init(&w->changed);
    w->poll.data = w;
    if (uv_poll_init_socket(h->loop, &w->poll, fd)) {
        cq_free(h->mem, w); /* it links nothing where it fails */
        return NULL;
    }
    cq_ring_push(&h->watches, &w->node);
    h->handles++;
    return w;
}

static void unwatch(struct watch *w)
{
    cq_ring_remove(&w->node);
    cq_ring_remove(&w->changed);
    w->wanted = 0;
    uv_close((uv_handle_t *)&w->poll, on_watch_closed); /* stops it in this very call */
}

/* libcurl writes a request's head by itself: held back, it leaves with the body, and the receiver
 * wakes once less. */
static void hold(struct watch *w, bool held)
{
    int on = held;

    if (w->held != held && !setsockopt(w->fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)))
        w->held = held;
}

/* Nothing is wanted of it any more. Whether an answer came by it decides who closes it. */
static void let_rest(struct cq_http *h, struct watch *w, CURL *easy)
{
    struct cq_http_call *c = NULL;

    (void)h->curl.easy_getinfo(easy, CURLINFO_PRIVATE, &c);
    if (!c || c->header_bytes == 0) {
        unwatch(w);
        return;
    }
    cq_ring_remove(&w->changed);
    w->wanted = 0;
    hold(w, true);
}

/* Not 0: the multi handle is dead (act makes a new one). */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *assigned)
{
    struct cq_http *h = ctx;
    struct watch *w = watch_of(h, fd);

    (void)assigned;
    if (what == CURL_POLL_REMOVE) {
        if (w) let_rest(h, w, easy);
        return 0;
    }
    if (!w) w = watch(h, fd);
    if (!w) return -1;
    w->wanted = 0;
    if (what != CURL_POLL_OUT) w->wanted |= UV_READABLE;
    if (what != CURL_POLL_IN) w->wanted |= UV_WRITABLE;
    cq_ring_push(&h->changed, &w->changed);
    return 0;
}

int cq_http_on_close(void *ctx, curl_socket_t fd)
{
    struct watch *w = watch_of(ctx, fd);

    if (w) unwatch(w);
    return close(fd);
}

/* ---- time ---- */

static void on_timer(uv_timer_t *t)
{
    act(t->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer_wanted(CURLM *multi, long ms, void *ctx)
{
    struct cq_http *h = ctx;

    (void)multi;
    if (ms < 0) return uv_timer_stop(&h->timer);
    return uv_timer_start(&h->timer, on_timer, (uint64_t)ms, 0);
}

/* ---- the multi handle ---- */

static CURLM *multi_new(struct cq_http *h)
{
    CURLM *m = h->curl.multi_init();

    if (!m) return NULL;
    (void)h->curl.multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)h->curl.multi_setopt(m, CURLMOPT_SOCKETDATA, h);
    (void)h->curl.multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    (void)h->curl.multi_setopt(m, CURLMOPT_TIMERDATA, h);
    (void)h->curl.multi_setopt(m, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    (void)h->curl.multi_setopt(m, CURLMOPT_MAXCONNECTS, (long)CQ_MAX_LANES);
    return m;
}

CURLMcode cq_http_add(struct cq_http *h, struct cq_http_call *c)
{
    CURLMcode rc;

    if (!h->multi) h->multi = multi_new(h);
    if (!h->multi) return CURLM_OUT_OF_MEMORY;
    rc = h->curl.multi_add_handle(h->multi, c->easy);
    if (rc == CURLM_OK) cq_ring_push(&h->sent, &c->node);
    return rc;
}

void cq_http_remove(struct cq_http *h, struct cq_http_call *c)
{
    cq_ring_remove(&c->node);
    (void)h->curl.multi_remove_handle(h->multi, c->easy);
}

static void drain(struct cq_http *h)
{
    CURLMsg *m;
    int left;

    while ((m = h->curl.multi_info_read(h->multi, &left)) != NULL) {
        struct cq_http_call *c = NULL;
        CURLcode rc = m->data.result; /* m is gone once its handle is removed */

        if (m->msg != CURLMSG_DONE) continue;
        (void)h->curl.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c);
        cq_http_remove(h, c);
        cq_http_finish(c, rc);
    }
}

static void start_anew(struct cq_http *h, CURLMcode why)
{
    while (!cq_ring_is_empty(&h->sent)) {
        struct cq_http_call *c = CQ_RING_OF(h->sent.next, struct cq_http_call, node);

        cq_http_remove(h, c);
        cq_http_fail(c, why == CURLM_OUT_OF_MEMORY ? CQ_ENOMEM : CQ_ERESET,
                     h->curl.multi_strerror(why));
    }
    (void)h->curl.multi_cleanup(h->multi);
    (void)uv_timer_stop(&h->timer);
    h->multi = NULL; /* the next request makes one */
}

static CURLMcode step(struct cq_http *h, curl_socket_t fd, int flags)
{
    int running;
    CURLMcode rc = h->curl.multi_socket_action(h->multi, fd, flags, &running);

    drain(h);
    return rc;
}

/* While it takes more of the body; it looks itself at what the descriptor is ready for. */
static CURLMcode carry_on(struct cq_http *h, struct watch *w, uint64_t handed)
{
    CURLMcode rc = CURLM_OK;

    for (int i = 0; i < BUFFERS && rc == CURLM_OK; i++) {
        if (!(w->wanted & UV_WRITABLE) || h->handed == handed) break;
        handed = h->handed;
        rc = step(h, w->fd, 0);
    }
    return rc;
}

/* Of the changed ones: their bodies go on, then they are polled for what is left to wait for. */
static CURLMcode settle(struct cq_http *h, uint64_t handed)
{
    CURLMcode rc = CURLM_OK;

    while (rc == CURLM_OK && !cq_ring_is_empty(&h->changed)) {
        struct watch *w = CQ_RING_OF(h->changed.next, struct watch, changed);

        rc = carry_on(h, w, handed);
        cq_ring_remove(&w->changed);
        if (rc != CURLM_OK || !w->wanted) continue;
        hold(w, false);
        if (w->wanted == w->polled) continue;
        w->polled = w->wanted;
        if (uv_poll_start(&w->poll, w->wanted, on_poll)) rc = CURLM_INTERNAL_ERROR;
    }
    return rc;
}

static void act(struct cq_http *h, curl_socket_t fd, int flags)
{
    uint64_t handed = h->handed;
    CURLMcode rc = step(h, fd, flags);

    if (rc == CURLM_OK) rc = settle(h, handed);
    if (rc != CURLM_OK) start_anew(h, rc);
}

/* ---- life ---- */

int cq_http_new(struct cq_http **out, uv_loop_t *loop, const struct cq_mem *mem,
                struct cq_resolver *resolver, void (*ready)(void *ctx), void *ctx,
                struct cq_fault *f)
{
    struct cq_http *h = cq_calloc(mem, 1, sizeof(*h));
    int err;

    *out = NULL;
    if (!h) return cq_fault_set(f, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    *h = (struct cq_http){.loop = loop, .mem = mem, .resolver = resolver};
    h->ready = ready;
    h->ctx = ctx;
    cq_ring_init(&h->sent);
    cq_ring_init(&h->finished);
    cq_ring_init(&h->watches);
    cq_ring_init(&h->changed);
    err = cq_curl_load(&h->curl, f);
    if (!err && h->curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        err = cq_fault_set(f, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    if (err) {
        cq_free(mem, h);
        return err;
    }
    (void)uv_timer_init(loop, &h->timer);
    h->timer.data = h;
    h->handles = 1;
    *out = h;
    return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    closed_one(handle->data);
}

void cq_http_close(struct cq_http *h, void (*closed)(void *ctx), void *ctx)
{
    assert(cq_ring_is_empty(&h->sent) && cq_ring_is_empty(&h->finished));
    h->closed = closed;
    h->closed_ctx = ctx;
    if (h->multi) (void)h->curl.multi_cleanup(h->multi);
    h->multi = NULL;
    uv_close((uv_handle_t *)&h->timer, on_timer_closed);
}

struct cq_http_call *cq_http_next(struct cq_http *h)
{
    struct cq_http_call *c;

    if (cq_ring_is_empty(&h->finished)) return NULL;
    c = CQ_RING_OF(h->finished.next, struct cq_http_call, node);
    cq_ring_remove(&c->node);
    c->state = CQ_CALL_IDLE;
    return c;
}
