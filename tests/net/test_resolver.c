/* SPDX-License-Identifier: Apache-2.0 */
/* Names: c-ares on the loop, against a name server of the test's own and /etc/hosts. */
#include "net/dns.h"
#include "net/harness.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define HOST "127.40.3.1"
#define DNS_HOST "127.40.3.53"

static const struct dns_zone zones[] = {
    {.name = "one.test", .v4 = HOST},
    {.name = "two.test", .v4 = "127.40.3.2 " HOST},
    {.name = "both.test", .v4 = HOST, .v6 = "::1"},
    {.name = "six.test", .v6 = "::1"},
    {.name = "empty.test"},
    {.name = "fail.test", .rcode = 2},
    {.name = "refuse.test", .rcode = 5},
    {.name = "silent.test", .silent = true},
    {.name = "broken.test", .v4 = HOST, .broken = true},
    {.name = "slow.test", .v4 = HOST, .delay_ms = 400},
    {.name = "many.test", .v4 = "127.40.3.100", .repeat = 60},
    {.name = NULL},
};

static void serve_echo(struct peer *p, int fd)
{
    char b[5];
    size_t n = peer_recv(fd, b, 5);

    (void)p;
    peer_send(fd, b, n);
    close(fd);
}

static struct dns server;

static void expect_echo(struct client *c, const char *name, const char *addresses)
{
    struct peer p;

    assert_true(peer_start(&p, HOST, 1, serve_echo, NULL));
    client_to(c, name, p.port);
    c->send = CQ_LIT("hello");
    c->servers = server.servers;
    client_run(c);
    peer_join(&p);
    if (c->err) fail_msg("%s: %s", name, c->text);
    assert_true(cq_eq(cq_buf_view(&c->got), CQ_LIT("hello")));
    assert_int_equal(c->steps[0].step, CQ_STEP_RESOLVE);
    assert_string_equal(c->steps[0].text, addresses);
}

static void resolved(void **state)
{
    static const char *const cases[][2] = {
        {"one.test", HOST}, {"ONE.test", HOST}, {"one.test.", HOST}, {"slow.test", HOST}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct client c;

        client_init(&c);
        expect_echo(&c, cases[i][0], cases[i][1]);
        client_fini(&c);
    }
}

/* The second address is dialled when the first one is refused. */
static void several(void **state)
{
    struct client c;

    (void)state;
    client_init(&c);
    expect_echo(&c, "two.test", "127.40.3.2, " HOST);
    assert_memory_equal(c.facts.peer, HOST ":", sizeof HOST);
    client_fini(&c);
}

static void both_families(void **state)
{
    struct peer p;
    struct client c;
    bool v6 = peer_start(&p, "::1", 1, serve_echo, NULL);

    (void)state;
    if (!v6) {
        print_message("no IPv6 on this machine: ::1 cannot be bound\n");
        skip();
    }
    client_init(&c);
    client_to(&c, "six.test", p.port);
    c.servers = server.servers;
    c.send = CQ_LIT("hello");
    client_run(&c);
    peer_join(&p);
    assert_int_equal(c.err, 0);
    assert_memory_equal(c.facts.peer, "[::1]:", 6);
    client_fini(&c);
    client_init(&c); /* nobody listens on ::1 at that port: the other family answers */
    assert_true(peer_start(&p, HOST, 1, serve_echo, NULL));
    client_to(&c, "both.test", p.port);
    c.servers = server.servers;
    c.send = CQ_LIT("hello");
    client_run(&c);
    peer_join(&p);
    assert_int_equal(c.err, 0);
    assert_memory_equal(c.facts.peer, HOST ":", sizeof HOST);
    client_fini(&c);
}

