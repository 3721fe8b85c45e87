/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A target's copy: everything that the caller passed goes into one arena, secrets given as bytes
 * into memory of their own, regular expressions are compiled, labels rendered once. Any failure
 * frees all of it and says why in c->last.
 */
#include "lib/handle.h"

#include <stdio.h>

static const char *dup_text(struct cq_target *t, const char *s, bool *ok)
{
    cq_bytes copy;

    if (!s) return NULL;
    copy = cq_arena_dup(&t->arena, (cq_bytes){(const uint8_t *)s, strlen(s) + 1});
    if (cq_is_null(copy)) *ok = false;
    return (const char *)copy.p;
}

static void dup_source(struct cq_target *t, struct cqlcrawl_text *x, bool *ok)
{
    cq_bytes copy;

    if (x->source != CQLCRAWL_BYTES) {
        x->text = dup_text(t, x->text, ok);
        return;
    }
    copy = cq_arena_dup(&t->arena, (cq_bytes){(const uint8_t *)x->text, x->n});
    if (cq_is_null(copy)) *ok = false;
    x->text = (const char *)copy.p;
}

static void *room(struct cq_target *t, size_t n, size_t size, bool *ok)
{
    void *p = cq_arena_alloc(&t->arena, n ? n * size : 1);

    if (!p) *ok = false;
    return p;
}

static void dup_endpoints(struct cq_target *t, bool *ok)
{
    t->endpoints = room(t, t->t.n_endpoints, sizeof(*t->endpoints), ok);
    for (size_t i = 0; *ok && i < t->t.n_endpoints; i++) {
        const struct cqlcrawl_endpoint *e = &t->t.endpoints[i];

        t->endpoints[i].host = dup_text(t, e->host, ok);
        t->endpoints[i].port = e->port ? e->port : CQ_DEFAULT_PORT;
    }
    t->t.endpoints = NULL;
}

static void dup_authenticators(struct cq_target *t, bool *ok)
{
    const char *const *from = t->t.allow_authenticators;
    const char **to;
    size_t n = 0;

    if (!from) return;
    while (from[n])
        n++;
    to = room(t, n + 1, sizeof(*to), ok);
    for (size_t i = 0; *ok && i < n; i++)
        to[i] = dup_text(t, from[i], ok);
    if (!*ok) return;
    to[n] = NULL;
    t->t.allow_authenticators = to;
}

static void dup_labels(struct cq_target *t, bool *ok)
{
    struct cq_label *labels;
    struct cq_buf out;

    t->labels = CQ_LIT("{}");
    if (!t->t.n_labels) return;
    labels = room(t, t->t.n_labels, sizeof(*labels), ok);
    if (!labels) return;
    for (size_t i = 0; i < t->t.n_labels; i++) {
        labels[i] = (struct cq_label){cq_str(t->t.labels[i].name), cq_str(t->t.labels[i].value)};
    }
    cq_buf_init(&out, &t->c->mem, CQ_MAX_REQUEST);
    if (cq_rec_labels(labels, t->t.n_labels, &out)) *ok = false;
    t->labels = cq_arena_dup(&t->arena, cq_buf_view(&out));
    if (cq_is_null(t->labels)) *ok = false;
    cq_buf_fini(&out);
    t->t.labels = NULL;
}

/* The inventory's name, else host:port, [v6]:port of the first contact point. */
static void name_it(struct cq_target *t, bool *ok)
{
    const struct cq_endpoint *e = t->endpoints;
    char s[300];

    t->t.name = dup_text(t, t->t.name, ok);
    if (*ok && !t->t.name) {
        (void)snprintf(s, sizeof(s), strchr(e->host, ':') ? "[%s]:%u" : "%s:%u", e->host, e->port);
        t->t.name = dup_text(t, s, ok);
    }
    t->name = cq_str(t->t.name);
}

