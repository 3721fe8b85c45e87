/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/http against scripted servers on loopback: what is on the wire, what an answer becomes, and
 * every trap of libcurl on libuv that net/http.c names. SIGPIPE is left as it is: nothing here may
 * raise it.
 */
#include "net/http.h"
#include "net/certs.h"
#include "net/dns.h"
#include "net/harness.h"

#include <openssl/ssl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define HOST "127.63.4.1"
#define DNS_HOST "127.63.4.53"

enum { MAX_CALLS = 32 };

/* ---- the client ---- */

struct bench {
    uv_loop_t loop;
    uv_timer_t guard;
    struct count_mem m;
    struct cq_resolver *resolver;
    struct cq_http *http;
    struct cq_http_peer *peer;
    struct cq_http_call *calls[MAX_CALLS];
    unsigned closed;
    bool ready;
};

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

static void open_bench(struct bench *b, const char *servers)
{
    memset(b, 0, sizeof(*b));
    count_mem_init(&b->m, 0);
    assert_int_equal(uv_loop_init(&b->loop), 0);
    (void)uv_timer_init(&b->loop, &b->guard);
    (void)uv_timer_start(&b->guard, on_guard, 60000, 0);
    uv_unref((uv_handle_t *)&b->guard);
    assert_int_equal(cq_resolver_new(&b->resolver, &b->loop, &b->m.mem), 0);
    if (servers) cq_resolver_servers(b->resolver, servers);
    assert_int_equal(cq_http_new(&b->http, &b->loop, &b->m.mem, b->resolver, on_ready, b), 0);
}

static void to_trusting(struct bench *b, const char *url, const char *ca, const struct cert *mine)
{
    struct cq_fault f = {0};
    struct cq_http_peer_options o = {.url = url, .agent = "test/1"};

    o.ca = ca ? cq_str(ca) : CQ_NULL;
    o.cert = mine ? cq_str(mine->cert_pem) : CQ_NULL;
    o.key = mine ? cq_str(mine->key_pem) : CQ_NULL;
    if (cq_http_peer_new(&b->peer, b->http, &o, &f)) fail_msg("%s", f.text);
}

static void to(struct bench *b, const char *scheme, const char *host, uint16_t port)
{
    char url[128];

    (void)snprintf(url, sizeof(url), "%s://%s:%u/in", scheme, host, (unsigned)port);
    to_trusting(b, url, NULL, NULL);
}

static struct cq_http_call *call(struct bench *b, int i)
{
    if (!b->calls[i]) {
        assert_int_equal(cq_http_call_new(&b->calls[i], b->peer, CQ_KIB(64), &b->calls[i]), 0);
    }
    return b->calls[i];
}

static const char *const type_line[] = {"Content-Type: text/x-test"};

static struct cq_http_request post(cq_bytes body)
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

static const struct cq_http_response *wait_for(struct bench *b, struct cq_http_call *c)
{
    for (;;) {
        struct cq_http_call *got = cq_http_next(b->http);

        if (got == c) return cq_http_response(c);
        assert_null(got);
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    }
}

static const struct cq_http_response *ask(struct bench *b, const struct cq_http_request *r)
{
    struct cq_http_call *c = call(b, 0);

    cq_http_send(c, r, NULL);
    return wait_for(b, c);
}

static void expect_204(const struct cq_http_response *r)
{
    if (r->status != 204) fail_msg("%ld %s: %s", r->status, cq_err_code(r->err), r->text);
}

static const struct cq_http_response *ask_small(struct bench *b)
{
    struct cq_http_request r = post(CQ_LIT("a small body\n"));

    return ask(b, &r);
}

static void close_bench(struct bench *b)
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

struct script {
    unsigned requests; /* that came whole */
    const char *answer;
    char head[2048]; /* of the last request */
    SSL_CTX *tls;
    int fds[MAX_CALLS];
    unsigned n_fds, wanted;
};

/* One request read whole: its head in s->head. False: the connection ended. */
static bool read_request(struct script *s, int fd)
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

static void answer(int fd, const char *text)
{
    peer_send(fd, text, strlen(text));
}

#define OK "HTTP/1.1 204 No Content\r\n\r\n"
#define OK_CLOSE "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

static void serve_many(struct peer *p, int fd)
{
    struct script *s = p->ctx;

    while (read_request(s, fd))
        answer(fd, s->answer);
    close(fd);
}

