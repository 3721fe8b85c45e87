/* SPDX-License-Identifier: Apache-2.0 */
/* The client and the peers of the net tests (tests/net/harness.h). */
#include "net/harness.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

enum { HANGS_MS = 20000 };

static void *count_resize(void *ctx, void *p, size_t n)
{
    struct count_mem *m = ctx;

    if (n == 0) {
        m->live -= p != NULL;
        free(p);
        return NULL;
    }
    if (++m->calls == m->fail_at) return NULL;
    m->live += p == NULL;
    return realloc(p, n);
}

void count_mem_init(struct count_mem *m, size_t fail_at)
{
    *m = (struct count_mem){.mem = {count_resize, m}, .fail_at = fail_at};
}

void client_init(struct client *c)
{
    memset(c, 0, sizeof *c);
    count_mem_init(&c->m, 0);
    c->timeout_ns = CQ_SEC(5);
    c->close_at = SEEN_NEVER;
    cq_buf_init(&c->got, &cq_mem_libc, CQ_MIB(64));
}

void client_to(struct client *c, const char *host, uint16_t port)
{
    c->to[c->n_to++] = (struct cq_endpoint){host, port};
}

static void close_sock(struct client *c)
{
    if (c->sock) cq_sock_close(c->sock);
    c->sock = NULL;
}

static void seen(struct client *c, enum seen what)
{
    if (c->hook) c->hook(c, what);
    if (c->close_at == what) close_sock(c);
}

static void on_space(void *ctx, uint8_t **p, size_t *n)
{
    struct client *c = ctx;

    c->refusals += c->pause_after && c->got.n >= c->pause_after;
    c->offered = c->pause_after && c->got.n >= c->pause_after ? 0 : c->chunk;
    *p = c->space;
    *n = c->offered;
}

static void on_received(void *ctx, size_t n)
{
    struct client *c = ctx;

    assert_true(n > 0 && n <= c->offered);
    c->offered = 0;
    cq_buf_put(&c->got, c->space, n);
    if (c->m.live > c->live_most) c->live_most = c->m.live;
    c->in_turn += n;
    if (c->in_turn > c->most_in_turn) c->most_in_turn = c->in_turn;
    memset(c->space, 0xEE, c->chunk);
    seen(c, SEEN_RECEIVED);
    if (c->stop_after && c->got.n >= c->stop_after) close_sock(c);
}

static void on_step(void *ctx, const struct cq_sock_step *step)
{
    struct client *c = ctx;
    struct step_seen *s = &c->steps[c->n_steps++];

    assert_true(c->n_steps <= 8);
    s->step = step->step;
    s->err = step->err;
    s->ns = step->ns;
    snprintf(s->text, sizeof s->text, "%s", step->text);
    seen(c, (enum seen)step->step);
}

static void on_opened(void *ctx, const struct cq_sock_facts *facts)
{
    struct client *c = ctx;

    assert_false(c->opened);
    c->opened = true;
    c->facts = *facts;
    if (facts->subject) snprintf(c->subject, sizeof c->subject, "%s", facts->subject);
    if (facts->issuer) snprintf(c->issuer, sizeof c->issuer, "%s", facts->issuer);
    c->calls_open = c->m.calls;
    c->live_open = c->m.live;
    if (c->send.n) c->write_err = cq_sock_write(c->sock, c->send);
    seen(c, SEEN_OPENED);
    if (c->write_err) close_sock(c);
}

static void on_ended(void *ctx, int err, const char *text)
{
    struct client *c = ctx;

    c->n_ended++;
    c->err = err;
    snprintf(c->text, sizeof c->text, "%s", text);
    c->calls_ended = c->m.calls;
    close_sock(c);
}

static void on_resolver_closed(void *ctx)
{
    ((struct client *)ctx)->resolver = NULL;
}

static void on_hub_closed(void *ctx)
{
    ((struct client *)ctx)->hub_closed = true;
}

static void on_closed(void *ctx)
{
    struct client *c = ctx;

    c->closed = true;
    uv_close((uv_handle_t *)&c->guard, NULL);
    uv_close((uv_handle_t *)&c->turns, NULL);
    if (c->pause.data) uv_close((uv_handle_t *)&c->pause, NULL);
    if (c->resolver) cq_resolver_close(c->resolver, on_resolver_closed, c);
    cq_hub_close(&c->hub, on_hub_closed, c);
}

static void on_pause_over(uv_timer_t *t)
{
    struct client *c = t->data;

    c->pause_after = 0;
    if (c->close_on_pause) close_sock(c);
    if (c->sock) cq_sock_resume(c->sock);
}

static void on_turn(uv_check_t *t)
{
    ((struct client *)t->data)->in_turn = 0;
}

static void on_guard(uv_timer_t *t)
{
    (void)t;
    fprintf(stderr, "FAIL: a client has run for %d ms without an end\n", HANGS_MS);
    abort();
}

