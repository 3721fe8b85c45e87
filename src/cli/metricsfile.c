/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics as a file (cli/metricsfile.h). */
#include "cli/metricsfile.h"

#include <string.h>

#include "cli/metrics.h"
#include "cli/report.h"

#define EVERY_NS 15000000000u

static const struct cq_outcome *cluster(const void *ctx, size_t i)
{
    return (const struct cq_outcome *)ctx + i;
}

static int save(struct cq_session *s)
{
    struct cq_text t = {0};
    struct cq_metrics m;
    int err;

    cq_session_look(s);
    m = (struct cq_metrics){
        .totals = &s->totals,
        .stats = &s->stats,
        .sinks = s->sinks,
        .n_sinks = s->n_sinks,
        .cluster = cluster,
        .ctx = s->targets,
        .n_clusters = s->n_targets,
        .started_ms = s->started_ms,
    };
    cq_process_read(&m.process);
    cq_metrics_write(&t, &m);
    err = cq_metrics_save(&t, s->metrics_file);
    cq_text_free(&t);
    return err;
}

/* The first failure is said; the run goes on. */
static void save_or_say(struct cq_session *s)
{
    int err = save(s);

    if (!err || s->metrics_err) return;
    s->metrics_err = err;
    cq_report_limit(s, cq_pool_printf(s->pool, "metrics: %s: %s", s->metrics_file, strerror(err)),
                    NULL);
}

static void on_due(void *ctx, uint64_t now_ns)
{
    struct cq_session *s = ctx;

    s->metrics_tick.due_ns = now_ns + EVERY_NS;
    save_or_say(s);
}

int cq_metricsfile_open(struct cq_session *s, const char *path)
{
    int err;

    if (!path) return 0;
    s->metrics_file = path;
    err = save(s);
    if (err) return err;
    s->metrics_tick = CQ_SOURCE(-1, s);
    s->metrics_tick.due = on_due;
    s->metrics_tick.due_ns = cq_now_ns() + EVERY_NS;
    (void)cq_loop_add(&s->loop, &s->metrics_tick);
    return 0;
}

void cq_metricsfile_close(struct cq_session *s)
{
    if (!s->metrics_file) return;
    cq_loop_remove(&s->loop, &s->metrics_tick);
    save_or_say(s);
}
