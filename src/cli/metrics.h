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
    uint64_t (*interval_ns)(const void *ctx, size_t i); /* serve; NULL: they are read once */
    const void *ctx;
    size_t n_clusters;
    int64_t started_ms; /* since 1970 */
    struct cq_process process;
};

void cq_metrics_write(struct cq_text *t, const struct cq_metrics *m);

/* The same in pieces. m may be another one each time, but of the same clusters. */
struct cq_metrics_cursor {
    unsigned part; /* 0: the head; stats, sinks and process are looked at there only */
    size_t i;
};
/* Until t holds max bytes or a little more; a cursor of zeros begins. False: this was the last. */
bool cq_metrics_more(struct cq_text *t, const struct cq_metrics *m, struct cq_metrics_cursor *at,
                     size_t max);
void cq_metrics_head(struct cq_text *t, const struct cq_metrics *m); /* all but the clusters */

/* For whoever adds families of its own: HELP and TYPE of one; name{label="value"} n. label NULL:
 * none. */
void cq_metric_family(struct cq_text *t, const char *name, const char *type, const char *help);
void cq_metric(struct cq_text *t, const char *name, const char *label, const char *value, double n);
/* Pieces of a line: before is "{" or ","; a space, the number, the end of the line. */
void cq_metric_label(struct cq_text *t, const char *before, const char *label, const char *value);
void cq_metric_number(struct cq_text *t, double n);

/* ---- shell ---- */

void cq_process_read(struct cq_process *p);
/* The whole text under a temporary name, then renamed to path. 0 or an errno. */
int cq_metrics_save(const struct cq_text *t, const char *path);

#endif
