/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated data sets: the reference schema gives the recorded rows of a 5.0.9 server with that
 * schema; SUPPORTED is as recorded; columns of the releases that no recording is of; what a seed
 * decides; and in every release the rich schema is in order and without orphans.
 */
#include "recorded.h"

#include "sim/dataset.h"
#include "sim/murmur3.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Table ids are the server's random choice. */
static void hide_ids(struct cqsim_table *t)
{
    int at = cqsim_table_column(t, cqsim_text("id"));
    for (size_t i = 0; at >= 0 && i < t->rows.n; i++) {
        struct cqsim_slice id = cqsim_row_cell(cqsim_rows_get(&t->rows, i), (unsigned)at);
        assert_int_equal(id.n, 16);
        memset(t->rows.cells.p + (id.p - t->rows.cells.p), 0, 16);
    }
}

static void reference_schema(void **state)
{
    (void)state;
    const struct cqsim_shape shape = {10, 20, 12, false, 1, false, false};
    const struct cqsim_faults none = {0};
    struct cqsim_recording *rec = calloc(1, sizeof *rec);
    recorded_read("5.0.9-v5-reference", rec);
    struct cqsim_dataset *d = cqsim_dataset_new(cqsim_release_find("5.0"), &shape, 7, &none);
    size_t n_rows = 0;
    for (size_t i = 0; i < rec->n_tables; i++) {
        struct cqsim_table *theirs = &rec->tables[i];
        struct cqsim_table *ours = cqsim_dataset_find(d, theirs->keyspace, theirs->name);
        assert_non_null(ours);
        recorded_check_columns(ours, theirs);
        if (strcmp(theirs->keyspace, "system") == 0) continue;
        hide_ids(ours);
        hide_ids(theirs);
        recorded_check_rows(&ours->rows, &theirs->rows);
        n_rows += ours->rows.n;
    }
    assert_int_equal(rec->n_tables, 17);
    assert_int_equal(n_rows, 3483);
    assert_int_equal(cqsim_buf_len(&d->supported), cqsim_buf_len(&rec->supported));
    assert_memory_equal(cqsim_buf_head(&d->supported), cqsim_buf_head(&rec->supported),
                        cqsim_buf_len(&d->supported));
    cqsim_dataset_free(d);
    cqsim_recording_fini(rec);
    free(rec);
}

static void supported_of_each_line(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"3.11", "3.11.19-v4"}, {"4.0", "4.0.19-v5"}, {"5.0", "5.0.9-v5-lz4-trio"}};
    const struct cqsim_shape shape = {0, 0, 12, true, 1, false, false};
    const struct cqsim_faults none = {0};
    for (size_t i = 0; i < 3; i++) {
        struct cqsim_recording *rec = calloc(1, sizeof *rec);
        recorded_read(lines[i][1], rec);
        struct cqsim_dataset *d =
            cqsim_dataset_new(cqsim_release_find(lines[i][0]), &shape, 1, &none);
        assert_int_equal(cqsim_buf_len(&d->supported), cqsim_buf_len(&rec->supported));
        assert_memory_equal(cqsim_buf_head(&d->supported), cqsim_buf_head(&rec->supported),
                            cqsim_buf_len(&d->supported));
        cqsim_dataset_free(d);
        cqsim_recording_fini(rec);
        free(rec);
    }
}

/* Counted on 3.0.31 and 4.1.10 (SELECT *), and the columns that tell them from their neighbours. */
static void columns_without_recordings(void **state)
{
    (void)state;
    static const struct {
        const char *release, *keyspace, *table, *has, *has_not;
        unsigned n;
    } all[] = {
        {"3.0", "system_schema", "tables", "dclocal_read_repair_chance", "cdc", 19},
        {"3.0", "system_schema", "views", "where_clause", "cdc", 22},
        {"3.0", "system", "local", "thrift_version", "rpc_port", 18},
        {"3.0", "system", "peers", "tokens", "native_port", 9},
        {"4.1", "system_schema", "tables", "memtable", "allow_auto_snapshot", 23},
        {"4.1", "system_schema", "views", "memtable", "incremental_backups", 26},
        {"4.1", "system", "local", "rpc_port", "thrift_version", 20},
        {"4.1", "system", "peers_v2", "native_port", "rpc_address", 12},
        {"4.1", "system_virtual_schema", "columns", "column_name_bytes", "mask", 8},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct cqsim_table t;
        assert_true(cqsim_release_table(cqsim_release_find(all[i].release), all[i].keyspace,
                                        all[i].table, &t));
        assert_int_equal(t.n_columns, all[i].n);
        assert_true(cqsim_table_column(&t, cqsim_text(all[i].has)) >= 0);
        assert_int_equal(cqsim_table_column(&t, cqsim_text(all[i].has_not)), -1);
    }
}

