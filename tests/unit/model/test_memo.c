/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a memo must never do: give back what was made of other cells. First the memo alone, then the
 * model: whatever tables come one after the other, their records are the ones that a model without
 * a memo writes.
 */
#include "model/memo.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/base/cmocka_all.h"
#include "unit/base/watched.h"
#include "unit/model/rows.h"

#define TEXT(s) CQ_LIT(s)

static bool finds(struct cq_memo *memo, enum cq_memo_of of, const struct cq_memo_key *key,
                  const char *want)
{
    struct cq_memo_found found;

    if (!cq_memo_find(memo, of, key, &found)) return false;
    assert_true(cq_eq(found.json, cq_str(want)));
    return true;
}

static void keep(struct cq_memo *memo, enum cq_memo_of of, const struct cq_memo_key *key,
                 const char *json)
{
    cq_memo_keep(memo, of, key, &(struct cq_memo_found){cq_str(json), TEXT("s")});
}

static void every_byte_counts(void **state)
{
    static const cq_bytes kept[2] = {{(const uint8_t *)"regular", 7}, {(const uint8_t *)"text", 4}};
    const cq_bytes others[][2] = {
        {TEXT("regulaR"), TEXT("text")},  /* a byte */
        {TEXT("regular"), TEXT("texts")}, /* longer by one, the same so far */
        {TEXT("regular"), TEXT("tex")},   /* shorter */
        {TEXT("regulart"), TEXT("ext")},  /* cut elsewhere */
        {TEXT("regular"), TEXT("")},      /* empty, not null */
        {TEXT("regular"), CQ_NULL},       /* null, not empty */
    };
    struct cq_memo_key key = {.shape = 1, .cells = kept, .n = 2}, other = key;
    struct cq_memo *memo;

    (void)state;
    assert_int_equal(cq_memo_new(&memo, &cq_mem_libc), 0);
    keep(memo, CQ_MEMO_COLUMN, &key, "kept");
    assert_true(finds(memo, CQ_MEMO_COLUMN, &key, "kept"));
    assert_false(finds(memo, CQ_MEMO_OPTIONS, &key, "kept"));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        other.cells = others[i];
        assert_false(finds(memo, CQ_MEMO_COLUMN, &other, ""));
        keep(memo, CQ_MEMO_COLUMN, &other, "other");
        assert_true(finds(memo, CQ_MEMO_COLUMN, &other, "other"));
    }
    other = key;
    other.shape = 2;
    assert_false(finds(memo, CQ_MEMO_COLUMN, &other, ""));
    other = key;
    other.hash = 1; /* a hash says where to look, and nothing else */
    assert_false(finds(memo, CQ_MEMO_COLUMN, &other, ""));
    cq_memo_free(memo);
}

/* Lengths on both sides of every step of the comparison, each byte changed once. */
static void no_byte_is_passed_over(void **state)
{
    uint8_t a[100], b[100];
    struct cq_memo *memo;

    (void)state;
    assert_int_equal(cq_memo_new(&memo, &cq_mem_libc), 0);
    for (size_t n = 1; n <= sizeof(a); n++) {
        cq_bytes cell = {a, n}, changed = {b, n};
        struct cq_memo_key key = {.shape = 1, .cells = &cell, .n = 1};

        memset(a, (int)n, n);
        keep(memo, CQ_MEMO_COLUMN, &key, "kept");
        for (size_t i = 0; i < n; i++) {
            struct cq_memo_key other = {.shape = 1, .cells = &changed, .n = 1};

            memcpy(b, a, n);
            b[i] ^= 0x80;
            assert_false(finds(memo, CQ_MEMO_COLUMN, &other, ""));
        }
        assert_true(finds(memo, CQ_MEMO_COLUMN, &key, "kept"));
    }
    cq_memo_free(memo);
}

