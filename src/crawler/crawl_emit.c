/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of an attempt, one at a time: scope_begin, cluster, nodes, schema, anomalies,
 * scope_end. Each step either makes a line, or says that it cannot go on yet (false), or passes to
 * the next step. When the conversation ended before every page had come, the rest of the schema is
 * left out: half an object would pass for a whole one.
 */
#include <stdio.h>

#include "crawler/crawl_impl.h"

/* A line as an event. False: there is none (discarded, or the machine is out of memory). */
bool cq_crawl_line(struct cq_crawl *c, int err, enum cq_kind kind, cq_bytes line,
                   struct cq_crawl_event *ev)
{
    if (err) {
        cq_crawl_fail(c, err, "a %s record could not be written", cq_kind_name(kind));
        snprintf(c->w->text, sizeof(c->w->text), "a %s record could not be written",
                 cq_kind_name(kind));
        cq_crawl_blame(c, err, c->w->text); /* where the conversation is over already */
        return false;
    }
    *ev = (struct cq_crawl_event){.kind = CQ_CRAWL_RECORD, .record_kind = kind, .line = line};
    return true;
}

bool cq_crawl_discards(struct cq_crawl *c, enum cq_kind kind)
{
    if (c->o->discard) c->w->rec.counts[kind]++;
    return c->o->discard;
}

static bool is_cut_short(const struct cq_crawl *c)
{
    if (c->is_cancelled || c->fell || c->fault.err == CQ_ENOMEM) return true;
    if (c->unchanged) return c->fault.err != 0;
    return c->state == CQ_CRAWL_OVER && !c->main_whole;
}

static bool emit_begin(struct cq_crawl *c, struct cq_crawl_event *ev)
{
    cq_bytes line;
    int err;

    c->emit = CQ_EMIT_CLUSTER;
    if (!c->w && cq_crawl_work_new(c) != 0) {
        cq_crawl_blame(c, CQ_ENOMEM, "no memory to say how it ended");
        c->emit = CQ_EMIT_DONE;
        return false;
    }
    if (c->o->discard || c->unchanged) return false;
    err = cq_model_scope_begin(&c->w->model, &c->w->scope, &line);
    return cq_crawl_line(c, err, CQ_KIND_SCOPE_BEGIN, line, ev);
}

/* A table or view without its columns, or without a key, would be written wrong; unless the attempt
 * before this one saw orphans too: then that may be how it is. */
static bool is_whole(const struct cq_crawl *c, const struct cq_merge *m, const struct cq_object *o)
{
    if (o->kind != CQ_KIND_TABLE && o->kind != CQ_KIND_VIEW) return true;
    if (!o->columns.shape) return false;
    return !m->keyless || (c->o->previous && c->o->previous->digest[0]);
}

static bool is_written(const struct cq_crawl *c, const struct cq_merge *m,
                       const struct cq_object *o)
{
    if (o->system && !c->o->write_system) return false;
    if (!is_whole(c, m, o)) return false;
    return !c->o->wants || c->o->wants(c->o->wants_ctx, o->keyspace, o->name);
}

/* One object that cannot be written does not stop the others; the read is not complete then. */
static void note_unwritten(struct cq_crawl *c, const struct cq_object *o, int err)
{
    if (c->w->n_unwritten++) return;
    c->w->unwritten_err = err;
    snprintf(c->w->unwritten, sizeof(c->w->unwritten), "%s %.*s%s%.*s: %s", cq_kind_name(o->kind),
             CQ_FMT(o->keyspace), o->name.p ? "." : "", CQ_FMT(o->name), cq_err_text(err));
}

static bool emit_object(struct cq_crawl *c, const struct cq_merge *m, const struct cq_object *o,
                        struct cq_crawl_event *ev)
{
    cq_bytes line;
    int err;

    if (!is_written(c, m, o) || cq_crawl_discards(c, o->kind)) {
        if (o->sketch) cq_model_learn(&c->w->model, o);
        return false;
    }
    err = cq_model_object(&c->w->model, o, &line);
    if (err && err != CQ_ENOMEM) {
        note_unwritten(c, o, err);
        return false;
    }
    return cq_crawl_line(c, err, o->kind, line, ev);
}

