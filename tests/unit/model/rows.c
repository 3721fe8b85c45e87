/* SPDX-License-Identifier: Apache-2.0 */
/* Rows made by hand: unit/model/rows.h. */
#include "unit/model/rows.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/rows.h"
#include "unit/record/point.h"

static void put32(struct cq_buf *b, uint32_t v)
{
    uint8_t be[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

    cq_buf_put(b, be, 4);
}

static const char *option_of(char type)
{
    switch (type) {
    case 't':
        return "000d";
    case 'i':
        return "0009";
    case 'b':
        return "0004";
    case 'd':
        return "0007";
    case 'u':
        return "000c";
    case 'n':
        return "0010";
    case 's':
        return "000b";
    case 'x':
        return "0003";
    case 'l':
        return "0020000d";
    case 'o':
        return "00200004";
    case 'm':
        return "0021000d000d";
    case 'e':
        return "0022000d";
    default:
        return "0080";
    }
}

static void put_hex(struct cq_buf *b, const char *hex)
{
    for (; hex[0] && hex[1]; hex += 2) {
        char two[3] = {hex[0], hex[1], 0};

        cq_buf_putc(b, (char)strtoul(two, NULL, 16));
    }
}

static void put_parts(struct cq_buf *b, const char *value, bool pairs, bool booleans)
{
    uint32_t n = *value ? 1 : 0;

    for (const char *p = value; *p; p++)
        n += *p == '|';
    put32(b, pairs ? n / 2 : n);
    while (n--) {
        size_t length = strcspn(value, "|");

        if (booleans) {
            put32(b, 1);
            cq_buf_putc(b, *value == '1');
        } else {
            put32(b, (uint32_t)length);
            cq_buf_put(b, value, length);
        }
        value += length + 1;
    }
}

static void put_scalar(struct cq_buf *b, char type, const char *value)
{
    uint64_t bits;
    double d;
    uint8_t address[4];

    switch (type) {
    case 'i':
        put32(b, (uint32_t)strtol(value, NULL, 10));
        return;
    case 'b':
        cq_buf_putc(b, *value == '1');
        return;
    case 'd':
        d = point_strtod(value);
        memcpy(&bits, &d, 8);
        break;
    case 's':
        bits = (uint64_t)strtoll(value, NULL, 10);
        break;
    case 'n':
        inet_pton(AF_INET, value, address);
        cq_buf_put(b, address, 4);
        return;
    case 'u':
    case 'x':
        put_hex(b, value);
        return;
    default:
        cq_buf_puts(b, value);
        return;
    }
    put32(b, (uint32_t)(bits >> 32));
    put32(b, (uint32_t)bits);
}

static void put_cell(struct cq_buf *row, char type, const char *value)
{
    struct cq_buf cell;

    if (strcmp(value, "NULL") == 0) {
        put32(row, UINT32_MAX);
        return;
    }
    cq_buf_init(&cell, &cq_mem_libc, 1 << 24);
    if (strchr("lome", type)) {
        put_parts(&cell, value, type == 'm', type == 'o');
    } else if (*value) {
        put_scalar(&cell, type, value);
    }
    put32(row, (uint32_t)cell.n);
    cq_buf_put(row, cell.p, cell.n);
    cq_buf_fini(&cell);
}

void made_init(struct made *m)
{
    *m = (struct made){.n = 0};
    cq_arena_init(&m->arena, &cq_mem_libc);
}

void made_fini(struct made *m)
{
    cq_arena_fini(&m->arena);
}

static void add_column(struct made *m, uint32_t i, const char *cell)
{
    size_t n = strcspn(cell, ":");
    struct cq_buf option;

    cq_buf_init(&option, &cq_mem_libc, 100);
    put_hex(&option, option_of(cell[n + 1]));
    if (cq_shape_add(&m->shape, i, (cq_bytes){(const uint8_t *)cell, n}, cq_buf_view(&option),
                     &m->arena)) {
        abort();
    }
    cq_buf_fini(&option);
}

static void take_apart(struct made *m, cq_bytes row)
{
    cq_bytes *cells = m->cells + m->n++ * cq_shape_cells(&m->shape);

    if (cells + cq_shape_cells(&m->shape) > m->cells + sizeof(m->cells) / sizeof(*cells)) abort();
    memset(cells, 0, cq_shape_cells(&m->shape) * sizeof(*cells));
    cql_row_cells(row, m->shape.n_columns, m->shape.slot, cells);
}

void made_row(struct made *m, enum cq_table t, const char *const *cells)
{
    struct cq_buf row;
    uint32_t n = 0;

    while (cells[n])
        n++;
    if (m->n == 0) {
        cq_shape_begin(&m->shape, t, n);
        for (uint32_t i = 0; i < n; i++)
            add_column(m, i, cells[i]);
    }
    cq_buf_init(&row, &cq_mem_libc, 1 << 24);
    for (uint32_t i = 0; i < n; i++) {
        const char *type = strchr(cells[i], ':') + 1;

        put_cell(&row, *type, type + 2);
    }
    take_apart(m, cq_arena_dup(&m->arena, cq_buf_view(&row)));
    cq_buf_fini(&row);
}

const cq_bytes *made_at(const struct made *m, size_t i)
{
    return m->cells + i * cq_shape_cells(&m->shape);
}

struct cq_rowset made_set(const struct made *m)
{
    return (struct cq_rowset){.shape = m->n ? &m->shape : NULL, .cells = m->cells, .n = m->n};
}
