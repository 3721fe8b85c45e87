/* SPDX-License-Identifier: Apache-2.0 */
/* A RESULT's body (byte 0: the version): every column, row and cell, each cell as text too. */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "base/bounds.h"
#include "proto/rows.h"
#include "proto/value.h"

enum { RUN = 3 };

/* The rows behind `row`, many at once: what they are one at a time. */
static void check_run(struct cql_rows r, cq_bytes row, const cq_bytes *cells)
{
    cq_bytes many[RUN * CQ_MAX_RESULT_COLUMNS], one[CQ_MAX_RESULT_COLUMNS];
    struct cql_run run = {.head = row.p, .third_at = 2};
    struct cql_rows each = r;
    size_t n;

    if (r.n_columns < 3 || cq_is_null(cells[0]) || cq_is_null(cells[1])) return;
    run.n_columns = run.n_cells = r.n_columns;
    run.first_bytes = cells[0].n;
    run.head_bytes = (size_t)(cells[1].p - row.p) + cells[1].n;
    run.third = cells[2];
    n = cql_rows_run(&r, &run, many, RUN);
    for (size_t i = 0; i < n; i++) {
        if (!cql_rows_next_cells(&each, NULL, r.n_columns, one)) abort();
        if (memcmp(one, many + i * r.n_columns, r.n_columns * sizeof(*one)) != 0) abort();
        if (!cq_eq(one[0], cells[0]) || !cq_eq(one[1], cells[1])) abort();
        if (cq_cmp(one[2], i ? many[(i - 1) * r.n_columns + 2] : cells[2]) <= 0) abort();
    }
    if (r.p != each.p || r.rows_read != each.rows_read || r.err) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cq_bytes types[CQ_MAX_RESULT_COLUMNS], cells[CQ_MAX_RESULT_COLUMNS], row;
    cq_bytes other[CQ_MAX_RESULT_COLUMNS];
    int16_t slot[CQ_MAX_RESULT_COLUMNS];
    struct cql_rows r, both;
    struct cql_column column;
    struct cq_buf out;

    if (size < 1) return 0;
    cq_buf_init(&out, &cq_mem_libc, CQ_MIB(4));
    cql_rows_begin(&r, (cq_bytes){data + 1, size - 1}, data[0]);
    while (cql_rows_column(&r, &column)) {
        types[r.columns_read - 1] = column.type;
        slot[r.columns_read - 1] = (int16_t)(r.columns_read - 1);
    }
    cql_rows_count(&r);
    both = r;
    while (cql_rows_next(&r, &row)) {
        if (!cql_rows_next_cells(&both, NULL, r.n_columns, other)) abort();
        cql_row_cells(row, r.n_columns, slot, cells);
        if (memcmp(cells, other, r.n_columns * sizeof(*cells)) != 0) abort();
        check_run(r, row, cells);
        for (uint32_t i = 0; i < r.n_columns; i++) {
            cq_buf_clear(&out);
            cql_value_text(types[i], cells[i], &out);
        }
    }
    if (cql_rows_next_cells(&both, NULL, r.n_columns, other) || both.err != r.err) abort();
    cq_buf_fini(&out);
    return 0;
}
