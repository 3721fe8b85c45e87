/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A RESULT of kind Rows (v5.spec 4.2.5.2), read in place. Order of calls:
 *
 *   cql_rows_begin(&r, body, version)        head: flags, paging state, number of columns
 *   cql_rows_column(&r, &col) ...            exactly r.n_columns times
 *   cql_rows_count(&r)                       number of rows, after the last column
 *   cql_rows_next_cells(&r, ...) ...         one row at a time, taken apart in the same pass
 *   cql_rows_run(&r, ...)                    many at once, as long as they are alike
 *   cql_rows_next_like(&r, ...)              one that is nearly the one before
 *   cql_rows_match(&r, ...)                  many at once, where their bytes are known
 *   cql_rows_next(&r, &row) ...              the same, raw; its cells by cql_row_cells
 *
 * Everything is a view into body and lives as long as that. Errors are sticky in r.err:
 * CQ_EPROTOCOL (cut short, lengths that do not fit), CQ_ETOO_MANY. Trailing bytes are ignored
 * (v5.spec 1). Counts are checked against what is left before they are believed.
 */
#ifndef CQL_PROTO_ROWS_H
#define CQL_PROTO_ROWS_H

#include "base/bytes.h"

enum { CQL_CELL_HEADER = 4 }; /* a cell's length in front of it: [int] */

struct cql_rows {
    const uint8_t *p;
    const uint8_t *end;
    cq_bytes keyspace; /* of the global table spec; null without one */
    cq_bytes table;
    cq_bytes paging_state; /* null: this was the last page */
    cq_bytes metadata_id;
    int flags;
    uint32_t n_columns;
    uint32_t n_rows;
    uint32_t columns_read;
    uint32_t rows_read;
    int err;
};

struct cql_column {
    cq_bytes keyspace;
    cq_bytes table;
    cq_bytes name;
    cq_bytes type; /* the raw [option]: proto/type.h */
};

/* body begins at the [int] kind, which must be Rows. Returns r->err. */
int cql_rows_begin(struct cql_rows *r, cq_bytes body, int version);
bool cql_rows_column(struct cql_rows *r, struct cql_column *col);
/* Instead of all columns, where their bytes are these, known from a result with the same flags
 * (CQL_ROWS_LAYOUT of them) and number of columns: true, and they are passed. */
bool cql_rows_pass_columns(struct cql_rows *r, cq_bytes known);
int cql_rows_count(struct cql_rows *r);
bool cql_rows_next(struct cql_rows *r, cq_bytes *row);
/*
 * The next row's cells: that of column i at cells[slot[i]], or where slot is NULL at cells[i]; slot
 * has n_columns entries, each less than n_cells. Cells that no column maps to become null.
 */
bool cql_rows_next_cells(struct cql_rows *r, const int16_t *slot, uint32_t n_cells,
                         cq_bytes *cells);

/* Rows that differ from the one before in few of their cells: which may differ. */
enum { CQL_MAX_FREE = 4 };
struct cql_like {
    const int16_t *slot; /* as cql_rows_next_cells: n_columns entries, not NULL */
    uint32_t n_columns;
    uint32_t free[CQL_MAX_FREE]; /* columns of the result, rising */
    size_t n_free;
};

/*
 * Is the next row the row before (raw, of this page, its cells in cells) but for its free cells,
 * none of which is null in either? Then it is read, and cells has its cells; else nothing happened.
 */
bool cql_rows_next_like(struct cql_rows *r, const struct cql_like *like, cq_bytes before,
                        cq_bytes *cells);

/* Rows like the one before, in whose page they are: what most rows of a table of columns are. */
struct cql_run {
    const uint8_t *head; /* the first two cells of the row before, raw; neither is null */
    size_t head_bytes;
    size_t first_bytes; /* the first one's value */
    cq_bytes third;     /* a name of the row before, and the column that has it */
    uint32_t third_at;
    uint32_t n_columns; /* of the result, at least 3 */
    uint32_t n_cells;   /* of a row in cells, at least as many: the others become null */
};

/*
 * Takes apart the next rows, at most max, as long as each begins with the bytes of the row before
 * and the third name only rises. How many; the first that is otherwise is still there to be read,
 * and so is what cannot be read and (mostly) the last one of the page. cells has room for max rows.
 */
size_t cql_rows_run(struct cql_rows *r, const struct cql_run *run, cq_bytes *cells, size_t max);

/* What stands behind the first two cells of n rows, raw, one row behind the other. */
struct cql_tails {
    size_t n;
    const uint16_t *length; /* bytes of each */
    const uint8_t *bytes;
};

/*
 * A number of the next rows that begin with head, which is where the row read last begins: of so
 * many as tell one table's columns from another's. Not 0, and the same for the same bytes.
 */
uint64_t cql_rows_sketch(const struct cql_rows *r, cq_bytes head);

/*
 * Are the row read last, which begins with head, and the next ones nothing but head and these
 * tails, and does the row behind them begin otherwise? is_last: where no row is behind them in this
 * page, none is in another. Then they are read, and *last is where the last of them begins; else
 * nothing happened. Heads and tails of less than 16 bytes are never known.
 */
bool cql_rows_match(struct cql_rows *r, cq_bytes head, const struct cql_tails *tails, bool is_last,
                    const uint8_t **last);

/*
 * Splits a row of n_columns cells: cell i goes to cells[slot[i]] where slot[i] >= 0. slot has
 * n_columns entries. Cells of slots that no column maps to are left alone: the caller sets them
 * null first. The row was checked by cql_rows_next.
 */
void cql_row_cells(cq_bytes row, uint32_t n_columns, const int16_t *slot, cq_bytes *cells);

#endif
