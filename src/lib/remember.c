/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state directory and the targets: each attempt's epoch comes from it, what it knows goes into
 * the attempt, and what became of a target goes back once its records have arrived. Where the state
 * cannot say, or nothing may be said (an attempt that was cut off), the next crawl reads in full.
 */
#include "lib/handle.h"

#include "base/digest.h"

/* Of one target, from its first epoch to its end. */
struct cq_remember {
    struct cq_known known; /* as it was, with what this target's own attempts changed */
    struct cq_known next;  /* for its end */
    char settings[33];
    bool begun;       /* the state has answered before */
    bool in_attempt;  /* one is under way: what has left is not known */
    bool asked;       /* something of the schema may have left */
    bool complete;    /* the last attempt was a complete read, with a proof */
    bool undelivered; /* the host lost it */
    bool news;        /* besides the complete read and the greeting: what is known has changed */
};

/* Besides the filters: what decides what is written, and where it goes. */
static void hash_settings(const struct cq_target *t, char out[33])
{
    uint8_t sum[32], parts[4][32] = {{0}};
    cqlcrawl *c = t->c;

    if (c->settings[0] && cq_eq(cq_buf_view(&c->labels), t->labels)) {
        memcpy(out, c->settings, sizeof(c->settings));
        return;
    }
    cq_sha256(t->labels, parts[0]);
    cq_sha256(cq_str(CQLCRAWL_VERSION), parts[1]);
    memcpy(parts[2], t->c->destinations, sizeof(parts[2]));
    parts[3][0] = t->c->o.record != NULL;
    cq_sha256((cq_bytes){&parts[0][0], sizeof(parts)}, sum);
    cq_hex(sum, 16, out);
    out[32] = 0;
    cq_buf_clear(&c->labels);
    cq_buf_put(&c->labels, t->labels.p, t->labels.n);
    memcpy(c->settings, c->labels.err ? "" : out, c->labels.err ? 1 : sizeof(c->settings));
}

void cq_remember_destination(cqlcrawl *c, cq_bytes name)
{
    uint8_t parts[2][32];

    c->settings[0] = 0;
    memcpy(parts[0], c->destinations, sizeof(parts[0]));
    cq_sha256(name, parts[1]);
    cq_sha256((cq_bytes){&parts[0][0], sizeof(parts)}, c->destinations);
}

/* What there is to say of the attempts until now. */
static void end(struct cq_target *t, bool kept)
{
    struct cq_remember *r = t->remember;
    enum cq_ending ending = CQ_ENDING_UNTOUCHED;

    if (r->in_attempt) return;
    if (r->asked) ending = CQ_ENDING_SPOILED;
    if (r->asked && r->complete && kept) ending = CQ_ENDING_COMPLETE;
    r->next.complete.epoch = t->job.last_epoch;
    if (!r->news) r->next.identity.cluster_name[0] = 0; /* most: a heartbeat of one who is known */
    (void)cq_state_end(t->c->state, t->name, ending, &r->next); /* no memory: it stays open */
}

/* ---- an attempt ---- */

void cq_remember_begin(void *ctx, struct cq_job *job)
{
    struct cq_target *t = (struct cq_target *)job;
    cqlcrawl *c = ctx;

    if (t->remember)
        end(t, false); /* of the attempt before: a begin without an end says the worst */
    if (t->t.check || cq_state_begin(c->state, t->name, cq_link_wall_ms(), t))
        cq_driver_begun(&c->driver, job, 0);
}

static struct cq_remember *remember(struct cq_target *t, const struct cq_known *known)
{
    struct cq_remember *r = cq_alloc(&t->c->mem, sizeof(*r));

    if (!r) return NULL;
    memset(&r->next, 0, sizeof(*r) - offsetof(struct cq_remember, next)); /* all but known */
    hash_settings(t, r->settings);
    r->known = *known;
    if (t->t.accept_identity) { /* whoever answers, and nothing of the other one */
        r->known.identity = (struct cq_identity){0};
        r->known.complete.epoch = 0;
    }
    return r;
}

static void answered(void *ctx, void *token, uint64_t epoch, const struct cq_known *known)
{
    struct cq_target *t = token;
    cqlcrawl *c = ctx;

    /* later attempts know better than the state, for which the first one has not ended */
    if (!t->remember) t->remember = remember(t, known);
    cq_driver_begun(&c->driver, &t->job, epoch);
}

static uint64_t full_after_ms(const struct cq_target *t)
{
    return t->t.full_after_ms ? t->t.full_after_ms : CQ_DEFAULT_FULL_AFTER / CQ_MS(1);
}

/* What the server said the last time. `check` shows every step, like somebody who knows nothing. */
static void prepare_greeting(struct cq_target *t, struct cq_crawl_options *o)
{
    const struct cq_remember *r = t->remember;
    uint64_t most = full_after_ms(t);
    int64_t now = cq_link_wall_ms();
    int64_t since = most < (uint64_t)now ? now - (int64_t)most : 0;

    t->greeting = t->t.check ? NULL : cq_greetings_find(t->c->greetings, t->name, since);
    if (!t->greeting && r && r->known.greeting.n && r->known.greeting.learnt_ms >= since)
        t->greeting = &r->known.greeting;
    if (t->greeting) o->supported = (cq_bytes){t->greeting->body, t->greeting->n};
}

