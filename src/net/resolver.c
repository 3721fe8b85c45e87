/* SPDX-License-Identifier: Apache-2.0 */
/*
 * c-ares on a libuv loop. c-ares says which descriptors it waits for (sock_state) and until when
 * (ares_timeout); a uv_poll per descriptor and one uv_timer bring it back by ares_process_fd. With
 * nothing asked it holds no active handle.
 *
 * c-ares calls back from inside ares_process_fd, and whoever is called may close a sock or the
 * resolver itself: so a lookup that is not wanted any more is only detached, and the channel is
 * destroyed in the timer's close callback, when none of c-ares is on the stack.
 */
#include "net/resolver.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "net/ares.h"

enum { SERVER_TIMEOUT_MS = 2000, SERVER_TRIES = 3 };

struct cq_lookup {
    struct cq_resolver *r;
    cq_lookup_cb *cb; /* NULL: cancelled */
    void *ctx;
    uint16_t port;
};

struct watcher {
    uv_poll_t poll;
    struct cq_resolver *r;
    struct watcher *next;
    ares_socket_t fd;
};

struct cq_resolver {
    uv_loop_t *loop;
    const struct cq_mem *mem;
    uv_timer_t timer;
    struct cq_ares ares; /* with the channel */
    ares_channel channel;
    bool ready; /* the channel is there */
    bool closing;
    bool timer_closed;
    struct watcher *watchers;
    size_t open_polls; /* until their close callbacks have run */
    const char *servers;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

static void maybe_closed(struct cq_resolver *r)
{
    if (!r->timer_closed || r->open_polls > 0) return;
    if (r->closed) r->closed(r->closed_ctx);
    cq_free(r->mem, r);
}

static void arm(struct cq_resolver *r);

static void process(struct cq_resolver *r, ares_socket_t in, ares_socket_t out)
{
    r->ares.process_fd(r->channel, in, out);
    if (!r->closing) arm(r);
}

static void on_timer(uv_timer_t *t)
{
    process(t->data, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
    struct watcher *w = p->data;
    bool in = status < 0 || (events & UV_READABLE);
    bool out = status < 0 || (events & UV_WRITABLE);

    process(w->r, in ? w->fd : ARES_SOCKET_BAD, out ? w->fd : ARES_SOCKET_BAD);
}

/* When c-ares wants to be called without any descriptor being ready. */
static void arm(struct cq_resolver *r)
{
    struct timeval tv;
    struct timeval *t = r->ares.timeout(r->channel, NULL, &tv);

    if (!t) {
        uv_timer_stop(&r->timer);
        return;
    }
    uv_timer_start(&r->timer, on_timer,
                   (uint64_t)t->tv_sec * 1000 + (uint64_t)t->tv_usec / 1000 + 1, 0);
}

static void on_watcher_closed(uv_handle_t *h)
{
    struct watcher *w = h->data;
    struct cq_resolver *r = w->r;

    cq_free(r->mem, w);
    r->open_polls--;
    maybe_closed(r);
}

static void unwatch(struct cq_resolver *r, ares_socket_t fd)
{
    for (struct watcher **at = &r->watchers; *at; at = &(*at)->next) {
        struct watcher *w = *at;

        if (w->fd != fd) continue;
        *at = w->next;
        uv_poll_stop(&w->poll);
        uv_close((uv_handle_t *)&w->poll, on_watcher_closed);
        return;
    }
}

static struct watcher *watch(struct cq_resolver *r, ares_socket_t fd)
{
    struct watcher *w = r->watchers;

    while (w && w->fd != fd)
        w = w->next;
    if (w) return w;
    w = cq_calloc(r->mem, 1, sizeof *w);
    if (!w) return NULL;
    if (uv_poll_init_socket(r->loop, &w->poll, fd) != 0) {
        cq_free(r->mem, w);
        return NULL;
    }
    w->poll.data = w;
    w->r = r;
    w->fd = fd;
    w->next = r->watchers;
    r->watchers = w;
    r->open_polls++;
    return w;
}

/* Without memory for a watcher the query runs into its time-out, which is an answer too. */
static void on_sock_state(void *ctx, ares_socket_t fd, int readable, int writable)
{
    struct cq_resolver *r = ctx;
    struct watcher *w;

    if (!readable && !writable) {
        unwatch(r, fd);
        return;
    }
    w = watch(r, fd);
    if (w)
        uv_poll_start(&w->poll, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0),
                      on_poll);
}

int cq_resolver_new(struct cq_resolver **out, uv_loop_t *loop, const struct cq_mem *mem)
{
    struct cq_resolver *r = cq_calloc(mem, 1, sizeof *r);

    if (!r) return CQ_ENOMEM;
    r->loop = loop;
    r->mem = mem;
    uv_timer_init(loop, &r->timer);
    r->timer.data = r;
    *out = r;
    return 0;
}

void cq_resolver_servers(struct cq_resolver *r, const char *csv)
{
    assert(!r->ready);
    r->servers = csv;
}

/* c-ares takes a shortage for what it is not: a hosts file without names, no resolv.conf (so for
 * good the name server 127.0.0.1), a server that refuses. */
static bool has_descriptor(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_short = fd < 0 && (errno == EMFILE || errno == ENFILE);

    if (fd >= 0) (void)close(fd);
    return !is_short;
}

static int open_channel(struct cq_resolver *r)
{
    struct ares_options o = {
        .sock_state_cb = on_sock_state,
        .sock_state_cb_data = r,
        .timeout = SERVER_TIMEOUT_MS,
        .tries = SERVER_TRIES,
    };
    int mask = ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
    struct cq_fault f = {0};
    int rc = cq_ares_load(&r->ares, &f);

    if (rc) return rc;
    rc = r->ares.init_options(&r->channel, &o, mask);
    if (rc != ARES_SUCCESS) return rc == ARES_ENOMEM ? CQ_ENOMEM : CQ_EDNS;
    r->ready = true;
    if (r->servers && r->ares.set_servers_ports_csv(r->channel, r->servers) != ARES_SUCCESS)
        return CQ_EDNS;
    return 0;
}

static size_t collect(const struct ares_addrinfo *res, uint16_t port, struct cq_addr *out)
{
    size_t n = 0;

    for (const struct ares_addrinfo_node *i = res->nodes; i && n < CQ_MAX_ADDRESSES; i = i->ai_next)
        n += cq_addr_from(i->ai_addr, port, &out[n]);
    return n;
}

static const char *words_of(const struct cq_resolver *r, int status)
{
    switch (status) {
    case ARES_ENOTFOUND:
        return "no such name";
    case ARES_ENODATA:
        return "the name has no address";
    case ARES_ETIMEOUT:
        return "the name server does not answer";
    case ARES_ECONNREFUSED:
        return "no name server can be reached, or none has an answer";
    case ARES_EBADNAME:
        return "not a name";
    default:
        return r->ares.strerror(status);
    }
}

static int err_of(int status)
{
    if (status == ARES_ENOMEM) return CQ_ENOMEM;
    return status == ARES_ECONNREFUSED && !has_descriptor() ? CQ_EDESCRIPTORS : CQ_EDNS;
}

static void refuse(const struct cq_lookup *l, int status)
{
    int err = err_of(status);

    l->cb(l->ctx, err, err == CQ_EDESCRIPTORS ? cq_err_text(err) : words_of(l->r, status), NULL, 0);
}

static void on_answer(void *ctx, int status, int timeouts, struct ares_addrinfo *res)
{
    struct cq_lookup *l = ctx;
    struct cq_addr a[CQ_MAX_ADDRESSES];
    size_t n = 0;

    (void)timeouts;
    if (status == ARES_SUCCESS && res && l->cb) n = collect(res, l->port, a);
    if (res) l->r->ares.freeaddrinfo(res);
    if (status == ARES_SUCCESS && n == 0) status = ARES_ENODATA;
    if (l->cb && n > 0)
        l->cb(l->ctx, 0, NULL, a, n);
    else if (l->cb)
        refuse(l, status);
    cq_free(l->r->mem, l);
}

int cq_resolver_lookup(struct cq_resolver *r, const char *host, uint16_t port, cq_lookup_cb *cb,
                       void *ctx, struct cq_lookup **out)
{
    struct ares_addrinfo_hints hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = ARES_AI_ENVHOSTS, /* CARES_HOSTS may name another hosts file */
    };
    struct cq_lookup *l;
    int err;

