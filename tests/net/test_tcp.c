/* SPDX-License-Identifier: Apache-2.0 */
/* cq_sock over plain TCP on loopback: dialling, ends of every kind, back-pressure, every error
 * code. */
#include "net/harness.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define HOST "127.40.1.1"
#define BIG CQ_MIB(4)

static void serve_echo(struct peer *p, int fd)
{
    char b[64];
    size_t n = peer_recv(fd, b, 5);

    (void)p;
    peer_send(fd, b, n);
    close(fd);
}

static void one_echo(struct client *c, const char *host)
{
    struct peer p;

    assert_true(peer_start(&p, host, 1, serve_echo, NULL));
    client_to(c, host, p.port);
    client_run(c);
    peer_join(&p);
}

static void echo(void **state)
{
    struct client c;
    char text[CQ_ADDR_TEXT];

    (void)state;
    client_init(&c);
    c.send = CQ_LIT("hello");
    one_echo(&c, HOST);
    assert_true(c.opened);
    assert_int_equal(c.n_ended, 1);
    assert_int_equal(c.err, 0);
    assert_true(cq_eq(cq_buf_view(&c.got), CQ_LIT("hello")));
    assert_int_equal(c.n_steps, 2);
    assert_int_equal(c.steps[0].step, CQ_STEP_RESOLVE);
    assert_string_equal(c.steps[0].text, HOST);
    assert_int_equal(c.steps[1].step, CQ_STEP_CONNECT);
    assert_int_equal(c.steps[1].err, 0);
    snprintf(text, sizeof text, HOST ":%u", c.to[0].port);
    assert_string_equal(c.steps[1].text, text);
    assert_string_equal(c.facts.peer, text);
    assert_false(c.facts.tls);
    assert_null(c.facts.subject);
    assert_int_equal(c.facts.not_after_ms, -1);
    client_fini(&c);
}

static void echo_early_write(void **state)
{
    struct client c;

    (void)state;
    client_init(&c);
    c.send_early = CQ_LIT("early");
    one_echo(&c, HOST);
    assert_true(cq_eq(cq_buf_view(&c.got), CQ_LIT("early")));
    client_fini(&c);
}

static void echo_v6(void **state)
{
    struct peer p;
    struct client c;

    (void)state;
    if (!peer_start(&p, "::1", 1, serve_echo, NULL)) {
        print_message("no IPv6 on this machine: ::1 cannot be bound\n");
        skip();
    }
    client_init(&c);
    client_to(&c, "::1", p.port);
    c.send = CQ_LIT("hello");
    client_run(&c);
    peer_join(&p);
    assert_true(cq_eq(cq_buf_view(&c.got), CQ_LIT("hello")));
    assert_memory_equal(c.facts.peer, "[::1]:", 6);
    client_fini(&c);
}

static void fill(uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        b[i] = (uint8_t)(i * 2654435761u >> 24);
}

static void serve_stream(struct peer *p, int fd)
{
    uint8_t *b = malloc(BIG);

    fill(b, BIG);
    peer_send(fd, b, BIG);
    free(b);
    if (p->ctx) {
        usleep(100000); /* a reset throws away what has not left yet */
        peer_reset(fd);
    } else {
        close(fd);
    }
}

static void check_stream(const struct client *c)
{
    assert_int_equal(c->got.n, BIG);
    for (size_t i = 0; i < BIG; i++)
        assert_int_equal(c->got.p[i], (uint8_t)(i * 2654435761u >> 24));
}

static void run_stream(struct client *c, size_t chunk, bool reset)
{
    struct peer p;

    assert_true(peer_start(&p, HOST, 1, serve_stream, reset ? c : NULL));
    client_init(c);
    client_to(c, HOST, p.port);
    c->chunk = chunk;
    c->stop_after = reset ? BIG : 0;
    client_run(c);
    peer_join(&p);
}

