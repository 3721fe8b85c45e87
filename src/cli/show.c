/* SPDX-License-Identifier: Apache-2.0 */
/* How things stand in the middle of a run (SIGUSR1): nothing is disturbed by looking. */
#include "cli/report.h"

enum { SLOWEST = 10 };

#define N(x) ((unsigned long long)(x))

static void counts(struct cq_session *s)
{
    const struct cq_totals *y = &s->totals;
    const struct cqlcrawl_stats *k = &s->stats;
    struct cq_text *t = &s->log;

    cq_text_printf(t, "cqlcrawl: %llu", N(y->done));
    if (s->n_targets) cq_text_printf(t, " of %zu", s->n_targets); /* serve: there is no end */
    cq_text_printf(t,
                   " done: %llu complete (%llu unchanged), %llu incomplete, %llu failed; "
                   "%llu records\n",
                   N(y->endings[CQ_COMPLETE]), N(y->unchanged), N(y->endings[CQ_INCOMPLETE]),
                   N(y->endings[CQ_FAILED]), N(y->records));
    cq_text_printf(t,
                   "  %llu running of %llu at once, %llu being connected, %llu queued, %llu to try "
                   "again, %llu delivering\n",
                   N(k->running), N(k->concurrency), N(k->half_open), N(k->queued), N(k->later),
                   N(k->delivering));
    cq_text_puts(t, "  memory ");
    cq_text_bytes(t, k->memory_used);
    cq_text_puts(t, " of ");
    cq_text_bytes(t, k->memory_max);
    cq_text_puts(t, ", at most ");
    cq_text_bytes(t, k->memory_peak);
    cq_text_printf(t, "; waiting for memory %llu, for a sink or the output %llu\n", N(k->starved),
                   N(k->sink_bound));
}

static void sinks(struct cq_session *s)
{
    static const char *const states[] = {"open", "cooling", "parked"};
    struct cq_text *t = &s->log;

    for (size_t i = 0; i < s->n_sinks; i++) {
        const struct cqlcrawl_sink_stats *k = &s->sinks[i];

        cq_text_puts(t, "  sink ");
        cq_text_escaped(t, k->name);
        cq_text_printf(t,
                       ": %s%s, %llu offered, %llu accepted, %llu dead letters, %llu pending, "
                       "%llu requests (%llu again), %llu under way",
                       states[k->state], k->full ? ", full" : "", N(k->offered), N(k->accepted),
                       N(k->dead_letters), N(k->pending), N(k->requests), N(k->retries),
                       N(k->in_flight));
        if (k->retry_at_ms) cq_text_printf(t, ", again in %llu ms", N(k->retry_at_ms));
        if (k->text) {
            cq_text_puts(t, ": ");
            cq_text_escaped(t, k->text);
        }
        cq_text_puts(t, "\n");
    }
}

static void slowest(struct cq_session *s)
{
    const struct cq_outcome *o = s->under_way.oldest;
    uint64_t now = cq_now_ns();
    struct cq_text *t = &s->log;

    for (uint64_t i = 0; o && i < SLOWEST && i < s->stats.running; o = o->newer, i++) {
        cq_text_puts(t, i ? ", " : "  slowest: ");
        cq_text_escaped(t, o->title);
        cq_text_puts(t, " ");
        cq_text_time(t, now - o->started_ns);
    }
    if (s->under_way.oldest && s->stats.running) cq_text_puts(t, "\n");
}

void cq_report_state(struct cq_session *s)
{
    struct cq_figures f;

    if (s->a->json_log) {
        cq_live_figures(s, &f);
        cq_report_progress(s, &f);
        return;
    }
    cq_session_look(s);
    counts(s);
    sinks(s);
    slowest(s);
    cq_live_say(s);
}
