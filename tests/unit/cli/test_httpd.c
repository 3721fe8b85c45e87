/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server of `serve`: pages, methods, streams, and callers who trickle, stay silent, come
 * in crowds, send too much or leave in the middle. Server and callers in one thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/httpd.h"

#define HOST "127.68.7.1"
enum { LINES = 100000 };

struct state {
    struct cq_httpd h;
    uint64_t now;
    int touched, begun, ended;
};

struct lines {
    struct state *s;
    unsigned i, n;
};

static void page_hello(void *ctx, struct cq_answer *a)
{
    (void)ctx;
    a->text = strdup("hello\n");
    a->n = 6;
}

static void page_empty(void *ctx, struct cq_answer *a)
{
    (void)ctx;
    a->status = 503;
}

static void page_touch(void *ctx, struct cq_answer *a)
{
    struct state *s = ctx;

    s->touched++;
    page_hello(ctx, a);
}

static ssize_t more_lines(void *source, char *p, size_t max)
{
    struct lines *l = source;
    size_t n = 0;

    while (l->i < l->n && max - n > 64)
        n += (size_t)snprintf(p + n, max - n, "line %u\n", l->i++);
    return (ssize_t)n;
}

static ssize_t more_trouble(void *source, char *p, size_t max)
{
    struct lines *l = source;

    if (l->i++) return -1;
    (void)memset(p, 'x', max);
    return (ssize_t)max;
}

static void end_lines(void *source)
{
    struct lines *l = source;

    l->s->ended++;
    free(l);
}

static void page_lines(void *ctx, struct cq_answer *a)
{
    struct state *s = ctx;
    struct lines *l = calloc(1, sizeof(*l));

    *l = (struct lines){s, 0, LINES};
    *a = (struct cq_answer){.status = 200, .more = more_lines, .end = end_lines, .source = l};
    a->type = "text/x-lines";
    s->begun++;
}

static void page_trouble(void *ctx, struct cq_answer *a)
{
    page_lines(ctx, a);
    a->more = more_trouble;
}

static const struct cq_page pages[] = {
    {"/hello", false, page_hello}, {"/empty", false, page_empty},     {"/touch", true, page_touch},
    {"/lines", false, page_lines}, {"/trouble", false, page_trouble}, {0},
};

static int set_up(void **state)
{
    struct state *s = calloc(1, sizeof(*s));
    char why[256];

    (void)signal(SIGPIPE, SIG_IGN);
    s->now = 1;
    if (!cq_httpd_open(&s->h, HOST, 0, pages, s, why, sizeof(why))) fail_msg("%s", why);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct state *s = *state;

    cq_httpd_close(&s->h);
    assert_int_equal(s->begun, s->ended);
    free(s);
    return 0;
}

static int caller(const struct state *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->h.port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)inet_pton(AF_INET, HOST, &a.sin_addr);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static void turn(struct state *s, int ms)
{
    struct pollfd p = {.fd = s->h.fd, .events = POLLIN};

    (void)poll(&p, 1, ms);
    cq_httpd_turn(&s->h, s->now);
}

/* Says all of it, reads until the server closes or has sent `enough`; NULL: nothing came. */
static char *talk(struct state *s, int fd, const char *words, const char *enough)
{
    static char got[4 << 20];
    size_t n = 0;

    assert_int_equal(send(fd, words, strlen(words), MSG_NOSIGNAL), (ssize_t)strlen(words));
    for (int i = 0; i < 20000; i++) {
        ssize_t r;

        turn(s, 1);
        r = recv(fd, got + n, sizeof(got) - 1 - n, MSG_DONTWAIT);
        if (!r || (r < 0 && errno != EAGAIN)) break;
        if (r > 0) n += (size_t)r;
        got[n] = 0;
        if (enough && n && strstr(got, enough)) break;
    }
    got[n] = 0;
    return n ? got : NULL;
}

