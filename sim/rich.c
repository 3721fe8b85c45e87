/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One keyspace with every kind of object (schema.h): nested user types, tables of all shapes,
 * views, 2i, SASI and SAI indexes, overloaded functions, aggregates, triggers, dropped columns,
 * masks, names that need quotes, other alphabets. What a release has not is left out. The
 * definitions are tables; the code under them only writes rows.
 */
#include "sim/schema.h"

#include <string.h>

#define KS "rich"

struct column {
    const char *table;
    struct cqsim_column_def def;
    enum cqsim_line since; /* the first release line that has it; 0 = all */
};

static const struct {
    const char *name, *comment, *flags[2];
    enum cqsim_line until;
    int ttl;
} tables[] = {
    {"users", "people: it's \"quoted\",\nwith a second line", {"compound", NULL}, CQSIM_50, 0},
    {"orders", "\xe6\xb3\xa8\xe6\x96\x87 \xf0\x9f\x9b\x92", {"compound", NULL}, CQSIM_50, 86400},
    {"counts", "", {"compound", "counter"}, CQSIM_50, 0},
    {"Mixed_Case", "quoted table", {"compound", NULL}, CQSIM_50, 0},
    {"all_types", "every type", {"compound", NULL}, CQSIM_50, 0},
    {"dropped", "columns came and went", {"compound", NULL}, CQSIM_50, 0},
    {"no_values", "keys only", {"compound", NULL}, CQSIM_50, 0},
    {"thrift_dense", "compact storage", {"dense", NULL}, CQSIM_311, 0},
    {"thrift_static", "compact storage", {NULL, NULL}, CQSIM_311, 0},
};

#define PK "partition_key"
#define CK "clustering"
#define RG "regular"
#define ST "static"

static const struct column columns[] = {
    {"users", {"id", "uuid", PK, 0, "none"}, 0},
    {"users", {"email", "text", RG, -1, "none"}, 0},
    {"users", {"home", "frozen<address>", RG, -1, "none"}, 0},
    {"users", {"person", "person", RG, -1, "none"}, 0},
    {"users", {"tags", "set<text>", RG, -1, "none"}, 0},
    {"users", {"props", "map<text, text>", RG, -1, "none"}, 0},
    {"users", {"fl", "frozen<list<int>>", RG, -1, "none"}, 0},
    {"users", {"bio", "text", RG, -1, "none"}, 0},
    {"users", {"embedding", "vector<float, 3>", RG, -1, "none"}, CQSIM_50},
    {"orders", {"customer", "uuid", PK, 0, "none"}, 0},
    {"orders", {"region", "text", PK, 1, "none"}, 0},
    {"orders", {"at", "timestamp", CK, 0, "desc"}, 0},
    {"orders", {"line", "int", CK, 1, "asc"}, 0},
    {"orders", {"total", "decimal", RG, -1, "none"}, 0},
    {"orders", {"shared", "text", ST, -1, "none"}, 0},
    {"orders", {"items", "list<frozen<tuple<int, text>>>", RG, -1, "none"}, 0},
    {"counts", {"id", "text", PK, 0, "none"}, 0},
    {"counts", {"n", "counter", RG, -1, "none"}, 0},
    {"Mixed_Case", {"Key Col", "int", PK, 0, "none"}, 0},
    {"Mixed_Case", {"val ue", "text", RG, -1, "none"}, 0},
    {"Mixed_Case",
     {"Gr\xc3\xb6\xc3\x9f"
      "e",
      "text", RG, -1, "none"},
     0},
    {"Mixed_Case", {"sel\"ect", "frozen<\"Weird Type\">", RG, -1, "none"}, 0},
    {"Mixed_Case", {"\xe5\x88\x97", "text", RG, -1, "none"}, 0},
    {"all_types", {"a", "ascii", PK, 0, "none"}, 0},
    {"all_types", {"b", "bigint", RG, -1, "none"}, 0},
    {"all_types", {"c", "blob", RG, -1, "none"}, 0},
    {"all_types", {"d", "boolean", RG, -1, "none"}, 0},
    {"all_types", {"e", "date", RG, -1, "none"}, 0},
    {"all_types", {"f", "double", RG, -1, "none"}, 0},
    {"all_types", {"g", "duration", RG, -1, "none"}, CQSIM_311},
    {"all_types", {"h", "float", RG, -1, "none"}, 0},
    {"all_types", {"i", "inet", RG, -1, "none"}, 0},
    {"all_types", {"j", "smallint", RG, -1, "none"}, 0},
    {"all_types", {"k", "time", RG, -1, "none"}, 0},
    {"all_types", {"m", "tinyint", RG, -1, "none"}, 0},
    {"all_types", {"o", "map<int, frozen<set<text>>>", RG, -1, "none"}, 0},
    {"all_types", {"p", "frozen<map<text, frozen<list<frozen<phone>>>>>", RG, -1, "none"}, 0},
    {"all_types", {"q", "'org.apache.cassandra.db.marshal.LexicalUUIDType'", RG, -1, "none"}, 0},
    {"dropped", {"id", "int", PK, 0, "none"}, 0},
    {"dropped", {"back", "text", RG, -1, "none"}, 0},
    {"no_values", {"id", "int", PK, 0, "none"}, 0},
    {"no_values", {"ck", "text", CK, 0, "asc"}, 0},
};

