/* SPDX-License-Identifier: Apache-2.0 */
/* Texts for people and JSON strings for machines (cli/text.h). */
#include "cli/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

void cq_text_json(struct cq_text *t, const char *s)
{
    const unsigned char *p = (const unsigned char *)s;

    if (!s) {
        cq_text_puts(t, "null");
        return;
    }
    cq_text_puts(t, "\"");
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
    cq_text_puts(t, "\"");
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

/* Characters of the last line, escapes of colours not counted. */
static size_t columns(const struct cq_text *t, size_t from)
{
    size_t n = 0;

    for (size_t i = from; i < t->n; i++) {
        if (t->p[i] == '\033') {
            while (i < t->n && t->p[i] != 'm')
                i++;
        } else if (((unsigned char)t->p[i] & 0xc0) != 0x80) {
            n++;
        }
    }
    return n;
}

void cq_text_pad(struct cq_text *t, size_t line_start, size_t width)
{
    size_t have = columns(t, line_start);

    do {
        cq_text_puts(t, " ");
    } while (++have < width && !t->failed);
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
