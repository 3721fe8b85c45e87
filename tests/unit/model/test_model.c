/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of records from rows made by hand: what real servers seldom send, and what none should. */
#include "model/model.h"

#include <stdio.h>

#include "proto/value.h"
#include "unit/base/cmocka_all.h"
#include "unit/base/watched.h"
#include "unit/model/rows.h"

struct fixture {
    struct cq_rec rec;
    struct cq_model model;
    struct made own, columns, indexes, triggers, dropped, masks, types;
    struct cq_udts *udts;
    struct cq_object o;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    cq_rec_init(&f->rec, &cq_mem_libc);
    cq_rec_scope(&f->rec, CQ_LIT("c"), CQ_NULL, 1);
    cq_model_init(&f->model, &cq_mem_libc, &f->rec);
    made_init(&f->own);
    made_init(&f->columns);
    made_init(&f->indexes);
    made_init(&f->triggers);
    made_init(&f->dropped);
    made_init(&f->masks);
    made_init(&f->types);
    cq_udts_new(&f->udts, &cq_mem_libc);
    f->o = (struct cq_object){
        .kind = CQ_KIND_TABLE, .keyspace = CQ_LIT("k"), .name = CQ_LIT("t"), .udts = f->udts};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    cq_rec_fini(&f->rec);
    cq_model_fini(&f->model);
    made_fini(&f->own);
    made_fini(&f->columns);
    made_fini(&f->indexes);
    made_fini(&f->triggers);
    made_fini(&f->dropped);
    made_fini(&f->masks);
    made_fini(&f->types);
    cq_udts_free(f->udts);
    free(f);
    return 0;
}

/* The line as a string from `from` on, or all of it. */
static const char *line_of(struct fixture *f)
{
    cq_bytes line;

    f->o.shape = &f->own.shape;
    f->o.cells = made_at(&f->own, 0);
    f->o.columns = made_set(&f->columns);
    f->o.indexes = made_set(&f->indexes);
    f->o.triggers = made_set(&f->triggers);
    f->o.dropped = made_set(&f->dropped);
    f->o.masks = made_set(&f->masks);
    for (size_t i = 0; i < f->types.n; i++)
        assert_int_equal(cq_udts_add(f->udts, made_at(&f->types, i)), 0);
    assert_int_equal(cq_model_object(&f->model, &f->o, &line), 0);
    cq_buf_putc(&f->rec.out, 0);
    return (const char *)f->rec.out.p;
}

static void has(const char *line, const char *part)
{
    if (!strstr(line, part)) fail_msg("no %s in %s", part, line);
}

static void has_not(const char *line, const char *part)
{
    if (strstr(line, part)) fail_msg("%s in %s", part, line);
}

static void structure_is(struct fixture *f, const char *want)
{
    cq_buf_putc(&f->rec.structure, 0);
    assert_string_equal((const char *)f->rec.structure.p, want);
}

/* A map or list that says more than it has: what is missing must not pass for what was never there.
 */
static void cut_short(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        struct made own;
        int slot = i ? (int)CQ_TYPES_field_names : (int)CQ_KEYSPACES_replication;
        cq_bytes line;

        made_init(&own);
        if (i == 0)
            ROW(&own, CQ_T_KEYSPACES, "keyspace_name:t=k", "replication:m=class|X");
        else
            ROW(&own, CQ_T_TYPES, "keyspace_name:t=k", "field_names:l=a|b");
        f->o = (struct cq_object){.kind = i ? CQ_KIND_TYPE : CQ_KIND_KEYSPACE};
        f->o.keyspace = f->o.name = CQ_LIT("k");
        f->o.shape = &own.shape;
        f->o.cells = own.cells;
        assert_int_equal(cq_model_object(&f->model, &f->o, &line), 0);
        ((uint8_t *)(uintptr_t)own.cells[slot].p)[3]++; /* the count */
        assert_int_equal(cq_model_object(&f->model, &f->o, &line), CQ_EPROTOCOL);
        made_fini(&own);
    }
}

