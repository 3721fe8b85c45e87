/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON writer of record/json.h. A value puts the comma before itself where one is due; a key
 * takes the comma over from its value. Text goes out in runs: everything that may stand as it is,
 * up to the next byte that needs an escape or is not UTF-8, is one copy. Errors are those of the
 * buffer.
 */
#include "record/json.h"

#include <assert.h>

#include "base/digest.h"
#include "base/err.h"

void cq_json_init(struct cq_json *j, struct cq_buf *out, const struct cq_mem *mem)
{
    *j = (struct cq_json){.out = out};
    cq_buf_init(&j->mutes, mem, CQ_JSON_MAX_MUTES * sizeof(struct cq_json_mute));
}

void cq_json_fini(struct cq_json *j)
{
    cq_buf_fini(&j->mutes);
}

void cq_json_reset(struct cq_json *j)
{
    j->comma = false;
    j->muting = false;
    j->depth = 0;
    cq_buf_clear(&j->mutes);
}

/* cq_buf_room where there is room already, which is almost always. */
static inline uint8_t *room(struct cq_buf *b, size_t n)
{
    return b->p && !b->err && b->cap - b->n >= n ? b->p + b->n : cq_buf_room(b, n);
}

static inline void put(struct cq_buf *b, char c)
{
    uint8_t *to = room(b, 1);

    if (!to) return;
    *to = (uint8_t)c;
    b->n++;
}

static inline void separate(struct cq_json *j)
{
    if (j->comma) put(j->out, ',');
    j->comma = true;
}

void cq_json_open(struct cq_json *j, char bracket)
{
    assert(j->depth < CQ_JSON_MAX_DEPTH);
    separate(j);
    put(j->out, bracket);
    j->comma = false;
    j->depth++;
}

void cq_json_close(struct cq_json *j, char bracket)
{
    assert(j->depth > 0);
    put(j->out, bracket);
    j->comma = true;
    j->depth--;
}

static void put_key(struct cq_json *j, const char *key, size_t n, const char *suffix, size_t m)
{
    uint8_t *to = room(j->out, n + m + 4);
    size_t i = 0;

    if (!to) return;
    if (j->comma) to[i++] = ',';
    to[i++] = '"';
    memcpy(to + i, key, n);
    i += n;
    memcpy(to + i, suffix, m);
    i += m;
    to[i++] = '"';
    to[i++] = ':';
    j->out->n += i;
    j->comma = false;
}

void cq_json_key(struct cq_json *j, const char *key)
{
    put_key(j, key, strlen(key), "", 0);
}

void cq_json_null(struct cq_json *j)
{
    cq_json_raw(j, CQ_LIT("null"));
}

void cq_json_bool(struct cq_json *j, bool v)
{
    cq_json_raw(j, v ? CQ_LIT("true") : CQ_LIT("false"));
}

void cq_json_raw(struct cq_json *j, cq_bytes json)
{
    uint8_t *to;

    separate(j);
    to = room(j->out, json.n);
    if (!to) return;
    memcpy(to, json.p, json.n);
    j->out->n += json.n;
}

/*
 * Length of the UTF-8 sequence that begins at p (n > 0), RFC 3629 section 4: no overlong forms, no
 * surrogates, nothing above U+10FFFF. Where it is not one, *valid is false and the length is that
 * of its maximal part, which one replacement character stands for.
 */
static size_t sequence(const uint8_t *p, size_t n, bool *valid)
{
    uint8_t low = 0x80, high = 0xbf;
    size_t more;

    *valid = true;
    if (p[0] < 0x80) return 1;
    *valid = false;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 1;
    more = p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
    if (p[0] == 0xe0) low = 0xa0;
    if (p[0] == 0xed) high = 0x9f;
    if (p[0] == 0xf0) low = 0x90;
    if (p[0] == 0xf4) high = 0x8f;
    for (size_t i = 1; i <= more; i++) {
        if (i >= n || p[i] < low || p[i] > high) return i;
        low = 0x80;
        high = 0xbf;
    }
    *valid = true;
    return more + 1;
}

