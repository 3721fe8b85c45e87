/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row reader of proto/rows.h (v5.spec 4.2.5.2). Counts are bounded by the bytes that are left
 * before anything is done that many times: a column has at least 4 bytes, a cell too. A type id
 * whose shape nobody knows spoils this result only: the envelope's length still bounds it.
 */
#include "proto/rows.h"

#include <assert.h>

#include "base/bounds.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/short.h"
#include "proto/cql.h"
#include "proto/type.h"
#include "proto/wire.h"

enum { KNOWN_FLAGS = 0x0f, LEAST_COLUMN = 4 };

static int fail(struct cql_rows *r, int err)
{
    r->err = err;
    r->p = r->end;
    return err;
}

/* Goes on where w came to, or fails. */
static bool keep(struct cql_rows *r, const struct cql_reader *w)
{
    if (w->bad) return fail(r, CQ_EPROTOCOL) == 0;
    r->p = w->p;
    return true;
}

static struct cql_reader reader(const struct cql_rows *r)
{
    return (struct cql_reader){r->p, r->end, false};
}

int cql_rows_begin(struct cql_rows *r, cq_bytes body, int version)
{
    struct cql_reader w = cql_reader_of(body);
    int32_t columns;

    *r = (struct cql_rows){.p = w.p, .end = w.end};
    if (cql_read_i32(&w) != CQL_RESULT_ROWS) cql_fail(&w);
    r->flags = cql_read_i32(&w) & KNOWN_FLAGS;
    if (version < 5) r->flags &= ~CQL_ROWS_METADATA_CHANGED;
    columns = cql_read_i32(&w);
    if (r->flags & CQL_ROWS_MORE_PAGES) {
        /* more pages and no way to ask for them must not pass for the last page */
        r->paging_state = cql_read_bytes(&w);
        if (cq_is_null(r->paging_state)) cql_fail(&w);
    }
    if (r->flags & CQL_ROWS_METADATA_CHANGED) r->metadata_id = cql_read_string(&w);
    if (!(r->flags & CQL_ROWS_NO_METADATA)) {
        if (r->flags & CQL_ROWS_GLOBAL_SPEC) {
            r->keyspace = cql_read_string(&w);
            r->table = cql_read_string(&w);
        }
        if (columns > 0 && (size_t)columns > cql_left(&w) / LEAST_COLUMN) cql_fail(&w);
    }
    if (columns < 0) cql_fail(&w);
    if (!keep(r, &w)) return r->err;
    if (columns > CQ_MAX_RESULT_COLUMNS) return fail(r, CQ_ETOO_MANY);
    if (r->paging_state.n > CQ_MAX_PAGING_STATE) return fail(r, CQ_ETOO_LARGE);
    r->n_columns = (uint32_t)columns;
    return 0;
}

bool cql_rows_column(struct cql_rows *r, struct cql_column *col)
{
    struct cql_reader w = reader(r);
    long n;

    *col = (struct cql_column){.keyspace = r->keyspace, .table = r->table};
    if (r->err || r->columns_read == r->n_columns) return false;
    if (r->flags & CQL_ROWS_NO_METADATA) {
        r->columns_read++;
        return true;
    }
    if (!(r->flags & CQL_ROWS_GLOBAL_SPEC)) {
        col->keyspace = cql_read_string(&w);
        col->table = cql_read_string(&w);
    }
    col->name = cql_read_string(&w);
    if (!keep(r, &w)) return false;
    n = cql_type_length(cql_rest(&w));
    if (n < 0) return fail(r, (int)n) == 0;
    col->type = cql_read_raw(&w, (size_t)n);
    r->columns_read++;
    return keep(r, &w);
}

bool cql_rows_pass_columns(struct cql_rows *r, cq_bytes known)
{
    if (r->err || r->columns_read || (size_t)(r->end - r->p) < known.n) return false;
    if (memcmp(r->p, known.p, known.n) != 0) return false;
    r->p += known.n;
    r->columns_read = r->n_columns;
    return true;
}

int cql_rows_count(struct cql_rows *r)
{
    struct cql_reader w = reader(r);
    int32_t rows;

    if (r->err) return r->err;
    assert(r->columns_read == r->n_columns);
    rows = cql_read_i32(&w);
    if (rows < 0 || (rows > 0 && r->n_columns == 0)) cql_fail(&w);
    if (rows > 0 && !w.bad && (size_t)rows > cql_left(&w) / CQL_CELL_HEADER / r->n_columns)
        cql_fail(&w);
    if (!keep(r, &w)) return r->err;
    r->n_rows = (uint32_t)rows;
    return 0;
}

