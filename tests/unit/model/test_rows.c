/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model on the real rows of 4.0.19's rich schema: no allocation once it is warm, whichever of
 * its allocations fails is reported as that and leaks nothing, and whatever bytes are inside the
 * cells it neither reads past them nor stops.
 */
#include <stdio.h>

#include "records/loader.h"
#include "unit/base/cmocka_all.h"
#include "unit/base/watched.h"

struct bench {
    struct cq_rec rec;
    struct cq_model model;
    struct cq_udts *udts;
    struct loaded *l;
    size_t lines, failed;
    int last;
};

static int load(void **state)
{
    struct loaded *l = calloc(1, sizeof(*l));

    *state = l;
    return load_transcript(l, CQ_TEST_DATA "/transcripts/4.0.19-v4.s2c.bin") ? 0 : -1;
}

static int unload_it(void **state)
{
    unload(*state);
    free(*state);
    return 0;
}

static bool begin(struct bench *b, struct loaded *l, const struct cq_mem *mem)
{
    *b = (struct bench){.l = l};
    cq_rec_init(&b->rec, mem);
    cq_rec_scope(&b->rec, CQ_LIT("c"), CQ_NULL, 1);
    cq_model_init(&b->model, mem, &b->rec);
    return cq_udts_new(&b->udts, mem) == 0;
}

static void end(struct bench *b)
{
    cq_udts_free(b->udts);
    cq_model_fini(&b->model);
    cq_rec_fini(&b->rec);
}

static void count(struct bench *b, int err)
{
    b->lines++;
    if (!err) return;
    b->failed++;
    b->last = err;
}

static void put(struct bench *b, enum cq_kind kind, enum cq_table t, size_t i)
{
    static const enum cq_table child[] = {CQ_T_COLUMNS, CQ_T_INDEXES, CQ_T_TRIGGERS, CQ_T_DROPPED};
    const struct loaded_table *table = &b->l->tables[t];
    cq_bytes cells[CQ_MAX_CELLS];
    struct cq_object o = {.kind = kind,
                          .keyspace = cell_of(b->l, t, i, 0),
                          .name = cell_of(b->l, t, i, 1),
                          .shape = &table->shape,
                          .cells = cells_of(b->l, t, i, cells),
                          .udts = b->udts};
    struct cq_rowset *sets[] = {&o.columns, &o.indexes, &o.triggers, &o.dropped};
    struct cq_key_check check;
    cq_bytes rooms[4][2000], line;

    for (size_t k = 0; k < 4; k++)
        *sets[k] = rows_of(b->l, child[k], o.keyspace, o.name, rooms[k]);
    if (cq_model_check_keys(&b->model, &o.columns, &check)) count(b, CQ_ENOMEM);
    count(b, cq_model_object(&b->model, &o, &line));
}

static void put_all(struct bench *b)
{
    static const struct {
        enum cq_kind kind;
        enum cq_table table;
    } all[] = {
        {CQ_KIND_KEYSPACE, CQ_T_KEYSPACES}, {CQ_KIND_TYPE, CQ_T_TYPES},
        {CQ_KIND_FUNCTION, CQ_T_FUNCTIONS}, {CQ_KIND_AGGREGATE, CQ_T_AGGREGATES},
        {CQ_KIND_TABLE, CQ_T_TABLES},       {CQ_KIND_VIEW, CQ_T_VIEWS},
    };
    const struct loaded_table *types = &b->l->tables[CQ_T_TYPES];
    cq_bytes cells[CQ_MAX_CELLS], line;

    cq_udts_reset(b->udts);
    for (size_t i = 0; i < types->n; i++)
        if (cq_udts_add(b->udts, cells_of(b->l, CQ_T_TYPES, i, cells))) count(b, CQ_ENOMEM);
    count(b, cq_model_node(&b->model, &b->l->tables[CQ_T_LOCAL].shape,
                           cells_of(b->l, CQ_T_LOCAL, 0, cells), 9042, &line));
    for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
        for (size_t i = 0; i < b->l->tables[all[k].table].n; i++)
            put(b, all[k].kind, all[k].table, i);
}

static void no_allocation_once_warm(void **state)
{
    struct watched w;
    struct bench b;

    watched_init(&w, 0);
    assert_true(begin(&b, *state, &w.mem));
    put_all(&b);
    assert_int_equal(b.failed, 0);
    assert_int_equal(b.lines, 1 + 11 + 7 + 9 + 3 + 68 + 3);
    cq_rec_scope(&b.rec, CQ_LIT("c"), CQ_NULL, 2);
    w.calls = 0;
    put_all(&b);
    assert_int_equal(w.calls, 0);
    end(&b);
    assert_int_equal(w.alive, 0);
}

static void every_allocation_fails_once(void **state)
{
    size_t n = 1;

    for (;; n++) {
        struct watched w;
        struct bench b;

        watched_init(&w, n);
        if (begin(&b, *state, &w.mem)) {
            put_all(&b);
            if (b.failed) assert_int_equal(b.last, CQ_ENOMEM);
        }
        end(&b);
        assert_int_equal(w.alive, 0);
        if (w.calls < n) break;
        assert_true(b.failed > 0 || !b.udts);
    }
    assert_in_range(n, 20, 200);
}

/* A copy of its own size of every row, some bytes inside its cells changed: lengths of cells stay
 * as they are (cql_rows_next has checked those). */
static cq_bytes damaged(cq_bytes row, unsigned one_of, uint64_t *seed)
{
    uint8_t *copy = malloc(row.n);
    size_t at = 0;

    memcpy(copy, row.p, row.n);
    while (at + 4 <= row.n) {
        int32_t n = (int32_t)((uint32_t)copy[at] << 24 | (uint32_t)copy[at + 1] << 16 |
                              (uint32_t)copy[at + 2] << 8 | copy[at + 3]);

        at += 4;
        for (int32_t i = 0; i < n; i++)
            if (watched_random(seed) % one_of == 0)
                copy[at + (size_t)i] = (uint8_t)watched_random(seed);
        if (n > 0) at += (size_t)n;
    }
    return (cq_bytes){copy, row.n};
}

static void damaged_cells(void **state)
{
    struct loaded *l = *state;
    uint64_t seed = 42;
    struct bench b;

    assert_true(begin(&b, l, &cq_mem_libc));
    for (int round = 0; round < 20; round++) {
        cq_bytes *kept[CQ_N_TABLES];

        for (int t = 0; t < CQ_N_TABLES; t++) {
            struct loaded_table *table = &l->tables[t];

            kept[t] = malloc((table->n + 1) * sizeof(cq_bytes));
            if (table->n) memcpy(kept[t], table->rows, table->n * sizeof(cq_bytes));
            for (size_t i = 0; i < table->n; i++)
                table->rows[i] = damaged(kept[t][i], 8u << round / 2, &seed);
        }
        cq_rec_scope(&b.rec, CQ_LIT("c"), CQ_NULL, 1);
        put_all(&b);
        /* a map or list that is cut short makes no record, everything else does */
        if (b.failed) assert_int_equal(b.last, CQ_EPROTOCOL);
        for (int t = 0; t < CQ_N_TABLES; t++) {
            struct loaded_table *table = &l->tables[t];

            for (size_t i = 0; i < table->n; i++)
                free((void *)(uintptr_t)table->rows[i].p);
            if (table->n) memcpy(table->rows, kept[t], table->n * sizeof(cq_bytes));
            free(kept[t]);
        }
    }
    assert_true(b.failed < b.lines / 2);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_allocation_once_warm),
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(damaged_cells),
    };

    return cmocka_run_group_tests(tests, load, unload_it);
}
