/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run (cli/report.h): verdicts, objects, what went wrong by class and code with the
 * remedies of the most frequent ones, and what became of the records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"

enum { NAMES_PER_CODE = 5, REMEDIES = 3 };

#define N(x) ((unsigned long long)(x))

/* ---- verdicts and objects ---- */

static void count(struct cq_text *t, uint64_t n, const char *one, bool *comma)
{
    bool y = one[strlen(one) - 1] == 'y';

    if (!n) return;
    cq_text_printf(t, "%s%llu ", *comma ? ", " : "", N(n));
    cq_text_put(t, one, strlen(one) - (y && n != 1));
    cq_text_puts(t, n == 1 ? "" : y ? "ies" : "s");
    *comma = true;
}

static void objects(struct cq_text *t, const struct cq_totals *y)
{
    static const enum cq_object order[CQ_N_OBJECTS] = {CQ_TABLES,    CQ_VIEWS,      CQ_TYPES,
                                                       CQ_FUNCTIONS, CQ_AGGREGATES, CQ_KEYSPACES,
                                                       CQ_NODES,     CQ_ANOMALIES};
    bool comma = false;

    cq_text_puts(t, "  ");
    for (int i = 0; i < CQ_N_OBJECTS; i++)
        count(t, y->objects[order[i]], cq_object_names[order[i]], &comma);
    if (!comma) cq_text_puts(t, "no objects");
    cq_text_puts(t, "; ");
    cq_text_bytes(t, y->bytes_in);
    cq_text_puts(t, " read, ");
    cq_text_bytes(t, y->bytes_out);
    cq_text_puts(t, " sent");
    if (y->repeats) cq_text_printf(t, "; %llu further attempts", N(y->repeats));
    cq_text_puts(t, "\n");
}

static void verdict(struct cq_text *t, uint64_t n, const char *what, enum cq_colour colour)
{
    char words[64];

    (void)snprintf(words, sizeof(words), "%llu %s", N(n), what);
    cq_text_colour(t, n ? colour : CQ_PLAIN, words);
}

static void verdicts(struct cq_session *s, const struct cq_totals *y)
{
    struct cq_text *t = &s->log;

    cq_text_printf(t, "%zu cluster%s: ", s->n_targets, s->n_targets == 1 ? "" : "s");
    verdict(t, y->endings[CQ_COMPLETE], "complete", CQ_GREEN);
    if (y->unchanged) cq_text_printf(t, " (%llu unchanged)", N(y->unchanged));
    if (y->endings[CQ_INCOMPLETE]) {
        cq_text_puts(t, ", ");
        verdict(t, y->endings[CQ_INCOMPLETE], "incomplete", CQ_YELLOW);
    }
    if (y->endings[CQ_FAILED]) {
        cq_text_puts(t, ", ");
        verdict(t, y->endings[CQ_FAILED], "failed", CQ_RED);
    }
    if (y->done < s->n_targets) cq_text_printf(t, ", %llu not begun", N(s->n_targets - y->done));
    cq_text_puts(t, " in ");
    cq_text_time(t, s->ended_ns - s->started_ns);
    cq_text_puts(t, s->interrupted ? " (interrupted)\n" : "\n");
}

/* ---- what went wrong ---- */

static int by_frequency(const void *a, const void *b)
{
    const struct cq_fault_count *x = *(const struct cq_fault_count *const *)a;
    const struct cq_fault_count *y = *(const struct cq_fault_count *const *)b;

    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    return strcmp(x->code, y->code);
}

static unsigned sorted(const struct cq_totals *y, const struct cq_fault_count **out)
{
    for (unsigned i = 0; i < y->n_faults; i++)
        out[i] = &y->faults[i];
    if (y->n_faults) qsort(out, y->n_faults, sizeof(out[0]), by_frequency);
    return y->n_faults;
}

struct class_count {
    const char *name;
    uint64_t n;
};

static int by_number(const void *a, const void *b)
{
    const struct class_count *x = a, *y = b;

    if (x->n != y->n) return x->n < y->n ? 1 : -1;
    return strcmp(x->name, y->name);
}

/* The most frequent first. */
static unsigned by_class(const struct cq_totals *y, struct class_count out[CQ_MAX_FAULT_CODES])
{
    unsigned n = 0;

    for (unsigned i = 0; i < y->n_faults; i++) {
        unsigned k = 0;

        while (k < n && strcmp(out[k].name, y->faults[i].class_) != 0)
            k++;
        if (k == n) out[n++] = (struct class_count){y->faults[i].class_, 0};
        out[k].n += y->faults[i].n;
    }
    if (n) qsort(out, n, sizeof(out[0]), by_number);
    return n;
}