static char *ask(struct state *s, const char *words)
{
    int fd = caller(s);
    char *answer = talk(s, fd, words, NULL);

    (void)close(fd);
    turn(s, 1);
    return answer ? answer : strcpy(malloc(1), "");
}

static void starts(const char *answer, const char *line)
{
    if (strncmp(answer, line, strlen(line)) != 0) fail_msg("%.200s, not %s", answer, line);
}

#define CLOSING " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"

static void test_pages(void **state)
{
    struct state *s = *state;
    char *a = ask(s, "GET /hello" CLOSING "\r\n");

    starts(a, "HTTP/1.1 200 OK\r\n");
    assert_non_null(strstr(a, "\r\nContent-Length: 6\r\n"));
    assert_non_null(strstr(a, "\r\n\r\nhello\n"));
    a = ask(s, "HEAD /hello" CLOSING "\r\n");
    starts(a, "HTTP/1.1 200 OK\r\n");
    assert_null(strstr(a, "hello"));
    starts(ask(s, "GET /empty" CLOSING "\r\n"), "HTTP/1.1 503 ");
    starts(ask(s, "GET /hello?x=1" CLOSING "\r\n"), "HTTP/1.1 200 ");
    starts(ask(s, "GET /" CLOSING "\r\n"), "HTTP/1.1 404 ");
    starts(ask(s, "GET /hello/" CLOSING "\r\n"), "HTTP/1.1 404 ");
    starts(ask(s, "GET /../hello" CLOSING "\r\n"), "HTTP/1.1 404 ");
    a = ask(s, "GET /touch" CLOSING "\r\n");
    starts(a, "HTTP/1.1 405 ");
    assert_non_null(strstr(a, "\r\nAllow: POST\r\n"));
    starts(ask(s, "POST /hello" CLOSING "Content-Length: 0\r\n\r\n"), "HTTP/1.1 405 ");
    starts(ask(s, "BREW /hello" CLOSING "\r\n"), "HTTP/1.1 405 ");
}

static void test_post(void **state)
{
    struct state *s = *state;

    starts(ask(s, "POST /touch" CLOSING "Content-Length: 0\r\n\r\n"), "HTTP/1.1 200 ");
    starts(ask(s, "POST /touch" CLOSING "Content-Length: 5\r\n\r\n12345"), "HTTP/1.1 200 ");
    assert_int_equal(s->touched, 2);
    starts(ask(s, "POST /touch" CLOSING "Origin: http://x\r\nContent-Length: 0\r\n\r\n"),
           "HTTP/1.1 403 ");
    assert_int_equal(s->touched, 2);
}

static void test_stream(void **state)
{
    struct state *s = *state;
    char *a = ask(s, "GET /lines" CLOSING "\r\n");

    starts(a, "HTTP/1.1 200 OK\r\n");
    assert_non_null(strstr(a, "\r\nContent-Type: text/x-lines\r\n"));
    assert_non_null(strstr(a, "line 99999\n"));
    assert_non_null(strstr(a, "\r\n0\r\n\r\n")); /* the whole of it came, and it says so */
    a = ask(s, "GET /trouble" CLOSING "\r\n");
    starts(a, "HTTP/1.1 200 OK\r\n");
    assert_null(strstr(a, "\r\n0\r\n\r\n"));
    assert_int_equal(s->ended, 2);
}

/* A caller who leaves in the middle of a stream; and one who never reads. */
static void test_leaving(void **state)
{
    struct state *s = *state;
    static const char words[] = "GET /lines" CLOSING "\r\n";
    int fd = caller(s), idle = caller(s);

    (void)talk(s, fd, words, "line 10\n");
    (void)close(fd);
    assert_true(send(idle, words, strlen(words), MSG_NOSIGNAL) > 0);
    for (int i = 0; i < 50; i++)
        turn(s, 1);
    assert_int_equal(s->ended, 1);
    s->now += CQ_HTTPD_REQUEST_NS + 2;
    for (int i = 0; i < 50; i++)
        turn(s, 1);
    assert_int_equal(s->ended, 2);
    (void)close(idle);
}

