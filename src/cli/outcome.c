/* SPDX-License-Identifier: Apache-2.0 */
/* Outcomes and sums (cli/outcome.h). */
#include "cli/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const cq_object_names[CQ_N_OBJECTS] = {"keyspace", "table",     "view", "type",
                                                   "function", "aggregate", "node", "anomaly"};
const char *const cq_ending_names[CQ_N_ENDINGS] = {"complete", "incomplete", "failed"};
const uint64_t cq_bucket_ms[CQ_N_BUCKETS] = {5,    10,   25,   50,    100,   250,  500,
                                             1000, 2500, 5000, 10000, 30000, 60000};

enum cq_ending cq_outcome_ending(const struct cq_outcome *o)
{
    if (!o->done || o->read == CQLCRAWL_READ_FAILED) return CQ_FAILED;
    return o->read == CQLCRAWL_READ_INCOMPLETE || o->err ? CQ_INCOMPLETE : CQ_COMPLETE;
}

const char *cq_outcome_code(const struct cq_outcome *o)
{
    if (!o->done) return "not_begun";
    if (o->err) return cqlcrawl_errcode(o->err);
    if (cq_outcome_ending(o) == CQ_COMPLETE) return NULL;
    return o->reason[0] ? o->reason : "incomplete";
}

/* ---- under way ---- */

void cq_outcome_paused(struct cq_outcome *o, struct cq_under_way *w)
{
    if (!o->started_ns) return;
    *(o->older ? &o->older->newer : &w->oldest) = o->newer;
    *(o->newer ? &o->newer->older : &w->newest) = o->older;
    o->older = o->newer = NULL;
    o->started_ns = 0;
    w->n--;
}

void cq_outcome_started(struct cq_outcome *o, struct cq_under_way *w, uint64_t now_ns)
{
    cq_outcome_paused(o, w);
    o->started_ns = now_ns ? now_ns : 1;
    o->older = w->newest;
    *(w->newest ? &w->newest->newer : &w->oldest) = o;
    w->newest = o;
    w->n++;
}

/* ---- done ---- */

static void take_objects(struct cq_outcome *o, const struct cqlcrawl_event *ev)
{
    const uint64_t n[CQ_N_OBJECTS] = {ev->keyspaces, ev->tables,     ev->views, ev->types,
                                      ev->functions, ev->aggregates, ev->nodes, ev->anomalies};

    if (!ev->unchanged) o->counted = true;
    for (int i = 0; i < CQ_N_OBJECTS; i++) {
        if (ev->unchanged && i != CQ_NODES) continue; /* what was read last is still there */
        o->objects[i] = n[i] < UINT32_MAX ? (uint32_t)n[i] : UINT32_MAX;
    }
}

static void take_fault(struct cq_totals *t, const struct cq_outcome *o)
{
    const char *code = cq_outcome_code(o);
    enum cq_ending ending = cq_outcome_ending(o);
    struct cq_fault_count *f;
    unsigned i = 0;

    if (!code) return;
    while (i < t->n_faults &&
           (strcmp(t->faults[i].code, code) != 0 || t->faults[i].ending != ending))
        i++;
    if (i == CQ_MAX_FAULT_CODES) {
        t->faults[CQ_MAX_FAULT_CODES - 1].n++;
        return;
    }
    f = &t->faults[i];
    f->n++;
    if (i < t->n_faults) return;
    t->n_faults++;
    if (i == CQ_MAX_FAULT_CODES - 1) code = "other";
    (void)snprintf(f->code, sizeof(f->code), "%s", code);
    f->class_ = o->err ? cqlcrawl_errclass(o->err) : "incomplete";
    f->remedy = o->err ? cqlcrawl_remedy(o->err) : "";
    f->ending = ending;
}

static void add(struct cq_totals *t, const struct cq_outcome *o, const struct cqlcrawl_event *ev)
{
    unsigned b = 0;

    t->done++;
    t->endings[cq_outcome_ending(o)]++;
    t->unchanged += o->unchanged;
    t->undelivered += o->undelivered;
    t->attempts += ev->attempts;
    t->repeats += ev->attempts > 1 ? ev->attempts - 1 : 0;
    t->requests += ev->requests;
    t->connections += ev->connections;
    t->bytes_in += ev->bytes_in;
    t->bytes_out += ev->bytes_out;
    t->records += ev->records;
    t->dead_letters += ev->dead_letters;
    if (!o->unchanged) {
        for (int i = 0; i < CQ_N_OBJECTS; i++)
            t->objects[i] += o->objects[i];
    }
    while (b < CQ_N_BUCKETS && ev->ns_total > cq_bucket_ms[b] * 1000000)
        b++;
    t->buckets[b]++;
    t->ns += ev->ns_total;
    take_fault(t, o);
}

/* A fact that this read did not bring stays as the last one brought it. */
static void take_cluster(struct cq_outcome *o, const struct cqlcrawl_event *ev, int64_t now_ms)
{
    bool well = !ev->err && ev->read == CQLCRAWL_READ_COMPLETE;

    if (ev->schema_versions) o->schema_versions = ev->schema_versions;
    if (ev->not_after_ms) o->not_after_ms = ev->not_after_ms;
    if (ev->read != CQLCRAWL_READ_FAILED) take_objects(o, ev);
    if (well && !o->undelivered) o->read_at_ms = now_ms;
    free(o->text);
    o->text = !well && ev->text && *ev->text ? strdup(ev->text) : NULL;
}

void cq_outcome_done(struct cq_outcome *o, struct cq_totals *t, const struct cqlcrawl_event *ev,
                     int64_t now_ms, bool lost)
{
    o->done = true;
    o->undelivered = lost || ev->delivery == CQLCRAWL_DELIVERY_REJECTED ||
                     ev->delivery == CQLCRAWL_DELIVERY_UNKNOWN;
    o->unchanged = ev->unchanged != 0;
    o->read = (uint8_t)ev->read;
    o->proof = (uint8_t)ev->proof;
    o->delivery = (uint8_t)ev->delivery;
    o->agreement = (int8_t)ev->agreement;
    o->err = ev->err;
    o->ns = ev->ns_total;
    o->bytes_in = ev->bytes_in;
    o->bytes_out = ev->bytes_out;
    o->records = ev->records;
    o->dead_letters = ev->dead_letters;
    o->attempts = ev->attempts;
    (void)snprintf(o->reason, sizeof(o->reason), "%s", ev->reason ? ev->reason : "");
    take_cluster(o, ev, now_ms);
    add(t, o, ev);
}

void cq_outcome_fini(struct cq_outcome *o)
{
    free(o->text);
    o->text = NULL;
}