void cq_remember_prepare(struct cq_target *t, struct cq_crawl_options *o)
{
    struct cq_remember *r = t->remember;
    struct cq_wanted w = {
        .proof = (int)t->t.proof,
        .hash_v = CQ_HASH_V,
        .filters_hash = t->filters_hash,
        .name = t->name,
        .full_after_ms = full_after_ms(t),
        .wall_ms = cq_link_wall_ms(),
    };

    prepare_greeting(t, o);
    if (!r) return;
    w.settings = r->settings;
    o->known = &r->known;
    if (r->known.memory > o->need) o->need = (size_t)r->known.memory; /* or an attempt's before */
    o->incremental = t->t.incremental && cq_complete_stands(&r->known.complete, &w);
    r->in_attempt = true;
}

static void take_complete(struct cq_target *t, const struct cq_scope *s, const uint64_t *counts)
{
    struct cq_complete *to = &t->remember->next.complete;

    to->finished_ms = s->finished_ms;
    to->proof = (int)s->proof;
    to->hash_v = CQ_HASH_V;
    memcpy(to->schema_version, s->version_before, sizeof(to->schema_version));
    memcpy(to->digest, s->digest, sizeof(to->digest));
    memcpy(to->filters_hash, t->filters_hash, sizeof(to->filters_hash));
    memcpy(to->settings, t->remember->settings, sizeof(to->settings));
    for (int i = 0; i < CQ_N_KINDS; i++)
        to->counts[i] = counts[i];
    to->counts[CQ_KIND_SCOPE_END] = 0; /* as it said itself */
    t->remember->complete = true;
}

/* Peers that could not be read this time do not make the others unknown. */
static void take_identity(struct cq_remember *r, const struct cq_identity *now)
{
    if (!now || !now->cluster_name[0]) return;
    r->next.identity = *now;
    if (!cq_identity_same(now, &r->known.identity)) r->news = true;
    if (!r->known.identity.cluster_name[0]) r->known.identity = *now; /* for further attempts */
    if (!now->whole && r->known.identity.whole) r->next.identity = r->known.identity;
}

/* After a connection that relied on it there is nothing new to know, but that it was wrong: it did
 * not come to the server's own row, or another release wrote that. */
static void take_greeting(struct cq_target *t, const struct cq_crawl_event *ev)
{
    struct cq_remember *r = t->remember;
    struct cq_greeting g;

    if (ev->recalled && cq_greeting_is_of(t->greeting, ev->release)) return;
    if (!ev->recalled && (cq_is_null(ev->supported) || cq_is_null(ev->release))) return;
    if (!cq_greeting_make(&g, ev->recalled ? CQ_NULL : ev->supported, ev->release,
                          cq_link_wall_ms()))
        g.n = 0;
    if (g.n)
        cq_greetings_put(t->c->greetings, t->name, &g);
    else
        cq_greetings_drop(t->c->greetings, t->name);
    if (r) r->known.greeting = r->next.greeting = g;
}

void cq_remember_ended(void *ctx, struct cq_job *job, const struct cq_crawl_event *ev)
{
    struct cq_target *t = (struct cq_target *)job;
    struct cq_remember *r = t->remember;
    const struct cq_scope *s = ev->scope;
    const cqlcrawl *c = ctx;

    if (!c->closing && !t->t.check) take_greeting(t, ev);
    if (!r || c->closing) return; /* lines were dropped: nothing may be said of it */
    r->in_attempt = r->complete = false;
    take_identity(r, ev->identity);
    if (!ev->asked) return;
    r->asked = r->news = true;
    r->next.memory = ev->need;
    r->known.complete.epoch = 0;
    if (s->read == CQ_READ_COMPLETE && s->proof != CQ_PROOF_NONE && s->digest[0])
        take_complete(t, s, ev->counts);
}

/* ---- the end ---- */

int cqlcrawl_undelivered(cqlcrawl *c, uint64_t id)
{
    if (!c->in_done || c->in_done->id != id) return CQ_ENOT_FOUND;
    if (c->in_done->remember) c->in_done->remember->undelivered = true;
    return 0;
}

void cq_remember_done(struct cq_target *t, enum cqlcrawl_delivery delivery)
{
    bool kept = delivery == CQLCRAWL_DELIVERY_NONE || delivery == CQLCRAWL_DELIVERY_ACCEPTED;

    if (t->remember) end(t, kept && !t->remember->undelivered);
}

void cq_remember_free(struct cq_target *t)
{
    cq_free(&t->c->mem, t->remember);
    t->remember = NULL;
}

/* ---- the directory ---- */

int cq_remember_open(cqlcrawl *c, struct cq_fault *f)
{
    struct cq_state_options o = {
        .loop = c->loop,
        .mem = &c->mem,
        .dir = c->o.state,
        .answered = answered,
        .failed = cq_report_unwritten,
        .ctx = c,
    };

    return c->o.state ? cq_state_open(&c->state, &o, f) : 0;
}
