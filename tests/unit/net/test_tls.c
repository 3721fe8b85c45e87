/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS pump against itself in memory: a client and a server pump, their ciphertext carried by
 * hand. Every ring size, every hop size, every split point, an end at every byte, every failure of
 * auth.md 7.7; and what a waiting connection holds of OpenSSL's memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* after the four above */
#include <cmocka.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include "net/certs.h"
#include "net/tls.h"
#include "net/tlsctx.h"

static struct cert ca, other_ca, leaf, self_signed, expired, early, client_cert, stranger;
static struct cq_tls_cache *cache;

/* What OpenSSL holds, for the side whose turn it is. */
static size_t held[2];
static int turn_of;

struct tag {
    size_t n;
    size_t side;
};

static void *tag_realloc(void *p, size_t n, const char *file, int line)
{
    struct tag *t = p ? (struct tag *)p - 1 : NULL;
    size_t side = t ? t->side : (size_t)turn_of;

    (void)file;
    (void)line;
    if (t) held[side] -= t->n;
    if (n == 0) {
        free(t);
        return NULL;
    }
    t = realloc(t, n + sizeof *t);
    if (!t) return NULL;
    *t = (struct tag){n, side};
    held[side] += n;
    return t + 1;
}

static void *tag_malloc(size_t n, const char *file, int line)
{
    return tag_realloc(NULL, n, file, line);
}

static void tag_free(void *p, const char *file, int line)
{
    tag_realloc(p, 0, file, line);
}

struct side {
    struct cq_tls tls;
    struct cq_fault fault;
    size_t moved; /* bytes that left it */
};

struct pair {
    struct side client, server;
    struct cq_tls_ctx *ctx;
    SSL_CTX *server_ctx;
    size_t hop;      /* bytes carried at a time */
    size_t stop;     /* bytes of the server that are carried at all; SIZE_MAX: all */
    size_t pause_at; /* the client has a turn of its own after that many bytes of the server */
    enum cq_end how; /* at stop */
    bool ends;       /* the transport ends at stop */
};

struct setting {
    struct cq_tls_config cfg;
    struct cq_tls_peer peer;
    struct server_spec server;
    size_t ring;
};

static struct setting plain_setting(void)
{
    return (struct setting){
        .cfg = {.mode = CQ_TLS_VERIFY_FULL, .ca_pem = cq_str(ca.cert_pem)},
        .peer = {.host = "node.example"},
        .server = {.cert = &leaf},
        .ring = CQ_TLS_RING,
    };
}

static void pair_init(struct pair *p, const struct setting *s)
{
    struct cq_fault f = {0};
    SSL *ssl;

    memset(p, 0, sizeof *p);
    p->hop = SIZE_MAX;
    p->stop = SIZE_MAX;
    p->pause_at = SIZE_MAX;
    assert_int_equal(cq_tls_cache_get(cache, &s->cfg, &p->ctx, &f), 0);
    turn_of = 0;
    assert_int_equal(cq_tls_client(p->ctx, &s->peer, &ssl), 0);
    assert_int_equal(cq_tls_init(&p->client.tls, &cq_mem_libc, ssl, s->ring, &p->client.fault), 0);
    p->client.tls.cert_given = SSL_get_certificate(ssl) != NULL;
    turn_of = 1;
    p->server_ctx = server_ctx(&s->server);
    ssl = SSL_new(p->server_ctx);
    assert_non_null(ssl);
    SSL_set_accept_state(ssl);
    assert_int_equal(cq_tls_init(&p->server.tls, &cq_mem_libc, ssl, s->ring, &p->server.fault), 0);
}

