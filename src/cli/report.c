/* SPDX-License-Identifier: Apache-2.0 */
/* Lines as things happen (cli/report.h). With few targets every one has its line, with many only
 * those that did not go well. */
#include "cli/report.h"

#include <string.h>
#include <unistd.h>

#include "cli/command.h"

enum { LINES_PER_CODE = 20 };

static enum cq_colour colour_of(const struct cq_outcome *o)
{
    static const enum cq_colour colours[CQ_N_ENDINGS] = {CQ_GREEN, CQ_YELLOW, CQ_RED};

    return colours[cq_outcome_ending(o)];
}

/* ---- targets ---- */

static void target_json(struct cq_session *s, const struct cq_outcome *o)
{
    struct cq_text *t = &s->log;

    cq_log_begin(t, o->err || o->read ? "warning" : "info", "cluster");
    cq_log_text(t, "cluster", o->title);
    cq_log_text(t, "read", cq_ending_names[cq_outcome_ending(o)]);
    if (o->err) {
        cq_log_text(t, "code", cqlcrawl_errcode(o->err));
        cq_log_text(t, "class", cqlcrawl_errclass(o->err));
        cq_log_text(t, "remedy", cqlcrawl_remedy(o->err));
    }
    if (o->reason[0]) cq_log_text(t, "reason", o->reason);
    if (o->text && *o->text) cq_log_text(t, "text", o->text);
    if (o->unchanged) cq_log_bool(t, "unchanged", true);
    if (o->undelivered) cq_log_bool(t, "undelivered", true);
    if (o->dead_letters) cq_log_number(t, "dead_letters", o->dead_letters);
    cq_log_number(t, "tables", o->objects[CQ_TABLES]);
    cq_log_number(t, "records", o->records);
    cq_log_number(t, "bytes_in", o->bytes_in);
    cq_log_number(t, "ms", o->ns / 1000000);
    cq_log_number(t, "attempts", o->attempts);
    cq_log_number(t, "done", s->totals.done);
    cq_log_number(t, "of", s->n_targets);
    cq_text_puts(t, "}\n");
    cq_live_say(s);
}

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
        cq_text_puts(t, ": ");
        if (o->unchanged) cq_text_puts(t, "unchanged, ");
        if (!o->unchanged) cq_text_printf(t, "%u tables, ", o->objects[CQ_TABLES]);
        cq_text_bytes(t, o->bytes_in);
        cq_text_puts(t, ", ");
        cq_text_time(t, o->ns);
    }
    cq_text_puts(t, "\n");
    cq_live_say(s);
}

/* Of each code so many have a line of their own, then one line says that the others have none. */
static bool is_told(struct cq_session *s, const struct cq_outcome *o)
{
    const char *code = cq_outcome_code(o);
    const struct cq_totals *y = &s->totals;

    for (unsigned i = 0; i < y->n_faults; i++) {
        if (strcmp(y->faults[i].code, code) != 0) continue;
        if (y->faults[i].n <= LINES_PER_CODE) return true;
        if (y->faults[i].n > LINES_PER_CODE + 1) return false;
        cq_text_printf(&s->log, "          further %s are counted only (--progress lines)\n", code);
        cq_live_say(s);
        return false;
    }
    return true;
}

void cq_report_target(struct cq_session *s, const struct cq_outcome *o)
{
    bool bad = cq_outcome_code(o) != NULL;

    if (s->live.mode == CQ_LIVE_NONE) return;
    if (s->live.mode == CQ_LIVE_JSON) {
        target_json(s, o);
        return;
    }
    if (s->interrupted && s->a->progress == CQ_PROGRESS_AUTO) return;
    if (s->live.each || (bad && is_told(s, o))) target_line(s, o);
}