/* A merge that cannot go on for good. */
static void merge_failed(struct cq_crawl *c, const struct cq_merge *m, int err)
{
    if (err != CQ_MERGE_FELL) {
        const char *colon = m->keyspace.n ? ": " : "";

        cq_crawl_fail(c, err, "%.*s%s%s", CQ_FMT(m->keyspace), colon, cq_err_text(err));
        snprintf(c->w->text, sizeof(c->w->text), "%.*s%s%s", CQ_FMT(m->keyspace), colon,
                 cq_err_text(err));
        cq_crawl_blame(c, err, c->w->text);
        c->main_whole = false;
        return;
    }
    c->fell = true;
    for (int t = 0; t < CQ_N_TABLES; t++)
        if (c->w->asks[t].cursor.fell) c->fell_at = (enum cq_table)t;
    cq_crawl_over(c);
}

static bool emit_merge(struct cq_crawl *c, struct cq_merge *m, enum cq_emit next,
                       struct cq_crawl_event *ev, bool *on)
{
    struct cq_object o;
    int r;

    *on = false;
    while ((r = cq_merge_next(m, &o)) == CQ_MERGE_OBJECT) {
        unsigned before = c->w->n_unwritten;

        if (emit_object(c, m, &o, ev)) return true;
        c->nudge = c->w->n_unwritten != before; /* that took its time: others have a turn */
        if (c->nudge) return false;
    }
    *on = r != CQ_MERGE_BLOCKED;
    if (r == CQ_MERGE_BLOCKED)
        c->wants_pages = true;
    else if (r == CQ_MERGE_END)
        c->emit = next;
    else
        merge_failed(c, m, r);
    return false;
}

static bool emit_anomaly(struct cq_crawl *c, struct cq_crawl_event *ev)
{
    const struct cq_finding *f = c->w->finding;
    struct cq_anomaly a;
    cq_bytes line;
    int err;

    if (!f) {
        c->emit = CQ_EMIT_END;
        return false;
    }
    c->w->finding = f->next;
    if (cq_finding_is_orphan(f) && !c->w->orphans_confirmed) return false;
    if (cq_crawl_discards(c, CQ_KIND_ANOMALY)) return false;
    cq_finding_anomaly(f, &a);
    err = cq_model_anomaly(&c->w->model, &a, &line);
    return cq_crawl_line(c, err, CQ_KIND_ANOMALY, line, ev);
}

void cq_crawl_close_scope(struct cq_crawl *c)
{
    cq_crawl_cost(c);
    c->w->scope.finished_ms = c->wall_ms;
    c->w->scope.requests = c->before.requests + c->sent_requests;
    c->w->scope.waits = c->sent_waits;
    c->w->scope.ns_total = c->now_ns - c->start_ns;
    if (c->o->cpu_ns) c->w->scope.cpu_us = c->o->cpu_ns(c->o->cpu_ctx) / 1000;
}

static bool emit_end(struct cq_crawl *c, struct cq_crawl_event *ev)
{
    cq_bytes line;
    int err;

    c->emit = CQ_EMIT_READ_STEP;
    cq_crawl_close_scope(c);
    if (c->o->discard) return false;
    err = cq_model_scope_end(&c->w->model, &c->w->scope, &line);
    return cq_crawl_line(c, err, CQ_KIND_SCOPE_END, line, ev);
}

static const char *first_reason(const struct cq_crawl *c)
{
    return c->w->scope.n_reasons ? c->w->scope.reasons[0].text : "";
}

static void read_text(struct cq_crawl *c)
{
    const struct cq_scope *s = &c->w->scope;
    const uint64_t *n = c->w->schema.read, *v = c->w->virtual_.read;
    char since[25] = "";

    if (c->unchanged) {
        (void)cq_rfc3339(c->o->known->complete.finished_ms, since);
        snprintf(c->w->text, sizeof(c->w->text), "unchanged since %s", since);
        return;
    }
    if (s->read == CQ_READ_COMPLETE)
        snprintf(c->w->text, sizeof(c->w->text), "complete: %llu tables, %llu keyspaces",
                 (unsigned long long)(n[CQ_KIND_TABLE] + v[CQ_KIND_TABLE]),
                 (unsigned long long)(n[CQ_KIND_KEYSPACE] + v[CQ_KIND_KEYSPACE]));
    else
        snprintf(c->w->text, sizeof(c->w->text), "%s: %s",
                 s->read == CQ_READ_FAILED ? "failed" : "incomplete", first_reason(c));
}

static bool emit_read_step(struct cq_crawl *c, struct cq_crawl_event *ev)
{
    const struct cq_scope *s = &c->w->scope;

    c->emit = CQ_EMIT_DONE;
    if (s->ns_before == 0 && !c->w->asks[CQ_T_LOCAL].cursor.complete)
        return false; /* never began */
    read_text(c);
    *ev = (struct cq_crawl_event){.kind = CQ_CRAWL_STEP, .step = CQ_CRAWL_READ_STEP};
    ev->err = cq_crawl_reason_err(c);
    ev->ns = s->ns_before + s->ns_main + s->ns_after;
    ev->text = c->w->text;
    return true;
}

