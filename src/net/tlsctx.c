/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust configurations and the SSL of one connection (net/tlsctx.h, net/tls.h).
 *
 * A context is found by the SHA-256 of all that it is made of. One that nobody uses is kept for the
 * next who asks (CQ_MAX_TLS_IDLE, the oldest goes first), so that crawls one after the other do not
 * parse the same PEM again. The system's CAs are one store for all (16-27 ms and 690 KB a copy
 * otherwise); OpenSSL reads their files, ours are PEM texts. Failures name what could not be used,
 * never its content.
 */
#include "net/tlsctx.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "net/tls.h"
#include "net/tlskeep.h"
#include "net/tlstable.h"

enum { MAX_CHAIN = 10, MAX_HOST = 255, DIGEST = CQ_TLS_DIGEST };

struct cq_tls_cache {
    const struct cq_mem *mem;
    struct cq_tls_ctx *all;
    size_t n_idle;
    uint64_t clock;
    X509_STORE *system;       /* NULL until somebody wants it */
    struct cq_tls_keep *keep; /* the same */
};

int cq_tls_cache_new(struct cq_tls_cache **out, const struct cq_mem *mem)
{
    struct cq_tls_cache *c = cq_calloc(mem, 1, sizeof *c);

    if (!c) return CQ_ENOMEM;
    c->mem = mem;
    *out = c;
    return 0;
}

static void free_ctx(struct cq_tls_ctx *t)
{
    SSL_CTX_free(t->ssl);
    BIO_meth_free(t->method);
    cq_free(t->mem, t->chains);
    cq_free(t->mem, t);
}

static void unlink_ctx(struct cq_tls_cache *c, struct cq_tls_ctx *t)
{
    struct cq_tls_ctx **at = &c->all;

    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
}

void cq_tls_cache_free(struct cq_tls_cache *c)
{
    struct cq_tls_ctx *next;

    if (!c) return;
    for (struct cq_tls_ctx *t = c->all; t; t = next) {
        next = t->next;
        t->cache = NULL;
        if (t->refs == 0) free_ctx(t);
    }
    X509_STORE_free(c->system);
    cq_tls_keep_free(c->keep);
    cq_free(c->mem, c);
}

struct cq_tls_keep *cq_tls_ctx_keep(struct cq_tls_ctx *t)
{
    struct cq_tls_cache *c = t->cache;

    if (c && !c->keep)
        (void)cq_tls_keep_new(&c->keep, c->mem); /* without memory: full handshakes */
    return c ? c->keep : NULL;
}

const BIO_METHOD *cq_tls_ctx_method(const struct cq_tls_ctx *t)
{
    return t->method;
}

const uint8_t *cq_tls_ctx_digest(const struct cq_tls_ctx *t)
{
    return t->digest;
}

struct cq_tls_ctx *cq_tls_ctx_retain(struct cq_tls_ctx *t)
{
    if (t->refs++ == 0) t->cache->n_idle--;
    return t;
}

static void trim(struct cq_tls_cache *c)
{
    struct cq_tls_ctx *oldest = NULL;

    if (c->n_idle <= CQ_MAX_TLS_IDLE) return;
    for (struct cq_tls_ctx *t = c->all; t; t = t->next)
        if (t->refs == 0 && (!oldest || t->idle_since < oldest->idle_since)) oldest = t;
    unlink_ctx(c, oldest);
    free_ctx(oldest);
    c->n_idle--;
}

void cq_tls_ctx_release(struct cq_tls_ctx *t)
{
    if (!t) return;
    assert(t->refs > 0);
    if (--t->refs > 0) return;
    if (!t->cache) {
        free_ctx(t);
        return;
    }
    t->idle_since = ++t->cache->clock;
    t->cache->n_idle++;
    trim(t->cache);
}

