/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The next row where it is the row before but for a few of its cells (proto/rows.h). What stands
 * between those is compared in one piece each, headers and all, and the cells in it are those of
 * the row before, moved.
 */
#include "base/short.h"
#include "proto/rows.h"
#include "proto/wire.h"

/* Where a row is read, and where the row before was. */
struct walk {
    const uint8_t *p, *end;
    const uint8_t *was;
    const uint8_t *header[CQL_MAX_FREE + 1]; /* of the free cells of the row before, and its end */
    ptrdiff_t shift[CQL_MAX_FREE + 1];       /* of what stands in front of each */
    cq_bytes cell[CQL_MAX_FREE];             /* the free cells */
};

/* What stands in front of free cell k (or the end) is what it was. */
static inline bool pass(struct walk *w, size_t k)
{
    size_t n = (size_t)(w->header[k] - w->was);

    if ((size_t)(w->end - w->p) < n || !cq_same_bytes(w->p, w->was, n)) return false;
    w->shift[k] = w->p - w->was;
    w->p += n;
    w->was += n;
    return true;
}

static inline bool take(struct walk *w, size_t k, cq_bytes before)
{
    uint32_t n;

    if (w->end - w->p < CQL_CELL_HEADER) return false;
    n = cql_load_u32(w->p);
    w->p += CQL_CELL_HEADER;
    if (n > (size_t)(w->end - w->p)) return false; /* or a null */
    w->cell[k] = (cq_bytes){w->p, n};
    w->p += n;
    w->was += CQL_CELL_HEADER + before.n;
    return true;
}

static void move(const struct cql_like *like, const struct walk *w, cq_bytes *cells)
{
    uint32_t i = 0;

    for (size_t k = 0; k <= like->n_free; k++, i++) {
        uint32_t until = k < like->n_free ? like->free[k] : like->n_columns;

        for (; i < until; i++) {
            cq_bytes *cell = &cells[like->slot[i]];

            if (cell->p) cell->p += w->shift[k];
        }
        if (k < like->n_free) cells[like->slot[i]] = w->cell[k];
    }
}

bool cql_rows_next_like(struct cql_rows *r, const struct cql_like *like, cq_bytes before,
                        cq_bytes *cells)
{
    struct walk w = {.p = r->p, .end = r->end, .was = before.p};

    if (r->err || r->rows_read == r->n_rows) return false;
    for (size_t k = 0; k < like->n_free; k++) {
        cq_bytes cell = cells[like->slot[like->free[k]]];

        if (!cell.p) return false;
        w.header[k] = cell.p - CQL_CELL_HEADER;
        if (!pass(&w, k) || !take(&w, k, cell)) return false;
    }
    w.header[like->n_free] = before.p + before.n;
    if (!pass(&w, like->n_free)) return false;
    move(like, &w, cells);
    r->p = w.p;
    r->rows_read++;
    return true;
}
