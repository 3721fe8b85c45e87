/* SPDX-License-Identifier: Apache-2.0 */
/* The reference schema, in any size (schema.h). */
#include "sim/schema.h"

#include "sim/names.h"

#include <stdio.h>

bool cqsim_schema_begin(struct cqsim_schema *s, const char *table, const char *keyspace)
{
    const struct cqsim_table *t = cqsim_dataset_find(s->data, "system_schema", table);
    if (t == NULL) return false;
    cqsim_row_begin(&s->row, t);
    cqsim_row_text(&s->row, "keyspace_name", keyspace);
    return true;
}

void cqsim_schema_end(struct cqsim_schema *s, const char *table)
{
    struct cqsim_table *t = cqsim_dataset_find(s->data, "system_schema", table);
    cqsim_row_end(&s->row, &t->rows);
}

void cqsim_schema_keyspace(struct cqsim_schema *s, const char *name, const char *const *replication,
                           size_t n_pairs)
{
    cqsim_schema_begin(s, "keyspaces", name);
    cqsim_row_bool(&s->row, "durable_writes", true);
    cqsim_row_texts(&s->row, "replication", replication, 2 * n_pairs, n_pairs);
    cqsim_schema_end(s, "keyspaces");
}

void cqsim_schema_options(struct cqsim_schema *s, const char *comment)
{
    static const char *const caching[] = {"keys", "ALL", "rows_per_partition", "NONE"};
    static const char *const compaction[] = {
        "class",         "org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy",
        "max_threshold", "32",
        "min_threshold", "4"};
    bool old = s->data->release->line <= CQSIM_311;
    const char *compression[] = {"chunk_length_in_kb", old ? "64" : "16", "class",
                                 "org.apache.cassandra.io.compress.LZ4Compressor"};
    struct cqsim_row *row = &s->row;
    uint8_t id[16];
    cqsim_rng_uuid(&s->rng, 1, id);
    cqsim_row_text(row, "additional_write_policy", "99p");
    cqsim_row_double(row, "bloom_filter_fp_chance", 0.01);
    cqsim_row_texts(row, "caching", caching, 4, 2);
    cqsim_row_text(row, "comment", comment);
    cqsim_row_texts(row, "compaction", compaction, 6, 3);
    cqsim_row_texts(row, "compression", compression, 4, 2);
    cqsim_row_double(row, "crc_check_chance", 1.0);
    cqsim_row_double(row, "dclocal_read_repair_chance", old ? 0.1 : 0.0);
    cqsim_row_int(row, "default_time_to_live", 0);
    cqsim_row_texts(row, "extensions", NULL, 0, 0);
    cqsim_row_int(row, "gc_grace_seconds", 864000);
    cqsim_row_bytes(row, "id", (struct cqsim_slice){id, sizeof id});
    cqsim_row_int(row, "max_index_interval", 2048);
    cqsim_row_int(row, "memtable_flush_period_in_ms", 0);
    cqsim_row_int(row, "min_index_interval", 128);
    cqsim_row_text(row, "read_repair", "BLOCKING");
    cqsim_row_double(row, "read_repair_chance", 0.0);
    cqsim_row_text(row, "speculative_retry", old ? "99PERCENTILE" : "99p");
}

void cqsim_schema_column(struct cqsim_schema *s, const char *keyspace, const char *table,
                         const struct cqsim_column_def *def)
{
    cqsim_schema_begin(s, "columns", keyspace);
    cqsim_row_text(&s->row, "table_name", table);
    cqsim_row_text(&s->row, "column_name", def->name);
    cqsim_row_text(&s->row, "clustering_order", def->order);
    cqsim_row_text(&s->row, "column_name_bytes", def->name);
    cqsim_row_text(&s->row, "kind", def->kind);
    cqsim_row_int(&s->row, "position", def->position);
    cqsim_row_text(&s->row, "type", def->type);
    cqsim_schema_end(s, "columns");
}