/* Whatever the size of the space: every byte, in order, and no allocation while reading. */
static void streams(void **state)
{
    static const size_t chunks[] = {997, 4096, 65536, CQ_MIB(1)};
    struct client c;

    (void)state;
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        run_stream(&c, chunks[i], false);
        check_stream(&c);
        assert_int_equal(c.err, 0);
        assert_int_equal(c.calls_open, c.calls_ended);
        client_fini(&c);
    }
}

static void back_pressure(void **state)
{
    struct peer p;
    struct client c;

    (void)state;
    assert_true(peer_start(&p, HOST, 1, serve_stream, NULL));
    client_init(&c);
    client_to(&c, HOST, p.port);
    c.chunk = 10000;
    c.pause_after = 50000;
    c.pause_ms = 300;
    client_run(&c);
    peer_join(&p);
    check_stream(&c);
    /* others have their turn: once by the timer, once by the descriptor */
    assert_true(c.most_in_turn <= 2 * CQ_READ_BUDGET + 2 * c.chunk);
    assert_in_range(c.refusals, 1, 2); /* nobody spins meanwhile */
    client_fini(&c);
}

/* Takes all that may wait at once, slowly, and sends it back. */
static void serve_mirror(struct peer *p, int fd)
{
    char *b = malloc(CQ_MAX_SEND);

    (void)p;
    usleep(100000);
    if (peer_recv(fd, b, CQ_MAX_SEND) == CQ_MAX_SEND) peer_send(fd, b, CQ_MAX_SEND);
    close(fd);
    free(b);
}

static void send_one_more(struct client *c, enum seen what)
{
    if (what == SEEN_RESOLVE) assert_int_equal(cq_sock_write(c->sock, CQ_LIT("x")), CQ_ETOO_LARGE);
}

static void send_much(void **state)
{
    struct peer p;
    struct client c;
    uint8_t *b = malloc(CQ_MAX_SEND);

    (void)state;
    assert_non_null(b);
    fill(b, CQ_MAX_SEND);
    assert_true(peer_start(&p, HOST, 1, serve_mirror, NULL));
    client_init(&c);
    client_to(&c, HOST, p.port);
    c.send_early = (cq_bytes){b, CQ_MAX_SEND};
    c.hook = send_one_more;
    client_run(&c);
    peer_join(&p);
    assert_int_equal(c.err, 0);
    assert_true(cq_eq(cq_buf_view(&c.got), c.send_early));
    client_fini(&c);
    free(b);
}

static void serve_close(struct peer *p, int fd)
{
    if (p->ctx)
        peer_reset(fd);
    else
        close(fd);
}

static void serve_data_then_reset(struct peer *p, int fd)
{
    char b[5];

    (void)p;
    peer_recv(fd, b, 5);
    peer_send(fd, "ERROR and then", 14);
    usleep(50000);
    peer_reset(fd);
}

static void run_simple(struct client *c, void (*serve)(struct peer *p, int fd), void *ctx)
{
    struct peer p;

    assert_true(peer_start(&p, HOST, 1, serve, ctx));
    client_init(c);
    client_to(c, HOST, p.port);
    c->send = CQ_LIT("hello");
    client_run(c);
    peer_join(&p);
    assert_int_equal(c->n_ended, 1);
}

/* Closed at once, either way, is CQ_ERESET; after data it is an end of stream with all of the data.
 */
static void ends(void **state)
{
    struct client c;

    (void)state;
    run_simple(&c, serve_close, NULL);
    assert_int_equal(c.err, CQ_ERESET);
    assert_non_null(strstr(c.text, "before it sent anything"));
    client_fini(&c);
    run_simple(&c, serve_close, &c);
    assert_int_equal(c.err, CQ_ERESET);
    client_fini(&c);
    run_simple(&c, serve_data_then_reset, NULL);
    assert_true(cq_eq(cq_buf_view(&c.got), CQ_LIT("ERROR and then")));
    assert_int_equal(c.err, 0);
    assert_non_null(strstr(c.text, "reset"));
    client_fini(&c);
}

