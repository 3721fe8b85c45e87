/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How `serve` comes to another inventory (cli/serve.h): by SIGHUP or POST /-/reload, which read the
 * configuration again, and by lists of targets that changed, which do not: the configuration that
 * holds is taken once more, its file may be half edited. Whatever is wrong leaves everything as it
 * was. Lists over HTTP keep their last answer until they give another one.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/http_sd.h"
#include "cli/serve.h"

/* ---- what a running service cannot change ---- */

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_text(const struct cqlcrawl_text *a, const struct cqlcrawl_text *b)
{
    if (a->source != b->source) return false;
    if (a->source == CQLCRAWL_UNSET) return true;
    if (a->source != CQLCRAWL_BYTES) return same(a->text, b->text);
    return a->n == b->n && memcmp(a->text, b->text, a->n) == 0;
}

static bool same_sink(const struct cqlcrawl_sink *a, const struct cqlcrawl_sink *b)
{
    return same(a->name, b->name) && same(a->url, b->url) && same(a->user, b->user) &&
           same_text(&a->token, &b->token) && same_text(&a->password, &b->password) &&
           same_text(&a->cacert, &b->cacert) && same_text(&a->cert, &b->cert) &&
           same_text(&a->key, &b->key) && a->encoding == b->encoding &&
           a->in_flight == b->in_flight && a->batch_records == b->batch_records &&
           a->batch_bytes == b->batch_bytes && a->batch_age_ms == b->batch_age_ms &&
           a->timeout_ms == b->timeout_ms && a->plain_key == b->plain_key;
}

static bool same_sinks(const struct cq_settings *a, const struct cq_settings *b)
{
    if (a->n_sinks != b->n_sinks) return false;
    for (size_t i = 0; i < a->n_sinks; i++)
        if (!same_sink(&a->sinks[i].s, &b->sinks[i].s)) return false;
    return true;
}

/* The first setting that a restart alone changes; NULL: none. */
static const char *fixed(const struct cq_settings *a, const struct cq_settings *b)
{
    if (!same_sinks(a, b)) return "sinks";
    if (!same(a->state, b->state)) return "run.state";
    if (!same(a->dead_letters, b->dead_letters)) return "run.dead_letters";
    if (!same(a->metrics_file, b->metrics_file)) return "run.metrics_file";
    if (!same(a->metrics_listen.host, b->metrics_listen.host)) return "run.metrics_listen";
    if (a->metrics_listen.port != b->metrics_listen.port) return "run.metrics_listen";
    if (a->concurrency != b->concurrency) return "run.concurrency";
    if (a->memory_max != b->memory_max) return "run.memory_max";
    if (a->half_open != b->half_open) return "run.half_open";
    return a->rate != b->rate ? "run.rate" : NULL;
}

/* ---- the new one holds ---- */

static const struct cq_config *config(const struct cq_serve *v)
{
    return &v->roster.inv->config;
}

/* When each list is due: one that was there before keeps its time. */
static struct cq_list_due due_of(const struct cq_serve *v, const struct cq_discovery *x,
                                 uint64_t now)
{
    struct cq_list_due due = {.due_ns = x->kind == CQ_HTTP_SD ? now : CQ_NEVER};

    for (size_t i = 0; v->roster.inv && i < config(v)->n_discovery; i++) {
        const struct cq_discovery *old = &config(v)->discovery[i];

        if (old->kind != x->kind || !same(old->fetch.url, x->fetch.url)) continue;
        due = v->lists[i];
        if (due.asking) due.due_ns = now + CQ_SERVE_WATCH_NS; /* that answer is lost */
        due.asking = false;
    }
    return due;
}

static struct cq_list_due *dues(const struct cq_serve *v, struct cq_inventory *inv, uint64_t now)
{
    struct cq_list_due *due = calloc(inv->config.n_discovery + 1, sizeof(*due));