static bool is_cut(int fd)
{
    char c;
    ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT);

    return !n || (n < 0 && errno != EAGAIN);
}

static void test_trickle(void **state)
{
    struct state *s = *state;
    int fd = caller(s);

    for (int i = 0; i < 60; i++) {
        (void)send(fd, "G", 1, MSG_NOSIGNAL);
        turn(s, 1);
        s->now += 1000000000u;
        assert_true(cq_httpd_timeout(&s->h) >= 0);
    }
    turn(s, 1);
    assert_false(is_cut(fd));
    s->now += 2000000000u;
    for (int i = 0; i < 50 && !is_cut(fd); i++)
        turn(s, 1);
    assert_true(is_cut(fd));
    (void)close(fd);
    turn(s, 1);
    assert_int_equal(cq_httpd_timeout(&s->h), -1); /* nobody is there: no wake-ups */
}

/* One connection, many requests: the age is of the request. */
static void test_keep_alive(void **state)
{
    struct state *s = *state;
    int fd = caller(s);

    for (int i = 0; i < 10; i++) {
        starts(talk(s, fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", "hello"), "HTTP/1.1 200 ");
        s->now += CQ_HTTPD_REQUEST_NS * 9 / 10;
    }
    (void)close(fd);
}

static void test_too_much(void **state)
{
    static char words[2 * CQ_HTTPD_HEAD];
    struct state *s = *state;
    char *a;

    (void)memset(words, 'a', sizeof(words) - 1);
    (void)memcpy(words, "GET /", 5);
    a = ask(s, words);
    starts(a, "HTTP/1.1 414 ");
    (void)memcpy(words, "GET /hello HTTP/1.1\r\nHost: x\r\nX: ", 33);
    a = ask(s, words);
    starts(a, "HTTP/1.1 431 ");
    starts(ask(s, "GET /hello" CLOSING "\r\n"), "HTTP/1.1 200 ");
}

/* Beyond the limit nobody is served, and the others are none the worse. */
static void test_a_crowd(void **state)
{
    enum { N = 200 };
    struct state *s = *state;
    int fds[N], cut = 0;

    for (int i = 0; i < N; i++) {
        fds[i] = caller(s);
        turn(s, 0);
    }
    for (int i = 0; i < 100; i++)
        turn(s, 1);
    starts(talk(s, fds[0], "GET /hello" CLOSING "\r\n", NULL), "HTTP/1.1 200 ");
    for (int i = 0; i < N; i++) {
        cut += is_cut(fds[i]);
        (void)close(fds[i]);
    }
    assert_in_range(cut, 0, N - (int)CQ_HTTPD_CONNECTIONS + 2);
    for (int i = 0; i < 200; i++)
        turn(s, 1);
    starts(ask(s, "GET /hello" CLOSING "\r\n"), "HTTP/1.1 200 ");
}

static void test_open(void **state)
{
    struct state *s = *state;
    struct cq_httpd h;
    char why[256];

    assert_true(s->h.is_loopback);
    assert_false(cq_httpd_open(&h, HOST, s->h.port, pages, NULL, why, sizeof(why)));
    assert_string_equal(why, "Address already in use");
    assert_false(cq_httpd_open(&h, "no.number", 0, pages, NULL, why, sizeof(why)));
    assert_int_equal(h.fd, -1);
    cq_httpd_turn(&h, 1);
    assert_int_equal(cq_httpd_timeout(&h), -1);
    if (cq_httpd_open(&h, "::1", 0, pages, NULL, why, sizeof(why))) assert_true(h.is_loopback);
    cq_httpd_close(&h);
    assert_true(cq_httpd_open(&h, "0.0.0.0", 0, pages, NULL, why, sizeof(why)));
    assert_false(h.is_loopback);
    cq_httpd_close(&h);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_pages),    TEST(test_post),    TEST(test_stream),
        TEST(test_leaving),  TEST(test_trickle), TEST(test_keep_alive),
        TEST(test_too_much), TEST(test_a_crowd), TEST(test_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
