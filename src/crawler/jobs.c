/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One job's way from queued to over (crawler/driver.h has the picture): an attempt begins with
 * prepare(), is judged by the fleet when its crawl is done, and gives its slot back when its link
 * is closed.
 */
#include "crawler/driver.h"

#include <assert.h>
#include <stdio.h>

static uint64_t seconds_since_2020(void)
{
    int64_t ms = cq_link_wall_ms() - (int64_t)CQ_EPOCH_2020_MS;

    return ms > 0 ? (uint64_t)ms / 1000 : 0;
}

static uint64_t next_epoch(struct cq_job *job)
{
    uint64_t now = seconds_since_2020();

    if (job->remembered) return job->last_epoch;
    job->last_epoch = now > job->last_epoch ? now : job->last_epoch + 1;
    return job->last_epoch;
}

static void set_wait(struct cq_driver *d, struct cq_job *job, enum cq_job_wait wait)
{
    d->n_waits[job->wait]--;
    d->n_waits[wait]++;
    job->wait = wait;
}

/* ---- the end ---- */

static void finish(struct cq_driver *d, struct cq_job *job)
{
    cq_fleet_remove(&d->fleet, &job->member);
    cq_ring_remove(&job->all);
    cq_ring_remove(&job->ready);
    job->state = CQ_JOB_OVER;
    d->n_jobs--;
    d->n_waits[job->wait]--;
    d->n_settling--;
    d->handler.done(d->ctx, job); /* last: the job may be freed in it */
}

/* Over as soon as the wall clock has left the last epoch's second. A clock that was set back is not
 * waited for. */
static void end(struct cq_driver *d, struct cq_job *job)
{
    uint64_t now = seconds_since_2020();
    uint64_t wait_ms;

    job->state = CQ_JOB_ENDING;
    if (d->closing || !job->writes || job->remembered || job->waited || now > job->last_epoch) {
        finish(d, job);
        return;
    }
    /* 2 ms more: the two clocks may drift */
    wait_ms = (job->last_epoch - now) * 1000 + 1002 - (uint64_t)(cq_link_wall_ms() % 1000);
    if (CQ_MS(wait_ms) > CQ_MAX_EPOCH_WAIT) wait_ms = CQ_MAX_EPOCH_WAIT / CQ_MS(1);
    cq_fleet_withdraw(&d->fleet, &job->member);
    cq_fleet_sleep(&d->fleet, &job->member, uv_hrtime() + CQ_MS(wait_ms));
    cq_driver_kick(d);
}

/* The last attempt has ended. */
static void settle(struct cq_driver *d, struct cq_job *job)
{
    job->state = CQ_JOB_SETTLING;
    if (!job->asked) {
        job->asked = true;
        d->n_settling++;
        job->settled = !job->started || !d->handler.settle;
        if (!job->settled && !d->closing) d->handler.settle(d->ctx, job);
    }
    if (job->settled || d->closing) end(d, job);
}

static void set_cancelled(struct cq_job *job)
{
    struct cq_result *r = &job->result;

    if (r->attempts == 0) r->read = CQ_READ_FAILED;
    r->err = CQ_ECANCELLED;
    (void)snprintf(r->text, sizeof(r->text), "%s", cq_err_text(CQ_ECANCELLED));
}

/* ---- an attempt's end ---- */

static void take_times(struct cq_result *r, const struct cq_scope *s)
{
    r->ns_resolve = s->ns_resolve;
    r->ns_connect = s->ns_connect;
    r->ns_tls = s->ns_tls;
    r->ns_protocol = s->ns_protocol;
    r->ns_login = s->ns_login;
    r->ns_before = s->ns_before;
    r->ns_main = s->ns_main;
    r->ns_after = s->ns_after;
    r->ns_first_byte = s->ns_first_byte;
}

