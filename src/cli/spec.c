/* SPDX-License-Identifier: Apache-2.0 */
/* Levels of what is said of a cluster, put over one another (cli/spec.h). */
#include "cli/spec.h"

#include <string.h>

#define BIT(key) (1u << (key))
#define TLS_NAMED (BIT(CQ_KEY_TLS_NAME))
#define TLS_TRUST (BIT(CQ_KEY_TLS_CACERT) | TLS_NAMED)
#define TLS_ALL                                                                                    \
    (TLS_TRUST | BIT(CQ_KEY_TLS_SNI) | BIT(CQ_KEY_TLS_CERT) | BIT(CQ_KEY_TLS_KEY) |                \
     BIT(CQ_KEY_TLS_MIN))
#define LOGIN (BIT(CQ_KEY_USER) | BIT(CQ_KEY_PASSWORD))

enum form { WORD, STRING, STRINGS, TEXT }; /* how two values are compared */

struct field {
    size_t at, n;
    enum form form;
};

#define FIELD(member, form)                                                                        \
    {                                                                                              \
        offsetof(struct cq_spec, member), sizeof(((struct cq_spec *)0)->member), form              \
    }

static const struct field fields[CQ_N_KEYS] = {
    [CQ_KEY_TLS_MODE] = FIELD(t.tls_mode, WORD),
    [CQ_KEY_TLS_SNI] = FIELD(t.tls_sni, STRING),
    [CQ_KEY_TLS_NAME] = FIELD(t.tls_name, STRING),
    [CQ_KEY_TLS_CACERT] = FIELD(t.tls_cacert, TEXT),
    [CQ_KEY_TLS_CERT] = FIELD(t.tls_cert, TEXT),
    [CQ_KEY_TLS_KEY] = FIELD(t.tls_key, TEXT),
    [CQ_KEY_TLS_MIN] = FIELD(t.tls_min_version, WORD),
    [CQ_KEY_MECHANISM] = FIELD(t.auth, WORD),
    [CQ_KEY_USER] = FIELD(t.user, STRING),
    [CQ_KEY_PASSWORD] = FIELD(t.password, TEXT),
    [CQ_KEY_PLAINTEXT] = FIELD(t.allow_plaintext_login, WORD),
    [CQ_KEY_AUTHENTICATORS] = FIELD(t.allow_authenticators, STRINGS),
    [CQ_KEY_PROTOCOL] = FIELD(t.protocol, WORD),
    [CQ_KEY_COMPRESSION] = FIELD(t.compression, WORD),
    [CQ_KEY_TIMEOUT] = FIELD(t.timeout_ms, WORD),
    [CQ_KEY_CONNECT_TIMEOUT] = FIELD(t.connect_timeout_ms, WORD),
    [CQ_KEY_INCLUDE] = FIELD(t.include, STRING),
    [CQ_KEY_EXCLUDE] = FIELD(t.exclude, STRING),
    [CQ_KEY_SYSTEM] = FIELD(t.system, WORD),
    [CQ_KEY_PROOF] = FIELD(t.proof, WORD),
    [CQ_KEY_RETRIES] = FIELD(t.retries, WORD),
    [CQ_KEY_MAX_IN_FLIGHT] = FIELD(t.max_in_flight, WORD),
    [CQ_KEY_INTERVAL] = FIELD(interval_ms, WORD),
    [CQ_KEY_JITTER] = FIELD(jitter, WORD),
};

/* What a level that says this mode or mechanism no longer wants to hear from below. */
static unsigned refused(const struct cq_spec *s)
{
    unsigned mask = 0;

    if (CQ_SAID(s, CQ_KEY_TLS_MODE)) {
        if (s->t.tls_mode == CQLCRAWL_TLS_DISABLE) mask |= TLS_ALL;
        if (s->t.tls_mode == CQLCRAWL_TLS_REQUIRE) mask |= TLS_TRUST;
        if (s->t.tls_mode == CQLCRAWL_TLS_VERIFY_CA) mask |= TLS_NAMED;
    }
    if (CQ_SAID(s, CQ_KEY_MECHANISM) && s->t.auth != CQLCRAWL_AUTH_PLAIN) mask |= LOGIN;
    return mask;
}

static bool has_label(const struct cqlcrawl_pair *labels, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(labels[i].name, name) == 0) return true;
    }
    return false;
}

bool cq_labels_inherit(struct cq_pool *pool, const struct cqlcrawl_pair **labels, size_t *n,
                       const struct cqlcrawl_pair *under, size_t n_under)
{
    struct cqlcrawl_pair *all;
    size_t k = 0;

    if (!n_under) return true;
    if (!*n) {
        *labels = under;
        *n = n_under;
        return true;
    }
    all = cq_pool_alloc(pool, (*n + n_under) * sizeof(*all));
    if (!all) return false;
    for (size_t i = 0; i < n_under; i++) {
        if (!has_label(*labels, *n, under[i].name)) all[k++] = under[i];
    }
    for (size_t i = 0; i < *n; i++)
        all[k++] = (*labels)[i];
    *labels = all;
    *n = k;
    return true;
}