/* A memo that is full gives something up, and what is too long is not kept. */
static void has_bounds(void **state)
{
    static uint8_t big[1 << 16];
    char text[16];
    struct cq_memo *memo;
    unsigned n_found = 0;
    cq_bytes cell;
    struct cq_memo_key key = {.shape = 1, .cells = &cell, .n = 1};

    (void)state;
    assert_int_equal(cq_memo_new(&memo, &cq_mem_libc), 0);
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 100; i++) {
            snprintf(text, sizeof(text), "%u", i);
            cell = cq_str(text);
            assert_false(finds(memo, CQ_MEMO_OPTIONS, &key, ""));
            keep(memo, CQ_MEMO_OPTIONS, &key, text);
            assert_true(finds(memo, CQ_MEMO_OPTIONS, &key, text));
        }
    }
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof(text), "%u", i);
        cell = cq_str(text);
        n_found += finds(memo, CQ_MEMO_OPTIONS, &key, text);
    }
    assert_in_range(n_found, 1, CQ_MEMO_OPTIONS_KEPT);
    for (size_t n = CQ_MEMO_COLUMN_BYTES - 200; n <= CQ_MEMO_COLUMN_BYTES; n++) {
        size_t room = CQ_MEMO_COLUMN_BYTES - sizeof(struct cq_memo_place) - CQ_MEMO_COPY;

        cell = (cq_bytes){big, n};
        keep(memo, CQ_MEMO_COLUMN, &key, "{}");
        assert_int_equal(finds(memo, CQ_MEMO_COLUMN, &key, "{}"), n + 3 <= room);
    }
    cell = (cq_bytes){big, sizeof(big)};
    keep(memo, CQ_MEMO_OPTIONS, &key, "{}");
    assert_false(finds(memo, CQ_MEMO_OPTIONS, &key, ""));
    cell = TEXT("1");
    cq_memo_keep(memo, CQ_MEMO_OPTIONS, &key,
                 &(struct cq_memo_found){{big, sizeof(big)}, {big, 0}});
    assert_false(finds(memo, CQ_MEMO_OPTIONS, &key, ""));
    cell = CQ_NULL; /* found by no length that sixteen bits might take for it */
    keep(memo, CQ_MEMO_OPTIONS, &key, "null");
    cell = (cq_bytes){big, UINT16_MAX};
    assert_false(finds(memo, CQ_MEMO_OPTIONS, &key, ""));
    cq_memo_free(memo);
}

static void works_or_is_not_there(void **state)
{
    struct cq_memo_found found;
    struct cq_memo *memo;
    cq_bytes cell = TEXT("a");
    struct cq_memo_key key = {.shape = 1, .cells = &cell, .n = 1};
    size_t n = 1;

    (void)state;
    for (;; n++) {
        struct watched w;
        int err;

        watched_init(&w, n);
        err = cq_memo_new(&memo, &w.mem);
        assert_true(err == 0 ? memo != NULL : err == CQ_ENOMEM && !memo);
        for (int i = 0; memo && i < 1000; i++)
            keep(memo, CQ_MEMO_COLUMN, &key, "k");
        cq_memo_free(memo);
        assert_int_equal(w.alive, 0);
        if (!err) break;
    }
    assert_in_range(n, 2, 10);
    assert_false(cq_memo_find(NULL, CQ_MEMO_COLUMN, &key, &found));
    keep(NULL, CQ_MEMO_COLUMN, &key, "k");
    cq_memo_free(NULL);
}

/* ---- the model with a memo beside one without ---- */

struct both {
    struct cq_rec rec[2];
    struct cq_model model[2];
    struct cq_memo *memo;
    struct cq_udts *udts;
    struct made own, columns;
    uint32_t alike; /* of what put_table puts */
};

static int setup(void **state)
{
    struct both *b = calloc(1, sizeof(*b));

    for (int i = 0; i < 2; i++) {
        cq_rec_init(&b->rec[i], &cq_mem_libc);
        cq_rec_scope(&b->rec[i], CQ_LIT("c"), CQ_NULL, 1);
        cq_model_init(&b->model[i], &cq_mem_libc, &b->rec[i]);
    }
    assert_int_equal(cq_memo_new(&b->memo, &cq_mem_libc), 0);
    b->model[1].memo = b->memo;
    assert_int_equal(cq_udts_new(&b->udts, &cq_mem_libc), 0);
    made_init(&b->own);
    made_init(&b->columns);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct both *b = *state;

    for (int i = 0; i < 2; i++) {
        cq_model_fini(&b->model[i]);
        cq_rec_fini(&b->rec[i]);
    }
    cq_memo_free(b->memo);
    cq_udts_free(b->udts);
    made_fini(&b->own);
    made_fini(&b->columns);
    free(b);
    return 0;
}

