/* SPDX-License-Identifier: Apache-2.0 */
/* Every way in which TLS can fail, in memory: what is verified, the codes and the words
 * (auth.md 7.7). */
#include "net/pair.h"

static void expect(const struct setting *s, int err, const char *words)
{
    struct pair p;
    struct talk c;

    run_pair(&p, s, &c);
    assert_int_equal(p.client.fault.err, err);
    assert_int_equal(p.client.tls.state, CQ_TLS_FAILED);
    assert_int_equal(c.n_in, 0);
    if (!strstr(cq_blame_text(&p.client.fault), words))
        fail_msg("%s: no %s", cq_blame_text(&p.client.fault), words);
    pair_fini(&p);
}

static void expect_ok(const struct setting *s)
{
    struct pair p;
    struct talk c;

    run_pair(&p, s, &c);
    if (p.client.fault.err) fail_msg("%s", cq_blame_text(&p.client.fault));
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
            expect(&s, CQ_ETLS_NAME, i == 3 ? "not for 0:0" : bad[i]);
            expect(&s, CQ_ETLS_NAME, "CN=leaf for node.example, *.wild.example, 127.40.2.1, ::1");
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
    run_pair(&p, &s, &c);
    assert_int_equal(p.client.fault.err, CQ_ETLS_UNTRUSTED);
    assert_int_equal(p.server.tls.state, CQ_TLS_FAILED);
    assert_non_null(strstr(cq_blame_text(&p.server.fault), "alert unknown ca"));
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
            if (!strstr(cq_blame_text(&p.client.fault), words))
                fail_msg("%s: no %s", cq_blame_text(&p.client.fault), words);
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
        run_pair(&p, &s, &c);
        assert_int_equal(p.client.tls.state, CQ_TLS_OPEN);
        seen = SSL_get_servername(p.server.tls.ssl, TLSEXT_NAMETYPE_host_name);
        if (cases[i].seen)
            assert_string_equal(seen, cases[i].seen);
        else
            assert_null(seen);
        pair_fini(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(chains),
        cmocka_unit_test(alert_leaves),
        cmocka_unit_test(client_certificates),
        cmocka_unit_test(client_certificate_1_3),
        cmocka_unit_test(versions_in_common),
        cmocka_unit_test(not_tls),
        cmocka_unit_test(stray_plaintext),
        cmocka_unit_test(sni),
    };

    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
