/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the outermost object of a record (line.h). Nothing is copied. */
#include "sim/receiver/line.h"

#include <string.h>

enum { MAX_DEPTH = 64 };

/* From an opening quote to behind the closing one; NULL when there is none. */
static const uint8_t *skip_string(const uint8_t *p, const uint8_t *end)
{
    for (const uint8_t *from = ++p; p < end; from = p) {
        p = memchr(from, '"', (size_t)(end - from));
        if (p == NULL) return NULL;
        const uint8_t *escape = memchr(from, '\\', (size_t)(p - from));
        if (escape == NULL) return p + 1;
        p = escape + 2;
    }
    return NULL;
}

/* From an opening bracket to behind its closing one. The kinds of brackets that are open are the
   bits of a word. */
static const uint8_t *skip_nested(const uint8_t *p, const uint8_t *end)
{
    uint64_t braces = 0;
    unsigned depth = 0;
    while (p != NULL && p < end) {
        uint8_t c = *p;
        if (c == '"') {
            p = skip_string(p, end);
            continue;
        }
        p++;
        if (c == '{' || c == '[') {
            if (++depth > MAX_DEPTH) return NULL;
            braces = braces << 1 | (c == '{');
        } else if (c == '}' || c == ']') {
            if ((braces & 1) != (c == '}')) return NULL;
            braces >>= 1;
            if (--depth == 0) return p;
        }
    }
    return NULL;
}

static const uint8_t *skip_value(const uint8_t *p, const uint8_t *end)
{
    if (p == end) return NULL;
    if (*p == '"') return skip_string(p, end);
    if (*p == '{' || *p == '[') return skip_nested(p, end);
    const uint8_t *from = p;
    while (p < end && *p != ',' && *p != '}')
        p++;
    return p > from ? p : NULL;
}

static bool take_number(struct cqsim_slice text, uint64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') return false;
        n = 10 * n + (uint64_t)(text.p[i] - '0');
    }
    *out = n;
    return text.n > 0 && text.n < 20;
}

static void take_value(struct cqsim_record_line *out, struct cqsim_slice key,
                       struct cqsim_slice value)
{
    bool text = value.p[0] == '"';
    struct cqsim_slice inner = {value.p + 1, value.n - 2};
    if (cqsim_is(key, "version")) out->has_version = take_number(value, &out->version);
    if (text && cqsim_is(key, "kind")) out->kind = inner;
    if (text && cqsim_is(key, "id")) out->id = inner;
    if (text && cqsim_is(key, "cluster")) out->cluster = inner;
    if (text && cqsim_is(key, "read")) out->read = inner;
}

bool cqsim_record_line_read(struct cqsim_slice text, struct cqsim_record_line *out)
{
    const uint8_t *p = text.p, *end = text.p + text.n;
    *out = (struct cqsim_record_line){0};
    if (text.n < 2 || *p++ != '{') return false;
    while (p < end && *p == '"') {
        const uint8_t *key = p, *colon = skip_string(p, end);
        if (colon == NULL || colon == end || *colon != ':') return false;
        const uint8_t *value = colon + 1;
        p = skip_value(value, end);
        if (p == NULL || p == end) return false;
        take_value(out, (struct cqsim_slice){key + 1, (size_t)(colon - key) - 2},
                   (struct cqsim_slice){value, (size_t)(p - value)});
        if (*p == '}') break;
        if (*p++ != ',') return false;
    }
    bool closed = p + 1 == end && *p == '}';
    return closed && out->has_version && out->kind.n > 0 && out->id.n > 0 && out->cluster.n > 0;
}
