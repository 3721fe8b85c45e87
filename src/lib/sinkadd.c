/* SPDX-License-Identifier: Apache-2.0 */
/* A new sink: checked, copied, its secrets read once, its lanes made when the first target comes.
 */
#include <stdio.h>

#include "lib/sinks_impl.h"

/* ---- checks ---- */

static int check(const struct cqlcrawl_sink *k, struct cq_fault *f)
{
    if (k->in_flight > CQ_MAX_LANES)
        return cq_fault_set(f, CQ_ERANGE, "in_flight: more than %u", CQ_MAX_LANES);
    if (k->batch_records > CQ_MAX_BATCH_RECORDS)
        return cq_fault_set(f, CQ_ERANGE, "batch_records: more than %u", CQ_MAX_BATCH_RECORDS);
    if (k->batch_bytes &&
        (k->batch_bytes < CQ_MIN_BATCH_BYTES || k->batch_bytes > CQ_MAX_BATCH_BYTES))
        return cq_fault_set(f, CQ_ERANGE, "batch_bytes: from 4 KiB to 64 MiB");
    if (k->batch_age_ms > CQ_MAX_TIMEOUT / CQ_MS(1))
        return cq_fault_set(f, CQ_ERANGE, "batch_age: more than a day");
    if (k->timeout_ms > CQ_MAX_TIMEOUT / CQ_MS(1))
        return cq_fault_set(f, CQ_ERANGE, "timeout: more than a day");
    if ((unsigned)k->encoding > CQLCRAWL_ENCODING_ZSTD)
        return cq_fault_set(f, CQ_EINVALID, "encoding: identity, gzip or zstd");
    return 0;
}

/* The PEM texts once more as the trust of clusters is read: its words are better than libcurl's,
 * and they come before anybody is contacted. */
static int check_trust(cqlcrawl *c, const struct cq_access *a, struct cq_fault *f)
{
    struct cq_tls_config cfg = {
        .mode = a->read[CQ_ACCESS_CACERT] ? CQ_TLS_VERIFY_FULL : CQ_TLS_REQUIRE,
        .ca_pem = cq_secret_bytes(a->read[CQ_ACCESS_CACERT]),
        .cert_pem = cq_secret_bytes(a->read[CQ_ACCESS_CERT]),
        .key_pem = cq_secret_bytes(a->read[CQ_ACCESS_KEY]),
    };
    struct cq_tls_ctx *tls = NULL;
    int err;

    if (cq_is_null(cfg.ca_pem) && cq_is_null(cfg.cert_pem)) return 0;
    err = cq_trust_get(&c->trust, &cfg, &tls, f);
    cq_trust_release(tls);
    return err;
}

int cq_access_begin(cqlcrawl *c, struct cq_access *a, struct cq_http_peer **peer,
                    struct cq_fault *f)
{
    struct cq_http_peer_options o = {
        .url = a->url,
        .agent = "cqlcrawl/" CQLCRAWL_VERSION,
    };
    int err = cq_access_read(a, true, f);

    if (!err) err = check_trust(c, a, f);
    if (err) return err;
    o.ca = cq_secret_bytes(a->read[CQ_ACCESS_CACERT]);
    o.cert = cq_secret_bytes(a->read[CQ_ACCESS_CERT]);
    o.key = cq_secret_bytes(a->read[CQ_ACCESS_KEY]);
    return cq_http_peer_new(peer, c->sinks->http, &o, f);
}

/* ---- a new one ---- */