static void pair_fini(struct pair *p)
{
    cq_tls_fini(&p->client.tls);
    cq_tls_fini(&p->server.tls);
    SSL_CTX_free(p->server_ctx);
    cq_tls_ctx_release(p->ctx);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Carries at most max bytes. */
static size_t carry(struct side *from, struct side *to, size_t max)
{
    cq_bytes b = cq_tls_pending(&from->tls);
    uint8_t *p = NULL;
    size_t room = 0;
    size_t n;

    assert_int_equal(b.n > 0, cq_tls_is_pending(&from->tls));
    if (b.n == 0) return 0;
    cq_tls_space(&to->tls, &p, &room);
    n = least(least(b.n, max), room);
    if (n == 0) return 0;
    memcpy(p, b.p, n);
    cq_tls_commit(&to->tls, n);
    cq_tls_sent(&from->tls, n);
    from->moved += n;
    return n;
}

/* One hop each way. False: nothing moved. */
static bool carry_both(struct pair *p)
{
    size_t left = p->stop - p->server.moved;
    size_t to_pause = p->server.moved < p->pause_at ? p->pause_at - p->server.moved : SIZE_MAX;
    bool moved = carry(&p->client, &p->server, p->hop) > 0;

    moved |= carry(&p->server, &p->client, least(least(p->hop, left), to_pause)) > 0;
    if (p->ends && p->server.moved == p->stop && !p->client.tls.eof) {
        cq_tls_eof(&p->client.tls, p->how);
        moved = true;
    }
    return moved;
}

struct talk {
    const uint8_t *out; /* to be written */
    size_t n_out;
    uint8_t *in; /* read so far */
    size_t n_in;
    enum cq_io io; /* of the last call that did not say OK */
};

/* Everything that this side can do now. True: something was done. */
static bool act(struct side *s, struct talk *t, size_t room)
{
    enum cq_tls_state before = s->tls.state;
    size_t n = 0;
    bool did = false;

    turn_of = s->tls.ssl && SSL_is_server(s->tls.ssl);
    t->io = cq_tls_handshake(&s->tls);
    if (t->io != CQ_IO_OK && s->tls.state != CQ_TLS_ENDED) return before != s->tls.state;
    if (t->n_out && (t->io = cq_tls_write(&s->tls, (cq_bytes){t->out, t->n_out}, &n)) == CQ_IO_OK) {
        t->out += n;
        t->n_out -= n;
        did = true;
    }
    while (room > t->n_in &&
           (t->io = cq_tls_read(&s->tls, t->in + t->n_in, room - t->n_in, &n)) == CQ_IO_OK) {
        t->n_in += n;
        did = true;
    }
    return did || before != s->tls.state;
}

enum { UP = 20000, DOWN = 100000 };
static uint8_t up[UP], down[DOWN], got_up[UP + 1], got_down[DOWN + 1];

static bool talk(struct pair *p, size_t n_up, size_t n_down, struct talk *c, struct talk *s)
{
    bool more = true;

    *c = (struct talk){.out = up, .n_out = n_up, .in = got_down};
    *s = (struct talk){.out = down, .n_out = n_down, .in = got_up};
    for (size_t i = 0; more; i++) {
        more = act(&p->client, c, DOWN + 1);
        more |= act(&p->server, s, UP + 1);
        more |= carry_both(p);
        assert_true(i < 10000000);
    }
    return c->n_in == n_down && s->n_in == n_up;
}

static void check_talk(struct pair *p, size_t n_up, size_t n_down)
{
    struct talk c, s;

    assert_true(talk(p, n_up, n_down, &c, &s));
    assert_memory_equal(got_up, up, n_up);
    assert_memory_equal(got_down, down, n_down);
    assert_int_equal(p->client.tls.state, CQ_TLS_OPEN);
    assert_int_equal(c.io, CQ_IO_AGAIN);
}

static void rings_and_hops(void **state)
{
    static const size_t rings[] = {1, 2, 5, 17, 64, 511, 1024, 4096, 17408, 65536};
    static const size_t hops[] = {1, 3, 100, 5000, SIZE_MAX};
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t i = 0; i < sizeof rings / sizeof *rings; i++)
        for (size_t k = 0; k < sizeof hops / sizeof *hops; k++)
            for (size_t v = 0; v < 2; v++) {
                struct setting s = plain_setting();
                struct pair p;
                size_t down_n = rings[i] < 64 || hops[k] < 64 ? 5000 : DOWN;

                s.ring = rings[i];
                s.server.min_version = s.server.max_version = versions[v];
                pair_init(&p, &s);
                p.hop = hops[k];
                check_talk(&p, least(down_n, UP), down_n);
                assert_int_equal(SSL_version(p.client.tls.ssl), versions[v]);
                pair_fini(&p);
            }
}

