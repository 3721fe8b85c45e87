/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is rare in the JSON writer of record/json.h. A value puts the comma before itself where one
 * is due; a key takes the comma over from its value. Text that is not plain from end to end goes
 * out in runs: everything that may stand as it is, up to the next byte that needs an escape or is
 * not UTF-8, is one copy. Errors are those of the buffer.
 */
#include "record/json.h"

#include "base/digest.h"
#include "base/err.h"

void cq_json_init(struct cq_json *j, struct cq_buf *out, const struct cq_mem *mem)
{
    j->out = out;
    j->comma = false;
    j->muting = false;
    j->depth = 0;
    j->n_near = 0;
    cq_buf_init(&j->far, mem, CQ_JSON_MAX_MUTES * sizeof(struct cq_json_mute));
}

void cq_json_fini(struct cq_json *j)
{
    cq_buf_fini(&j->far);
}

void cq_json_reset(struct cq_json *j)
{
    j->comma = false;
    j->muting = false;
    j->depth = 0;
    j->n_near = 0;
    cq_buf_clear(&j->far);
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

        while (i + 16 <= n && cq_plain16(p + i))
            i += 16;
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

/* A text by runs: plain bytes and what is valid as one copy, then what needs something else. */
static bool put_runs(struct cq_buf *out, cq_bytes text)
{
    bool all_valid = true;

    for (size_t i = 0; i < text.n;) {
        size_t run = plain_run(text.p + i, text.n - i);

        cq_buf_put(out, text.p + i, run);
        i += run;
        if (i == text.n) break;
        if (text.p[i] < 0x80) {
            put_escape(out, text.p[i++]);
        } else {
            i += sequence(text.p + i, text.n - i, &(bool){false});
            cq_buf_puts(out, "\xef\xbf\xbd");
            all_valid = false;
        }
    }
    return all_valid;
}

bool cq_json_text_at(struct cq_json *j, uint8_t *to, cq_bytes text)
{
    bool all_valid;

    if (cq_is_null(text)) {
        memcpy(to, "null", 4);
        cq_json_wrote(j, to + 4, true);
        return true;
    }
    *to++ = '"';
    if (text.n > 16 && cq_copy_plain_long(to, text.p, text.n)) {
        to[text.n] = '"';
        cq_json_wrote(j, to + text.n + 1, true);
        return true;
    }
    cq_json_wrote(j, to, true);
    all_valid = put_runs(j->out, text);
    cq_buf_putc(j->out, '"');
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
    to = cq_json_room(j, (bytes.n + 2) / 3 * 4);
    if (!to) return;
    to = cq_json_separate(j, to);
    *to++ = '"';
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
    *to++ = '"';
    cq_json_wrote(j, to, true);
}

void cq_json_twin(struct cq_json *j, struct cq_json_key key, cq_bytes bytes)
{
    static const char suffix[] = "_base64\":";
    uint8_t *to = cq_json_room(j, 0);

    if (!to) return;
    to = cq_json_copy_key(j, to, key) - 2;
    memcpy(to, suffix, sizeof(suffix) - 1);
    cq_json_wrote(j, to + sizeof(suffix) - 1, false);
    cq_json_base64(j, bytes);
}

void cq_json_mute_end(struct cq_json *j)
{
    struct cq_json_mute m = {j->mute_from, j->out->n};

    assert(j->muting);
    j->muting = false;
    if (m.to <= m.from) return;
    if (j->n_near < CQ_JSON_NEAR_MUTES) {
        j->near[j->n_near++] = m;
        return;
    }
    cq_buf_put(&j->far, &m, sizeof(m));
    if (j->far.err && !j->out->err) j->out->err = j->far.err;
}

size_t cq_json_n_mutes(const struct cq_json *j)
{
    return j->n_near + j->far.n / sizeof(struct cq_json_mute);
}

struct cq_json_mute cq_json_mute_at(const struct cq_json *j, size_t i)
{
    const struct cq_json_mute *far = (const struct cq_json_mute *)(const void *)j->far.p;

    return i < CQ_JSON_NEAR_MUTES ? j->near[i] : far[i - CQ_JSON_NEAR_MUTES];
}
