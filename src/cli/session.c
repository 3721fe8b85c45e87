/* SPDX-License-Identifier: Apache-2.0 */
/* A run of the program (cli/session.h). */
#include "cli/session.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "cli/limits.h"
#include "cli/receivers.h"
#include "cli/signals.h"

enum {
    LINGER_MS = 200, /* how often an interrupted run looks whether its time is over */
    OUTPUT_LINGER_NS = 20 * 1000 * 1000, /* a few records wait for more */
    DEFAULT_SLOTS = 1000                 /* include/cqlcrawl.h, concurrency */
};

/* ---- from the library ---- */

static bool remember(struct cq_session *s, uint64_t id)
{
    if (s->n_paused == s->cap_paused) {
        size_t cap = s->cap_paused ? s->cap_paused * 2 : 64;
        uint64_t *p = realloc(s->paused, cap * sizeof(*p));

        if (!p) return false; /* it goes on: the output holds a little more */
        s->paused = p;
        s->cap_paused = cap;
    }
    s->paused[s->n_paused++] = id;
    return true;
}

static void put_into_folder(struct cq_session *s, struct cq_outcome *o, const char *line, size_t n)
{
    struct cq_outdir *d = &s->out->dir;

    if (!o->file) cq_outdir_begin(d, &o->file, o->title);
    cq_outdir_put(d, o->file, line, n);
    if (d->err) cqlcrawl_cancel_all(s->c);
}

/* Another attempt begins: what an earlier one of this read left is forgotten. */
static void restart_file(struct cq_outcome *o, struct cq_outdir *d)
{
    if (o->file) cq_outdir_begin(d, &o->file, o->title);
}

/* The end of a read into a folder or a stream; true: its records are not where they should be. */
static bool is_lost(struct cq_session *s, struct cq_outcome *o, const struct cqlcrawl_event *ev)
{
    bool whole = !ev->err && ev->read == CQLCRAWL_READ_COMPLETE;
    bool kept;

    if (!s->out) return false;
    if (s->out->kind != CQ_OUTPUT_FOLDER) return s->out->err != 0;
    kept = cq_outdir_finish(&s->out->dir, &o->file,
                            !whole          ? CQ_OUTDIR_PARTIAL
                            : ev->unchanged ? CQ_OUTDIR_KEPT
                                            : CQ_OUTDIR_WHOLE,
                            s->durable);
    if (!kept && s->c) cqlcrawl_cancel_all(s->c);
    return !kept;
}

static void take_done(struct cq_session *s, struct cq_outcome *o, const struct cqlcrawl_event *ev)
{
    bool lost = is_lost(s, o, ev);

    if (lost && s->c) (void)cqlcrawl_undelivered(s->c, ev->id);
    cq_outcome_paused(o, &s->under_way);
    cq_outcome_done(o, &s->totals, ev, cq_unix_ms(), lost);
}

static enum cqlcrawl_flow on_record(void *ctx, uint64_t id, void *user_data, const char *line,
                                    size_t n)
{
    struct cq_session *s = ctx;

    s->record_bytes += n;
    if (s->out->kind == CQ_OUTPUT_FOLDER) {
        put_into_folder(s, user_data, line, n);
        return CQLCRAWL_CONTINUE;
    }
    cq_output_put(s->out, line, n);
    if (s->out->err) cqlcrawl_cancel_all(s->c);
    if (!cq_output_is_full(s->out)) return CQLCRAWL_CONTINUE;
    return remember(s, id) ? CQLCRAWL_PAUSE : CQLCRAWL_CONTINUE;
}

void cq_session_take(void *ctx, const struct cqlcrawl_event *ev)
{
    struct cq_session *s = ctx;
    struct cq_outcome *o = ev->user_data;

    switch (ev->kind) {
    case CQLCRAWL_EVENT_STARTED:
        cq_outcome_started(o, &s->under_way, cq_now_ns());
        break;
    case CQLCRAWL_EVENT_ATTEMPT:
        cq_outcome_paused(o, &s->under_way);
        if (s->out) restart_file(o, &s->out->dir);
        break;
    case CQLCRAWL_EVENT_DONE:
        take_done(s, o, ev);
        break;
    case CQLCRAWL_EVENT_STEP:
    case CQLCRAWL_EVENT_SINK:
    case CQLCRAWL_EVENT_LIMIT:
        break;
    }
    if (s->event) s->event(s, o, ev);
}