bool cq_spec_inherit(struct cq_pool *pool, struct cq_spec *over, const struct cq_spec *under)
{
    unsigned take = under->said & ~over->said & ~refused(over);

    for (unsigned key = 0; key < CQ_N_KEYS; key++) {
        const struct field *f = &fields[key];

        if (!((take >> key) & 1u) || !f->n) continue;
        memcpy((char *)over + f->at, (const char *)under + f->at, f->n);
        over->said |= 1u << key;
    }
    return cq_labels_inherit(pool, &over->t.labels, &over->t.n_labels, under->t.labels,
                             under->t.n_labels);
}

void cq_spec_finish(struct cq_spec *s)
{
    s->t.size = sizeof(s->t);
    if (!CQ_SAID(s, CQ_KEY_TLS_MODE) && (s->said & TLS_ALL)) {
        s->t.tls_mode = CQLCRAWL_TLS_VERIFY_FULL;
    }
    if (!CQ_SAID(s, CQ_KEY_MECHANISM) && (s->said & LOGIN)) s->t.auth = CQLCRAWL_AUTH_PLAIN;
    if (!CQ_SAID(s, CQ_KEY_PROOF)) s->t.proof = CQLCRAWL_PROOF_VERSION;
    if (!CQ_SAID(s, CQ_KEY_INTERVAL)) s->interval_ms = CQ_DEFAULT_INTERVAL_MS;
    if (!CQ_SAID(s, CQ_KEY_JITTER)) s->jitter = CQ_DEFAULT_JITTER;
    s->has_place = cq_spec_has_place(s);
    s->sealed = true;
}

/* ---- {cluster} ---- */

#define MARK "{cluster}"

/* A name with a slash would lead out of the folder that the configuration means. */
bool cq_is_file_name(const char *name)
{
    return *name && !strchr(name, '/') && !strchr(name, '{') && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

bool cq_spec_has_place(const struct cq_spec *s)
{
    for (unsigned key = 0; key < CQ_N_KEYS; key++) {
        const struct cqlcrawl_text *x = (const void *)((const char *)s + fields[key].at);

        if (fields[key].form != TEXT || x->source != CQLCRAWL_FILE) continue;
        if (strstr(x->text, MARK)) return true;
    }
    return false;
}

static bool replace(struct cq_pool *pool, struct cqlcrawl_text *x, const char *name)
{
    const char *mark = x->source == CQLCRAWL_FILE ? strstr(x->text, MARK) : NULL;

    while (mark) {
        x->text = cq_pool_printf(pool, "%.*s%s%s", (int)(mark - x->text), x->text, name,
                                 mark + strlen(MARK));
        mark = x->text ? strstr(x->text, MARK) : NULL;
    }
    return x->source != CQLCRAWL_FILE || x->text;
}

bool cq_cluster_target(struct cq_pool *pool, const struct cq_cluster *c,
                       struct cqlcrawl_target *out)
{
    *out = c->spec->t;
    out->name = c->name;
    out->endpoints = c->endpoints;
    out->n_endpoints = c->n_endpoints;
    out->labels = c->labels;
    out->n_labels = c->n_labels;
    if (!c->spec->has_place) return true;
    return replace(pool, &out->tls_cacert, c->name) && replace(pool, &out->tls_cert, c->name) &&
           replace(pool, &out->tls_key, c->name) && replace(pool, &out->password, c->name);
}

/* ---- equal ---- */

static bool same_string(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_strings(const char *const *a, const char *const *b)
{
    if (!a || !b) return a == b;
    while (*a && *b && strcmp(*a, *b) == 0)
        a++, b++;
    return !*a && !*b;
}

static bool same_text(const struct cqlcrawl_text *a, const struct cqlcrawl_text *b)
{
    if (a->source != b->source) return false;
    if (a->source == CQLCRAWL_BYTES) return a->n == b->n && memcmp(a->text, b->text, a->n) == 0;
    return same_string(a->text, b->text);
}

bool cq_spec_equal(const struct cq_spec *a, const struct cq_spec *b)
{
    for (unsigned key = 0; a != b && key < CQ_N_KEYS; key++) {
        const struct field *f = &fields[key];
        const void *x = (const char *)a + f->at, *y = (const char *)b + f->at;
        bool same = true;

        if (f->form == WORD) same = memcmp(x, y, f->n) == 0;
        if (f->form == STRING) same = same_string(*(const char *const *)x, *(const char *const *)y);
        if (f->form == STRINGS) {
            same = same_strings(*(const char *const *const *)x, *(const char *const *const *)y);
        }
        if (f->form == TEXT) same = same_text(x, y);
        if (!same) return false;
    }
    return true;
}
