/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a bench for people, on standard output. */
#include <inttypes.h>
#include <unistd.h>

#include "cli/bench.h"

static void put_head(struct cq_text *t, const struct cq_bench *b)
{
    struct cq_bench_machine m;

    cq_bench_machine(&m);
    cq_text_printf(t, "cqlcrawl %s, %s\n%s, %ld processors: %s\n", cqlcrawl_version(), m.libraries,
                   m.kernel, m.cpus, m.cpu);
    cq_text_printf(t, "%u round%s", b->n_rounds, b->n_rounds == 1 ? "" : "s");
    if (b->o->count) {
        cq_text_printf(t, " of %" PRIu64 " crawls", b->o->count);
    } else {
        cq_text_puts(t, " of ");
        cq_text_time(t, b->o->duration_ms * 1000000);
    }
    cq_text_printf(t, ", %zu cluster%s, %u at once", b->inv->n_clusters,
                   b->inv->n_clusters == 1 ? "" : "s", b->window);
    if (b->o->rate) {
        cq_text_printf(t,
                       ", %" PRIu64 " begun per second (times from when they were meant to begin)",
                       b->o->rate);
    }
    cq_text_puts(t, "\n\n");
}

static void put_figures(struct cq_text *t, const struct cq_bench *b)
{
    cq_text_printf(t, "%-24s%12s%12s%12s\n", "rounds", "median", "min", "max");
    for (int f = 0; f < CQ_N_FIGURES; f++) {
        const struct cq_figure_info *i = &cq_figure_infos[f];
        struct cq_spread s = cq_bench_spread(b, (enum cq_figure)f);

        cq_text_printf(t, "%-24s%12.*f%12.*f%12.*f\n", i->label, i->digits, s.median, i->digits,
                       s.min, i->digits, s.max);
    }
}

static void put_phases(struct cq_text *t, const struct cq_bench *b)
{
    static const double percents[] = {50, 90, 99, 99.9};

    if (!b->phases[CQ_PHASE_TOTAL].n) return;
    cq_text_printf(t, "\n%-24s%12s%12s%12s%12s%12s\n", "ms of all crawls", "p50", "p90", "p99",
                   "p99.9", "max");
    for (int i = 0; i < CQ_N_PHASES; i++) {
        const struct cq_histogram *h = &b->phases[i];

        if (!h->n) continue;
        cq_text_printf(t, "%-24s", cq_phase_names[i]);
        for (int p = 0; p < 4; p++)
            cq_text_printf(t, "%12.3f", (double)cq_histogram_at(h, percents[p]) / 1e6);
        cq_text_printf(t, "%12.3f\n", (double)h->max / 1e6);
    }
}

double cq_bench_slot_kib(const struct cq_bench *b)
{
    if (!b->most_in_flight || b->peak_kib < b->base_kib) return 0;
    return (double)(b->peak_kib - b->base_kib) / b->most_in_flight;
}

void cq_bench_table(const struct cq_bench *b)
{
    struct cq_text t = {0};

    put_head(&t, b);
    put_figures(&t, b);
    put_phases(&t, b);
    cq_text_puts(&t, "\nmemory ");
    cq_text_bytes(&t, b->peak_kib * 1024);
    cq_text_printf(&t, " at most (VmHWM), %.1f KiB for each of the %u in flight\n",
                   cq_bench_slot_kib(b), b->most_in_flight);
    for (unsigned i = 0; i < b->n_faults; i++) {
        cq_text_printf(&t, "%s%-24s%12" PRIu64 "\n", i ? "" : "\nnot complete\n", b->faults[i].code,
                       b->faults[i].n);
        if (b->faults[i].remedy) cq_text_printf(&t, "  -> %s\n", b->faults[i].remedy);
    }
    cq_text_flush(&t, STDOUT_FILENO);
    cq_text_free(&t);
}
