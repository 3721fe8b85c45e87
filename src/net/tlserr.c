/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TLS failure means, in codes and words. OpenSSL's own code for every certificate that it
 * refuses is one and the same (0A000086), so the verify callback looks at the verify result, the
 * subject, the names and the dates while it still has the certificate. The rest is told by alerts
 * (reason = 1000 + alert), by the first bytes (a peer that does not speak TLS) and by whether the
 * server had asked for a client certificate: under TLS 1.3 one that is missing shows only when the
 * stream is first read (RFC 8446 4.4.2.4).
 */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"

enum { ALERT_REASONS = 1000 }; /* SSL_AD_REASON_OFFSET */

int64_t cq_tls_ms_of(const ASN1_TIME *at)
{
    struct tm tm;

    if (!at || ASN1_TIME_to_tm(at, &tm) != 1) return -1;
    return (int64_t)timegm(&tm) * 1000;
}

static void print_name(const X509_NAME *name, char *out, size_t n)
{
    BIO *b = BIO_new(BIO_s_mem());
    int got = 0;

    out[0] = 0;
    if (!b) return;
    if (name && X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253) >= 0)
        got = BIO_read(b, out, (int)n - 1);
    out[got > 0 ? got : 0] = 0;
    BIO_free(b);
}

static void print_ip(const ASN1_OCTET_STRING *ip, char *out, size_t n)
{
    struct cq_addr a;
    char text[CQ_ADDR_TEXT] = "?";

    memset(&a, 0, sizeof a);
    if (ASN1_STRING_length(ip) == 4) {
        a.u.v4.sin_family = AF_INET;
        memcpy(&a.u.v4.sin_addr, ASN1_STRING_get0_data(ip), 4);
        cq_addr_print(&a, false, text);
    } else if (ASN1_STRING_length(ip) == 16) {
        a.u.v6.sin6_family = AF_INET6;
        memcpy(&a.u.v6.sin6_addr, ASN1_STRING_get0_data(ip), 16);
        cq_addr_print(&a, false, text);
    }
    snprintf(out, n, "%s", text);
}

/* A name from a stranger's certificate: printable ASCII, the rest as '?'. */
static void print_dns(const ASN1_STRING *name, char *out, size_t n)
{
    const unsigned char *p = ASN1_STRING_get0_data(name);
    size_t len = (size_t)ASN1_STRING_length(name);

    if (len > n - 1) len = n - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)(p[i] > ' ' && p[i] < 0x7f ? p[i] : '?');
    out[len] = 0;
}

/* "a.example, *.b.example, 127.0.0.1", cut at n. */
static void print_names(X509 *cert, char *out, size_t n)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    size_t at = 0;

    snprintf(out, n, "no names");
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && at < n; i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        char one[80];
        int k;

        if (g->type == GEN_DNS)
            print_dns(g->d.dNSName, one, sizeof one);
        else if (g->type == GEN_IPADD)
            print_ip(g->d.iPAddress, one, sizeof one);
        else
            continue;
        k = snprintf(out + at, n - at, "%s%s", at ? ", " : "", one);
        at += k > 0 ? (size_t)k : 0;
    }
    GENERAL_NAMES_free(names);
}

static void print_date(const ASN1_TIME *at, char out[25])
{
    if (!cq_rfc3339(cq_tls_ms_of(at), out)) snprintf(out, 25, "an unreadable date");
}

static int err_of_verify(int v)
{
    switch (v) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
    case X509_V_ERR_EMAIL_MISMATCH:
        return CQ_ETLS_NAME;
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
        return CQ_ETLS_EXPIRED;
    default:
        return CQ_ETLS_UNTRUSTED;
    }
}

/* ", not for NAME" where the name is what is wrong. */
static void print_expected(X509_STORE_CTX *store, char *out, size_t n)
{
    X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(store);
    const char *host = X509_VERIFY_PARAM_get0_host(p, 0);
    char *ip = host ? NULL : X509_VERIFY_PARAM_get1_ip_asc(p);
    bool wrong = err_of_verify(X509_STORE_CTX_get_error(store)) == CQ_ETLS_NAME;

    out[0] = 0;
    if (wrong && (host || ip)) snprintf(out, n, ", not for %s", host ? host : ip);
    OPENSSL_free(ip);
}

int cq_tls_on_verify(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct cq_tls *t = ssl ? SSL_get_app_data(ssl) : NULL;
    int v = X509_STORE_CTX_get_error(store);
    X509 *cert = X509_STORE_CTX_get_current_cert(store);
    char subject[160];
    char issuer[100];
    char names[120];
    char from[25];
    char to[25];
    char expected[100];

    if (ok || !t || !cert) return ok;
    print_name(X509_get_subject_name(cert), subject, sizeof subject);
    print_name(X509_get_issuer_name(cert), issuer, sizeof issuer);
    print_names(cert, names, sizeof names);
    print_date(X509_get0_notBefore(cert), from);
    print_date(X509_get0_notAfter(cert), to);
    print_expected(store, expected, sizeof expected);
    cq_blame_set(t->fault, err_of_verify(v),
                 "%s (verify result %d): certificate %s for %s%s, valid %s to %s, issued by %s",
                 X509_verify_cert_error_string(v), v, subject, names, expected, from, to, issuer);
    return 0;
}

