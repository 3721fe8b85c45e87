/* SPDX-License-Identifier: Apache-2.0 */
/* The null client's connection (conn.h): segments taken off, envelopes found by their headers, the
 * rest thrown away, and the next write when everything asked has been answered. */
#include "null/conn.h"

#include <lz4.h>
#include <stdlib.h>
#include <string.h>

enum {
    ERROR = 0,
    READY = 2,
    SUPPORTED = 6,
    RESULT = 8,
    PACKED = 1,
    ROWS = 2,
    MORE_PAGES = 2,
    UNPACKED_MAX = 64 << 20,
};

void null_begin(struct null_conn *c, const struct null_options *o)
{
    int fd = c->fd;

    memset(c, 0, sizeof(*c));
    c->fd = fd;
    c->o = o;
    c->awaited = 1;
    if (o->probe) {
        c->phase = NULL_STARTUP;
        null_put_startup(c);
    } else {
        null_put_options(c);
    }
}

void null_end(struct null_conn *c)
{
    free(c->gathered);
    free(c->body);
    free(c->more);
    c->gathered = c->body = NULL;
    c->more = NULL;
}

static void append(uint8_t **to, size_t *n, size_t *cap, const uint8_t *p, size_t more)
{
    if (*n + more > *cap) {
        *cap = *n + more > 2 * *cap ? *n + more : 2 * *cap;
        *to = realloc(*to, *cap);
        if (!*to) null_die("no memory");
    }
    memcpy(*to + *n, p, more);
    *n += more;
}

static void ask(struct null_conn *c, enum null_write w)
{
    size_t from = c->out_n;

    for (unsigned i = 0; i < null_n_statements; i++) {
        if (null_statements[i].write != w) continue;
        c->statement_of[c->awaited] = (uint8_t)i;
        null_put_query(c, c->awaited++, &null_statements[i], NULL, 0);
    }
    null_seal(c, from);
}

static void ask_more(struct null_conn *c)
{
    size_t from = c->out_n;

    for (unsigned i = 0; i < c->more->n; i++) {
        c->statement_of[c->awaited] = c->more->statement[i];
        null_put_query(c, c->awaited++, &null_statements[c->more->statement[i]], c->more->state[i],
                       c->more->state_n[i]);
    }
    c->more->n = 0;
    null_seal(c, from);
}

/* Everything asked has been answered. */
static void next_phase(struct null_conn *c)
{
    switch (c->phase) {
    case NULL_OPTIONS:
        c->phase = NULL_STARTUP;
        c->awaited = 1;
        null_put_startup(c);
        break;
    case NULL_STARTUP:
        c->phase = NULL_BEFORE;
        c->is_segmented = c->o->version == 5;
        ask(c, NULL_WRITE_BEFORE);
        break;
    case NULL_BEFORE:
        c->phase = c->o->probe ? NULL_DONE : NULL_MAIN;
        if (!c->o->probe) ask(c, NULL_WRITE_MAIN);
        break;
    case NULL_MAIN:
        if (c->more && c->more->n) {
            ask_more(c);
            break;
        }
        c->phase = c->o->no_proof ? NULL_DONE : NULL_AFTER;
        if (!c->o->no_proof) ask(c, NULL_WRITE_AFTER);
        break;
    case NULL_AFTER:
    case NULL_DONE:
        c->phase = NULL_DONE;
        break;
    }
}

/* Remembers the paging state of a page that is not the last: p, n is the beginning of its body. */
static void remember_page(struct null_conn *c, unsigned stream, const uint8_t *p, size_t n)
{
    size_t state_n;

    if (n < 12 || null_u32(p) != ROWS) return;
    c->counts.pages++;
    if (!(null_u32(p + 4) & MORE_PAGES)) return;
    if (n < 16) null_die("no paging state");
    state_n = null_u32(p + 12);
    if (state_n > n - 16) null_die("a paging state of %zu bytes", state_n);
    if (!c->more) c->more = calloc(1, sizeof(*c->more));
    if (!c->more || c->more->n >= NULL_WAITS) null_die("no memory");
    c->more->statement[c->more->n] = c->statement_of[stream];
    c->more->state_n[c->more->n] = (uint16_t)state_n;
    memcpy(c->more->state[c->more->n++], p + 16, state_n);
}

/* v4 packs the whole body; its first bytes are enough, unless all of it is to be walked. */
static void on_packed(struct null_conn *c, unsigned stream, const uint8_t *body, size_t n)
{
    uint8_t begin[NULL_HEAD];
    uint32_t plain = null_u32(body);
    int want = plain < sizeof(begin) ? (int)plain : (int)sizeof(begin);
    size_t there = n < NULL_HEAD ? n : NULL_HEAD;
    int got = LZ4_decompress_safe_partial((const char *)body + 4, (char *)begin, (int)there - 4,
                                          want, (int)sizeof(begin));

    if (got < 0) null_die("lz4 of %zu bytes", n);
    remember_page(c, stream, begin, (size_t)got);
    if (!c->o->walk) return;
    if (plain > UNPACKED_MAX) null_die("a body of %u bytes", plain);
    uint8_t *whole = malloc(plain ? plain : 1);

    if (!whole || LZ4_decompress_safe((const char *)body + 4, (char *)whole, (int)n - 4,
                                      (int)plain) != (int)plain)
        null_die("lz4 of %zu bytes", n);
    null_walk(whole, plain, &c->counts);
    free(whole);
}

