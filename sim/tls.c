/* SPDX-License-Identifier: Apache-2.0 */
/* Server-side TLS over memory BIOs (tls.h). */
#include "sim/tls.h"

#include "sim/tlsmake.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cqsim_tls_context {
    SSL_CTX *ctx;
};

struct cqsim_tls {
    SSL *ssl;
    BIO *in;
    BIO *out;
};

static bool use_files(SSL_CTX *ctx, const struct cqsim_tls_files *files)
{
    return SSL_CTX_use_certificate_chain_file(ctx, files->cert) == 1 &&
           SSL_CTX_use_PrivateKey_file(ctx, files->key, SSL_FILETYPE_PEM) == 1;
}

static bool use_made(SSL_CTX *ctx, const struct cqsim_pki *pki, bool expired)
{
    return SSL_CTX_use_certificate(ctx, expired ? pki->expired : pki->leaf) == 1 &&
           SSL_CTX_use_PrivateKey(ctx, pki->key) == 1;
}

/* What goes for both: the key fits, clients' certificates, versions, sessions by ticket. */
static bool settle(SSL_CTX *ctx, const struct cqsim_tls_files *files)
{
    static const unsigned char id[] = "cqlsim";
    if (SSL_CTX_check_private_key(ctx) != 1) return false;
    SSL_CTX_set_session_id_context(ctx, id, sizeof id - 1);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets need no memory here */
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    if (files->client_ca != NULL) {
        if (SSL_CTX_load_verify_locations(ctx, files->client_ca, NULL) != 1) return false;
        STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(files->client_ca);
        if (names != NULL) SSL_CTX_set_client_CA_list(ctx, names);
        int mode = SSL_VERIFY_PEER;
        if (files->require_client_cert) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        SSL_CTX_set_verify(ctx, mode, NULL);
    }
    if (files->max != NULL && strcmp(files->max, "1.2") == 0)
        return SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1;
    return true;
}

static struct cqsim_tls_context *finish(SSL_CTX *ctx, bool ok, char *error, size_t n_error)
{
    if (ok) {
        struct cqsim_tls_context *c = cqsim_alloc(sizeof *c);
        c->ctx = ctx;
        return c;
    }
    snprintf(error, n_error, "TLS: %s", ERR_reason_error_string(ERR_peek_last_error()));
    SSL_CTX_free(ctx);
    return NULL;
}

struct cqsim_tls_context *cqsim_tls_context_new(const struct cqsim_tls_files *files, char *error,
                                                size_t n_error)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    bool ok = ctx != NULL && use_files(ctx, files) && settle(ctx, files);
    return finish(ctx, ok, error, n_error);
}

struct cqsim_tls_context *cqsim_tls_context_made(const struct cqsim_tls_files *files,
                                                 const struct cqsim_pki *pki, bool expired,
                                                 char *error, size_t n_error)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    bool ok = ctx != NULL && use_made(ctx, pki, expired) && settle(ctx, files);
    return finish(ctx, ok, error, n_error);
}

void cqsim_tls_context_free(struct cqsim_tls_context *ctx)
{
    if (ctx == NULL) return;
    SSL_CTX_free(ctx->ctx);
    free(ctx);
}

struct cqsim_tls *cqsim_tls_new(struct cqsim_tls_context *ctx)
{
    struct cqsim_tls *tls = cqsim_alloc(sizeof *tls);
    tls->ssl = SSL_new(ctx->ctx);
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    if (tls->ssl == NULL || tls->in == NULL || tls->out == NULL) abort();
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    SSL_set_accept_state(tls->ssl);
    return tls;
}

void cqsim_tls_free(struct cqsim_tls *tls)
{
    if (tls == NULL) return;
    SSL_free(tls->ssl);
    free(tls);
}

bool cqsim_tls_feed(struct cqsim_tls *tls, struct cqsim_slice cipher, struct cqsim_buf *plain)
{
    enum { CHUNK = 16 << 10 };
    ERR_clear_error();
    if (cipher.n > 0) BIO_write(tls->in, cipher.p, (int)cipher.n);
    for (;;) {
        int n = SSL_read(tls->ssl, cqsim_buf_space(plain, CHUNK), CHUNK);
        if (n > 0) {
            plain->end += (size_t)n;
            continue;
        }
        int why = SSL_get_error(tls->ssl, n);
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ||
               why == SSL_ERROR_ZERO_RETURN;
    }
}

bool cqsim_tls_write(struct cqsim_tls *tls, struct cqsim_slice plain)
{
    ERR_clear_error();
    return plain.n == 0 || SSL_write(tls->ssl, plain.p, (int)plain.n) == (int)plain.n;
}

void cqsim_tls_shutdown(struct cqsim_tls *tls)
{
    ERR_clear_error();
    SSL_shutdown(tls->ssl);
}

void cqsim_tls_out(struct cqsim_tls *tls, struct cqsim_buf *cipher)
{
    size_t n = BIO_ctrl_pending(tls->out);
    if (n == 0) return;
    int got = BIO_read(tls->out, cqsim_buf_space(cipher, n), (int)n);
    if (got > 0) cipher->end += (size_t)got;
}

bool cqsim_tls_is_open(const struct cqsim_tls *tls)
{
    return SSL_is_init_finished(tls->ssl) == 1;
}

bool cqsim_tls_is_resumed(const struct cqsim_tls *tls)
{
    return SSL_session_reused(tls->ssl) == 1;
}

bool cqsim_tls_has_client_cert(const struct cqsim_tls *tls)
{
    X509 *cert = SSL_get1_peer_certificate(tls->ssl);
    X509_free(cert);
    return cert != NULL;
}