static inline bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* How many bytes from p on may be copied as they are. */
static size_t plain_run(const uint8_t *p, size_t n)
{
    size_t i = 0;

    for (;;) {
        bool valid;
        size_t step;

        while (i < n && is_plain(p[i]))
            i++;
        if (i == n || p[i] < 0x80) return i;
        step = sequence(p + i, n - i, &valid);
        if (!valid) return i;
        i += step;
    }
}

static void put_escape(struct cq_buf *out, uint8_t c)
{
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char letter[] = "\"\\bfnrt";
    const char *at = c ? strchr(named, c) : NULL;
    char text[6] = "\\u00";

    if (at) {
        text[1] = letter[at - named];
        cq_buf_put(out, text, 2);
        return;
    }
    cq_hex(&c, 1, text + 4);
    cq_buf_put(out, text, 6);
}

/* What plain_run could not take over: the rest of a text from byte i on. */
static bool put_rest(struct cq_buf *out, cq_bytes text, size_t i)
{
    bool all_valid = true;

    while (i < text.n) {
        size_t run;

        if (text.p[i] < 0x80) {
            put_escape(out, text.p[i++]);
        } else {
            i += sequence(text.p + i, text.n - i, &(bool){false});
            cq_buf_puts(out, "\xef\xbf\xbd");
            all_valid = false;
        }
        run = plain_run(text.p + i, text.n - i);
        cq_buf_put(out, text.p + i, run);
        i += run;
    }
    return all_valid;
}

bool cq_json_text(struct cq_json *j, cq_bytes text)
{
    bool all_valid = true;
    size_t run;
    uint8_t *to;

    if (cq_is_null(text)) {
        cq_json_null(j);
        return true;
    }
    separate(j);
    run = plain_run(text.p, text.n);
    to = room(j->out, run + 2);
    if (!to) return true;
    *to = '"';
    memcpy(to + 1, text.p, run);
    j->out->n += run + 1;
    if (run < text.n) all_valid = put_rest(j->out, text, run);
    put(j->out, '"');
    return all_valid;
}

void cq_json_base64(struct cq_json *j, cq_bytes bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t *to;

    if (cq_is_null(bytes)) {
        cq_json_null(j);
        return;
    }
    separate(j);
    put(j->out, '"');
    to = cq_buf_room(j->out, (bytes.n + 2) / 3 * 4);
    if (!to) return;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        uint32_t v = (uint32_t)bytes.p[i] << 16;

        if (left > 1) v |= (uint32_t)bytes.p[i + 1] << 8;
        if (left > 2) v |= bytes.p[i + 2];
        *to++ = (uint8_t)digits[v >> 18];
        *to++ = (uint8_t)digits[v >> 12 & 63];
        *to++ = (uint8_t)(left > 1 ? digits[v >> 6 & 63] : '=');
        *to++ = (uint8_t)(left > 2 ? digits[v & 63] : '=');
    }
    j->out->n += (bytes.n + 2) / 3 * 4;
    put(j->out, '"');
}

void cq_json_member_text(struct cq_json *j, const char *key, cq_bytes text)
{
    cq_json_key(j, key);
    if (cq_json_text(j, text)) return;
    put_key(j, key, strlen(key), "_base64", 7);
    cq_json_base64(j, text);
}

void cq_json_mute_begin(struct cq_json *j)
{
    assert(!j->muting && j->comma);
    j->muting = true;
    j->mute_from = j->out->n;
}

void cq_json_mute_end(struct cq_json *j)
{
    struct cq_json_mute m = {j->mute_from, j->out->n};

    assert(j->muting);
    j->muting = false;
    if (m.to > m.from) cq_buf_put(&j->mutes, &m, sizeof(m));
    if (j->mutes.err && !j->out->err) j->out->err = j->mutes.err;
}
