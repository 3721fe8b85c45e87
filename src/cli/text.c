/* SPDX-License-Identifier: Apache-2.0 */
/* Texts for people and JSON strings for machines (cli/text.h). */
#include "cli/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool cq_wants_colours(int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    if (no && *no) return false;
    return isatty(fd) && (!term || strcmp(term, "dumb") != 0);
}

void cq_text_put(struct cq_text *t, const char *p, size_t n)
{
    if (t->failed) return;
    if (t->cap - t->n < n) {
        size_t cap = t->cap ? t->cap : 256;
        char *to;

        while (cap - t->n < n)
            cap *= 2;
        to = realloc(t->p, cap);
        if (!to) {
            t->failed = true;
            return;
        }
        t->p = to;
        t->cap = cap;
    }
    if (n) memcpy(t->p + t->n, p, n);
    t->n += n;
}

void cq_text_puts(struct cq_text *t, const char *s)
{
    cq_text_put(t, s, strlen(s));
}

void cq_text_printf(struct cq_text *t, const char *fmt, ...)
{
    char s[1024];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(s, sizeof(s), fmt, ap);
    va_end(ap);
    if (n > 0) cq_text_put(t, s, (size_t)n < sizeof(s) ? (size_t)n : sizeof(s) - 1);
}

/* Bytes of the valid UTF-8 character at s, 0 if it is none; its code point in *c. */
static size_t character(const unsigned char *s, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;

    if (n < 2) {
        *c = s[0];
        return n;
    }
    *c = s[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        *c = *c << 6 | (s[i] & 0x3fu);
    }
    return *c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000) ? 0 : n;
}

static bool is_harmless(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return false;
    if (c == 0x061c || c == 0x200e || c == 0x200f || c == 0xfeff) return false;
    return !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

void cq_text_escaped(struct cq_text *t, const char *s)
{
    const unsigned char *p = (const unsigned char *)s;

    while (p && *p) {
        uint32_t c;
        size_t n = character(p, &c);

        if (n && is_harmless(c)) {
            cq_text_put(t, (const char *)p, n);
        } else {
            for (size_t i = 0; i < (n ? n : 1); i++)
                cq_text_printf(t, "\\x%02x", p[i]);
        }
        p += n ? n : 1;
    }
}

void cq_text_colour(struct cq_text *t, enum cq_colour c, const char *s)
{
    static const char *const codes[] = {"",         "\033[1m",  "\033[2m",
                                        "\033[31m", "\033[32m", "\033[33m"};

    if (!t->colours || c == CQ_PLAIN) {
        cq_text_puts(t, s);
        return;
    }
    cq_text_puts(t, codes[c]);
    cq_text_puts(t, s);
    cq_text_puts(t, "\033[0m");
}

/* The inside of a JSON string. */
static void json_inside(struct cq_text *t, const char *s)
{
    const unsigned char *p = (const unsigned char *)s;

    while (*p) {
        uint32_t c;
        size_t n = character(p, &c);

        if (!n) {
            cq_text_puts(t, "\xef\xbf\xbd");
        } else if (c == '"' || c == '\\') {
            cq_text_printf(t, "\\%c", (char)c);
        } else if (c < 0x20 || c == 0x7f) {
            cq_text_printf(t, "\\u%04x", (unsigned)c);
        } else {
            cq_text_put(t, (const char *)p, n);
        }
        p += n ? n : 1;
    }
}

void cq_text_json(struct cq_text *t, const char *s)
{
    if (!s) {
        cq_text_puts(t, "null");
        return;
    }
    cq_text_puts(t, "\"");
    json_inside(t, s);
    cq_text_puts(t, "\"");
}

void cq_text_json_n(struct cq_text *t, const char *s, size_t n)
{
    char *copy = malloc(n + 1);
    size_t at = 0;

    if (!copy) {
        t->failed = true;
        return;
    }
    memcpy(copy, s, n);
    copy[n] = 0;
    cq_text_puts(t, "\"");
    while (at <= n) { /* text by text, each up to a NUL */
        json_inside(t, copy + at);
        at += strlen(copy + at) + 1;
        if (at <= n) cq_text_puts(t, "\\u0000");
    }
    cq_text_puts(t, "\"");
    free(copy);
}

void cq_text_bytes(struct cq_text *t, uint64_t n)
{
    static const char *const units[] = {"KB", "MB", "GB", "TB"};
    uint64_t tenths = n / 100;
    int u = 0;

    if (n < 1000) {
        cq_text_printf(t, "%u B", (unsigned)n);
        return;
    }
    for (; tenths >= 10000 && u < 3; u++)
        tenths /= 1000;
    if (tenths >= 1000) {
        cq_text_printf(t, "%u %s", (unsigned)(tenths / 10), units[u]);
    } else {
        cq_text_printf(t, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10), units[u]);
    }
}