/* ---- signals ---- */

static void on_signal(void *ctx, short revents)
{
    struct cq_session *s = ctx;
    int sig = cq_signals_take(s->signals.fd);

    (void)revents;
    if (sig == SIGUSR1 && s->show) s->show(s);
    if (sig == SIGHUP && s->reload) s->reload(s);
    if (sig != SIGINT && sig != SIGTERM) return;
    s->interrupted = sig;
    s->give_up_ns = cq_now_ns() + CQ_GRACE_NS;
    cq_signals_at_once();
    cqlcrawl_cancel_all(s->c);
    if (s->stopping) s->stopping(s);
}

/* ---- the output ---- */

static void drain(struct cq_session *s)
{
    size_t n = s->n_paused;

    cq_output_flush(s->out);
    if (s->out->err) cqlcrawl_cancel_all(s->c);
    if (!cq_output_has_room(s->out)) return;
    s->n_paused = 0;
    for (size_t i = 0; i < n; i++)
        (void)cqlcrawl_resume(s->c, s->paused[i]);
}

static void on_writable(void *ctx, short revents)
{
    (void)revents;
    drain(ctx);
}

static void on_due(void *ctx, uint64_t now_ns)
{
    (void)now_ns;
    drain(ctx);
}

static bool has_output(const struct cq_session *s)
{
    return s->out && s->out->kind == CQ_OUTPUT_STREAM && cq_output_is_pending(s->out);
}

/* A write for every few records would cost more than they do: they leave in numbers, or when they
 * have waited, or nothing more is coming. A descriptor that refuses some is waited for. */
static void pass_on(struct cq_session *s)
{
    bool waits = has_output(s) && s->out->is_refusing;

    if (s->n_paused ||
        (has_output(s) && !waits && (cq_output_is_worth(s->out) || !cqlcrawl_active(s->c))))
        drain(s);
    waits = has_output(s) && s->out->is_refusing;
    s->output.fd = s->out ? s->out->fd : -1;
    s->output.events = waits ? POLLOUT : 0;
    if (!has_output(s) || waits)
        s->output.due_ns = CQ_NEVER;
    else if (s->output.due_ns == CQ_NEVER)
        s->output.due_ns = cq_now_ns() + OUTPUT_LINGER_NS;
}

bool cq_session_has_failed(const struct cq_session *s)
{
    return s->out && (s->out->err || s->out->dir.err);
}

/* ---- life ---- */

/* What had to be made smaller than it was asked for, or NULL. */
static const char *limited(const struct cq_session *s, const struct cq_settings *set,
                           uint64_t wanted, unsigned half_open, uint64_t files)
{
    uint64_t half = set->half_open < wanted ? set->half_open : wanted;
    const char *fewer = "", *halves = "";

    if (s->concurrency < wanted)
        fewer = cq_pool_printf(s->pool, "%u clusters at once instead of %llu", s->concurrency,
                               (unsigned long long)wanted);
    if (half_open < half)
        halves = cq_pool_printf(s->pool, "%s%u connections being made at once instead of %llu",
                                *fewer ? ", " : "", half_open, (unsigned long long)half);
    if (!*fewer && !*halves) return NULL;
    return cq_pool_printf(s->pool, "%s%s: this process may open %llu files (ulimit -n)", fewer,
                          halves, (unsigned long long)files);
}

static void fit(struct cq_session *s, const struct cq_settings *set, struct cqlcrawl_options *o)
{
    struct cq_files f = {.limit = cq_raise_files(),
                         .sinks = (unsigned)set->n_sinks,
                         .sink_requests = cq_receivers_requests(set),
                         .others = s->other_files};
    uint64_t wanted = set->concurrency ? set->concurrency : DEFAULT_SLOTS;

    if (s->out && s->out->kind == CQ_OUTPUT_FOLDER) f.others += CQ_OUTDIR_FILES;
    o->half_open = (unsigned)set->half_open;
    s->concurrency = cq_fit_files(&f, wanted, &o->half_open);
    o->concurrency = s->concurrency;
    s->limited = limited(s, set, wanted, o->half_open, f.limit);
}

