/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a slot costs while it waits: everything that this process allocates for a target that runs,
 * beyond what the same target costs while it is queued; the C library's own headers included.
 * Whatever allocates is counted: the library (options.resize), libuv and OpenSSL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the four above */
#include <arpa/inet.h>
#include <cmocka.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "cqlcrawl.h"
#include "net/certs.h"
#include "unit/lib/simproc.h"

enum { SLOTS = 1000, PLAIN = 3500, TLS = 24 * 1024 };

static size_t live; /* bytes, with the header that the C library puts before each block */

static size_t cost(void *p)
{
    return p ? malloc_usable_size(p) + sizeof(size_t) : 0;
}

static void *resize(void *ctx, void *p, size_t n)
{
    size_t before = cost(p);
    void *q;

    (void)ctx;
    if (n == 0) {
        live -= before;
        free(p);
        return NULL;
    }
    q = realloc(p, n);
    if (q) live += cost(q) - before;
    return q;
}

static void *uv_malloc_(size_t n)
{
    return resize(NULL, NULL, n ? n : 1);
}

static void *uv_realloc_(void *p, size_t n)
{
    return resize(NULL, p, n);
}

static void *uv_calloc_(size_t n, size_t size)
{
    void *p = resize(NULL, NULL, n && size ? n * size : 1);

    if (p) memset(p, 0, n * size);
    return p;
}

static void uv_free_(void *p)
{
    if (p) resize(NULL, p, 0);
}

static void *ssl_malloc(size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return n ? resize(NULL, NULL, n) : NULL;
}

static void *ssl_realloc(void *p, size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return resize(NULL, p, n);
}

static void ssl_free(void *p, const char *file, int line)
{
    (void)file, (void)line;
    if (p) resize(NULL, p, 0);
}

/* ---- a run of SLOTS targets that wait, each in the same place ---- */

struct run {
    cqlcrawl *c;
    bool pause; /* whoever writes a record first keeps its memory */
    unsigned records;
    unsigned steps[6]; /* that ended well */
};

static enum cqlcrawl_flow on_record(void *ctx, uint64_t id, void *user_data, const char *line,
                                    size_t n)
{
    struct run *r = ctx;

    (void)id, (void)user_data, (void)line, (void)n;
    r->records++;
    return r->pause ? CQLCRAWL_PAUSE : CQLCRAWL_CONTINUE;
}

static void on_event(void *ctx, const struct cqlcrawl_event *ev)
{
    struct run *r = ctx;

    if (ev->kind == CQLCRAWL_EVENT_STEP && !ev->err) r->steps[ev->step]++;
}

static void on_second(uv_timer_t *t)
{
    *(bool *)t->data = true;
}

static void on_closed(void *ctx)
{
    *(bool *)ctx = true;
}

static void turn_until(uv_loop_t *loop, const unsigned *count, unsigned least)
{
    bool late = false;
    uv_timer_t t;

    uv_timer_init(loop, &t);
    t.data = &late;
    uv_timer_start(&t, on_second, 20000, 0);
    while (*count < least && !late)
        uv_run(loop, UV_RUN_ONCE);
    if (late) fail_msg("%u of %u", *count, least);
    uv_timer_start(&t, on_second, 300, 0); /* what comes behind */
    while (!late)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&t, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
}

struct place {
    const char *host;
    uint16_t port;
    bool tls, pause;
    enum cqlcrawl_step step; /* the last one to end, at `least` of them */
    unsigned least;
    uint64_t memory_max; /* not 0: one of them holds all of it */
};

static void add_all(struct run *r, const struct place *at)
{
    struct cqlcrawl_endpoint e = {at->host, at->port};
    struct cqlcrawl_target t = CQLCRAWL_INIT(cqlcrawl_target);
    char name[32];

    t.endpoints = &e;
    t.n_endpoints = 1;
    t.timeout_ms = 60000;
    t.connect_timeout_ms = 60000;
    t.tls_mode = at->tls ? CQLCRAWL_TLS_REQUIRE : CQLCRAWL_TLS_DISABLE;
    t.name = name;
    for (int i = 0; i < SLOTS; i++) {
        (void)snprintf(name, sizeof(name), "cluster-%04d", i);
        assert_int_equal(cqlcrawl_add(r->c, &t, NULL), 0);
    }
}

