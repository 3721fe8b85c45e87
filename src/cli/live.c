/* SPDX-License-Identifier: Apache-2.0 */
/* The shell of progress (cli/live.h): time and terminal. */
#include "cli/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/report.h"

#define MS(n) ((uint64_t)(n)*1000000u)

enum {
    BAR_MS = 200,
    JSON_MS = 1000,
    LINES_MS = 10000,
    SLOW_MS = 1000,
    FEW = 40,
    DEFAULT_WIDTH = 80
};

/* ---- figures ---- */

/* alone: nothing is left to do but to deliver. */
static const char *standing(const struct cqlcrawl_sink_stats *k, bool alone)
{
    if (k->state == CQLCRAWL_SINK_PARKED) return "is parked";
    if (!k->full && !(alone && k->state == CQLCRAWL_SINK_COOLING)) return NULL;
    return k->state == CQLCRAWL_SINK_COOLING ? "cools down" : "takes no more for now";
}

/* What holds everything up, in words; NULL: nothing does. */
static const char *bound(struct cq_session *s)
{
    char *words = s->live.bound;
    size_t room = sizeof(s->live.bound);
    bool alone = s->stats.delivering && !s->stats.running && !s->stats.later && !s->stats.queued;

    for (size_t i = 0; i < s->n_sinks; i++) {
        const struct cqlcrawl_sink_stats *k = &s->sinks[i];
        const char *how = standing(k, alone);

        if (!how) continue;
        (void)snprintf(words, room, "%s %s%s%s", k->name, how, k->text ? ": " : "",
                       k->text ? k->text : "");
        return words;
    }
    if (!s->out || !cq_output_is_full(s->out)) return NULL;
    (void)snprintf(words, room, "%s takes no more for now", s->out->name);
    return words;
}

void cq_live_figures(struct cq_session *s, struct cq_figures *f)
{
    const struct cq_totals *y = &s->totals;
    uint64_t now = cq_now_ns();

    cq_session_look(s);
    *f = (struct cq_figures){
        .total = s->n_targets,
        .done = y->done,
        .incomplete = y->endings[CQ_INCOMPLETE],
        .failed = y->endings[CQ_FAILED],
        .unchanged = y->unchanged,
        .in_flight = s->stats.running,
        .later = s->stats.later,
        .delivering = s->stats.delivering,
        .memory_used = s->stats.memory_used,
        .memory_max = s->stats.memory_max,
        .stopping = s->interrupted != 0,
    };
    for (const struct cq_outcome *o = s->under_way.oldest;
         o && f->n_slowest < CQ_SLOWEST && f->n_slowest < f->in_flight; o = o->newer) {
        if (now - o->started_ns < MS(SLOW_MS)) break; /* all that follow began later */
        f->slowest[f->n_slowest++] = (struct cq_slow){o->title, now - o->started_ns};
    }
    f->bound = bound(s);
    cq_rates_add(&s->live.rates, now, y->done, y->bytes_in);
    cq_figures_rates(f, &s->live.rates);
}

/* ---- the bar ---- */

static unsigned width(void)
{
    struct winsize w;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || !w.ws_col) return DEFAULT_WIDTH;
    return w.ws_col;
}

static void measure(struct cq_live *l)
{
    size_t from = 0;

    l->n_lines = 0;
    for (size_t i = 0; i < l->bar.n && l->n_lines < CQ_BAR_LINES; i++) {
        struct cq_text line = {.p = l->bar.p, .n = i};

        if (l->bar.p[i] != '\n') continue;
        l->columns[l->n_lines++] = (unsigned)cq_text_columns(&line, from);
        from = i + 1;
    }
}

/* One write: the old bar goes, what is said stands in its place, the bar comes below it. */
static void put(struct cq_session *s, const struct cq_figures *f)
{
    struct cq_live *l = &s->live;
    struct cq_text out = {0};

    cq_progress_wipe(&out, l->columns, l->n_lines, width());
    cq_text_put(&out, s->log.p, s->log.n);
    s->log.n = 0;
    if (f) {
        l->bar.n = 0;
        (void)cq_progress_bar(&l->bar, f, width());
        measure(l);
    }
    cq_text_put(&out, l->bar.p, l->bar.n);
    cq_text_flush(&out, STDERR_FILENO);
    cq_text_free(&out);
}

void cq_live_say(struct cq_session *s)
{
    if (s->live.mode == CQ_LIVE_BAR) {
        put(s, NULL);
    } else {
        cq_text_flush(&s->log, STDERR_FILENO);
    }
}

/* ---- time ---- */

static void on_tick(void *ctx, uint64_t now_ns)
{
    struct cq_session *s = ctx;
    struct cq_figures f;

    s->live.tick.due_ns = now_ns + s->live.every_ns;
    cq_live_figures(s, &f);
    switch (s->live.mode) {
    case CQ_LIVE_BAR:
        put(s, &f);
        break;
    case CQ_LIVE_LINES:
        if (now_ns < s->live.line_ns) break;
        s->live.line_ns = now_ns + MS(LINES_MS);
        cq_progress_line(&s->log, &f);
        cq_text_puts(&s->log, "\n");
        cq_live_say(s);
        break;
    case CQ_LIVE_JSON:
        cq_report_progress(s, &f);
        break;
    case CQ_LIVE_NONE:
        break;
    }
}

static enum cq_live_mode mode_of(const struct cq_args *a)
{
    const char *term = getenv("TERM");
    bool terminal = isatty(STDERR_FILENO) && (!term || strcmp(term, "dumb") != 0);

    if (a->progress == CQ_PROGRESS_NONE) return CQ_LIVE_NONE;
    if (a->json_log) return CQ_LIVE_JSON;
    return terminal && a->progress != CQ_PROGRESS_LINES ? CQ_LIVE_BAR : CQ_LIVE_LINES;
}

void cq_live_open(struct cq_session *s)
{
    struct cq_live *l = &s->live;
    uint64_t now = cq_now_ns();

    l->mode = mode_of(s->a);
    l->each = l->mode == CQ_LIVE_JSON || s->a->progress == CQ_PROGRESS_LINES ||
              (l->mode == CQ_LIVE_LINES && s->n_targets <= FEW);
    l->bar.colours = s->log.colours = cq_wants_colours(STDERR_FILENO);
    if (l->mode == CQ_LIVE_NONE) return;
    l->every_ns = l->mode == CQ_LIVE_BAR ? MS(BAR_MS) : MS(JSON_MS);
    l->line_ns = now + MS(LINES_MS);
    cq_rates_add(&l->rates, now, 0, 0);
    l->tick = CQ_SOURCE(-1, s);
    l->tick.due = on_tick;
    l->tick.due_ns = now + l->every_ns;
    if (!cq_loop_add(&s->loop, &l->tick)) l->mode = CQ_LIVE_NONE;
}

void cq_live_close(struct cq_session *s)
{
    struct cq_live *l = &s->live;

    l->bar.n = 0;
    cq_live_say(s);
    cq_text_free(&l->bar);
    l->n_lines = 0;
    cq_loop_remove(&s->loop, &l->tick);
    if (l->mode == CQ_LIVE_BAR) l->mode = CQ_LIVE_LINES; /* what is still said stands by itself */
}
