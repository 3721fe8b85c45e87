/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cq_sock over TLS on loopback, against a server of OpenSSL's own blocking calls: what works, and
 * every way to fail with its code (auth.md 7.7).
 */
#include "net/certs.h"
#include "net/harness.h"

#include <openssl/err.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define HOST "127.40.2.1"
#define BIG CQ_MIB(2)

static struct cert ca, other_ca, leaf, expired, client_cert;
static struct cq_tls_cache *cache;

enum how { ORDERLY, CUT, RST };

struct script {
    struct server_spec server;
    const char *banner;  /* plaintext before TLS */
    const char *instead; /* plaintext instead of TLS, after the client's hello */
    size_t big;          /* bytes to send instead of an echo */
    enum how end;
    char sni[256]; /* what the client sent */
    int alert;     /* that the client sent instead of a handshake; 0: none */
};

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 2654435761u >> 24);
}

static void talk_tls(struct script *s, SSL *ssl)
{
    uint8_t b[16384];
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    size_t n = 0;

    snprintf(s->sni, sizeof s->sni, "%s", name ? name : "");
    if (SSL_read_ex(ssl, b, 5, &n) != 1) return;
    if (!s->big) SSL_write_ex(ssl, b, n, &n);
    for (size_t at = 0; at < s->big; at += n) {
        for (size_t i = 0; i < sizeof b; i++)
            b[i] = pattern(at + i);
        n = s->big - at < sizeof b ? s->big - at : sizeof b;
        if (SSL_write_ex(ssl, b, n, &n) != 1) return;
    }
    if (s->end == ORDERLY) SSL_shutdown(ssl);
}

static void serve_tls(struct peer *p, int fd)
{
    struct script *s = p->ctx;
    char hello[600];
    SSL_CTX *ctx;
    SSL *ssl;

    if (s->banner) peer_send(fd, s->banner, strlen(s->banner));
    if (s->instead) {
        (void)recv(fd, hello, sizeof hello, 0);
        peer_send(fd, s->instead, strlen(s->instead));
        usleep(50000);
        close(fd);
        return;
    }
    ctx = server_ctx(&s->server);
    ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1)
        talk_tls(s, ssl);
    else
        s->alert = ERR_GET_REASON(ERR_peek_error()) - SSL_AD_REASON_OFFSET;
    ERR_clear_error();
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    if (s->end == RST) {
        usleep(50000);
        peer_reset(fd);
    } else {
        close(fd);
    }
}

static struct cq_tls_config trust(void)
{
    return (struct cq_tls_config){.mode = CQ_TLS_VERIFY_FULL, .ca_pem = cq_str(ca.cert_pem)};
}

static struct script plain_script(void)
{
    return (struct script){.server = {.cert = &leaf}};
}

/* c is initialised; one connection of cfg to a peer that runs s. */
static void run(struct client *c, const struct cq_tls_config *cfg, struct script *s)
{
    struct cq_fault f = {0};
    struct peer p;

    assert_true(peer_start(&p, HOST, 1, serve_tls, s));
    client_to(c, HOST, p.port);
    assert_int_equal(cq_tls_cache_get(cache, cfg, &c->tls, &f), 0);
    if (!c->send.n) c->send = CQ_LIT("hello");
    client_run(c);
    cq_tls_ctx_release(c->tls);
    peer_join(&p);
}

static const struct step_seen *step_of(const struct client *c, enum cq_step step)
{
    for (size_t i = 0; i < c->n_steps; i++)
        if (c->steps[i].step == step) return &c->steps[i];
    return NULL;
}

static void expect(const struct cq_tls_config *cfg, struct script *s, int err, const char *words)
{
    struct client c;

    client_init(&c);
    run(&c, cfg, s);
    if (c.err != err)
        fail_msg("%s (%s) instead of %s", cq_err_code(c.err), c.text, cq_err_code(err));
    if (!strstr(c.text, words)) fail_msg("%s: no %s", c.text, words);
    assert_int_equal(c.n_ended, 1);
    assert_int_equal(c.got.n, 0);
    if (!c.opened) {
        assert_non_null(step_of(&c, CQ_STEP_TLS));
        assert_int_equal(step_of(&c, CQ_STEP_TLS)->err, err);
        assert_string_equal(step_of(&c, CQ_STEP_TLS)->text, c.text);
    }
    client_fini(&c);
}