int cq_tls_digest(cq_bytes b, uint8_t out[DIGEST])
{
    unsigned int n = 0;

    return EVP_Digest(b.p, b.n, out, &n, EVP_sha256(), NULL) && n == DIGEST ? 0 : CQ_EINTERNAL;
}

/* Each part with its length before it, so that no two configurations read the same. */
static int digest_of(const struct cq_mem *mem, const struct cq_tls_config *g, uint8_t out[DIGEST])
{
    const cq_bytes parts[] = {g->ca_pem, g->cert_pem, g->key_pem};
    const int numbers[] = {(int)g->mode, g->min_version, g->max_version};
    struct cq_buf b;
    int err;

    cq_buf_init(&b, mem, SIZE_MAX / 2);
    cq_buf_put(&b, numbers, sizeof numbers);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t n = cq_is_null(parts[i]) ? SIZE_MAX : parts[i].n;

        cq_buf_put(&b, &n, sizeof n);
        cq_buf_put(&b, parts[i].p, parts[i].n);
    }
    err = b.err ? b.err : cq_tls_digest(cq_buf_view(&b), out);
    if (b.p) cq_wipe(b.p, b.cap); /* it held a private key */
    cq_buf_fini(&b);
    return err;
}

static int use_system_cas(struct cq_tls_cache *c, SSL_CTX *ssl, struct cq_fault *f)
{
    if (!c->system) {
        c->system = X509_STORE_new();
        if (!c->system || X509_STORE_set_default_paths(c->system) != 1)
            return cq_tls_refuse(f, "the system's CA certificates");
    }
    SSL_CTX_set1_cert_store(ssl, c->system);
    return 0;
}

static int on_cert_asked(SSL *ssl, void *arg)
{
    struct cq_tls *t = SSL_get_app_data(ssl);

    (void)arg;
    if (t) t->cert_asked = true;
    return 1; /* go on with what there is */
}

static void set_modes(SSL_CTX *ssl, enum cq_tls_mode mode)
{
    bool verify = mode == CQ_TLS_VERIFY_CA || mode == CQ_TLS_VERIFY_FULL;

    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_AUTO_RETRY);
    (void)SSL_CTX_set_max_send_fragment(ssl, CQ_TLS_OUT); /* the buffer for it is as large */
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ssl, cq_tls_on_session);
    SSL_CTX_set_verify_depth(ssl, MAX_CHAIN);
    SSL_CTX_set_verify(ssl, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                       verify ? cq_tls_on_verify : NULL);
    SSL_CTX_set_cert_cb(ssl, on_cert_asked, NULL);
}

static int set_up(struct cq_tls_cache *c, const struct cq_tls_config *g, SSL_CTX *ssl,
                  struct cq_fault *f)
{
    bool verify = g->mode == CQ_TLS_VERIFY_CA || g->mode == CQ_TLS_VERIFY_FULL;
    int err = 0;

    set_modes(ssl, g->mode);
    if (SSL_CTX_set_min_proto_version(ssl, g->min_version ? g->min_version : TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ssl, g->max_version) != 1)
        return cq_tls_refuse(f, "the TLS versions");
    if (cq_is_null(g->cert_pem) != cq_is_null(g->key_pem))
        return cq_tls_refuse(f, "a client certificate needs its key, and a key its certificate");
    if (!cq_is_null(g->ca_pem))
        err = cq_tls_use_ca(ssl, g->ca_pem, f);
    else if (verify)
        err = use_system_cas(c, ssl, f);
    if (!err && !cq_is_null(g->cert_pem)) err = cq_tls_use_chain(ssl, g->cert_pem, f);
    if (!err && !cq_is_null(g->key_pem)) err = cq_tls_use_key(ssl, g->key_pem, f);
    return err;
}

static int build(struct cq_tls_cache *c, const struct cq_tls_config *g, struct cq_tls_ctx **out,
                 struct cq_fault *f)
{
    struct cq_tls_ctx *t = cq_calloc(c->mem, 1, sizeof *t);
    int err;

