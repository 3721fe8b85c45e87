/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions from one connection to the next: the same facts as after a full handshake, once each,
 * and never for somebody else. */
#include "net/pair.h"

#include <time.h>

#include "base/bounds.h"
#include "net/tlskeep.h"

static SSL_CTX *server;

static int64_t now_ms(void)
{
    return (int64_t)time(NULL) * 1000;
}

static SSL_CTX *new_server(const struct server_spec *spec)
{
    static const unsigned char id[] = "test";
    SSL_CTX *ctx = server_ctx(spec);

    SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1);
    SSL_CTX_set_timeout(ctx, 3 * 86400); /* what its tickets say */
    return ctx;
}

static struct setting resumable(void)
{
    struct setting s = plain_setting();

    s.peer.address = "127.0.0.1:9042";
    s.peer.wall_ms = now_ms() + 5000; /* a second may begin meanwhile */
    s.shared = server;
    return s;
}

static int setup(void **state)
{
    static const struct server_spec spec = {.cert = &leaf};

    (void)state;
    server = new_server(&spec);
    cq_tls_cache_free(cache);
    return cq_tls_cache_new(&cache, &cq_mem_libc);
}

static int teardown(void **state)
{
    (void)state;
    SSL_CTX_free(server);
    return 0;
}

/* One connection with some talk, so that tickets come. Was it resumed? */
static bool resumes(const struct setting *s)
{
    struct talk c;
    struct pair p;
    bool reused;

    run_pair(&p, s, &c);
    assert_int_equal(p.client.fault.err, 0);
    assert_int_equal(p.client.tls.state, CQ_TLS_OPEN);
    assert_int_equal(c.n_in, 10);
    reused = SSL_session_reused(p.client.tls.ssl) == 1;
    if (s->cfg.mode >= CQ_TLS_VERIFY_CA)
        assert_int_equal(SSL_get_verify_result(p.client.tls.ssl), X509_V_OK);
    assert_string_equal(p.client.tls.subject, "CN=leaf");
    assert_string_equal(p.client.tls.issuer, "CN=test CA");
    assert_true(p.client.tls.not_after_ms > now_ms());
    pair_fini(&p);
    return reused;
}

static void again_and_again(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct setting s = resumable();

        s.cfg.max_version = versions[i];
        assert_false(resumes(&s));
        for (int k = 0; k < 5; k++)
            assert_true(resumes(&s));
    }
}

/* Two at once: the second finds nothing to resume. */
static void once(void **state)
{
    struct setting s = resumable();
    struct pair a, b;
    struct talk c, t;

    (void)state;
    assert_false(resumes(&s));
    pair_init(&a, &s);
    pair_init(&b, &s);
    assert_true(talk(&a, 10, 10, &c, &t));
    assert_true(talk(&b, 10, 10, &c, &t));
    assert_true(SSL_session_reused(a.client.tls.ssl));
    assert_false(SSL_session_reused(b.client.tls.ssl));
    pair_fini(&a);
    pair_fini(&b);
}

static void never_for_another(void **state)
{
    struct setting s = resumable();
    struct setting others[] = {s, s, s, s, s, s};

    (void)state;
    others[0].peer.address = "127.0.0.1:9043";
    others[1].peer.host = "a.wild.example";
    others[2].peer.sni = "b.wild.example";
    others[3].peer.verify_name = "c.wild.example";
    others[4].cfg.mode = CQ_TLS_REQUIRE;
    others[5].cfg.cert_pem = cq_str(client_cert.cert_pem);
    others[5].cfg.key_pem = cq_str(client_cert.key_pem);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        assert_false(resumes(&s));
        assert_false(resumes(&others[i])); /* not by what s has left */
        assert_true(resumes(&others[i]));
        assert_true(resumes(&s));
        cq_tls_cache_free(cache); /* nothing is kept */
        assert_int_equal(cq_tls_cache_new(&cache, &cq_mem_libc), 0);
    }
}

/* What one CA vouched for is nothing to whoever trusts another. */
static void never_under_another_trust(void **state)
{
    struct setting s = resumable();
    struct talk c;
    struct pair p;

    (void)state;
    s.cfg.mode = CQ_TLS_REQUIRE;
    s.cfg.ca_pem = CQ_NULL;
    assert_false(resumes(&s));
    s.cfg.mode = CQ_TLS_VERIFY_FULL;
    s.cfg.ca_pem = cq_str(other_ca.cert_pem);
    run_pair(&p, &s, &c);
    assert_int_equal(p.client.fault.err, CQ_ETLS_UNTRUSTED);
    pair_fini(&p);
}