static const struct column compact_columns[] = {
    {"thrift_dense", {"key", "blob", PK, 0, "none"}, 0},
    {"thrift_dense", {"column1", "blob", CK, 0, "asc"}, 0},
    {"thrift_dense", {"value", "blob", RG, -1, "none"}, 0},
    {"thrift_static", {"key", "text", PK, 0, "none"}, 0},
    {"thrift_static", {"column1", "text", CK, 0, "asc"}, 0},
    {"thrift_static", {"a", "int", ST, -1, "none"}, 0},
    {"thrift_static", {"value", "blob", RG, -1, "none"}, 0},
};

static const struct column view_columns[] = {
    {"users_by_email", {"email", "text", PK, 0, "none"}, 0},
    {"users_by_email", {"id", "uuid", CK, 0, "asc"}, 0},
    {"users_by_email", {"bio", "text", RG, -1, "none"}, 0},
    {"View_Mixed", {"val ue", "text", PK, 0, "none"}, 0},
    {"View_Mixed", {"Key Col", "int", CK, 0, "desc"}, 0},
};

static const struct {
    const char *name, *base, *where;
    bool all;
} views[] = {
    {"users_by_email", "users", "email IS NOT NULL AND id IS NOT NULL", false},
    {"View_Mixed", "Mixed_Case", "\"val ue\" IS NOT NULL AND \"Key Col\" IS NOT NULL", true},
};

static const struct {
    const char *name, *fields[4], *types[4];
    unsigned n;
} types[] = {
    {"phone", {"country_code", "number"}, {"int", "text"}, 2},
    {"address", {"street", "city", "phones"}, {"text", "text", "list<frozen<phone>>"}, 3},
    {"person",
     {"name", "home", "others", "t"},
     {"text", "frozen<address>", "map<text, frozen<address>>",
      "frozen<tuple<int, text, frozen<phone>>>"},
     4},
    {"Weird Type",
     {"Field One", "sel\"ect",
      "\xc3\xbcn\xc3\xaf"
      "code"},
     {"int", "text", "timeuuid"},
     3},
};