/* The client has a turn of its own at every byte of what the server sends. */
static void every_split(void **state)
{
    (void)state;
    for (size_t at = 0, total = 1; at < total; at++) {
        struct setting s = plain_setting();
        struct pair p;

        s.server.max_version = at % 2 ? TLS1_2_VERSION : TLS1_3_VERSION;
        pair_init(&p, &s);
        p.pause_at = at;
        check_talk(&p, 100, 300);
        if (p.server.moved > total) total = p.server.moved;
        pair_fini(&p);
    }
}

static void end_at(int version, size_t at, bool *reached)
{
    struct setting s = plain_setting();
    struct pair p;
    struct talk c, t;

    s.server.max_version = version;
    pair_init(&p, &s);
    p.stop = at;
    p.ends = true;
    p.how = at % 3 ? CQ_END_ORDERLY : CQ_END_RESET;
    talk(&p, 100, 300, &c, &t);
    *reached = p.server.moved == at;
    if (p.client.tls.state == CQ_TLS_ENDED) {
        assert_int_equal(c.io, CQ_IO_END);
        assert_int_equal(p.client.tls.how, at % 3 ? CQ_END_CUT : CQ_END_RESET);
        assert_int_equal(p.client.fault.err, 0);
        assert_memory_equal(got_down, down, c.n_in);
    } else if (*reached) {
        assert_int_equal(p.client.tls.state, CQ_TLS_FAILED);
        assert_int_equal(c.io, CQ_IO_FAILED);
        assert_int_equal(p.client.fault.err, at == 0 ? CQ_ERESET : CQ_ETLS_HANDSHAKE);
    }
    pair_fini(&p);
}

/* The transport ends after every byte: an end or a failure at once, never a wait for nothing. */
static void an_end_at_every_byte(void **state)
{
    static const int both[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        bool reached = true;
        size_t at = 0;

        while (reached)
            end_at(both[v], at++, &reached);
        assert_true(at > 800);
    }
}

static void orderly_end(void **state)
{
    struct setting s = plain_setting();
    struct pair p;
    struct talk c, t;

    (void)state;
    pair_init(&p, &s);
    check_talk(&p, 10, 10);
    cq_tls_shutdown(&p.server.tls);
    assert_true(cq_tls_is_pending(&p.server.tls));
    talk(&p, 0, 0, &c, &t);
    assert_int_equal(c.io, CQ_IO_END);
    assert_int_equal(p.client.tls.how, CQ_END_ORDERLY);
    cq_tls_shutdown(&p.client.tls);
    pair_fini(&p);
}

/* Runs the handshake and one exchange; what the client says of it. */
static void run(struct pair *p, const struct setting *s, struct talk *c)
{
    struct talk t;

    pair_init(p, s);
    talk(p, 10, 10, c, &t);
}

static void expect(const struct setting *s, int err, const char *words)
{
    struct pair p;
    struct talk c;

    run(&p, s, &c);
    assert_int_equal(p.client.fault.err, err);
    assert_int_equal(p.client.tls.state, CQ_TLS_FAILED);
    assert_int_equal(c.n_in, 0);
    if (!strstr(p.client.fault.text, words)) fail_msg("%s: no %s", p.client.fault.text, words);
    pair_fini(&p);
}

static void expect_ok(const struct setting *s)
{
    struct pair p;
    struct talk c;

    run(&p, s, &c);
    if (p.client.fault.err) fail_msg("%s", p.client.fault.text);
    assert_int_equal(p.client.tls.state, CQ_TLS_OPEN);
    assert_int_equal(c.n_in, 10);
    pair_fini(&p);
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void names(void **state)
{
    static const char *const good[] = {"node.example",   "NODE.example", "node.example.",
                                       "a.wild.example", "127.40.2.1",   "::1",
                                       "fe80::1%lo"};
    static const char *const bad[] = {"other.example", "a.b.wild.example", "127.40.2.2", "::2",
                                      "example"};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct setting s = plain_setting();

        s.server.max_version = versions[v];
        for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
            s.peer.host = good[i];
            expect_ok(&s);
        }
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            s.peer.host = bad[i];
            expect(&s, CQ_ETLS_NAME, "mismatch (verify result 6");
            expect(&s, CQ_ETLS_NAME, "names node.example, *.wild.example, 127.40.2.1, ::1");
        }
        s.peer.verify_name = "node.example"; /* a fixed name, wherever one connects */
        expect_ok(&s);
        s.peer.host = "node.example";
        s.peer.verify_name = "fixed.example";
        expect(&s, CQ_ETLS_NAME, "mismatch");
        s.cfg.mode = CQ_TLS_VERIFY_CA; /* the name does not count */
        expect_ok(&s);
        s.cfg.mode = CQ_TLS_REQUIRE;
        expect_ok(&s);
    }
}