static int copy(struct cq_target *t)
{
    bool ok = true;

    dup_endpoints(t, &ok);
    if (ok) name_it(t, &ok);
    if (ok) dup_labels(t, &ok);
    if (ok) dup_authenticators(t, &ok);
    t->t.tls_sni = dup_text(t, t->t.tls_sni, &ok);
    t->t.tls_name = dup_text(t, t->t.tls_name, &ok);
    t->t.user = dup_text(t, t->t.user, &ok);
    t->t.include = dup_text(t, t->t.include, &ok);
    t->t.exclude = dup_text(t, t->t.exclude, &ok);
    dup_source(t, &t->t.tls_cacert, &ok);
    dup_source(t, &t->t.tls_cert, &ok);
    dup_source(t, &t->t.tls_key, &ok);
    if (t->t.password.source != CQLCRAWL_BYTES) dup_source(t, &t->t.password, &ok);
    return ok ? 0 : CQ_ENOMEM;
}

/* A password given as bytes: the one of the target before, if it is the same. */
static int keep_password(struct cq_target *t, struct cq_fault *f)
{
    cqlcrawl *c = t->c;
    cq_bytes given = {(const uint8_t *)t->t.password.text, t->t.password.n};
    int err;

    if (t->t.password.source != CQLCRAWL_BYTES) return 0;
    t->t.password.text = NULL;
    if (!c->shared || !cq_eq(cq_secret_bytes(c->shared), given)) {
        cq_secret_release(c->shared);
        c->shared = NULL;
        err = cq_secret_from_bytes(&c->shared, CQ_SECRET_PASSWORD, given, f);
        if (err) return err;
    }
    t->given = cq_secret_retain(c->shared);
    return 0;
}

static int fill(struct cq_target *t, struct cq_fault *f)
{
    struct cq_tls_ctx *tls = NULL;
    int err = copy(t);

    if (err) return cq_fault_set(f, err, "%s", cq_err_text(err));
    err = keep_password(t, f);
    if (!err) err = cq_filter_init(&t->include, t->t.include, "include", f);
    if (!err) err = cq_filter_init(&t->exclude, t->t.exclude, "exclude", f);
    if (!err) err = cq_attempt_tls(t, &tls, f); /* CA, certificate and key are usable */
    cq_trust_release(tls);
    cq_filter_hash(t);
    return err;
}

static unsigned retries(const struct cqlcrawl_target *t)
{
    if (t->retries == CQLCRAWL_NO_RETRIES) return 0;
    return t->retries ? t->retries : CQLCRAWL_RETRIES;
}

/* Somebody takes its records, or remembers their digest. */
static bool has_consumer(const cqlcrawl *c)
{
    return c->o.record || cqlcrawl_sinks(c) > 0 || c->state;
}

int cq_target_new(cqlcrawl *c, const struct cqlcrawl_target *from, struct cq_target **out)
{
    struct cq_target *t;
    int err;

    *out = NULL;
    c->last = (struct cq_fault){0};
    if (!from || !from->size) return cq_fault_set(&c->last, CQ_EINVALID, "target: no size");
    t = cq_calloc(&c->mem, 1, sizeof(*t));
    if (!t) return cq_fault_set(&c->last, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    t->c = c;
    cq_arena_init(&t->arena, &c->mem);
    memcpy(&t->t, from, from->size < sizeof(t->t) ? from->size : sizeof(t->t));
    err = cq_target_check(&t->t, &c->last);
    if (!err) err = fill(t, &c->last);
    if (err) {
        cq_target_free(t);
        return err;
    }
    t->makes_none = t->t.check || !has_consumer(c);
    t->job.writes = !t->makes_none && !t->t.epochs_may_repeat;
    t->job.member.torn_limit = t->t.attempts;
    t->job.member.n_points = (unsigned)t->t.n_endpoints;
    t->job.member.retries = retries(&t->t);
    *out = t;
    return 0;
}

void cq_target_free(struct cq_target *t)
{
    if (!t) return;
    cq_remember_free(t);
    cq_secret_release(t->given);
    cq_secret_release(t->password);
    cq_trust_release(t->tls);
    cq_filter_fini(&t->include);
    cq_filter_fini(&t->exclude);
    cq_arena_fini(&t->arena);
    cq_free(&t->c->mem, t);
}
