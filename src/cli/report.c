/* SPDX-License-Identifier: Apache-2.0 */
/* Lines as targets end (cli/report.h). With few targets every one has its line, with many only
 * those that did not go well. */
#include "cli/report.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"

enum { FEW = 40 };

static enum cq_colour colour_of(const struct cq_outcome *o)
{
    static const enum cq_colour colours[CQ_N_ENDINGS] = {CQ_GREEN, CQ_YELLOW, CQ_RED};

    return colours[cq_outcome_ending(o)];
}

/* ---- JSON ---- */

static void json_begin(struct cq_text *t, const char *level, const char *event)
{
    struct timespec now;
    struct tm tm;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &tm);
    cq_text_printf(
        t, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\",\"level\":\"%s\",\"event\":\"%s\"",
        tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
        (int)(now.tv_nsec / 1000000), level, event);
}

static void json_text(struct cq_text *t, const char *key, const char *value)
{
    cq_text_printf(t, ",\"%s\":", key);
    cq_text_json(t, value);
}

static void json_number(struct cq_text *t, const char *key, uint64_t v)
{
    cq_text_printf(t, ",\"%s\":%llu", key, (unsigned long long)v);
}

static void json_end(struct cq_text *t)
{
    cq_text_puts(t, "}\n");
    cq_text_flush(t, STDERR_FILENO);
}

static void target_json(struct cq_session *s, const struct cq_outcome *o)
{
    struct cq_text *t = &s->log;

    json_begin(t, o->err || o->read ? "warning" : "info", "cluster");
    json_text(t, "cluster", o->title);
    json_text(t, "read", cq_ending_names[cq_outcome_ending(o)]);
    if (o->err) {
        json_text(t, "code", cqlcrawl_errcode(o->err));
        json_text(t, "class", cqlcrawl_errclass(o->err));
        json_text(t, "remedy", cqlcrawl_remedy(o->err));
    }
    if (o->reason[0]) json_text(t, "reason", o->reason);
    if (o->text && *o->text) json_text(t, "text", o->text);
    json_number(t, "tables", o->objects[CQ_TABLES]);
    json_number(t, "records", o->records);
    json_number(t, "bytes_in", o->bytes_in);
    json_number(t, "ms", o->ns / 1000000);
    json_number(t, "attempts", o->attempts);
    json_number(t, "done", s->totals.done);
    json_number(t, "of", s->n_targets);
    json_end(t);
}

/* ---- text ---- */

static void target_line(struct cq_session *s, const struct cq_outcome *o)
{
    struct cq_text *t = &s->log;
    size_t start = t->n;

    cq_text_printf(t, "[%llu/%zu]", (unsigned long long)s->totals.done, s->n_targets);
    cq_text_pad(t, start, 10);
    cq_text_colour(t, colour_of(o), cq_ending_names[cq_outcome_ending(o)]);
    cq_text_pad(t, start, 22);
    cq_text_escaped(t, o->title);
    if (cq_outcome_code(o)) {
        cq_text_printf(t, ": %s: ", cq_outcome_code(o));
        cq_text_escaped(t, o->text);
    } else {
        cq_text_printf(t, ": %llu tables, ", (unsigned long long)o->objects[CQ_TABLES]);
        cq_text_bytes(t, o->bytes_in);
        cq_text_puts(t, ", ");
        cq_text_time(t, o->ns);
    }
    cq_text_puts(t, "\n");
    cq_text_flush(t, STDERR_FILENO);
}

void cq_report_target(struct cq_session *s, const struct cq_outcome *o)
{
    bool bad = o->err || o->read != CQLCRAWL_READ_COMPLETE;

    if (s->a->progress == CQ_PROGRESS_NONE) return;
    if (s->interrupted && s->a->progress == CQ_PROGRESS_AUTO) return;
    if (s->a->progress == CQ_PROGRESS_JSON || s->a->json_log) {
        target_json(s, o);
        return;
    }
    if (s->a->progress == CQ_PROGRESS_LINES || bad || s->n_targets <= FEW) target_line(s, o);
}

void cq_report_retry(struct cq_session *s, const struct cq_outcome *o,
                     const struct cqlcrawl_event *ev)
{
    struct cq_text *t = &s->log;

    if (s->a->progress == CQ_PROGRESS_NONE) return;
    if (s->a->progress == CQ_PROGRESS_JSON || s->a->json_log) {
        json_begin(t, "info", "retry");
        json_text(t, "cluster", o->title);
        json_text(t, "reason", ev->reason);
        json_text(t, "text", ev->text);
        json_number(t, "attempts", ev->attempts);
        json_end(t);
        return;
    }
    cq_text_puts(t, "          ");
    cq_text_colour(t, CQ_DIM, "once more");
    cq_text_puts(t, "   ");
    cq_text_escaped(t, o->title);
    cq_text_puts(t, ": ");
    cq_text_escaped(t, ev->text);
    cq_text_puts(t, "\n");
    cq_text_flush(t, STDERR_FILENO);
}

void cq_report_limit(struct cq_session *s, const char *why)
{
    if (!why || s->a->progress == CQ_PROGRESS_NONE) return;
    if (s->a->progress == CQ_PROGRESS_JSON || s->a->json_log) {
        json_begin(&s->log, "warning", "limit");
        json_text(&s->log, "text", why);
        json_end(&s->log);
        return;
    }
    cq_report_message(&s->log, false, "warning", why);
}

void cq_report_message(struct cq_text *t, bool json, const char *level, const char *message)
{
    if (json) {
        json_begin(t, level, "message");
        json_text(t, "text", message);
        json_end(t);
        return;
    }
    cq_text_puts(t, "cqlcrawl: ");
    if (strcmp(level, "error") != 0) cq_text_printf(t, "%s: ", level);
    cq_text_escaped(t, message);
    cq_text_puts(t, "\n");
    cq_text_flush(t, STDERR_FILENO);
}

int cq_complain(const struct cq_diags *d, bool json)
{
    struct cq_text t = {0};

    for (unsigned i = 0; i < d->n && i < CQ_MAX_DIAGS; i++)
        cq_report_message(&t, json, "error", d->messages[i]);
    if (d->n > CQ_MAX_DIAGS && !json) {
        cq_text_printf(&t, "cqlcrawl: and %u more\n", d->n - CQ_MAX_DIAGS);
        cq_text_flush(&t, STDERR_FILENO);
    }
    cq_text_free(&t);
    return CQ_EXIT_USAGE;
}

void cq_warn(const struct cq_diags *d, bool json)
{
    struct cq_text t = {0};

    for (unsigned i = 0; i < d->n && i < CQ_MAX_DIAGS; i++)
        cq_report_message(&t, json, "warning", d->messages[i]);
    cq_text_flush(&t, STDERR_FILENO);
    cq_text_free(&t);
}