static void versions(void **state)
{
    static const int all[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    static const char *const names[] = {"TLSv1.2", "TLSv1.3"};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct cq_tls_config cfg = trust();
        struct script s = plain_script();
        struct client c;

        s.server.min_version = s.server.max_version = all[v];
        client_init(&c);
        run(&c, &cfg, &s);
        if (c.err) fail_msg("%s", c.text);
        assert_true(cq_eq(cq_buf_view(&c.got), CQ_LIT("hello")));
        assert_int_equal(c.n_steps, 3);
        assert_int_equal(c.steps[2].step, CQ_STEP_TLS);
        assert_memory_equal(c.steps[2].text, names[v], 7);
        assert_true(c.facts.tls);
        assert_string_equal(c.facts.tls_version, names[v]);
        assert_string_equal(c.subject, "CN=leaf");
        assert_string_equal(c.issuer, "CN=test CA");
        assert_true(c.facts.not_after_ms > 0);
        assert_string_equal(c.text, "the peer closed the connection");
        assert_string_equal(s.sni, ""); /* an address is never sent */
        client_fini(&c);
    }
}

static void other_names(void **state)
{
    struct cq_tls_config cfg = trust();
    struct script s = plain_script();
    struct client c;

    (void)state;
    client_init(&c);
    c.sni = "host-id";
    c.name = "node.example";
    run(&c, &cfg, &s);
    assert_int_equal(c.err, 0);
    assert_string_equal(s.sni, "host-id");
    client_fini(&c);
    client_init(&c);
    c.name = "elsewhere.example";
    run(&c, &cfg, &s);
    assert_int_equal(c.err, CQ_ETLS_NAME);
    client_fini(&c);
}

/* 2 MiB into spaces of any size, with one block of ours at most while they come. */
static void streams(void **state)
{
    static const size_t chunks[] = {100, 5000, 65536};

    (void)state;
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++)
        for (int end = ORDERLY; end <= RST; end++) {
            struct cq_tls_config cfg = trust();
            struct script s = plain_script();
            struct client c;

            s.big = end == RST ? CQ_KIB(32) : BIG; /* a reset drops what has not left */
            s.end = (enum how)end;
            client_init(&c);
            c.chunk = chunks[i];
            c.pause_after = i == 1 ? 20000 : 0;
            c.pause_ms = i == 1 ? 100 : 0;
            run(&c, &cfg, &s);
            assert_int_equal(c.err, 0);
            assert_int_equal(c.got.n, s.big);
            for (size_t k = 0; k < s.big; k++)
                assert_int_equal(c.got.p[k], pattern(k));
            assert_true(c.live_most <= c.live_open + 1);
            assert_true(c.most_in_turn <= 2 * CQ_READ_BUDGET + 2 * c.chunk);
            client_fini(&c);
        }
}

/* What was received is delivered before a reset is reported as the end. */
static void cut_and_reset(void **state)
{
    struct cq_tls_config cfg = trust();
    struct script s = plain_script();
    struct client c;

    (void)state;
    s.end = CUT;
    client_init(&c);
    run(&c, &cfg, &s);
    assert_int_equal(c.err, 0);
    assert_true(cq_eq(cq_buf_view(&c.got), CQ_LIT("hello")));
    assert_non_null(strstr(c.text, "close_notify"));
    client_fini(&c);
    s.end = RST;
    client_init(&c);
    c.chunk = 2;
    c.pause_after = 2;
    c.pause_ms = 200;
    run(&c, &cfg, &s);
    assert_int_equal(c.err, 0);
    assert_true(cq_eq(cq_buf_view(&c.got), CQ_LIT("hello")));
    assert_non_null(strstr(c.text, "reset"));
    client_fini(&c);
}

