/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that defaults, groups and clusters share (docs/configuration.md), one function each. */
#include "cli/section.h"

#include <string.h>

#include "cli/target.h"
#include "cli/words.h"

static void say(struct cq_reading *r, bool ok, enum cq_key key)
{
    if (ok) CQ_SAY(r->spec, key);
}

/* ---- tls ---- */

static void tls_mode(struct cq_reading *r, const struct cq_node *v)
{
    int i;
    bool ok = cq_value_word(r, v, "tls.mode", cq_tls_words, &i);

    if (ok) r->spec->t.tls_mode = (enum cqlcrawl_tls_mode)i;
    say(r, ok, CQ_KEY_TLS_MODE);
}

static void tls_sni(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_text(r, v, "tls.sni", &r->spec->t.tls_sni), CQ_KEY_TLS_SNI);
}

static void tls_name(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_text(r, v, "tls.name", &r->spec->t.tls_name), CQ_KEY_TLS_NAME);
}

static void tls_cacert(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_pem(r, v, "tls.cacert", &r->spec->t.tls_cacert), CQ_KEY_TLS_CACERT);
}

static void tls_cert(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_pem(r, v, "tls.cert", &r->spec->t.tls_cert), CQ_KEY_TLS_CERT);
}

static void tls_key(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_pem(r, v, "tls.key", &r->spec->t.tls_key), CQ_KEY_TLS_KEY);
}

static void tls_min_version(struct cq_reading *r, const struct cq_node *v)
{
    static const char *const words[] = {"1.2", "1.3", NULL};
    int i;
    bool ok = cq_value_word(r, v, "tls.min_version", words, &i);

    if (ok) r->spec->t.tls_min_version = 12 + i;
    say(r, ok, CQ_KEY_TLS_MIN);
}

void cq_key_tls(struct cq_reading *r, const struct cq_node *v)
{
    static const struct cq_section_key keys[] = {
        {"mode", tls_mode},
        {"sni", tls_sni},
        {"name", tls_name},
        {"cacert", tls_cacert},
        {"cert", tls_cert},
        {"key", tls_key},
        {"min_version", tls_min_version},
        {NULL, NULL},
    };

    cq_section_read(r, v, "tls", keys);
}

/* ---- auth ---- */

static void auth_mechanism(struct cq_reading *r, const struct cq_node *v)
{
    static const char *const words[] = {"none", "plain", "mtls", NULL};
    int i;
    bool ok = cq_value_word(r, v, "auth.mechanism", words, &i);

    if (ok) r->spec->t.auth = (enum cqlcrawl_auth)i;
    say(r, ok, CQ_KEY_MECHANISM);
}

static void auth_user(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_text(r, v, "auth.user", &r->spec->t.user), CQ_KEY_USER);
}

static void auth_password(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_secret(r, v, "auth.password", &r->spec->t.password), CQ_KEY_PASSWORD);
}

static void auth_plaintext(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_bool(r, v, "auth.allow_plaintext", &r->spec->t.allow_plaintext_login),
        CQ_KEY_PLAINTEXT);
}

static void auth_authenticators(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_texts(r, v, "auth.allow_authenticators", &r->spec->t.allow_authenticators),
        CQ_KEY_AUTHENTICATORS);
}

void cq_key_auth(struct cq_reading *r, const struct cq_node *v)
{
    static const struct cq_section_key keys[] = {
        {"mechanism", auth_mechanism},
        {"user", auth_user},
        {"password", auth_password},
        {"allow_plaintext", auth_plaintext},
        {"allow_authenticators", auth_authenticators},
        {NULL, NULL},
    };

    cq_section_read(r, v, "auth", keys);
}

/* ---- the others ---- */

void cq_key_labels(struct cq_reading *r, const struct cq_node *v)
{
    struct cqlcrawl_pair *pairs = NULL;
    size_t n = 0;

    if (!cq_section_is(r, v, CQ_NODE_MAP, "labels")) return;
    for (const struct cq_node *k = v->first; k; k = k->next) {
        pairs = cq_pool_more(r->pool, pairs, n, sizeof(*pairs));
        if (!pairs) return;
        pairs[n].name = k->text;
        if (!cq_value_text(r, k->value, "labels", &pairs[n].value)) return;
        n++;
    }
    r->spec->t.labels = pairs;
    r->spec->t.n_labels = n;
}

void cq_key_timeout(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_duration(r, v, "timeout", &r->spec->t.timeout_ms), CQ_KEY_TIMEOUT);
}

void cq_key_connect_timeout(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_duration(r, v, "connect_timeout", &r->spec->t.connect_timeout_ms),
        CQ_KEY_CONNECT_TIMEOUT);
}

void cq_key_include(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_text(r, v, "include", &r->spec->t.include), CQ_KEY_INCLUDE);
}

void cq_key_exclude(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_text(r, v, "exclude", &r->spec->t.exclude), CQ_KEY_EXCLUDE);
}

void cq_key_system(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_bool(r, v, "system", &r->spec->t.system), CQ_KEY_SYSTEM);
}

void cq_key_proof(struct cq_reading *r, const struct cq_node *v)
{
    static const char *const words[] = {"none", "version", "settled", NULL};
    int i;
    bool ok = cq_value_word(r, v, "proof", words, &i);

    if (ok) r->spec->t.proof = (enum cqlcrawl_proof)i;
    say(r, ok, CQ_KEY_PROOF);
}

void cq_key_protocol(struct cq_reading *r, const struct cq_node *v)
{
    static const char *const words[] = {"auto", "4", "5", NULL};
    static const int versions[] = {0, 4, 5};
    int i;
    bool ok = cq_value_word(r, v, "protocol", words, &i);

    if (ok) r->spec->t.protocol = versions[i];
    say(r, ok, CQ_KEY_PROTOCOL);
}

void cq_key_compression(struct cq_reading *r, const struct cq_node *v)
{
    static const char *const words[] = {"auto", "none", "lz4", NULL};
    int i;
    bool ok = cq_value_word(r, v, "compression", words, &i);

    if (ok) r->spec->t.compression = (enum cqlcrawl_compression)i;
    say(r, ok, CQ_KEY_COMPRESSION);
}

void cq_key_retries(struct cq_reading *r, const struct cq_node *v)
{
    uint64_t n;
    bool ok = cq_value_uint(r, v, "retries", 0, CQ_MOST_RETRIES, &n);

    if (ok) r->spec->t.retries = n ? (unsigned)n : CQLCRAWL_NO_RETRIES;
    say(r, ok, CQ_KEY_RETRIES);
}

void cq_key_max_in_flight(struct cq_reading *r, const struct cq_node *v)
{
    uint64_t n;
    bool ok = cq_value_uint(r, v, "max_in_flight", 1, CQ_MOST_IN_FLIGHT, &n);

    if (ok) r->spec->t.max_in_flight = (unsigned)n;
    say(r, ok, CQ_KEY_MAX_IN_FLIGHT);
}

void cq_key_interval(struct cq_reading *r, const struct cq_node *v)
{
    say(r, cq_value_duration(r, v, "interval", &r->spec->interval_ms), CQ_KEY_INTERVAL);
}

void cq_key_jitter(struct cq_reading *r, const struct cq_node *v)
{
    const char *s;
    bool ok = cq_value_text(r, v, "jitter", &s);

    if (!ok) return;
    ok = cq_parse_percent(s, &r->spec->jitter);
    if (!ok) cq_diag(r->d, v->at, "jitter: '%s' is not a percentage (10%%)", s);
    say(r, ok, CQ_KEY_JITTER);
}
