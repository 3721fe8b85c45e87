/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as JSON text, whatever the locale: integers in decimal, doubles in the fewest digits that
 * read back the same, laid out as ECMAScript's Number::toString does (RFC 8785 3.2.2.3): 0.01, 1,
 * 864000, 1e-7, 1.5e+21. Almost all numbers of a schema are short decimals, found without the C
 * library: m / 10^k with both exact is the double nearest to that decimal (one correctly rounded
 * division), and with at most 15 digits it is the only one that short. Most of them are thousandths
 * below 10^9, one division and no loop. What is no short decimal goes through printf and strtod,
 * whose decimal point may be any.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/json.h"

enum { MAX_DIGITS = 17, MAX_DECIMALS = 6 };

#define ASCII_ZEROS 0x3030303030303030ull

struct digits {
    char text[MAX_DIGITS + 8];
    int n;     /* digits, without zeros at the end */
    int point; /* the value is 0.DIGITS * 10^point */
};

/*
 * The eight digits of v < 10^8, the first one lowest, a byte each: halves of 4 digits, then pairs,
 * then digits, all of a size divided at once by a multiplication that is exact in its range
 * (10486 / 2^20 below 10^4, 103 / 2^10 below 100).
 */
static inline uint64_t eight(uint32_t v)
{
    uint64_t halves = v / 10000 | (uint64_t)(v % 10000) << 32;
    uint64_t hundreds = halves * 10486 >> 20 & 0x7f0000007full;
    uint64_t pairs = hundreds | (halves - 100 * hundreds) << 16;
    uint64_t tens = pairs * 103 >> 10 & 0x000f000f000f000full;

    return tens | (pairs - 10 * tens) << 8;
}

static inline uint8_t *put_word(uint8_t *to, uint64_t digits)
{
    uint64_t text = cq_little64(digits | ASCII_ZEROS);

    memcpy(to, &text, 8);
    return to + 8;
}

/* Without the zeros before it; all eight bytes are written, whatever the length. */
static inline uint8_t *put_short(uint8_t *to, uint32_t v)
{
    uint64_t digits = eight(v);
    int zeros = __builtin_ctzll(digits | 1ull << 56) / 8;

    put_word(to, digits >> 8 * zeros);
    return to + 8 - zeros;
}

uint8_t *cq_digits(uint8_t *to, uint64_t v)
{
    const uint64_t e8 = 100000000;

    if (v < e8) return put_short(to, (uint32_t)v);
    if (v < e8 * e8) {
        to = put_short(to, (uint32_t)(v / e8));
    } else {
        to = put_short(to, (uint32_t)(v / e8 / e8));
        to = put_word(to, eight((uint32_t)(v / e8 % e8)));
    }
    return put_word(to, eight((uint32_t)(v % e8)));
}

void cq_json_uint(struct cq_json *j, uint64_t v)
{
    uint8_t *to = cq_json_room(j, 0);

    if (to) cq_json_wrote(j, cq_digits(cq_json_separate(j, to), v), true);
}

void cq_json_any_int(struct cq_json *j, int64_t v)
{
    uint8_t *to = cq_json_room(j, 0);

    if (!to) return;
    to = cq_json_separate(j, to);
    *to = '-';
    to += v < 0;
    cq_json_wrote(j, cq_digits(to, v < 0 ? 0 - (uint64_t)v : (uint64_t)v), true);
}

static void from_integer(struct digits *d, uint64_t m, int decimals)
{
    char text[20];
    int n = 0;

    for (; m; m /= 10)
        text[n++] = (char)('0' + m % 10);
    d->n = n;
    d->point = n - decimals;
    for (int i = 0; i < n; i++)
        d->text[i] = text[n - 1 - i];
}

static bool short_decimal(struct digits *d, double v)
{
    double scale = 1;

    for (int k = 0; k <= MAX_DECIMALS; k++, scale *= 10) {
        double m = rint(v * scale);

        if (!(m < 1e15)) return false;
        if (m / scale != v) continue;
        from_integer(d, (uint64_t)m, k);
        return true;
    }
    return false;
}

static void any_double(struct digits *d, double v)
{
    char text[64];
    const char *p = text;

    for (int precision = v < 2.3e-308 ? 1 : 15; precision <= MAX_DIGITS; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision - 1, v);
        if (strtod(text, NULL) == v) break;
    }
    d->n = 0;
    for (; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9') d->text[d->n++] = *p;
    d->point = (int)strtol(p + 1, NULL, 10) + 1;
}

/* Number::toString, steps 6 to 10. */
static void lay_out(const struct digits *d, struct cq_buf *out)
{
    int k = d->n, n = d->point;

    if (n > 21 || n <= -6) {
        cq_buf_putc(out, d->text[0]);
        if (k > 1) cq_buf_putc(out, '.');
        cq_buf_put(out, d->text + 1, (size_t)k - 1);
        cq_buf_printf(out, "e%c%d", n > 0 ? '+' : '-', abs(n - 1));
        return;
    }
    if (n <= 0) {
        cq_buf_puts(out, "0.");
        for (int i = n; i < 0; i++)
            cq_buf_putc(out, '0');
        cq_buf_put(out, d->text, (size_t)k);
        return;
    }
    cq_buf_put(out, d->text, (size_t)(k < n ? k : n));
    for (int i = k; i < n; i++)
        cq_buf_putc(out, '0');
    if (k <= n) return;
    cq_buf_putc(out, '.');
    cq_buf_put(out, d->text + n, (size_t)(k - n));
}

/* A number of thousandths of not more than 12 digits; false: it is not. */
static bool put_thousandths(struct cq_json *j, double v)
{
    double size = fabs(v);
    uint32_t rest;
    int64_t m;
    uint8_t *to;

    if (!(size < 1e9)) return false;
    m = (int64_t)(size * 1000 + 0.5);
    if ((double)m / 1000 != size) return false;
    to = cq_json_room(j, 0);
    if (!to) return true;
    to = cq_json_separate(j, to);
    *to = '-';
    to = cq_digits(to + (v < 0), (uint64_t)m / 1000);
    rest = (uint32_t)(m % 1000);
    if (rest) {
        to[0] = '.';
        to[1] = (uint8_t)('0' + rest / 100);
        to[2] = (uint8_t)('0' + rest / 10 % 10);
        to[3] = (uint8_t)('0' + rest % 10);
        to += rest % 10 ? 4 : rest % 100 ? 3 : 2;
    }
    cq_json_wrote(j, to, true);
    return true;
}

void cq_json_double(struct cq_json *j, double v)
{
    struct digits d = {.n = 0};
    uint8_t *to;

    if (put_thousandths(j, v)) return;
    if (!isfinite(v)) {
        cq_json_null(j);
        return;
    }
    to = cq_json_room(j, 0);
    if (!to) return;
    to = cq_json_separate(j, to);
    *to = '-';
    cq_json_wrote(j, to + (v < 0), true);
    if (!short_decimal(&d, fabs(v))) any_double(&d, fabs(v));
    while (d.n > 1 && d.text[d.n - 1] == '0')
        d.n--;
    lay_out(&d, j->out);
}