/* The object by both models; what they write, or how they fail, is the same. */
static int put(struct both *b, const struct cq_object *o)
{
    cq_bytes line[2];
    int err = cq_model_object(&b->model[0], o, &line[0]);

    assert_int_equal(cq_model_object(&b->model[1], o, &line[1]), err);
    if (err) return err;
    if (!cq_eq(line[0], line[1])) fail_msg("%.*s\n%.*s", CQ_FMT(line[0]), CQ_FMT(line[1]));
    assert_true(cq_eq(cq_buf_view(&b->rec[0].structure), cq_buf_view(&b->rec[1].structure)));
    return 0;
}

static bool has(struct both *b, const char *part)
{
    cq_buf_putc(&b->rec[1].out, 0);
    return strstr((const char *)b->rec[1].out.p, part) != NULL;
}

/* What is in own and columns, as a table; both are empty then. */
static int put_table(struct both *b)
{
    struct cq_object o = {.kind = b->own.shape.table == CQ_T_VIEWS ? CQ_KIND_VIEW : CQ_KIND_TABLE,
                          .keyspace = CQ_LIT("k"),
                          .name = CQ_LIT("t"),
                          .udts = b->udts,
                          .alike = b->alike};
    int err;

    o.shape = &b->own.shape;
    o.cells = made_at(&b->own, 0);
    o.columns = made_set(&b->columns);
    err = put(b, &o);
    made_fini(&b->own);
    made_fini(&b->columns);
    made_init(&b->own);
    made_init(&b->columns);
    return err;
}

#define OPTIONS(b, grace, ttl, compaction, policy)                                                 \
    ROW(&(b)->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t",                             \
        "additional_write_policy:t=" policy, "bloom_filter_fp_chance:d=0.01",                      \
        "compaction:m=" compaction, "default_time_to_live:i=" ttl, "flags:e=compound",             \
        "gc_grace_seconds:i=" grace)

static void options_of_the_table_before(void **state)
{
    struct both *b = *state;

    for (int round = 0; round < 2; round++) {
        OPTIONS(b, "864000", "0", "class|X|max|4", "99p");
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "\"gc_grace_seconds\":864000"));
        OPTIONS(b, "864001", "0", "class|X|max|4", "99p"); /* one byte */
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "\"gc_grace_seconds\":864001"));
        OPTIONS(b, "864000", "0", "class|X|max|5", "99p"); /* one byte, where no hash looks */
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "{\"name\":\"max\",\"value\":\"5\"}"));
        OPTIONS(b, "864000", "0", "class|X|max|4", "99"); /* shorter */
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "\"additional_write_policy\":\"99\""));
        OPTIONS(b, "864000", "0", "class|X|max|4", ""); /* empty */
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "\"additional_write_policy\":\"\""));
        OPTIONS(b, "864000", "0", "class|X|max|4", "NULL");
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "\"additional_write_policy\":null"));
        OPTIONS(b, "864000", "NULL", "class|X|max|4", "99p");
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "\"default_time_to_live\":null"));
    }
}

/* A memo's places are written over by other crawls between two tables of this one. */
static void options_of_another_crawl(void **state)
{
    struct both *b = *state, other = {0};
    char grace[40];

    other.memo = b->memo;
    for (int i = 0; i < 2; i++) {
        cq_rec_init(&other.rec[i], &cq_mem_libc);
        cq_rec_scope(&other.rec[i], CQ_LIT("d"), CQ_NULL, 1);
        cq_model_init(&other.model[i], &cq_mem_libc, &other.rec[i]);
        other.model[i].memo = other.memo;
    }
    made_init(&other.own);
    made_init(&other.columns);
    for (int round = 0; round < 4; round++) {
        b->alike = 7;
        OPTIONS(b, "864000", "0", "class|X|max|4", "99p");
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "\"gc_grace_seconds\":864000"));
        for (int i = 0; round == 2 && i < 100; i++) {
            snprintf(grace, sizeof(grace), "gc_grace_seconds:i=%d", 864000 + (i << 12));
            ROW(&other.own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t",
                "additional_write_policy:t=99p", "bloom_filter_fp_chance:d=0.01",
                "compaction:m=class|X|max|4", "default_time_to_live:i=0", "flags:e=compound",
                grace);
            assert_int_equal(put_table(&other), 0);
        }
    }
    for (int i = 0; i < 2; i++) {
        cq_model_fini(&other.model[i]);
        cq_rec_fini(&other.rec[i]);
    }
    made_fini(&other.own);
    made_fini(&other.columns);
}

