/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run: verdicts, objects, what went wrong by kind with its remedy, and where the
 * records are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"

enum { NAMES_PER_KIND = 5 };

static void count(struct cq_text *t, uint64_t n, const char *one, const char *many, bool *comma)
{
    if (!n) return;
    cq_text_printf(t, "%s%llu %s", *comma ? ", " : "", (unsigned long long)n, n == 1 ? one : many);
    *comma = true;
}

static void objects(struct cq_text *t, const struct cq_totals *y)
{
    bool comma = false;

    cq_text_puts(t, "  ");
    count(t, y->objects[CQ_TABLES], "table", "tables", &comma);
    count(t, y->objects[CQ_VIEWS], "view", "views", &comma);
    count(t, y->objects[CQ_TYPES], "type", "types", &comma);
    count(t, y->objects[CQ_FUNCTIONS], "function", "functions", &comma);
    count(t, y->objects[CQ_AGGREGATES], "aggregate", "aggregates", &comma);
    count(t, y->objects[CQ_KEYSPACES], "keyspace", "keyspaces", &comma);
    count(t, y->objects[CQ_NODES], "node", "nodes", &comma);
    count(t, y->objects[CQ_ANOMALIES], "anomaly", "anomalies", &comma);
    if (!comma) cq_text_puts(t, "no objects");
    cq_text_puts(t, "; ");
    cq_text_bytes(t, y->bytes_in);
    cq_text_puts(t, " read, ");
    cq_text_bytes(t, y->bytes_out);
    cq_text_puts(t, " sent\n");
}

static void verdicts(struct cq_session *s, const struct cq_totals *y)
{
    struct cq_text *t = &s->log;
    char n[64];

    cq_text_printf(t, "%zu cluster%s: ", s->n_targets, s->n_targets == 1 ? "" : "s");
    (void)snprintf(n, sizeof(n), "%llu complete", (unsigned long long)y->endings[CQ_COMPLETE]);
    cq_text_colour(t, y->endings[CQ_COMPLETE] ? CQ_GREEN : CQ_PLAIN, n);
    if (y->endings[CQ_INCOMPLETE]) {
        (void)snprintf(n, sizeof(n), "%llu incomplete",
                       (unsigned long long)y->endings[CQ_INCOMPLETE]);
        cq_text_puts(t, ", ");
        cq_text_colour(t, CQ_YELLOW, n);
    }
    if (y->endings[CQ_FAILED]) {
        (void)snprintf(n, sizeof(n), "%llu failed", (unsigned long long)y->endings[CQ_FAILED]);
        cq_text_puts(t, ", ");
        cq_text_colour(t, CQ_RED, n);
    }
    cq_text_puts(t, " in ");
    cq_text_time(t, s->ended_ns - s->started_ns);
    cq_text_puts(t, s->interrupted ? " (interrupted)\n" : "\n");
}

/* ---- what went wrong, by kind ---- */

static int by_kind(const void *a, const void *b)
{
    const struct cq_outcome *x = *(const struct cq_outcome *const *)a;
    const struct cq_outcome *y = *(const struct cq_outcome *const *)b;
    int c = strcmp(cq_outcome_code(x), cq_outcome_code(y));

    return c ? c : strcmp(x->title, y->title);
}

static void fault_group(struct cq_text *t, struct cq_outcome **all, size_t n)
{
    const struct cq_outcome *first = all[0];

    cq_text_puts(t, "  ");
    cq_text_colour(t, first->read == CQLCRAWL_READ_FAILED ? CQ_RED : CQ_YELLOW,
                   cq_outcome_code(first));
    cq_text_printf(t, " (%zu)\n", n);
    for (size_t i = 0; i < n && i < NAMES_PER_KIND; i++) {
        cq_text_puts(t, "    ");
        cq_text_escaped(t, all[i]->title);
        if (all[i]->text && *all[i]->text) {
            cq_text_puts(t, ": ");
            cq_text_escaped(t, all[i]->text);
        }
        cq_text_puts(t, "\n");
    }
    if (n > NAMES_PER_KIND) cq_text_printf(t, "    and %zu more\n", n - NAMES_PER_KIND);
    if (first->err) cq_text_printf(t, "    -> %s\n", cqlcrawl_remedy(first->err));
}

static void faults(struct cq_session *s)
{
    struct cq_outcome **bad = calloc(s->n_targets + 1, sizeof(struct cq_outcome *));
    size_t n = 0, from = 0;

    if (!bad) return;
    for (size_t i = 0; i < s->n_targets; i++) {
        struct cq_outcome *o = &s->targets[i];

        if (o->done && (o->err || o->read != CQLCRAWL_READ_COMPLETE)) bad[n++] = o;
    }
    qsort(bad, n, sizeof(struct cq_outcome *), by_kind);
    for (size_t i = 1; i <= n; i++) {
        if (i < n && strcmp(cq_outcome_code(bad[i]), cq_outcome_code(bad[from])) == 0) continue;
        fault_group(&s->log, bad + from, i - from);
        from = i;
    }
    free(bad);
}

