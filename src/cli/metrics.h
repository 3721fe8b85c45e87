/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a run as Prometheus text (exposition format 0.0.4): data in, text out. Every family
 * stands once, in one piece, with HELP and TYPE; base units; counters end in _total. Labels are
 * those of the inventory and of fixed lists only, so that servers cannot make series. Names are a
 * contract: docs/operations.md.
 */
#ifndef CQ_CLI_METRICS_H
#define CQ_CLI_METRICS_H

#include "cli/outcome.h"
#include "cli/text.h"

/* What the system says of this process; what is not known is negative. */
struct cq_process {
    double cpu_seconds, resident_bytes, open_files, max_files;
};

struct cq_metrics {
    const struct cq_totals *totals;
    const struct cqlcrawl_stats *stats;
    const struct cqlcrawl_sink_stats *sinks;
    size_t n_sinks;
    /* Clusters of the inventory, by number; names differ. */
    const struct cq_outcome *(*cluster)(const void *ctx, size_t i);
    const void *ctx;
    size_t n_clusters;
    int64_t started_ms; /* since 1970 */
    struct cq_process process;
};

void cq_metrics_write(struct cq_text *t, const struct cq_metrics *m);

/* For whoever adds families of its own: HELP and TYPE of one; name{label="value"} n. label NULL:
 * none. */
void cq_metric_family(struct cq_text *t, const char *name, const char *type, const char *help);
void cq_metric(struct cq_text *t, const char *name, const char *label, const char *value, double n);

/* ---- shell ---- */

void cq_process_read(struct cq_process *p);
/* The whole text under a temporary name, then renamed to path. 0 or an errno. */
int cq_metrics_save(const struct cq_text *t, const char *path);

#endif
