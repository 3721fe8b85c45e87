/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows made by hand: "name:type=value" texts become a shape and rows in slot order. Types: t text,
 * i int, b boolean, d double, u uuid (32 hex), n inet (dotted), s timestamp, x blob (hex), l list
 * of text, o list of boolean, m map of text, e set of text, k a type id that nobody knows here.
 * Values of collections are separated by '|'. A value "NULL" is null, "" is empty.
 */
#ifndef TESTS_MODEL_ROWS_H
#define TESTS_MODEL_ROWS_H

#include "model/model.h"

struct made {
    struct cq_arena arena;
    struct cq_shape shape;
    cq_bytes cells[4096];
    size_t n;
};

/* The cells of row i. */
const cq_bytes *made_at(const struct made *m, size_t i);
/* cells: ended by NULL. The first call's names and types make the shape. */
void made_init(struct made *m);
void made_fini(struct made *m);
void made_row(struct made *m, enum cq_table t, const char *const *cells);
struct cq_rowset made_set(const struct made *m);

#define ROW(made, table, ...) made_row(made, table, (const char *const[]){__VA_ARGS__, NULL})

#endif