    for (size_t i = 0; due && i < inv->config.n_discovery; i++) {
        const struct cq_discovery *x = &inv->config.discovery[i];

        due[i] = due_of(v, x, now);
        if (x->kind != CQ_HTTP_SD || cq_http_sd_request(inv, x, &due[i].fetch)) continue;
        free(due);
        return NULL;
    }
    return due;
}

static void count_bad(struct cq_serve *v)
{
    v->n_bad = 0;
    for (size_t i = 0; i < v->roster.n; i++)
        v->n_bad += v->roster.list[i]->bad;
}

static void cancel_leaving(struct cq_serve *v)
{
    for (struct cq_served *x = v->roster.leaving; x; x = x->next)
        if (x->id) (void)cqlcrawl_cancel(v->s.c, x->id);
}

bool cq_serve_take(struct cq_serve *v, struct cq_inventory *inv, struct cq_roster_change *change)
{
    uint64_t now = cq_now_ns();
    struct cq_list_due *due = dues(v, inv, now);

    if (!due || !cq_roster_take(&v->roster, inv, now, change)) {
        free(due);
        return false;
    }
    free(v->lists);
    v->lists = due;
    v->generation++;
    count_bad(v);
    cancel_leaving(v);
    return true;
}

/* ---- another one ---- */

/* Lists over HTTP: the new answer, and the last one of all others. */
static bool fill(struct cq_serve *v, struct cq_inventory *inv, struct cq_diags *d,
                 const struct cq_list_answer *a)
{
    for (size_t i = 0; i < inv->config.n_discovery; i++) {
        struct cq_discovery *x = &inv->config.discovery[i];

        if (x->kind != CQ_HTTP_SD) continue;
        if (a && a->i == i) {
            if (!cq_http_sd_take(inv, d, x, a->err, a->text, a->status, a->type, a->body, a->n))
                return false;
        } else if (v->roster.inv) {
            (void)cq_http_sd_keep(inv, x, v->roster.inv);
        }
    }
    return true;
}

bool cq_serve_go_on(struct cq_serve *v, struct cq_inventory *inv, struct cq_diags *d,
                    const struct cq_list_answer *a, struct cq_roster_change *change)
{
    const char *what;

    if (!fill(v, inv, d, a)) {
        cq_inventory_unref(inv);
        return false;
    }
    inv = cq_inventory_finish(inv, d, v->a, &v->secrets, CQ_TO_SERVE);
    if (!inv) return false;
    what = v->roster.inv ? fixed(&v->roster.inv->settings, &inv->settings) : NULL;
    if (what) {
        cq_diag(d, (struct cq_place){inv->config.file, 0, 0},
                "%s is another one: that takes a restart (nothing was changed)", what);
    } else if (cq_serve_take(v, inv, change)) {
        cq_serve_log_diags(v, "warning", "inventory", &inv->notes);
        return true;
    } else {
        cq_diag(d, (struct cq_place){NULL, 0, 0}, "out of memory");
    }
    cq_inventory_unref(inv);
    return false;
}

void cq_serve_say_change(struct cq_serve *v, const char *event, const struct cq_roster_change *c)
{
    cq_serve_log(v, "info", event, "%zu clusters: %zu added, %zu changed, %zu removed", v->roster.n,
                 c->added, c->changed, c->removed);
}

bool cq_serve_reload(struct cq_serve *v, struct cq_diags *d, struct cq_roster_change *change)
{
    struct cq_inventory *inv;
    bool ok;

    cq_notify_reloading(&v->notify, cq_now_ns());
    inv = cq_inventory_begin(d, v->a, &v->secrets, CQ_TO_SERVE);
    ok = inv && cq_serve_go_on(v, inv, d, NULL, change);
    v->facts.reload_ok = ok;
    v->facts.reloads++;
    v->facts.reloads_failed += !ok;
    if (ok) {
        v->facts.reload_at_ms = cq_unix_ms();
        cq_serve_say_change(v, "reload", change);
    } else {
        cq_serve_log_diags(v, "error", "reload", d);
        cq_serve_log(v, "error", "reload", "the configuration of before goes on");
    }
    cq_notify_ready(&v->notify);
    return ok;
}
