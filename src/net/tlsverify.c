/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the peer's chain to be trusted? OpenSSL says so, once: net/tlschain.h remembers. Goes well:
 * the verdict is found, or made and kept. Fails: as OpenSSL refuses it (net/tlserr.c has the
 * words), and nothing is kept.
 *
 *   key = SHA-256( the name or address expected, NUL | length, certificate | ... ), the leaf first
 */
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "net/tls.h"
#include "net/tlschain.h"
#include "net/tlsctx.h"

enum { MAX_CHAIN_BYTES = 65536 }; /* OpenSSL takes 100 KiB; larger ones are verified each time */

static void put_name(struct cq_buf *b, X509_STORE_CTX *store)
{
    X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(store);
    const char *host = X509_VERIFY_PARAM_get0_host(p, 0);
    char *ip = X509_VERIFY_PARAM_get1_ip_asc(p);

    cq_buf_printf(b, "%s|%s", host ? host : "", ip ? ip : "");
    cq_buf_putc(b, 0);
    OPENSSL_free(ip);
}

static void put_cert(struct cq_buf *b, X509 *cert)
{
    int n = i2d_X509(cert, NULL);
    uint8_t *to;

    if (n <= 0) {
        b->err = CQ_EINVALID;
        return;
    }
    cq_buf_put(b, &n, sizeof(n));
    to = cq_buf_room(b, (size_t)n);
    if (!to) return;
    b->n += (size_t)n;
    (void)i2d_X509(cert, &to);
}

/* False: no memory, or too much. */
static bool key_of(const struct cq_mem *mem, X509_STORE_CTX *store, uint8_t key[CQ_TLS_CHAIN_KEY])
{
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store);
    X509 *cert = X509_STORE_CTX_get0_cert(store);
    struct cq_buf b;
    bool ok;

    cq_buf_init(&b, mem, MAX_CHAIN_BYTES);
    put_name(&b, store);
    if (sk_X509_value(sent, 0) != cert) put_cert(&b, cert);
    for (int i = 0; i < sk_X509_num(sent); i++)
        put_cert(&b, sk_X509_value(sent, i));
    ok = !b.err && SHA256(cq_buf_view(&b).p, cq_buf_view(&b).n, key);
    cq_buf_fini(&b);
    return ok;
}

/* When all of the chain that was verified is valid. An end or a beginning that is not understood:
 * never. */
static void span(X509_STORE_CTX *store, struct cq_tls_chain *x)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);

    x->from_ms = 0;
    x->until_ms = INT64_MAX;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        const X509 *cert = sk_X509_value(chain, i);
        int64_t from = cq_tls_ms_of(X509_get0_notBefore(cert));
        int64_t until = cq_tls_ms_of(X509_get0_notAfter(cert));

        if (from > x->from_ms) x->from_ms = from;
        if (from == -1 || until < x->until_ms) x->until_ms = from == -1 ? -1 : until;
    }
}

static int verify(struct cq_tls *t, struct cq_tls_ctx *c, X509_STORE_CTX *store)
{
    const struct cq_tls_chain *known = NULL;
    struct cq_tls_chain x = {.until_ms = -1};
    bool has_key = key_of(t->mem, store, x.key);

    if (has_key && c->chains) known = cq_tls_chain_find(c->chains, x.key, t->wall_ms);
    if (known) {
        t->trusted_ms = known->until_ms;
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    if (X509_verify_cert(store) != 1) return 0;
    if (X509_STORE_CTX_get_error(store) != X509_V_OK) return 1; /* as if nobody had looked */
    span(store, &x);
    t->trusted_ms = x.until_ms;
    if (!c->chains) c->chains = cq_calloc(c->mem, 1, sizeof(*c->chains));
    if (has_key && c->chains) cq_tls_chain_put(c->chains, &x);
    return 1;
}

int cq_tls_verify(X509_STORE_CTX *store, void *ctx)
{
    struct cq_tls_ctx *c = ctx;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct cq_tls *t = ssl ? SSL_get_app_data(ssl) : NULL;

    if (c->mode == CQ_TLS_REQUIRE) return 1; /* nobody asks whether it would be trusted */
    return t ? verify(t, c, store) : X509_verify_cert(store);
}
