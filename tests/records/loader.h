/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a recorded conversation (tests/data/transcripts), straight from the bytes: for tests
 * of the model that need real rows and no crawl. Walks envelopes and segments by itself, so that a
 * fault in the connection cannot hide one here.
 */
#ifndef CQ_TESTS_RECORDS_LOADER_H
#define CQ_TESTS_RECORDS_LOADER_H

#include "model/model.h"

struct loaded_table {
    bool present; /* rows came; else an error did */
    struct cq_shape shape;
    cq_bytes *rows;
    size_t n;
};

struct loaded {
    struct cq_arena arena;
    uint8_t *bytes; /* envelopes, bodies uncompressed in blocks of the arena */
    size_t n_bytes;
    struct loaded_table tables[CQ_N_TABLES];
};

/* False, with a line on stderr: the file cannot be read or is not what it should be. */
bool load_transcript(struct loaded *l, const char *path);
void unload(struct loaded *l);

/* Row i in slot order; cells has room for CQ_MAX_CELLS. Gives cells. */
const cq_bytes *cells_of(const struct loaded *l, enum cq_table t, size_t i, cq_bytes *cells);
/* The rows of `t` that begin with these one or two names (keyspace, object), in order, as a rowset
 * into room, which must hold the cells of that many rows. */
struct cq_rowset rows_of(const struct loaded *l, enum cq_table t, cq_bytes keyspace, cq_bytes name,
                         cq_bytes *room);
/* Cell 0, 1, ... of row i as sent. */
cq_bytes cell_of(const struct loaded *l, enum cq_table t, size_t i, uint32_t column);

#endif
