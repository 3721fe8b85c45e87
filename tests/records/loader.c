/* SPDX-License-Identifier: Apache-2.0 */
/* The loader of tests/records/loader.h. Streams 1 to 17 asked the tables in the order of CQ_TABLES.
 */
#include "records/loader.h"

#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/cql.h"
#include "proto/rows.h"

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    uint8_t *p = NULL;
    long size;

    if (!f) return NULL;
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) > 0 && fseek(f, 0, SEEK_SET) == 0) {
        p = malloc((size_t)size);
        *n = p ? fread(p, 1, (size_t)size, f) : 0;
    }
    fclose(f);
    return p;
}

/* Payloads of v5 segments from p on, joined; CRCs are not looked at. */
static size_t join_segments(struct loaded *l, const uint8_t *p, size_t n, bool lz4)
{
    uint8_t *out = cq_arena_alloc(&l->arena, 64 * n + 1), *to = out;
    size_t header = lz4 ? 8 : 6;

    for (const uint8_t *end = p + n; (size_t)(end - p) > header;) {
        uint64_t bits = 0;
        size_t length, whole;

        for (size_t i = 0; i < header - 3; i++)
            bits |= (uint64_t)p[i] << 8 * i;
        length = bits & 0x1ffff;
        whole = lz4 ? bits >> 17 & 0x1ffff : 0;
        p += header;
        if (whole) {
            to += LZ4_decompress_safe((const char *)p, (char *)to, (int)length, (int)whole);
        } else {
            memcpy(to, p, length);
            to += length;
        }
        p += length + 4;
    }
    l->bytes = out;
    return (size_t)(to - out);
}

static cq_bytes uncompressed(struct loaded *l, cq_bytes body)
{
    uint32_t n = be32(body.p);
    uint8_t *p = cq_arena_alloc(&l->arena, n + 1);

    if (LZ4_decompress_safe((const char *)body.p + 4, (char *)p, (int)body.n - 4, (int)n) !=
        (int)n) {
        return CQ_NULL;
    }
    return (cq_bytes){p, n};
}

static bool take_rows(struct loaded *l, enum cq_table t, cq_bytes body, int version)
{
    struct loaded_table *table = &l->tables[t];
    struct cql_rows r;
    struct cql_column column;

    if (be32(body.p) != CQL_RESULT_ROWS) return true;
    if (cql_rows_begin(&r, body, version)) return false;
    cq_shape_begin(&table->shape, t, r.n_columns);
    for (uint32_t i = 0; cql_rows_column(&r, &column); i++)
        if (cq_shape_add(&table->shape, i, column.name, column.type, &l->arena)) return false;
    if (cql_rows_count(&r) || r.paging_state.p) return false;
    table->rows = cq_arena_alloc(&l->arena, (r.n_rows + 1) * sizeof(cq_bytes));
    while (cql_rows_next(&r, &table->rows[table->n]))
        table->n++;
    table->present = true;
    return r.err == 0;
}

static bool take_envelopes(struct loaded *l, const uint8_t *p, size_t n, bool lz4)
{
    while (n >= CQL_HEADER_BYTES) {
        int version = p[0] & 0x7f, flags = p[1], stream = p[2] << 8 | p[3], opcode = p[4];
        cq_bytes body = {p + CQL_HEADER_BYTES, be32(p + 5)};

        p += CQL_HEADER_BYTES + body.n;
        n -= CQL_HEADER_BYTES + body.n;
        if (version == 4 && (flags & CQL_FLAG_COMPRESSED)) body = uncompressed(l, body);
        if (opcode == CQL_READY && version == 5) {
            size_t joined = join_segments(l, p, n, lz4);

            p = l->bytes;
            n = joined;
        }
        if (opcode != CQL_RESULT || stream < 1 || stream > CQ_N_TABLES) continue;
        if (!take_rows(l, (enum cq_table)(stream - 1), body, version)) return false;
    }
    return n == 0;
}

bool load_transcript(struct loaded *l, const char *path)
{
    uint8_t *bytes;

    *l = (struct loaded){.n_bytes = 0};
    cq_arena_init(&l->arena, &cq_mem_libc);
    bytes = read_file(path, &l->n_bytes);
    if (bytes) {
        l->bytes = cq_arena_alloc(&l->arena, l->n_bytes);
        memcpy(l->bytes, bytes, l->n_bytes);
        free(bytes);
        if (take_envelopes(l, l->bytes, l->n_bytes, strstr(path, "lz4") != NULL)) return true;
    }
    fprintf(stderr, "%s: cannot be read as a transcript\n", path);
    return false;
}

void unload(struct loaded *l)
{
    cq_arena_fini(&l->arena);
}

cq_bytes cell_of(const struct loaded *l, enum cq_table t, size_t i, uint32_t column)
{
    const struct loaded_table *table = &l->tables[t];
    cq_bytes cells[CQ_MAX_CELLS] = {{NULL, 0}};
    int16_t slot[CQ_MAX_RESULT_COLUMNS];

    for (uint32_t k = 0; k < table->shape.n_columns; k++)
        slot[k] = (int16_t)k;
    cql_row_cells(table->rows[i], table->shape.n_columns, slot, cells);
    return cells[column];
}

const cq_bytes *cells_of(const struct loaded *l, enum cq_table t, size_t i, cq_bytes *cells)
{
    const struct loaded_table *table = &l->tables[t];

    for (uint32_t k = 0; k < cq_shape_cells(&table->shape); k++)
        cells[k] = CQ_NULL;
    cql_row_cells(table->rows[i], table->shape.n_columns, table->shape.slot, cells);
    return cells;
}

struct cq_rowset rows_of(const struct loaded *l, enum cq_table t, cq_bytes keyspace, cq_bytes name,
                         cq_bytes *room)
{
    const struct loaded_table *table = &l->tables[t];
    struct cq_rowset set = {.shape = table->present ? &table->shape : NULL, .cells = room};

    for (size_t i = 0; i < table->n; i++) {
        if (!cq_eq(cell_of(l, t, i, 0), keyspace)) continue;
        if (!cq_is_null(name) && !cq_eq(cell_of(l, t, i, 1), name)) continue;
        cells_of(l, t, i, room + set.n++ * cq_shape_cells(&table->shape));
    }
    return set;
}
