/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and server contexts for the TLS tests, made when the test runs and kept in memory.
 */
#ifndef CQ_TESTS_NET_CERTS_H
#define CQ_TESTS_NET_CERTS_H

#include <openssl/ssl.h>

#include "base/bytes.h"

struct cert {
    EVP_PKEY *key;
    X509 *x;
    char cert_pem[4096];
    char key_pem[1024];
};

struct cert_spec {
    const char *cn;
    const char *names; /* subjectAltName in OpenSSL's words: "DNS:a,IP:127.0.0.1"; NULL: none */
    bool ca;
    long from_s; /* from now */
    long to_s;   /* from now; 0: a day */
};

/* issuer NULL: signed by itself. */
void cert_make(struct cert *out, const struct cert_spec *spec, const struct cert *issuer);
void cert_free(struct cert *c);

struct server_spec {
    const struct cert *cert;
    const struct cert *client_ca; /* NULL: no client certificate is asked for */
    int min_version;
    int max_version; /* 0: both */
    const char *ciphers;
};
SSL_CTX *server_ctx(const struct server_spec *s);

#endif