/* The same cells, of a server that has other columns, or of a view. */
static void options_of_another_shape(void **state)
{
    struct both *b = *state;

    for (int round = 0; round < 2; round++) {
        ROW(&b->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t", "comment:t=a",
            "gc_grace_seconds:i=10");
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "\"options\":{\"gc_grace_seconds\":10}"));
        ROW(&b->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t", "comment:t=b",
            "cdc:b=NULL", "gc_grace_seconds:i=10");
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "\"options\":{\"cdc\":null,\"gc_grace_seconds\":10}"));
        ROW(&b->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t", "comment:t=b",
            "gc_grace_seconds:i=10", "flags:e=NULL");
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "\"flags\":null,\"options\":{\"gc_grace_seconds\":10}"));
        ROW(&b->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t", "comment:t=b",
            "flags:e=compound|dense", "gc_grace_seconds:i=10");
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "\"flags\":[\"compound\",\"dense\"],"));
        ROW(&b->own, CQ_T_VIEWS, "keyspace_name:t=k", "view_name:t=t", "comment:t=b",
            "gc_grace_seconds:i=10", "base_table_id:u=00112233445566778899aabbccddeeff");
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, ",\"options\":{\"gc_grace_seconds\":10}"));
        assert_false(has(b, "flags"));
    }
}

/* Options are taken for whole where they were found: they must have been. */
static void options_cut_short(void **state)
{
    struct both *b = *state;

    for (int round = 0; round < 3; round++) {
        OPTIONS(b, "1", "0", "class|X", "99p");
        if (round == 1) { /* it says that there are two entries */
            cq_bytes map = made_at(&b->own, 0)[CQ_TABLES_compaction];

            ((uint8_t *)(uintptr_t)map.p)[3]++;
        }
        assert_int_equal(put_table(b), round == 1 ? CQ_EPROTOCOL : 0);
    }
}

#define OWN(b) ROW(&(b)->own, CQ_T_TABLES, "keyspace_name:t=k", "table_name:t=t")
/* As servers send it: what is looked at as one stretch stands behind each other. */
#define COLUMN(b, name, order, kind, position, type)                                               \
    ROW(&(b)->columns, CQ_T_COLUMNS, "keyspace_name:t=k", "table_name:t=t", "column_name:t=" name, \
        "clustering_order:t=" order, "column_name_bytes:x=NULL", "kind:t=" kind,                   \
        "position:i=" position, "type:t=" type)
/* And in another order. */
#define COLUMN2(b, name, order, kind, position, type)                                              \
    ROW(&(b)->columns, CQ_T_COLUMNS, "keyspace_name:t=k", "table_name:t=t", "type:t=" type,        \
        "column_name:t=" name, "position:i=" position, "clustering_order:t=" order,                \
        "kind:t=" kind)

