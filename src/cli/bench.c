/* SPDX-License-Identifier: Apache-2.0 */
/* `cqlcrawl bench` (cli/bench.h): targets as `crawl` has them, or simulated ones; records are
 * counted and dropped, unless --output or --sink say where they go. */
#include "cli/bench.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/receivers.h"
#include "cli/report.h"

enum { DEFAULT_ROUNDS = 5, DEFAULT_DURATION_MS = 2000, DEFAULT_WINDOW = 50 };

static void on_event(struct cq_session *s, struct cq_outcome *o, const struct cqlcrawl_event *ev)
{
    if (ev->kind == CQLCRAWL_EVENT_LIMIT) cq_report_limit(s, ev->text, ev->remedy);
    if (ev->kind == CQLCRAWL_EVENT_SINK) cq_report_sink(s, ev);
    if (o) cq_bench_event(s, o, ev);
}

static bool open_output(struct cq_output *out, const struct cq_args *a, struct cq_diags *d)
{
    struct cq_place at = {a->output, 0, 0};
    int err;

    *out = (struct cq_output){.kind = CQ_OUTPUT_DISCARD, .fd = -1};
    if (!a->output) return true;
    if (*a->output && a->output[strlen(a->output) - 1] == '/') {
        cq_diag(d, at, "bench writes to one file or stream, not to a folder");
        return false;
    }
    err = cq_output_open(out, a->output, false);
    if (err) cq_diag(d, at, "cannot be written: %s", strerror(err));
    return !err;
}

static int status(const struct cq_bench *b, int err)
{
    const struct cq_session *s = b->s;

    if (s->interrupted) return CQ_EXIT_SIGNAL + s->interrupted;
    if (err || s->totals.undelivered || cq_receivers_pending(s)) return CQ_EXIT_UNDELIVERED;
    return b->failed || !b->n_rounds ? CQ_EXIT_INCOMPLETE : CQ_EXIT_OK;
}

/* The session is open: the rounds, and what they were. */
static int measure(struct cq_bench *b, const char *json)
{
    int err, code, broken = cq_bench_run(b);

    cq_session_end(b->s);
    err = cq_output_close(b->s->out, true);
    if (broken) {
        cq_report_message(&b->s->log, b->s->a->json_log, "error", "out of memory");
        return CQ_EXIT_INTERNAL;
    }
    code = status(b, err);
    if (b->n_rounds) cq_bench_table(b);
    if (!b->n_rounds || !json) return code;
    err = cq_bench_json(b, json);
    if (!err) return code;
    cq_text_printf(&b->s->log, "%s: cannot be written: %s\n", json, strerror(err));
    cq_text_flush(&b->s->log, 2);
    return CQ_EXIT_UNDELIVERED;
}

/* What the bench itself decides: when crawls begin, and how many there are at once. */
static void take_over(struct cq_bench *b, struct cq_bench_options *o, struct cq_inventory *inv)
{
    uint64_t window = inv->settings.concurrency;

    if (!window) window = inv->n_clusters < DEFAULT_WINDOW ? inv->n_clusters : DEFAULT_WINDOW;
    if (window > CQ_MAX_BENCH_WINDOW) window = CQ_MAX_BENCH_WINDOW;
    o->rate = inv->settings.rate;
    if (!o->rounds) o->rounds = DEFAULT_ROUNDS;
    if (!o->duration_ms) o->duration_ms = DEFAULT_DURATION_MS;
    inv->settings.concurrency = window;
    inv->settings.rate = 0;
    inv->settings.state = NULL;
    *b = (struct cq_bench){.s = b->s, .inv = inv, .o = o};
}

static int run(struct cq_pool *pool, const struct cq_args *a, struct cq_secrets *secrets)
{
    struct cq_diags d = {.pool = pool};
    struct cq_bench_options o = a->bench;
    struct cq_output out;
    struct cq_bench b;
    struct cq_session s = {.a = a, .pool = pool, .out = &out, .once = true, .event = on_event};
    struct cq_inventory *inv = cq_inventory_load(&d, a, secrets, CQ_TO_READ);
    const char *why;
    int code;

    if (!inv) return cq_complain(&d, a->json_log);
    cq_warn(&inv->notes, a->json_log);
    b.s = &s;
    s.own = &b;
    take_over(&b, &o, inv);
    if (!open_output(&out, a, &d)) {
        code = cq_complain(&d, a->json_log);
    } else if (cq_session_open(&s, inv, &why)) {
        cq_diag(&d, (struct cq_place){NULL, 0, 0}, "%s", why);
        code = cq_complain(&d, a->json_log);
        cq_output_discard(&out);
    } else {
        cq_report_limit(&s, s.limited, NULL);
        b.window = s.concurrency;
        code = measure(&b, o.json);
    }
    cq_session_close(&s);
    cq_bench_free(&b);
    cq_inventory_unref(inv);
    return code;
}

int cq_command_bench(struct cq_pool *pool, const struct cq_args *a)
{
    struct cq_diags d = {.pool = pool};
    struct cq_secrets secrets = {0};
    struct cq_bench_sim sim = {0};
    struct cq_args with = *a;
    int code;

    if (a->bench.compare) return cq_bench_compare(pool, a);
    if (a->bench.simulate.clusters && (a->n_targets || a->targets_file)) {
        cq_diag(&d, (struct cq_place){NULL, 0, 0}, "--simulate and targets: one of the two");
    } else if (!a->bench.simulate.clusters || cq_bench_sim_start(&sim, &d, a)) {
        if (sim.pid) with.targets_file = sim.targets;
        code = run(pool, &with, &secrets);
        cq_bench_sim_stop(&sim);
        cq_secrets_fini(&secrets);
        return code;
    }
    cq_bench_sim_stop(&sim);
    return cq_complain(&d, a->json_log);
}
