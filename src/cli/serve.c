/* SPDX-License-Identifier: Apache-2.0 */
/* `cqlcrawl serve` (cli/serve.h): its start, its loop, its end. */
#include "cli/serve.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

#include "cli/command.h"
#include "cli/receivers.h"
#include "cli/report.h"

/* ---- reads ---- */

static void on_done(struct cq_serve *v, struct cq_served *x, const struct cqlcrawl_event *ev)
{
    bool was_bad = x->bad, leaving = x->inv != NULL;
    enum cq_turn_end end = CQ_TURN_GOOD;

    if (ev->code && strcmp(ev->code, "cancelled") == 0) {
        end = CQ_TURN_NEITHER;
    } else {
        x->bad = cq_outcome_ending(&x->outcome) != CQ_COMPLETE;
        if (ev->read == CQLCRAWL_READ_FAILED) end = CQ_TURN_FAILED;
        if (!leaving) v->n_bad = v->n_bad + x->bad - was_bad;
        x->turn.failures += end == CQ_TURN_FAILED; /* the line says how many */
        cq_serve_log_read(v, x, was_bad);
        x->turn.failures -= end == CQ_TURN_FAILED;
    }
    x->id = 0;
    cq_roster_done(&v->roster, x, end, cq_now_ns());
}

static void on_event(struct cq_session *s, struct cq_outcome *o, const struct cqlcrawl_event *ev)
{
    struct cq_serve *v = s->own;

    if (!o) {
        cq_serve_log_event(v, ev);
        return;
    }
    if (ev->kind == CQLCRAWL_EVENT_DONE) on_done(v, o->own, ev);
}

static void begin(struct cq_serve *v, struct cq_served *x)
{
    const char *why;
    int err = cq_session_add(&v->s, x->cluster, &x->outcome, &x->id, &why);

    if (err) cq_session_add_failed(&v->s, &x->outcome, err);
}

static void begin_due(struct cq_serve *v, uint64_t now)
{
    struct cq_served *x;

    for (int i = 0; i < CQ_SERVE_AT_ONCE && (x = cq_roster_due(&v->roster, now)); i++)
        begin(v, x);
}

/* ---- the loop ---- */

const char *cq_serve_unready(struct cq_serve *v)
{
    if (v->s.interrupted) return "stopping";
    for (size_t i = 0; i < cqlcrawl_sinks(v->s.c); i++) {
        struct cqlcrawl_sink_stats sink = CQLCRAWL_INIT(cqlcrawl_sink_stats);

        if (cqlcrawl_sink_stats(v->s.c, i, &sink)) continue;
        if (sink.state != CQLCRAWL_SINK_PARKED) continue;
        return cq_pool_printf(&v->turn_pool, "the sink %s is parked: %s", sink.name,
                              sink.text ? sink.text : sink.code);
    }
    return NULL;
}