static void on_result(struct null_conn *c, unsigned stream)
{
    const uint8_t *body = c->o->walk ? c->body : c->head + NULL_HEADER;
    size_t n = c->o->walk ? c->body_n : c->head_n - NULL_HEADER;

    if (c->head[1] & PACKED) {
        on_packed(c, stream, body, n);
        return;
    }
    remember_page(c, stream, body, n);
    if (c->o->walk) null_walk(body, n, &c->counts);
}

/* An envelope ends here. */
static void on_envelope(struct null_conn *c)
{
    unsigned opcode = c->head[4];
    unsigned stream = (unsigned)c->head[2] << 8 | c->head[3];

    if (!c->awaited) null_die("an answer to nothing");
    if (c->phase == NULL_OPTIONS && opcode != SUPPORTED) null_die("no SUPPORTED: %u", opcode);
    if (c->phase == NULL_STARTUP && opcode != READY)
        null_die("no READY: opcode %u%s", opcode, opcode == 3 ? ", a login is wanted" : "");
    if (c->phase >= NULL_BEFORE && stream >= NULL_WAITS) null_die("stream %u", stream);
    if (opcode == RESULT) on_result(c, stream);
    if (opcode == ERROR) c->counts.errors++;
    c->head_n = c->body_n = 0;
    if (--c->awaited == 0) next_phase(c);
}

/* Takes what belongs to the head; the length of the rest is in c->skip afterwards. */
static size_t take_head(struct null_conn *c, const uint8_t *p, size_t n)
{
    size_t want = NULL_HEADER, length, used = 0;

    for (int part = 0; part < 2; part++) {
        size_t k = want > c->head_n ? want - c->head_n : 0;

        if (k > n - used) k = n - used;
        memcpy(c->head + c->head_n, p + used, k);
        c->head_n += k;
        used += k;
        if (c->head_n < NULL_HEADER) return used;
        length = null_u32(c->head + 5);
        want = NULL_HEADER + (length < NULL_HEAD ? length : NULL_HEAD);
        if (part == 1 && c->head_n == want) c->skip = length - (want - NULL_HEADER);
    }
    if (c->head_n < want || !c->o->walk) return used;
    append(&c->body, &c->body_n, &c->body_cap, c->head + NULL_HEADER, want - NULL_HEADER);
    return used;
}

static bool head_is_whole(const struct null_conn *c)
{
    size_t length = c->head_n >= NULL_HEADER ? null_u32(c->head + 5) : NULL_HEAD;

    return c->head_n >= NULL_HEADER + (length < NULL_HEAD ? length : NULL_HEAD);
}

static void feed_envelopes(struct null_conn *c, const uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t k;

        if (!head_is_whole(c)) {
            k = take_head(c, p, n);
        } else {
            k = c->skip < n ? c->skip : n;
            if (c->o->walk) append(&c->body, &c->body_n, &c->body_cap, p, k);
            c->skip -= k;
        }
        p += k;
        n -= k;
        if (head_is_whole(c) && c->skip == 0) on_envelope(c);
    }
}

static void unpack_segment(struct null_conn *c)
{
    uint8_t plain[NULL_SEGMENT];
    int n = LZ4_decompress_safe((const char *)c->gathered, (char *)plain, (int)c->gathered_n,
                                (int)sizeof(plain));

    if (n < 0 || (uint32_t)n != c->seg_plain) null_die("lz4 of a segment");
    c->gathered_n = 0;
    feed_envelopes(c, plain, (size_t)n);
}

static void begin_segment(struct null_conn *c)
{
    uint64_t bits = null_le24(c->seg);

    if (c->o->lz4) bits |= (uint64_t)c->seg[3] << 24 | (uint64_t)c->seg[4] << 32;
    c->seg_left = bits & 0x1ffff;
    c->seg_plain = c->o->lz4 ? (uint32_t)(bits >> 17 & 0x1ffff) : 0;
    c->seg_tail = 4;
}

/* One step: part of a segment's header, payload or checksum (which nobody checks here). */
static size_t feed_segment(struct null_conn *c, const uint8_t *p, size_t n)
{
    size_t head = c->o->lz4 ? 8 : 6, k;

    if (c->seg_n < head) {
        c->seg[c->seg_n++] = *p;
        if (c->seg_n == head) begin_segment(c);
        return 1;
    }
    if (c->seg_left > 0) {
        k = c->seg_left < n ? c->seg_left : n;
        c->seg_left -= k;
        if (!c->seg_plain)
            feed_envelopes(c, p, k);
        else
            append(&c->gathered, &c->gathered_n, &c->gathered_cap, p, k);
        if (c->seg_plain && c->seg_left == 0) unpack_segment(c);
        return k;
    }
    k = c->seg_tail < n ? c->seg_tail : n;
    c->seg_tail -= k;
    if (c->seg_tail == 0) c->seg_n = 0;
    return k;
}

bool null_feed(struct null_conn *c, const uint8_t *p, size_t n)
{
    c->counts.bytes += n;
    if (!c->is_segmented) {
        feed_envelopes(c, p, n); /* nothing follows READY before we ask */
    } else {
        for (size_t k; n > 0; p += k, n -= k)
            k = feed_segment(c, p, n);
    }
    return c->phase == NULL_DONE && (!c->is_segmented || c->seg_n == 0);
}
