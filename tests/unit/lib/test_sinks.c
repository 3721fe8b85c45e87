/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sinks in the library, where a host is nasty or memory ends: the handle is closed inside of each
 * callback, every allocation fails once; nothing is left, nothing is used afterwards, and what is
 * said adds up. The receiver is a thread that answers whatever the test says.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "cqlcrawl.h"
#include "unit/lib/simproc.h"

static struct simproc sim;

/* ---- the receiver ---- */

struct receiver {
    int fd;
    char url[64];
    const char *answer;
    pthread_t thread;
};

static void *serve(void *ctx)
{
    static const char none[] = "HTTP/1.1 500 ?\r\nContent-Length: 0\r\n\r\n";
    struct receiver *r = ctx;

    for (;;) {
        static char text[1 << 20];
        int fd = accept(r->fd, NULL, NULL);
        size_t n = 0, want = 0;
        ssize_t got;

        if (fd < 0) return NULL;
        while ((got = recv(fd, text + n, sizeof(text) - 1 - n, 0)) > 0) {
            const char *end, *length;

            n += (size_t)got;
            text[n] = 0;
            end = strstr(text, "\r\n\r\n");
            length = strstr(text, "Content-Length: ");
            if (!end) continue;
            want = (size_t)(end + 4 - text) + (length ? strtoul(length + 16, NULL, 10) : 0);
            if (n >= want) break;
        }
        got = send(fd, r->answer ? r->answer : none, strlen(r->answer ? r->answer : none),
                   MSG_NOSIGNAL);
        (void)got;
        close(fd); /* the test's answers all say so */
    }
}

static void receiver_start(struct receiver *r, const char *answer)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f3f0601)}};
    socklen_t n = sizeof(a);

    r->answer = answer;
    r->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(r->fd, (struct sockaddr *)&a, n), 0);
    assert_int_equal(listen(r->fd, 64), 0);
    assert_int_equal(getsockname(r->fd, (struct sockaddr *)&a, &n), 0);
    (void)snprintf(r->url, sizeof(r->url), "http://127.63.6.1:%u/", (unsigned)ntohs(a.sin_port));
    assert_int_equal(pthread_create(&r->thread, NULL, serve, r), 0);
}

static void receiver_stop(struct receiver *r)
{
    (void)shutdown(r->fd, SHUT_RDWR);
    close(r->fd);
    (void)pthread_join(r->thread, NULL);
}

#define OK "HTTP/1.1 204 OK\r\nConnection: close\r\n\r\n"
#define BAD "HTTP/1.1 400 Bad\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbad"
#define BUSY "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

/* ---- the host ---- */

enum close_at { NEVER, IN_LETTER, IN_SINK, IN_DONE, IN_FETCH };

struct host {
    cqlcrawl *c;
    enum close_at close_at;
    unsigned done, letters, fetched, closed, sink_events;
    int delivery, fetch_err;
    uint64_t dead, records;
    long calls, fail_at, blocks;
};

static void *resize(void *ctx, void *p, size_t n)
{
    struct host *h = ctx;
    void *q;

    if (n == 0) {
        h->blocks -= p != NULL;
        free(p);
        return NULL;
    }
    if (++h->calls == h->fail_at) return NULL;
    q = realloc(p, n);
    h->blocks += p == NULL && q != NULL;
    return q;
}

static void on_closed(void *ctx)
{
    ((struct host *)ctx)->closed++;
}

static void maybe_close(struct host *h, enum close_at where)
{
    if (h->close_at == where) cqlcrawl_close(h->c, on_closed, h);
}

static void on_event(void *ctx, const struct cqlcrawl_event *ev)
{
    struct host *h = ctx;

    h->sink_events += ev->kind == CQLCRAWL_EVENT_SINK;
    if (ev->kind == CQLCRAWL_EVENT_SINK) maybe_close(h, IN_SINK);
    if (ev->kind != CQLCRAWL_EVENT_DONE) return;
    h->done++;
    h->delivery = (int)ev->delivery;
    h->dead += ev->dead_letters;
    h->records += ev->records;
    maybe_close(h, IN_DONE);
}

static int on_letter(void *ctx, const struct cqlcrawl_dead_letter *l)
{
    struct host *h = ctx;

    h->letters++;
    maybe_close(h, IN_LETTER);
    assert_true(l->n > 10 && l->line[l->n - 1] == '\n'); /* still there */
    if (l->status == 400) assert_memory_equal(l->answer, "bad", 3);
    return 0;
}