    if (!t) return CQ_ENOMEM;
    ERR_clear_error();
    t->functions = &cq_tls_functions;
    t->mem = c->mem;
    t->mode = g->mode;
    t->ssl = SSL_CTX_new(TLS_client_method());
    t->method = cq_tls_method_new();
    if (t->ssl) SSL_CTX_set_cert_verify_callback(t->ssl, cq_tls_verify, t);
    err = t->ssl && t->method ? set_up(c, g, t->ssl, f) : CQ_ENOMEM;
    ERR_clear_error();
    if (err) {
        free_ctx(t);
        return err;
    }
    *out = t;
    return 0;
}

static struct cq_tls_ctx *find(const struct cq_tls_cache *c, const uint8_t digest[DIGEST])
{
    struct cq_tls_ctx *t = c->all;

    while (t && memcmp(t->digest, digest, DIGEST) != 0)
        t = t->next;
    return t;
}

bool cq_tls_cache_has(struct cq_tls_cache *c, const struct cq_tls_config *cfg)
{
    uint8_t digest[DIGEST];

    return digest_of(c->mem, cfg, digest) == 0 && find(c, digest);
}

int cq_tls_cache_get(struct cq_tls_cache *c, const struct cq_tls_config *cfg,
                     struct cq_tls_ctx **out, struct cq_fault *f)
{
    uint8_t digest[DIGEST];
    struct cq_tls_ctx *t;
    int err;

    if (cfg->mode == CQ_TLS_DISABLE) return cq_fault_set(f, CQ_ETLS_CONFIG, "TLS is disabled");
    err = digest_of(c->mem, cfg, digest);
    if (err) return cq_fault_set(f, err, "no memory for TLS");
    t = find(c, digest);
    if (t) {
        *out = cq_tls_ctx_retain(t);
        return 0;
    }
    err = build(c, cfg, &t, f);
    if (err) return cq_fault_set(f, err, "no memory for TLS");
    memcpy(t->digest, digest, DIGEST);
    t->cache = c;
    t->refs = 1;
    t->next = c->all;
    c->all = t;
    *out = t;
    return 0;
}

/* The host as certificates and SNI write it: no zone id, no dot at its end. */
static void plain_host(const char *host, char out[MAX_HOST + 1])
{
    size_t n = cq_addr_parse(host, 0, NULL) ? strcspn(host, "%") : strlen(host);

    if (n > MAX_HOST) n = MAX_HOST;
    if (n > 1 && host[n - 1] == '.') n--;
    memcpy(out, host, n);
    out[n] = 0;
}

static int expect_name(SSL *ssl, const char *name)
{
    X509_VERIFY_PARAM *p = SSL_get0_param(ssl);

    if (cq_addr_parse(name, 0, NULL)) return X509_VERIFY_PARAM_set1_ip_asc(p, name);
    X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(p, name, 0);
}

int cq_tls_client(struct cq_tls_ctx *c, const struct cq_tls_peer *peer, struct ssl_st **out)
{
    SSL *ssl = SSL_new(c->ssl);
    char sni[MAX_HOST + 1];
    char name[MAX_HOST + 1];
    int ok = 1;

    if (!ssl) return CQ_ENOMEM;
    plain_host(peer->sni ? peer->sni : peer->host, sni);
    plain_host(peer->verify_name ? peer->verify_name : peer->host, name);
    if (!cq_addr_parse(sni, 0, NULL)) ok = (int)SSL_set_tlsext_host_name(ssl, sni); /* RFC 6066 3 */
    if (ok == 1 && c->mode == CQ_TLS_VERIFY_FULL) ok = expect_name(ssl, name);
    SSL_set_connect_state(ssl);
    ERR_clear_error();
    if (ok != 1) {
        SSL_free(ssl);
        return CQ_EINVALID;
    }
    *out = ssl;
    return 0;
}