static void refused_in_silence(void **state)
{
    static const struct server_spec spec = {.cert = &leaf};
    struct setting s = resumable();
    SSL_CTX *other = new_server(&spec); /* it has other keys for its tickets */

    (void)state;
    assert_false(resumes(&s));
    s.shared = other;
    assert_false(resumes(&s));
    assert_true(resumes(&s));
    SSL_CTX_free(other);
}

static void not_after_its_time(void **state)
{
    struct setting s = resumable();
    const int64_t day = 86400000;

    (void)state;
    assert_false(resumes(&s));
    s.peer.wall_ms += 4 * day; /* its ticket says three */
    assert_false(resumes(&s));
    s.peer.wall_ms = now_ms() + day - 60000;
    assert_true(resumes(&s));
    s.peer.wall_ms += 120000; /* a day after the full handshake */
    assert_false(resumes(&s));
}

/* However often it was resumed in between. */
static void not_a_day_after_the_full_one(void **state)
{
    struct setting s = resumable();
    struct talk c, t;
    struct pair p;

    (void)state;
    assert_false(resumes(&s));
    pair_init(&p, &s);
    p.client.tls.resume.since_ms -= 23 * 3600000; /* as if it had been made then */
    assert_true(talk(&p, 10, 10, &c, &t));
    assert_true(SSL_session_reused(p.client.tls.ssl));
    pair_fini(&p);
    assert_true(resumes(&s));
    s.peer.wall_ms += 2 * 3600000;
    assert_false(resumes(&s));
}

/* The certificate ends before the ticket does. */
static void not_after_the_certificate(void **state)
{
    static const struct cert_spec spec = {
        .cn = "leaf", .names = "DNS:node.example", .from_s = -60, .to_s = 7200};
    struct cert soon;
    struct server_spec server_spec = {.cert = &soon};
    struct setting s = resumable();

    (void)state;
    cert_make(&soon, &spec, &ca);
    s.shared = new_server(&server_spec);
    assert_false(resumes(&s));
    s.peer.wall_ms += 7000000;
    assert_true(resumes(&s));
    s.peer.wall_ms += 300000;
    assert_false(resumes(&s));
    SSL_CTX_free(s.shared);
    cert_free(&soon);
}

/* A connection that breaks takes what it left along: the next handshake is a full one. */
static void not_after_a_break(void **state)
{
    static const uint8_t junk[] = {0x17, 3, 3, 0, 17, 1, 2, 3, 4, 5, 6,
                                   7,    8, 9, 0, 1,  2, 3, 4, 5, 6, 7};
    struct setting s = resumable();
    struct talk c;
    struct pair p;
    uint8_t *at;
    size_t n;

    (void)state;
    run_pair(&p, &s, &c);
    cq_tls_space(&p.client.tls, &at, &n);
    memcpy(at, junk, sizeof(junk));
    cq_tls_commit(&p.client.tls, sizeof(junk));
    assert_int_equal(cq_tls_read(&p.client.tls, got_down, 10, &n), CQ_IO_FAILED);
    pair_fini(&p);
    assert_false(resumes(&s));
    assert_true(resumes(&s));
}

/* A client's certificate is asked for: the session says that it was shown. */
static void with_a_client_certificate(void **state)
{
    struct server_spec spec = {.cert = &leaf, .client_ca = &ca};
    struct setting s = resumable();

    (void)state;
    s.cfg.cert_pem = cq_str(client_cert.cert_pem);
    s.cfg.key_pem = cq_str(client_cert.key_pem);
    s.shared = new_server(&spec);
    assert_false(resumes(&s));
    assert_true(resumes(&s));
    SSL_CTX_free(s.shared);
}

static void the_cache_goes_first(void **state)
{
    struct setting s = resumable();
    struct talk c, t;
    struct pair p;

    (void)state;
    pair_init(&p, &s);
    cq_tls_cache_free(cache);
    assert_true(talk(&p, 10, 10, &c, &t));
    pair_fini(&p);
    assert_int_equal(cq_tls_cache_new(&cache, &cq_mem_libc), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(again_and_again, setup, teardown),
        cmocka_unit_test_setup_teardown(once, setup, teardown),
        cmocka_unit_test_setup_teardown(never_for_another, setup, teardown),
        cmocka_unit_test_setup_teardown(never_under_another_trust, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_in_silence, setup, teardown),
        cmocka_unit_test_setup_teardown(not_after_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(not_a_day_after_the_full_one, setup, teardown),
        cmocka_unit_test_setup_teardown(not_after_the_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(not_after_a_break, setup, teardown),
        cmocka_unit_test_setup_teardown(with_a_client_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(the_cache_goes_first, setup, teardown),
    };

    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