static void tell_status(struct cq_serve *v, uint64_t now)
{
    const char *why;

    if (now < v->status_due_ns || v->notify.fd < 0) return;
    v->status_due_ns = now + CQ_SERVE_TICK_NS;
    why = cq_serve_unready(v);
    cq_notify_status(&v->notify,
                     cq_pool_printf(&v->turn_pool,
                                    "%zu clusters, %zu not well, %llu "
                                    "being read%s%s",
                                    v->roster.n, v->n_bad, (unsigned long long)v->s.under_way.n,
                                    why ? "; " : "", why ? why : ""));
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t deadline(const struct cq_serve *v, uint64_t now)
{
    int http = cq_httpd_timeout(&v->httpd);
    uint64_t due = v->notify.next_ns;

    if (http >= 0) due = earlier(due, now + (uint64_t)http * 1000000u);
    if (v->s.interrupted) return earlier(due, v->s.give_up_ns);
    if (v->notify.fd >= 0) due = earlier(due, v->status_due_ns);
    due = earlier(due, cq_schedule_deadline(&v->roster.schedule));
    return earlier(due, cq_serve_lists_deadline(v));
}

static void turn(struct cq_serve *v)
{
    uint64_t now = cq_now_ns();

    if (!v->s.interrupted) {
        cq_serve_lists(v, now);
        begin_due(v, now);
    }
    tell_status(v, now);
    v->clock.due_ns = deadline(v, now);
    cq_session_turn(&v->s, -1);
    now = cq_now_ns();
    cq_httpd_turn(&v->httpd, now);
    cq_notify_turn(&v->notify, now);
    cq_pool_free(&v->turn_pool);
}

static bool is_over(const struct cq_serve *v)
{
    if (!v->s.interrupted) return false;
    return !cqlcrawl_active(v->s.c) || cq_now_ns() > v->s.give_up_ns;
}

static void ignore_due(void *ctx, uint64_t now)
{
    (void)ctx;
    (void)now;
}

static void on_hangup(struct cq_session *s)
{
    struct cq_serve *v = s->own;
    struct cq_diags d = {.pool = &v->turn_pool};
    struct cq_roster_change change = {0};

    if (!s->interrupted) (void)cq_serve_reload(v, &d, &change);
}

static void on_stop(struct cq_session *s)
{
    struct cq_serve *v = s->own;

    cq_notify_stopping(&v->notify);
    cq_serve_log(v, "info", "stop", "%s: %zu clusters were being read",
                 s->interrupted == SIGINT ? "SIGINT" : "SIGTERM", cqlcrawl_active(s->c));
}

/* SIGUSR1 */
static void show(struct cq_session *s)
{
    struct cq_serve *v = s->own;
    const char *why = cq_serve_unready(v);

    cq_session_look(s);
    cq_serve_log(v, "info", "state",
                 "%zu clusters, %zu not well, %llu being read, %llu crawls so far, memory %llu of "
                 "%llu bytes%s%s",
                 v->roster.n, v->n_bad, (unsigned long long)s->under_way.n,
                 (unsigned long long)s->totals.done, (unsigned long long)s->stats.memory_used,
                 (unsigned long long)s->stats.memory_max, why ? "; " : "", why ? why : "");
}

static void say_start(struct cq_serve *v)
{
    const struct cq_settings *set = &v->roster.inv->settings;

    cq_serve_log(v, "info", "start", "%zu clusters, %u at once; cqlcrawl %s", v->roster.n,
                 v->s.concurrency, cqlcrawl_version());
    if (v->s.limited) cq_serve_log(v, "warning", "limit", "%s", v->s.limited);
    if (!set->n_sinks) {
        cq_serve_log(v, "warning", "start",
                     "there are no sinks: clusters are read for the metrics alone");
    } else if (!set->state) {
        cq_serve_log(v, "warning", "start",
                     "without --state every read is a whole one, changed or not");
    }
}

static void say_end(struct cq_serve *v)
{
    uint64_t lost = cq_receivers_pending(&v->s);

    cq_serve_log(v, "info", "end", "%llu crawls, %llu complete",
                 (unsigned long long)v->s.totals.done,
                 (unsigned long long)v->s.totals.endings[CQ_COMPLETE]);
    if (!lost) return;
    cq_serve_log(v, "warning", "end",
                 "%llu records were NOT delivered: the next start reads their clusters again",
                 (unsigned long long)lost);
}

static int run(struct cq_serve *v)
{
    say_start(v);
    cq_notify_ready(&v->notify);
    while (!is_over(v))
        turn(v);
    cq_httpd_close(&v->httpd);
    cq_session_end(&v->s);
    say_end(v);
    return CQ_EXIT_SIGNAL + v->s.interrupted;
}

/* ---- its start ---- */

static bool listen_where(struct cq_serve *v, const struct cqlcrawl_endpoint *at, struct cq_diags *d)
{
    char why[256];

    if (!at->host) return true;
    if (!cq_httpd_open(&v->httpd, at->host, at->port, cq_serve_pages, v, why, sizeof(why))) {
        cq_diag(d, (struct cq_place){NULL, 0, 0}, "--metrics-listen %s:%u: %s", at->host, at->port,
                why);
        return false;
    }
    v->http = CQ_SOURCE(v->httpd.fd, v);
    v->http.events = POLLIN;
    v->http.ready = cq_source_ignore; /* every turn looks */
    if (!v->httpd.is_loopback) {
        cq_serve_log(v, "warning", "start",
                     "%s is no loopback address: whoever reaches it reads the names of all "
                     "clusters and may ask for a reload",
                     at->host);
    }
    return cq_loop_add(&v->s.loop, &v->http);
}

static bool open_all(struct cq_serve *v, struct cq_diags *d)
{
    struct cq_inventory *inv = cq_inventory_begin(d, v->a, &v->secrets, CQ_TO_SERVE);
    struct cq_roster_change change;
    const char *why;

    if (inv) inv = cq_inventory_finish(inv, d, v->a, &v->secrets, CQ_TO_SERVE);
    if (!inv) return false;
    cq_roster_init(&v->roster, inv->settings.seed ? inv->settings.seed : cq_now_ns(),
                   CQ_SERVE_RAMP_NS);
    if (cq_session_open(&v->s, inv, &why)) {
        cq_diag(d, (struct cq_place){NULL, 0, 0}, "%s", why);
        cq_inventory_unref(inv);
        return false;
    }
    if (!cq_serve_take(v, inv, &change)) {
        cq_diag(d, (struct cq_place){NULL, 0, 0}, "out of memory");
        cq_inventory_unref(inv);
        return false;
    }
    v->clock = CQ_SOURCE(-1, v);
    v->clock.due = ignore_due;
    return cq_loop_add(&v->s.loop, &v->clock) && listen_where(v, &inv->settings.metrics_listen, d);
}

int cq_command_serve(struct cq_pool *pool, const struct cq_args *a)
{
    struct cq_diags d = {.pool = pool};
    struct cq_serve v = {.a = a, .files = CQ_NO_FILES, .httpd = {.fd = -1}};
    int code;

    v.s = (struct cq_session){.a = a,
                              .pool = pool,
                              .other_files = CQ_HTTPD_CONNECTIONS + CQ_SERVE_FILES,
                              .event = on_event,
                              .show = show,
                              .reload = on_hangup,
                              .stopping = on_stop,
                              .own = &v};
    v.facts = (struct cq_serve_facts){.reload_ok = true, .reload_at_ms = cq_unix_ms()};
    v.files_due_ns = cq_now_ns() + CQ_SERVE_WATCH_NS;
    cq_notify_open(&v.notify, cq_now_ns());
    code = open_all(&v, &d) ? run(&v) : cq_complain(&d, a->json_log);
    cq_httpd_close(&v.httpd);
    cq_session_end(&v.s);
    cq_serve_lists_fini(&v);
    cq_roster_fini(&v.roster);
    cq_session_close(&v.s);
    cq_notify_close(&v.notify);
    cq_secrets_fini(&v.secrets);
    cq_pool_free(&v.turn_pool);
    return code;
}