static void chains(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct setting s = plain_setting();
        static const enum cq_tls_mode modes[] = {CQ_TLS_VERIFY_CA, CQ_TLS_VERIFY_FULL};

        s.server.max_version = versions[v];
        for (size_t m = 0; m < 2; m++) {
            s.cfg.mode = modes[m];
            s.cfg.ca_pem = cq_str(other_ca.cert_pem);
            s.server.cert = &leaf;
            expect(&s, CQ_ETLS_UNTRUSTED, "(verify result 20)");
            s.cfg.ca_pem = CQ_NULL; /* the system's */
            expect(&s, CQ_ETLS_UNTRUSTED, "CN=test CA");
            s.cfg.ca_pem = cq_str(ca.cert_pem);
            s.server.cert = &self_signed;
            expect(&s, CQ_ETLS_UNTRUSTED, "(verify result 18)");
            s.server.cert = &expired;
            expect(&s, CQ_ETLS_EXPIRED, "(verify result 10)");
            s.server.cert = &early;
            expect(&s, CQ_ETLS_EXPIRED, "(verify result 9)");
        }
        s.cfg.mode = CQ_TLS_REQUIRE;
        expect_ok(&s);
    }
}

/* The verdict leaves as an alert: the server learns why. */
static void alert_leaves(void **state)
{
    struct setting s = plain_setting();
    struct pair p;
    struct talk c;

    (void)state;
    s.cfg.ca_pem = cq_str(other_ca.cert_pem);
    run(&p, &s, &c);
    assert_int_equal(p.client.fault.err, CQ_ETLS_UNTRUSTED);
    assert_int_equal(p.server.tls.state, CQ_TLS_FAILED);
    assert_non_null(strstr(p.server.fault.text, "alert unknown ca"));
    pair_fini(&p);
}

static void client_certificates(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct setting s = plain_setting();

        s.server.max_version = versions[v];
        s.server.client_ca = &ca;
        expect(&s, CQ_ETLS_CLIENT_CERT, "there is none");
        s.cfg.cert_pem = cq_str(stranger.cert_pem);
        s.cfg.key_pem = cq_str(stranger.key_pem);
        expect(&s, CQ_ETLS_CLIENT_CERT, "did not accept");
        s.cfg.cert_pem = cq_str(client_cert.cert_pem);
        s.cfg.key_pem = cq_str(client_cert.key_pem);
        expect_ok(&s);
    }
}

/* Under TLS 1.3 the handshake succeeds without the certificate that is missing, and the first read
 * fails. */
static void client_certificate_1_3(void **state)
{
    struct setting s = plain_setting();
    struct pair p;
    struct talk c, t;
    bool was_open = false;

    (void)state;
    s.server.client_ca = &ca;
    pair_init(&p, &s);
    c = (struct talk){.out = up, .n_out = 10, .in = got_down};
    t = (struct talk){.out = down, .n_out = 10, .in = got_up};
    for (int i = 0; i < 100; i++) {
        act(&p.client, &c, DOWN);
        was_open |= p.client.tls.state == CQ_TLS_OPEN;
        act(&p.server, &t, UP);
        carry_both(&p);
    }
    assert_true(was_open);
    assert_int_equal(p.client.fault.err, CQ_ETLS_CLIENT_CERT);
    pair_fini(&p);
}

static void versions_in_common(void **state)
{
    struct setting s = plain_setting();

    (void)state;
    s.cfg.min_version = TLS1_3_VERSION;
    s.server.max_version = TLS1_2_VERSION;
    expect(&s, CQ_ETLS_HANDSHAKE, "no TLS version in common");
    s = plain_setting();
    s.cfg.max_version = TLS1_2_VERSION;
    s.server.min_version = TLS1_3_VERSION;
    expect(&s, CQ_ETLS_HANDSHAKE, "no TLS version in common");
    s = plain_setting();
    s.server.min_version = TLS1_VERSION;
    s.server.max_version = TLS1_VERSION;
    expect(&s, CQ_ETLS_HANDSHAKE, "no TLS version in common");
    s = plain_setting();
    s.cfg.max_version = TLS1_2_VERSION;
    expect_ok(&s);
    s.server.ciphers = "ECDHE-RSA-AES128-GCM-SHA256"; /* the certificate is no RSA one */
    expect(&s, CQ_ETLS_HANDSHAKE, "handshake failure");
}

