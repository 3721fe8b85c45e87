/* SPDX-License-Identifier: Apache-2.0 */
/* The program's loop (cli/session.h). */
#include "cli/session.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define GIVE_UP_NS                                                                                 \
    5000000000u /* how long an interrupted run waits for a stream to take the rest                 \
                 */

uint64_t cq_now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- from the library ---- */

static enum cqlcrawl_flow on_record(void *ctx, uint64_t id, void *user_data, const char *line,
                                    size_t n)
{
    struct cq_session *s = ctx;

    (void)user_data;
    cq_output_put(s->out, line, n);
    if (s->out->err && !s->interrupted) cqlcrawl_cancel_all(s->c);
    if (!cq_output_is_full(s->out)) return CQLCRAWL_CONTINUE;
    s->paused[s->n_paused++] = id;
    return CQLCRAWL_PAUSE;
}

static void take_done(struct cq_session *s, struct cq_outcome *o, const struct cqlcrawl_event *ev)
{
    o->done = true;
    o->read = ev->read;
    o->proof = ev->proof;
    o->agreement = ev->agreement;
    o->err = ev->err;
    o->code = ev->code;
    o->class_ = ev->class_;
    o->remedy = ev->remedy;
    o->text = ev->text ? cq_pool_dup(s->pool, ev->text, strlen(ev->text)) : NULL;
    if (ev->reason) (void)strncpy(o->reason, ev->reason, sizeof(o->reason) - 1);
    o->keyspaces = ev->keyspaces;
    o->tables = ev->tables;
    o->views = ev->views;
    o->types = ev->types;
    o->functions = ev->functions;
    o->aggregates = ev->aggregates;
    o->anomalies = ev->anomalies;
    o->nodes = ev->nodes;
    o->records = ev->records;
    o->bytes_in = ev->bytes_in;
    o->bytes_out = ev->bytes_out;
    o->ns = ev->ns_total;
    o->attempts = ev->attempts;
    s->n_done++;
}

static void on_event(void *ctx, const struct cqlcrawl_event *ev)
{
    struct cq_session *s = ctx;
    struct cq_outcome *o = ev->user_data;

    if (ev->kind == CQLCRAWL_EVENT_DONE) take_done(s, o, ev);
    if (s->event) s->event(s, o, ev);
}

/* ---- signals ---- */

static void at_once(int sig)
{
    _exit(128 + sig);
}

static int open_signals(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;

    (void)sigaction(SIGPIPE, &ignore, NULL); /* a reader that leaves is an error of the write */
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void take_signal(struct cq_session *s)
{
    struct sigaction again = {.sa_handler = at_once};
    struct signalfd_siginfo info;
    sigset_t set;

    if (read(s->signals, &info, sizeof(info)) != (ssize_t)sizeof(info)) return;
    s->interrupted = (int)info.ssi_signo;
    s->give_up_ns = cq_now_ns() + GIVE_UP_NS;
    (void)sigaction(SIGINT, &again, NULL);
    (void)sigaction(SIGTERM, &again, NULL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
    cqlcrawl_cancel_all(s->c);
}

/* ---- life ---- */

static void raise_limit(void)
{
    struct rlimit l;

    if (getrlimit(RLIMIT_NOFILE, &l) || l.rlim_cur == l.rlim_max) return;
    l.rlim_cur = l.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &l);
}

static int add_targets(struct cq_session *s, const struct cq_inventory *inv, bool check,
                       const char **why)
{
    for (size_t i = 0; i < inv->n_clusters; i++) {
        struct cqlcrawl_target t = inv->clusters[i].spec.t;
        struct cq_outcome *o = &s->targets[i];
        int err;

        o->title = cq_cluster_title(s->pool, &inv->clusters[i]);
        t.user_data = o;
        t.check = check;
        err = o->title ? cqlcrawl_add(s->c, &t, &o->id) : -1;
        if (err) {
            const struct cq_place *at = &inv->clusters[i].at;
            struct cq_diags d = {.pool = s->pool};

            cq_diag(&d, *at, "%s: %s", o->title ? o->title : "?", cqlcrawl_last_error(s->c));
            *why = d.messages[0];
            return err;
        }
    }
    return 0;
}

int cq_session_open(struct cq_session *s, const struct cq_inventory *inv, bool check,
                    const char **why)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);
    int err;

    s->n_targets = inv->n_clusters;
    s->targets = cq_pool_alloc(s->pool, s->n_targets * sizeof(*s->targets));
    s->paused = cq_pool_alloc(s->pool, s->n_targets * sizeof(*s->paused));
    *why = "out of memory";
    if (!s->targets || !s->paused) return -1;
    raise_limit();
    o.memory_max = s->a->memory_max ? s->a->memory_max : inv->config.memory_max;
    o.concurrency = (unsigned)(s->a->concurrency ? s->a->concurrency : inv->config.concurrency);
    o.record = s->out ? on_record : NULL;
    o.event = on_event;
    o.ctx = s;
    err = cqlcrawl_new(&s->c, &o);
    if (err) {
        *why = cqlcrawl_strerror(err);
        return err;
    }
    err = add_targets(s, inv, check, why);
    if (!err) s->signals = open_signals();
    return err;
}

/* ---- the loop ---- */

static bool has_output(const struct cq_session *s)
{
    return s->out && cq_output_is_pending(s->out);
}

static bool is_over(const struct cq_session *s)
{
    if (cqlcrawl_active(s->c)) return false;
    if (!has_output(s)) return true;
    return s->interrupted && cq_now_ns() > s->give_up_ns;
}

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

static int wait_ms(const struct cq_session *s)
{
    int ms = cqlcrawl_active(s->c) ? cqlcrawl_timeout(s->c) : -1;

    if (has_output(s) && s->interrupted && (ms < 0 || ms > 200)) return 200;
    return ms;
}

void cq_session_run(struct cq_session *s)
{
    s->started_ns = cq_now_ns();
    while (!is_over(s)) {
        struct pollfd p[3] = {{.fd = cqlcrawl_fd(s->c), .events = POLLIN},
                              {.fd = s->signals, .events = POLLIN},
                              {.fd = has_output(s) ? s->out->fd : -1, .events = POLLOUT}};

        (void)poll(p, 3, wait_ms(s));
        if (p[1].revents) take_signal(s);
        if (s->out && (p[2].revents || s->n_paused)) drain(s);
        (void)cqlcrawl_step(s->c);
    }
    s->ended_ns = cq_now_ns();
}

void cq_session_close(struct cq_session *s)
{
    if (s->c) cqlcrawl_close(s->c, NULL, NULL);
    s->c = NULL;
    for (size_t i = 0; s->targets && i < s->n_targets; i++)
        cq_text_free(&s->targets[i].steps);
    if (s->signals > 0) (void)close(s->signals);
    cq_text_free(&s->log);
}
