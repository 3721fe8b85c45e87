/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The null client's requests (native protocol v4, v5): envelopes of 9 bytes and a body, and in v5
 * segments around them. Requests are small: they go out stored, never packed.
 *
 *   segment, plain: u24le(length 17, whole 1) crc24 payload crc32
 *   segment, lz4:   u40le(packed 17, plain 17, whole 1) crc24 payload crc32; plain = 0: stored
 */
#include <string.h>
#include <zlib.h>

#include "null/conn.h"

enum { OPTIONS = 5, STARTUP = 1, QUERY = 7, ONE = 1, PAGE_SIZE = 4, PAGING_STATE = 8 };

uint32_t null_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint32_t null_le24(const uint8_t *p)
{
    return (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void put(struct null_conn *c, const void *p, size_t n)
{
    if (n > sizeof(c->out) - c->out_n) null_die("a write of more than %d bytes", NULL_OUT);
    memcpy(c->out + c->out_n, p, n);
    c->out_n += n;
}

static void put_number(struct null_conn *c, uint32_t v, size_t bytes)
{
    uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

    put(c, b + 4 - bytes, bytes);
}

static void put_string(struct null_conn *c, const char *s)
{
    put_number(c, (uint32_t)strlen(s), 2);
    put(c, s, strlen(s));
}

static size_t begin(struct null_conn *c, int version, unsigned stream, unsigned opcode)
{
    uint8_t head[NULL_HEADER] = {(uint8_t)version, 0, (uint8_t)(stream >> 8), (uint8_t)stream,
                                 (uint8_t)opcode};

    c->counts.requests++;
    put(c, head, sizeof(head));
    return c->out_n;
}

static void end(struct null_conn *c, size_t body)
{
    size_t n = c->out_n - body;

    c->out_n = body - 4;
    put_number(c, (uint32_t)n, 4);
    c->out_n += n;
}

void null_put_options(struct null_conn *c)
{
    end(c, begin(c, 4, 0, OPTIONS));
}

void null_put_startup(struct null_conn *c)
{
    size_t body = begin(c, c->o->version, 0, STARTUP);

    put_number(c, c->o->lz4 ? 3 : 2, 2);
    put_string(c, "CQL_VERSION");
    put_string(c, "3.0.0");
    put_string(c, "THROW_ON_OVERLOAD");
    put_string(c, "1");
    if (c->o->lz4) {
        put_string(c, "COMPRESSION");
        put_string(c, "lz4");
    }
    end(c, body);
}

void null_put_query(struct null_conn *c, unsigned stream, const struct null_statement *s,
                    const uint8_t *state, size_t state_n)
{
    size_t body = begin(c, c->o->version, stream, QUERY);

    put_number(c, (uint32_t)strlen(s->text), 4);
    put(c, s->text, strlen(s->text));
    put_number(c, ONE, 2);
    put_number(c, state_n ? PAGE_SIZE | PAGING_STATE : PAGE_SIZE, c->o->version == 5 ? 4 : 1);
    put_number(c, s->page_rows, 4);
    if (state_n) {
        put_number(c, (uint32_t)state_n, 4);
        put(c, state, state_n);
    }
    end(c, body);
}

static uint32_t crc24(const uint8_t *p, size_t n)
{
    uint32_t crc = 0x875060;

    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)p[i] << 16;
        for (int bit = 0; bit < 8; bit++) {
            crc <<= 1;
            if (crc & 0x1000000) crc ^= 0x1974f0b;
        }
    }
    return crc;
}

static void put_le(uint8_t *p, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

void null_seal(struct null_conn *c, size_t from)
{
    static const uint8_t seed[] = {0xfa, 0x2d, 0x55, 0xca};
    size_t n = c->out_n - from, head = c->o->lz4 ? 5 : 3;
    uint8_t b[8];

    if (!c->is_segmented || !n) return;
    put_le(b, n | (uint64_t)1 << (c->o->lz4 ? 34 : 17), head);
    put_le(b + head, crc24(b, head), 3);
    put(c, b, head + 3); /* room for it: then the payload moves behind it */
    memmove(c->out + from + head + 3, c->out + from, n);
    memcpy(c->out + from, b, head + 3);
    put_le(b, crc32(crc32(0, seed, sizeof(seed)), c->out + from + head + 3, (uInt)n), 4);
    put(c, b, 4);
}
