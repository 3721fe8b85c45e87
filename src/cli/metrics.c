/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus text (cli/metrics.h): the run as a whole; of each cluster: clustermetrics.c. */
#include "cli/metrics.h"

#include <math.h>
#include <string.h>

#define COUNTER "counter"
#define GAUGE "gauge"
#define MS_PER_S 1000.0
#define NS_PER_S 1e9

/* ---- the format ---- */

void cq_metric_family(struct cq_text *t, const char *name, const char *type, const char *help)
{
    cq_text_printf(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_label_value(struct cq_text *t, const char *s)
{
    for (; *s; s++) {
        if (*s == '\n') {
            cq_text_puts(t, "\\n");
        } else {
            if (*s == '"' || *s == '\\') cq_text_puts(t, "\\");
            cq_text_put(t, s, 1);
        }
    }
}

void cq_metric_label(struct cq_text *t, const char *before, const char *label, const char *value)
{
    cq_text_printf(t, "%s%s=\"", before, label);
    put_label_value(t, value);
    cq_text_puts(t, "\"");
}

void cq_metric_number(struct cq_text *t, double n)
{
    if (n == floor(n) && fabs(n) < 9007199254740992.0) {
        cq_text_printf(t, " %.0f\n", n);
    } else {
        cq_text_printf(t, " %.15g\n", n);
    }
}

void cq_metric(struct cq_text *t, const char *name, const char *label, const char *value, double n)
{
    cq_text_puts(t, name);
    if (label) {
        cq_metric_label(t, "{", label, value);
        cq_text_puts(t, "}");
    }
    cq_metric_number(t, n);
}

static void one(struct cq_text *t, const char *name, const char *type, double n, const char *help)
{
    cq_metric_family(t, name, type, help);
    cq_metric(t, name, NULL, NULL, n);
}

/* ---- the run ---- */

static void errors(struct cq_text *t, const struct cq_totals *y)
{
    static const char name[] = "cqlcrawl_crawl_errors_total";

    cq_metric_family(t, name, COUNTER,
                     "Crawls that did not end complete, by the code of the error or first reason.");
    for (unsigned i = 0; i < y->n_faults; i++) {
        const struct cq_fault_count *f = &y->faults[i];

        cq_text_puts(t, name);
        cq_metric_label(t, "{", "class", f->class_);
        cq_metric_label(t, ",", "code", f->code);
        cq_metric_label(t, ",", "read", cq_ending_names[f->ending]);
        cq_text_puts(t, "}");
        cq_metric_number(t, (double)f->n);
    }
}

static void durations(struct cq_text *t, const struct cq_totals *y)
{
    static const char name[] = "cqlcrawl_crawl_duration_seconds";
    uint64_t n = 0;

    cq_metric_family(t, name, "histogram",
                     "Time from the first attempt at a cluster to its last record.");
    for (unsigned i = 0; i < CQ_N_BUCKETS; i++) {
        n += y->buckets[i];
        cq_text_printf(t, "%s_bucket{le=\"%g\"} %llu\n", name, (double)cq_bucket_ms[i] / MS_PER_S,
                       (unsigned long long)n);
    }
    n += y->buckets[CQ_N_BUCKETS];
    cq_text_printf(t, "%s_bucket{le=\"+Inf\"} %llu\n", name, (unsigned long long)n);
    cq_text_printf(t, "%s_sum %.15g\n", name, (double)y->ns / NS_PER_S);
    cq_text_printf(t, "%s_count %llu\n", name, (unsigned long long)n);
}

static void crawls(struct cq_text *t, const struct cq_totals *y)
{
    cq_metric_family(t, "cqlcrawl_crawls_total", COUNTER,
                     "Crawls that ended, by what was read of the cluster.");
    for (int i = 0; i < CQ_N_ENDINGS; i++)
        cq_metric(t, "cqlcrawl_crawls_total", "read", cq_ending_names[i], (double)y->endings[i]);
    one(t, "cqlcrawl_crawls_unchanged_total", COUNTER, (double)y->unchanged,
        "Complete crawls in which a heartbeat stood for a schema that had not changed.");
    one(t, "cqlcrawl_crawls_undelivered_total", COUNTER, (double)y->undelivered,
        "Crawls with records that were not delivered.");
    errors(t, y);
    one(t, "cqlcrawl_attempts_total", COUNTER, (double)y->attempts, "Attempts to read a cluster.");
    one(t, "cqlcrawl_retries_total", COUNTER, (double)y->repeats,
        "Attempts after the first one of a crawl.");
    durations(t, y);
    one(t, "cqlcrawl_records_total", COUNTER, (double)y->records, "Records that were written.");
    cq_metric_family(t, "cqlcrawl_objects_total", COUNTER,
                     "Schema objects and nodes written by the last attempt of each crawl.");
    for (int i = 0; i < CQ_N_OBJECTS; i++)
        cq_metric(t, "cqlcrawl_objects_total", "kind", cq_object_names[i], (double)y->objects[i]);
}

static void traffic(struct cq_text *t, const struct cq_totals *y)
{
    one(t, "cqlcrawl_received_bytes_total", COUNTER, (double)y->bytes_in,
        "Bytes from clusters, below TLS, of crawls that ended.");
    one(t, "cqlcrawl_sent_bytes_total", COUNTER, (double)y->bytes_out,
        "Bytes to clusters, below TLS, of crawls that ended.");
    one(t, "cqlcrawl_requests_total", COUNTER, (double)y->requests,
        "CQL requests of crawls that ended.");
    one(t, "cqlcrawl_connections_total", COUNTER, (double)y->connections,
        "Connections of crawls that ended.");
}

static void now(struct cq_text *t, const struct cqlcrawl_stats *s)
{
    static const char name[] = "cqlcrawl_crawls";

    cq_metric_family(t, name, GAUGE, "Crawls that have not ended, by what they wait for.");
    cq_metric(t, name, "state", "queued", (double)s->queued);
    cq_metric(t, name, "state", "later", (double)s->later);
    cq_metric(t, name, "state", "running", (double)s->running);
    cq_metric(t, name, "state", "delivering", (double)s->delivering);
    one(t, "cqlcrawl_crawls_half_open", GAUGE, (double)s->half_open,
        "Running crawls whose connection is being made.");
    one(t, "cqlcrawl_crawls_starved", GAUGE, (double)s->starved,
        "Running crawls that wait for memory.");
    one(t, "cqlcrawl_crawls_sink_bound", GAUGE, (double)s->sink_bound,
        "Running crawls that wait for a sink or the output.");
    one(t, "cqlcrawl_concurrency", GAUGE, (double)s->concurrency,
        "Clusters that may be read at once, as it is now.");
    one(t, "cqlcrawl_memory_used_bytes", GAUGE, (double)s->memory_used,
        "Pages and batches in hand.");
    one(t, "cqlcrawl_memory_peak_bytes", GAUGE, (double)s->memory_peak,
        "The most that pages and batches took.");
    one(t, "cqlcrawl_memory_max_bytes", GAUGE, (double)s->memory_max,
        "What pages and batches may take (--memory-max).");
}

/* ---- sinks ---- */

struct of_sink {
    const char *name, *type, *help;
    double (*value)(const struct cqlcrawl_sink_stats *s);
};

#define VALUE(fn, expression)                                                                      \
    static double fn(const struct cqlcrawl_sink_stats *s)                                          \
    {                                                                                              \
        return (double)(expression);                                                               \
    }

VALUE(offered, s->offered)
VALUE(accepted, s->accepted)
VALUE(dead, s->dead_letters)
VALUE(pending, s->pending)
VALUE(requests, s->requests)
VALUE(repeats, s->retries)
VALUE(in_flight, s->in_flight)
VALUE(bytes, s->bytes)
VALUE(encoded, s->bytes_encoded)
VALUE(full, s->full != 0)
VALUE(retry_in, (double)s->retry_at_ms / MS_PER_S)

static const struct of_sink of_sinks[] = {
    {"cqlcrawl_sink_records_offered_total", COUNTER, "Records given to the sink.", offered},
    {"cqlcrawl_sink_records_accepted_total", COUNTER, "Records that the receiver took.", accepted},
    {"cqlcrawl_sink_dead_letters_total", COUNTER, "Records that the receiver refused for good.",
     dead},
    {"cqlcrawl_sink_records_pending", GAUGE, "Records without an answer yet.", pending},
    {"cqlcrawl_sink_requests_total", COUNTER, "Requests that were begun.", requests},
    {"cqlcrawl_sink_retries_total", COUNTER, "Requests that were sent again.", repeats},
    {"cqlcrawl_sink_requests_in_flight", GAUGE, "Requests under way.", in_flight},
    {"cqlcrawl_sink_accepted_bytes_total", COUNTER,
     "Bodies that were accepted, before compression.", bytes},
    {"cqlcrawl_sink_sent_bytes_total", COUNTER, "Bodies that were accepted, as they were sent.",
     encoded},
    {"cqlcrawl_sink_full", GAUGE, "1: the sink has no room and crawls wait.", full},
    {"cqlcrawl_sink_retry_seconds", GAUGE, "Until a cooling or parked sink is tried again.",
     retry_in},
};

static void sink_states(struct cq_text *t, const struct cq_metrics *m)
{
    static const char *const states[] = {"open", "cooling", "parked"};
    static const char name[] = "cqlcrawl_sink_state";

    cq_metric_family(
        t, name, GAUGE,
        "1 for the state of the sink: open, cooling (a time-out), parked (it refuses).");
    for (size_t i = 0; i < m->n_sinks; i++) {
        for (int k = 0; k < 3; k++) {
            cq_text_puts(t, name);
            cq_metric_label(t, "{", "sink", m->sinks[i].name);
            cq_metric_label(t, ",", "state", states[k]);
            cq_text_puts(t, (int)m->sinks[i].state == k ? "} 1\n" : "} 0\n");
        }
    }
}

static void sinks(struct cq_text *t, const struct cq_metrics *m)
{
    if (!m->n_sinks) return;
    for (size_t k = 0; k < sizeof(of_sinks) / sizeof(of_sinks[0]); k++) {
        const struct of_sink *f = &of_sinks[k];

        cq_metric_family(t, f->name, f->type, f->help);
        for (size_t i = 0; i < m->n_sinks; i++)
            cq_metric(t, f->name, "sink", m->sinks[i].name, f->value(&m->sinks[i]));
    }
    sink_states(t, m);
}

/* ---- the process ---- */

static void known(struct cq_text *t, const char *name, const char *type, double n, const char *help)
{
    if (n >= 0) one(t, name, type, n, help);
}

static void process(struct cq_text *t, const struct cq_process *p, int64_t started_ms)
{
    known(t, "process_cpu_seconds_total", COUNTER, p->cpu_seconds, "User and system CPU time.");
    known(t, "process_resident_memory_bytes", GAUGE, p->resident_bytes, "Resident memory.");
    known(t, "process_open_fds", GAUGE, p->open_files, "Open file descriptors.");
    known(t, "process_max_fds", GAUGE, p->max_files, "File descriptors that may be open.");
    one(t, "process_start_time_seconds", GAUGE, (double)started_ms / MS_PER_S,
        "When the process began.");
}

void cq_metrics_head(struct cq_text *t, const struct cq_metrics *m)
{
    cq_metric_family(t, "cqlcrawl_build_info", GAUGE, "1, with the version of the program.");
    cq_metric(t, "cqlcrawl_build_info", "version", cqlcrawl_version(), 1);
    crawls(t, m->totals);
    traffic(t, m->totals);
    now(t, m->stats);
    sinks(t, m);
    process(t, &m->process, m->started_ms);
    one(t, "cqlcrawl_clusters", GAUGE, (double)m->n_clusters, "Clusters of the inventory.");
}