static void columns_of_every_kind(void **state)
{
    struct both *b = *state;

    for (int round = 0; round < 3; round++) {
        OWN(b);
        COLUMN(b, "a", "none", "regular", "-1", "text");
        COLUMN(b, "b", "none", "regular", "-1", "texts");
        COLUMN(b, "c", "none", "regulaR", "-1", "text");
        COLUMN(b, "d", "asc", "clustering", "0", "text");
        COLUMN(b, "e", "desc", "clustering", "0", "text");
        COLUMN(b, "f", "desc", "clustering", "1", "text");
        COLUMN(b, "g", "DESC", "clustering", "1", "text");
        COLUMN(b, "h", "dasc", "clustering", "1", "text");
        COLUMN(b, "i", "dEsc", "clustering", "1", "text");
        COLUMN(b, "i2", "desC", "clustering", "1", "text");
        COLUMN(b, "j", "NULL", "clustering", "1", "text");
        COLUMN(b, "k", "", "clustering", "1", "text");
        COLUMN(b, "l", "ascending", "clustering", "NULL", "text");
        COLUMN(b, "m", "none", "partition_key", "0", "text");
        COLUMN(b, "n", "none", "partition_key", "256", "text");
        COLUMN(b, "o", "none", "static", "-1", "NULL");
        COLUMN(b, "p", "none", "NULL", "NULL", "");
        COLUMN(b, "q\"", "none", "regular", "-1", "text");
        COLUMN(b, "r\xff", "none", "regular", "-1", "text");
        COLUMN(b, "", "none", "regular", "-1", "text");
        COLUMN(b, "NULL", "none", "regular", "-1", "text");
        COLUMN(b, "seventeen_letters", "none", "regular", "-1", "text");
        COLUMN(b, "seventeen_letter\n", "none", "regular", "-1", "'a\"b'");
        COLUMN(b, "t", "none", "regular", "-1", "\xff");
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "{\"name\":\"f\",\"type\":\"text\",\"kind\":\"clustering\","
                           "\"position\":1,\"order\":\"desc\"}"));
        assert_true(has(b, "{\"name\":\"i\",\"type\":\"text\",\"kind\":\"clustering\","
                           "\"position\":1,\"order\":\"dEsc\"}"));
        OWN(b);
        COLUMN2(b, "a", "none", "regular", "-1", "text");
        COLUMN2(b, "b", "asc", "regular", "-1", "text");
        COLUMN2(b, "c", "none", "static", "-1", "text");
        COLUMN2(b, "d", "none", "static", "-1", "texts");
        COLUMN2(b, "e", "none", "regular", "1", "text");
        COLUMN2(b, "f", "none", "clustering", "1", "text");
        COLUMN2(b, "g", "asc", "clustering", "1", "text");
        assert_int_equal(put_table(b), 0);
        assert_true(has(b, "{\"name\":\"e\",\"type\":\"text\",\"kind\":\"regular\","
                           "\"position\":1}"));
    }
}

/* The same bytes cut elsewhere. */
static void kind_and_position_are_told_apart(void **state)
{
    static const uint8_t one[] = "regular\0\0\0\4\0\0\0\1\0\0\0\7tttttttt";
    struct cq_shape shape;
    struct both *b = *state;
    struct cq_object o = {.kind = CQ_KIND_TABLE, .keyspace = CQ_LIT("k"), .name = CQ_LIT("t")};

    OWN(b);
    COLUMN(b, "a", "none", "regular", "1", "text");
    shape = b->columns.shape;
    o.shape = &b->own.shape;
    o.cells = made_at(&b->own, 0);
    for (size_t cut = 0; cut < 2; cut++) {
        cq_bytes cells[CQ_COLUMNS_N] = {{NULL, 0}};

        cells[CQ_COLUMNS_column_name] = CQ_LIT("a");
        cells[CQ_COLUMNS_clustering_order] = CQ_LIT("none");
        cells[CQ_COLUMNS_kind] = (cq_bytes){one, 7 + cut};
        cells[CQ_COLUMNS_position] = (cq_bytes){one + 11 + cut, 4};
        cells[CQ_COLUMNS_type] = (cq_bytes){one + 19 + cut, 8 - cut};
        o.columns = (struct cq_rowset){&shape, cells, 1};
        assert_int_equal(put(b, &o), 0);
    }
}

/* What a name means that is not built in is up to the keyspace: the same text, other uses. */
static void types_of_two_keyspaces(void **state)
{
    struct both *b = *state;
    struct made types;

    made_init(&types);
    ROW(&types, CQ_T_TYPES, "keyspace_name:t=k", "type_name:t=Addr", "field_names:l=f",
        "field_types:l=text");
    for (int round = 0; round < 4; round++) {
        cq_udts_reset(b->udts);
        if (round % 2) assert_int_equal(cq_udts_add(b->udts, made_at(&types, 0)), 0);
        OWN(b);
        COLUMN(b, "a", "none", "regular", "-1", "frozen<\"Addr\">");
        COLUMN(b, "b", "none", "regular", "-1", "list<text>");
        assert_int_equal(put_table(b), 0);
        assert_int_equal(has(b, "\"uses\":[\"Addr\"]"), round % 2);
        assert_int_equal(has(b, "\"types\":[]"), round % 2 == 0);
    }
    made_fini(&types);
}

static void a_type_of_64_KiB(void **state)
{
    static char text[CQ_KIB(64) + 8];
    struct both *b = *state;

    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "type:t='", 8);
    text[sizeof(text) - 2] = '\'';
    for (int round = 0; round < 2; round++) {
        OWN(b);
        ROW(&b->columns, CQ_T_COLUMNS, "keyspace_name:t=k", "table_name:t=t", "column_name:t=a",
            "clustering_order:t=none", "kind:t=regular", "position:i=-1", text);
        assert_int_equal(put_table(b), 0);
        assert_true(b->rec[1].out.n > CQ_KIB(64));
    }
}