static void begin(struct client *c)
{
    struct cq_sock_options o = {
        .loop = &c->loop,
        .mem = &c->m.mem,
        .hub = &c->hub,
        .resolver = c->resolver,
        .endpoints = c->to,
        .n_endpoints = c->n_to,
        .connect_timeout_ns = c->timeout_ns,
        .tls = c->tls,
        .sni = c->sni,
        .verify_name = c->name,
        .handler = {on_space, on_received, NULL, on_step, on_opened, on_ended, on_closed},
        .ctx = c,
    };

    c->open_err = cq_sock_open(&c->sock, &o);
    if (c->open_err) {
        on_closed(c);
        return;
    }
    if (c->send_early.n) c->write_err = cq_sock_write(c->sock, c->send_early);
    if (!c->pause_ms) return;
    uv_timer_init(&c->loop, &c->pause);
    c->pause.data = c;
    uv_timer_start(&c->pause, on_pause_over, c->pause_ms, 0);
}

void client_run(struct client *c)
{
    if (!c->chunk) c->chunk = 4096;
    c->space = malloc(c->chunk);
    assert_non_null(c->space);
    assert_int_equal(uv_loop_init(&c->loop), 0);
    uv_check_init(&c->loop, &c->turns);
    c->turns.data = c;
    uv_check_start(&c->turns, on_turn);
    uv_timer_init(&c->loop, &c->guard);
    uv_timer_start(&c->guard, on_guard, HANGS_MS, 0);
    cq_hub_init(&c->hub, &c->loop);
    c->open_err = cq_resolver_new(&c->resolver, &c->loop, &c->m.mem);
    if (c->resolver && c->servers) cq_resolver_servers(c->resolver, c->servers);
    if (c->open_err)
        on_closed(c);
    else
        begin(c);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    assert_null(c->resolver);
    assert_true(c->hub_closed);
    assert_true(c->closed || c->open_err);
    assert_int_equal(uv_loop_close(&c->loop), 0);
    assert_int_equal(c->m.live, 0);
    free(c->space);
}

void client_fini(struct client *c)
{
    cq_buf_fini(&c->got);
}

/* A socket on host, listening if backlog >= 0; its port. -1: not here (no such family). */
static int bound(const char *host, int backlog, uint16_t *port)
{
    struct cq_addr a;
    socklen_t n = sizeof a;
    int on = 1;
    int fd;

    assert_true(cq_addr_parse(host, 0, &a));
    fd = socket(a.u.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &a.u.sa, cq_addr_len(&a)) != 0 || (backlog >= 0 && listen(fd, backlog) != 0) ||
        getsockname(fd, &a.u.sa, &n) != 0) {
        close(fd);
        return -1;
    }
    *port = ntohs(a.u.sa.sa_family == AF_INET ? a.u.v4.sin_port : a.u.v6.sin6_port);
    return fd;
}

static void *peer_main(void *arg)
{
    struct peer *p = arg;
    sigset_t pipes;

    /* OpenSSL on the peer's side writes without MSG_NOSIGNAL. */
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipes, NULL);
    for (size_t i = 0; i < p->n; i++) {
        int fd = accept(p->fd, NULL, NULL);

        if (fd < 0) break;
        p->serve(p, fd);
    }
    return NULL;
}

bool peer_start(struct peer *p, const char *host, size_t n, void (*serve)(struct peer *p, int fd),
                void *ctx)
{
    memset(p, 0, sizeof *p);
    snprintf(p->host, sizeof p->host, "%s", host);
    p->n = n;
    p->serve = serve;
    p->ctx = ctx;
    p->fd = bound(host, 16, &p->port);
    if (p->fd < 0) return false;
    assert_int_equal(pthread_create(&p->thread, NULL, peer_main, p), 0);
    return true;
}

void peer_join(struct peer *p)
{
    (void)shutdown(p->fd, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->fd);
}

void peer_reset(int fd)
{
    struct linger l = {1, 0};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
    close(fd);
}

void peer_send(int fd, const void *b, size_t n)
{
    const char *p = b;

    while (n > 0) {
        ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

        if (k <= 0) return;
        p += k;
        n -= (size_t)k;
    }
}

size_t peer_recv(int fd, void *b, size_t n)
{
    size_t got = 0;

    while (got < n) {
        ssize_t k = recv(fd, (char *)b + got, n - got, 0);

        if (k <= 0) break;
        got += (size_t)k;
    }
    return got;
}

uint16_t closed_port(const char *host)
{
    uint16_t port = 0;
    int fd = bound(host, -1, &port);

    assert_true(fd >= 0);
    close(fd);
    return port;
}

bool silent_start(struct silent *s, const char *host)
{
    struct cq_addr a;

    memset(s, 0, sizeof *s);
    s->fds[s->n++] = bound(host, 0, &s->port);
    assert_true(s->fds[0] >= 0);
    assert_true(cq_addr_parse(host, s->port, &a));
    /* The queue of those who wait to be accepted is filled until the next one gets no answer. */
    while (s->n < 64) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        struct timeval tv = {0, 200000};
        fd_set out;

        s->fds[s->n++] = fd;
        if (connect(fd, &a.u.sa, cq_addr_len(&a)) != 0 && errno != EINPROGRESS) return false;
        FD_ZERO(&out);
        FD_SET(fd, &out);
        if (select(fd + 1, NULL, &out, NULL, &tv) == 0) return true;
    }
    return false;
}

void silent_stop(struct silent *s)
{
    for (size_t i = 0; i < s->n; i++)
        close(s->fds[i]);
}