static void summary_json(struct cq_session *s, const struct cq_totals *y, const char *where)
{
    struct cq_text *t = &s->log;

    cq_text_puts(t, "{\"event\":\"summary\",\"clusters\":");
    cq_text_printf(t, "%zu,\"complete\":%llu,\"incomplete\":%llu,\"failed\":%llu", s->n_targets,
                   (unsigned long long)y->endings[CQ_COMPLETE],
                   (unsigned long long)y->endings[CQ_INCOMPLETE],
                   (unsigned long long)y->endings[CQ_FAILED]);
    cq_text_printf(
        t, ",\"keyspaces\":%llu,\"tables\":%llu,\"views\":%llu,\"types\":%llu",
        (unsigned long long)y->objects[CQ_KEYSPACES], (unsigned long long)y->objects[CQ_TABLES],
        (unsigned long long)y->objects[CQ_VIEWS], (unsigned long long)y->objects[CQ_TYPES]);
    cq_text_printf(
        t, ",\"functions\":%llu,\"aggregates\":%llu,\"nodes\":%llu,\"anomalies\":%llu",
        (unsigned long long)y->objects[CQ_FUNCTIONS], (unsigned long long)y->objects[CQ_AGGREGATES],
        (unsigned long long)y->objects[CQ_NODES], (unsigned long long)y->objects[CQ_ANOMALIES]);
    cq_text_printf(t, ",\"records\":%llu,\"bytes_in\":%llu,\"bytes_out\":%llu,\"ms\":%llu",
                   (unsigned long long)y->records, (unsigned long long)y->bytes_in,
                   (unsigned long long)y->bytes_out,
                   (unsigned long long)((s->ended_ns - s->started_ns) / 1000000));
    cq_text_printf(t, ",\"interrupted\":%s,\"output\":", s->interrupted ? "true" : "false");
    cq_text_json(t, where);
    cq_text_puts(t, "}\n");
    cq_text_flush(t, STDERR_FILENO);
}

void cq_report_summary(struct cq_session *s, const char *where)
{
    const struct cq_totals *y = &s->totals;

    if (s->a->json_log || s->a->progress == CQ_PROGRESS_JSON) {
        summary_json(s, y, where);
        return;
    }
    cq_text_puts(&s->log, "\n");
    verdicts(s, y);
    objects(&s->log, y);
    faults(s);
    if (where) {
        cq_text_printf(&s->log, "%llu records ", (unsigned long long)y->records);
        cq_text_escaped(&s->log, where);
        cq_text_puts(&s->log, "\n");
    }
    cq_text_flush(&s->log, STDERR_FILENO);
}

/* ---- the table ---- */

static void cell(struct cq_text *t, uint64_t n, int width)
{
    cq_text_printf(t, "%*llu", width, (unsigned long long)n);
}

static void table_line(struct cq_text *t, const struct cq_outcome *o, size_t width)
{
    static const enum cq_colour colours[] = {CQ_GREEN, CQ_YELLOW, CQ_RED};
    size_t start = t->n;

    cq_text_escaped(t, o->title);
    cq_text_pad(t, start, width);
    cq_text_colour(t, colours[cq_outcome_ending(o)], cq_ending_names[cq_outcome_ending(o)]);
    cq_text_pad(t, start, width + 11);
    cell(t, o->objects[CQ_KEYSPACES], 9);
    cell(t, o->objects[CQ_TABLES], 8);
    cell(t, o->objects[CQ_VIEWS], 7);
    cell(t, o->objects[CQ_TYPES], 7);
    cell(t, o->objects[CQ_FUNCTIONS] + o->objects[CQ_AGGREGATES], 11);
    cell(t, o->objects[CQ_NODES], 7);
    cq_text_puts(t, "  ");
    cq_text_time(t, o->ns);
    cq_text_puts(t, "\n");
}

void cq_report_table(struct cq_session *s)
{
    struct cq_text t = {.colours = cq_wants_colours(STDOUT_FILENO)};
    size_t width = 9;

    for (size_t i = 0; i < s->n_targets; i++) {
        size_t n = strlen(s->targets[i].title) + 2;

        if (n > width && n < 60) width = n;
    }
    cq_text_puts(&t, "CLUSTER");
    cq_text_pad(&t, 0, width);
    cq_text_puts(&t, "READ       KEYSPACES  TABLES  VIEWS  TYPES  FUNCTIONS  NODES  TIME\n");
    for (size_t i = 0; i < s->n_targets; i++)
        table_line(&t, &s->targets[i], width);
    cq_text_flush(&t, STDOUT_FILENO);
    cq_text_free(&t);
}
