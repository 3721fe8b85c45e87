/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/http against scripted servers on loopback: what is on the wire, what an answer becomes, and
 * every trap of libcurl on libuv that net/http.c names. SIGPIPE is left as it is: nothing here may
 * raise it.
 */
#include "net/httpbench.h"

#include <string.h>
#include <unistd.h>

/* ---- the wire ---- */

/* Larger than a megabyte, where libcurl would like to ask first: a server that does not answer to
 * that costs a second. */
static void no_expect(void **state)
{
    static uint8_t large[3 << 20];
    struct script s = {.answer = OK};
    struct cq_http_request r = bench_post((cq_bytes){large, sizeof(large)});
    struct peer p;
    struct bench b;
    uint64_t began = uv_hrtime();

    (void)state;
    bench_begin(&b, &p, 1, script_many, &s);
    assert_int_equal(bench_ask(&b, &r)->status, 204);
    assert_true(uv_hrtime() - began < CQ_MS(900));
    assert_non_null(strstr(s.head, "POST /in HTTP/1.1\r\n"));
    assert_non_null(strstr(s.head, "Content-Length: 3145728\r\n"));
    assert_non_null(strstr(s.head, "Content-Type: text/x-test\r\n"));
    assert_non_null(strstr(s.head, "User-Agent: test/1\r\n"));
    assert_null(strstr(s.head, "Expect"));
    assert_null(strstr(s.head, "Transfer-Encoding"));
    bench_end(&b, &p);
}

/* The environment's proxy is not asked. */
static void no_proxy(void **state)
{
    struct script s = {.answer = OK};
    struct peer p;
    struct bench b;

    (void)state;
    unsetenv("no_proxy"); /* of the machine: it would make the test pass by itself */
    unsetenv("NO_PROXY");
    setenv("http_proxy", "http://127.63.4.99:1", 1);
    setenv("ALL_PROXY", "http://127.63.4.99:1", 1);
    bench_begin(&b, &p, 1, script_many, &s);
    expect_204(bench_ask_small(&b));
    bench_end(&b, &p);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void keeps_a_connection(void **state)
{
    struct script s = {.answer = OK};
    struct peer p;
    struct bench b;

    (void)state;
    bench_begin(&b, &p, 1, script_many, &s); /* a second connection would not be served */
    for (int i = 0; i < 20; i++)
        expect_204(bench_ask_small(&b));
    bench_end(&b, &p);
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
    bench_begin(&b, &p, 100, script_one, &s);
    for (int i = 0; i < 100; i++) {
        const struct cq_http_response *r = bench_ask_small(&b);

        if (r->status != 204) fail_msg("%s", r->text);
    }
    bench_end(&b, &p);
}

static void serve_then_die(struct peer *p, int fd)
{
    struct script *s = p->ctx;

    if (script_read(s, fd)) script_answer(fd, OK);
    (void)script_read(s, fd); /* the whole of it, and no answer */
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
    script_start(&p, 4, serve_then_die,
                 &s); /* libcurl connects again before it finds no way back */
    bench_open(&b, NULL);
    bench_to(&b, "http", HOST, p.port);
    expect_204(bench_ask_small(&b));
    r = bench_ask_small(&b);
    assert_int_not_equal(r->err, 0);
    assert_true(r->stale);
    expect_204(bench_ask_small(&b)); /* on a new one */
    r = bench_ask_small(&b);
    assert_true(r->stale);
    bench_end(&b, &p);
    assert_int_equal(s.requests, 4); /* as many as were sent */
}

static void serve_when_all_are_there(struct peer *p, int fd)
{
    struct script *s = p->ctx;

    (void)script_read(s, fd);
    s->fds[s->n_fds++] = fd;
    if (s->n_fds < s->wanted) return;
    for (unsigned i = 0; i < s->n_fds; i++) {
        script_answer(s->fds[i], OK_CLOSE);
        close(s->fds[i]);
    }
}

/* As many connections as calls, none of them waits for a place while its timeout runs. */
static void all_at_once(void **state)
{
    struct script s = {.wanted = MAX_CALLS};
    struct cq_http_request r = bench_post(CQ_LIT("x\n"));
    struct peer p;
    struct bench b;

    (void)state;
    r.timeout_ns = CQ_SEC(5);
    script_start(&p, MAX_CALLS, serve_when_all_are_there, &s);
    bench_open(&b, NULL);
    bench_to(&b, "http", HOST, p.port);
    for (int i = 0; i < MAX_CALLS; i++)
        cq_http_send(bench_call(&b, i), &r, NULL);
    for (int done = 0; done < MAX_CALLS;) {
        struct cq_http_call *c = cq_http_next(b.http);

        if (!c) (void)uv_run(&b.loop, UV_RUN_ONCE);
        if (!c) continue;
        assert_int_equal(cq_http_response(c)->status, 204);
        done++;
    }
    bench_end(&b, &p);
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

        bench_begin(&b, &p, 4, script_one, &s);
        (void)bench_call(&b, 0);
        b.m.fail_at = b.m.calls + n;
        failed += bench_ask_small(&b)->err != 0;
        last = b.m.calls < b.m.fail_at;
        b.m.fail_at = 0;
        expect_204(bench_ask_small(&b));
        bench_close(&b);
        script_poke(p.port, 4);
        peer_join(&p);
        if (last) break;
    }
    assert_true(failed > 0);
}