/* Types as in the reference schema: rotated by the table's number. */
static void plain_column(size_t number, unsigned i, unsigned n_columns, bool words,
                         char name[CQSIM_MAX_NAME], struct cqsim_column_def *def)
{
    static const char *const pk[] = {"uuid", "text", "bigint", "int"};
    static const char *const ck[] = {"timestamp", "timeuuid", "int", "text"};
    static const char *const lists[] = {"list<text>", "list<int>", "list<uuid>"};
    static const char *const maps[] = {"map<text, int>", "map<text, uuid>", "map<text, text>"};
    static const char *const types[] = {"int",    "bigint",  "text",     "uuid",   "timestamp",
                                        "double", "boolean", "decimal",  "inet",   "blob",
                                        "date",   "float",   "smallint", "varint", "timeuuid"};
    *def = (struct cqsim_column_def){.kind = "regular", .position = -1, .order = "none"};
    def->name = name;
    if (i == 0)
        *def = (struct cqsim_column_def){"id", pk[number % 4], "partition_key", 0, "none"};
    else if (i == 1)
        *def = (struct cqsim_column_def){"bucket", ck[number % 4], "clustering", 0, "desc"};
    else if (i == 2)
        *def = (struct cqsim_column_def){"seq", ck[(number + 1) % 4], "clustering", 1, "asc"};
    else if (i + 2 == n_columns)
        *def = (struct cqsim_column_def){"items", lists[number % 3], "regular", -1, "none"};
    else if (i + 1 == n_columns)
        *def = (struct cqsim_column_def){"attrs", maps[number % 3], "regular", -1, "none"};
    else {
        def->type = types[(number + (size_t)(i - 3) * 3) % 15];
        if (words)
            cqsim_name_column(def->type, i - 3, name);
        else
            snprintf(name, CQSIM_MAX_NAME, "col_%02u", i - 3);
    }
}

/* With words, some tables have options of their own. */
static void vary_options(struct cqsim_schema *s)
{
    static const char *const leveled[] = {
        "class", "org.apache.cassandra.db.compaction.LeveledCompactionStrategy",
        "sstable_size_in_mb", "160"};
    static const char *const windows[] = {
        "class",
        "org.apache.cassandra.db.compaction.TimeWindowCompactionStrategy",
        "compaction_window_size",
        "1",
        "compaction_window_unit",
        "DAYS"};
    size_t choice = cqsim_rng_below(&s->rng, 8);
    if (choice == 0) cqsim_row_texts(&s->row, "compaction", leveled, 4, 2);
    if (choice == 1) cqsim_row_texts(&s->row, "compaction", windows, 6, 3);
    if (choice <= 2) cqsim_row_int(&s->row, "default_time_to_live", 86400 * (7 + (int)choice));
    if (choice == 3) cqsim_row_int(&s->row, "gc_grace_seconds", 86400);
}

static void plain_table(struct cqsim_schema *s, const struct cqsim_shape *shape,
                        const char *keyspace, size_t number, unsigned nth)
{
    static const char *const flags[] = {"compound"};
    char table[CQSIM_MAX_NAME], comment[CQSIM_MAX_NAME];
    snprintf(table, sizeof table, "table_%02u", nth);
    snprintf(comment, sizeof comment, "reference table %zu", number);
    if (shape->words) cqsim_name_table(number - nth + s->seed, nth, table, comment);
    cqsim_schema_begin(s, "tables", keyspace);
    cqsim_row_text(&s->row, "table_name", table);
    cqsim_schema_options(s, comment);
    if (shape->words) vary_options(s);
    cqsim_row_texts(&s->row, "flags", flags, 1, 1);
    cqsim_schema_end(s, "tables");
    s->data->n_user_tables++;
    for (unsigned i = 0; i < shape->columns; i++) {
        char name[CQSIM_MAX_NAME], own[CQSIM_MAX_NAME];
        struct cqsim_column_def def;
        plain_column(number, i, shape->columns, shape->words, name, &def);
        if (shape->distinct) {
            snprintf(own, sizeof own, "%s_%zu_%u", def.name, number, (unsigned)(s->seed % 10000));
            def.name = own;
        }
        cqsim_schema_column(s, keyspace, table, &def);
    }
}

void cqsim_schema_plain(struct cqsim_schema *s, const struct cqsim_shape *shape)
{
    static const char *const replication[] = {
        "class", "org.apache.cassandra.locator.NetworkTopologyStrategy", "dc1", "1"};
    for (unsigned k = 0; k < shape->keyspaces; k++) {
        char keyspace[CQSIM_MAX_NAME];
        snprintf(keyspace, sizeof keyspace, "ref_ks%02u", k);
        if (shape->words) cqsim_name_keyspace(s->seed, k, keyspace);
        cqsim_schema_keyspace(s, keyspace, replication, 2);
        for (unsigned t = 0; t < shape->tables; t++)
            plain_table(s, shape, keyspace, (size_t)k * shape->tables + t, t);
    }
}