/* A snapshot needs every record; sinks and folders keep what they have. */
static bool is_incremental(const struct cq_session *s, const struct cq_settings *set)
{
    if (!set->state || s->check) return false;
    if (s->out && (s->out->kind == CQ_OUTPUT_FILE || s->out->kind == CQ_OUTPUT_STREAM)) {
        return false;
    }
    return set->n_sinks || (s->out && s->out->kind == CQ_OUTPUT_FOLDER);
}

static bool open_sources(struct cq_session *s)
{
    s->signals.events = POLLIN;
    s->signals.ready = on_signal;
    s->output = CQ_SOURCE(-1, s);
    s->output.ready = on_writable;
    s->output.due = on_due;
    s->loop.library = s->c;
    return cq_loop_add(&s->loop, &s->signals) && cq_loop_add(&s->loop, &s->output);
}

/* A folder is the same under every name that it may be given. */
static const char *destination(struct cq_session *s)
{
    char *path;
    const char *copy;

    if (!s->out || s->out->kind != CQ_OUTPUT_FOLDER) return NULL;
    path = realpath(s->out->dir.path, NULL);
    copy = path ? cq_pool_dup(s->pool, path, strlen(path)) : NULL;
    free(path);
    return copy;
}

static int open_library(struct cq_session *s, struct cqlcrawl_options *o, const char **why)
{
    char words[1024] = "";
    int err;

    o->why = words;
    o->why_n = sizeof(words);
    err = cqlcrawl_new(&s->c, o);
    if (err) {
        *why = words[0] ? cq_pool_dup(s->pool, words, strlen(words)) : cqlcrawl_strerror(err);
        return err;
    }
    return open_sources(s) ? 0 : -1;
}

int cq_session_open(struct cq_session *s, const struct cq_inventory *inv, const char **why)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);
    const struct cq_settings *set = &inv->settings;
    int err;

    *why = "out of memory";
    /* before the library makes a thread: threads inherit what is blocked */
    s->signals = CQ_SOURCE(cq_signals_open(s->reload != NULL), s);
    o.memory_max = set->memory_max;
    o.rate = (unsigned)set->rate;
    o.seed = set->seed;
    o.state = s->check ? NULL : set->state;
    o.destination = destination(s);
    s->full_after_ms = set->full_after_ms;
    fit(s, set, &o);
    s->durable = o.state != NULL;
    s->incremental = is_incremental(s, set);
    o.record = s->out && s->out->kind != CQ_OUTPUT_NONE ? on_record : NULL;
    o.event = cq_session_take;
    o.ctx = s;
    s->started_ns = cq_now_ns();
    s->started_ms = cq_unix_ms();
    s->letters.fd = -1;
    err = open_library(s, &o, why);
    if (err || s->check) return err;
    return cq_receivers_open(s, set, why);
}

void cq_session_look(struct cq_session *s)
{
    if (!s->c) return;
    s->stats.size = sizeof(s->stats);
    cqlcrawl_stats(s->c, &s->stats);
    cq_receivers_look(s);
}

void cq_session_turn(struct cq_session *s, int ms)
{
    cq_loop_turn(&s->loop, ms);
    pass_on(s);
    cq_session_feed(s);
}

bool cq_session_is_over(const struct cq_session *s)
{
    if (s->interrupted && cq_now_ns() > s->give_up_ns) return true;
    if (cqlcrawl_active(s->c) || has_output(s)) return false;
    return s->interrupted || s->n_added == s->n_targets || cq_session_has_failed(s);
}

void cq_session_run(struct cq_session *s)
{
    while (!cq_session_is_over(s))
        cq_session_turn(s, s->interrupted ? LINGER_MS : -1);
    cq_session_end(s);
}

void cq_session_end(struct cq_session *s)
{
    cqlcrawl *c = s->c;

    if (!c) return;
    cq_session_look(s);
    cq_receivers_keep(s);
    cqlcrawl_close(c, NULL, NULL); /* those that are not done get their DONE */
    s->c = s->loop.library = NULL;
    s->ended_ns = cq_now_ns();
}

void cq_session_close(struct cq_session *s)
{
    cq_session_end(s);
    for (size_t i = 0; s->targets && i < s->n_targets; i++)
        cq_outcome_fini(&s->targets[i]);
    free(s->targets);
    free(s->paused);
    cq_signals_close(s->signals.fd);
    cq_deadletters_close(&s->letters);
    cq_loop_fini(&s->loop);
    cq_pool_free(&s->scratch);
    cq_text_free(&s->log);
}