static bool looks_like_tls(const struct cq_tls *t)
{
    return t->n_first > 0 && t->first[0] >= 20 && t->first[0] <= 23 &&
           (t->n_first < 2 || t->first[1] == 3);
}

static const char *speaks(const struct cq_tls *t)
{
    cq_bytes b = {t->first, t->n_first};

    if (cq_has_prefix(b, CQ_LIT("HTTP/"))) return "HTTP";
    if (cq_has_prefix(b, CQ_LIT("SSH-"))) return "SSH";
    if (b.p[0] > 0x80 && b.p[0] < 0x90) return "CQL without TLS";
    return "something else";
}

/* The alerts by which a server says that it does not take our certificate, or wants one (RFC
 * 8446 6.2). */
static bool about_client_cert(const struct cq_tls *t, int alert)
{
    if (alert == SSL_AD_CERTIFICATE_REQUIRED) return true;
    if (!t->cert_asked) return false;
    switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_DECRYPT_ERROR:
        return true;
    case SSL_AD_HANDSHAKE_FAILURE: /* TLS 1.2's word for a certificate that is missing */
        return !t->cert_given;
    case SSL_AD_INTERNAL_ERROR: /* what Cassandra's JSSE says of one that its truststore lacks */
        return t->cert_given;
    default:
        return false;
    }
}

static void client_cert(struct cq_tls *t, const char *detail)
{
    cq_blame_set(t->fault, CQ_ETLS_CLIENT_CERT, "the server %s (%s)",
                 t->cert_given ? "did not accept the client certificate"
                               : "asked for a client certificate and there is none",
                 detail);
}

static void ended(struct cq_tls *t)
{
    const char *how = t->how == CQ_END_RESET ? "reset" : "closed";

    if (t->cert_asked && !t->cert_given)
        client_cert(t, t->how == CQ_END_RESET ? "then reset the connection"
                                              : "then closed the connection");
    else if (t->n_first == 0)
        cq_blame_set(t->fault, CQ_ERESET, "the peer %s the connection when TLS was begun", how);
    else
        cq_blame_set(t->fault, CQ_ETLS_HANDSHAKE,
                     "the peer %s the connection during the TLS handshake", how);
}

static const char *words_of(const struct cq_tls *t, int reason)
{
    const char *words;

    switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case ALERT_REASONS + SSL_AD_PROTOCOL_VERSION:
        return "no TLS version in common";
    case ALERT_REASONS + SSL_AD_UNRECOGNIZED_NAME:
        return "the server does not know the name sent to it (SNI)";
    default:
        words = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, reason));
        return words ? words : (t->state == CQ_TLS_OPEN ? "TLS broke" : "the handshake broke");
    }
}

void cq_tls_explain(struct cq_tls *t, unsigned long e)
{
    int reason = ERR_GET_REASON(e);
    int alert = reason > ALERT_REASONS ? reason - ALERT_REASONS : -1;
    bool young = t->state == CQ_TLS_HANDSHAKE;

    if (t->fault->err) return; /* the verify callback knew better */
    if (young && t->n_first > 0 && !looks_like_tls(t))
        cq_blame_set(t->fault, CQ_ETLS_NOT_TLS, "the peer speaks %s on that port (%s)", speaks(t),
                     e ? words_of(t, reason) : "then the connection ended");
    else if (e == 0)
        ended(t);
    else if (about_client_cert(t, alert))
        client_cert(t, words_of(t, reason));
    else
        cq_blame_set(
            t->fault, ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE ? CQ_ENOMEM : CQ_ETLS_HANDSHAKE,
            "%s%s (%08lX)", alert >= 0 ? "the peer's alert: " : "", words_of(t, reason), e);
}

int cq_tls_describe_peer(struct cq_tls *t)
{
    X509 *cert = SSL_get0_peer_certificate(t->ssl);
    char text[CQ_MAX_CERT_TEXT];

    if (SSL_session_reused(t->ssl)) return 0; /* told when the session was found */
    cq_free(t->mem, t->subject);
    cq_free(t->mem, t->issuer);
    t->subject = t->issuer = NULL;
    t->not_after_ms = -1;
    if (!cert) return 0;
    print_name(X509_get_subject_name(cert), text, sizeof text);
    t->subject = cq_strndup(t->mem, text, strlen(text));
    print_name(X509_get_issuer_name(cert), text, sizeof text);
    t->issuer = cq_strndup(t->mem, text, strlen(text));
    t->not_after_ms = cq_tls_ms_of(X509_get0_notAfter(cert));
    if (t->subject && t->issuer) return 0;
    return cq_blame_set(t->fault, CQ_ENOMEM, "no memory for the certificate's names");
}

const char *cq_tls_library(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}