void cq_text_time(struct cq_text *t, uint64_t ns)
{
    uint64_t us = ns / 1000;

    if (us < 10000) {
        cq_text_printf(t, "%u.%u ms", (unsigned)(us / 1000), (unsigned)(us / 100 % 10));
    } else if (us < 1000000) {
        cq_text_printf(t, "%u ms", (unsigned)(us / 1000));
    } else {
        cq_text_printf(t, "%u.%u s", (unsigned)(us / 1000000), (unsigned)(us / 100000 % 10));
    }
}

/* ---- columns ---- */

/* Columns of a character: too many rather than too few, so that no line is broken. */
static size_t width_of(uint32_t c)
{
    if ((c >= 0x300 && c < 0x370) || (c >= 0x200b && c <= 0x200d)) return 0;
    return c >= 0x1100 && !(c >= 0x2000 && c < 0x2e80) ? 2 : 1;
}

/* Bytes of the text's next piece (an escape of colour or a character) and its columns. */
static size_t piece(const struct cq_text *t, size_t at, size_t *width)
{
    uint32_t c = 0;
    size_t n = 1;

    *width = 0;
    if (t->p[at] == '\033') {
        while (at + n < t->n && t->p[at + n - 1] != 'm')
            n++;
        return n;
    }
    while (at + n < t->n && ((unsigned char)t->p[at + n] & 0xc0) == 0x80)
        n++;
    if (n <= 4) { /* a copy, for character() looks ahead to a NUL */
        unsigned char s[5] = {0};

        memcpy(s, t->p + at, n);
        (void)character(s, &c);
    }
    *width = width_of(c);
    return n;
}

size_t cq_text_columns(const struct cq_text *t, size_t line_start)
{
    size_t n = 0, width;

    for (size_t i = line_start; i < t->n; i += piece(t, i, &width), n += width)
        ;
    return n;
}

void cq_text_cut(struct cq_text *t, size_t line_start, size_t most)
{
    size_t n = 0, width, i = line_start;

    while (i < t->n) {
        size_t bytes = piece(t, i, &width);

        if (n + width > most) break;
        n += width;
        i += bytes;
    }
    if (i >= t->n) return;
    t->n = i;
    if (t->colours) cq_text_puts(t, "\033[0m");
}

void cq_text_pad(struct cq_text *t, size_t line_start, size_t width)
{
    size_t have = cq_text_columns(t, line_start);

    do {
        cq_text_puts(t, " ");
    } while (++have < width && !t->failed);
}

void cq_text_utc(struct cq_text *t, int64_t ms)
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;

    (void)gmtime_r(&s, &tm);
    cq_text_printf(t, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                   tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000));
}

void cq_text_flush(struct cq_text *t, int fd)
{
    size_t at = 0;

    while (at < t->n) {
        ssize_t n = write(fd, t->p + at, t->n - at);

        if (n < 0 && errno != EINTR) break; /* nobody listens: nothing else could be said */
        if (n > 0) at += (size_t)n;
    }
    t->n = 0;
}

void cq_text_free(struct cq_text *t)
{
    free(t->p);
    *t = (struct cq_text){.colours = t->colours};
}