static const struct {
    const char *table, *name, *kind, *options[10];
    unsigned n_pairs;
    enum cqsim_line since;
} indexes[] = {
    {"users", "users_email", "COMPOSITES", {"target", "email"}, 1, 0},
    {"users", "users_tags", "COMPOSITES", {"target", "values(tags)"}, 1, 0},
    {"users", "users_props_keys", "COMPOSITES", {"target", "keys(props)"}, 1, 0},
    {"users", "users_props_entries", "COMPOSITES", {"target", "entries(props)"}, 1, 0},
    {"users", "users_fl", "COMPOSITES", {"target", "full(fl)"}, 1, 0},
    {"Mixed_Case", "mixed_idx", "COMPOSITES", {"target", "\"val ue\""}, 1, 0},
    {"users",
     "users_sasi",
     "CUSTOM",
     {"class_name", "org.apache.cassandra.index.sasi.SASIIndex", "mode", "CONTAINS", "target",
      "bio"},
     3,
     CQSIM_311},
    {"orders",
     "orders_total_sai",
     "CUSTOM",
     {"class_name", "StorageAttachedIndex", "target", "total"},
     2,
     CQSIM_50},
    {"users",
     "users_ann",
     "CUSTOM",
     {"class_name", "sai", "similarity_function", "cosine", "target", "embedding"},
     3,
     CQSIM_50},
};

static const struct {
    const char *name, *arguments[3], *names[3];
    unsigned n;
    bool on_null;
    const char *returns, *body;
} functions[] = {
    {"plus", {"int", "int"}, {"a", "b"}, 2, true, "int", "return a + b;"},
    {"plus", {"double", "double"}, {"a", "b"}, 2, false, "double", "return a + b;"},
    {"plus", {NULL}, {NULL}, 0, false, "int", "return 1; // it's $$ not"},
    {"Mixed Fn", {"text"}, {"ArgOne"}, 1, true, "text", " return ArgOne;\n "},
    {"state_avg",
     {"frozen<tuple<int, bigint>>", "int"},
     {"state", "val"},
     2,
     true,
     "frozen<tuple<int, bigint>>",
     "return state;"},
};

static const struct {
    const char *name, *argument, *final_func, *initcond, *returns, *state_func, *state;
} aggregates[] = {
    {"average", "int", NULL, "(0, 0)", "frozen<tuple<int, bigint>>", "state_avg",
     "frozen<tuple<int, bigint>>"},
    {"sum_all", "int", NULL, "0", "int", "plus", "int"},
    {"sum_all", "double", NULL, NULL, "double", "plus", "double"},
};

static const struct {
    const char *column, *kind, *type;
    int64_t at;
} dropped[] = {
    {"back", "regular", "text", INT64_C(1795231022938)},
    {"gone_list", "regular", "list<text>", INT64_C(1795231022746)},
    {"gone_static", "static", "text", INT64_C(1795231022805)},
    {"gone_udt", "regular", "frozen<tuple<int, text>>", INT64_C(1795231022858)},
};

static void put_id(struct cqsim_schema *s, const char *column, const char *name)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const char *p = name; *p != 0; p++)
        h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
    struct cqsim_rng r = cqsim_rng_for(s->seed, h, 0);
    uint8_t id[16];
    cqsim_rng_uuid(&r, 1, id);
    cqsim_row_bytes(&s->row, column, (struct cqsim_slice){id, sizeof id});
}

static void put_columns(struct cqsim_schema *s, const struct column *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s->data->release->line >= list[i].since)
            cqsim_schema_column(s, KS, list[i].table, &list[i].def);
}

/* Options that are not the defaults, by seed. */
static void vary_options(struct cqsim_schema *s)
{
    static const char *const leveled[] = {
        "class", "org.apache.cassandra.db.compaction.LeveledCompactionStrategy",
        "sstable_size_in_mb", "160"};
    static const char *const off[] = {"enabled", "false"};
    static const char *const extension[] = {"note", "\x01\x02"
                                                    "ext"};
    struct cqsim_row *row = &s->row;
    switch (cqsim_rng_below(&s->rng, 5)) {
    case 0:
        cqsim_row_texts(row, "compaction", leveled, 4, 2);
        cqsim_row_int(row, "gc_grace_seconds", 3600);
        break;
    case 1:
        cqsim_row_texts(row, "compression", off, 2, 1);
        cqsim_row_double(row, "bloom_filter_fp_chance", 0.1);
        break;
    case 2:
        cqsim_row_bool(row, "cdc", true);
        cqsim_row_text(row, "memtable", "trie");
        break;
    case 3:
        cqsim_row_texts(row, "extensions", extension, 2, 1);
        cqsim_row_text(row, "read_repair", "NONE");
        break;
    default:
        cqsim_row_bool(row, "allow_auto_snapshot", false);
        cqsim_row_bool(row, "incremental_backups", true);
        cqsim_row_text(row, "speculative_retry", "50ms");
        break;
    }
}

