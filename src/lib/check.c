/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a target valid? One question after the other, the first fault is reported in words that name
 * the key as the configuration and the command line call it. Looks at no file and contacts nobody.
 */
#include "lib/handle.h"

enum { LONGEST_NAME = 255, LONGEST_HOST = 255, LABELS = 64 };

#define BAD(...) return cq_fault_set(f, CQ_EINVALID, __VA_ARGS__)

static bool is_plain(const char *s) /* no control characters */
{
    for (; *s; s++) {
        if ((unsigned char)*s < 0x20 || *s == 0x7f) return false;
    }
    return true;
}

static int check_name(const struct cqlcrawl_target *t, struct cq_fault *f)
{
    if (!t->name) return 0;
    if (!*t->name) BAD("name: is empty");
    if (strlen(t->name) > LONGEST_NAME) BAD("name: longer than %d bytes", LONGEST_NAME);
    if (!is_plain(t->name)) BAD("name: holds control characters");
    return 0;
}

static int check_endpoints(const struct cqlcrawl_target *t, struct cq_fault *f)
{
    if (!t->endpoints || !t->n_endpoints) BAD("contact_points: there is none");
    if (t->n_endpoints > CQ_MAX_CONTACT_POINTS) {
        BAD("contact_points: more than %u", CQ_MAX_CONTACT_POINTS);
    }
    for (size_t i = 0; i < t->n_endpoints; i++) {
        const char *host = t->endpoints[i].host;

        if (!host || !*host) BAD("contact_points: a host is empty");
        if (strlen(host) > LONGEST_HOST) BAD("contact_points: a host is too long");
        if (!is_plain(host) || strpbrk(host, " []/@")) {
            BAD("contact_points: '%s' is neither a name nor an address", host);
        }
    }
    return 0;
}

static int check_labels(const struct cqlcrawl_target *t, struct cq_fault *f)
{
    if (t->n_labels > LABELS) BAD("labels: more than %d", LABELS);
    for (size_t i = 0; i < t->n_labels; i++) {
        const char *name = t->labels[i].name;

        if (!name || !*name) BAD("labels: a name is empty");
        if (!t->labels[i].value) BAD("labels: '%s' has no value", name);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(t->labels[k].name, name) == 0) BAD("labels: '%s' is there twice", name);
        }
    }
    return 0;
}

int cq_check_source(const struct cqlcrawl_text *x, const char *key, struct cq_fault *f)
{
    switch (x->source) {
    case CQLCRAWL_UNSET:
        return 0;
    case CQLCRAWL_BYTES:
        if (!x->text || !x->n) BAD("%s: is empty", key);
        return 0;
    case CQLCRAWL_FILE:
        if (!x->text || !*x->text) BAD("%s: the path is empty", key);
        return 0;
    case CQLCRAWL_ENV:
        if (!x->text || !*x->text) BAD("%s: the variable's name is empty", key);
        return 0;
    }
    BAD("%s: an unknown source", key);
}

static int check_tls(const struct cqlcrawl_target *t, struct cq_fault *f)
{
    bool cert = t->tls_cert.source != CQLCRAWL_UNSET, key = t->tls_key.source != CQLCRAWL_UNSET;
    int err = cq_check_source(&t->tls_cacert, "tls.cacert", f);

    if (!err) err = cq_check_source(&t->tls_cert, "tls.cert", f);
    if (!err) err = cq_check_source(&t->tls_key, "tls.key", f);
    if (err) return err;
    if ((unsigned)t->tls_mode > CQLCRAWL_TLS_VERIFY_FULL) BAD("tls.mode: unknown");
    if (cert != key) BAD("tls.cert and tls.key belong together: one of them is missing");
    if (t->tls_min_version != 0 && t->tls_min_version != 12 && t->tls_min_version != 13) {
        BAD("tls.min_version: 1.2 or 1.3");
    }
    if (t->tls_mode == CQLCRAWL_TLS_DISABLE &&
        (cert || t->tls_cacert.source != CQLCRAWL_UNSET || t->tls_sni || t->tls_name)) {
        BAD("tls: a CA, certificate, sni or name without TLS (tls.mode, --tls verify-full)");
    }
    if (t->tls_cacert.source != CQLCRAWL_UNSET && t->tls_mode == CQLCRAWL_TLS_REQUIRE) {
        BAD("tls: a CA, but mode `require` verifies nothing: say verify-ca or verify-full");
    }
    if (t->tls_name && t->tls_mode != CQLCRAWL_TLS_VERIFY_FULL) {
        BAD("tls: a name, but only mode verify-full looks at it");
    }
    return 0;
}

static int check_auth(const struct cqlcrawl_target *t, struct cq_fault *f)
{
    bool password = t->password.source != CQLCRAWL_UNSET;
    int err = cq_check_source(&t->password, "auth.password", f);

    if (err) return err;
    switch (t->auth) {
    case CQLCRAWL_AUTH_NONE:
        if (t->user || password) BAD("auth: a user or password, but the mechanism is none");
        return 0;
    case CQLCRAWL_AUTH_PLAIN:
        if (!t->user || !*t->user) BAD("auth.user: missing");
        if (!password) BAD("auth.password: missing (--password-file)");
        return 0;
    case CQLCRAWL_AUTH_MTLS:
        if (t->tls_cert.source == CQLCRAWL_UNSET) BAD("auth: mtls needs tls.cert and tls.key");
        return 0;
    }
    BAD("auth: an unknown mechanism");
}

static int check_numbers(const struct cqlcrawl_target *t, struct cq_fault *f)
{
    const uint64_t most = CQ_MAX_TIMEOUT / CQ_MS(1);

    if (t->protocol != 0 && t->protocol != 4 && t->protocol != 5) BAD("protocol: auto, 4 or 5");
    if ((unsigned)t->compression > CQLCRAWL_COMPRESSION_LZ4) BAD("compression: auto, lz4 or none");
    if ((unsigned)t->proof > CQLCRAWL_PROOF_SETTLED) BAD("proof: none, version or settled");
    if (t->timeout_ms > most || t->connect_timeout_ms > most) {
        return cq_fault_set(f, CQ_ERANGE, "timeout: at most a day");
    }
    if (t->retries > CQ_MAX_RETRIES && t->retries != CQLCRAWL_NO_RETRIES) {
        return cq_fault_set(f, CQ_ERANGE, "retries: at most %u", CQ_MAX_RETRIES);
    }
    if (t->attempts > 100) return cq_fault_set(f, CQ_ERANGE, "attempts: at most 100");
    return 0;
}

int cq_target_check(const struct cqlcrawl_target *t, struct cq_fault *f)
{
    int (*const checks[])(const struct cqlcrawl_target *, struct cq_fault *) = {
        check_name, check_endpoints, check_labels, check_tls, check_auth, check_numbers,
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        int err = checks[i](t, f);

        if (err) return err;
    }
    return 0;
}