/* The data waits in the socket while the reset arrives: a reader that pauses still gets it. */
static void reset_while_paused(void **state)
{
    struct peer p;
    struct client c;

    (void)state;
    assert_true(peer_start(&p, HOST, 1, serve_data_then_reset, NULL));
    client_init(&c);
    client_to(&c, HOST, p.port);
    c.send = CQ_LIT("hello");
    c.chunk = 4;
    c.pause_after = 4;
    c.pause_ms = 300;
    client_run(&c);
    peer_join(&p);
    assert_true(cq_eq(cq_buf_view(&c.got), CQ_LIT("ERROR and then")));
    assert_int_equal(c.err, 0);
    client_fini(&c);
}

static void refused(void **state)
{
    struct client c;

    (void)state;
    client_init(&c);
    client_to(&c, HOST, closed_port(HOST));
    client_run(&c);
    assert_int_equal(c.err, CQ_EREFUSED);
    assert_non_null(strstr(c.text, HOST));
    assert_int_equal(c.n_steps, 2);
    assert_int_equal(c.steps[1].step, CQ_STEP_CONNECT);
    assert_int_equal(c.steps[1].err, CQ_EREFUSED);
    assert_false(c.opened);
    client_fini(&c);
}

/* TCP to the broadcast address: refused by the kernel itself, nothing leaves the machine. */
static void unreachable(void **state)
{
    struct client c;

    (void)state;
    client_init(&c);
    client_to(&c, "255.255.255.255", 9042);
    client_run(&c);
    assert_int_equal(c.err, CQ_EUNREACHABLE);
    assert_non_null(strstr(c.text, "255.255.255.255:9042: "));
    client_fini(&c);
}

static void silent_address(void **state)
{
    struct silent s;
    struct client c;

    (void)state;
    if (!silent_start(&s, "127.40.1.9")) {
        silent_stop(&s);
        print_message(
            "this kernel answers every SYN of a full queue: no silent address to be had\n");
        skip();
    }
    client_init(&c);
    client_to(&c, "127.40.1.9", s.port);
    c.timeout_ns = CQ_MS(300);
    client_run(&c);
    silent_stop(&s);
    assert_int_equal(c.err, CQ_ECONNECT_TIMEOUT);
    assert_non_null(strstr(c.text, "no answer within 300 ms"));
    assert_in_range(c.steps[1].ns, CQ_MS(290), CQ_SEC(20));
    client_fini(&c);
}

/* The first contact point is silent, the second one is refused, the third one answers. */
static void staggered(void **state)
{
    struct silent s;
    struct peer p;
    struct client c;
    bool silence;

    (void)state;
    silence = silent_start(&s, "127.40.1.10");
    assert_true(peer_start(&p, HOST, 1, serve_echo, NULL));
    client_init(&c);
    if (silence) client_to(&c, "127.40.1.10", s.port);
    client_to(&c, "127.40.1.11", closed_port("127.40.1.11"));
    client_to(&c, HOST, p.port);
    c.send = CQ_LIT("hello");
    client_run(&c);
    peer_join(&p);
    silent_stop(&s);
    assert_int_equal(c.err, 0);
    assert_true(cq_eq(cq_buf_view(&c.got), CQ_LIT("hello")));
    if (silence) assert_in_range(c.steps[1].ns, CQ_STAGGER - CQ_MS(5), CQ_SEC(5));
    client_fini(&c);
}

static void all_fail(void **state)
{
    struct client c;

    (void)state;
    client_init(&c);
    client_to(&c, "255.255.255.255", 9042);
    client_to(&c, HOST, closed_port(HOST));
    client_run(&c);
    assert_int_equal(c.err, CQ_EREFUSED);
    assert_non_null(strstr(c.text, "255.255.255.255:9042: "));
    assert_non_null(strstr(c.text, "; " HOST ":"));
    client_fini(&c);
}

static void no_more_files(struct client *c, enum seen what)
{
    struct rlimit none;
    int lowest = dup(0);

    (void)c;
    if (lowest >= 0) close(lowest);
    if (what != SEEN_RESOLVE) return;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &none), 0);
    none.rlim_cur = (rlim_t)lowest;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void no_descriptors(void **state)
{
    struct rlimit old;
    struct client c;

    (void)state;
    client_init(&c);
    client_to(&c, HOST, closed_port(HOST));
    c.hook = no_more_files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    client_run(&c);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(c.err, CQ_EDESCRIPTORS);
    assert_int_equal(cq_err_class(c.err), CQ_CLASS_RESOURCE);
    client_fini(&c);
}

