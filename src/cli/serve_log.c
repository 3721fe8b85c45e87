/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `serve` says on standard error (cli/serve.h): a line per event. Reads that found nothing new
 * are the usual case and have none; the metrics count them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/report.h"
#include "cli/serve.h"

enum { MAX_WORDS = 2048 };

static void begin(struct cq_serve *v, const char *level, const char *event)
{
    struct cq_text *t = &v->s.log;

    if (v->a->json_log) {
        cq_log_begin(t, level, event);
        return;
    }
    cq_text_utc(t, cq_unix_ms());
    cq_text_printf(t, " %s %s ", level, event);
}

/* A key for machines only. */
static void key(struct cq_serve *v, const char *name, const char *value)
{
    if (v->a->json_log && value) cq_log_text(&v->s.log, name, value);
}

static void number(struct cq_serve *v, const char *name, uint64_t value)
{
    if (v->a->json_log) cq_log_number(&v->s.log, name, value);
}

static void end(struct cq_serve *v, const char *words)
{
    struct cq_text *t = &v->s.log;

    if (v->a->json_log) {
        key(v, "text", words);
        cq_text_puts(t, "}\n");
    } else {
        cq_text_escaped(t, words);
        cq_text_puts(t, "\n");
    }
    cq_text_flush(t, STDERR_FILENO);
}

void cq_serve_log(struct cq_serve *v, const char *level, const char *event, const char *fmt, ...)
{
    char words[MAX_WORDS];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    begin(v, level, event);
    end(v, words);
}

void cq_serve_log_diags(struct cq_serve *v, const char *level, const char *event,
                        const struct cq_diags *d)
{
    for (unsigned i = 0; i < d->n && i < CQ_MAX_DIAGS; i++)
        cq_serve_log(v, level, event, "%s", d->messages[i]);
    if (d->n > CQ_MAX_DIAGS) cq_serve_log(v, level, event, "and %u more", d->n - CQ_MAX_DIAGS);
}

static void put_read(struct cq_serve *v, const struct cq_served *x, bool was_bad, char *words,
                     size_t n)
{
    const struct cq_outcome *o = &x->outcome;
    const char *code = cq_outcome_code(o);

    if (code) {
        (void)snprintf(words, n, "%s: %s: %s: %s", o->title, cq_ending_names[cq_outcome_ending(o)],
                       code, o->text ? o->text : "");
    } else {
        (void)snprintf(words, n, "%s: complete%s: %u tables, %llu records%s", o->title,
                       was_bad ? " again" : "", o->objects[CQ_TABLES],
                       (unsigned long long)o->records, o->undelivered ? ", NOT delivered" : "");
    }
    key(v, "cluster", o->title);
    key(v, "read", cq_ending_names[cq_outcome_ending(o)]);
    key(v, "code", code);
    if (o->err) key(v, "remedy", cqlcrawl_remedy(o->err));
    number(v, "failures", x->turn.failures);
    number(v, "tables", o->objects[CQ_TABLES]);
    number(v, "records", o->records);
    number(v, "ms", o->ns / 1000000);
    if (v->a->json_log && o->undelivered) cq_log_bool(&v->s.log, "undelivered", true);
}

void cq_serve_log_read(struct cq_serve *v, const struct cq_served *x, bool was_bad)
{
    char words[MAX_WORDS];
    bool bad = cq_outcome_ending(&x->outcome) != CQ_COMPLETE || x->outcome.undelivered;

    if (!bad && !was_bad && x->outcome.unchanged) return;
    begin(v, bad ? "warning" : "info", "cluster");
    put_read(v, x, was_bad, words, sizeof(words));
    end(v, words);
}

void cq_serve_log_event(struct cq_serve *v, const struct cqlcrawl_event *ev)
{
    static const char *const states[] = {"open", "cooling", "parked"};
    char words[MAX_WORDS];

    if (ev->kind == CQLCRAWL_EVENT_LIMIT) {
        cq_serve_log(v, "warning", "limit", "%s -> %s", ev->text ? ev->text : "",
                     ev->remedy ? ev->remedy : "");
        return;
    }
    if (ev->kind != CQLCRAWL_EVENT_SINK || ev->sink_state < 0 || ev->sink_state > 2) return;
    begin(v, ev->sink_state == CQLCRAWL_SINK_PARKED ? "error" : "info", "sink");
    key(v, "sink", ev->name);
    key(v, "state", states[ev->sink_state]);
    key(v, "code", ev->code);
    (void)snprintf(words, sizeof(words), "%s: %s%s%s", ev->name ? ev->name : "sink",
                   states[ev->sink_state], ev->text ? ": " : "", ev->text ? ev->text : "");
    end(v, words);
}
