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

struct field {
    size_t at, n;
};

#define FIELD(member)                                                                              \
    {                                                                                              \
        offsetof(struct cqlcrawl_target, member), sizeof(((struct cqlcrawl_target *)0)->member)    \
    }

static const struct field fields[CQ_N_KEYS] = {
    [CQ_KEY_TLS_MODE] = FIELD(tls_mode),
    [CQ_KEY_TLS_SNI] = FIELD(tls_sni),
    [CQ_KEY_TLS_NAME] = FIELD(tls_name),
    [CQ_KEY_TLS_CACERT] = FIELD(tls_cacert),
    [CQ_KEY_TLS_CERT] = FIELD(tls_cert),
    [CQ_KEY_TLS_KEY] = FIELD(tls_key),
    [CQ_KEY_TLS_MIN] = FIELD(tls_min_version),
    [CQ_KEY_MECHANISM] = FIELD(auth),
    [CQ_KEY_USER] = FIELD(user),
    [CQ_KEY_PASSWORD] = FIELD(password),
    [CQ_KEY_PLAINTEXT] = FIELD(allow_plaintext_login),
    [CQ_KEY_AUTHENTICATORS] = FIELD(allow_authenticators),
    [CQ_KEY_PROTOCOL] = FIELD(protocol),
    [CQ_KEY_COMPRESSION] = FIELD(compression),
    [CQ_KEY_TIMEOUT] = FIELD(timeout_ms),
    [CQ_KEY_CONNECT_TIMEOUT] = FIELD(connect_timeout_ms),
    [CQ_KEY_INCLUDE] = FIELD(include),
    [CQ_KEY_EXCLUDE] = FIELD(exclude),
    [CQ_KEY_SYSTEM] = FIELD(system),
    [CQ_KEY_PROOF] = FIELD(proof),
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

static bool has_label(const struct cq_spec *s, const char *name)
{
    for (size_t i = 0; i < s->t.n_labels; i++) {
        if (strcmp(s->t.labels[i].name, name) == 0) return true;
    }
    return false;
}

/* The labels of `under` first, in their order, with the values of `over` where it has them, then
 * its own. */
static bool inherit_labels(struct cq_pool *pool, struct cq_spec *over, const struct cq_spec *under)
{
    struct cqlcrawl_pair *all;
    size_t n = 0;

    if (!under->t.n_labels) return true;
    all = cq_pool_alloc(pool, (over->t.n_labels + under->t.n_labels) * sizeof(*all));
    if (!all) return false;
    for (size_t i = 0; i < under->t.n_labels; i++) {
        if (!has_label(over, under->t.labels[i].name)) all[n++] = under->t.labels[i];
    }
    for (size_t i = 0; i < over->t.n_labels; i++)
        all[n++] = over->t.labels[i];
    over->t.labels = all;
    over->t.n_labels = n;
    return true;
}

bool cq_spec_inherit(struct cq_pool *pool, struct cq_spec *over, const struct cq_spec *under)
{
    unsigned take = under->said & ~over->said & ~refused(over);

    for (unsigned key = 0; key < CQ_N_KEYS; key++) {
        const struct field *f = &fields[key];

        if (!((take >> key) & 1u) || !f->n) continue;
        memcpy((char *)&over->t + f->at, (const char *)&under->t + f->at, f->n);
        over->said |= 1u << key;
    }
    return inherit_labels(pool, over, under);
}

/* ---- the last step ---- */

static const char *replaced(struct cq_pool *pool, const char *path, const char *name)
{
    const char *mark = strstr(path, "{cluster}");

    while (mark) {
        path = cq_pool_printf(pool, "%.*s%s%s", (int)(mark - path), path, name, mark + 9);
        mark = path ? strstr(path, "{cluster}") : NULL;
    }
    return path;
}

/* A name with a slash would lead out of the folder that the configuration means. */
static bool is_file_name(const char *name)
{
    return name && *name && !strchr(name, '/') && !strchr(name, '{') && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static bool place_name(struct cq_pool *pool, struct cq_diags *d, struct cq_cluster *c,
                       struct cqlcrawl_text *x)
{
    if (x->source != CQLCRAWL_FILE || !strstr(x->text, "{cluster}")) return true;
    if (!is_file_name(c->name)) {
        cq_diag(d, c->at, "the name '%s' cannot stand for {cluster} in the path '%s'",
                c->name ? c->name : "", x->text);
        return false;
    }
    x->text = replaced(pool, x->text, c->name);
    return x->text != NULL;
}

bool cq_spec_finish(struct cq_pool *pool, struct cq_diags *d, struct cq_cluster *c)
{
    struct cq_spec *s = &c->spec;

    s->t.size = sizeof(s->t);
    s->t.name = c->name;
    if (!CQ_SAID(s, CQ_KEY_TLS_MODE) && (s->said & TLS_ALL)) {
        s->t.tls_mode = CQLCRAWL_TLS_VERIFY_FULL;
    }
    if (!CQ_SAID(s, CQ_KEY_MECHANISM) && (s->said & LOGIN)) s->t.auth = CQLCRAWL_AUTH_PLAIN;
    if (!CQ_SAID(s, CQ_KEY_PROOF)) s->t.proof = CQLCRAWL_PROOF_VERSION;
    return place_name(pool, d, c, &s->t.tls_cacert) && place_name(pool, d, c, &s->t.tls_cert) &&
           place_name(pool, d, c, &s->t.tls_key) && place_name(pool, d, c, &s->t.password);
}
