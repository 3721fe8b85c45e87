/* SPDX-License-Identifier: Apache-2.0 */
/* Trust configurations: found again, counted, refused with words; no content of a key in any of
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
/* after the four above */
#include <cmocka.h>
#include <openssl/pem.h>

#include "net/certs.h"
#include "net/tls.h"
#include "net/tlsctx.h"
#include "net/trust.h"

static struct cert ca, other_ca, client, other;
static char chain[9000];
static char encrypted[2000];

static struct cq_tls_ctx *get(struct cq_tls_cache *c, const struct cq_tls_config *cfg)
{
    struct cq_tls_ctx *t = NULL;
    struct cq_fault f = {0};

    assert_int_equal(cq_tls_cache_get(c, cfg, &t, &f), 0);
    assert_int_equal(f.err, 0);
    return t;
}

static void found_again(void **state)
{
    struct cq_tls_config a = {.mode = CQ_TLS_VERIFY_FULL, .ca_pem = cq_str(ca.cert_pem)};
    struct cq_tls_config others[6] = {a, a, a, a, a, a};
    struct cq_tls_cache *c;
    struct cq_tls_ctx *one;

    (void)state;
    others[0].mode = CQ_TLS_VERIFY_CA;
    others[1].ca_pem = cq_str(other_ca.cert_pem);
    others[2].ca_pem = CQ_NULL;
    others[3].min_version = TLS1_3_VERSION;
    others[4].max_version = TLS1_2_VERSION;
    others[5].cert_pem = cq_str(client.cert_pem);
    others[5].key_pem = cq_str(client.key_pem);
    assert_int_equal(cq_tls_cache_new(&c, &cq_mem_libc), 0);
    one = get(c, &a);
    for (size_t i = 0; i < 6; i++) {
        struct cq_tls_ctx *t = get(c, &others[i]);

        assert_ptr_not_equal(t, one);
        assert_ptr_equal(get(c, &others[i]), t);
        cq_tls_ctx_release(t);
        cq_tls_ctx_release(t);
    }
    assert_ptr_equal(get(c, &a), one);
    cq_tls_ctx_release(one);
    cq_tls_ctx_release(one);
    assert_ptr_equal(get(c, &a), one); /* kept for the next one who asks */
    assert_ptr_equal(cq_tls_ctx_retain(one), one);
    cq_tls_cache_free(c);
    cq_tls_ctx_release(one); /* lives on without the cache */
    cq_tls_ctx_release(one);
    cq_tls_ctx_release(NULL);
}

/* Idle contexts are bounded: with twice as many as are kept, the older half is built anew. */
static void idle_ones_go(void **state)
{
    struct cq_tls_cache *c;
    size_t live = 0;
    struct cert many[2 * CQ_MAX_TLS_IDLE];
    static const struct cert_spec spec = {.cn = "one of many", .ca = true};

    (void)state;
    assert_int_equal(cq_tls_cache_new(&c, &cq_mem_libc), 0);
    for (size_t i = 0; i < 2 * CQ_MAX_TLS_IDLE; i++) {
        struct cq_tls_config cfg = {.mode = CQ_TLS_VERIFY_CA};

        cert_make(&many[i], &spec, NULL);
        cfg.ca_pem = cq_str(many[i].cert_pem);
        cq_tls_ctx_release(get(c, &cfg));
    }
    for (size_t i = 0; i < 2 * CQ_MAX_TLS_IDLE; i++) {
        struct cq_tls_config cfg = {.mode = CQ_TLS_VERIFY_CA, .ca_pem = cq_str(many[i].cert_pem)};

        live += cq_tls_cache_has(c, &cfg);
        cert_free(&many[i]);
    }
    assert_int_equal(live, CQ_MAX_TLS_IDLE);
    cq_tls_cache_free(c);
}

static void refused(const struct cq_tls_config *cfg, const char *words)
{
    struct cq_tls_ctx *t = NULL;
    struct cq_tls_cache *c;
    struct cq_fault f = {0};

    assert_int_equal(cq_tls_cache_new(&c, &cq_mem_libc), 0);
    assert_int_equal(cq_tls_cache_get(c, cfg, &t, &f), CQ_ETLS_CONFIG);
    assert_int_equal(f.err, CQ_ETLS_CONFIG);
    if (!strstr(f.text, words)) fail_msg("%s: no %s", f.text, words);
    assert_null(strstr(f.text, "BEGIN"));
    assert_null(t);
    cq_tls_cache_free(c);
}

/* By its files alone; the ones known longest are forgotten, not those in use. */
static void known_by_files(void **state)
{
    struct cq_tls_config cfg = {.mode = CQ_TLS_VERIFY_FULL, .ca_pem = cq_str(ca.cert_pem)};
    struct cq_trust_files files, another;
    struct cq_tls_ctx *made, *found;
    struct cq_fault f = {0};
    struct cq_trust t;

    (void)state;
    memset(&files, 0, sizeof(files));
    files.ca.inode = 7;
    another = files;
    cq_trust_init(&t, &cq_mem_libc);
    assert_null(cq_trust_of(&t, &files));
    assert_int_equal(cq_trust_get(&t, &cfg, &made, &f), 0);
    cq_trust_know(&t, &files, made);
    found = cq_trust_of(&t, &files);
    assert_ptr_equal(found, made);
    another.min_version = 1;
    assert_null(cq_trust_of(&t, &another));
    cq_trust_release(found);
    for (int i = 0; i < CQ_TRUST_KNOWN; i++) {
        assert_non_null(t.known[0].ctx);
        another.key.size = i;
        cq_trust_know(&t, &another, made);
        assert_ptr_equal(cq_trust_of(&t, &another), made);
        cq_trust_release(made);
    }
    assert_null(cq_trust_of(&t, &files));
    assert_int_equal(made->refs, 1 + CQ_TRUST_KNOWN);
    cq_trust_fini(&t);
    assert_int_equal(made->refs, 1); /* ours */
    cq_trust_release(made);
}

