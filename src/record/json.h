/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A streaming JSON writer for the hot path: no tree, no allocation of its own, no locale. It writes
 * what it is told, in order, into a cq_buf (sticky errors there; what stands in the buffer after
 * one is nobody's) and puts the commas. Keys are literals of the program, never data.
 *
 * Texts from servers: valid UTF-8 goes out as it is, escaped as RFC 8259 asks (and nothing more:
 * \" \\ \b \f \n \r \t, other controls as \u00xx); bytes that are not UTF-8 become U+FFFD (one for
 * each maximal part of a sequence) and the caller is told, so that it can add the twin key
 * "..._base64" (cq_json_member does both).
 * Numbers: integers in decimal; doubles in the shortest form that reads back the same, laid out as
 * ECMAScript does (RFC 8785 3.2.2.3); not finite: null.
 *
 * How to be cheap with it. Everything that is common is inline here and ends in one test for room,
 * a copy or two of a fixed size, and one store of the length; what is rare is one call.
 *  - A key is CQ_KEY("name"): it holds its comma, quotes and colon, and goes out as one copy of 32
 *    bytes. It may be kept in tables (CQ_KEY_INIT) and handed through functions at no cost.
 *  - "key":"text" is one call, cq_json_member. Texts of up to 16 bytes (names, types) are copied
 *    and checked without a loop.
 *  - What is the same again and again is written once and spliced from then on:
 *
 *      size_t mark = cq_json_mark(j);
 *      cq_json_member(j, CQ_KEY("type"), type);
 *      cq_json_member(j, CQ_KEY("kind"), kind);
 *      keep(cq_json_since(j, mark));    a view into the buffer: copy it
 *      ...
 *      cq_json_splice(j, kept);         members or elements, any number; commas are put
 *
 *    A spliced piece mutes nothing: mute around it, or leave muted members out of it.
 *  - A literal may hold several tokens: cq_json_splice(j, CQ_LIT("\"extra\":[]")).
 */
#ifndef CQ_RECORD_JSON_H
#define CQ_RECORD_JSON_H

#include <assert.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/lanes.h"

enum {
    CQ_JSON_MAX_DEPTH = 16,
    CQ_JSON_MAX_MUTES = CQ_MAX_OBJECT_ROWS + 16,
    CQ_JSON_NEAR_MUTES = 4, /* nearly no record has more */
    CQ_JSON_KEY_COPY = 32,  /* what a key's copy writes, whatever its length */
    /* What is there beyond the room asked for: commas, quotes, brackets, the rest of a copy. */
    CQ_JSON_SLACK = 64,
};

/* ,"name": and zeros, so that CQ_JSON_KEY_COPY bytes may be read from its second byte on. */
struct cq_json_key {
    const char *p;
    size_t n; /* with the comma */
};

#define CQ_KEY_INIT(name)                                                                          \
    {                                                                                              \
        ",\"" name "\":"                                                                           \
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",                        \
            sizeof(name) + 3 + 0 * sizeof(char[sizeof(name) + 3 <= CQ_JSON_KEY_COPY ? 1 : -1])     \
    }
#define CQ_KEY(name) ((struct cq_json_key)CQ_KEY_INIT(name))

struct cq_json_mute {
    size_t from, to; /* offsets in out */
};

struct cq_json {
    struct cq_buf *out;
    bool comma; /* one is due before the next member or element */
    int depth;
    bool muting;
    size_t mute_from;
    /* Stretches of out that the content hash leaves out: cq_json_mute_at. */
    size_t n_near;
    struct cq_json_mute near[CQ_JSON_NEAR_MUTES];
    struct cq_buf far; /* of struct cq_json_mute */
};

void cq_json_init(struct cq_json *j, struct cq_buf *out, const struct cq_mem *mem);
void cq_json_fini(struct cq_json *j);
void cq_json_reset(struct cq_json *j);

/* Room for n bytes and the slack: where to write, or NULL with an error in the buffer. The caller
 * then says where it stopped (cq_json_wrote). */
static inline uint8_t *cq_json_room(struct cq_json *j, size_t n)
{
    struct cq_buf *b = j->out;

    n += CQ_JSON_SLACK;
    return __builtin_expect(b->cap - b->n >= n, 1) ? b->p + b->n : cq_buf_grow(b, n);
}

static inline void cq_json_wrote(struct cq_json *j, const uint8_t *end, bool comma)
{
    j->out->n = (size_t)(end - j->out->p);
    j->comma = comma;
}

/* The comma that is due, where it is: what follows overwrites one that is not. */
static inline uint8_t *cq_json_separate(const struct cq_json *j, uint8_t *to)
{
    *to = ',';
    return to + j->comma;
}

static inline void cq_json_open(struct cq_json *j, char bracket) /* '{' or '[' */
{
    uint8_t *to = cq_json_room(j, 0);

    assert(j->depth < CQ_JSON_MAX_DEPTH);
    j->depth++;
    if (!to) return;
    to = cq_json_separate(j, to);
    *to = (uint8_t)bracket;
    cq_json_wrote(j, to + 1, false);
}

static inline void cq_json_close(struct cq_json *j, char bracket) /* '}' or ']' */
{
    uint8_t *to = cq_json_room(j, 0);

    assert(j->depth > 0);
    j->depth--;
    if (!to) return;
    *to = (uint8_t)bracket;
    cq_json_wrote(j, to + 1, true);
}

/* The key, from where it may be: 32 bytes are written, the next thing stands at what it returns. */
static inline uint8_t *cq_json_copy_key(const struct cq_json *j, uint8_t *to,
                                        struct cq_json_key key)
{
    memcpy(to, key.p + !j->comma, CQ_JSON_KEY_COPY);
    return to + key.n - !j->comma;
}

/* A member's name; its value is the next thing written. */
static inline void cq_json_name(struct cq_json *j, struct cq_json_key key)
{
    uint8_t *to = cq_json_room(j, 0);

    if (to) cq_json_wrote(j, cq_json_copy_key(j, to, key), false);
}

/* A finished value, member or piece (cq_json_since): one or more members or elements with their
 * commas between them, or nothing. */
static inline void cq_json_splice(struct cq_json *j, cq_bytes piece)
{
    uint8_t *to = cq_json_room(j, piece.n);

    if (!to || piece.n == 0) return;
    to = cq_json_separate(j, to);
    memcpy(to, piece.p, piece.n);
    cq_json_wrote(j, to + piece.n, true);
}

/* Where a piece begins that is written next, and all that was written since (valid until the next
 * thing is written). */
static inline size_t cq_json_mark(const struct cq_json *j)
{
    return j->out->n + j->comma;
}

static inline cq_bytes cq_json_since(const struct cq_json *j, size_t mark)
{
    if (j->out->err || j->out->n <= mark) return CQ_LIT("");
    return (cq_bytes){j->out->p + mark, j->out->n - mark};
}

static inline void cq_json_null(struct cq_json *j)
{
    cq_json_splice(j, CQ_LIT("null"));
}

static inline void cq_json_bool(struct cq_json *j, bool v)
{
    cq_json_splice(j, v ? CQ_LIT("true") : CQ_LIT("false"));
}

/* The decimal digits of v at `to`, where there is room for 24 bytes: where they end. */
uint8_t *cq_digits(uint8_t *to, uint64_t v);
void cq_json_any_int(struct cq_json *j, int64_t v);
void cq_json_uint(struct cq_json *j, uint64_t v);
void cq_json_double(struct cq_json *j, double v);

/* Most are positions: one digit. */
static inline void cq_json_int(struct cq_json *j, int64_t v)
{
    uint8_t *to;

    if (v < 0 || v > 9) {
        cq_json_any_int(j, v);
        return;
    }
    to = cq_json_room(j, 0);
    if (!to) return;
    to = cq_json_separate(j, to);
    *to = (uint8_t)('0' + v);
    cq_json_wrote(j, to + 1, true);
}

void cq_json_base64(struct cq_json *j, cq_bytes bytes);

/* What cq_json_text and cq_json_member come to when a text is null, long or odd: the value, written
 * at `to`, where there is room for text.n bytes. */
bool cq_json_text_at(struct cq_json *j, uint8_t *to, cq_bytes text);
/* "key_base64":"..." */
void cq_json_twin(struct cq_json *j, struct cq_json_key key, cq_bytes bytes);

static inline bool cq_json_put_text(struct cq_json *j, uint8_t *to, cq_bytes text)
{
    if (text.n > 16 || !text.p || !cq_copy_plain16(to + 1, text.p, text.n)) {
        return cq_json_text_at(j, to, text);
    }
    *to = '"';
    to[text.n + 1] = '"';
    cq_json_wrote(j, to + text.n + 2, true);
    return true;
}

/* A string (null for a null slice). False: it was not UTF-8 and was written with replacement
 * characters. */
static inline bool cq_json_text(struct cq_json *j, cq_bytes text)
{
    uint8_t *to = cq_json_room(j, text.n);

    return !to || cq_json_put_text(j, cq_json_separate(j, to), text);
}

/* "key":"text" and, where it is not UTF-8, "key_base64":"...". */
static inline void cq_json_member(struct cq_json *j, struct cq_json_key key, cq_bytes text)
{
    uint8_t *to = cq_json_room(j, text.n);

    if (!to || cq_json_put_text(j, cq_json_copy_key(j, to, key), text)) return;
    cq_json_twin(j, key, text);
}

/*
 * Members between begin and end are not covered by `hash`. Never the first member of an object (the
 * comma before belongs to the stretch). Not nested.
 */
static inline void cq_json_mute_begin(struct cq_json *j)
{
    assert(!j->muting && j->comma);
    j->muting = true;
    j->mute_from = j->out->n;
}

void cq_json_mute_end(struct cq_json *j);
/* The muted stretches so far, none empty, in their order. */
size_t cq_json_n_mutes(const struct cq_json *j);
struct cq_json_mute cq_json_mute_at(const struct cq_json *j, size_t i);

#endif
