/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/http on a connection that is kept: how a request is written to it, what it costs the loop,
 * and what becomes of the poll handle that stays while nothing is asked.
 */
#include "net/httpbench.h"

#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* DATA_SEGMENTS_IN: tcpi_data_segs_in of linux/tcp.h, as a word; glibc's tcp_info ends before it.
 */
enum { REQUESTS = 10, DATA_SEGMENTS_IN = 152 / 4 };

/* ---- how a request is written ---- */

struct counted {
    struct script script; /* first */
    uint32_t segments;    /* with data, until the connection ended */
};

static void serve_counted(struct peer *p, int fd)
{
    struct counted *c = p->ctx;
    uint32_t info[64] = {0};
    socklen_t n = sizeof(info);

    while (script_read(&c->script, fd))
        script_answer(fd, OK);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &n), 0);
    c->segments = info[DATA_SEGMENTS_IN];
    close(fd);
}

/* Head and body in one segment, but for the first request's. */
static void head_with_body(void **state)
{
    struct counted s = {0};
    struct peer p;
    struct bench b;

    (void)state;
    bench_begin(&b, &p, 1, serve_counted, &s);
    for (int i = 0; i < REQUESTS; i++)
        expect_204(bench_ask_small(&b));
    bench_end(&b, &p);
    assert_int_equal(s.script.requests, REQUESTS);
    assert_true(s.segments <= REQUESTS + 1);
}

/* A request without a body is not held back for one: that would be 200 ms each. */
static void head_alone(void **state)
{
    struct script s = {.answer = OK};
    struct cq_http_request get = {.timeout_ns = CQ_SEC(5), .max_answer = 1000};
    struct peer p;
    struct bench b;
    uint64_t began;

    (void)state;
    bench_begin(&b, &p, 1, script_many, &s);
    expect_204(bench_ask(&b, &get));
    began = uv_hrtime();
    for (int i = 0; i < REQUESTS; i++)
        expect_204(bench_ask(&b, &get));
    assert_true(uv_hrtime() - began < REQUESTS * CQ_MS(100));
    bench_end(&b, &p);
}

/* The buffers of a body do not each wait for a turn of the loop. */
static void body_in_one_turn(void **state)
{
    static uint8_t large[512 << 10]; /* eight buffers */
    struct script s = {.answer = OK};
    struct cq_http_request r = bench_post((cq_bytes){large, sizeof(large)});
    struct cq_http_call *c;
    unsigned turns = 0;
    struct peer p;
    struct bench b;

    (void)state;
    bench_begin(&b, &p, 1, script_many, &s);
    expect_204(bench_ask(&b, &r));
    c = bench_call(&b, 0);
    cq_http_send(c, &r, NULL);
    for (; cq_http_next(b.http) != c; turns++)
        (void)uv_run(&b.loop, UV_RUN_ONCE);
    expect_204(cq_http_response(c));
    assert_true(turns < 6);
    bench_end(&b, &p);
}

/* ---- the poll handle that stays ---- */

static void no_new_handle(void **state)
{
    struct script s = {.answer = OK};
    struct peer p;
    struct bench b;
    size_t before;

    (void)state;
    bench_begin(&b, &p, 1, script_many, &s);
    expect_204(bench_ask_small(&b));
    before = b.m.calls;
    for (int i = 0; i < REQUESTS; i++)
        expect_204(bench_ask_small(&b));
    assert_int_equal(b.m.calls, before);
    bench_end(&b, &p);
}

static void serve_one_and_reset(struct peer *p, int fd)
{
    if (script_read(p->ctx, fd)) script_answer(fd, OK);
    (void)usleep(50000);
    peer_reset(fd);
}

static void on_pause(uv_timer_t *t)
{
    *(bool *)t->data = true;
}

static unsigned turns_in(struct bench *b, uint64_t ms)
{
    bool over = false;
    uv_timer_t pause;
    unsigned turns = 0;

    (void)uv_timer_init(&b->loop, &pause);
    pause.data = &over;
    (void)uv_timer_start(&pause, on_pause, ms, 0);
    while (!over) {
        (void)uv_run(&b->loop, UV_RUN_ONCE);
        turns++;
    }
    uv_close((uv_handle_t *)&pause, NULL);
    (void)uv_run(&b->loop, UV_RUN_NOWAIT);
    return turns;
}

/* The server closes, or resets, a connection that rests: the loop does not spin, and the next
 * request takes another one. */
static void closed_at_rest(void **state)
{
    void (*const serve[])(struct peer *, int) = {script_one, serve_one_and_reset};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct script s = {.answer = OK};
        struct peer p;
        struct bench b;

        bench_begin(&b, &p, 3, serve[i], &s);
        for (int k = 0; k < 3; k++) {
            expect_204(bench_ask_small(&b));
            assert_true(turns_in(&b, 150) < 20);
        }
        bench_end(&b, &p);
    }
}

static void serve_half_and_die(struct peer *p, int fd)
{
    struct script *s = p->ctx;
    char some[1000];

    if (s->requests == 0 && script_read(s, fd)) script_answer(fd, OK);
    (void)peer_recv(fd, some, sizeof(some));
    close(fd); /* with more unread: a reset */
}

/* It dies in the middle of a body, on a used connection and on a new one. */
static void dies_midway(void **state)
{
    static uint8_t large[16 << 20];
    struct script s = {0};
    struct cq_http_request r = bench_post((cq_bytes){large, sizeof(large)});
    struct peer p;
    struct bench b;

    (void)state;
    bench_begin(&b, &p, 3, serve_half_and_die, &s);
    expect_204(bench_ask_small(&b));
    for (int i = 0; i < 2; i++)
        assert_int_not_equal(bench_ask(&b, &r)->err, 0);
    bench_close(&b);
    script_poke(p.port, 3);
    peer_join(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_with_body),   cmocka_unit_test(head_alone),
        cmocka_unit_test(body_in_one_turn), cmocka_unit_test(no_new_handle),
        cmocka_unit_test(closed_at_rest),   cmocka_unit_test(dies_midway),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
