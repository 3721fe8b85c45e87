/* SPDX-License-Identifier: Apache-2.0 */
/* The token reader of json.h. */
#include "json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void json_begin(struct json *j, struct cqsim_slice in)
{
    *j = (struct json){.p = (const char *)in.p, .end = (const char *)in.p + in.n};
}

void json_fini(struct json *j)
{
    cqsim_buf_fini(&j->text);
}

static unsigned hex4(struct json *j)
{
    char digits[5] = {0};
    if (j->end - j->p < 4) return 0;
    memcpy(digits, j->p, 4);
    j->p += 4;
    return (unsigned)strtoul(digits, NULL, 16);
}

static void put_utf8(struct cqsim_buf *b, unsigned c)
{
    if (c < 0x80) {
        cqsim_put_u8(b, c);
    } else if (c < 0x800) {
        cqsim_put_u8(b, 0xc0 | c >> 6);
        cqsim_put_u8(b, 0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        cqsim_put_u8(b, 0xe0 | c >> 12);
        cqsim_put_u8(b, 0x80 | (c >> 6 & 0x3f));
        cqsim_put_u8(b, 0x80 | (c & 0x3f));
    } else {
        cqsim_put_u8(b, 0xf0 | c >> 18);
        cqsim_put_u8(b, 0x80 | (c >> 12 & 0x3f));
        cqsim_put_u8(b, 0x80 | (c >> 6 & 0x3f));
        cqsim_put_u8(b, 0x80 | (c & 0x3f));
    }
}

static void escape(struct json *j)
{
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    char c = *j->p++;
    const char *at = strchr(from, c);
    if (c != 'u') {
        cqsim_put_u8(&j->text, (uint8_t)(at != NULL ? to[at - from] : c));
        return;
    }
    unsigned u = hex4(j);
    if (u >= 0xd800 && u < 0xdc00 && j->end - j->p >= 6) {
        j->p += 2;
        u = 0x10000 + ((u - 0xd800) << 10) + (hex4(j) - 0xdc00);
    }
    put_utf8(&j->text, u);
}

static enum json_kind text(struct json *j)
{
    while (j->p < j->end && *j->p != '"') {
        if (*j->p != '\\') {
            cqsim_put_u8(&j->text, (uint8_t)*j->p++);
            continue;
        }
        j->p++;
        if (j->p < j->end) escape(j);
    }
    j->p++;
    return JSON_TEXT;
}

static enum json_kind word(struct json *j)
{
    while (j->p < j->end && (isalnum((unsigned char)*j->p) || strchr("+-.", *j->p) != NULL))
        cqsim_put_u8(&j->text, (uint8_t)*j->p++);
    struct cqsim_slice s = cqsim_buf_slice(&j->text);
    if (cqsim_is(s, "true")) return JSON_TRUE;
    if (cqsim_is(s, "false")) return JSON_FALSE;
    if (cqsim_is(s, "null")) return JSON_NULL;
    return s.n > 0 ? JSON_NUMBER : JSON_END;
}

enum json_kind json_next(struct json *j)
{
    static const char signs[] = "{}[]";
    static const enum json_kind kinds[] = {JSON_OBJECT, JSON_OBJECT_END, JSON_ARRAY,
                                           JSON_ARRAY_END};
    cqsim_buf_clear(&j->text);
    while (j->p < j->end && (isspace((unsigned char)*j->p) || *j->p == ',' || *j->p == ':'))
        j->p++;
    if (j->p >= j->end) return j->kind = JSON_END;
    const char *sign = strchr(signs, *j->p);
    if (sign != NULL) {
        j->p++;
        return j->kind = kinds[sign - signs];
    }
    if (*j->p == '"') {
        j->p++;
        j->kind = text(j);
    } else {
        j->kind = word(j);
    }
    j->n = cqsim_buf_len(&j->text);
    cqsim_put_u8(&j->text, 0);
    return j->kind;
}
