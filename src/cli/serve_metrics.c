/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of `serve`: those of a run (cli/metrics.h) over the roster, and its own. */
#include "cli/serve.h"

static const struct cq_outcome *outcome(const void *ctx, size_t i)
{
    const struct cq_serve *v = ctx;

    return &v->roster.list[i]->outcome;
}

static uint64_t interval_ns(const void *ctx, size_t i)
{
    const struct cq_serve *v = ctx;

    return v->roster.list[i]->turn.interval_ns;
}

static void one(struct cq_text *t, const char *name, const char *type, double n, const char *help)
{
    cq_metric_family(t, name, type, help);
    cq_metric(t, name, NULL, NULL, n);
}

static void own(struct cq_serve *v, struct cq_text *t)
{
    const struct cq_serve_facts *f = &v->facts;

    one(t, "cqlcrawl_config_last_reload_successful", "gauge", f->reload_ok,
        "1: the last reload of the configuration was taken; 0: the one before goes on.");
    one(t, "cqlcrawl_config_last_reload_success_timestamp_seconds", "gauge",
        (double)f->reload_at_ms / 1000, "When the configuration that holds was read.");
    one(t, "cqlcrawl_config_reloads_total", "counter", (double)f->reloads,
        "Reloads that were asked for.");
    one(t, "cqlcrawl_config_reload_failures_total", "counter", (double)f->reloads_failed,
        "Reloads that were refused.");
    one(t, "cqlcrawl_lists_failing", "gauge", (double)f->lists_failing,
        "Lists of targets whose last look failed: what they said before goes on.");
    one(t, "cqlcrawl_list_failures_total", "counter", (double)f->list_failures,
        "Looks at lists of targets that failed.");
    one(t, "cqlcrawl_state_failures_total", "counter", (double)v->s.stats.state_failures,
        "What the state directory could not take.");
}

bool cq_serve_metrics(struct cq_serve *v, struct cq_text *t, struct cq_metrics_cursor *at,
                      size_t max)
{
    struct cq_metrics m = {.totals = &v->s.totals,
                           .stats = &v->s.stats,
                           .sinks = v->s.sinks,
                           .n_sinks = v->s.n_sinks,
                           .cluster = outcome,
                           .interval_ns = interval_ns,
                           .ctx = v,
                           .n_clusters = v->roster.n,
                           .started_ms = v->s.started_ms};

    if (!at->part) {
        cq_session_look(&v->s);
        cq_process_read(&m.process);
        own(v, t);
    }
    return cq_metrics_more(t, &m, at, max);
}
