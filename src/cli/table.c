/* SPDX-License-Identifier: Apache-2.0 */
/* What was found, a line per cluster, on standard output (cli/report.h). */
#include <string.h>
#include <unistd.h>

#include "cli/report.h"

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