static void failures(void **state)
{
    static const char *const cases[][2] = {
        {"nothere.test", "no such name"},
        {"empty.test", "the name has no address"},
        {"fail.test", "none has an answer"},
        {"refuse.test", "none has an answer"},
        {"broken.test", ""},
        {"silent.test", "no answer within 400 ms"},
        {"a..b.test", ""},
        {"-", ""},
        {"x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x."
         "x.x.x.x"
         ".x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x."
         "x.x.x.x.x"
         ".x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x."
         "x.test",
         ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct client c;

        client_init(&c);
        client_to(&c, cases[i][0], 9042);
        c.servers = server.servers;
        if (strstr(cases[i][1], "400 ms")) c.timeout_ns = CQ_MS(400);
        client_run(&c);
        if (c.err != CQ_EDNS) fail_msg("%s: %s", cases[i][0], c.text);
        assert_non_null(strstr(c.text, cases[i][0]));
        if (!strstr(c.text, cases[i][1])) fail_msg("%s", c.text);
        assert_int_equal(c.n_steps, 1);
        assert_int_equal(c.steps[0].step, CQ_STEP_RESOLVE);
        assert_int_equal(c.steps[0].err, CQ_EDNS);
        client_fini(&c);
    }
}

static void no_name_server(void **state)
{
    struct client c;
    char nobody[80];

    (void)state;
    snprintf(nobody, sizeof nobody, "127.40.3.54:%u", closed_port("127.40.3.54"));
    client_init(&c);
    client_to(&c, "one.test", 9042);
    c.servers = nobody;
    c.timeout_ns = CQ_SEC(2);
    client_run(&c);
    assert_int_equal(c.err, CQ_EDNS);
    client_fini(&c);
}

/* A dead name does not stop a contact point that is an address. */
static void beside_an_address(void **state)
{
    struct peer p;
    struct client c;

    (void)state;
    assert_true(peer_start(&p, HOST, 1, serve_echo, NULL));
    client_init(&c);
    client_to(&c, "silent.test", 9042);
    client_to(&c, HOST, p.port);
    c.servers = server.servers;
    c.send = CQ_LIT("hello");
    client_run(&c);
    peer_join(&p);
    assert_int_equal(c.err, 0);
    assert_in_range(c.steps[0].ns, CQ_STAGGER - CQ_MS(5), CQ_SEC(5));
    client_fini(&c);
}

/* The answer does not fit into 512 bytes, so it comes over TCP; what is over CQ_MAX_ADDRESSES is
 * left out. */
static void many_addresses(void **state)
{
    struct client c;

    (void)state;
    client_init(&c);
    client_to(&c, "many.test", closed_port("127.40.3.100"));
    c.servers = server.servers;
    client_run(&c);
    assert_int_equal(c.err, CQ_EREFUSED);
    assert_memory_equal(c.steps[0].text, "127.40.3.1", 10);
    assert_int_equal(server.tcp_asked, 1);
    client_fini(&c);
}

static void hosts_file(void **state)
{
    char path[] = "/tmp/cq-hosts-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    struct client c;
    unsigned asked = server.asked;

    (void)state;
    assert_non_null(f);
    fprintf(f, "127.0.0.1 localhost\n" HOST " seed.cluster seed # a comment\n");
    fclose(f);
    setenv("CARES_HOSTS", path, 1);
    client_init(&c);
    expect_echo(&c, "seed", HOST);
    client_fini(&c);
    client_init(&c);
    expect_echo(&c, "seed.cluster", HOST);
    client_fini(&c);
    unsetenv("CARES_HOSTS");
    unlink(path);
    assert_int_equal(server.asked, asked);
}

/* Closed while the name server is still silent: sock and resolver, no callback, nothing left. */
static void close_while_asking(void **state)
{
    (void)state;
    for (uint64_t ms = 1; ms <= 100; ms *= 10) {
        struct client c;

        client_init(&c);
        client_to(&c, "silent.test", 9042);
        client_to(&c, "slow.test", 9042);
        c.servers = server.servers;
        c.pause_ms = ms;
        c.close_on_pause = true;
        client_run(&c);
        assert_int_equal(c.n_ended, 0);
        assert_int_equal(c.n_steps, 0);
        client_fini(&c);
    }
}

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
        client_to(&c, "one.test", p.port);
        c.servers = server.servers;
        c.send = CQ_LIT("hello");
        c.timeout_ns = CQ_SEC(1); /* without a watcher the query is not answered */
        c.m.fail_at = n++;
        client_run(&c);
        peer_join(&p);
        whole = c.m.calls < c.m.fail_at;
        if (!whole && !c.open_err && c.n_ended && !c.opened)
            assert_true(c.err == CQ_ENOMEM || cq_err_class(c.err) == CQ_CLASS_NETWORK);
        client_fini(&c);
    }
    assert_true(n > 7);
}

