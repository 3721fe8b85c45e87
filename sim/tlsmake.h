/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates made at the start: a CA that signs itself and, by it, one for cqlsim.example and
 * localhost that holds or one that has expired. All keys are ECDSA P-256; nothing but the CA's
 * certificate is ever written.
 */
#ifndef CQSIM_TLSMAKE_H
#define CQSIM_TLSMAKE_H

#include "sim/config.h"

#include <openssl/ssl.h>

struct cqsim_pki {
    EVP_PKEY *ca_key, *key;
    X509 *ca, *leaf, *expired;
};

/* false when OpenSSL could not. fini() takes half-made ones, too. */
bool cqsim_pki_init(struct cqsim_pki *p, const uint8_t ip[4]);
void cqsim_pki_fini(struct cqsim_pki *p);
/* The CA's certificate as PEM. */
void cqsim_pki_put_ca(const struct cqsim_pki *p, struct cqsim_buf *out);

#endif