static void take_result(struct cq_result *r, const struct cq_crawl_event *ev)
{
    const struct cq_scope *s = ev->scope;

    take_times(r, s);
    r->read = s->read;
    r->proof = s->proof;
    r->err = s->err;
    r->agreement = s->agreement_known ? s->agreed : -1;
    cq_copy_text(r->text, sizeof(r->text), s->err ? cq_str(s->text) : CQ_NULL);
    r->reason[0] = 0;
    if (s->n_reasons) {
        (void)snprintf(r->reason, sizeof(r->reason), "%s", s->reasons[0].code);
        if (!s->err) (void)snprintf(r->text, sizeof(r->text), "%s", s->reasons[0].text);
    }
    memcpy(r->counts, ev->counts, sizeof(r->counts));
    r->schema_versions = s->n_versions;
    if (ev->cluster_name)
        cq_copy_text(r->cluster_name, sizeof(r->cluster_name), cq_str(ev->cluster_name));
    if (ev->not_after_ms) r->not_after_ms = ev->not_after_ms;
    r->unchanged = ev->unchanged;
    r->attempts++;
    r->bytes_in += s->bytes_in;
    r->bytes_out += s->bytes_out;
    r->requests += s->requests;
    r->connections += s->connections;
    r->waits += s->waits;
    r->ns_total += s->ns_total;
}

static void close_link(struct cq_job *job)
{
    if (job->link_closing) return;
    job->link_closing = true;
    cq_link_close(job->link);
}

static void tell_limit(struct cq_driver *d, int err, const char *why)
{
    bool *told = err == CQ_EPORTS ? &d->ports_told : &d->descriptors_told;

    if (*told) return;
    *told = true;
    d->handler.limit(d->ctx, err, why);
}

static void link_done(void *ctx, const struct cq_crawl_event *ev)
{
    struct cq_job *job = ctx;
    struct cq_driver *d = job->driver;
    struct cq_attempt_end end = {ev->reason_err, cq_link_point(job->link), ev->retry};
    enum cq_next next = CQ_NEXT_OVER;

    take_result(&job->result, ev);
    if (d->closing) set_cancelled(job); /* lines were dropped */
    if (d->handler.ended) d->handler.ended(d->ctx, job, ev);
    if (ev->scope->read != CQ_READ_FAILED) job->orphans = *ev->orphans;
    if (ev->need > job->need) job->need = ev->need;
    if (!d->closing && !job->cancel) {
        next = cq_fleet_judge(&d->fleet, &job->member, &end, uv_hrtime());
    }
    if (next != CQ_NEXT_OVER) d->handler.attempt(d->ctx, job, job->result.text);
    if (next == CQ_NEXT_SHORTAGE) tell_limit(d, end.err, job->result.text);
    close_link(job);
}

static void link_closed(void *ctx)
{
    struct cq_job *job = ctx;
    struct cq_driver *d = job->driver;
    struct cq_member *m = &job->member;

    job->link = NULL;
    set_wait(d, job, CQ_WAIT_NONE);
    d->handler.release(d->ctx, job);
    if (m->next != CQ_NEXT_OVER && (d->closing || job->cancel)) {
        m->next = CQ_NEXT_OVER;
        set_cancelled(job);
    }
    cq_fleet_end(&d->fleet, m, uv_hrtime());
    job->state = m->next == CQ_NEXT_OVER ? CQ_JOB_SETTLING : CQ_JOB_QUEUED;
    cq_driver_wake(d, job); /* callbacks come at the end of the turn */
}

/* ---- an attempt ---- */

static bool link_record(void *ctx, cq_bytes line)
{
    struct cq_job *job = ctx;
    struct cq_driver *d = job->driver;

    if (d->closing) return true;
    job->result.records++;
    return d->handler.record(d->ctx, job, line);
}

static void link_step(void *ctx, const struct cq_sock_step *step)
{
    struct cq_job *job = ctx;
    struct cq_driver *d = job->driver;

    if (step->step == CQ_STEP_LOGIN && step->err == 0) cq_fleet_opened(&d->fleet, &job->member);
    if (!d->closing) d->handler.step(d->ctx, job, step);
}

static void link_ready(void *ctx)
{
    struct cq_job *job = ctx;

    cq_driver_wake(job->driver, job);
}