/* A peer that sends these bytes and says no more. */
static void expect_bytes(const void *b, size_t n, int err, const char *words)
{
    for (int ends = 0; ends < 2; ends++) {
        struct setting s = plain_setting();
        struct pair p;
        uint8_t *to;
        size_t room;
        enum cq_io io;

        pair_init(&p, &s);
        assert_int_equal(cq_tls_handshake(&p.client.tls), CQ_IO_AGAIN);
        cq_tls_space(&p.client.tls, &to, &room);
        assert_true(room >= n);
        memcpy(to, b, n);
        cq_tls_commit(&p.client.tls, n);
        if (ends) cq_tls_eof(&p.client.tls, CQ_END_ORDERLY);
        io = cq_tls_handshake(&p.client.tls);
        if (io == CQ_IO_AGAIN) {
            assert_false(ends);
        } else {
            assert_int_equal(io, CQ_IO_FAILED);
            assert_int_equal(p.client.fault.err, err);
            if (!strstr(p.client.fault.text, words))
                fail_msg("%s: no %s", p.client.fault.text, words);
        }
        pair_fini(&p);
    }
}

static void not_tls(void **state)
{
    static const char cql[] = "\x84\0\0\0\0\0\0\0\x3a\0\0\0\x0a\0\x34Invalid or unsupported";
    static const char http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    static const char ssh[] = "SSH-2.0-OpenSSH_9.2p1\r\n";
    static const char zero[64] = {0};

    (void)state;
    expect_bytes(cql, sizeof cql - 1, CQ_ETLS_NOT_TLS, "CQL without TLS");
    expect_bytes(http, sizeof http - 1, CQ_ETLS_NOT_TLS, "HTTP");
    expect_bytes(ssh, sizeof ssh - 1, CQ_ETLS_NOT_TLS, "SSH");
    expect_bytes(ssh, 4, CQ_ETLS_NOT_TLS, "SSH");
    expect_bytes(zero, sizeof zero, CQ_ETLS_NOT_TLS, "something else");
    expect_bytes("", 0, CQ_ERESET, "when TLS was begun");
    expect_bytes("\x15\x03\x01\x00\x02\x02\x46", 7, CQ_ETLS_HANDSHAKE, "no TLS version in common");
    expect_bytes("\x15\x03\x01\x00\x02\x02\x70", 7, CQ_ETLS_HANDSHAKE, "SNI");
    expect_bytes("\x15\x03\x01\x00\x02\x01\x00", 7, CQ_ETLS_HANDSHAKE, "");
}

/* Plaintext before TLS is never taken for the stream (CVE-2021-23222), whatever follows it. */
static void stray_plaintext(void **state)
{
    struct setting s = plain_setting();
    struct pair p;
    struct talk c, t;
    uint8_t *to;
    size_t room;

    (void)state;
    pair_init(&p, &s);
    cq_tls_space(&p.client.tls, &to, &room);
    memcpy(to, "\x84\0\0\0\x06\0\0\0\0", 9); /* SUPPORTED, empty */
    cq_tls_commit(&p.client.tls, 9);
    talk(&p, 10, 10, &c, &t);
    assert_int_equal(c.n_in, 0);
    assert_int_equal(p.client.fault.err, CQ_ETLS_NOT_TLS);
    pair_fini(&p);
}

