/* SPDX-License-Identifier: Apache-2.0 */
/* A chain is verified once: for that name, under that trust, as long as it is valid; and what was
 * refused is refused again. */
#include "net/pair.h"

#include <time.h>

#include "net/tlschain.h"

static int64_t now_ms(void)
{
    return (int64_t)time(NULL) * 1000;
}

static struct setting at(int64_t wall_ms)
{
    struct setting s = plain_setting();

    s.peer.wall_ms = wall_ms;
    return s;
}

static int setup(void **state)
{
    (void)state;
    cq_tls_cache_free(cache);
    return cq_tls_cache_new(&cache, &cq_mem_libc);
}

/* A full handshake that goes well. Did OpenSSL verify the chain? */
static bool verifies(const struct setting *s)
{
    struct talk c;
    struct pair p;
    bool did;

    run_pair(&p, s, &c);
    if (p.client.fault.err) fail_msg("%s", cq_blame_text(&p.client.fault));
    assert_int_equal(p.client.tls.state, CQ_TLS_OPEN);
    assert_false(SSL_session_reused(p.client.tls.ssl));
    assert_int_equal(SSL_get_verify_result(p.client.tls.ssl), X509_V_OK);
    assert_string_equal(p.client.tls.subject, "CN=leaf");
    assert_true(p.client.tls.trusted_ms <= p.client.tls.not_after_ms);
    assert_true(p.client.tls.trusted_ms > now_ms());
    did = SSL_get0_verified_chain(p.client.tls.ssl) != NULL;
    pair_fini(&p);
    return did;
}

static void refused(const struct setting *s, int err)
{
    struct talk c;
    struct pair p;

    run_pair(&p, s, &c);
    assert_int_equal(p.client.tls.state, CQ_TLS_FAILED);
    assert_int_equal(p.client.fault.err, err);
    pair_fini(&p);
}

static void once(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct setting s = at(now_ms());

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        s.server.min_version = s.server.max_version = versions[i];
        assert_int_equal(verifies(&s), i == 0);
        assert_false(verifies(&s));
    }
}

static void not_for_another_name(void **state)
{
    struct setting s = at(now_ms());

    (void)state;
    assert_true(verifies(&s));
    s.peer.host = "else.example";
    refused(&s, CQ_ETLS_NAME);
    refused(&s, CQ_ETLS_NAME);
    s.peer.host = "a.wild.example";
    assert_true(verifies(&s));
    assert_false(verifies(&s));
    s.peer.host = "127.40.2.1";
    assert_true(verifies(&s));
    s.peer.host = "127.40.2.2";
    refused(&s, CQ_ETLS_NAME);
}

static void not_under_another_trust(void **state)
{
    struct setting s = at(now_ms());

    (void)state;
    assert_true(verifies(&s));
    s.cfg.ca_pem = cq_str(other_ca.cert_pem);
    refused(&s, CQ_ETLS_UNTRUSTED);
    s.cfg.ca_pem = cq_str(ca.cert_pem);
    assert_false(verifies(&s));
}

static void not_another_certificate(void **state)
{
    struct setting s = at(now_ms());

    (void)state;
    assert_true(verifies(&s));
    s.server.cert = &self_signed; /* of the same names */
    refused(&s, CQ_ETLS_UNTRUSTED);
    s.server.cert = &expired;
    refused(&s, CQ_ETLS_EXPIRED);
    refused(&s, CQ_ETLS_EXPIRED);
}

/* The wall clock of the verdict alone is moved: OpenSSL has its own, and says yes. The leaf is
 * valid for longer than its CA. */
static void not_at_another_time(void **state)
{
    static const struct cert_spec spec = {
        .cn = "leaf", .names = "DNS:node.example", .to_s = 2 * 86400};
    struct setting s = at(now_ms());
    struct cert long_leaf;
    int64_t end = cq_tls_ms_of(X509_get0_notAfter(ca.x));

    (void)state;
    cert_make(&long_leaf, &spec, &ca);
    s.server.cert = &long_leaf;
    assert_true(verifies(&s));
    s.peer.wall_ms = end - 1;
    assert_false(verifies(&s));
    s.peer.wall_ms = end;
    assert_true(verifies(&s));
    s.peer.wall_ms = 1000; /* before it was made */
    assert_true(verifies(&s));
    cert_free(&long_leaf);
}

static void nobody_is_asked(void **state)
{
    struct setting s = at(now_ms());
    struct talk c;
    struct pair p;

    (void)state;
    s.cfg.mode = CQ_TLS_REQUIRE;
    s.server.cert = &self_signed;
    run_pair(&p, &s, &c);
    assert_int_equal(p.client.tls.state, CQ_TLS_OPEN);
    assert_null(SSL_get0_verified_chain(p.client.tls.ssl));
    assert_null(p.ctx->chains);
    pair_fini(&p);
}

static void places(void **state)
{
    struct cq_tls_chains *c = calloc(1, sizeof(*c));
    struct cq_tls_chain x = {.key = {7, 1}, .from_ms = 10, .until_ms = 20};
    uint8_t none[CQ_TLS_CHAIN_KEY] = {0};

    (void)state;
    assert_non_null(c);
    assert_null(cq_tls_chain_find(c, none, 0)); /* an empty place is nobody's */
    cq_tls_chain_put(c, &x);
    assert_null(cq_tls_chain_find(c, x.key, 9));
    assert_non_null(cq_tls_chain_find(c, x.key, 10));
    assert_non_null(cq_tls_chain_find(c, x.key, 19));
    assert_null(cq_tls_chain_find(c, x.key, 20));
    x.key[31] = 1;
    assert_null(cq_tls_chain_find(c, x.key, 10));
    cq_tls_chain_put(c, &x);
    assert_non_null(cq_tls_chain_find(c, x.key, 10));
    x.key[31] = 0;
    assert_null(cq_tls_chain_find(c, x.key, 10));
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(once, setup),
        cmocka_unit_test_setup(not_for_another_name, setup),
        cmocka_unit_test_setup(not_under_another_trust, setup),
        cmocka_unit_test_setup(not_another_certificate, setup),
        cmocka_unit_test_setup(not_at_another_time, setup),
        cmocka_unit_test_setup(nobody_is_asked, setup),
        cmocka_unit_test(places),
    };

    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