bool cql_rows_next(struct cql_rows *r, cq_bytes *row)
{
    const uint8_t *p = r->p;

    *row = CQ_NULL;
    if (r->err || r->rows_read == r->n_rows) return false;
    for (uint32_t i = 0; i < r->n_columns; i++) {
        int32_t n;

        if (r->end - p < CQL_CELL_HEADER) return fail(r, CQ_EPROTOCOL) == 0;
        n = (int32_t)cql_load_u32(p);
        p += CQL_CELL_HEADER;
        if (n <= 0) continue;
        if (n > r->end - p) return fail(r, CQ_EPROTOCOL) == 0;
        p += n;
    }
    *row = (cq_bytes){r->p, (size_t)(p - r->p)};
    r->p = p;
    r->rows_read++;
    return true;
}

/* Where a row is read: offsets, so that a length is added before it is compared. */
struct at {
    const uint8_t *base;
    uint64_t i, size;
};

/* One cell; false: it is cut short. 14 instructions of a body's cells, nearly all of a row walk. */
static inline bool next_cell(struct at *at, cq_bytes *cell)
{
    uint64_t value = at->i + CQL_CELL_HEADER, next;
    uint32_t n;

    if (value > at->size) return false;
    n = cql_load_u32(at->base + at->i);
    next = value + n;
    if (next > at->size) { /* or a null: as unsigned its length is more than any body has */
        *cell = CQ_NULL;
        at->i = value;
        return n > INT32_MAX;
    }
    *cell = (cq_bytes){at->base + value, n};
    at->i = next;
    return true;
}

/* Out of the way: next to no row of the many is of a table that has its columns elsewhere. */
static __attribute__((noinline)) bool next_mapped(struct cql_rows *r, const int16_t *slot,
                                                  uint32_t n_cells, cq_bytes *cells)
{
    struct at at = {r->p, 0, (uint64_t)(r->end - r->p)};

    memset(cells, 0, n_cells * sizeof(*cells));
    for (uint32_t i = 0; i < r->n_columns; i++)
        if (!next_cell(&at, &cells[slot[i]])) return fail(r, CQ_EPROTOCOL) == 0;
    r->p += at.i;
    r->rows_read++;
    return true;
}

bool cql_rows_next_cells(struct cql_rows *r, const int16_t *slot, uint32_t n_cells, cq_bytes *cells)
{
    struct at at = {r->p, 0, (uint64_t)(r->end - r->p)};
    cq_bytes *last = cells + r->n_columns, *end = cells + n_cells;

    if (r->err || r->rows_read == r->n_rows) return false;
    if (slot) return next_mapped(r, slot, n_cells, cells);
    for (; cells < last; cells++)
        if (!next_cell(&at, cells)) return fail(r, CQ_EPROTOCOL) == 0;
    for (; cells < end; cells++)
        *cells = CQ_NULL;
    r->p += at.i;
    r->rows_read++;
    return true;
}

/* The first bytes of a name as a number: what comes later is greater, or equal and to be looked at.
 * 8 bytes can be read there. */
static inline uint64_t first_word(cq_bytes name)
{
    uint64_t word = cq_load64_be(name.p);

    return name.n < 8 ? word & ~(UINT64_MAX >> (8 * name.n)) : word;
}

/* An address as a number, so that a length is added before it is compared; a pointer and an offset
 * would cost 4 instructions a cell more. */
static inline const uint8_t *bytes_at(uint64_t address)
{
    return (const uint8_t *)(uintptr_t)address; /* NOLINT(performance-no-int-to-ptr) */
}

/* A row of the run, which may go up to limit, where a cell's header can still be read. Where it
 * ends; 0: it begins otherwise, or does not end before limit. */
static inline uint64_t run_row(const struct cql_run *run, uint64_t at, uint64_t limit,
                               cq_bytes *cells)
{
    const uint8_t *head = bytes_at(at);
    cq_bytes *last = cells + run->n_columns, *end = cells + run->n_cells;

    if (limit - at < run->head_bytes || !cq_same_bytes(head, run->head, run->head_bytes)) return 0;
    *cells++ = (cq_bytes){head + CQL_CELL_HEADER, run->first_bytes};
    *cells++ = (cq_bytes){head + 2 * CQL_CELL_HEADER + run->first_bytes,
                          run->head_bytes - 2 * CQL_CELL_HEADER - run->first_bytes};
    for (at += run->head_bytes; cells < last; cells++) {
        uint32_t n = cql_load_u32(bytes_at(at));

        at += CQL_CELL_HEADER;
        *cells = (cq_bytes){bytes_at(at), n};
        at += n;
        if (at <= limit) continue;
        at -= n; /* or a null, see next_cell */
        if (at > limit || n <= INT32_MAX) return 0;
        *cells = CQ_NULL;
    }
    for (; cells < end; cells++)
        *cells = CQ_NULL;
    return at;
}