static void put_tables(struct cqsim_schema *s)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (s->data->release->line > tables[i].until) continue;
        size_t n_flags = 0;
        while (n_flags < 2 && tables[i].flags[n_flags] != NULL)
            n_flags++;
        cqsim_schema_begin(s, "tables", KS);
        cqsim_row_text(&s->row, "table_name", tables[i].name);
        cqsim_schema_options(s, tables[i].comment);
        vary_options(s);
        put_id(s, "id", tables[i].name);
        cqsim_row_int(&s->row, "default_time_to_live", tables[i].ttl);
        cqsim_row_texts(&s->row, "flags", tables[i].flags, n_flags, n_flags);
        cqsim_schema_end(s, "tables");
        s->data->n_user_tables++;
    }
    put_columns(s, columns, sizeof columns / sizeof *columns);
    if (s->data->release->line <= CQSIM_311)
        put_columns(s, compact_columns, sizeof compact_columns / sizeof *compact_columns);
}

static void put_views(struct cqsim_schema *s)
{
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        cqsim_schema_begin(s, "views", KS);
        cqsim_row_text(&s->row, "view_name", views[i].name);
        cqsim_schema_options(s, "a view: it's here");
        put_id(s, "id", views[i].name);
        put_id(s, "base_table_id", views[i].base);
        cqsim_row_text(&s->row, "base_table_name", views[i].base);
        cqsim_row_text(&s->row, "where_clause", views[i].where);
        cqsim_row_bool(&s->row, "include_all_columns", views[i].all);
        cqsim_schema_end(s, "views");
    }
    put_columns(s, view_columns, sizeof view_columns / sizeof *view_columns);
}

static void put_types_and_indexes(struct cqsim_schema *s)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        cqsim_schema_begin(s, "types", KS);
        cqsim_row_text(&s->row, "type_name", types[i].name);
        cqsim_row_texts(&s->row, "field_names", types[i].fields, types[i].n, types[i].n);
        cqsim_row_texts(&s->row, "field_types", types[i].types, types[i].n, types[i].n);
        cqsim_schema_end(s, "types");
    }
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++) {
        if (s->data->release->line < indexes[i].since) continue;
        unsigned n = indexes[i].n_pairs;
        cqsim_schema_begin(s, "indexes", KS);
        cqsim_row_text(&s->row, "table_name", indexes[i].table);
        cqsim_row_text(&s->row, "index_name", indexes[i].name);
        cqsim_row_text(&s->row, "kind", indexes[i].kind);
        cqsim_row_texts(&s->row, "options", indexes[i].options, 2 * n, n);
        cqsim_schema_end(s, "indexes");
    }
}

