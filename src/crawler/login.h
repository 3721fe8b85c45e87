/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers to AUTHENTICATE and AUTH_CHALLENGE, or the reason why there is none. A password goes to
 * authenticators that are known to be what they say (or allowed by name), over TLS (or where
 * plaintext is allowed), and once.
 */
#ifndef CQ_CRAWLER_LOGIN_H
#define CQ_CRAWLER_LOGIN_H

#include "base/buf.h"
#include "base/err.h"

enum cq_login { CQ_LOGIN_NONE, CQ_LOGIN_PLAIN, CQ_LOGIN_MTLS };

struct cq_login_options {
    enum cq_login login;
    cq_bytes user, password;
    bool allow_plaintext;
    const char *const *allow_authenticators; /* NULL-terminated; may be NULL */
    bool encrypted;                          /* the transport is */
};

/* Appends the token to `token` (wipe its block when it is sent). 0 or fault->err. */
int cq_login_first(const struct cq_login_options *o, const char *authenticator,
                   struct cq_buf *token, struct cq_fault *fault);
int cq_login_challenge(const struct cq_login_options *o, const char *authenticator,
                       cq_bytes challenge, struct cq_buf *token, struct cq_fault *fault);

#endif