static void classes(struct cq_text *t, const struct cq_totals *y)
{
    struct class_count c[CQ_MAX_FAULT_CODES];
    unsigned n = by_class(y, c);

    if (n < 2) return;
    cq_text_puts(t, "  by class: ");
    for (unsigned i = 0; i < n; i++)
        cq_text_printf(t, "%s%s %llu", i ? ", " : "", c[i].name, N(c[i].n));
    cq_text_puts(t, "\n");
}

static bool is_of(const struct cq_outcome *o, const struct cq_fault_count *f)
{
    const char *code = o->done ? cq_outcome_code(o) : NULL;

    return code && strcmp(code, f->code) == 0 && cq_outcome_ending(o) == f->ending;
}

static void names(struct cq_session *s, const struct cq_fault_count *f)
{
    struct cq_text *t = &s->log;
    unsigned n = 0;

    for (size_t i = 0; i < s->n_targets && n < NAMES_PER_CODE; i++) {
        const struct cq_outcome *o = &s->targets[i];

        if (!is_of(o, f)) continue;
        n++;
        cq_text_puts(t, "    ");
        cq_text_escaped(t, o->title);
        if (o->text) {
            cq_text_puts(t, ": ");
            cq_text_escaped(t, o->text);
        }
        cq_text_puts(t, "\n");
    }
    if (f->n > n) cq_text_printf(t, "    and %llu more\n", N(f->n - n));
}

static void faults(struct cq_session *s)
{
    const struct cq_fault_count *f[CQ_MAX_FAULT_CODES];
    unsigned n = sorted(&s->totals, f), said = 0;
    struct cq_text *t = &s->log;

    classes(t, &s->totals);
    for (unsigned i = 0; i < n; i++) {
        cq_text_puts(t, "  ");
        cq_text_colour(t, f[i]->ending == CQ_FAILED ? CQ_RED : CQ_YELLOW, f[i]->code);
        cq_text_printf(t, " (%llu)\n", N(f[i]->n));
        names(s, f[i]);
        if (!*f[i]->remedy || said == REMEDIES) continue;
        said++;
        cq_text_printf(t, "    -> %s\n", f[i]->remedy);
    }
}

/* ---- where records are ---- */

static void sinks(struct cq_session *s)
{
    struct cq_text *t = &s->log;

    for (size_t i = 0; i < s->n_sinks; i++) {
        const struct cqlcrawl_sink_stats *k = &s->sinks[i];

        cq_text_puts(t, "sink ");
        cq_text_escaped(t, k->name);
        cq_text_printf(t, ": %llu records offered, %llu accepted", N(k->offered), N(k->accepted));
        if (k->dead_letters) {
            cq_text_printf(t, ", %llu dead letter%s", N(k->dead_letters),
                           k->dead_letters == 1 ? "" : "s");
        }
        if (k->pending) {
            cq_text_puts(t, ", ");
            verdict(t, k->pending, "NOT delivered", CQ_RED);
        }
        cq_text_printf(t, "; %llu requests", N(k->requests));
        if (k->retries) cq_text_printf(t, " (%llu again)", N(k->retries));
        cq_text_puts(t, "\n");
        if (!k->pending || !k->text) continue;
        cq_text_puts(t, "    ");
        cq_text_escaped(t, k->text);
        cq_text_puts(t, "\n");
    }
    if (s->letters.n) {
        cq_text_printf(t, "%llu dead letter%s in ", N(s->letters.n), s->letters.n == 1 ? "" : "s");
        cq_text_escaped(t, s->letters.path);
        cq_text_puts(t, "\n");
    }
    if (s->letters.err) {
        cq_text_puts(t, "dead letters could NOT be kept in ");
        cq_text_escaped(t, s->letters.path);
        cq_text_printf(t, ": %s\n", strerror(s->letters.err));
    }
}

/* ---- JSON ---- */