static void serve_nothing(struct peer *p, int fd)
{
    (void)script_read(p->ctx, fd);
    (void)script_read(p->ctx, fd); /* until the client gives up */
    close(fd);
}

static void timeouts(void **state)
{
    struct script s = {0};
    struct cq_http_request r = bench_post(CQ_LIT("x\n"));
    struct silent silent;
    struct peer p;
    struct bench b;

    (void)state;
    r.timeout_ns = CQ_MS(300);
    bench_begin(&b, &p, 1, serve_nothing, &s);
    assert_int_equal(bench_ask(&b, &r)->err, CQ_ETIMEOUT);
    bench_end(&b, &p);

    assert_true(silent_start(&silent, HOST));
    bench_open(&b, NULL);
    bench_to(&b, "http", HOST, silent.port);
    assert_int_equal(bench_ask(&b, &r)->err, CQ_ECONNECT_TIMEOUT);
    bench_close(&b);
    silent_stop(&silent);

    bench_open(&b, NULL);
    bench_to(&b, "http", HOST, closed_port(HOST));
    assert_int_equal(bench_ask(&b, &r)->err, CQ_EREFUSED);
    bench_close(&b);
}

/* Let go in the middle of a transfer, of a connect, of an answer. */
static void let_go(void **state)
{
    struct script s = {0};
    struct cq_http_request r = bench_post(CQ_LIT("x\n"));

    (void)state;
    for (int turns = 0; turns < 6; turns++) {
        struct peer p;
        struct bench b;

        bench_begin(&b, &p, 1, serve_nothing, &s);
        cq_http_send(bench_call(&b, 0), &r, NULL);
        for (int i = 0; i < turns; i++)
            (void)uv_run(&b.loop, UV_RUN_NOWAIT);
        bench_close(&b);
        script_poke(p.port, 1); /* perhaps it never connected: somebody must */
        peer_join(&p);
    }
}

/* ---- answers ---- */

static void serve_body(struct peer *p, int fd)
{
    static char block[1 << 16];
    struct script *s = p->ctx;
    size_t n = s->wanted;

    (void)script_read(s, fd);
    (void)snprintf(block, sizeof(block),
                   "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", n);
    script_answer(fd, block);
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
    bench_begin(&b, &p, 4, serve_body, &s);
    r = bench_ask_small(&b);
    assert_int_equal(r->status, 200);
    assert_int_equal(r->body.n, CQ_HTTP_KEPT);
    assert_int_equal(r->body_total, 200000);
    r = bench_ask(&b, &get);
    assert_int_equal(r->err, CQ_ETOO_LARGE);
    assert_non_null(strstr(s.head, "GET /in HTTP/1.1\r\n"));
    get.max_answer = 200000;
    r = bench_ask(&b, &get);
    assert_int_equal(r->err, 0);
    assert_int_equal(r->body.n, 200000);
    s.wanted = 50 << 20; /* the rest is not read to its end */
    r = bench_ask_small(&b);
    assert_int_equal(r->err, 0);
    assert_int_equal(r->status, 200);
    assert_true(r->body_total < (4u << 20));
    bench_end(&b, &p);
}

static void expect_err(const char *text, int err)
{
    struct script s = {.answer = text};
    const struct cq_http_response *r;
    struct peer p;
    struct bench b;

    bench_begin(&b, &p, 1, script_one, &s);
    r = bench_ask_small(&b);
    if (r->err != err) fail_msg("%.30s: %d %s %s", text, r->err, cq_err_code(r->err), r->text);
    assert_non_null(strstr(r->text, HOST));
    assert_false(r->stale);
    bench_end(&b, &p);
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
    bench_begin(&b, &p, 1, script_one, &s);
    r = bench_ask_small(&b);
    assert_int_equal(r->status, 429);
    assert_string_equal(r->retry_after, "17");
    assert_string_equal(r->content_type, "text/plain");
    assert_true(cq_eq(r->body, CQ_LIT("no")));
    bench_end(&b, &p);
}

static void serve_413(struct peer *p, int fd)
{
    static char rest[1 << 16];
    size_t n = peer_recv(fd, rest, 20); /* not even the head */

    (void)p, (void)n;
    script_answer(fd, "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    (void)shutdown(fd, SHUT_WR);
    while (recv(fd, rest, sizeof(rest), 0) > 0)
        continue;
    close(fd);
}

/* As nginx does it: the answer is there before the body has been read. */
static void answered_early(void **state)
{
    static uint8_t large[8 << 20];
    struct cq_http_request r = bench_post((cq_bytes){large, sizeof(large)});
    struct peer p;
    struct bench b;

    (void)state;
    script_start(&p, 1, serve_413, NULL);
    bench_open(&b, NULL);
    bench_to(&b, "http", HOST, p.port);
    assert_int_equal(bench_ask(&b, &r)->status, 413);
    bench_end(&b, &p);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
