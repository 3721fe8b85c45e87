/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM texts into an SSL_CTX: CAs, client certificate with its chain, its key. Reads no files and
 * never asks for a password (OpenSSL would, on the terminal). Failures say what could not be used
 * and why, never what is in it.
 */
#include "net/tls.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

int cq_tls_refuse(struct cq_fault *f, const char *what)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());

    return cq_fault_set(f, CQ_ETLS_CONFIG, "%s%s%s", what, why ? ": " : "", why ? why : "");
}

/* OpenSSL would ask on the terminal otherwise. */
static int no_password(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    *(bool *)ctx = true;
    return -1;
}

static BIO *open_pem(cq_bytes pem)
{
    return pem.n <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
}

/* The next certificate of b, or NULL at its end and at what is none. */
static X509 *next_cert(BIO *b)
{
    bool asked = false;

    return PEM_read_bio_X509(b, NULL, no_password, &asked);
}

/* The end of a PEM text is told by PEM_R_NO_START_LINE; anything else is a certificate that is
 * broken. */
static bool at_end(void)
{
    unsigned long e = ERR_peek_last_error();

    return e == 0 || (ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE);
}

int cq_tls_use_ca(SSL_CTX *ssl, cq_bytes pem, struct cq_fault *f)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ssl);
    BIO *b = open_pem(pem);
    X509 *x;
    size_t n = 0;
    bool whole;

    if (!b) return cq_tls_refuse(f, "the CA text");
    while ((x = next_cert(b)) != NULL) {
        n += X509_STORE_add_cert(store, x) == 1;
        X509_free(x);
    }
    BIO_free(b);
    whole = at_end();
    if (!whole) return cq_tls_refuse(f, "a certificate of the CA text is broken");
    ERR_clear_error();
    return n ? 0 : cq_tls_refuse(f, "the CA text holds no PEM certificate");
}

int cq_tls_use_chain(SSL_CTX *ssl, cq_bytes pem, struct cq_fault *f)
{
    BIO *b = open_pem(pem);
    X509 *x = b ? next_cert(b) : NULL;
    int rc = x ? SSL_CTX_use_certificate(ssl, x) : 0;

    X509_free(x);
    while (rc == 1 && (x = next_cert(b)) != NULL) {
        rc = (int)SSL_CTX_add1_chain_cert(ssl, x);
        X509_free(x);
    }
    BIO_free(b);
    if (rc != 1 || !at_end())
        return cq_tls_refuse(f, "the client certificate could not be read (PEM)");
    ERR_clear_error();
    return 0;
}

int cq_tls_use_key(SSL_CTX *ssl, cq_bytes pem, struct cq_fault *f)
{
    BIO *b = open_pem(pem);
    bool asked = false;
    EVP_PKEY *key = b ? PEM_read_bio_PrivateKey(b, NULL, no_password, &asked) : NULL;
    int rc = key ? SSL_CTX_use_PrivateKey(ssl, key) : 0;

    BIO_free(b);
    EVP_PKEY_free(key);
    if (asked) {
        ERR_clear_error();
        return cq_tls_refuse(f, "the client key is encrypted: give it without a password");
    }
    if (!key) return cq_tls_refuse(f, "the client key could not be read (PEM)");
    if (rc != 1 || SSL_CTX_check_private_key(ssl) != 1)
        return cq_tls_refuse(f, "the client key does not belong to the client certificate");
    return 0;
}