/* Of a crawl without memory for its scope. */
static const struct cq_scope no_scope = {
    .read = CQ_READ_FAILED, .err = CQ_ENOMEM, .text = "no memory to say how it ended"};
static const uint64_t no_counts[CQ_N_KINDS];
static const struct cq_orphans no_orphans;

static bool emit_done(struct cq_crawl *c, struct cq_crawl_event *ev)
{
    c->emit = CQ_EMIT_OVER;
    *ev = (struct cq_crawl_event){.kind = CQ_CRAWL_DONE, .cluster_name = c->cluster_name};
    if (c->tls && c->tls->not_after_ms > 0) ev->not_after_ms = c->tls->not_after_ms;
    ev->supported = c->conn ? cql_conn_supported_body(c->conn) : CQ_NULL;
    ev->release = c->release ? cq_str(c->release) : CQ_NULL;
    ev->recalled = c->conn && cql_conn_recalls(c->conn);
    if (!c->w) {
        ev->scope = &no_scope;
        ev->counts = no_counts;
        ev->orphans = &no_orphans;
        ev->err = ev->reason_err = CQ_ENOMEM;
        ev->text = no_scope.text;
        return true;
    }
    ev->scope = &c->w->scope;
    ev->counts = c->unchanged ? c->w->met->counts : c->w->rec.counts;
    ev->identity = c->w->met ? &c->w->met->identity : NULL;
    ev->asked = c->asked;
    ev->unchanged = c->unchanged;
    ev->err = c->fault.err ? c->fault.err : c->w->scope.err;
    ev->text = c->fault.err ? c->fault.text : c->w->scope.err ? c->w->scope.text : first_reason(c);
    ev->reason_err = cq_crawl_reason_err(c);
    ev->retry = c->retry;
    ev->orphans = &c->w->orphans;
    ev->need = c->budget.most;
    return true;
}

/* One step. *on: there may be more to do at once. */
static bool step(struct cq_crawl *c, struct cq_crawl_event *ev, bool *on)
{
    enum cq_emit before = c->emit;
    bool told = false;

    *on = false;
    switch (c->emit) {
    case CQ_EMIT_BEGIN:
        if (c->state < CQ_CRAWL_MAIN) return false;
        told = emit_begin(c, ev);
        break;
    case CQ_EMIT_CLUSTER:
        told = cq_crawl_emit_cluster(c, ev);
        break;
    case CQ_EMIT_LOCAL:
    case CQ_EMIT_PEERS:
        return cq_crawl_emit_node(c, ev, on);
    case CQ_EMIT_HEARTBEAT:
        told = cq_crawl_emit_heartbeat(c, ev);
        break;
    case CQ_EMIT_SCHEMA:
        return emit_merge(c, &c->w->schema, CQ_EMIT_VIRTUAL, ev, on);
    case CQ_EMIT_VIRTUAL:
        return emit_merge(c, &c->w->virtual_, CQ_EMIT_VERDICT, ev, on);
    case CQ_EMIT_VERDICT:
        if (c->state != CQ_CRAWL_OVER) return false;
        cq_crawl_verdict(c);
        c->w->finding = c->w->findings.first;
        c->emit = CQ_EMIT_ANOMALIES;
        break;
    case CQ_EMIT_ANOMALIES:
        told = emit_anomaly(c, ev);
        *on = true;
        return told;
    case CQ_EMIT_END:
        told = emit_end(c, ev);
        break;
    case CQ_EMIT_READ_STEP:
        told = emit_read_step(c, ev);
        break;
    case CQ_EMIT_DONE:
        told = emit_done(c, ev);
        break;
    case CQ_EMIT_OVER:
        return false;
    }
    *on = c->emit != before;
    return told;
}

bool cq_crawl_emit(struct cq_crawl *c, struct cq_crawl_event *ev)
{
    bool on = true;

    while (on) {
        if (c->emit > CQ_EMIT_BEGIN && c->emit < CQ_EMIT_VERDICT && is_cut_short(c)) {
            c->emit = CQ_EMIT_VERDICT;
            c->unchanged = false;
        }
        if (step(c, ev, &on)) return true;
        if (c->queue_n) return false; /* what happened comes first */
    }
    return false;
}
