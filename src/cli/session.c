/* SPDX-License-Identifier: Apache-2.0 */
/* A run of the program (cli/session.h). */
#include "cli/session.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/limits.h"
#include "cli/signals.h"

enum {
    WINDOW = 10000,      /* targets that the library has at least, before others are added */
    PER_SLOT = 4,        /* and so many for each that it may read at once */
    LINGER_MS = 200,     /* how often an interrupted run looks whether its time is over */
    DEFAULT_SLOTS = 1000 /* include/cqlcrawl.h, concurrency */
};

int64_t cq_unix_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

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

static enum cqlcrawl_flow on_record(void *ctx, uint64_t id, void *user_data, const char *line,
                                    size_t n)
{
    struct cq_session *s = ctx;

    (void)user_data;
    cq_output_put(s->out, line, n);
    if (s->out->err && !s->interrupted) cqlcrawl_cancel_all(s->c);
    if (!cq_output_is_full(s->out)) return CQLCRAWL_CONTINUE;
    return remember(s, id) ? CQLCRAWL_PAUSE : CQLCRAWL_CONTINUE;
}

static void on_event(void *ctx, const struct cqlcrawl_event *ev)
{
    struct cq_session *s = ctx;
    struct cq_outcome *o = ev->user_data;

    switch (ev->kind) {
    case CQLCRAWL_EVENT_STARTED:
        cq_outcome_started(o, &s->under_way, cq_now_ns());
        break;
    case CQLCRAWL_EVENT_ATTEMPT:
        cq_outcome_paused(o, &s->under_way);
        break;
    case CQLCRAWL_EVENT_DONE:
        cq_outcome_paused(o, &s->under_way);
        cq_outcome_done(o, &s->totals, ev, cq_unix_ms(), false);
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

static bool has_output(const struct cq_session *s)
{
    return s->out && s->out->kind == CQ_OUTPUT_STREAM && cq_output_is_pending(s->out);
}

/* ---- targets ---- */

static int wrong(struct cq_session *s, const struct cq_cluster *cl, const char *title, int err,
                 const char **why)
{
    struct cq_diags d = {.pool = &s->scratch}; /* until the next one is added */

    cq_diag(&d, cl->at, "%s: %s", title ? title : "?", cqlcrawl_last_error(s->c));
    *why = d.messages[0];
    return err;
}

static bool fill(struct cq_session *s, const struct cq_cluster *cl, struct cq_outcome *o,
                 struct cqlcrawl_target *t)
{
    cq_pool_reset(&s->scratch);
    if (!cq_cluster_target(&s->scratch, cl, t)) return false;
    t->user_data = o;
    t->check = s->check;
    t->accept_identity = cq_accepts_identity(s->a, cl->name);
    if (s->check && !t->retries) t->retries = CQLCRAWL_NO_RETRIES; /* its steps tell more */
    return true;
}

int cq_session_add(struct cq_session *s, const struct cq_cluster *cl, struct cq_outcome *o,
                   uint64_t *id, const char **why)
{
    struct cqlcrawl_target t;
    int err;

    *why = "out of memory";
    if (!fill(s, cl, o, &t)) return -1;
    err = cqlcrawl_add(s->c, &t, id);
    return err ? wrong(s, cl, o->title, err, why) : 0;
}

static size_t window(const struct cq_session *s)
{
    size_t n = (size_t)s->concurrency * PER_SLOT;

    return n > WINDOW ? n : WINDOW;
}

int cq_session_add_all(struct cq_session *s, const struct cq_inventory *inv, const char **why)
{
    s->clusters = inv->clusters;
    s->n_targets = inv->n_clusters;
    s->targets = calloc(s->n_targets ? s->n_targets : 1, sizeof(*s->targets));
    *why = "out of memory";
    if (!s->targets) return -1;
    for (size_t i = 0; i < s->n_targets; i++) {
        const struct cq_cluster *cl = &s->clusters[i];
        struct cq_outcome *o = &s->targets[i];
        struct cqlcrawl_target t;
        int err;

        o->title = cl->name;
        if (i < window(s)) {
            err = cq_session_add(s, cl, o, NULL, why);
            s->n_added += !err;
        } else {
            if (!fill(s, cl, o, &t)) return -1;
            err = cqlcrawl_validate(s->c, &t);
            if (err) (void)wrong(s, cl, o->title, err, why);
        }
        if (err) return err;
    }
    return 0;
}

void cq_session_add_failed(struct cq_session *s, struct cq_outcome *o, int err)
{
    struct cqlcrawl_event ev = CQLCRAWL_INIT(cqlcrawl_event);

    ev.kind = CQLCRAWL_EVENT_DONE;
    ev.name = o->title;
    ev.user_data = o;
    ev.err = err;
    ev.code = cqlcrawl_errcode(err);
    ev.class_ = cqlcrawl_errclass(err);
    ev.text = cqlcrawl_last_error(s->c);
    ev.remedy = cqlcrawl_remedy(err);
    ev.read = CQLCRAWL_READ_FAILED;
    ev.agreement = -1;
    on_event(s, &ev);
}

static void add_more(struct cq_session *s)
{
    const char *why;

    if (s->interrupted || (s->out && s->out->err)) return;
    while (s->n_added < s->n_targets && cqlcrawl_active(s->c) < window(s)) {
        size_t i = s->n_added++;
        int err = cq_session_add(s, &s->clusters[i], &s->targets[i], NULL, &why);

        if (err) cq_session_add_failed(s, &s->targets[i], err);
    }
}

/* ---- life ---- */

static void fit(struct cq_session *s, uint64_t wanted, struct cqlcrawl_options *o)
{
    struct cq_files f = {.limit = cq_raise_files()};

    if (!wanted) wanted = DEFAULT_SLOTS;
    s->concurrency = cq_fit_files(&f, wanted, &o->half_open);
    o->concurrency = s->concurrency;
    if (s->concurrency == wanted) return;
    s->limited = cq_pool_printf(
        s->pool,
        "%u clusters at once instead of %llu: this process may open %llu files (ulimit -n)",
        s->concurrency, (unsigned long long)wanted, (unsigned long long)f.limit);
}

static bool open_sources(struct cq_session *s)
{
    s->signals.events = POLLIN;
    s->signals.ready = on_signal;
    s->output = CQ_SOURCE(-1, s);
    s->output.ready = on_writable;
    s->library = CQ_SOURCE(cqlcrawl_fd(s->c), s);
    s->library.events = POLLIN;
    s->library.ready = cq_source_ignore; /* every turn takes a step */
    return cq_loop_add(&s->loop, &s->signals) && cq_loop_add(&s->loop, &s->output) &&
           cq_loop_add(&s->loop, &s->library);
}

int cq_session_open(struct cq_session *s, const struct cq_inventory *inv, const char **why)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);
    int err;

    *why = "out of memory";
    /* before the library makes a thread: threads inherit what is blocked */
    s->signals = CQ_SOURCE(cq_signals_open(s->reload != NULL), s);
    o.memory_max = inv->settings.memory_max;
    fit(s, inv->settings.concurrency, &o);
    o.record = s->out ? on_record : NULL;
    o.event = on_event;
    o.ctx = s;
    s->started_ns = cq_now_ns();
    err = cqlcrawl_new(&s->c, &o);
    if (err) {
        *why = cqlcrawl_strerror(err);
        return err;
    }
    return open_sources(s) ? 0 : -1;
}