/* More different columns than there are places, and the first ones again. */
static void more_than_fits(void **state)
{
    struct both *b = *state;
    unsigned n = 0;

    for (int round = 0; round < 2; round++) {
        for (unsigned table = 0; table < 40; table++) {
            OWN(b);
            for (unsigned i = 0; i < 20; i++, n++) {
                char name[32], type[64];

                snprintf(name, sizeof(name), "column_name:t=c%02u", i);
                snprintf(type, sizeof(type), "type:t='%u'", n % 700);
                made_row(&b->columns, CQ_T_COLUMNS,
                         (const char *const[]){"keyspace_name:t=k", "table_name:t=t", name,
                                               "clustering_order:t=none", "kind:t=regular",
                                               "position:i=-1", type, NULL});
            }
            assert_int_equal(put_table(b), 0);
        }
    }
}

/* A mask, an unknown column: they come behind what was found. */
static void what_follows(void **state)
{
    struct both *b = *state;
    struct made masks;
    struct cq_object o = {.kind = CQ_KIND_TABLE, .keyspace = CQ_LIT("k"), .name = CQ_LIT("t")};

    made_init(&masks);
    ROW(&masks, CQ_T_MASKS, "keyspace_name:t=k", "table_name:t=t", "column_name:t=b",
        "function_name:t=mask_null");
    OWN(b);
    COLUMN(b, "a", "none", "regular", "-1", "text");
    COLUMN(b, "b", "none", "regular", "-1", "text");
    o.shape = &b->own.shape;
    o.cells = made_at(&b->own, 0);
    o.columns = made_set(&b->columns);
    for (int round = 0; round < 4; round++) {
        o.masks = round % 2 ? made_set(&masks) : (struct cq_rowset){0};
        assert_int_equal(put(b, &o), 0);
        assert_int_equal(has(b, "\"mask\":"), round % 2);
    }
    made_fini(&b->columns);
    made_init(&b->columns);
    for (int i = 0; i < 2; i++)
        ROW(&b->columns, CQ_T_COLUMNS, "keyspace_name:t=k", "table_name:t=t", "column_name:t=a",
            "clustering_order:t=none", "kind:t=regular", "position:i=-1", "type:t=text", "new:t=x");
    o.columns = made_set(&b->columns);
    assert_int_equal(put(b, &o), 0);
    assert_true(has(b, "\"kind\":\"regular\",\"extra\":[{\"name\":\"new\""));
    made_fini(&masks);
}

/* Checked before, not, or said to be once too often: the order is the same. */
static void keys_checked_before(void **state)
{
    struct both *b = *state;

    for (int by_name = 0; by_name < 2; by_name++) {
        struct cq_object o = {.kind = CQ_KIND_TABLE, .keyspace = CQ_LIT("k"), .name = CQ_LIT("t")};
        struct cq_key_check check;

        made_fini(&b->columns);
        made_init(&b->columns);
        OWN(b);
        if (!by_name) COLUMN(b, "z", "none", "regular", "-1", "text");
        COLUMN(b, "a", "asc", "clustering", "0", "text");
        COLUMN(b, "b", "none", "regular", "-1", "text");
        COLUMN(b, "c", "desc", "clustering", "1", "text");
        COLUMN(b, "p", "none", "partition_key", "0", "text");
        if (by_name) COLUMN(b, "z", "none", "regular", "-1", "text");
        o.shape = &b->own.shape;
        o.cells = made_at(&b->own, 0);
        o.columns = made_set(&b->columns);
        for (int i = 0; i < 2; i++)
            assert_int_equal(cq_model_check_keys(&b->model[i], &o.columns, &check), 0);
        for (int i = 0; i < 3; i++) {
            o.keys_checked = i < 2;
            assert_int_equal(put(b, &o), 0);
            assert_true(has(b, "\"columns\":[{\"name\":\"p\","));
            assert_true(has(b, "{\"name\":\"b\",\"type\":\"text\",\"kind\":\"regular\"},"
                               "{\"name\":\"z\",\"type\":\"text\",\"kind\":\"regular\"}],"));
        }
    }
}

/* Names as servers send them, more than a first buffer holds, of all lengths and odd ones: what is
 * written at once and what call by call is the same. */
