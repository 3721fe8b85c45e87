/* SPDX-License-Identifier: Apache-2.0 */
/* net/http: names by c-ares, certificates, and what a URL may be. */
#include "net/dns.h"
#include "net/httpbench.h"

#include <openssl/ssl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DNS_HOST "127.63.4.53"

/* ---- names ---- */

static const struct dns_zone zones[] = {
    {.name = "one.test", .v4 = HOST},
    {.name = "silent.test", .silent = true},
    {.name = NULL},
};

static void names(void **state)
{
    struct script s = {.answer = OK};
    struct cq_http_request r = bench_post(CQ_LIT("x\n"));
    struct dns dns;
    struct peer p;
    struct bench b;
    uint64_t began;

    (void)state;
    assert_true(dns_start(&dns, DNS_HOST, zones));
    script_start(&p, 1, script_many, &s);
    bench_open(&b, dns.servers);
    bench_to(&b, "http", "one.test", p.port);
    expect_204(bench_ask_small(&b));
    assert_non_null(strstr(s.head, "Host: one.test:"));
    expect_204(bench_ask_small(&b));
    bench_end(&b, &p);

    bench_open(&b, dns.servers);
    bench_to(&b, "http", "none.test", 80);
    assert_int_equal(bench_ask_small(&b)->err, CQ_EDNS);
    bench_close(&b);

    /* A name server that is dead holds up nobody who lets go. */
    bench_open(&b, dns.servers);
    bench_to(&b, "http", "silent.test", 80);
    cq_http_send(bench_call(&b, 0), &r, NULL);
    for (int i = 0; i < 3; i++)
        (void)uv_run(&b.loop, UV_RUN_NOWAIT);
    began = uv_hrtime();
    bench_close(&b);
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
    script_start(&p, 1, serve_tls, &s);
    bench_open(&b, NULL);
    (void)snprintf(url, sizeof(url), "https://%s:%u/", HOST, (unsigned)p.port);
    bench_trusting(&b, url, k->trusted ? ca.cert_pem : NULL, k->has ? &mine : NULL);
    r = bench_ask_small(&b);
    if (r->err != k->err && r->err != k->or_err)
        fail_msg("%s: %s %s", k->names, cq_err_code(r->err), r->text);
    if (!k->err) assert_int_equal(r->status, 204);
    bench_end(&b, &p);
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
    script_start(&p, 6, serve_tls, &s);
    bench_open(&b, NULL);
    bench_to(&b, "https", HOST, p.port);
    for (int i = 0; i < 6; i++) {
        uint64_t began = cpu_ns(), took;

        assert_int_equal(bench_ask_small(&b)->err, CQ_ETLS_UNTRUSTED);
        took = cpu_ns() - began;
        if (i == 0) first = took;
        if (i > 0 && took < later) later = took;
    }
    print_message("CPU of a connection: %.1f ms, then %.1f ms\n", (double)first / 1e6,
                  (double)later / 1e6);
    assert_true(later * 2 < first);
    bench_end(&b, &p);
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
    struct bench b;
    struct cq_fault f = {0};

    (void)state;
    bench_open(&b, NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        f = (struct cq_fault){0};
        if (cq_http_url(b.http, &u, bad[i], &f) != CQ_EINVALID) fail_msg("%s", bad[i]);
        assert_null(strstr(f.text, "u:p"));
    }
    assert_int_equal(cq_http_url(b.http, &u, "https://inventory.example/in?a=b", &f), 0);
    assert_string_equal(u.host, "inventory.example");
    assert_true(u.tls && u.port == 443 && !u.address && !u.loopback);
    assert_int_equal(cq_http_url(b.http, &u, "http://[::1]:8080", &f), 0);
    assert_string_equal(u.host, "::1");
    assert_true(!u.tls && u.port == 8080 && u.address && u.loopback);
    assert_int_equal(cq_http_url(b.http, &u, "http://localhost/", &f), 0);
    assert_true(u.loopback && !u.address && u.port == 80);
    assert_int_equal(cq_http_url(b.http, &u, "http://127.9.9.9/", &f), 0);
    assert_true(u.loopback);
    assert_int_equal(cq_http_url(b.http, &u, "http://10.0.0.1/", &f), 0);
    assert_false(u.loopback);
    assert_int_equal(cq_http_url(b.http, &u, "http://127.0.0.1.example/", &f), 0);
    assert_false(u.loopback);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(tls),
        cmocka_unit_test(ca_cache),
        cmocka_unit_test(urls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