/* Bytes of one slot among SLOTS. */
static size_t slot(const struct place *at)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);
    struct run r = {.pause = at->pause};
    bool closed = false;
    uv_loop_t loop;
    size_t queued, waiting;

    assert_int_equal(uv_loop_init(&loop), 0);
    o.loop = &loop;
    o.concurrency = SLOTS;
    o.half_open = SLOTS;
    o.memory_max = at->memory_max;
    o.record = on_record;
    o.event = on_event;
    o.ctx = &r;
    o.resize = resize;
    assert_int_equal(cqlcrawl_new(&r.c, &o), 0);
    add_all(&r, at);
    queued = live;
    turn_until(&loop, &r.steps[at->step], at->least);
    waiting = live;
    cqlcrawl_close(r.c, on_closed, &closed);
    while (!closed)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(uv_run(&loop, UV_RUN_NOWAIT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    return (waiting - queued - at->memory_max) / SLOTS;
}

static void check(const char *what, size_t bytes, size_t most)
{
    print_message("%s: %zu bytes (at most %zu)\n", what, bytes, most);
    assert_true(bytes > 500);
    assert_true(bytes <= most);
}

static struct simproc sim;

static void test_unanswered(void **state)
{
    static const char *const args[] = {"--listen", "127.62.1.1:0", "--fault", "silent", NULL};
    struct place at = {.step = CQLCRAWL_STEP_CONNECT, .least = SLOTS};

    (void)state;
    simproc_start(&sim, args);
    at.host = sim.hosts[0];
    at.port = (uint16_t)sim.ports[0];
    check("connected, no answer", slot(&at), PLAIN);
    simproc_stop(&sim);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_unanswered_tls(void **state)
{
    const struct cert_spec spec = {.cn = "node", .names = "DNS:node.example"};
    char cert[64], key[64];
    const char *const args[] = {"--listen", "127.62.1.2:0", "--fault", "silent", "--tls",
                                "--cert",   cert,           "--key",   key,      NULL};
    struct place at = {.tls = true, .step = CQLCRAWL_STEP_TLS, .least = SLOTS};
    struct cert c;

    (void)state;
    cert_make(&c, &spec, NULL);
    (void)snprintf(cert, sizeof(cert), "/tmp/cq-slot-%ld.pem", (long)getpid());
    (void)snprintf(key, sizeof(key), "/tmp/cq-slot-%ld.key", (long)getpid());
    write_file(cert, c.cert_pem);
    write_file(key, c.key_pem);
    cert_free(&c);
    simproc_start(&sim, args);
    at.host = sim.hosts[0];
    at.port = (uint16_t)sim.ports[0];
    check("connected by TLS, no answer", slot(&at), TLS);
    simproc_stop(&sim);
    (void)unlink(cert);
    (void)unlink(key);
}

/* One target holds all of the account and waits for its consumer; the others wait for memory. */
static void test_reserving(void **state)
{
    static const char *const args[] = {"--listen", "127.62.1.3:0", "--tables", "2", NULL};
    struct place at = {
        .pause = true, .memory_max = 300 * 1024, .step = CQLCRAWL_STEP_LOGIN, .least = SLOTS};

    (void)state;
    simproc_start(&sim, args);
    at.host = sim.hosts[0];
    at.port = (uint16_t)sim.ports[0];
    check("waiting for memory", slot(&at), PLAIN);
    simproc_stop(&sim);
}

/* A listener whose queue is full does not answer at all. */
static void test_dialling(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof(a);
    struct place at = {.host = "127.62.1.4", .step = CQLCRAWL_STEP_RESOLVE, .least = SLOTS};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fill[4];

    (void)state;
    a.sin_addr.s_addr = inet_addr(at.host);
    assert_int_equal(bind(listener, (struct sockaddr *)&a, n), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &n), 0);
    for (int i = 0; i < 4; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(fill[i], (struct sockaddr *)&a, n);
    }
    at.port = ntohs(a.sin_port);
    check("dialling", slot(&at), PLAIN);
    for (int i = 0; i < 4; i++)
        close(fill[i]);
    close(listener);
}

static int stop(void **state)
{
    (void)state;
    simproc_stop(&sim);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_dialling, stop),
        cmocka_unit_test_teardown(test_unanswered, stop),
        cmocka_unit_test_teardown(test_reserving, stop),
        cmocka_unit_test_teardown(test_unanswered_tls, stop),
    };

    if (!CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free)) return 1;
    if (uv_replace_allocator(uv_malloc_, uv_realloc_, uv_calloc_, uv_free_)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