static void certificates(void **state)
{
    struct cq_tls_config cfg = trust();
    struct script s = plain_script();

    (void)state;
    cfg.ca_pem = cq_str(other_ca.cert_pem);
    expect(&cfg, &s, CQ_ETLS_UNTRUSTED, "CN=leaf");
    assert_int_equal(s.alert, SSL_AD_UNKNOWN_CA); /* the server is told */
    cfg = trust();
    s.server.cert = &expired;
    expect(&cfg, &s, CQ_ETLS_EXPIRED, "has expired");
    s.server.cert = &client_cert; /* no name in it but its CN */
    expect(&cfg, &s, CQ_ETLS_NAME, "IP address mismatch");
}

static void client_certificate(void **state)
{
    static const int all[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct cq_tls_config cfg = trust();
        struct script s = plain_script();
        struct client c;

        s.server.min_version = s.server.max_version = all[v];
        s.server.client_ca = &ca;
        expect(&cfg, &s, CQ_ETLS_CLIENT_CERT, "there is none");
        s.end = RST;
        expect(&cfg, &s, CQ_ETLS_CLIENT_CERT, "there is none");
        s.end = ORDERLY;
        cfg.cert_pem = cq_str(client_cert.cert_pem);
        cfg.key_pem = cq_str(client_cert.key_pem);
        client_init(&c);
        run(&c, &cfg, &s);
        if (c.err) fail_msg("%s", c.text);
        client_fini(&c);
    }
}

static void not_tls(void **state)
{
    struct cq_tls_config cfg = trust();
    struct script s = plain_script();

    (void)state;
    s.instead = "\x84 ERROR: Invalid or unsupported protocol version (22)";
    expect(&cfg, &s, CQ_ETLS_NOT_TLS, "CQL without TLS");
    s.instead = "HTTP/1.1 400 Bad Request\r\n\r\n";
    expect(&cfg, &s, CQ_ETLS_NOT_TLS, "HTTP");
    s.instead = NULL;
    s.banner = "SSH-2.0-OpenSSH_9.2p1 Debian\r\n";
    expect(&cfg, &s, CQ_ETLS_NOT_TLS, "SSH");
    s.banner = "\x84 stray plaintext"; /* and TLS after it */
    expect(&cfg, &s, CQ_ETLS_NOT_TLS, "CQL");
}

static void serve_nothing(struct peer *p, int fd)
{
    char b[600];

    if (p->ctx) {
        peer_reset(fd);
        return;
    }
    while (recv(fd, b, sizeof b, 0) > 0)
        continue;
    close(fd);
}

static void serve_close(struct peer *p, int fd)
{
    (void)p;
    close(fd);
}

static void run_bare(struct client *c, void (*serve)(struct peer *p, int fd), void *ctx)
{
    struct cq_tls_config cfg = trust();
    struct cq_fault f = {0};
    struct peer p;

    assert_true(peer_start(&p, HOST, 1, serve, ctx));
    client_to(c, HOST, p.port);
    assert_int_equal(cq_tls_cache_get(cache, &cfg, &c->tls, &f), 0);
    client_run(c);
    cq_tls_ctx_release(c->tls);
    peer_join(&p);
}

/* Silence, and the connection limit's way of closing right after accept. */
static void no_handshake(void **state)
{
    struct client c;

    (void)state;
    client_init(&c);
    c.timeout_ns = CQ_MS(300);
    run_bare(&c, serve_nothing, NULL);
    assert_int_equal(c.err, CQ_ETLS_TIMEOUT);
    assert_non_null(strstr(c.text, "within 300 ms"));
    assert_in_range(step_of(&c, CQ_STEP_TLS)->ns, CQ_MS(290), CQ_SEC(20));
    client_fini(&c);
    client_init(&c);
    run_bare(&c, serve_nothing, &c);
    assert_int_equal(c.err, CQ_ERESET);
    client_fini(&c);
    client_init(&c);
    run_bare(&c, serve_close, NULL);
    assert_int_equal(c.err, CQ_ERESET);
    client_fini(&c);
}

static void versions_apart(void **state)
{
    struct cq_tls_config cfg = trust();
    struct script s = plain_script();

    (void)state;
    cfg.min_version = TLS1_3_VERSION;
    s.server.max_version = TLS1_2_VERSION;
    expect(&cfg, &s, CQ_ETLS_HANDSHAKE, "no TLS version in common");
}