static int name_it(struct cq_sink_entry *e, const char *name, struct cq_fault *f)
{
    const struct cq_http_url *at = &e->access.at;
    char made[sizeof(at->host) + 16];
    cq_bytes copy;

    (void)snprintf(made, sizeof(made), strchr(at->host, ':') ? "[%s]:%u" : "%s:%u", at->host,
                   (unsigned)at->port);
    if (!name) name = made;
    copy = cq_arena_dup(&e->arena, (cq_bytes){(const uint8_t *)name, strlen(name) + 1});
    if (cq_is_null(copy)) return cq_fault_set(f, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    e->name = (const char *)copy.p;
    return 0;
}

/* Where the system gives none, no two starts have the same times. */
static uint64_t random_seed(void)
{
    uint64_t seed;

    if (uv_random(NULL, NULL, &seed, sizeof(seed), 0, NULL))
        seed = uv_hrtime() ^ (uint64_t)cq_link_wall_ms() << 32;
    return seed;
}

static void fill(struct cq_sink_entry *e, const struct cqlcrawl_sink *k)
{
    struct cq_sink_config o = {
        .mem = &e->c->mem,
        .account = &e->c->driver.account,
        .url = e->access.url,
        .lanes = k->in_flight ? k->in_flight : CQ_DEFAULT_LANES,
        .batch_records = k->batch_records ? k->batch_records : CQ_DEFAULT_BATCH_RECORDS,
        .batch_bytes = k->batch_bytes ? (size_t)k->batch_bytes : CQ_DEFAULT_BATCH_BYTES,
        .batch_age_ns = k->batch_age_ms ? CQ_MS(k->batch_age_ms) : CQ_DEFAULT_BATCH_AGE,
        .timeout_ns = k->timeout_ms ? CQ_MS(k->timeout_ms) : CQ_DEFAULT_SINK_TIMEOUT,
        .encoding = (enum cq_encoding)k->encoding,
        .plain_key = k->plain_key != 0,
        .seed = e->c->o.seed ? e->c->o.seed : random_seed(),
        .key_seed = random_seed(), /* never --seed: two runs would give two bodies one key */
    };

    cq_sink_init(&e->machine, &o);
    e->dead_letter = k->dead_letter;
    e->ctx = k->ctx;
}

static int make(cqlcrawl *c, const struct cqlcrawl_sink *k, struct cq_sink_entry *e)
{
    struct cq_access_options o = {
        .http = c->sinks->http,
        .url = k->url,
        .user = k->user,
        .from = {&k->token, &k->password, &k->cacert, &k->cert, &k->key},
    };
    struct cq_fault *f = &c->last;
    int err = check(k, f);

    if (!err) err = cq_access_init(&e->access, &e->arena, &o, f);
    if (!err) err = name_it(e, k->name, f);
    if (!err) fill(e, k);
    if (!err) err = cq_access_begin(c, &e->access, &e->peer, f);
    return err;
}

int cqlcrawl_sink_add(cqlcrawl *c, const struct cqlcrawl_sink *sink, uint64_t *id)
{
    struct cqlcrawl_sink k = {0};
    struct cq_sink_entry *e;
    int err;

    c->last = (struct cq_fault){0};
    if (!sink || !sink->size) return cq_fault_set(&c->last, CQ_EINVALID, "the sink has no size");
    memcpy(&k, sink, sink->size < sizeof(k) ? sink->size : sizeof(k));
    if (c->closing || (c->sinks && c->sinks->begun) || c->targets_began)
        return cq_fault_set(&c->last, CQ_EINVALID, "sinks are added before the first target");
    err = cq_sinks_open(c);
    if (err) return err;
    if (c->sinks->n == CQ_MAX_SINKS)
        return cq_fault_set(&c->last, CQ_ETOO_MANY, "more than %u sinks", CQ_MAX_SINKS);
    e = cq_calloc(&c->mem, 1, sizeof(*e));
    if (!e) return cq_fault_set(&c->last, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    e->c = c;
    cq_arena_init(&e->arena, &c->mem);
    err = make(c, &k, e);
    if (err) {
        cq_sink_entry_free(e);
        return err;
    }
    cq_remember_destination(c, cq_str(e->name));
    cq_remember_destination(c, cq_str(k.url));
    c->sinks->entries[c->sinks->n++] = e;
    e->id = c->sinks->n;
    if (id) *id = e->id;
    return 0;
}

static void free_lanes(struct cq_sink_entry *e)
{
    for (unsigned i = 0; e->lanes && i < e->machine.o.lanes; i++) {
        cq_http_call_free(e->lanes[i].call);
        cq_secret_release(e->lanes[i].auth);
    }
    cq_free(&e->c->mem, e->lanes);
    e->lanes = NULL;
}

int cq_sink_entry_begin(struct cq_sink_entry *e, size_t memory)
{
    struct cq_sink_lane *lanes;
    unsigned n = e->machine.o.lanes;
    int err = cq_sink_begin(&e->machine, memory);

    if (err) return err;
    lanes = cq_calloc(&e->c->mem, n, sizeof(*lanes));
    for (unsigned i = 0; lanes && i < n && !err; i++) {
        lanes[i] = (struct cq_sink_lane){.entry = e, .lane = i};
        err = cq_http_call_new(&lanes[i].call, e->peer, cq_sink_upload(&e->machine), &lanes[i]);
    }
    e->lanes = lanes;
    if (lanes && !err) return 0;
    free_lanes(e);
    cq_sink_fini(&e->machine);
    return CQ_ENOMEM;
}

/* Nothing is under way any more; a callback of the host may still look at the last answer. */
void cq_sink_entry_stop(struct cq_sink_entry *e)
{
    for (unsigned i = 0; e->lanes && i < e->machine.o.lanes; i++)
        cq_http_call_cancel(e->lanes[i].call);
    cq_http_peer_cancel(e->peer);
}

void cq_sink_entry_free(struct cq_sink_entry *e)
{
    free_lanes(e);
    cq_sink_fini(&e->machine);
    cq_http_peer_free(e->peer);
    cq_access_fini(&e->access);
    cq_arena_fini(&e->arena);
    cq_free(&e->c->mem, e);
}