static void on_fetched(void *ctx, int err, const char *text, long status, const char *type,
                       const char *body, size_t n)
{
    struct host *h = ctx;

    (void)text, (void)status, (void)type;
    h->fetched++;
    h->fetch_err = err;
    maybe_close(h, IN_FETCH);
    if (!err && n) assert_memory_equal(body, "bad", n); /* still there */
}

static int add_sink(struct host *h, const char *url)
{
    struct cqlcrawl_sink k = CQLCRAWL_INIT(cqlcrawl_sink);

    k.url = url;
    k.token = (struct cqlcrawl_text){CQLCRAWL_BYTES, "secret", 6};
    k.encoding = CQLCRAWL_ENCODING_GZIP;
    k.batch_records = 8;
    k.in_flight = 2;
    k.dead_letter = on_letter;
    k.ctx = h;
    return cqlcrawl_sink_add(h->c, &k, NULL);
}

static int add_target(struct host *h)
{
    struct cqlcrawl_endpoint e = {sim.hosts[0], (uint16_t)sim.ports[0]};
    struct cqlcrawl_target t = CQLCRAWL_INIT(cqlcrawl_target);

    t.endpoints = &e;
    t.n_endpoints = 1;
    t.retries = CQLCRAWL_NO_RETRIES;
    t.timeout_ms = 2000;
    return cqlcrawl_add(h->c, &t, NULL);
}

static int fetch(struct host *h, const char *url)
{
    struct cqlcrawl_fetch f = CQLCRAWL_INIT(cqlcrawl_fetch);

    f.url = url;
    f.done = on_fetched;
    f.ctx = h;
    return cqlcrawl_fetch(h->c, &f);
}

static int open_host(struct host *h, uv_loop_t *loop)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);

    o.loop = loop;
    o.event = on_event;
    o.ctx = o.resize_ctx = h;
    o.resize = resize;
    o.seed = 1;
    return cqlcrawl_new(&h->c, &o);
}

/* ---- closed in callbacks ---- */