static void close_everywhere(void **state)
{
    static const enum seen at[] = {SEEN_CONNECT, SEEN_TLS, SEEN_OPENED, SEEN_RECEIVED};

    (void)state;
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        struct cq_tls_config cfg = trust();
        struct script s = plain_script();
        struct client c;

        client_init(&c);
        c.close_at = at[i];
        run(&c, &cfg, &s);
        assert_int_equal(c.n_ended, 0);
        client_fini(&c);
    }
}

static void without_memory(void **state)
{
    size_t n = 1;
    bool whole = false;

    (void)state;
    while (!whole) {
        struct cq_tls_config cfg = trust();
        struct script s = plain_script();
        struct client c;

        client_init(&c);
        c.m.fail_at = n++;
        run(&c, &cfg, &s);
        whole = c.m.calls < c.m.fail_at;
        if (!whole && !c.open_err && !c.opened) assert_int_equal(c.err, CQ_ENOMEM);
        client_fini(&c);
    }
    assert_true(n > 8);
}

/* Writing much over TLS: the queue fills, the socket fills, everything arrives. */
static void serve_count(struct peer *p, int fd)
{
    struct script *s = p->ctx;
    SSL_CTX *ctx = server_ctx(&s->server);
    SSL *ssl = SSL_new(ctx);
    uint8_t b[3000];
    size_t n = 0;

    SSL_set_fd(ssl, fd);
    SSL_accept(ssl);
    usleep(100000);
    for (size_t total = 0; total < CQ_MAX_SEND; total += n) {
        if (SSL_read_ex(ssl, b, sizeof b, &n) != 1) break;
        for (size_t i = 0; i < n; i++)
            if (b[i] != pattern(total + i)) abort();
    }
    SSL_write_ex(ssl, "all", 3, &n);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
}

static void send_much(void **state)
{
    struct script s = plain_script();
    uint8_t *b = malloc(CQ_MAX_SEND);

    (void)state;
    assert_non_null(b);
    for (size_t i = 0; i < CQ_MAX_SEND; i++)
        b[i] = pattern(i);
    for (int early = 0; early < 2; early++) {
        struct client c;

        client_init(&c);
        *(early ? &c.send_early : &c.send) = (cq_bytes){b, CQ_MAX_SEND};
        run_bare(&c, serve_count, &s);
        assert_true(cq_eq(cq_buf_view(&c.got), CQ_LIT("all")));
        client_fini(&c);
    }
    free(b);
}

static int make_all(void **state)
{
    static const struct cert_spec ca_spec = {.cn = "test CA", .ca = true};
    static const struct cert_spec other_spec = {.cn = "other CA", .ca = true};
    static const struct cert_spec leaf_spec = {.cn = "leaf", .names = "DNS:node.example,IP:" HOST};
    static const struct cert_spec expired_spec = {
        .cn = "old", .names = "IP:" HOST, .from_s = -7200, .to_s = -3600};
    static const struct cert_spec client_spec = {.cn = "crawler"};

    (void)state;
    cert_make(&ca, &ca_spec, NULL);
    cert_make(&other_ca, &other_spec, NULL);
    cert_make(&leaf, &leaf_spec, &ca);
    cert_make(&expired, &expired_spec, &ca);
    cert_make(&client_cert, &client_spec, &ca);
    return cq_tls_cache_new(&cache, &cq_mem_libc);
}

static int free_all(void **state)
{
    (void)state;
    cert_free(&ca);
    cert_free(&other_ca);
    cert_free(&leaf);
    cert_free(&expired);
    cert_free(&client_cert);
    cq_tls_cache_free(cache);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),       cmocka_unit_test(other_names),
        cmocka_unit_test(streams),        cmocka_unit_test(cut_and_reset),
        cmocka_unit_test(certificates),   cmocka_unit_test(client_certificate),
        cmocka_unit_test(not_tls),        cmocka_unit_test(no_handshake),
        cmocka_unit_test(versions_apart), cmocka_unit_test(close_everywhere),
        cmocka_unit_test(without_memory), cmocka_unit_test(send_much),
    };

    return cmocka_run_group_tests(tests, make_all, free_all);
}
