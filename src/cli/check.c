/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cqlcrawl check`: each step to each target with the time it took and what was seen; at the one
 * that fails, why and what to do about it. A target's lines are kept until it is done, so that they
 * stay together. They are results: standard output.
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/report.h"

static const char *const step_names[] = {"resolve", "connect", "TLS", "protocol", "login", "read"};

static void remedy(struct cq_text *t, const char *text)
{
    if (!text || !*text) return;
    cq_text_puts(t, "          -> ");
    cq_text_puts(t, text);
    cq_text_puts(t, "\n");
}

static void step_line(struct cq_text *t, const struct cqlcrawl_event *ev)
{
    size_t start = t->n;

    cq_text_puts(t, "  ");
    cq_text_colour(t, ev->err ? CQ_RED : CQ_GREEN, ev->err ? "FAIL" : "ok");
    cq_text_pad(t, start, 8);
    cq_text_puts(t, step_names[ev->step]);
    cq_text_pad(t, start, 18);
    cq_text_time(t, ev->ns);
    cq_text_pad(t, start, 28);
    if (ev->err) cq_text_printf(t, "%s: ", ev->code);
    cq_text_escaped(t, ev->text);
    cq_text_puts(t, "\n");
    if (ev->err) remedy(t, ev->remedy);
}

/* A fault that belonged to no step: an unreadable password, a time-out of the whole, a
 * cancellation. */
static void end_line(struct cq_text *t, const struct cq_outcome *o, const struct cqlcrawl_event *ev)
{
    if (!ev->err && o->read == CQLCRAWL_READ_COMPLETE) return;
    cq_text_puts(t, "  ");
    cq_text_colour(t, CQ_RED, cq_ending_names[cq_outcome_ending(o)]);
    cq_text_printf(t, ": %s: ", cq_outcome_code(o));
    cq_text_escaped(t, ev->text);
    cq_text_puts(t, "\n");
    if (ev->err) remedy(t, ev->remedy);
}

static void step_json(struct cq_text *t, const struct cq_outcome *o,
                      const struct cqlcrawl_event *ev)
{
    bool done = ev->kind == CQLCRAWL_EVENT_DONE;

    cq_text_puts(t, "{\"event\":\"step\"");
    cq_log_text(t, "cluster", o->title);
    cq_log_text(t, "step", done ? "done" : step_names[ev->step]);
    cq_log_bool(t, "ok", !ev->err && ev->read == CQLCRAWL_READ_COMPLETE);
    cq_log_number(t, "us", (done ? ev->ns_total : ev->ns) / 1000);
    cq_log_text(t, "seen", ev->text);
    cq_log_text(t, "code", ev->code);
    cq_log_text(t, "class", ev->class_);
    cq_log_text(t, "remedy", ev->remedy);
    cq_text_puts(t, "}\n");
}

/* A target's lines so far. */
struct lines {
    struct cq_text text;
    int told; /* the last step's error */
};

static void add_line(struct cq_session *s, struct lines *l, const struct cq_outcome *o,
                     const struct cqlcrawl_event *ev)
{
    struct cq_text *t = &l->text;

    if (s->a->json_log) {
        step_json(t, o, ev);
        return;
    }
    if (!t->n) {
        t->colours = cq_wants_colours(STDOUT_FILENO);
        cq_text_escaped(t, o->title);
        cq_text_puts(t, "\n");
    }
    if (ev->kind == CQLCRAWL_EVENT_STEP) {
        step_line(t, ev);
        l->told = ev->err;
    } else if (l->told != ev->err || (!ev->err && o->read != CQLCRAWL_READ_COMPLETE)) {
        end_line(t, o, ev);
    }
}

static void on_event(struct cq_session *s, struct cq_outcome *o, const struct cqlcrawl_event *ev)
{
    struct lines *l;

    if (ev->kind == CQLCRAWL_EVENT_LIMIT) cq_report_limit(s, ev->text, ev->remedy);
    if (ev->kind != CQLCRAWL_EVENT_STEP && ev->kind != CQLCRAWL_EVENT_DONE) return;
    if (!o->own) o->own = calloc(1, sizeof(*l));
    l = o->own;
    if (!l) return;
    add_line(s, l, o, ev);
    if (ev->kind != CQLCRAWL_EVENT_DONE) return;
    cq_text_flush(&l->text, STDOUT_FILENO);
    cq_text_free(&l->text);
    free(l);
    o->own = NULL;
}

static int status(struct cq_session *s, const struct cq_settings *set)
{
    uint64_t good = s->totals.endings[CQ_COMPLETE];

    if (!s->a->json_log && s->n_targets > 1) {
        cq_text_printf(&s->log, "\n%zu clusters: %llu in order, %llu not\n", s->n_targets,
                       (unsigned long long)good, (unsigned long long)(s->n_targets - good));
        cq_text_flush(&s->log, STDERR_FILENO);
    }
    if (s->interrupted) return CQ_EXIT_SIGNAL + s->interrupted;
    return cq_fails(&set->fail_on, s->n_targets - good, s->n_targets) ? CQ_EXIT_INCOMPLETE
                                                                      : CQ_EXIT_OK;
}

int cq_command_check(struct cq_pool *pool, const struct cq_args *a)
{
    struct cq_diags d = {.pool = pool};
    struct cq_secrets secrets = {0};
    struct cq_inventory *inv;
    struct cq_session s = {.a = a, .pool = pool, .check = true, .event = on_event};
    const char *why;
    int code;

    inv = cq_inventory_load(&d, a, &secrets, CQ_TO_READ);
    if (inv) cq_warn(&inv->notes, a->json_log);
    if (!inv) {
        code = cq_complain(&d, a->json_log);
    } else if (cq_session_open(&s, inv, &why) || cq_session_add_all(&s, inv, &why)) {
        cq_diag(&d, (struct cq_place){NULL, 0, 0}, "%s", why);
        code = cq_complain(&d, a->json_log);
    } else {
        cq_report_limit(&s, s.limited, NULL);
        cq_session_run(&s);
        code = status(&s, &inv->settings);
    }
    cq_session_close(&s);
    cq_inventory_unref(inv);
    cq_secrets_fini(&secrets);
    return code;
}