static void closed_in(enum close_at where, const char *answer, bool host_loop)
{
    struct host h = {.close_at = where};
    struct receiver r;
    uv_loop_t loop;

    receiver_start(&r, answer);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(open_host(&h, host_loop ? &loop : NULL), 0);
    assert_int_equal(add_sink(&h, r.url), 0);
    if (where == IN_FETCH) assert_int_equal(fetch(&h, r.url), 0);
    assert_int_equal(add_target(&h), 0);
    if (host_loop) {
        (void)uv_run(&loop, UV_RUN_DEFAULT);
    } else {
        assert_int_equal(cqlcrawl_run(h.c), 0);
    }
    assert_int_equal(h.closed, 1);
    assert_int_equal(h.done, 1);
    assert_int_equal(h.blocks, 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    receiver_stop(&r);
}

static void close_in_callbacks(void **state)
{
    (void)state;
    for (int host_loop = 0; host_loop < 2; host_loop++) {
        closed_in(IN_LETTER, BAD, host_loop);
        closed_in(IN_SINK, BUSY, host_loop);
        closed_in(IN_DONE, OK, host_loop);
        closed_in(IN_FETCH, BAD, host_loop);
    }
}

/* Closed while a fetch and batches are under way: each is told. */
static void close_under_way(void **state)
{
    (void)state;
    for (int turns = 0; turns < 60; turns++) {
        struct host h = {0};
        struct receiver r;

        receiver_start(&r, OK);
        assert_int_equal(open_host(&h, NULL), 0);
        assert_int_equal(add_sink(&h, r.url), 0);
        assert_int_equal(add_target(&h), 0);
        if (turns % 7 == 3) assert_int_equal(fetch(&h, r.url), 0);
        for (int i = 0; i < turns; i++) {
            assert_int_equal(cqlcrawl_step(h.c), 0);
            if (turns > 30) uv_sleep(1);
        }
        cqlcrawl_close(h.c, on_closed, &h);
        assert_int_equal(h.closed, 1);
        assert_int_equal(h.done, 1);
        assert_int_equal(h.fetched, turns % 7 == 3);
        assert_int_equal(h.blocks, 0);
        receiver_stop(&r);
    }
}

/* ---- order of calls ---- */

static void too_late(void **state)
{
    struct cqlcrawl_sink_stats s = CQLCRAWL_INIT(cqlcrawl_sink_stats);
    struct host h = {0};
    struct receiver r;

    (void)state;
    receiver_start(&r, OK);
    assert_int_equal(open_host(&h, NULL), 0);
    assert_int_equal(cqlcrawl_sinks(h.c), 0);
    assert_int_not_equal(cqlcrawl_sink_stats(h.c, 0, &s), 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(add_sink(&h, r.url), 0);
    assert_int_not_equal(add_sink(&h, r.url), 0); /* the ninth */
    assert_int_equal(cqlcrawl_sinks(h.c), 8);
    assert_int_equal(add_target(&h), 0);
    assert_int_not_equal(add_sink(&h, r.url), 0);
    assert_non_null(strstr(cqlcrawl_last_error(h.c), "before the first target"));
    assert_int_equal(cqlcrawl_run(h.c), 0);
    assert_int_equal(h.delivery, CQLCRAWL_DELIVERY_ACCEPTED);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(cqlcrawl_sink_stats(h.c, i, &s), 0);
        assert_int_equal(s.accepted, h.records);
        assert_int_equal(s.size, sizeof(s));
        assert_non_null(strstr(r.url, s.name));
    }
    s.size = offsetof(struct cqlcrawl_sink_stats, state); /* an older program's */
    s.offered = 77;
    assert_int_equal(cqlcrawl_sink_stats(h.c, 0, &s), 0);
    assert_int_equal(s.offered, 77);
    cqlcrawl_close(h.c, NULL, NULL);
    assert_int_equal(h.blocks, 0);
    receiver_stop(&r);
}

/* ---- no memory ---- */

/* Until everything is answered; not until the second of the last epoch is over (crawler/driver.h).
 */
static void run(struct host *h)
{
    for (;;) {
        struct cqlcrawl_stats s = CQLCRAWL_INIT(cqlcrawl_stats);
        struct cqlcrawl_sink_stats k = CQLCRAWL_INIT(cqlcrawl_sink_stats);

        assert_int_equal(cqlcrawl_step(h->c), 0);
        cqlcrawl_stats(h->c, &s);
        (void)cqlcrawl_sink_stats(h->c, 0, &k);
        if (s.queued + s.later + s.running + k.pending == 0 && h->fetched) return;
        uv_sleep(1);
    }
}

static bool life(struct host *h, const char *url)
{
    int err = open_host(h, NULL);

    if (err) return true;
    if (!add_sink(h, url) && !fetch(h, url) && !add_target(h)) {
        run(h);
        cqlcrawl_close(h->c, NULL, NULL);
        assert_int_equal(h->done, 1);
        if (h->delivery == CQLCRAWL_DELIVERY_ACCEPTED) assert_int_equal(h->dead, 0);
        if (h->delivery == CQLCRAWL_DELIVERY_NONE) assert_int_equal(h->letters, 0);
        assert_int_not_equal(h->delivery, CQLCRAWL_DELIVERY_UNKNOWN);
        assert_int_equal(h->dead, h->letters);
    } else {
        cqlcrawl_close(h->c, NULL, NULL);
    }
    return h->calls < h->fail_at; /* there was no n-th */
}

static void no_memory(void **state)
{
    struct receiver r;
    bool last = false;

    (void)state;
    receiver_start(&r, OK);
    for (long n = 1; !last; n++) {
        struct host h = {.fail_at = n};

        last = life(&h, r.url);
        last = last && h.calls > 0 && h.calls < n;
        if (h.blocks != 0) fail_msg("allocation %ld fails: %ld blocks are left", n, h.blocks);
    }
    receiver_stop(&r);
}

static int begin(void **state)
{
    static const char *const args[] = {"--listen", "127.63.6.2:0", "--keyspaces", "1",
                                       "--tables", "30",           NULL};

    (void)state;
    simproc_start(&sim, args);
    return 0;
}

static int end(void **state)
{
    (void)state;
    simproc_stop(&sim);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(close_in_callbacks),
        cmocka_unit_test(close_under_way),
        cmocka_unit_test(too_late),
        cmocka_unit_test(no_memory),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