static void sni(void **state)
{
    static const struct {
        const char *host, *sni, *seen;
    } cases[] = {
        {"node.example", NULL, "node.example"},
        {"node.example.", NULL, "node.example"},
        {"127.40.2.1", NULL, NULL},
        {"::1", NULL, NULL},
        {"127.40.2.1", "host-id", "host-id"},
        {"node.example", "127.40.2.1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct setting s = plain_setting();
        struct pair p;
        struct talk c;
        const char *seen;

        s.cfg.mode = CQ_TLS_REQUIRE;
        s.peer.host = cases[i].host;
        s.peer.sni = cases[i].sni;
        run(&p, &s, &c);
        assert_int_equal(p.client.tls.state, CQ_TLS_OPEN);
        seen = SSL_get_servername(p.server.tls.ssl, TLSEXT_NAMETYPE_host_name);
        if (cases[i].seen)
            assert_string_equal(seen, cases[i].seen);
        else
            assert_null(seen);
        pair_fini(&p);
    }
}

static void peer_described(void **state)
{
    struct setting s = plain_setting();
    struct pair p;
    struct talk c;

    (void)state;
    run(&p, &s, &c);
    assert_string_equal(p.client.tls.subject, "CN=leaf");
    assert_string_equal(p.client.tls.issuer, "CN=test CA");
    assert_true(p.client.tls.not_after_ms > 1700000000000);
    assert_int_equal(p.client.tls.not_after_ms % 1000, 0);
    pair_fini(&p);
}

/* What waits for a server's answer holds little (auth.md 7.1: 26 KB with a 4 KiB ring). */
static void memory_of_a_slot(void **state)
{
    struct setting s = plain_setting();
    struct pair p;
    struct cq_tls_ctx *keep;
    struct cq_fault f = {0};
    size_t before;
    size_t after;

    (void)state;
    assert_int_equal(cq_tls_cache_get(cache, &s.cfg, &keep, &f), 0);
    before = held[0];
    pair_init(&p, &s);
    check_talk(&p, UP, DOWN);
    after = held[0] - before;
    print_message("a waiting TLS connection holds %zu bytes of OpenSSL's and %zu of ours\n", after,
                  sizeof p.client.tls);
    assert_true(after < CQ_KIB(30));
    pair_fini(&p);
    cq_tls_ctx_release(keep);
}

static int make_all(void **state)
{
    static const struct cert_spec ca_spec = {.cn = "test CA", .ca = true};
    static const struct cert_spec other_spec = {.cn = "other CA", .ca = true};
    static const struct cert_spec leaf_spec = {
        .cn = "leaf",
        .names = "DNS:node.example,DNS:*.wild.example,IP:127.40.2.1,IP:::1,IP:fe80::1"};
    static const struct cert_spec expired_spec = {
        .cn = "old", .names = "DNS:node.example", .from_s = -7200, .to_s = -3600};
    static const struct cert_spec early_spec = {
        .cn = "early", .names = "DNS:node.example", .from_s = 3600, .to_s = 7200};
    static const struct cert_spec client_spec = {.cn = "crawler"};

    (void)state;
    cert_make(&ca, &ca_spec, NULL);
    cert_make(&other_ca, &other_spec, NULL);
    cert_make(&leaf, &leaf_spec, &ca);
    cert_make(&self_signed, &leaf_spec, NULL);
    cert_make(&expired, &expired_spec, &ca);
    cert_make(&early, &early_spec, &ca);
    cert_make(&client_cert, &client_spec, &ca);
    cert_make(&stranger, &client_spec, &other_ca);
    for (size_t i = 0; i < DOWN; i++)
        down[i] = (uint8_t)(i * 2654435761u >> 24);
    for (size_t i = 0; i < UP; i++)
        up[i] = (uint8_t)(i * 2246822519u >> 24);
    return cq_tls_cache_new(&cache, &cq_mem_libc);
}

static int free_all(void **state)
{
    struct cert *all[] = {&ca,      &other_ca, &leaf,        &self_signed,
                          &expired, &early,    &client_cert, &stranger};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        cert_free(all[i]);
    cq_tls_cache_free(cache);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_and_hops),
        cmocka_unit_test(every_split),
        cmocka_unit_test(an_end_at_every_byte),
        cmocka_unit_test(orderly_end),
        cmocka_unit_test(names),
        cmocka_unit_test(chains),
        cmocka_unit_test(alert_leaves),
        cmocka_unit_test(client_certificates),
        cmocka_unit_test(client_certificate_1_3),
        cmocka_unit_test(versions_in_common),
        cmocka_unit_test(not_tls),
        cmocka_unit_test(stray_plaintext),
        cmocka_unit_test(sni),
        cmocka_unit_test(peer_described),
        cmocka_unit_test(memory_of_a_slot),
    };

    if (CRYPTO_set_mem_functions(tag_malloc, tag_realloc, tag_free) != 1) return 1;
    return cmocka_run_group_tests(tests, make_all, free_all);
}
