/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a table come and go (change.h). */
#include "sim/change.h"

#include "sim/fleet.h"
#include "sim/schema.h"

#include <stdio.h>
#include <string.h>

enum { FOR_CHANGES = 31, CREATE = 0, ALTER = 1, DROP = 2, N_WHATS = 3 };

static void remove_rows(struct cqsim_dataset *d, const char *from, const char *keyspace,
                        const char *table)
{
    struct cqsim_rows left = {0};
    struct cqsim_table *t = cqsim_dataset_find(d, "system_schema", from);
    for (size_t i = 0; i < t->rows.n; i++) {
        struct cqsim_slice row = cqsim_rows_get(&t->rows, i);
        if (cqsim_is(cqsim_row_cell(row, 0), keyspace) && cqsim_is(cqsim_row_cell(row, 1), table))
            continue;
        cqsim_rows_add(&left, row);
    }
    cqsim_rows_fini(&t->rows);
    t->rows = left;
}

/* The row of tables: with one number and one seed its id stays the same. */
static void put_table(struct cqsim_schema *s, const char *keyspace, const char *table,
                      const char *comment)
{
    static const char *const flags[] = {"compound"};
    cqsim_schema_begin(s, "tables", keyspace);
    cqsim_row_text(&s->row, "table_name", table);
    cqsim_schema_options(s, comment);
    cqsim_row_texts(&s->row, "flags", flags, 1, 1);
    cqsim_schema_end(s, "tables");
}

static void apply(struct cqsim_cluster *c, unsigned what, const char *keyspace, const char *table)
{
    static const struct cqsim_column_def columns[] = {{"id", "uuid", "partition_key", 0, "none"},
                                                      {"value", "text", "regular", -1, "none"}};
    static const char *const sorted[] = {"tables", "columns"};
    struct cqsim_schema s = {.data = c->data, .seed = c->config->seed};
    s.rng = cqsim_rng_for(s.seed + FOR_CHANGES, c->index, c->n_changes / N_WHATS);
    if (what != CREATE) remove_rows(c->data, "tables", keyspace, table);
    if (what == DROP) remove_rows(c->data, "columns", keyspace, table);
    if (what != DROP) put_table(&s, keyspace, table, what == CREATE ? "moving" : "moved");
    for (unsigned i = 0; what == CREATE && i < 2; i++)
        cqsim_schema_column(&s, keyspace, table, &columns[i]);
    cqsim_row_fini(&s.row);
    for (unsigned i = 0; i < 2; i++) {
        struct cqsim_table *t = cqsim_dataset_find(c->data, "system_schema", sorted[i]);
        cqsim_rows_sort(&t->rows, t->n_clustering);
    }
}

static void put_line(const struct cqsim_cluster *c, uint64_t wall_ms, const char *what,
                     const char *keyspace, const char *table, struct cqsim_buf *log)
{
    char name[CQSIM_CLUSTER_NAME], target[32], text[512], id[40];
    uint8_t v[16];
    cqsim_cluster_name(c, name);
    cqsim_fleet_target(c, 0, target, sizeof target);
    cqsim_cluster_version(c, 0, v);
    snprintf(id, sizeof id, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13],
             v[14], v[15]);
    int n = snprintf(text, sizeof text,
                     "{\"time\":%llu,\"cluster\":\"%s\",\"target\":\"%s\",\"number\":%u,"
                     "\"what\":\"%s\",\"keyspace\":\"%s\",\"table\":\"%s\","
                     "\"schema_version\":\"%s\"}\n",
                     (unsigned long long)wall_ms, name, target, c->n_changes, what, keyspace, table,
                     id);
    cqsim_put(log, text, (size_t)n);
}

void cqsim_cluster_change(struct cqsim_cluster *c, uint64_t wall_ms, struct cqsim_buf *log)
{
    static const char *const names[N_WHATS] = {"create", "alter", "drop"};
    char keyspace[CQSIM_MAX_NAME], table[CQSIM_MAX_NAME];
    unsigned what = c->n_changes % N_WHATS;
    if (!c->owns_data) {
        c->data = cqsim_dataset_copy(c->data);
        c->owns_data = true;
    }
    cqsim_copy_text(keyspace, sizeof keyspace, cqsim_dataset_user_keyspace(c->data));
    snprintf(table, sizeof table, "moving_%04u", c->n_changes / N_WHATS);
    apply(c, what, keyspace, table);
    c->n_changes++;
    c->generation++;
    put_line(c, wall_ms, names[what], keyspace, table, log);
}
