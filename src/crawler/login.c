/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets a password, and in which dance (crawler/login.h; reference: RFC 4616,
 * protocol.md 1.8, 3.2). */
#include "crawler/login.h"

#include <stdio.h>

#include "proto/conn.h"

static const char *const known[] = {
    "org.apache.cassandra.auth.PasswordAuthenticator",
    "org.apache.cassandra.auth.MutualTlsAuthenticator",
    "org.apache.cassandra.auth.MutualTlsWithPasswordFallbackAuthenticator",
    "com.datastax.bdp.cassandra.auth.DseAuthenticator",
    "com.datastax.bdp.cassandra.auth.PasswordAuthenticator",
    "com.instaclustr.cassandra.auth.SharedSecretAuthenticator",
    "com.instaclustr.cassandra.auth.InstaclustrPasswordAuthenticator",
    "com.ericsson.bss.cassandra.ecaudit.auth.AuditPasswordAuthenticator",
    "com.ericsson.bss.cassandra.ecaudit.auth.AuditAuthenticator",
    "com.amazon.helenus.auth.HelenusAuthenticator",
    "com.scylladb.auth.SaslauthdAuthenticator",
    "com.scylladb.auth.TransitionalAuthenticator",
    "com.scylladb.auth.CertificateOrPasswordAuthenticator",
    "io.aiven.cassandra.auth.AivenAuthenticator",
};

/* These take the mechanism's name first and the token after a challenge that ends in -START. */
static const char dse[] = "com.datastax.bdp.cassandra.auth.DseAuthenticator";

static bool is_trusted(const struct cq_login_options *o, const char *authenticator)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i], authenticator) == 0) return true;
    for (size_t i = 0; o->allow_authenticators && o->allow_authenticators[i]; i++)
        if (strcmp(o->allow_authenticators[i], authenticator) == 0) return true;
    return false;
}

static int plain(const struct cq_login_options *o, struct cq_buf *token, struct cq_fault *fault)
{
    int err = cql_auth_plain(o->user, o->password, token);

    if (!err) return 0;
    if (err == CQ_EINVALID)
        return cq_fault_set(fault, CQ_ESECRET, "user or password are empty or hold a NUL");
    return cq_fault_set(fault, err, "no memory for the login");
}

int cq_login_first(const struct cq_login_options *o, const char *authenticator,
                   struct cq_buf *token, struct cq_fault *fault)
{
    if (o->login == CQ_LOGIN_NONE)
        return cq_fault_set(fault, CQ_EAUTH_REQUIRED, "the server asks for a login (%s)",
                            authenticator);
    if (o->login == CQ_LOGIN_MTLS) return 0; /* the certificate is the login */
    if (!is_trusted(o, authenticator))
        return cq_fault_set(fault, CQ_EAUTH_CLASS, "the server names the authenticator \"%s\"",
                            authenticator);
    if (!o->encrypted && !o->allow_plaintext)
        return cq_fault_set(
            fault, CQ_EAUTH_PLAINTEXT,
            "the server asks for a password (%s) and the connection is not encrypted",
            authenticator);
    if (strcmp(authenticator, dse) != 0) return plain(o, token, fault);
    cq_buf_puts(token, "PLAIN");
    return token->err ? cq_fault_set(fault, token->err, "no memory for the login") : 0;
}

int cq_login_challenge(const struct cq_login_options *o, const char *authenticator,
                       cq_bytes challenge, struct cq_buf *token, struct cq_fault *fault)
{
    if (o->login == CQ_LOGIN_PLAIN && strcmp(authenticator, dse) == 0 &&
        cq_eq(challenge, CQ_LIT("PLAIN-START")))
        return plain(o, token, fault);
    return cq_fault_set(fault, CQ_EAUTH_CLASS, "%s sends a challenge that is not understood",
                        authenticator);
}
