/* SPDX-License-Identifier: Apache-2.0 */
#include "net/httpbench.h"

#include <string.h>
#include <unistd.h>

/* ---- the client ---- */

static void on_ready(void *ctx)
{
    ((struct bench *)ctx)->ready = true;
}

static void on_closed(void *ctx)
{
    ((struct bench *)ctx)->closed++;
}

static void on_guard(uv_timer_t *t)
{
    (void)t;
    fail_msg("it hangs");
}

void bench_open(struct bench *b, const char *servers)
{
    struct cq_fault f = {0};

    memset(b, 0, sizeof(*b));
    count_mem_init(&b->m, 0);
    assert_int_equal(uv_loop_init(&b->loop), 0);
    (void)uv_timer_init(&b->loop, &b->guard);
    (void)uv_timer_start(&b->guard, on_guard, 60000, 0);
    uv_unref((uv_handle_t *)&b->guard);
    assert_int_equal(cq_resolver_new(&b->resolver, &b->loop, &b->m.mem), 0);
    if (servers) cq_resolver_servers(b->resolver, servers);
    assert_int_equal(cq_http_new(&b->http, &b->loop, &b->m.mem, b->resolver, on_ready, b, &f), 0);
}

void bench_trusting(struct bench *b, const char *url, const char *ca, const struct cert *mine)
{
    struct cq_fault f = {0};
    struct cq_http_peer_options o = {.url = url, .agent = "test/1"};

    o.ca = ca ? cq_str(ca) : CQ_NULL;
    o.cert = mine ? cq_str(mine->cert_pem) : CQ_NULL;
    o.key = mine ? cq_str(mine->key_pem) : CQ_NULL;
    if (cq_http_peer_new(&b->peer, b->http, &o, &f)) fail_msg("%s", f.text);
}

void bench_to(struct bench *b, const char *scheme, const char *host, uint16_t port)
{
    char url[128];

    (void)snprintf(url, sizeof(url), "%s://%s:%u/in", scheme, host, (unsigned)port);
    bench_trusting(b, url, NULL, NULL);
}

struct cq_http_call *bench_call(struct bench *b, int i)
{
    if (!b->calls[i]) {
        assert_int_equal(cq_http_call_new(&b->calls[i], b->peer, CQ_KIB(64), &b->calls[i]), 0);
    }
    return b->calls[i];
}

static const char *const type_line[] = {"Content-Type: text/x-test"};

struct cq_http_request bench_post(cq_bytes body)
{
    return (struct cq_http_request){
        .post = true,
        .headers = type_line,
        .n_headers = 1,
        .body = body,
        .timeout_ns = CQ_SEC(20),
        .max_answer = CQ_HTTP_KEPT,
    };
}

const struct cq_http_response *bench_wait(struct bench *b, struct cq_http_call *c)
{
    for (;;) {
        struct cq_http_call *got = cq_http_next(b->http);

        if (got == c) return cq_http_response(c);
        assert_null(got);
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    }
}

const struct cq_http_response *bench_ask(struct bench *b, const struct cq_http_request *r)
{
    struct cq_http_call *c = bench_call(b, 0);

    cq_http_send(c, r, NULL);
    return bench_wait(b, c);
}

void expect_204(const struct cq_http_response *r)
{
    if (r->status != 204) fail_msg("%ld %s: %s", r->status, cq_err_code(r->err), r->text);
}

const struct cq_http_response *bench_ask_small(struct bench *b)
{
    struct cq_http_request r = bench_post(CQ_LIT("a small body\n"));

    return bench_ask(b, &r);
}

void bench_close(struct bench *b)
{
    for (int i = 0; i < MAX_CALLS; i++)
        cq_http_call_free(b->calls[i]);
    cq_http_peer_free(b->peer);
    cq_http_close(b->http, on_closed, b);
    cq_resolver_close(b->resolver, on_closed, b);
    uv_close((uv_handle_t *)&b->guard, NULL);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(b->closed, 2);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    assert_int_equal(b->m.live, 0);
}

/* ---- the server ---- */

/* One request read whole: its head in s->head. False: the connection ended. */
bool script_read(struct script *s, int fd)
{
    static char body[1 << 16];
    size_t n = 0, left;
    const char *length;

    while (n < 4 || memcmp(s->head + n - 4, "\r\n\r\n", 4) != 0) {
        if (n + 1 == sizeof(s->head) || recv(fd, s->head + n, 1, 0) != 1) return false;
        s->head[++n] = 0;
    }
    length = strstr(s->head, "Content-Length: ");
    for (left = length ? strtoul(length + 16, NULL, 10) : 0; left > 0;) {
        ssize_t got = recv(fd, body, left < sizeof(body) ? left : sizeof(body), 0);

        if (got <= 0) return false;
        left -= (size_t)got;
    }
    s->requests++;
    return true;
}

void script_answer(int fd, const char *text)
{
    peer_send(fd, text, strlen(text));
}

void script_many(struct peer *p, int fd)
{
    struct script *s = p->ctx;

    while (script_read(s, fd))
        script_answer(fd, s->answer);
    close(fd);
}

void script_one(struct peer *p, int fd)
{
    struct script *s = p->ctx;

    if (script_read(s, fd)) script_answer(fd, s->answer);
    close(fd);
}

struct peer *script_start(struct peer *p, size_t n, void (*serve)(struct peer *, int), void *ctx)
{
    assert_true(peer_start(p, HOST, n, serve, ctx));
    return p;
}

void bench_begin(struct bench *b, struct peer *p, size_t n, void (*serve)(struct peer *, int),
                 void *ctx)
{
    script_start(p, n, serve, ctx);
    bench_open(b, NULL);
    bench_to(b, "http", HOST, p->port);
}

void bench_end(struct bench *b, struct peer *p)
{
    bench_close(b);
    peer_join(p);
}

/* n connections that say nothing: for a peer that waits for more than have come. */
void script_poke(uint16_t port, int n)
{
    struct cq_addr a;

    assert_true(cq_addr_parse(HOST, port, &a));
    for (; n > 0; n--) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        (void)connect(fd, &a.u.sa, cq_addr_len(&a));
        close(fd);
    }
}
