/* SPDX-License-Identifier: Apache-2.0 */
/* Reading lines, and small helpers. A line that has not the form is told with its reason. */
#include "vectors/vector.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum verdict fail_why(struct why *why, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, ap);
    va_end(ap);
    return FAILED;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool unhex(const char *s, size_t n, uint8_t **out, size_t *out_n)
{
    *out = NULL;
    *out_n = n / 2;
    if (n % 2) return false;
    *out = malloc(n / 2 + 1);
    for (size_t i = 0; i < n; i += 2) {
        int hi = digit(s[i]), lo = digit(s[i + 1]);

        if (hi < 0 || lo < 0) return false;
        (*out)[i / 2] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}

json_t *json_hex(cq_bytes b)
{
    static const char digits[] = "0123456789abcdef";
    json_t *json;
    char *s;

    if (cq_is_null(b)) return json_null();
    s = malloc(2 * b.n + 1);
    for (size_t i = 0; i < b.n; i++) {
        s[2 * i] = digits[b.p[i] >> 4];
        s[2 * i + 1] = digits[b.p[i] & 15];
    }
    json = json_stringn_nocheck(s, 2 * b.n);
    free(s);
    return json;
}

json_t *json_text(cq_bytes b)
{
    return cq_is_null(b) ? json_null() : json_stringn_nocheck((const char *)b.p, b.n);
}

static bool set_framing(struct vector *v, const char *framing)
{
    v->is_segmented = strncmp(framing, "seg", 3) == 0;
    v->is_lz4 = strcmp(framing, "seg_lz4") == 0 || strcmp(framing, "frame_lz4") == 0;
    return v->is_lz4 || strcmp(framing, "seg") == 0 || strcmp(framing, "none") == 0;
}

struct vector *vector_parse(const char *text, struct why *why)
{
    struct vector *v = calloc(1, sizeof(*v));
    json_error_t error;
    const char *dir = "", *framing = "", *hex = "";
    size_t hex_n = 0;

    v->line = json_loads(text, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    v->id = "?";
    if (!v->line) {
        fail_why(why, "no JSON: %s", error.text);
    } else if (json_unpack_ex(v->line, &error, 0, "{s:s, s:s, s:i, s:s, s:s%, s:o}", "id", &v->id,
                              "dir", &dir, "v", &v->version, "framing", &framing, "hex", &hex,
                              &hex_n, "expect", &v->expect)) {
        fail_why(why, "%s: %s", v->id, error.text);
    } else if (!set_framing(v, framing) || (strcmp(dir, "request") && strcmp(dir, "response"))) {
        fail_why(why, "%s: unknown framing \"%s\" or dir \"%s\"", v->id, framing, dir);
    } else if (!unhex(hex, hex_n, &v->bytes, &v->n)) {
        fail_why(why, "%s: hex is not hex", v->id);
    } else {
        v->is_request = strcmp(dir, "request") == 0;
        return v;
    }
    vector_free(v);
    return NULL;
}

void vector_free(struct vector *v)
{
    json_decref(v->line);
    free(v->bytes);
    free(v);
}
