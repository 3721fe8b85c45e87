/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a bench as JSON (docs/operations.md, "Measuring": a contract). Times of phases in
 * microseconds; a figure is a list, a number per round. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench.h"
#include "cli/files.h"
#include "cli/report.h"
#include "cli/target.h"

static const double percents[] = {50, 90, 99, 99.9};
static const char *const percent_keys[] = {"p50", "p90", "p99", "p99_9"};

static void put_machine(struct cq_text *t)
{
    struct cq_bench_machine m;

    cq_bench_machine(&m);
    cq_text_puts(t, ",\n\"machine\":{\"kernel\":");
    cq_text_json(t, m.kernel);
    cq_log_text(t, "cpu", m.cpu);
    cq_text_printf(t, ",\"cpus\":%ld", m.cpus);
    cq_log_number(t, "memory_kib", m.memory_kib);
    cq_log_text(t, "libraries", m.libraries);
    cq_text_puts(t, "}");
}

static void put_options(struct cq_text *t, const struct cq_bench *b)
{
    const struct cq_simulate *k = &b->o->simulate;
    const struct cq_spec *spec = b->inv->clusters[0].spec;

    cq_text_puts(t, ",\n\"options\":{\"simulate\":");
    if (k->clusters) {
        cq_text_printf(t, "\"%" PRIu64 ":%ux%ux%u\"", k->clusters, k->size[0], k->size[1],
                       k->size[2]);
    } else {
        cq_text_puts(t, "null");
    }
    cq_log_number(t, "targets", b->inv->n_clusters);
    cq_log_number(t, "window", b->window);
    cq_log_number(t, "rate", b->o->rate);
    cq_log_number(t, "rounds", b->n_rounds);
    cq_log_number(t, "count", b->o->count);
    cq_log_number(t, "duration_ms", b->o->count ? 0 : b->o->duration_ms);
    cq_log_text(t, "output", b->s->out->kind == CQ_OUTPUT_NONE ? "none" : b->s->out->name);
    cq_log_number(t, "sinks", b->s->n_sinks);
    cq_log_text(t, "tls", cq_tls_words[spec->t.tls_mode]);
    cq_log_number(t, "protocol", (uint64_t)spec->t.protocol); /* 0: auto */
    cq_log_number(t, "compression", (uint64_t)spec->t.compression);
    cq_log_number(t, "proof", (uint64_t)spec->t.proof);
    cq_log_bool(t, "system", spec->t.system);
    cq_text_puts(t, "}");
}

static void put_figures(struct cq_text *t, const struct cq_bench *b)
{
    cq_text_puts(t, ",\n\"figures\":{");
    for (int f = 0; f < CQ_N_FIGURES; f++) {
        cq_text_printf(t, "%s\n\"%s\":[", f ? "," : "", cq_figure_infos[f].key);
        for (unsigned i = 0; i < b->n_rounds; i++) {
            cq_text_printf(t, "%s%.6g", i ? "," : "",
                           cq_bench_figure(&b->rounds[i], (enum cq_figure)f));
        }
        cq_text_puts(t, "]");
    }
    cq_text_puts(t, "}");
}

static void put_phases(struct cq_text *t, const struct cq_bench *b)
{
    cq_text_puts(t, ",\n\"phases_us\":{");
    for (int i = 0; i < CQ_N_PHASES; i++) {
        const struct cq_histogram *h = &b->phases[i];

        cq_text_printf(t, "%s\n\"%s\":{\"n\":%" PRIu64, i ? "," : "", cq_phase_names[i], h->n);
        for (int p = 0; p < 4; p++) {
            cq_text_printf(t, ",\"%s\":%.1f", percent_keys[p],
                           (double)cq_histogram_at(h, percents[p]) / 1000);
        }
        cq_text_printf(t, ",\"max\":%.1f}", (double)h->max / 1000);
    }
    cq_text_puts(t, "}");
}

static void put_rest(struct cq_text *t, const struct cq_bench *b)
{
    uint64_t crawls = 0;

    for (unsigned i = 0; i < b->n_rounds; i++)
        crawls += b->rounds[i].crawls;
    cq_text_printf(t,
                   ",\n\"memory\":{\"base_kib\":%" PRIu64 ",\"peak_kib\":%" PRIu64
                   ",\"in_flight\":%u,\"kib_per_cluster_in_flight\":%.1f}",
                   b->base_kib, b->peak_kib, b->most_in_flight, cq_bench_slot_kib(b));
    cq_text_printf(t, ",\n\"crawls\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"errors\":{", crawls,
                   b->failed);
    for (unsigned i = 0; i < b->n_faults; i++) {
        cq_text_puts(t, i ? "," : "");
        cq_text_json(t, b->faults[i].code);
        cq_text_printf(t, ":%" PRIu64, b->faults[i].n);
    }
    cq_text_puts(t, "}}\n");
}

int cq_bench_json(const struct cq_bench *b, const char *path)
{
    struct cq_text t = {0};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), err = 0;

    if (fd < 0) return errno;
    cq_text_puts(&t, "{\"schema\":\"cqlcrawl-bench-1\",\"cqlcrawl\":\"" CQLCRAWL_VERSION "\"");
    cq_text_puts(&t, ",\"time\":\"");
    cq_text_utc(&t, b->s->started_ms);
    cq_text_puts(&t, "\"");
    put_machine(&t);
    put_options(&t, b);
    put_figures(&t, b);
    put_phases(&t, b);
    put_rest(&t, b);
    if (t.failed) err = ENOMEM;
    if (!err) err = cq_write_all(fd, t.p, t.n);
    if (close(fd) && !err) err = errno;
    cq_text_free(&t);
    return err;
}