/* Two hundred names at once by one resolver, half of them given up. */
struct many {
    uv_loop_t loop;
    struct cq_resolver *r;
    size_t answers;
    size_t wanted;
};

static void on_one(void *ctx, int err, const char *why, const struct cq_addr *a, size_t n)
{
    struct many *m = ctx;

    assert_int_equal(err, 0);
    assert_null(why);
    assert_int_equal(n, 1);
    assert_int_equal(ntohs(a->u.v4.sin_port), 9042);
    if (++m->answers == m->wanted) cq_resolver_close(m->r, NULL, NULL);
}

static void many_at_once(void **state)
{
    struct many m = {.wanted = 100};

    (void)state;
    assert_int_equal(uv_loop_init(&m.loop), 0);
    assert_int_equal(cq_resolver_new(&m.r, &m.loop, &cq_mem_libc), 0);
    cq_resolver_servers(m.r, server.servers);
    for (size_t i = 0; i < 200; i++) {
        struct cq_lookup *l = NULL;

        assert_int_equal(cq_resolver_lookup(m.r, "one.test", 9042, on_one, &m, &l), 0);
        if (i % 2) cq_lookup_cancel(l);
    }
    uv_run(&m.loop, UV_RUN_DEFAULT);
    assert_int_equal(m.answers, 100);
    assert_int_equal(uv_loop_close(&m.loop), 0);
}

static int start(void **state)
{
    (void)state;
    return dns_start(&server, DNS_HOST, zones) ? 0 : 1;
}

static int stop(void **state)
{
    (void)state;
    dns_stop(&server);
    return 0;
}

/* A shortage of ours is no fault of the name, and leaves nothing behind: c-ares, started during
 * one, would ask 127.0.0.1 for good. */
static void no_descriptors(void **state)
{
    struct many m = {.wanted = 1};
    struct cq_lookup *l = NULL;
    struct rlimit old, none;
    int lowest = dup(0);

    (void)state;
    assert_true(lowest >= 0);
    close(lowest);
    assert_int_equal(uv_loop_init(&m.loop), 0);
    assert_int_equal(cq_resolver_new(&m.r, &m.loop, &cq_mem_libc), 0);
    cq_resolver_servers(m.r, server.servers);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = (struct rlimit){(rlim_t)lowest, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(cq_resolver_lookup(m.r, "one.test", 9042, on_one, &m, &l), CQ_EDESCRIPTORS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(cq_resolver_lookup(m.r, "one.test", 9042, on_one, &m, &l), 0);
    uv_run(&m.loop, UV_RUN_DEFAULT);
    assert_int_equal(m.answers, 1);
    assert_int_equal(uv_loop_close(&m.loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolved),           cmocka_unit_test(several),
        cmocka_unit_test(both_families),      cmocka_unit_test(failures),
        cmocka_unit_test(no_name_server),     cmocka_unit_test(beside_an_address),
        cmocka_unit_test(many_addresses),     cmocka_unit_test(hosts_file),
        cmocka_unit_test(close_while_asking), cmocka_unit_test(without_memory),
        cmocka_unit_test(many_at_once),       cmocka_unit_test(no_descriptors),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