    assert(!r->closing);
    if (!has_descriptor()) return CQ_EDESCRIPTORS;
    err = r->ready ? 0 : open_channel(r);
    if (err) return err;
    l = cq_alloc(r->mem, sizeof *l);
    if (!l) return CQ_ENOMEM;
    *l = (struct cq_lookup){.r = r, .cb = cb, .ctx = ctx, .port = port};
    *out = l;
    r->ares.getaddrinfo(r->channel, host, NULL, &hints, on_answer, l);
    if (!r->closing) arm(r);
    return 0;
}

void cq_lookup_cancel(struct cq_lookup *l)
{
    l->cb = NULL;
}

static void on_timer_closed(uv_handle_t *h)
{
    struct cq_resolver *r = h->data;

    if (r->ready) r->ares.destroy(r->channel); /* every lookup left calls back, detached or not */
    r->timer_closed = true;
    maybe_closed(r);
}

void cq_resolver_close(struct cq_resolver *r, void (*closed)(void *ctx), void *ctx)
{
    assert(!r->closing);
    r->closing = true;
    r->closed = closed;
    r->closed_ctx = ctx;
    uv_close((uv_handle_t *)&r->timer, on_timer_closed);
}

const char *cq_resolver_library(void)
{
    struct cq_fault f = {0};
    struct cq_ares a;

    return cq_ares_load(&a, &f) ? "(not here)" : a.version(NULL);
}
