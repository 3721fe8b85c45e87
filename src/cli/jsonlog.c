/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines on standard error (cli/report.h): how they begin, and those that say how far a run is.
 */
#include "cli/report.h"

void cq_log_begin(struct cq_text *t, const char *level, const char *event)
{
    cq_text_puts(t, "{\"time\":\"");
    cq_text_utc(t, cq_unix_ms());
    cq_text_printf(t, "\",\"level\":\"%s\",\"event\":\"%s\"", level, event);
}

void cq_log_text(struct cq_text *t, const char *key, const char *value)
{
    cq_text_printf(t, ",\"%s\":", key);
    cq_text_json(t, value);
}

void cq_log_number(struct cq_text *t, const char *key, uint64_t v)
{
    cq_text_printf(t, ",\"%s\":%llu", key, (unsigned long long)v);
}

void cq_log_bool(struct cq_text *t, const char *key, bool v)
{
    cq_text_printf(t, ",\"%s\":%s", key, v ? "true" : "false");
}

static void rate(struct cq_text *t, const char *key, double v)
{
    if (v < 0) {
        cq_text_printf(t, ",\"%s\":null", key);
    } else {
        cq_text_printf(t, ",\"%s\":%.1f", key, v);
    }
}

static void slowest(struct cq_text *t, const struct cq_figures *f)
{
    cq_text_puts(t, ",\"slowest\":[");
    for (unsigned i = 0; i < f->n_slowest; i++) {
        cq_text_puts(t, i ? ",{\"cluster\":" : "{\"cluster\":");
        cq_text_json(t, f->slowest[i].title);
        cq_log_number(t, "ms", f->slowest[i].ns / 1000000);
        cq_text_puts(t, "}");
    }
    cq_text_puts(t, "]");
}

void cq_report_progress(struct cq_session *s, const struct cq_figures *f)
{
    const struct cq_totals *y = &s->totals;
    struct cq_text *t = &s->log;

    cq_log_begin(t, "info", "progress");
    cq_log_number(t, "clusters", f->total);
    cq_log_number(t, "done", f->done);
    cq_log_number(t, "complete", y->endings[CQ_COMPLETE]);
    cq_log_number(t, "unchanged", f->unchanged);
    cq_log_number(t, "incomplete", f->incomplete);
    cq_log_number(t, "failed", f->failed);
    cq_log_number(t, "in_flight", f->in_flight);
    cq_log_number(t, "later", f->later);
    cq_log_number(t, "delivering", f->delivering);
    cq_log_number(t, "records", y->records);
    cq_log_number(t, "bytes_in", y->bytes_in);
    rate(t, "clusters_per_s", f->clusters_per_s);
    rate(t, "bytes_per_s", f->bytes_per_s);
    rate(t, "left_s", f->left_ns == CQ_UNKNOWN ? -1 : (double)f->left_ns / 1e9);
    cq_log_number(t, "memory_used", f->memory_used);
    cq_log_number(t, "memory_max", f->memory_max);
    cq_log_text(t, "sink_bound", f->bound);
    slowest(t, f);
    cq_text_puts(t, "}\n");
    cq_live_say(s);
}