/* Close in each callback: nothing is called afterwards but closed, nothing is left. */
static void close_everywhere(void **state)
{
    static const enum seen at[] = {SEEN_RESOLVE, SEEN_CONNECT, SEEN_OPENED, SEEN_RECEIVED};
    struct peer p;

    (void)state;
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        struct client c;

        assert_true(peer_start(&p, HOST, 1, serve_echo, NULL));
        client_init(&c);
        client_to(&c, HOST, p.port);
        c.send = CQ_LIT("hello");
        c.close_at = at[i];
        client_run(&c);
        peer_join(&p);
        assert_int_equal(c.n_ended, 0);
        assert_int_equal(c.opened, at[i] >= SEEN_OPENED);
        client_fini(&c);
    }
}

/* The n-th allocation fails, for every n: an error or success, no leak, no handle left. */
static void without_memory(void **state)
{
    size_t n = 1;
    bool whole = false;

    (void)state;
    while (!whole) {
        struct peer p;
        struct client c;

        assert_true(peer_start(&p, HOST, 1, serve_echo, NULL));
        client_init(&c);
        client_to(&c, HOST, p.port);
        c.send_early = CQ_LIT("early");
        c.send = CQ_LIT("hello");
        c.m.fail_at = n++;
        client_run(&c);
        peer_join(&p);
        whole = c.m.calls < c.m.fail_at;
        if (c.open_err)
            assert_int_equal(c.open_err, CQ_ENOMEM);
        else if (c.write_err)
            assert_int_equal(c.write_err, CQ_ENOMEM);
        else if (!c.opened)
            assert_int_equal(c.err, CQ_ENOMEM);
        client_fini(&c);
    }
    assert_true(n > 5);
}

static void refuses_nonsense(void **state)
{
    struct client c;

    (void)state;
    client_init(&c);
    client_run(&c);
    assert_int_equal(c.open_err, CQ_EINVALID);
    client_fini(&c);
    client_init(&c);
    client_to(&c, HOST, 0);
    client_run(&c);
    assert_int_equal(c.open_err, CQ_EINVALID);
    client_fini(&c);
}

static void write_on(struct client *c, enum seen what)
{
    if (what != SEEN_OPENED) return;
    for (int i = 0; i < 5; i++) {
        usleep(20000);
        assert_int_equal(cq_sock_write(c->sock, CQ_LIT("more")), 0);
    }
}

/* Writing to a peer that is gone: SIGPIPE has its default action here and would end the test. */
static void no_sigpipe(void **state)
{
    struct sigaction sa;
    struct client c;

    (void)state;
    assert_int_equal(sigaction(SIGPIPE, NULL, &sa), 0);
    assert_true(sa.sa_handler == SIG_DFL);
    for (int reset = 0; reset < 2; reset++) {
        struct peer p;

        assert_true(peer_start(&p, HOST, 1, serve_close, reset ? &p : NULL));
        client_init(&c);
        client_to(&c, HOST, p.port);
        c.hook = write_on;
        client_run(&c);
        peer_join(&p);
        assert_int_equal(c.err, CQ_ERESET);
        client_fini(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echo),
        cmocka_unit_test(echo_early_write),
        cmocka_unit_test(echo_v6),
        cmocka_unit_test(streams),
        cmocka_unit_test(back_pressure),
        cmocka_unit_test(send_much),
        cmocka_unit_test(ends),
        cmocka_unit_test(reset_while_paused),
        cmocka_unit_test(refused),
        cmocka_unit_test(unreachable),
        cmocka_unit_test(silent_address),
        cmocka_unit_test(staggered),
        cmocka_unit_test(all_fail),
        cmocka_unit_test(no_descriptors),
        cmocka_unit_test(close_everywhere),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(refuses_nonsense),
        cmocka_unit_test(no_sigpipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
