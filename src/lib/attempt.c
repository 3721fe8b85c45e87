/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one attempt needs: secrets and PEM texts are read when it begins, so that a rotated one is
 * seen, and let go when it ends; PEM files that have not changed are not read again. An unreadable
 * one fails the attempt (class usage), which dials nobody.
 */
#include "lib/handle.h"

int cq_read_text(struct cq_secret **out, enum cq_secret_kind kind, const struct cqlcrawl_text *x,
                 const char *key, struct cq_fault *f)
{
    int err = 0;

    *out = NULL;
    switch (x->source) {
    case CQLCRAWL_UNSET:
        return 0;
    case CQLCRAWL_BYTES:
        err = cq_secret_from_bytes(out, kind, (cq_bytes){(const uint8_t *)x->text, x->n}, f);
        break;
    case CQLCRAWL_FILE:
        err = cq_secret_from_file(out, kind, x->text, f);
        break;
    case CQLCRAWL_ENV:
        err = cq_secret_from_env(out, kind, x->text, f);
        break;
    }
    if (err) cq_fault_wrap(f, key);
    return err;
}

static int min_version(int v)
{
    return v == 13 ? 0x0304 : 0x0303;
}

/* False: it does not come from a file that stands still. */
static bool stamp(struct cq_stamp *out, const struct cqlcrawl_text *x)
{
    if (x->source == CQLCRAWL_UNSET) return true;
    return x->source == CQLCRAWL_FILE && cq_secret_stamp(out, x->text, cq_link_wall_ms() / 1000);
}

static bool stamp_all(struct cq_trust_files *out, const struct cq_target *t)
{
    memset(out, 0, sizeof(*out));
    out->mode = t->t.tls_mode;
    out->min_version = min_version(t->t.tls_min_version);
    return stamp(&out->ca, &t->t.tls_cacert) && stamp(&out->cert, &t->t.tls_cert) &&
           stamp(&out->key, &t->t.tls_key);
}

static int read_tls(struct cq_target *t, struct cq_tls_ctx **out, struct cq_fault *f)
{
    struct cq_secret *ca = NULL, *cert = NULL, *key = NULL;
    struct cq_tls_config cfg;
    int err;

    err = cq_read_text(&ca, CQ_SECRET_PUBLIC, &t->t.tls_cacert, "tls.cacert", f);
    if (!err) err = cq_read_text(&cert, CQ_SECRET_PEM, &t->t.tls_cert, "tls.cert", f);
    if (!err) err = cq_read_text(&key, CQ_SECRET_PEM, &t->t.tls_key, "tls.key", f);
    if (err) {
        if (err != CQ_EDESCRIPTORS) f->err = err = CQ_ETLS_CONFIG;
    } else {
        cfg = (struct cq_tls_config){
            .mode = (enum cq_tls_mode)t->t.tls_mode,
            .ca_pem = cq_secret_bytes(ca),
            .cert_pem = cq_secret_bytes(cert),
            .key_pem = cq_secret_bytes(key),
            .min_version = min_version(t->t.tls_min_version),
        };
        err = cq_trust_get(&t->c->trust, &cfg, out, f);
    }
    cq_secret_release(ca);
    cq_secret_release(cert);
    cq_secret_release(key);
    return err;
}

int cq_attempt_tls(struct cq_target *t, struct cq_tls_ctx **out, struct cq_fault *f)
{
    struct cq_trust_files files;
    bool from_files;
    int err;

    *out = NULL;
    if (t->t.tls_mode == CQLCRAWL_TLS_DISABLE) return 0;
    from_files = stamp_all(&files, t); /* before they are read */
    if (from_files) *out = cq_trust_of(&t->c->trust, &files);
    if (*out) return 0;
    err = read_tls(t, out, f);
    if (!err && from_files) cq_trust_know(&t->c->trust, &files, *out);
    return err;
}

static int read_password(struct cq_target *t, struct cq_fault *f)
{
    if (t->t.auth != CQLCRAWL_AUTH_PLAIN) return 0;
    if (t->given) {
        t->password = cq_secret_retain(t->given);
        return 0;
    }
    return cq_read_text(&t->password, CQ_SECRET_PASSWORD, &t->t.password, "auth.password", f);
}

static enum cql_want compression(enum cqlcrawl_compression c)
{
    switch (c) {
    case CQLCRAWL_COMPRESSION_NONE:
        return CQL_NO;
    case CQLCRAWL_COMPRESSION_LZ4:
        return CQL_YES;
    case CQLCRAWL_COMPRESSION_AUTO:
        break;
    }
    return CQL_AUTO;
}

static bool wants(void *ctx, cq_bytes keyspace, cq_bytes name)
{
    return cq_filter_wants(ctx, keyspace, name);
}

static void fill_crawl(struct cq_target *t, struct cq_crawl_options *o)
{
    o->cluster = t->name;
    o->labels = t->labels;
    o->version = t->t.protocol;
    o->compression = compression(t->t.compression);
    o->driver_name = "cqlcrawl";
    o->driver_version = CQLCRAWL_VERSION;
    o->timeout_ns = t->t.timeout_ms ? CQ_MS(t->t.timeout_ms) : CQ_DEFAULT_TIMEOUT;
    o->request_timeout_ns = o->timeout_ns / 4 * 3; /* so that silence is told from slowness */
    o->login = (enum cq_login)t->t.auth;
    o->user = cq_str(t->t.user);
    o->password = cq_secret_bytes(t->password);
    o->allow_plaintext_login = t->t.allow_plaintext_login != 0;
    o->allow_authenticators = t->t.allow_authenticators;
    if (t->include.set || t->exclude.set) {
        o->wants = wants;
        o->wants_ctx = t;
    }
    memcpy(o->filters_hash, t->filters_hash, sizeof(o->filters_hash));
    o->write_system = t->t.system != 0;
    o->proof = (enum cq_proof)t->t.proof;
    o->page_rows = t->t.page_rows;
    o->max_in_flight = t->t.max_in_flight;
    o->discard = t->makes_none;
    o->default_port = t->endpoints[0].port;
    cq_remember_prepare(t, o);
}

int cq_attempt_prepare(void *ctx, struct cq_job *job, struct cq_link_options *o, struct cq_fault *f)
{
    struct cq_target *t = (struct cq_target *)job;
    int err = read_password(t, f);

    (void)ctx;
    if (!err) err = cq_attempt_tls(t, &t->tls, f);
    fill_crawl(t, &o->crawl);
    o->endpoints = t->endpoints;
    o->n_endpoints = t->t.n_endpoints;
    o->connect_timeout_ns =
        t->t.connect_timeout_ms ? CQ_MS(t->t.connect_timeout_ms) : CQ_DEFAULT_CONNECT_TIMEOUT;
    o->tls = t->tls;
    o->sni = t->t.tls_sni;
    o->verify_name = t->t.tls_name;
    return err;
}

void cq_attempt_release(void *ctx, struct cq_job *job)
{
    struct cq_target *t = (struct cq_target *)job;

    (void)ctx;
    cq_secret_release(t->password);
    cq_trust_release(t->tls);
    t->password = NULL;
    t->tls = NULL;
}
