/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prometheus text (cli/metrics.h) of each cluster, family by family, as the format wants it. It can
 * stop after any cluster and go on there: the text of a large fleet is made in pieces.
 */
#include <math.h>

#include "cli/metrics.h"

#define MS_PER_S 1000.0
#define NS_PER_S 1e9

struct family {
    const char *name, *help;
    double (*value)(const struct cq_outcome *o); /* NaN: not known, no series */
    /* instead of value: any number of series */
    void (*put)(struct cq_text *t, const char *name, const struct cq_outcome *o);
};

static double read_at(const struct cq_outcome *o)
{
    return o->read_at_ms ? (double)o->read_at_ms / MS_PER_S : (double)NAN;
}

static double read_of(const struct cq_outcome *o)
{
    return o->done ? (double)cq_outcome_ending(o) : (double)NAN;
}

static double agreement(const struct cq_outcome *o)
{
    return o->done && o->agreement >= 0 ? (double)o->agreement : (double)NAN;
}

static double versions(const struct cq_outcome *o)
{
    return o->schema_versions ? (double)o->schema_versions : (double)NAN;
}

static double not_after(const struct cq_outcome *o)
{
    return o->not_after_ms ? (double)o->not_after_ms / MS_PER_S : (double)NAN;
}

static double took(const struct cq_outcome *o)
{
    return o->done ? (double)o->ns / NS_PER_S : (double)NAN;
}

static void put_objects(struct cq_text *t, const char *name, const struct cq_outcome *o)
{
    for (int k = 0; o->counted && k < CQ_N_OBJECTS; k++) {
        cq_text_puts(t, name);
        cq_metric_label(t, "{", "cluster", o->title);
        cq_metric_label(t, ",", "kind", cq_object_names[k]);
        cq_text_puts(t, "}");
        cq_metric_number(t, (double)o->objects[k]);
    }
}

static void put_error(struct cq_text *t, const char *name, const struct cq_outcome *o)
{
    const char *code = cq_outcome_code(o);

    if (!o->done || !code) return;
    cq_text_puts(t, name);
    cq_metric_label(t, "{", "cluster", o->title);
    cq_metric_label(t, ",", "class", o->err ? cqlcrawl_errclass(o->err) : "incomplete");
    cq_metric_label(t, ",", "code", code);
    cq_text_puts(t, "} 1\n");
}

static const struct family families[] = {
    {"cqlcrawl_cluster_last_complete_read_timestamp_seconds",
     "When the last complete and delivered read of the cluster ended.", read_at, NULL},
    {"cqlcrawl_cluster_read", "The last crawl: 0 complete, 1 incomplete, 2 failed.", read_of, NULL},
    {"cqlcrawl_cluster_agreement", "1: all nodes reported one schema version; 0: they did not.",
     agreement, NULL},
    {"cqlcrawl_cluster_schema_versions", "Different schema versions among the nodes.", versions,
     NULL},
    {"cqlcrawl_cluster_certificate_not_after_timestamp_seconds",
     "When the certificate of the node that was read expires.", not_after, NULL},
    {"cqlcrawl_cluster_crawl_duration_seconds", "What the last crawl took.", took, NULL},
    {"cqlcrawl_cluster_objects", "Objects and nodes that the last read found, by kind.", NULL,
     put_objects},
    {"cqlcrawl_cluster_error_info", "1: why the last crawl of the cluster was not complete.", NULL,
     put_error},
    /* the last one: of `serve` */
    {"cqlcrawl_cluster_interval_seconds", "How often the cluster is read.", NULL, NULL},
};

enum { N_FAMILIES = sizeof(families) / sizeof(families[0]) };

static void put(struct cq_text *t, const struct cq_metrics *m, const struct family *f, size_t i)
{
    const struct cq_outcome *o = m->cluster(m->ctx, i);
    double n;

    if (f->put) {
        f->put(t, f->name, o);
        return;
    }
    n = f->value ? f->value(o) : (double)m->interval_ns(m->ctx, i) / NS_PER_S;
    if (!isnan(n)) cq_metric(t, f->name, "cluster", o->title, n);
}

bool cq_metrics_more(struct cq_text *t, const struct cq_metrics *m, struct cq_metrics_cursor *at,
                     size_t max)
{
    unsigned n_parts = 1 + N_FAMILIES - !m->interval_ns;

    if (!at->part) {
        cq_metrics_head(t, m);
        at->part = 1;
        at->i = 0;
    }
    while (at->part < n_parts && t->n < max && !t->failed) {
        const struct family *f = &families[at->part - 1];

        if (!at->i) cq_metric_family(t, f->name, "gauge", f->help);
        if (at->i < m->n_clusters) put(t, m, f, at->i++); /* its head is not written again */
        if (at->i < m->n_clusters) continue;
        at->i = 0;
        at->part++;
    }
    return at->part < n_parts;
}

void cq_metrics_write(struct cq_text *t, const struct cq_metrics *m)
{
    struct cq_metrics_cursor at = {0};

    (void)cq_metrics_more(t, m, &at, SIZE_MAX);
}
