/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates by OpenSSL's API (tests/net/certs.h): P-256, one day, no files. */
#include "net/certs.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void to_pem(BIO *b, char *out, size_t n)
{
    int got = BIO_read(b, out, (int)n - 1);

    MUST(got > 0);
    out[got] = 0;
    BIO_free(b);
}

static void extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *e;

    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    MUST(e);
    MUST(X509_add_ext(x, e, -1));
    X509_EXTENSION_free(e);
}

void cert_make(struct cert *out, const struct cert_spec *spec, const struct cert *issuer)
{
    const struct cert *by = issuer ? issuer : out;
    static long serial = 1;
    X509_NAME *name;
    BIO *b;

    out->key = EVP_EC_gen("P-256");
    out->x = X509_new();
    MUST(out->key && out->x);
    X509_set_version(out->x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(out->x), serial++);
    X509_gmtime_adj(X509_getm_notBefore(out->x), spec->from_s ? spec->from_s : -3600);
    X509_gmtime_adj(X509_getm_notAfter(out->x), spec->to_s ? spec->to_s : 86400);
    X509_set_pubkey(out->x, out->key);
    name = X509_get_subject_name(out->x);
    MUST(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)spec->cn, -1,
                                    -1, 0));
    MUST(X509_set_issuer_name(out->x, X509_get_subject_name(by->x)));
    extend(out->x, by->x, NID_basic_constraints, spec->ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (spec->names) extend(out->x, by->x, NID_subject_alt_name, spec->names);
    MUST(X509_sign(out->x, by->key, EVP_sha256()) > 0);
    b = BIO_new(BIO_s_mem());
    MUST(PEM_write_bio_X509(b, out->x));
    to_pem(b, out->cert_pem, sizeof out->cert_pem);
    b = BIO_new(BIO_s_mem());
    MUST(PEM_write_bio_PrivateKey(b, out->key, NULL, NULL, 0, NULL, NULL));
    to_pem(b, out->key_pem, sizeof out->key_pem);
}

void cert_free(struct cert *c)
{
    X509_free(c->x);
    EVP_PKEY_free(c->key);
}

SSL_CTX *server_ctx(const struct server_spec *s)
{
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());

    MUST(c);
    if (s->min_version && s->min_version < TLS1_2_VERSION) SSL_CTX_set_security_level(c, 0);
    MUST(SSL_CTX_set_min_proto_version(c, s->min_version));
    MUST(SSL_CTX_set_max_proto_version(c, s->max_version));
    MUST(SSL_CTX_use_certificate(c, s->cert->x));
    MUST(SSL_CTX_use_PrivateKey(c, s->cert->key));
    if (s->ciphers) MUST(SSL_CTX_set_cipher_list(c, s->ciphers));
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (s->client_ca) {
        MUST(X509_STORE_add_cert(SSL_CTX_get_cert_store(c), s->client_ca->x));
        SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return c;
}