static void names_and_their_bytes(void **state)
{
    static const char *const ends[] = {"", "x", "\"", "\\", "\n", "\xc3\xa9", "\xff"};
    struct both *b = *state;
    char cell[80], line[160];

    OWN(b);
    for (size_t i = 0; i < 7 * 40; i++) {
        struct cq_object o = {.kind = CQ_KIND_TABLE, .keyspace = CQ_LIT("k"), .name = CQ_LIT("t")};

        made_fini(&b->columns);
        made_init(&b->columns);
        for (int other = 0; other < 40; other++) {
            snprintf(cell, sizeof(cell), "column_name:t=%.*s%s", (int)(i / 7),
                     "abcdefghijklmnopqrstuvwxyz0123456789ABCDEF", ends[i % 7]);
            snprintf(line, sizeof(line), "column_name_bytes:x=");
            for (const char *p = cell + strlen("column_name:t="); *p; p++)
                sprintf(line + strlen(line), "%02x", (uint8_t)*p ^ (other % 3 == 1 && !p[1]));
            if (other % 3 == 2) strcat(line, "78");
            ROW(&b->columns, CQ_T_COLUMNS, "keyspace_name:t=k", "table_name:t=t", cell,
                "clustering_order:t=none", line, "kind:t=regular", "position:i=-1", "type:t=text");
        }
        o.shape = &b->own.shape;
        o.cells = made_at(&b->own, 0);
        o.columns = made_set(&b->columns);
        o.as_sent = true;
        assert_int_equal(put(b, &o), 0);
        assert_int_equal(put(b, &o), 0);
        assert_true(has(b, "\"name_base64\":"));
    }
}

/* What follows a name is told apart by all of it, also where the columns are as they were sent. */
static void sent_columns_are_told_apart(void **state)
{
    static const char *const order[] = {"clustering_order:t=none", "clustering_order:t=asc",
                                        "clustering_order:t=desc", "clustering_order:t=NULL"};
    static const char *const kind[] = {"kind:t=regular", "kind:t=statics", "kind:t=clustering",
                                       "kind:t=partition_key", "kind:t=NULL"};
    static const char *const position[] = {"position:i=-1", "position:i=0", "position:i=1",
                                           "position:i=65536", "position:i=NULL"};
    static const char *const type[] = {"type:t=text", "type:t=next", "type:t=map<text, text>",
                                       "type:t=map<int , text>", "type:t=NULL"};
    struct both *b = *state;

    OWN(b);
    for (int all = 0; all < 4 * 5 * 5 * 5; all++) {
        struct cq_object o = {.kind = CQ_KIND_TABLE, .keyspace = CQ_LIT("k"), .name = CQ_LIT("t")};

        made_fini(&b->columns);
        made_init(&b->columns);
        for (int n = 0; n < 20; n++)
            ROW(&b->columns, CQ_T_COLUMNS, "keyspace_name:t=k", "table_name:t=t", "column_name:t=c",
                order[all % 4], "column_name_bytes:x=63", kind[all / 4 % 5], position[all / 20 % 5],
                type[all / 100]);
        o.shape = &b->own.shape;
        o.cells = made_at(&b->own, 0);
        o.columns = made_set(&b->columns);
        o.as_sent = true;
        assert_int_equal(put(b, &o), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(no_byte_is_passed_over),
        cmocka_unit_test(has_bounds),
        cmocka_unit_test(works_or_is_not_there),
        cmocka_unit_test_setup_teardown(options_of_the_table_before, setup, teardown),
        cmocka_unit_test_setup_teardown(options_of_another_crawl, setup, teardown),
        cmocka_unit_test_setup_teardown(options_of_another_shape, setup, teardown),
        cmocka_unit_test_setup_teardown(options_cut_short, setup, teardown),
        cmocka_unit_test_setup_teardown(columns_of_every_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(kind_and_position_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(types_of_two_keyspaces, setup, teardown),
        cmocka_unit_test_setup_teardown(a_type_of_64_KiB, setup, teardown),
        cmocka_unit_test_setup_teardown(more_than_fits, setup, teardown),
        cmocka_unit_test_setup_teardown(what_follows, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_checked_before, setup, teardown),
        cmocka_unit_test_setup_teardown(names_and_their_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(sent_columns_are_told_apart, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
