/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a real server sent (tests/data/transcripts), as raw rows by table: the columns' metadata and
 * every row's bytes untouched, or the error that it gave. The recorded statements are those of
 * transcripts/PROVENANCE.md in their order.
 */
#ifndef TESTS_REPLAY_RECORDING_H
#define TESTS_REPLAY_RECORDING_H

#include "base/arena.h"
#include "model/tables.h"

struct recorded_table {
    int error; /* 0: rows */
    cq_bytes error_text;
    cq_bytes metadata; /* [string keyspace][string table] and the columns */
    uint32_t n_columns;
    cq_bytes *rows;
    size_t n_rows, cap;
};

struct recording {
    struct cq_arena arena;
    bool has_v5;
    struct recorded_table tables[CQ_N_TABLES];
};

/* name: "4.0.19-v4"; version and lz4 as it was recorded. False: no such file, or it cannot be read.
 */
bool recording_load(struct recording *r, const char *name, int version, bool lz4);
void recording_fini(struct recording *r);

/* Changes for tests: rows by index, cells by the table's column order. */
size_t recording_find(const struct recorded_table *t, uint32_t column, const char *text,
                      size_t from);
void recording_drop(struct recorded_table *t, size_t row);
void recording_insert(struct recording *r, struct recorded_table *t, size_t at, cq_bytes row);
/* The row with one cell replaced. */
cq_bytes recording_edit(struct recording *r, const struct recorded_table *t, cq_bytes row,
                        uint32_t column, cq_bytes value);
cq_bytes recording_cell(const struct recorded_table *t, cq_bytes row, uint32_t column);
/* n keyspaces with all that is in them for each one. */
void recording_multiply(struct recording *r, unsigned n);

#endif