static void serve_one(struct peer *p, int fd)
{
    struct script *s = p->ctx;

    if (read_request(s, fd)) answer(fd, s->answer);
    close(fd);
}

static struct peer *start(struct peer *p, size_t n, void (*serve)(struct peer *, int), void *ctx)
{
    assert_true(peer_start(p, HOST, n, serve, ctx));
    return p;
}

/* n connections that say nothing: for a peer that waits for more than have come. */
static void poke(uint16_t port, int n)
{
    struct cq_addr a;

    assert_true(cq_addr_parse(HOST, port, &a));
    for (; n > 0; n--) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        (void)connect(fd, &a.u.sa, cq_addr_len(&a));
        close(fd);
    }
}

/* ---- the wire ---- */

/* Larger than a megabyte, where libcurl would like to ask first: a server that does not answer to
 * that costs a second. */
static void no_expect(void **state)
{
    static uint8_t large[3 << 20];
    struct script s = {.answer = OK};
    struct cq_http_request r = post((cq_bytes){large, sizeof(large)});
    struct peer p;
    struct bench b;
    uint64_t began = uv_hrtime();

    (void)state;
    start(&p, 1, serve_many, &s);
    open_bench(&b, NULL);
    to(&b, "http", HOST, p.port);
    assert_int_equal(ask(&b, &r)->status, 204);
    assert_true(uv_hrtime() - began < CQ_MS(900));
    assert_non_null(strstr(s.head, "POST /in HTTP/1.1\r\n"));
    assert_non_null(strstr(s.head, "Content-Length: 3145728\r\n"));
    assert_non_null(strstr(s.head, "Content-Type: text/x-test\r\n"));
    assert_non_null(strstr(s.head, "User-Agent: test/1\r\n"));
    assert_null(strstr(s.head, "Expect"));
    assert_null(strstr(s.head, "Transfer-Encoding"));
    close_bench(&b);
    peer_join(&p);
}

