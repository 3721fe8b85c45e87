/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows too large to be written down are expected by rule: "cell 0 k%06d, cell 1 300 zero bytes",
 * "cell 1 is 'schema metadata ' repeated, cut". An unknown rule fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "proto/rows.h"
#include "vectors/vector.h"

enum { ZEROES, REPEATED, NUMBERED };

struct rule {
    unsigned cell;
    int form;
    size_t n;
    char text[64];
};

static const char *parse_rule(const char *s, struct rule *rule)
{
    int used = 0;

    if (sscanf(s, "cell %u is '%63[^']' repeated, cut%n", &rule->cell, rule->text, &used) == 2 &&
        used)
        rule->form = REPEATED;
    else if (sscanf(s, "cell %u %zu zero bytes%n", &rule->cell, &rule->n, &used) == 2 && used)
        rule->form = ZEROES;
    else if (sscanf(s, "cell %u k%%06d%n", &rule->cell, &used) == 1 && used)
        rule->form = NUMBERED;
    else
        return NULL;
    s += used;
    return strncmp(s, ", ", 2) == 0 ? s + 2 : *s == 0 ? s : NULL;
}

static bool follows(const struct rule *rule, cq_bytes cell, unsigned row)
{
    char name[16];
    size_t n = strlen(rule->text);

    switch (rule->form) {
    case ZEROES:
        for (size_t i = 0; i < cell.n; i++)
            if (cell.p[i]) return false;
        return cell.n == rule->n;
    case REPEATED:
        for (size_t i = 0; i < cell.n; i++)
            if (cell.p[i] != (uint8_t)rule->text[i % n]) return false;
        return cell.n > 0;
    default:
        snprintf(name, sizeof(name), "k%06u", row);
        return cq_eq(cell, cq_str(name));
    }
}

static bool check_rows(const struct rule *rule, cq_bytes envelope)
{
    cq_bytes row, cells[CQ_MAX_RESULT_COLUMNS];
    int16_t slot[CQ_MAX_RESULT_COLUMNS];
    struct cql_column column;
    struct cql_rows r;

    cql_rows_begin(&r, (cq_bytes){envelope.p + CQL_HEADER_BYTES, envelope.n - CQL_HEADER_BYTES},
                   cql_header_read(envelope.p).version);
    while (cql_rows_column(&r, &column))
        ;
    if (cql_rows_count(&r) || rule->cell >= r.n_columns || r.n_rows == 0) return false;
    for (uint32_t i = 0; i < r.n_columns; i++)
        slot[i] = (int16_t)i;
    for (unsigned i = 0; cql_rows_next(&r, &row); i++) {
        cql_row_cells(row, r.n_columns, slot, cells);
        if (!follows(rule, cells[rule->cell], i)) return false;
    }
    return r.err == 0;
}

bool check_cell_rule(const char *text, cq_bytes envelope, struct why *why)
{
    struct rule rule;

    do {
        const char *next = parse_rule(text, &rule);

        if (!next || !check_rows(&rule, envelope))
            return fail_why(why, "cell_rule \"%s\" %s", text, next ? "broken" : "unknown") ==
                   PASSED;
        text = next;
    } while (*text);
    return true;
}
