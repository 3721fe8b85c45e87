/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One system table as a server shows it: its columns with their wire types, and its rows as the
 * bytes of their cells ([bytes] after [bytes], CQL v4 section 4.2.5.2), so that answering is
 * copying.
 *
 * A row is written by column name: row_begin, then one call per cell in any order, then row_end,
 * which puts the cells in the table's order; a column that was not set is null, and a name that
 * this release's table has not is dropped (that is how one generator serves every release). A row
 * holds buffers for reuse; row_fini frees them.
 */
#ifndef CQSIM_TABLE_H
#define CQSIM_TABLE_H

#include "sim/bytes.h"

enum {
    CQSIM_MAX_COLUMNS = 48,
    CQSIM_MAX_NAME = 64,
    CQSIM_MAX_OPTION = 160, /* bytes of one type option */
    CQSIM_MAX_TEXT = 256
};

struct cqsim_column {
    char name[CQSIM_MAX_NAME];
    uint8_t option[CQSIM_MAX_OPTION];
    size_t n_option;
};

struct cqsim_rows {
    struct cqsim_buf cells;
    size_t *at; /* where row i begins in cells; row n-1 ends at the end of cells */
    size_t n;
    size_t cap;
};

struct cqsim_table {
    char keyspace[CQSIM_MAX_NAME];
    char name[CQSIM_MAX_NAME];
    unsigned n_clustering; /* columns 1..n_clustering order rows inside a partition */
    unsigned n_columns;
    struct cqsim_column columns[CQSIM_MAX_COLUMNS];
    struct cqsim_rows rows;
    uint32_t error; /* not 0: the server answers this error instead (recorded conversations) */
    char error_text[CQSIM_MAX_TEXT];
};

struct cqsim_row {
    const struct cqsim_table *table;
    struct cqsim_buf cells[CQSIM_MAX_COLUMNS + 1]; /* the last one swallows unknown columns */
    bool set[CQSIM_MAX_COLUMNS + 1];
};

/* Index of a column or -1. */
int cqsim_table_column(const struct cqsim_table *t, struct cqsim_slice name);
void cqsim_table_fini(struct cqsim_table *t);
/* Adds a column with the bytes of its type option; false when the table is full. */
bool cqsim_table_add(struct cqsim_table *t, const char *name, const void *option, size_t n);

void cqsim_rows_fini(struct cqsim_rows *rows);
void cqsim_rows_clear(struct cqsim_rows *rows);
/* Appends one row of ready cells. */
void cqsim_rows_add(struct cqsim_rows *rows, struct cqsim_slice cells);
/* The cells of rows from..to-1, one behind the other. */
struct cqsim_slice cqsim_rows_span(const struct cqsim_rows *rows, size_t from, size_t to);
struct cqsim_slice cqsim_rows_get(const struct cqsim_rows *rows, size_t i);
/* Content of one cell of a row; p = NULL for null. */
struct cqsim_slice cqsim_row_cell(struct cqsim_slice row, unsigned column);

/* Token order of the first cell, then bytewise by the next n_clustering cells. */
void cqsim_rows_sort(struct cqsim_rows *rows, unsigned n_clustering);

void cqsim_row_fini(struct cqsim_row *row);
void cqsim_row_begin(struct cqsim_row *row, const struct cqsim_table *t);
void cqsim_row_end(struct cqsim_row *row, struct cqsim_rows *rows);
/* The cell's buffer, emptied and marked as set: append the value's bytes. */
struct cqsim_buf *cqsim_row_set(struct cqsim_row *row, const char *name);
void cqsim_row_bytes(struct cqsim_row *row, const char *name, struct cqsim_slice v);
void cqsim_row_text(struct cqsim_row *row, const char *name, const char *v);
void cqsim_row_int(struct cqsim_row *row, const char *name, int32_t v);
void cqsim_row_long(struct cqsim_row *row, const char *name, int64_t v);
void cqsim_row_double(struct cqsim_row *row, const char *name, double v);
void cqsim_row_bool(struct cqsim_row *row, const char *name, bool v);
/* A list or set of texts, or with 2n items a map of n (n_elements counts elements, not texts). */
void cqsim_row_texts(struct cqsim_row *row, const char *name, const char *const *items,
                     size_t n_items, size_t n_elements);

#endif