void cq_session_turn(struct cq_session *s, int ms)
{
    int timeout = cqlcrawl_timeout(s->c);

    if (timeout >= 0 && (ms < 0 || timeout < ms)) ms = timeout;
    s->output.fd = s->out ? s->out->fd : -1;
    s->output.events = has_output(s) ? POLLOUT : 0;
    cq_loop_turn(&s->loop, ms);
    if (s->n_paused) drain(s);
    (void)cqlcrawl_step(s->c);
    add_more(s);
}

bool cq_session_is_over(const struct cq_session *s)
{
    if (s->interrupted && cq_now_ns() > s->give_up_ns) return true;
    if (cqlcrawl_active(s->c) || has_output(s)) return false;
    return s->interrupted || s->n_added == s->n_targets || (s->out && s->out->err);
}

void cq_session_run(struct cq_session *s)
{
    while (!cq_session_is_over(s))
        cq_session_turn(s, s->interrupted ? LINGER_MS : -1);
    cq_session_end(s);
}

void cq_session_end(struct cq_session *s)
{
    if (s->c) cqlcrawl_close(s->c, NULL, NULL);
    s->c = NULL;
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
    cq_loop_fini(&s->loop);
    cq_pool_free(&s->scratch);
    cq_text_free(&s->log);
}
