/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 by OpenSSL 3 (tlsmake.h; RFC 5280). */
#include "sim/tlsmake.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

enum { DAY_S = 86400 };

struct wish {
    const char *name;
    long serial, from_s, to_s; /* from now */
    bool is_ca;
    const char *names; /* subjectAltName; NULL = none */
};

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = e != NULL && X509_add_ext(cert, e, -1) == 1;
    X509_EXTENSION_free(e);
    return ok;
}

static bool fill(X509 *cert, const struct wish *w, EVP_PKEY *key, X509 *issuer, EVP_PKEY *ca_key)
{
    X509_NAME *name = X509_get_subject_name(cert);
    X509 *by = issuer != NULL ? issuer : cert;
    return X509_set_version(cert, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(cert), w->serial) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(cert), w->from_s) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(cert), w->to_s) != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)w->name, -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(cert, X509_get_subject_name(by)) == 1 &&
           X509_set_pubkey(cert, key) == 1 &&
           add_extension(cert, by, NID_basic_constraints,
                         w->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
           add_extension(cert, by, NID_subject_key_identifier, "hash") &&
           add_extension(cert, by, NID_authority_key_identifier, "keyid") &&
           (w->names == NULL || add_extension(cert, by, NID_subject_alt_name, w->names)) &&
           X509_sign(cert, ca_key, EVP_sha256()) > 0;
}

static X509 *make(const struct wish *w, EVP_PKEY *key, X509 *issuer, EVP_PKEY *ca_key)
{
    X509 *cert = X509_new();
    if (cert != NULL && key != NULL && fill(cert, w, key, issuer, ca_key)) return cert;
    X509_free(cert);
    return NULL;
}

bool cqsim_pki_init(struct cqsim_pki *p, const uint8_t ip[4])
{
    char names[128];
    snprintf(names, sizeof names, "DNS:cqlsim.example,DNS:localhost,IP:%u.%u.%u.%u", ip[0], ip[1],
             ip[2], ip[3]);
    const struct wish ca = {"cqlsim CA", 1, -DAY_S, 30L * DAY_S, true, NULL};
    const struct wish leaf = {"cqlsim.example", 2, -DAY_S, 30L * DAY_S, false, names};
    const struct wish expired = {"cqlsim.example", 3, -30L * DAY_S, -DAY_S, false, names};
    *p = (struct cqsim_pki){.ca_key = EVP_EC_gen("P-256"), .key = EVP_EC_gen("P-256")};
    p->ca = make(&ca, p->ca_key, NULL, p->ca_key);
    if (p->ca == NULL) return false;
    p->leaf = make(&leaf, p->key, p->ca, p->ca_key);
    p->expired = make(&expired, p->key, p->ca, p->ca_key);
    return p->leaf != NULL && p->expired != NULL;
}

void cqsim_pki_fini(struct cqsim_pki *p)
{
    EVP_PKEY_free(p->ca_key);
    EVP_PKEY_free(p->key);
    X509_free(p->ca);
    X509_free(p->leaf);
    X509_free(p->expired);
    *p = (struct cqsim_pki){0};
}

void cqsim_pki_put_ca(const struct cqsim_pki *p, struct cqsim_buf *out)
{
    char *text;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL || PEM_write_bio_X509(bio, p->ca) != 1) abort();
    long n = BIO_get_mem_data(bio, &text);
    cqsim_put(out, text, (size_t)n);
    BIO_free(bio);
}