static void refusals(void **state)
{
    struct cq_tls_config g = {.mode = CQ_TLS_VERIFY_CA, .ca_pem = cq_str(ca.cert_pem)};
    struct cq_tls_config b;
    static char broken[5000];

    (void)state;
    b = g;
    b.mode = CQ_TLS_DISABLE;
    refused(&b, "disabled");
    b = g;
    b.ca_pem = CQ_LIT("");
    refused(&b, "no PEM certificate");
    b.ca_pem = CQ_LIT("not a certificate at all\n");
    refused(&b, "no PEM certificate");
    b.ca_pem = cq_str(client.key_pem);
    refused(&b, "no PEM certificate");
    snprintf(broken, sizeof broken, "%s%.300s\n-----END CERTIFICATE-----\n", ca.cert_pem,
             other_ca.cert_pem);
    b.ca_pem = cq_str(broken);
    refused(&b, "broken");
    b = g;
    b.cert_pem = cq_str(client.cert_pem);
    refused(&b, "needs its key");
    b.key_pem = CQ_LIT("nonsense");
    refused(&b, "client key could not be read");
    b.key_pem = cq_str(other.key_pem);
    refused(&b, "does not belong");
    b.key_pem = cq_str(encrypted);
    refused(&b, "encrypted");
    b.key_pem = cq_str(client.key_pem);
    b.cert_pem = CQ_LIT("nonsense");
    refused(&b, "client certificate could not be read");
    b.cert_pem = CQ_NULL;
    refused(&b, "needs its key");
    b = g;
    b.min_version = 77;
    refused(&b, "TLS versions");
}

static void accepted(void **state)
{
    struct cq_tls_config g = {.mode = CQ_TLS_VERIFY_CA,
                              .ca_pem = cq_str(chain),
                              .cert_pem = cq_str(client.cert_pem),
                              .key_pem = cq_str(client.key_pem)};
    struct cq_tls_cache *c;
    struct cq_tls_ctx *t;
    struct cq_tls_peer peer = {.host = "node.example"};
    struct ssl_st *ssl = NULL;

    (void)state;
    assert_int_equal(cq_tls_cache_new(&c, &cq_mem_libc), 0);
    t = get(c, &g);
    assert_int_equal(cq_tls_client(t, &peer, &ssl), 0);
    SSL_free(ssl);
    cq_tls_ctx_release(t);
    snprintf(chain, sizeof chain, "%s%s", client.cert_pem, ca.cert_pem);
    g.cert_pem = cq_str(chain); /* the chain may follow */
    g.ca_pem = cq_str(ca.cert_pem);
    cq_tls_ctx_release(get(c, &g));
    cq_tls_cache_free(c);
}

struct failing {
    size_t calls, fail_at;
};

static void *failing_resize(void *ctx, void *p, size_t n)
{
    struct failing *f = ctx;

    if (n > 0 && ++f->calls == f->fail_at) return NULL;
    return cq_mem_libc.resize(NULL, p, n);
}

static void without_memory(void **state)
{
    struct cq_tls_config g = {.mode = CQ_TLS_VERIFY_CA, .ca_pem = cq_str(ca.cert_pem)};
    size_t n = 1;

    (void)state;
    for (;; n++) {
        struct failing f = {.fail_at = n};
        struct cq_mem mem = {failing_resize, &f};
        struct cq_tls_cache *c = NULL;
        struct cq_tls_ctx *t = NULL;
        struct cq_fault fault = {0};
        int err = cq_tls_cache_new(&c, &mem);

        if (!err) err = cq_tls_cache_get(c, &g, &t, &fault);
        cq_tls_ctx_release(t);
        cq_tls_cache_free(c);
        if (!err) break;
        assert_int_equal(err, CQ_ENOMEM);
    }
    assert_true(n > 3);
}

static int make_all(void **state)
{
    static const struct cert_spec ca_spec = {.cn = "test CA", .ca = true};
    static const struct cert_spec other_spec = {.cn = "other CA", .ca = true};
    static const struct cert_spec client_spec = {.cn = "crawler"};
    BIO *b = BIO_new(BIO_s_mem());
    int n;

    (void)state;
    cert_make(&ca, &ca_spec, NULL);
    cert_make(&other_ca, &other_spec, NULL);
    cert_make(&client, &client_spec, &ca);
    cert_make(&other, &client_spec, &ca);
    snprintf(chain, sizeof chain, "# a comment\n%s\n\n%s", ca.cert_pem, other_ca.cert_pem);
    PEM_write_bio_PrivateKey(b, client.key, EVP_aes_128_cbc(), (const unsigned char *)"pw", 2, NULL,
                             NULL);
    n = BIO_read(b, encrypted, sizeof encrypted - 1);
    encrypted[n > 0 ? n : 0] = 0;
    BIO_free(b);
    return n > 0 ? 0 : 1;
}

static int free_all(void **state)
{
    (void)state;
    cert_free(&ca);
    cert_free(&other_ca);
    cert_free(&client);
    cert_free(&other);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_again),  cmocka_unit_test(known_by_files),
        cmocka_unit_test(idle_ones_go), cmocka_unit_test(refusals),
        cmocka_unit_test(accepted),     cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests(tests, make_all, free_all);
}
