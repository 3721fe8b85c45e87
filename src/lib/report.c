/* SPDX-License-Identifier: Apache-2.0 */
/* From the driver's words to the public events (include/cqlcrawl.h). The host's callbacks are
 * called from here alone. */
#include "lib/handle.h"

/* To the host, then to the sinks; whoever has no room makes the target wait. */
bool cq_report_record(void *ctx, struct cq_job *job, cq_bytes line)
{
    struct cq_target *t = (struct cq_target *)job;
    cqlcrawl *c = ctx;

    if (t->makes_none) return true;
    if (c->o.record && c->o.record(c->o.ctx, t->id, t->t.user_data, (const char *)line.p, line.n) ==
                           CQLCRAWL_PAUSE) {
        t->host_paused = true;
    }
    return cq_sinks_offer(c, t, line) && !t->host_paused;
}

void cq_report_room(cqlcrawl *c, struct cq_target *t)
{
    t->waits--;
    if (t->waits == 0 && !t->host_paused) cq_driver_resume(&c->driver, &t->job);
}

void cq_report_settle(void *ctx, struct cq_job *job)
{
    struct cq_target *t = (struct cq_target *)job;
    cqlcrawl *c = ctx;

    t->settling = true;
    cq_sinks_kick(c); /* was it the last that ran? Then batches need not wait for more */
    cq_report_answered(c, t);
}

void cq_report_answered(cqlcrawl *c, struct cq_target *t)
{
    if (!t->settling || !cq_sinks_have_answered(c, t)) return;
    t->settling = false;
    cq_driver_settled(&c->driver, &t->job);
}

static struct cqlcrawl_event event_of(const struct cq_target *t, enum cqlcrawl_event_kind kind)
{
    struct cqlcrawl_event ev = CQLCRAWL_INIT(cqlcrawl_event);

    ev.kind = kind;
    ev.id = t->id;
    ev.name = t->t.name;
    ev.user_data = t->t.user_data;
    ev.agreement = -1;
    return ev;
}

static void set_error(struct cqlcrawl_event *ev, int err, const char *text)
{
    ev->err = err;
    ev->text = text ? text : "";
    if (!err) return;
    ev->code = cq_err_code(err);
    ev->class_ = cq_class_name(cq_err_class(err));
    ev->remedy = cq_err_remedy(err);
    if (!*ev->text) ev->text = cq_err_text(err);
}

void cq_report_step(void *ctx, struct cq_job *job, const struct cq_sock_step *step)
{
    cqlcrawl *c = ctx;
    struct cqlcrawl_event ev = event_of((struct cq_target *)job, CQLCRAWL_EVENT_STEP);

    ev.step = (enum cqlcrawl_step)step->step;
    ev.ns = step->ns;
    set_error(&ev, step->err, step->text);
    if (c->o.event) c->o.event(c->o.ctx, &ev);
}

void cq_report_started(void *ctx, struct cq_job *job)
{
    cqlcrawl *c = ctx;
    struct cqlcrawl_event ev = event_of((struct cq_target *)job, CQLCRAWL_EVENT_STARTED);

    ev.attempts = job->result.attempts + 1;
    if (c->o.event) c->o.event(c->o.ctx, &ev);
}

static void tell_limit(const cqlcrawl *c, int err, const char *why)
{
    struct cqlcrawl_event ev = CQLCRAWL_INIT(cqlcrawl_event);

    ev.kind = CQLCRAWL_EVENT_LIMIT;
    ev.agreement = -1;
    set_error(&ev, err, why);
    if (c->o.event) c->o.event(c->o.ctx, &ev);
}

void cq_report_shortage(void *ctx, int err, const char *why)
{
    tell_limit(ctx, err, why);
}

void cq_report_unwritten(void *ctx, const char *why)
{
    tell_limit(ctx, CQ_ESTATE, why);
}

void cq_report_attempt(void *ctx, struct cq_job *job, const char *why)
{
    cqlcrawl *c = ctx;
    struct cqlcrawl_event ev = event_of((struct cq_target *)job, CQLCRAWL_EVENT_ATTEMPT);

    ev.text = why;
    ev.reason = job->result.reason[0] ? job->result.reason : NULL;
    ev.attempts = job->result.attempts;
    if (c->o.event) c->o.event(c->o.ctx, &ev);
}

static void fill_times(struct cqlcrawl_event *ev, const struct cq_result *r)
{
    ev->ns_resolve = r->ns_resolve;
    ev->ns_connect = r->ns_connect;
    ev->ns_tls = r->ns_tls;
    ev->ns_protocol = r->ns_protocol;
    ev->ns_login = r->ns_login;
    ev->ns_before = r->ns_before;
    ev->ns_main = r->ns_main;
    ev->ns_after = r->ns_after;
    ev->ns_first_byte = r->ns_first_byte;
}

static void fill_done(struct cqlcrawl_event *ev, const struct cq_result *r)
{
    ev->read = (enum cqlcrawl_read)r->read;
    ev->proof = (enum cqlcrawl_proof)r->proof;
    ev->attempts = r->attempts;
    ev->keyspaces = r->counts[CQ_KIND_KEYSPACE];
    ev->tables = r->counts[CQ_KIND_TABLE];
    ev->views = r->counts[CQ_KIND_VIEW];
    ev->types = r->counts[CQ_KIND_TYPE];
    ev->functions = r->counts[CQ_KIND_FUNCTION];
    ev->aggregates = r->counts[CQ_KIND_AGGREGATE];
    ev->anomalies = r->counts[CQ_KIND_ANOMALY];
    ev->nodes = r->counts[CQ_KIND_NODE];
    ev->records = r->records;
    ev->bytes_in = r->bytes_in;
    ev->bytes_out = r->bytes_out;
    ev->ns_total = r->ns_total;
    ev->requests = r->requests;
    ev->connections = r->connections;
    ev->waits = r->waits;
    ev->agreement = r->agreement;
    ev->reason = r->reason[0] ? r->reason : NULL;
    ev->schema_versions = r->schema_versions;
    ev->not_after_ms = r->not_after_ms;
    ev->cluster_name = r->cluster_name[0] ? r->cluster_name : NULL;
    ev->unchanged = r->unchanged;
}

void cq_report_done(void *ctx, struct cq_job *job)
{
    cqlcrawl *c = ctx;
    struct cq_target *t = (struct cq_target *)job;
    struct cqlcrawl_event ev = event_of(t, CQLCRAWL_EVENT_DONE);

    set_error(&ev, job->result.err, job->result.text);
    fill_done(&ev, &job->result);
    fill_times(&ev, &job->result);
    ev.epoch = job->last_epoch;
    ev.delivery = cq_sinks_delivery(c, t, &ev.dead_letters);
    cq_sinks_detach(t);
    cq_handle_leave(c, t);
    c->active--;
    c->in_done = t;
    if (c->o.event) c->o.event(c->o.ctx, &ev);
    c->in_done = NULL;
    cq_remember_done(t, ev.delivery);
    cq_target_free(t);
}