static void sinks_json(struct cq_session *s)
{
    struct cq_text *t = &s->log;

    cq_text_puts(t, ",\"sinks\":[");
    for (size_t i = 0; i < s->n_sinks; i++) {
        const struct cqlcrawl_sink_stats *k = &s->sinks[i];

        cq_text_puts(t, i ? ",{\"sink\":" : "{\"sink\":");
        cq_text_json(t, k->name);
        cq_log_number(t, "offered", k->offered);
        cq_log_number(t, "accepted", k->accepted);
        cq_log_number(t, "dead_letters", k->dead_letters);
        cq_log_number(t, "pending", k->pending);
        cq_log_number(t, "requests", k->requests);
        cq_log_number(t, "retries", k->retries);
        cq_log_number(t, "bytes", k->bytes);
        cq_log_number(t, "bytes_encoded", k->bytes_encoded);
        cq_log_text(t, "text", k->text);
        cq_text_puts(t, "}");
    }
    cq_text_puts(t, "]");
    cq_log_text(t, "dead_letters_file", s->letters.n ? s->letters.path : NULL);
}

static void faults_json(struct cq_text *t, const struct cq_totals *y)
{
    const struct cq_fault_count *f[CQ_MAX_FAULT_CODES];
    struct class_count c[CQ_MAX_FAULT_CODES];
    unsigned n = by_class(y, c);

    cq_text_puts(t, ",\"classes\":[");
    for (unsigned i = 0; i < n; i++)
        cq_text_printf(t, "%s{\"class\":\"%s\",\"n\":%llu}", i ? "," : "", c[i].name, N(c[i].n));
    n = sorted(y, f);
    cq_text_puts(t, "],\"codes\":[");
    for (unsigned i = 0; i < n; i++) {
        cq_text_puts(t, i ? ",{\"code\":" : "{\"code\":");
        cq_text_json(t, f[i]->code);
        cq_log_text(t, "class", f[i]->class_);
        cq_log_text(t, "read", cq_ending_names[f[i]->ending]);
        cq_log_number(t, "n", f[i]->n);
        cq_log_text(t, "remedy", f[i]->remedy);
        cq_text_puts(t, "}");
    }
    cq_text_puts(t, "]");
}

static void summary_json(struct cq_session *s, const struct cq_totals *y, const char *where)
{
    static const char *const keys[CQ_N_OBJECTS] = {"keyspaces", "tables",     "views", "types",
                                                   "functions", "aggregates", "nodes", "anomalies"};
    struct cq_text *t = &s->log;

    cq_log_begin(t, "info", "summary");
    cq_log_number(t, "clusters", s->n_targets);
    cq_log_number(t, "complete", y->endings[CQ_COMPLETE]);
    cq_log_number(t, "unchanged", y->unchanged);
    cq_log_number(t, "incomplete", y->endings[CQ_INCOMPLETE]);
    cq_log_number(t, "failed", y->endings[CQ_FAILED]);
    cq_log_number(t, "not_begun", s->n_targets - y->done);
    cq_log_number(t, "undelivered", y->undelivered);
    for (int i = 0; i < CQ_N_OBJECTS; i++)
        cq_log_number(t, keys[i], y->objects[i]);
    cq_log_number(t, "records", y->records);
    cq_log_number(t, "bytes_in", y->bytes_in);
    cq_log_number(t, "bytes_out", y->bytes_out);
    cq_log_number(t, "requests", y->requests);
    cq_log_number(t, "attempts", y->attempts);
    cq_log_number(t, "memory_peak", s->stats.memory_peak);
    cq_log_number(t, "ms", (s->ended_ns - s->started_ns) / 1000000);
    cq_log_bool(t, "interrupted", s->interrupted != 0);
    faults_json(t, y);
    sinks_json(s);
    cq_log_text(t, "output", where);
    cq_text_puts(t, "}\n");
}

void cq_report_summary(struct cq_session *s, const char *where)
{
    const struct cq_totals *y = &s->totals;

    if (s->a->json_log) {
        summary_json(s, y, where);
    } else {
        cq_text_puts(&s->log, "\n");
        verdicts(s, y);
        objects(&s->log, y);
        faults(s);
        sinks(s);
    }
    if (where && !s->a->json_log) {
        if (s->out->kind == CQ_OUTPUT_FOLDER) {
            cq_text_puts(&s->log, "records "); /* those of unchanged clusters are in no file */
        } else {
            cq_text_printf(&s->log, "%llu records ", N(y->records));
        }
        cq_text_escaped(&s->log, where);
        cq_text_puts(&s->log, "\n");
    }
    cq_text_flush(&s->log, STDERR_FILENO);
}