size_t cql_rows_run(struct cql_rows *r, const struct cql_run *run, cq_bytes *cells, size_t max)
{
    enum { MARGIN = 8 }; /* a cell's header and first_word stay within the body */
    uint64_t at = (uintptr_t)r->p, limit = (uintptr_t)r->end - MARGIN, word = 0;
    size_t left = r->err ? 0 : r->n_rows - r->rows_read, n = 0;
    cq_bytes before = run->third;

    if (r->end - r->p < MARGIN) return 0;
    if (max > left) max = left;
    for (; n < max; n++, cells += run->n_cells) {
        uint64_t next = run_row(run, at, limit, cells), word_before = word;
        cq_bytes third;

        if (!next) break;
        third = cells[run->third_at];
        if (third.n == 0) break;
        word = first_word(third);
        if ((n == 0 || word <= word_before) && cq_cmp_short(third, before) <= 0) break;
        before = third;
        at = next;
    }
    r->p = bytes_at(at);
    r->rows_read += (uint32_t)n;
    return n;
}

/* How many bytes n cells have; 0: they are cut short. */
static size_t cells_length(const uint8_t *p, const uint8_t *end, uint32_t n)
{
    struct at at = {p, 0, (uint64_t)(end - p)};
    cq_bytes unused;

    for (; n > 0; n--)
        if (!next_cell(&at, &unused)) return 0;
    return at.i;
}

uint64_t cql_rows_sketch(const struct cql_rows *r, cq_bytes head)
{
    enum { ROWS = 3 };
    const uint8_t *p = head.p;
    uint64_t h = 0, left = (uint64_t)r->n_rows - r->rows_read + 1;

    for (int i = 0; i < ROWS && left > 0; i++, left--) {
        size_t n;

        if ((size_t)(r->end - p) < head.n || !cq_same_bytes(p, head.p, head.n)) break;
        p += head.n;
        n = cells_length(p, r->end, r->n_columns - 2);
        if (n == 0) break;
        h = cq_xxh3_64_seeded((cq_bytes){p, n}, h);
        p += n;
    }
    return h | 1;
}

/* Where the last of the rows begins that are head and these tails, one after the other from head.p
 * on, up to *end, where they end; NULL: they are not. */
static const uint8_t *match_all(cq_bytes head, const struct cql_tails *tails, const uint8_t **end)
{
    const uint8_t *p = head.p, *tail = tails->bytes, *from = p;

    for (size_t i = 0; i < tails->n; i++) {
        size_t n = tails->length[i];

        if ((size_t)(*end - p) < head.n + n || n < CQ_LANE) return NULL;
        if (!cq_same_long(p, head.p, head.n) || !cq_same_long(p + head.n, tail, n)) return NULL;
        from = p;
        p += head.n + n;
        tail += n;
    }
    *end = p;
    return from;
}

bool cql_rows_match(struct cql_rows *r, cq_bytes head, const struct cql_tails *tails, bool is_last,
                    const uint8_t **last)
{
    size_t left = (size_t)r->n_rows - r->rows_read + 1;
    const uint8_t *p = r->end;

    if (r->err || left < tails->n || head.n < CQ_LANE) return false;
    *last = match_all(head, tails, &p);
    if (!*last) return false;
    left -= tails->n;
    if (left == 0 && !is_last) return false;
    if (left && ((size_t)(r->end - p) < head.n || cq_same_long(p, head.p, head.n))) return false;
    r->p = p;
    r->rows_read += (uint32_t)tails->n - 1;
    return true;
}

void cql_row_cells(cq_bytes row, uint32_t n_columns, const int16_t *slot, cq_bytes *cells)
{
    const uint8_t *p = row.p;

    for (uint32_t i = 0; i < n_columns; i++) {
        int32_t n = (int32_t)cql_load_u32(p);
        cq_bytes cell = {n < 0 ? NULL : p + CQL_CELL_HEADER, n < 0 ? 0 : (size_t)n};

        p += CQL_CELL_HEADER + cell.n;
        if (slot[i] >= 0) cells[slot[i]] = cell;
    }
    assert(p <= row.p + row.n);
}