/* Key columns by position, the others by name, whatever the order of the rows. */
static void column_order(void **state)
{
    struct fixture *f = *state;
    const char *line;

#define COLUMN(name, kind, position, order, type)                                                  \
    ROW(&f->columns, CQ_T_COLUMNS, "keyspace_name:t=k", "table_name:t=t", "column_name:t=" name,   \
        "clustering_order:t=" order, "column_name_bytes:x=NULL", "kind:t=" kind,                   \
        "position:i=" position, "type:t=" type)
    ROW(&f->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t");
    COLUMN("z", "regular", "-1", "none", "int");
    COLUMN("a", "static", "-1", "none", "text");
    COLUMN("c2", "clustering", "1", "asc", "int");
    COLUMN("c1", "clustering", "0", "desc", "int");
    COLUMN("p2", "partition_key", "1", "none", "int");
    COLUMN("p1", "partition_key", "0", "none", "int");
    COLUMN("b", "strange", "7", "none", "int");
    COLUMN("n", "clustering", "NULL", "NULL", "NULL");
    line = line_of(f);
    has(line, "\"columns\":["
              "{\"name\":\"p1\",\"type\":\"int\",\"kind\":\"partition_key\",\"position\":0},"
              "{\"name\":\"p2\",\"type\":\"int\",\"kind\":\"partition_key\",\"position\":1},"
              "{\"name\":\"c1\",\"type\":\"int\",\"kind\":\"clustering\",\"position\":0,"
              "\"order\":\"desc\"},");
    has(line, "{\"name\":\"n\",\"type\":null,\"kind\":\"clustering\",\"position\":null,"
              "\"order\":null},{\"name\":\"c2\"");
    has(line, "{\"name\":\"a\",\"type\":\"text\",\"kind\":\"static\"},"
              "{\"name\":\"b\",\"type\":\"int\",\"kind\":\"strange\",\"position\":7},"
              "{\"name\":\"z\",\"type\":\"int\",\"kind\":\"regular\"}]");
    has(line, "\"options\":{},\"extra\":[]}\n");
    has_not(line, "\"indexes\"");
    has_not(line, "\"comment\"");
}

static void key_checks(void **state)
{
    struct fixture *f = *state;
    struct cq_rowset set;
    struct cq_key_check check;

    COLUMN("p", "partition_key", "0", "none", "int");
    COLUMN("c", "clustering", "1", "asc", "int");
    COLUMN("d", "clustering", "0", "asc", "int");
    COLUMN("r", "regular", "-1", "none", "int");
    set = made_set(&f->columns);
    assert_int_equal(cq_model_check_keys(&f->model, &set, &check), 0);
    assert_false(check.no_partition_key || check.position_gap || check.unknown_kind);
    set.n = 2; /* clustering 1 without 0 */
    assert_int_equal(cq_model_check_keys(&f->model, &set, &check), 0);
    assert_true(check.position_gap && !check.no_partition_key);
    set.cells = cq_rowset_at(&set, 1); /* no partition key */
    assert_int_equal(cq_model_check_keys(&f->model, &set, &check), 0);
    assert_true(check.no_partition_key && !check.position_gap);
    set.n = 0;
    assert_int_equal(cq_model_check_keys(&f->model, &set, &check), 0);
    assert_true(check.no_partition_key && !check.position_gap);
    COLUMN("d2", "clustering", "0", "asc", "int"); /* twice 0 */
    COLUMN("x", "odd", "0", "asc", "int");
    set = made_set(&f->columns);
    assert_int_equal(cq_model_check_keys(&f->model, &set, &check), 0);
    assert_true(check.position_gap && check.unknown_kind);
}

static void blob_names(void **state)
{
    struct fixture *f = *state;

    ROW(&f->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t");
    ROW(&f->columns, CQ_T_COLUMNS, "column_name:t=5", "column_name_bytes:x=00000005",
        "kind:t=regular", "type:t=int");
    ROW(&f->columns, CQ_T_COLUMNS, "column_name:t=same", "column_name_bytes:x=73616d65",
        "kind:t=regular", "type:t=int");
    has(line_of(f), "\"columns\":[{\"name\":\"5\",\"name_base64\":\"AAAABQ==\",\"type\":\"int\","
                    "\"kind\":\"regular\"},{\"name\":\"same\",\"type\"");
}

static void masks(void **state)
{
    struct fixture *f = *state;
    const char *line;

    ROW(&f->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t");
    COLUMN("a", "regular", "-1", "none", "text");
    COLUMN("b", "regular", "-1", "none", "text");
    COLUMN("c", "regular", "-1", "none", "text");
#define MASK(column, nulls, types, values, ks)                                                     \
    ROW(&f->masks, CQ_T_MASKS, "keyspace_name:t=k", "table_name:t=t", "column_name:t=" column,     \
        "function_argument_nulls:o=" nulls, "function_argument_types:l=" types,                    \
        "function_argument_values:l=" values, "function_keyspace:t=" ks, "function_name:t=fn")
    MASK("c", "", "", "", "NULL");
    MASK("a", "0|1", "int|text", "2|", "system");
    line = line_of(f);
    has(line, "{\"name\":\"a\",\"type\":\"text\",\"kind\":\"regular\",\"mask\":{\"function\":"
              "\"system.fn\",\"arguments\":[{\"type\":\"int\",\"value\":\"2\"},"
              "{\"type\":\"text\",\"value\":null}]}},{\"name\":\"b\",\"type\":\"text\","
              "\"kind\":\"regular\"},");
    has(line, "\"mask\":{\"function\":\"fn\",\"arguments\":[]}}]");
}

/* Every option with its type; what has another type than expected is not misread but passed on. */
static void options(void **state)
{
    struct fixture *f = *state;
    const char *line;

    ROW(&f->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t",
        "additional_write_policy:t=99p", "bloom_filter_fp_chance:d=0.01",
        "caching:m=keys|ALL|enabled|true", "cdc:b=NULL", "comment:t=a\"b",
        "compaction:m=min|4|class|X|max|32", "compression:m=enabled|false",
        "default_time_to_live:t=600", "flags:e=compound|super", "gc_grace_seconds:i=864000",
        "id:u=000102030405060708090a0b0c0d0e0f", "incremental_backups:b=1", "new_one:s=0",
        "odd:k=abc", "memtable:t=NULL", "comment:t=again");
    COLUMN("p", "partition_key", "0", "none", "int");
    line = line_of(f);
    has(line, "\"name\":\"t\",\"table_id\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\","
              "\"comment\":\"a\\\"b\",\"columns\":[");
    has(line, "\"flags\":[\"compound\",\"super\"],\"options\":{\"additional_write_policy\":\"99p\","
              "\"bloom_filter_fp_chance\":0.01,\"caching\":{\"keys\":\"ALL\",\"options\":"
              "[{\"name\":\"enabled\",\"value\":\"true\"}]},\"cdc\":null,"
              "\"compaction\":{\"class\":\"X\",\"options\":[{\"name\":\"max\",\"value\":\"32\"},"
              "{\"name\":\"min\",\"value\":\"4\"}]},"
              "\"compression\":{\"class\":null,\"options\":[{\"name\":\"enabled\",\"value\":"
              "\"false\"}]},\"gc_grace_seconds\":864000,\"incremental_backups\":true,"
              "\"memtable\":null},");
    has(line,
        "\"extra\":[{\"name\":\"default_time_to_live\",\"type\":\"text\",\"value\":\"600\"},"
        "{\"name\":\"new_one\",\"type\":\"timestamp\",\"value\":\"1970-01-01T00:00:00.000Z\"},"
        "{\"name\":\"odd\",\"type\":\"'unknown(0x0080)'\",\"value\":\"0x616263\"},"
        "{\"name\":\"comment\",\"type\":\"text\",\"value\":\"again\"}]}\n");
}

static void old_compression_and_nulls(void **state)
{
    struct fixture *f = *state;

    ROW(&f->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t", "caching:m=NULL",
        "compaction:m=NULL", "compression:m=sstable_compression|LZ4|chunk_length_kb|64",
        "flags:e=NULL", "read_repair_chance:d=", "id:u=00");
    has(line_of(f), "\"table_id\":null,\"columns\":[],\"types\":[],\"flags\":null,\"options\":{"
                    "\"caching\":null,\"compaction\":null,\"compression\":{\"class\":\"LZ4\","
                    "\"options\":[{\"name\":\"chunk_length_kb\",\"value\":\"64\"}]},"
                    "\"read_repair_chance\":null},\"extra\":[]}\n");
}

static void children(void **state)
{
    struct fixture *f = *state;
    const char *line;

    ROW(&f->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t");
    ROW(&f->indexes, CQ_T_INDEXES, "index_name:t=i1", "kind:t=CUSTOM", "options:m=NULL",
        "index_id:i=7");
    ROW(&f->indexes, CQ_T_INDEXES, "index_name:t=i2", "kind:t=CUSTOM",
        "options:m=class_name|SAI|target|v|x|y", "index_id:i=NULL");
    ROW(&f->triggers, CQ_T_TRIGGERS, "trigger_name:t=g", "options:m=class|T|a|b");
    ROW(&f->dropped, CQ_T_DROPPED, "column_name:t=d", "dropped_time:s=9223372036854775",
        "kind:t=static", "type:t=int");
    ROW(&f->dropped, CQ_T_DROPPED, "column_name:t=e", "dropped_time:s=NULL", "kind:t=NULL",
        "type:t=int");
    line = line_of(f);
    has(line, "\"indexes\":[{\"name\":\"i1\",\"kind\":\"CUSTOM\",\"target\":null,\"class\":null,"
              "\"using\":null,\"columns\":[],\"options\":null,\"extra\":[{\"name\":\"index_id\","
              "\"type\":\"int\",\"value\":\"7\"}]},{\"name\":\"i2\",\"kind\":\"CUSTOM\","
              "\"target\":\"v\",\"class\":\"SAI\",\"using\":\"sai\",\"columns\":[\"v\"],"
              "\"options\":[{\"name\":\"x\",\"value\":\"y\"}],\"extra\":[{\"name\":\"index_id\","
              "\"type\":\"int\",\"value\":null}]}],");
    has(line, "\"triggers\":[{\"name\":\"g\",\"class\":\"T\",\"options\":[{\"name\":\"a\","
              "\"value\":\"b\"}]}],");
    has(line, "\"dropped_columns\":[{\"name\":\"d\",\"type\":\"int\",\"kind\":\"static\","
              "\"dropped_at\":null,\"dropped_at_raw\":\"9223372036854775\"},{\"name\":\"e\","
              "\"type\":\"int\",\"kind\":null,\"dropped_at\":null,\"dropped_at_raw\":null}],");
}

/* What the hash leaves out: two tables that differ in ids and times have one hash. */
static void muted_members(void **state)
{
    struct fixture *f = *state;
    char first[100];
    const char *line;
    size_t width;

    ROW(&f->own, CQ_T_VIEWS, "keyspace_name:t=k", "view_name:t=t", "base_table_name:t=b",
        "base_table_id:u=000102030405060708090a0b0c0d0e0f", "include_all_columns:b=1",
        "id:u=000102030405060708090a0b0c0d0e0f", "where_clause:t=a > 1");
    ROW(&f->own, CQ_T_VIEWS, "keyspace_name:t=k", "view_name:t=t", "base_table_name:t=b",
        "base_table_id:u=00", "include_all_columns:b=1", "id:u=ff0102030405060708090a0b0c0d0e0f",
        "where_clause:t=a > 1");
    ROW(&f->own, CQ_T_VIEWS, "keyspace_name:t=k", "view_name:t=t", "base_table_name:t=b",
        "base_table_id:u=00", "include_all_columns:b=0", "id:u=ff0102030405060708090a0b0c0d0e0f",
        "where_clause:t=a > 1");
    width = cq_shape_cells(&f->own.shape) * sizeof(cq_bytes);
    f->o.kind = CQ_KIND_VIEW;
    ROW(&f->dropped, CQ_T_DROPPED, "column_name:t=d", "dropped_time:s=1", "type:t=int");
    line = line_of(f);
    has(line, "\"table_id\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\",\"base_table\":\"b\","
              "\"base_table_id\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\",\"where_clause\":"
              "\"a > 1\",\"include_all_columns\":true,\"columns\":[]");
    memcpy(first, strstr(line, "\"hash\""), 43);
    memcpy(f->own.cells, made_at(&f->own, 1), width);
    f->dropped.n = 0;
    ROW(&f->dropped, CQ_T_DROPPED, "column_name:t=d", "dropped_time:s=2000", "type:t=int");
    assert_memory_equal(first, strstr(line_of(f), "\"hash\""), 43);
    memcpy(f->own.cells, made_at(&f->own, 2), width);
    assert_memory_not_equal(first, strstr(line_of(f), "\"hash\""), 43);
}

static void target_is(const char *options, const char *columns)
{
    void *state = NULL;
    char want[400];
    struct fixture *f;

    setup(&state);
    f = state;
    ROW(&f->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t");
    ROW(&f->indexes, CQ_T_INDEXES, "index_name:t=i", "kind:t=KEYS", options);
    snprintf(want, sizeof(want), "\"using\":\"2i\",\"columns\":%s,\"options\":[]}]", columns);
    has(line_of(f), want);
    teardown(&state);
}

static void targets(void **state)
{
    (void)state;
    target_is("options:m=target|col", "[\"col\"]");
    target_is("options:m=target|\"Col\"", "[\"Col\"]");
    target_is("options:m=target|\"a\"\"b\"", "[\"a\\\"b\"]");
    target_is("options:m=target|values(\"a)b\")", "[\"a)b\"]");
    target_is("options:m=target|keys(c)", "[\"c\"]");
    target_is("options:m=target|entries(c)", "[\"c\"]");
    target_is("options:m=target|full(c)", "[\"c\"]");
    target_is("options:m=target|\"values(c)\"", "[\"values(c)\"]");
    target_is("options:m=target|old unquoted name", "[\"old unquoted name\"]");
    target_is("options:m=target|\"no end", "[\"\\\"no end\"]");
    target_is("options:m=target|{\"pk\":[\"a\",\"b\"],\"ck\":[\"c\\\"d\"]}",
              "[\"a\",\"b\",\"c\\\"d\"]");
    target_is("options:m=target|{odd name", "[\"{odd name\"]");
    target_is("options:m=target|{\"pk\":[\"a\"", "[\"{\\\"pk\\\":[\\\"a\\\"\"]");
    target_is("options:m=target|(a, \"B c\"), d", "[\"a\",\"B c\",\"d\"]");
    target_is("options:m=target|", "[\"\"]");
}

static void using_is(const char *kind, const char *class, const char *using)
{
    void *state = NULL;
    char options[200], want[200], kind_cell[50];
    struct fixture *f;

    setup(&state);
    f = state;
    snprintf(options, sizeof(options), "options:m=class_name|%s", class);
    snprintf(kind_cell, sizeof(kind_cell), "kind:t=%s", kind);
    ROW(&f->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t");
    ROW(&f->indexes, CQ_T_INDEXES, "index_name:t=i", kind_cell, options);
    snprintf(want, sizeof(want), "\"class\":\"%s\",\"using\":%s,", class, using);
    has(line_of(f), want);
    teardown(&state);
}

static void index_classes(void **state)
{
    (void)state;
    using_is("CUSTOM", "org.apache.cassandra.index.sai.StorageAttachedIndex", "\"sai\"");
    using_is("CUSTOM", "StorageAttachedIndex", "\"sai\"");
    using_is("CUSTOM", "SAI", "\"sai\"");
    using_is("CUSTOM", "org.apache.cassandra.index.sasi.SASIIndex", "\"sasi\"");
    using_is("CUSTOM", "legacy_local_table", "\"2i\"");
    using_is("CUSTOM", "org.example.Index", "null");
    using_is("CUSTOM", "xsai", "null");
    using_is("CUSTOM", "sa", "null");
    using_is("COMPOSITES", "x", "\"2i\"");
}

#define TYPE(name, names, kinds)                                                                   \
    ROW(&f->types, CQ_T_TYPES, "keyspace_name:t=k", "type_name:t=" name, "field_names:l=" names,   \
        "field_types:l=" kinds)

/* uses: named directly; types: all that is reached, by name, once, circles and all. */
static void user_types(void **state)
{
    struct fixture *f = *state;
    const char *line;

    ROW(&f->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t");
    COLUMN("p", "partition_key", "0", "none", "map<text, frozen<b>>");
    COLUMN("r", "regular", "-1", "none", "tuple<frozen<\"A x\">, b, b, nobody, 'b'>");
    TYPE("z", "f", "int");
    TYPE("A x", "f|g", "frozen<z>|int");
    TYPE("b", "f", "frozen<\"A x\">");
    TYPE("z", "again", "int");
    TYPE("unused", "f", "int");
    line = line_of(f);
    has(line, "\"type\":\"map<text, frozen<b>>\",\"kind\":\"partition_key\",\"position\":0,"
              "\"uses\":[\"b\"]}");
    has(line, "\"kind\":\"regular\",\"uses\":[\"A x\",\"b\"]}");
    has(line, "\"types\":[{\"name\":\"A x\",\"fields\":[{\"name\":\"f\",\"type\":\"frozen<z>\","
              "\"uses\":[\"z\"]},{\"name\":\"g\",\"type\":\"int\"}]},{\"name\":\"b\",\"fields\":"
              "[{\"name\":\"f\",\"type\":\"frozen<\\\"A x\\\">\",\"uses\":[\"A x\"]}]},"
              "{\"name\":\"z\",\"fields\":[{\"name\":\"f\",\"type\":\"int\"}]}],");
    structure_is(f, "[\"table\",[[\"p\",\"map<text, frozen<b>>\",\"partition_key\",0,null],"
                    "[\"r\",\"tuple<frozen<\\\"A x\\\">, b, b, nobody, 'b'>\",\"regular\",null,"
                    "null]],[[\"A x\",[[\"f\",\"frozen<z>\"],[\"g\",\"int\"]]],[\"b\",[[\"f\","
                    "\"frozen<\\\"A x\\\">\"]]],[\"z\",[[\"f\",\"int\"]]]],[]]");
}

static void circular_types(void **state)
{
    struct fixture *f = *state;

    ROW(&f->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t");
    COLUMN("p", "partition_key", "0", "none", "a");
    TYPE("a", "f", "b");
    TYPE("b", "f|g", "a|b");
    has(line_of(f), "\"types\":[{\"name\":\"a\",\"fields\":[{\"name\":\"f\",\"type\":\"b\","
                    "\"uses\":[\"b\"]}]},{\"name\":\"b\",");
}

static void table_structure(void **state)
{
    struct fixture *f = *state;

    ROW(&f->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t");
    COLUMN("c", "clustering", "0", "desc", "int");
    COLUMN("n", "clustering", "1", "none", "int");
    COLUMN("p", "partition_key", "0", "none", "int");
    ROW(&f->indexes, CQ_T_INDEXES, "index_name:t=i1", "kind:t=KEYS", "options:m=target|z");
    ROW(&f->indexes, CQ_T_INDEXES, "index_name:t=i2", "kind:t=KEYS", "options:m=target|keys(a)");
    ROW(&f->indexes, CQ_T_INDEXES, "index_name:t=i3", "kind:t=KEYS", "options:m=NULL");
    line_of(f);
    structure_is(f, "[\"table\",[[\"p\",\"int\",\"partition_key\",0,null],"
                    "[\"c\",\"int\",\"clustering\",0,\"desc\"],"
                    "[\"n\",\"int\",\"clustering\",1,null]],[],[\"keys(a)\",\"z\"]]");
}

static void functions(void **state)
{
    struct fixture *f = *state;
    const char *line;

    f->o.kind = CQ_KIND_FUNCTION;
    ROW(&f->own, CQ_T_FUNCTIONS, "keyspace_name:t=k", "function_name:t=t",
        "argument_types:l=int|list<text>", "argument_names:l=a|B", "body:t=return 1;\n",
        "called_on_null_input:b=1", "language:t=java", "return_type:t=int", "deterministic:b=1");
    line = line_of(f);
    has(line, "\"id\":\"c/function/k/t(int,list%3Ctext%3E)\"");
    has(line, "\"keyspace\":\"k\",\"name\":\"t\",\"arguments\":[{\"name\":\"a\",\"type\":\"int\"},"
              "{\"name\":\"B\",\"type\":\"list<text>\"}],\"return_type\":\"int\",\"language\":"
              "\"java\",\"body\":\"return 1;\\n\",\"called_on_null_input\":true,\"extra\":"
              "[{\"name\":\"deterministic\",\"type\":\"boolean\",\"value\":\"true\"}]}\n");
    structure_is(f, "[\"function\",[\"int\",\"list<text>\"],\"int\"]");
}

static void aggregates(void **state)
{
    struct fixture *f = *state;
    const char *line;

    f->o.kind = CQ_KIND_AGGREGATE;
    ROW(&f->own, CQ_T_AGGREGATES, "keyspace_name:t=k", "aggregate_name:t=t", "argument_types:l=int",
        "final_func:t=NULL", "initcond:t=(0, 0)", "return_type:t=double", "state_func:t=s",
        "state_type:t=tuple<int>");
    line = line_of(f);
    has(line, "\"id\":\"c/aggregate/k/t(int)\"");
    has(line, "\"argument_types\":[\"int\"],\"return_type\":\"double\",\"state_function\":\"s\","
              "\"state_type\":\"tuple<int>\",\"final_function\":null,\"initial_condition\":"
              "\"(0, 0)\",\"extra\":[]}\n");
    structure_is(f, "[\"aggregate\",[\"int\"],\"double\",\"tuple<int>\"]");
}

static void a_type(void **state)
{
    struct fixture *f = *state;
    const char *line;

    f->o.kind = CQ_KIND_TYPE;
    TYPE("other", "x", "int");
    ROW(&f->own, CQ_T_TYPES, "keyspace_name:t=k", "type_name:t=t", "field_names:l=a|b",
        "field_types:l=frozen<other>");
    line = line_of(f);
    has(line, "\"fields\":[{\"name\":\"a\",\"type\":\"frozen<other>\",\"uses\":[\"other\"]},"
              "{\"name\":\"b\",\"type\":null}],\"extra\":[]}\n");
    structure_is(f, "[\"type\",[[\"a\",\"frozen<other>\"],[\"b\",null]]]");
}

static void keyspaces(void **state)
{
    struct fixture *f = *state;
    const char *line;

    f->o.kind = CQ_KIND_KEYSPACE;
    ROW(&f->own, CQ_T_KEYSPACES, "keyspace_name:t=k", "durable_writes:b=0",
        "replication:m=dc1|3|class|NTS|DC 2|1", "graph_engine:t=Core");
    line = line_of(f);
    has(line, "\"id\":\"c/keyspace/k\"");
    has(line, "\"virtual\":false,\"name\":\"k\",\"replication\":{\"class\":\"NTS\",\"options\":"
              "[{\"name\":\"DC 2\",\"value\":\"1\"},{\"name\":\"dc1\",\"value\":\"3\"}]},"
              "\"durable_writes\":false,\"extra\":[{\"name\":\"graph_engine\",\"type\":\"text\","
              "\"value\":\"Core\"}]}\n");
    has(line, "\"structure_hash\":null");
}

static void virtual_objects(void **state)
{
    struct fixture *f = *state;

    f->o.virtual_ = true;
    ROW(&f->own, CQ_T_VTABLES, "keyspace_name:t=k", "table_name:t=t", "comment:t=x");
    COLUMN("p", "partition_key", "0", "none", "int");
    has(line_of(f), "\"virtual\":true,\"keyspace\":\"k\",\"name\":\"t\",\"comment\":\"x\","
                    "\"columns\":[{\"name\":\"p\",\"type\":\"int\",\"kind\":\"partition_key\","
                    "\"position\":0}],\"extra\":[]}\n");
}

static const char *node_line(struct fixture *f, int want)
{
    cq_bytes line;

    assert_int_equal(cq_model_node(&f->model, &f->own.shape, made_at(&f->own, 0), 9042, &line),
                     want);
    cq_buf_putc(&f->rec.out, 0);
    return (const char *)f->rec.out.p;
}

static void nodes(void **state)
{
    struct fixture *f = *state;
    const char *line;

    ROW(&f->own, CQ_T_PEERS, "peer:n=10.0.0.1", "data_center:t=dc 1", "host_id:u=NULL",
        "preferred_ip:n=NULL", "rack:t=r", "release_version:t=3.11", "rpc_address:n=0.0.0.0",
        "schema_version:u=NULL", "tokens:e=1|2", "workload:t=Search");
    line = node_line(f, 0);
    has(line, "\"id\":\"c/node/10.0.0.1\"");
    has(line, "\"virtual\":false,\"host_id\":null,\"addresses\":{\"rpc\":\"0.0.0.0\",\"preferred\":"
              "null,\"peer\":\"10.0.0.1\"},\"port\":9042,\"dc\":\"dc 1\",\"rack\":\"r\","
              "\"release_version\":\"3.11\",\"schema_version\":null,\"observed\":false,\"extra\":"
              "[{\"name\":\"workload\",\"type\":\"text\",\"value\":\"Search\"}]}\n");
    f->own.n = 0;
    ROW(&f->own, CQ_T_PEERS, "peer:n=NULL", "host_id:u=NULL");
    node_line(f, CQ_ENOT_FOUND);
    f->own.n = 0;
    ROW(&f->own, CQ_T_LOCAL, "host_id:u=000102030405060708090a0b0c0d0e0f", "rpc_port:i=9999",
        "rpc_address:n=1.2.3.4", "truncated_at:m=a|b");
    line = node_line(f, 0);
    has(line, "\"addresses\":{\"rpc\":\"1.2.3.4\"},\"port\":9999,\"ports\":{\"rpc\":9999},"
              "\"observed\":true,\"extra\":[]}\n");
}

static void clusters(void **state)
{
    const struct cq_tls_facts tls = {"TLSv1.3", "TLS_AES_256_GCM_SHA384", "CN=a", "CN=b", 0};
    const cq_bytes offered[] = {CQ_LIT("4/v4"), CQ_LIT("5/v5")};
    const struct cq_product product = {"Apache Cassandra", "5.0.9", "release_version"};
    struct fixture *f = *state;
    struct cq_cluster_facts facts = {.protocol = 5,
                                     .offered = offered,
                                     .n_offered = 2,
                                     .compression = "lz4",
                                     .authenticator = "org.x.PasswordAuthenticator",
                                     .product = &product,
                                     .tls = &tls};
    cq_bytes line;

    assert_int_equal(cq_model_cluster(&f->model, &facts, &line), 0);
    cq_buf_putc(&f->rec.out, 0);
    has((const char *)line.p,
        "\"virtual\":false,\"product\":{\"name\":\"Apache Cassandra\",\"version\":\"5.0.9\","
        "\"source\":\"release_version\"},\"protocol\":{\"chosen\":5,\"offered\":[\"4/v4\",\"5/v5\"]"
        "},\"compression\":\"lz4\",\"authenticator\":\"org.x.PasswordAuthenticator\",\"tls\":"
        "{\"version\":\"TLSv1.3\",\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"subject\":\"CN=a\","
        "\"issuer\":\"CN=b\",\"not_after\":\"1970-01-01T00:00:00.000Z\"}}\n");
}

static void anomalies(void **state)
{
    struct fixture *f = *state;
    struct cq_anomaly a = {"orphan_columns", "table", CQ_LIT("k"), CQ_LIT("t x"), "no table"};
    cq_bytes line;

    assert_int_equal(cq_model_anomaly(&f->model, &a, &line), 0);
    cq_buf_putc(&f->rec.out, 0);
    has((const char *)line.p, "\"id\":\"c/anomaly/orphan_columns/table/k/t%20x\"");
    has((const char *)line.p, "\"about\":{\"kind\":\"table\",\"keyspace\":\"k\",\"name\":\"t x\"},"
                              "\"code\":\"orphan_columns\",\"text\":\"no table\"}\n");
}

static void a_failed_scope(void **state)
{
    struct fixture *f = *state;
    struct cq_scope s = {.attempt = 2,
                         .started_ms = 1000,
                         .finished_ms = 2500,
                         .read = CQ_READ_FAILED,
                         .err = CQ_EREFUSED,
                         .text = "10.0.0.1:9042",
                         .n_reasons = 1,
                         .reasons = {{"denied", "system_schema.types", "no"}},
                         .requests = 3,
                         .bytes_in = 123456789012,
                         .ns_connect = 1234567,
                         .ns_total = 2000000};
    cq_bytes line;

    s.tables[CQ_T_TYPES].outcome = CQ_OUTCOME_DENIED;
    assert_int_equal(cq_model_scope_end(&f->model, &s, &line), 0);
    cq_buf_putc(&f->rec.out, 0);
    has((const char *)line.p,
        "\"attempt\":2,\"started_at\":\"1970-01-01T00:00:01.000Z\",\"finished_at\":"
        "\"1970-01-01T00:00:02.500Z\",\"read\":\"failed\",\"class\":\"network\",\"code\":"
        "\"connection_refused\",\"text\":\"10.0.0.1:9042\",\"remedy\":\"check the port");
    has((const char *)line.p,
        "\"reasons\":[{\"code\":\"denied\",\"text\":\"no\",\"table\":\"system_schema.types\"}],"
        "\"proof\":\"none\",\"agreement\":null,\"schema_version\":{\"before\":null,\"after\":null,"
        "\"settled\":null},\"tables\":[{\"name\":\"system_schema.types\",\"outcome\":\"denied\","
        "\"rows\":0,\"pages\":0}],\"counts\":{\"scope_begin\":0,");
    has((const char *)line.p,
        "\"digest\":null,\"filters_hash\":null,\"hash_v\":1,\"tool_version\":\"0.3.0\",\"cost\":"
        "{\"waits\":0,\"requests\":3,\"connections\":0,\"bytes_in\":123456789012,\"bytes_out\":0,"
        "\"ms\":{\"resolve\":0,\"connect\":1.235,\"tls\":0,\"protocol\":0,\"login\":0,\"before\":0,"
        "\"main\":0,\"after\":0,\"total\":2},\"cpu_us\":0}}\n");
}

static void system_keyspaces(void **state)
{
    (void)state;
    assert_true(cq_is_system_keyspace(CQ_LIT("system")));
    assert_true(cq_is_system_keyspace(CQ_LIT("system_replicated_keys")));
    assert_true(cq_is_system_keyspace(CQ_LIT("dse_perf")));
    assert_true(cq_is_system_keyspace(CQ_LIT("OpsCenter")));
    assert_false(cq_is_system_keyspace(CQ_LIT("opscenter")));
    assert_false(cq_is_system_keyspace(CQ_LIT("syste")));
    assert_false(cq_is_system_keyspace(CQ_LIT("dse_shop")));
    assert_false(cq_is_system_keyspace(CQ_LIT("audit")));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(column_order),
        T(cut_short),
        T(key_checks),
        T(blob_names),
        T(masks),
        T(options),
        T(old_compression_and_nulls),
        T(children),
        T(muted_members),
        T(user_types),
        T(circular_types),
        T(table_structure),
        T(functions),
        T(aggregates),
        T(a_type),
        T(keyspaces),
        T(virtual_objects),
        T(nodes),
        T(clusters),
        T(anomalies),
        T(a_failed_scope),
        cmocka_unit_test(targets),
        cmocka_unit_test(index_classes),
        cmocka_unit_test(system_keyspaces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