static void put_functions(struct cqsim_schema *s)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        unsigned n = functions[i].n;
        cqsim_schema_begin(s, "functions", KS);
        cqsim_row_text(&s->row, "function_name", functions[i].name);
        cqsim_row_texts(&s->row, "argument_types", functions[i].arguments, n, n);
        cqsim_row_texts(&s->row, "argument_names", functions[i].names, n, n);
        cqsim_row_text(&s->row, "body", functions[i].body);
        cqsim_row_bool(&s->row, "called_on_null_input", functions[i].on_null);
        cqsim_row_text(&s->row, "language", "java");
        cqsim_row_text(&s->row, "return_type", functions[i].returns);
        cqsim_schema_end(s, "functions");
    }
    for (size_t i = 0; i < sizeof aggregates / sizeof *aggregates; i++) {
        cqsim_schema_begin(s, "aggregates", KS);
        cqsim_row_text(&s->row, "aggregate_name", aggregates[i].name);
        cqsim_row_texts(&s->row, "argument_types", &aggregates[i].argument, 1, 1);
        if (aggregates[i].final_func)
            cqsim_row_text(&s->row, "final_func", aggregates[i].final_func);
        if (aggregates[i].initcond) cqsim_row_text(&s->row, "initcond", aggregates[i].initcond);
        cqsim_row_text(&s->row, "return_type", aggregates[i].returns);
        cqsim_row_text(&s->row, "state_func", aggregates[i].state_func);
        cqsim_row_text(&s->row, "state_type", aggregates[i].state);
        cqsim_schema_end(s, "aggregates");
    }
}

static void put_dropped_and_triggers(struct cqsim_schema *s)
{
    static const char *const trigger[] = {"class", "org.example.AuditTrigger"};
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++) {
        cqsim_schema_begin(s, "dropped_columns", KS);
        cqsim_row_text(&s->row, "table_name", "dropped");
        cqsim_row_text(&s->row, "column_name", dropped[i].column);
        cqsim_row_long(&s->row, "dropped_time", dropped[i].at);
        cqsim_row_text(&s->row, "kind", dropped[i].kind);
        cqsim_row_text(&s->row, "type", dropped[i].type);
        cqsim_schema_end(s, "dropped_columns");
    }
    cqsim_schema_begin(s, "triggers", KS);
    cqsim_row_text(&s->row, "table_name", "users");
    cqsim_row_text(&s->row, "trigger_name", "Trig Two");
    cqsim_row_texts(&s->row, "options", trigger, 2, 1);
    cqsim_schema_end(s, "triggers");
}

/* One mask without arguments, one with: list<boolean> has a byte per element. */
static void put_masks(struct cqsim_schema *s)
{
    static const char *const argument_types[] = {"int", "int"}, *const values[] = {"1", "2"};
    for (unsigned i = 0; i < 2; i++) {
        unsigned n = i == 0 ? 0 : 2;
        if (!cqsim_schema_begin(s, "column_masks", KS)) return;
        cqsim_row_text(&s->row, "table_name", "users");
        cqsim_row_text(&s->row, "column_name", i == 0 ? "bio" : "email");
        struct cqsim_buf *nulls = cqsim_row_set(&s->row, "function_argument_nulls");
        cqsim_put_u32(nulls, n);
        for (unsigned k = 0; k < n; k++)
            cqsim_put_bytes(nulls, (struct cqsim_slice){(const uint8_t *)"\0", 1});
        cqsim_row_texts(&s->row, "function_argument_types", argument_types, n, n);
        cqsim_row_texts(&s->row, "function_argument_values", values, n, n);
        cqsim_row_text(&s->row, "function_keyspace", "system");
        cqsim_row_text(&s->row, "function_name", i == 0 ? "mask_default" : "mask_inner");
        cqsim_schema_end(s, "column_masks");
    }
}

void cqsim_schema_rich(struct cqsim_schema *s)
{
    static const char *const several[] = {
        "DC Zwei", "2", "class", "org.apache.cassandra.locator.NetworkTopologyStrategy",
        "dc1",     "3"};
    static const char *const simple[] = {"class", "org.apache.cassandra.locator.SimpleStrategy",
                                         "replication_factor", "1"};
    cqsim_schema_keyspace(s, KS, several, 3);
    cqsim_schema_keyspace(s, "rich_empty", simple, 2);
    put_tables(s);
    put_views(s);
    put_types_and_indexes(s);
    put_functions(s);
    put_dropped_and_triggers(s);
    put_masks(s);
}