/* The environment's proxy is not asked. */
static void no_proxy(void **state)
{
    struct script s = {.answer = OK};
    struct peer p;
    struct bench b;

    (void)state;
    setenv("http_proxy", "http://127.63.4.99:1", 1);
    setenv("ALL_PROXY", "http://127.63.4.99:1", 1);
    start(&p, 1, serve_many, &s);
    open_bench(&b, NULL);
    to(&b, "http", HOST, p.port);
    expect_204(ask_small(&b));
    close_bench(&b);
    peer_join(&p);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void keeps_a_connection(void **state)
{
    struct script s = {.answer = OK};
    struct peer p;
    struct bench b;

    (void)state;
    start(&p, 1, serve_many, &s); /* a second connection would not be served */
    open_bench(&b, NULL);
    to(&b, "http", HOST, p.port);
    for (int i = 0; i < 20; i++)
        expect_204(ask_small(&b));
    close_bench(&b);
    peer_join(&p);
    assert_int_equal(s.requests, 20);
}

/* ---- the traps ---- */

/* Each connection is closed: the next one has its descriptor's number while the old poll handle
 * still closes (UV_EEXIST, or an assert of libuv). */
static void descriptor_again(void **state)
{
    struct script s = {.answer = OK_CLOSE};
    struct peer p;
    struct bench b;

    (void)state;
    start(&p, 100, serve_one, &s);
    open_bench(&b, NULL);
    to(&b, "http", HOST, p.port);
    for (int i = 0; i < 100; i++) {
        const struct cq_http_response *r = ask_small(&b);

        if (r->status != 204) fail_msg("%s", r->text);
    }
    close_bench(&b);
    peer_join(&p);
}

static void serve_then_die(struct peer *p, int fd)
{
    struct script *s = p->ctx;

    if (read_request(s, fd)) answer(fd, OK);
    (void)read_request(s, fd); /* the whole of it, and no answer */
    close(fd);
}

/* A connection that was used before dies after it took the body: the owner hears of it, nothing is
 * sent again behind its back. */
static void no_silent_resend(void **state)
{
    struct script s = {0};
    const struct cq_http_response *r;
    struct peer p;
    struct bench b;

    (void)state;
    start(&p, 4, serve_then_die, &s); /* libcurl connects again before it finds no way back */
    open_bench(&b, NULL);
    to(&b, "http", HOST, p.port);
    expect_204(ask_small(&b));
    r = ask_small(&b);
    assert_int_not_equal(r->err, 0);
    assert_true(r->stale);
    expect_204(ask_small(&b)); /* on a new one */
    r = ask_small(&b);
    assert_true(r->stale);
    close_bench(&b);
    peer_join(&p);
    assert_int_equal(s.requests, 4); /* as many as were sent */
}

static void serve_when_all_are_there(struct peer *p, int fd)
{
    struct script *s = p->ctx;

    (void)read_request(s, fd);
    s->fds[s->n_fds++] = fd;
    if (s->n_fds < s->wanted) return;
    for (unsigned i = 0; i < s->n_fds; i++) {
        answer(s->fds[i], OK_CLOSE);
        close(s->fds[i]);
    }
}

/* As many connections as calls, none of them waits for a place while its timeout runs. */
static void all_at_once(void **state)
{
    struct script s = {.wanted = MAX_CALLS};
    struct cq_http_request r = post(CQ_LIT("x\n"));
    struct peer p;
    struct bench b;

    (void)state;
    r.timeout_ns = CQ_SEC(5);
    start(&p, MAX_CALLS, serve_when_all_are_there, &s);
    open_bench(&b, NULL);
    to(&b, "http", HOST, p.port);
    for (int i = 0; i < MAX_CALLS; i++)
        cq_http_send(call(&b, i), &r, NULL);
    for (int done = 0; done < MAX_CALLS;) {
        struct cq_http_call *c = cq_http_next(b.http);

        if (!c) (void)uv_run(&b.loop, UV_RUN_ONCE);
        if (!c) continue;
        assert_int_equal(cq_http_response(c)->status, 204);
        done++;
    }
    close_bench(&b);
    peer_join(&p);
}

/* Every allocation fails once. Where it is that of a poll handle, socket_action fails and the multi
 * handle is made anew; whatever it is, the call ends, the next one works and nothing is left. */
static void no_memory(void **state)
{
    unsigned failed = 0;
    size_t n = 1;

    (void)state;
    for (;; n++) {
        struct script s = {.answer = OK_CLOSE};
        struct peer p;
        struct bench b;
        bool last;

        start(&p, 4, serve_one, &s);
        open_bench(&b, NULL);
        to(&b, "http", HOST, p.port);
        (void)call(&b, 0);
        b.m.fail_at = b.m.calls + n;
        failed += ask_small(&b)->err != 0;
        last = b.m.calls < b.m.fail_at;
        b.m.fail_at = 0;
        expect_204(ask_small(&b));
        close_bench(&b);
        poke(p.port, 4);
        peer_join(&p);
        if (last) break;
    }
    assert_true(failed > 0);
}

static void serve_nothing(struct peer *p, int fd)
{
    (void)read_request(p->ctx, fd);
    (void)read_request(p->ctx, fd); /* until the client gives up */
    close(fd);
}

static void timeouts(void **state)
{
    struct script s = {0};
    struct cq_http_request r = post(CQ_LIT("x\n"));
    struct silent silent;
    struct peer p;
    struct bench b;

    (void)state;
    r.timeout_ns = CQ_MS(300);
    start(&p, 1, serve_nothing, &s);
    open_bench(&b, NULL);
    to(&b, "http", HOST, p.port);
    assert_int_equal(ask(&b, &r)->err, CQ_ETIMEOUT);
    close_bench(&b);
    peer_join(&p);

    assert_true(silent_start(&silent, HOST));
    open_bench(&b, NULL);
    to(&b, "http", HOST, silent.port);
    assert_int_equal(ask(&b, &r)->err, CQ_ECONNECT_TIMEOUT);
    close_bench(&b);
    silent_stop(&silent);

    open_bench(&b, NULL);
    to(&b, "http", HOST, closed_port(HOST));
    assert_int_equal(ask(&b, &r)->err, CQ_EREFUSED);
    close_bench(&b);
}

/* Let go in the middle of a transfer, of a connect, of an answer. */
static void let_go(void **state)
{
    struct script s = {0};
    struct cq_http_request r = post(CQ_LIT("x\n"));

    (void)state;
    for (int turns = 0; turns < 6; turns++) {
        struct peer p;
        struct bench b;

        start(&p, 1, serve_nothing, &s);
        open_bench(&b, NULL);
        to(&b, "http", HOST, p.port);
        cq_http_send(call(&b, 0), &r, NULL);
        for (int i = 0; i < turns; i++)
            (void)uv_run(&b.loop, UV_RUN_NOWAIT);
        close_bench(&b);
        poke(p.port, 1); /* perhaps it never connected: somebody must */
        peer_join(&p);
    }
}

/* ---- answers ---- */

static void serve_body(struct peer *p, int fd)
{
    static char block[1 << 16];
    struct script *s = p->ctx;
    size_t n = s->wanted;

    (void)read_request(s, fd);
    (void)snprintf(block, sizeof(block), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", n);
    answer(fd, block);
    memset(block, 'b', sizeof(block));
    for (; n > 0; n -= n < sizeof(block) ? n : sizeof(block)) {
        if (send(fd, block, n < sizeof(block) ? n : sizeof(block), MSG_NOSIGNAL) < 0) break;
    }
    close(fd);
}

static void long_answers(void **state)
{
    struct script s = {.wanted = 200000};
    struct cq_http_request get = {.timeout_ns = CQ_SEC(5), .max_answer = 100000, .strict = true};
    const struct cq_http_response *r;
    struct peer p;
    struct bench b;

    (void)state;
    start(&p, 4, serve_body, &s);
    open_bench(&b, NULL);
    to(&b, "http", HOST, p.port);
    r = ask_small(&b);
    assert_int_equal(r->status, 200);
    assert_int_equal(r->body.n, CQ_HTTP_KEPT);
    assert_int_equal(r->body_total, 200000);
    r = ask(&b, &get);
    assert_int_equal(r->err, CQ_ETOO_LARGE);
    assert_non_null(strstr(s.head, "GET /in HTTP/1.1\r\n"));
    get.max_answer = 200000;
    r = ask(&b, &get);
    assert_int_equal(r->err, 0);
    assert_int_equal(r->body.n, 200000);
    s.wanted = 50 << 20; /* the rest is not read to its end */
    r = ask_small(&b);
    assert_int_equal(r->err, 0);
    assert_int_equal(r->status, 200);
    assert_true(r->body_total < (4u << 20));
    close_bench(&b);
    peer_join(&p);
}

static void expect_err(const char *text, int err)
{
    struct script s = {.answer = text};
    const struct cq_http_response *r;
    struct peer p;
    struct bench b;

    start(&p, 1, serve_one, &s);
    open_bench(&b, NULL);
    to(&b, "http", HOST, p.port);
    r = ask_small(&b);
    if (r->err != err) fail_msg("%.30s: %d %s %s", text, r->err, cq_err_code(r->err), r->text);
    assert_non_null(strstr(r->text, HOST));
    assert_false(r->stale);
    close_bench(&b);
    peer_join(&p);
}

static void bad_answers(void **state)
{
    static char endless[200000];

    (void)state;
    expect_err("", CQ_ECLOSED);
    expect_err("SSH-2.0-OpenSSH_9.2\r\n", CQ_ENOT_HTTP);
    expect_err("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", CQ_ECLOSED);
    expect_err("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", CQ_ERESET);
    strcpy(endless, "HTTP/1.1 200 OK\r\n");
    while (strlen(endless) < sizeof(endless) - 100)
        strcat(endless + strlen(endless), "X-More: 0123456789012345678901234567890123456789\r\n");
    expect_err(endless, CQ_ENOT_HTTP);
}

static void headers(void **state)
{
    struct script s = {.answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 Too Many\r\n"
                                 "retry-after: 17\r\nContent-Type: text/plain\r\n"
                                 "Content-Length: 2\r\n\r\nno"};
    const struct cq_http_response *r;
    struct peer p;
    struct bench b;

    (void)state;
    start(&p, 1, serve_one, &s);
    open_bench(&b, NULL);
    to(&b, "http", HOST, p.port);
    r = ask_small(&b);
    assert_int_equal(r->status, 429);
    assert_string_equal(r->retry_after, "17");
    assert_string_equal(r->content_type, "text/plain");
    assert_true(cq_eq(r->body, CQ_LIT("no")));
    close_bench(&b);
    peer_join(&p);
}

static void serve_413(struct peer *p, int fd)
{
    static char rest[1 << 16];
    size_t n = peer_recv(fd, rest, 20); /* not even the head */

    (void)p, (void)n;
    answer(fd, "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    (void)shutdown(fd, SHUT_WR);
    while (recv(fd, rest, sizeof(rest), 0) > 0)
        continue;
    close(fd);
}

/* As nginx does it: the answer is there before the body has been read. */
static void answered_early(void **state)
{
    static uint8_t large[8 << 20];
    struct cq_http_request r = post((cq_bytes){large, sizeof(large)});
    struct peer p;
    struct bench b;

    (void)state;
    start(&p, 1, serve_413, NULL);
    open_bench(&b, NULL);
    to(&b, "http", HOST, p.port);
    assert_int_equal(ask(&b, &r)->status, 413);
    close_bench(&b);
    peer_join(&p);
}

/* ---- names ---- */

static const struct dns_zone zones[] = {
    {.name = "one.test", .v4 = HOST},
    {.name = "silent.test", .silent = true},
    {.name = NULL},
};

static void names(void **state)
{
    struct script s = {.answer = OK};
    struct cq_http_request r = post(CQ_LIT("x\n"));
    struct dns dns;
    struct peer p;
    struct bench b;
    uint64_t began;

    (void)state;
    assert_true(dns_start(&dns, DNS_HOST, zones));
    start(&p, 1, serve_many, &s);
    open_bench(&b, dns.servers);
    to(&b, "http", "one.test", p.port);
    expect_204(ask_small(&b));
    assert_non_null(strstr(s.head, "Host: one.test:"));
    expect_204(ask_small(&b));
    close_bench(&b);
    peer_join(&p);

    open_bench(&b, dns.servers);
    to(&b, "http", "none.test", 80);
    assert_int_equal(ask_small(&b)->err, CQ_EDNS);
    close_bench(&b);

    /* A name server that is dead holds up nobody who lets go. */
    open_bench(&b, dns.servers);
    to(&b, "http", "silent.test", 80);
    cq_http_send(call(&b, 0), &r, NULL);
    for (int i = 0; i < 3; i++)
        (void)uv_run(&b.loop, UV_RUN_NOWAIT);
    began = uv_hrtime();
    close_bench(&b);
    assert_true(uv_hrtime() - began < CQ_MS(200));
    dns_stop(&dns);
}

/* ---- TLS ---- */

static void serve_tls(struct peer *p, int fd)
{
    struct script *s = p->ctx;
    SSL *ssl = SSL_new(s->tls);
    char head[4096];
    size_t n = 0;
    int got;

    (void)SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        while (n < sizeof(head) - 1 && (got = SSL_read(ssl, head + n, 1)) == 1) {
            n++;
            if (n < 17 || memcmp(head + n - 13, "a small body\n", 13) != 0) continue;
            (void)SSL_write(ssl, s->answer, (int)strlen(s->answer));
            s->requests++;
            n = 0;
        }
    }
    SSL_free(ssl);
    close(fd);
}

struct tls_case {
    const char *names;
    long from_s, to_s;
    bool trusted;
    bool asks, has; /* for a client certificate */
    int err, or_err;
};

static void tls_case(const struct tls_case *k)
{
    struct cert ca, server, mine;
    struct script s = {.answer = OK_CLOSE};
    const struct cq_http_response *r;
    struct peer p;
    struct bench b;
    char url[64];

    cert_make(&ca, &(struct cert_spec){.cn = "test CA", .ca = true}, NULL);
    cert_make(&server,
              &(struct cert_spec){
                  .cn = "server", .names = k->names, .from_s = k->from_s, .to_s = k->to_s},
              &ca);
    cert_make(&mine, &(struct cert_spec){.cn = "client"}, &ca);
    s.tls = server_ctx(&(struct server_spec){.cert = &server, .client_ca = k->asks ? &ca : NULL});
    start(&p, 1, serve_tls, &s);
    open_bench(&b, NULL);
    (void)snprintf(url, sizeof(url), "https://%s:%u/", HOST, (unsigned)p.port);
    to_trusting(&b, url, k->trusted ? ca.cert_pem : NULL, k->has ? &mine : NULL);
    r = ask_small(&b);
    if (r->err != k->err && r->err != k->or_err)
        fail_msg("%s: %s %s", k->names, cq_err_code(r->err), r->text);
    if (!k->err) assert_int_equal(r->status, 204);
    close_bench(&b);
    peer_join(&p);
    SSL_CTX_free(s.tls);
    cert_free(&ca);
    cert_free(&server);
    cert_free(&mine);
}

static void tls(void **state)
{
    static const struct tls_case cases[] = {
        {.names = "IP:" HOST, .trusted = true},
        {.names = "IP:" HOST, .trusted = true, .asks = true, .has = true},
        {.names = "IP:" HOST, .err = CQ_ETLS_UNTRUSTED},
        {.names = "DNS:other.test", .trusted = true, .err = CQ_ETLS_NAME},
        {.names = "IP:" HOST,
         .trusted = true,
         .from_s = -200,
         .to_s = -100,
         .err = CQ_ETLS_EXPIRED},
        /* TLS 1.3: the server's refusal comes after its own handshake is over */
        {.names = "IP:" HOST,
         .trusted = true,
         .asks = true,
         .err = CQ_ETLS_HANDSHAKE,
         .or_err = CQ_ERESET},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        tls_case(&cases[i]);
}

static uint64_t cpu_ns(void)
{
    struct rusage u;

    (void)getrusage(RUSAGE_THREAD, &u);
    return CQ_SEC((uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)) +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
}

/* The system's CAs are read once, not for each connection (18 ms of the loop each). */
static void ca_cache(void **state)
{
    struct cert own;
    struct script s = {.answer = OK_CLOSE};
    uint64_t first = 0, later = UINT64_MAX;
    struct peer p;
    struct bench b;

    (void)state;
    cert_make(&own, &(struct cert_spec){.cn = "own", .names = "IP:" HOST}, NULL);
    s.tls = server_ctx(&(struct server_spec){.cert = &own});
    start(&p, 6, serve_tls, &s);
    open_bench(&b, NULL);
    to(&b, "https", HOST, p.port);
    for (int i = 0; i < 6; i++) {
        uint64_t began = cpu_ns(), took;

        assert_int_equal(ask_small(&b)->err, CQ_ETLS_UNTRUSTED);
        took = cpu_ns() - began;
        if (i == 0) first = took;
        if (i > 0 && took < later) later = took;
    }
    print_message("CPU of a connection: %.1f ms, then %.1f ms\n", (double)first / 1e6,
                  (double)later / 1e6);
    assert_true(later * 2 < first);
    close_bench(&b);
    peer_join(&p);
    SSL_CTX_free(s.tls);
    cert_free(&own);
}

/* ---- URLs ---- */

static void urls(void **state)
{
    static const char *const bad[] = {
        "",
        "127.0.0.1",
        "ftp://a/",
        "http://",
        "http://u:p@a/",
        "http://u@a/",
        "http://a/#x",
        "http://a:99999/",
        "http://a b/",
        "http://\xc3\xa4.example/",
        "file:///etc/passwd",
    };
    struct cq_http_url u;
    struct cq_fault f = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        f = (struct cq_fault){0};
        if (cq_http_url(&u, bad[i], &f) != CQ_EINVALID) fail_msg("%s", bad[i]);
        assert_null(strstr(f.text, "u:p"));
    }
    assert_int_equal(cq_http_url(&u, "https://inventory.example/in?a=b", &f), 0);
    assert_string_equal(u.host, "inventory.example");
    assert_true(u.tls && u.port == 443 && !u.address && !u.loopback);
    assert_int_equal(cq_http_url(&u, "http://[::1]:8080", &f), 0);
    assert_string_equal(u.host, "::1");
    assert_true(!u.tls && u.port == 8080 && u.address && u.loopback);
    assert_int_equal(cq_http_url(&u, "http://localhost/", &f), 0);
    assert_true(u.loopback && !u.address && u.port == 80);
    assert_int_equal(cq_http_url(&u, "http://127.9.9.9/", &f), 0);
    assert_true(u.loopback);
    assert_int_equal(cq_http_url(&u, "http://10.0.0.1/", &f), 0);
    assert_false(u.loopback);
    assert_int_equal(cq_http_url(&u, "http://127.0.0.1.example/", &f), 0);
    assert_false(u.loopback);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_expect),
        cmocka_unit_test(no_proxy),
        cmocka_unit_test(keeps_a_connection),
        cmocka_unit_test(descriptor_again),
        cmocka_unit_test(no_silent_resend),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(timeouts),
        cmocka_unit_test(let_go),
        cmocka_unit_test(long_answers),
        cmocka_unit_test(bad_answers),
        cmocka_unit_test(headers),
        cmocka_unit_test(answered_early),
        cmocka_unit_test(names),
        cmocka_unit_test(tls),
        cmocka_unit_test(ca_cache),
        cmocka_unit_test(urls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