static void seeds(void **state)
{
    (void)state;
    const struct cqsim_shape shape = {2, 3, 6, true, 1, false, false};
    const struct cqsim_faults none = {0};
    const uint64_t numbers[] = {5, 5, 6};
    struct cqsim_dataset *d[3];
    struct cqsim_slice cells[3];
    for (unsigned i = 0; i < 3; i++) {
        d[i] = cqsim_dataset_new(cqsim_release_find("5.0"), &shape, numbers[i], &none);
        const struct cqsim_table *t = cqsim_dataset_find(d[i], "system_schema", "tables");
        cells[i] = cqsim_buf_slice(&t->rows.cells);
    }
    assert_int_equal(cqsim_compare(cells[0], cells[1]), 0);
    assert_true(cqsim_compare(cells[0], cells[2]) != 0);
    for (unsigned i = 0; i < 3; i++)
        cqsim_dataset_free(d[i]);
}

/* Whether a row of the table begins with these two cells. */
static bool has(struct cqsim_dataset *d, const char *table, struct cqsim_slice keyspace,
                struct cqsim_slice name)
{
    const struct cqsim_table *t = cqsim_dataset_find(d, "system_schema", table);
    for (size_t i = 0; i < t->rows.n; i++) {
        struct cqsim_slice row = cqsim_rows_get(&t->rows, i);
        if (cqsim_compare(cqsim_row_cell(row, 0), keyspace) == 0 &&
            cqsim_compare(cqsim_row_cell(row, 1), name) == 0)
            return true;
    }
    return false;
}

static void check_order(const struct cqsim_table *t)
{
    for (size_t i = 1; i < t->rows.n; i++) {
        struct cqsim_slice a = cqsim_rows_get(&t->rows, i - 1), b = cqsim_rows_get(&t->rows, i);
        int64_t x = cqsim_murmur3_token(cqsim_row_cell(a, 0));
        int64_t y = cqsim_murmur3_token(cqsim_row_cell(b, 0));
        assert_true(x <= y);
        for (unsigned c = 1; x == y && c <= t->n_clustering; c++) {
            int order = cqsim_compare(cqsim_row_cell(a, c), cqsim_row_cell(b, c));
            assert_true(order <= 0);
            if (order < 0) break;
        }
    }
}

static void rich_everywhere(void **state)
{
    (void)state;
    static const char *const releases[] = {"3.0", "3.11", "4.0", "4.1", "5.0"};
    static const char *const attached[] = {"columns", "indexes", "triggers", "dropped_columns"};
    const struct cqsim_shape shape = {1, 2, 6, true, 1, false, false};
    const struct cqsim_faults none = {0};
    for (size_t r = 0; r < 5; r++) {
        struct cqsim_dataset *d =
            cqsim_dataset_new(cqsim_release_find(releases[r]), &shape, 1, &none);
        for (size_t i = 0; i < d->n_tables; i++)
            if (strcmp(d->tables[i].keyspace, "system_schema") == 0) check_order(&d->tables[i]);
        for (size_t k = 0; k < 4; k++) {
            const struct cqsim_table *t = cqsim_dataset_find(d, "system_schema", attached[k]);
            assert_true(t->rows.n > 0);
            for (size_t i = 0; i < t->rows.n; i++) {
                struct cqsim_slice row = cqsim_rows_get(&t->rows, i);
                struct cqsim_slice keyspace = cqsim_row_cell(row, 0), name = cqsim_row_cell(row, 1);
                assert_true(has(d, "tables", keyspace, name) || has(d, "views", keyspace, name));
            }
        }
        const struct cqsim_table *masks = cqsim_dataset_find(d, "system_schema", "column_masks");
        assert_int_equal(masks == NULL ? 0 : masks->rows.n, r == 4 ? 2 : 0);
        cqsim_dataset_free(d);
    }
}

static int compare_slices(const void *a, const void *b)
{
    return cqsim_compare(*(const struct cqsim_slice *)a, *(const struct cqsim_slice *)b);
}

/* No name of a keyspace, table or column comes twice: rows would melt together on a real server. */
static void words(void **state)
{
    (void)state;
    const struct cqsim_shape shape = {20, 90, 30, false, 1, true, false};
    const struct cqsim_faults none = {0};
    struct cqsim_dataset *d = cqsim_dataset_new(cqsim_release_find("5.0"), &shape, 9, &none);
    const struct cqsim_table *tables = cqsim_dataset_find(d, "system_schema", "tables");
    const struct cqsim_table *columns = cqsim_dataset_find(d, "system_schema", "columns");
    assert_int_equal(tables->rows.n, 48 + 20 * 90);
    assert_true(columns->rows.n > 20 * 90 * 30);
    struct cqsim_slice *keys = calloc(columns->rows.n, sizeof *keys);
    for (size_t i = 0; i < columns->rows.n; i++) {
        struct cqsim_slice row = cqsim_rows_get(&columns->rows, i);
        struct cqsim_slice name = cqsim_row_cell(row, 2);
        keys[i] = (struct cqsim_slice){row.p, (size_t)(name.p + name.n - row.p)};
    }
    qsort(keys, columns->rows.n, sizeof *keys, compare_slices);
    for (size_t i = 1; i < columns->rows.n; i++)
        assert_true(cqsim_compare(keys[i - 1], keys[i]) != 0);
    free(keys);
    cqsim_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_schema),
        cmocka_unit_test(supported_of_each_line),
        cmocka_unit_test(columns_without_recordings),
        cmocka_unit_test(seeds),
        cmocka_unit_test(rich_everywhere),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