static void open_link(struct cq_driver *d, struct cq_job *job)
{
    struct cq_fault f = {0};
    struct cq_link_options o = {
        .loop = d->loop,
        .mem = d->mem,
        .hub = &d->hub,
        .resolver = d->resolver,
        .meter = &d->meter,
        .handler = {link_record, link_step, link_done, link_ready, link_closed},
        .ctx = job,
    };
    int err;

    o.crawl.mem = &d->blocks.mem;
    o.crawl.secrets = &cq_mem_secret;
    o.crawl.account = &d->account;
    o.crawl.memo = d->memo;
    o.crawl.shapes = d->shapes;
    o.crawl.owner = job;
    o.crawl.need = job->need;
    o.crawl.epoch = next_epoch(job);
    o.crawl.attempt = job->result.attempts + 1;
    o.crawl.sorted = job->member.sorted;
    o.crawl.previous = job->result.attempts ? &job->orphans : NULL;
    o.first_point = job->member.first_point;
    o.points_out = job->member.out;
    o.early_err = d->handler.prepare(d->ctx, job, &o, &f);
    o.early_text = f.text;
    job->link_closing = false;
    job->state = CQ_JOB_RUNNING;
    job->started = true;
    err = cq_link_open(&job->link, &o);
    if (err == 0) return;
    job->result.read = CQ_READ_FAILED;
    job->result.err = err;
    (void)snprintf(job->result.text, sizeof(job->result.text), "%s", cq_err_text(err));
    link_closed(job);
}

/* begin was answered. */
static void go_on(struct cq_driver *d, struct cq_job *job)
{
    if (!job->begun) return;
    if (!job->cancel && !d->closing) {
        open_link(d, job);
        return;
    }
    cq_fleet_withdraw(&d->fleet, &job->member);
    set_cancelled(job);
    settle(d, job);
}

void cq_job_start(struct cq_driver *d, struct cq_job *job)
{
    job->state = CQ_JOB_BEGINNING;
    job->begun = !d->handler.begin;
    job->remembered = false;
    d->handler.started(d->ctx, job);
    if (d->handler.begin) d->handler.begin(d->ctx, job);
    go_on(d, job);
}

/* ---- a turn ---- */

static void run_link(struct cq_driver *d, struct cq_job *job)
{
    if (job->link_closing) return;
    if (d->closing) {
        set_cancelled(job);
        close_link(job);
        return;
    }
    if (job->cancel && !job->cancelled) {
        job->cancelled = true;
        cq_link_cancel(job->link);
    }
    if (job->resume) {
        job->resume = false;
        cq_link_resume(job->link);
    }
    switch (cq_link_run(job->link)) {
    case CQ_LINK_MORE:
        cq_driver_wake(d, job);
        return;
    case CQ_LINK_STARVED:
        set_wait(d, job, CQ_WAIT_MEMORY);
        return;
    case CQ_LINK_PAUSED:
        set_wait(d, job, CQ_WAIT_CONSUMER);
        return;
    case CQ_LINK_WAITING:
    case CQ_LINK_DONE:
        set_wait(d, job, CQ_WAIT_NONE);
        return;
    }
}

void cq_job_woken(struct cq_driver *d, struct cq_job *job)
{
    job->waited = true;
    cq_job_run(d, job);
}

void cq_job_run(struct cq_driver *d, struct cq_job *job)
{
    switch (job->state) {
    case CQ_JOB_RUNNING:
        run_link(d, job);
        return;
    case CQ_JOB_BEGINNING:
        go_on(d, job);
        return;
    case CQ_JOB_QUEUED:
        if (!job->cancel) return;
        cq_fleet_withdraw(&d->fleet, &job->member);
        set_cancelled(job);
        settle(d, job);
        return;
    case CQ_JOB_SETTLING:
        settle(d, job);
        return;
    case CQ_JOB_ENDING:
        end(d, job);
        return;
    case CQ_JOB_NEW:
    case CQ_JOB_OVER:
        assert(job->state != CQ_JOB_NEW && job->state != CQ_JOB_OVER); /* in no list */
        return;
    }
}