void cq_report_retry(struct cq_session *s, const struct cq_outcome *o,
                     const struct cqlcrawl_event *ev)
{
    struct cq_text *t = &s->log;

    if (s->live.mode == CQ_LIVE_NONE) return;
    if (s->live.mode == CQ_LIVE_JSON) {
        cq_log_begin(t, "info", "retry");
        cq_log_text(t, "cluster", o->title);
        cq_log_text(t, "reason", ev->reason);
        cq_log_text(t, "text", ev->text);
        cq_log_number(t, "attempts", ev->attempts);
        cq_text_puts(t, "}\n");
        cq_live_say(s);
        return;
    }
    if (!s->live.each) return;
    cq_text_puts(t, "          ");
    cq_text_colour(t, CQ_DIM, "once more");
    cq_text_puts(t, "   ");
    cq_text_escaped(t, o->title);
    cq_text_puts(t, ": ");
    cq_text_escaped(t, ev->text);
    cq_text_puts(t, "\n");
    cq_live_say(s);
}

static void say(struct cq_session *s, const char *level, const char *event, const char *words)
{
    if (s->a->json_log) {
        cq_log_begin(&s->log, level, event);
        cq_log_text(&s->log, "text", words);
        cq_text_puts(&s->log, "}\n");
    } else {
        cq_text_puts(&s->log, "cqlcrawl: ");
        cq_text_escaped(&s->log, words);
        cq_text_puts(&s->log, "\n");
    }
    cq_live_say(s);
}

void cq_report_limit(struct cq_session *s, const char *why, const char *remedy)
{
    const char *both = why;

    if (why && remedy && *remedy) both = cq_pool_printf(s->pool, "%s -> %s", why, remedy);
    if (both) say(s, "warning", "limit", both);
}

void cq_report_stopping(struct cq_session *s)
{
    say(s, "info", "message",
        s->n_sinks ? "stopping: what was read has ten seconds to be delivered; a second signal "
                     "ends it at once"
                   : "stopping; a second signal ends it at once");
}

/* Cooling down is daily business; parked is not, nor is its end. */
static bool is_sink_told(struct cq_session *s, enum cqlcrawl_sink_state state)
{
    bool was_parked = s->live.parked;

    s->live.parked = state == CQLCRAWL_SINK_PARKED;
    return s->live.parked || was_parked || s->live.mode == CQ_LIVE_JSON;
}

void cq_report_sink(struct cq_session *s, const struct cqlcrawl_event *ev)
{
    static const char *const states[] = {"open", "cooling", "parked"};
    static const char *const words[] = {"goes on", "cools down", "is parked"};
    bool open = ev->sink_state == CQLCRAWL_SINK_OPEN;
    struct cq_text *t = &s->log;

    if (!is_sink_told(s, (enum cqlcrawl_sink_state)ev->sink_state)) return;
    if (s->a->json_log) {
        cq_log_begin(t, open ? "info" : "warning", "sink");
        cq_log_text(t, "sink", ev->name);
        cq_log_text(t, "state", states[ev->sink_state]);
        cq_log_text(t, "code", open ? NULL : ev->code);
        cq_log_text(t, "text", open ? NULL : ev->text);
        cq_log_text(t, "remedy", open ? NULL : ev->remedy);
        cq_text_puts(t, "}\n");
    } else {
        cq_text_puts(t, "cqlcrawl: sink ");
        cq_text_escaped(t, ev->name);
        cq_text_printf(t, " %s", words[ev->sink_state]);
        if (!open && ev->text && *ev->text) {
            cq_text_puts(t, ": ");
            cq_text_escaped(t, ev->text);
        }
        if (ev->sink_state == CQLCRAWL_SINK_PARKED && ev->remedy && *ev->remedy) {
            cq_text_printf(t, " -> %s", ev->remedy);
        }
        cq_text_puts(t, "\n");
    }
    cq_live_say(s);
}

void cq_report_message(struct cq_text *t, bool json, const char *level, const char *message)
{
    if (json) {
        cq_log_begin(t, level, "message");
        cq_log_text(t, "text", message);
        cq_text_puts(t, "}\n");
        cq_text_flush(t, STDERR_FILENO);
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
