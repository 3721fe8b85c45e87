/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simple cells as text (v5.spec 6): numbers in the shortest form that reads back the same, dates
 * as RFC 3339, whatever the host's locale is. A cell of another length than its type's is refused.
 */
#include "proto/scalar_text.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/cql.h"
#include "proto/value.h"
#include "proto/wire.h"

enum { MAX_VARINT = 64, MAX_SCALE = 512, DAY_MS = 86400000 };

void cql_hex_text(cq_bytes cell, struct cq_buf *out)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *to = cq_buf_room(out, 2 + 2 * cell.n);

    if (!to) return;
    *to++ = '0';
    *to++ = 'x';
    for (size_t i = 0; i < cell.n; i++) {
        *to++ = (uint8_t)digits[cell.p[i] >> 4];
        *to++ = (uint8_t)digits[cell.p[i] & 15];
    }
    out->n += 2 + 2 * cell.n;
}

static bool write_text(cq_bytes cell, bool nested, struct cq_buf *out)
{
    if (!nested) {
        cq_buf_put(out, cell.p, cell.n);
        return true;
    }
    cq_buf_putc(out, '\'');
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.p[i] == '\'') cq_buf_putc(out, '\'');
        cq_buf_putc(out, (char)cell.p[i]);
    }
    cq_buf_putc(out, '\'');
    return true;
}

/* Signed big-endian of up to 8 bytes. */
static bool write_integer(cq_bytes cell, size_t n, struct cq_buf *out)
{
    uint64_t v;

    if (cell.n != n) return false;
    v = cell.p[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | cell.p[i];
    cq_buf_printf(out, "%lld", (long long)v);
    return true;
}

/* The fewest digits that read back as v: into digits (no point), *exp of the first one. */
static size_t shortest(double v, bool is_float, char digits[20], int *exp)
{
    char text[64];
    size_t n = 0;

    for (int precision = 0; precision < 17; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision, v);
        if (is_float ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v) break;
    }
    *exp = atoi(strchr(text, 'e') + 1);
    for (const char *p = text; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9' && n < 19) digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return n;
}

static void write_real(double v, bool is_float, bool nested, struct cq_buf *out)
{
    char digits[20];
    int exp;
    size_t n;

    if (isnan(v) || isinf(v)) {
        cq_buf_puts(out, isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity");
        return;
    }
    if (signbit(v)) cq_buf_putc(out, '-');
    n = shortest(fabs(v), is_float, digits, &exp);
    if (exp < -5 || exp > 15) {
        cq_buf_putc(out, digits[0]);
        if (n > 1) cq_buf_printf(out, ".%.*s", (int)n - 1, digits + 1);
        cq_buf_printf(out, "e%+03d", exp);
        return;
    }
    if (exp < 0) cq_buf_puts(out, "0.");
    for (int i = exp; i < -1; i++)
        cq_buf_putc(out, '0');
    for (int i = 0; i < (int)n || i <= exp; i++) {
        if (i == exp + 1 && exp >= 0) cq_buf_putc(out, '.');
        cq_buf_putc(out, i < (int)n ? digits[i] : '0');
    }
    if (nested && (int)n <= exp + 1) cq_buf_puts(out, ".0");
}

static bool write_float(cq_bytes cell, bool nested, struct cq_buf *out)
{
    uint32_t bits;
    float v;

    if (cell.n != 4) return false;
    bits = cql_load_u32(cell.p);
    memcpy(&v, &bits, sizeof(v));
    write_real((double)v, true, nested, out);
    return true;
}

static bool write_double(cq_bytes cell, bool nested, struct cq_buf *out)
{
    double v;

    if (!cql_get_double(cell, &v)) return false;
    write_real(v, false, nested, out);
    return true;
}

/* Decimal digits of a two's complement number, most significant first. Returns how many. */
static size_t big_digits(cq_bytes cell, bool *negative, char digits[MAX_VARINT * 3])
{
    uint8_t magnitude[MAX_VARINT];
    size_t n = 0;
    bool is_zero = false;
    unsigned carry = 1;

    *negative = cell.p[0] & 0x80;
    memcpy(magnitude, cell.p, cell.n);
    for (size_t i = cell.n; *negative && i-- > 0;) {
        carry += (uint8_t)~magnitude[i];
        magnitude[i] = (uint8_t)carry;
        carry >>= 8;
    }
    while (!is_zero) {
        unsigned rest = 0;

        is_zero = true;
        for (size_t i = 0; i < cell.n; i++) {
            rest = rest << 8 | magnitude[i];
            magnitude[i] = (uint8_t)(rest / 10);
            rest %= 10;
            is_zero = is_zero && magnitude[i] == 0;
        }
        digits[n++] = (char)('0' + rest);
    }
    for (size_t i = 0; i < n / 2; i++) {
        char c = digits[i];

        digits[i] = digits[n - 1 - i];
        digits[n - 1 - i] = c;
    }
    return n;
}

static bool write_big(cq_bytes cell, int32_t scale, struct cq_buf *out)
{
    char digits[MAX_VARINT * 3];
    bool negative;
    size_t n;

    if (cell.n == 0 || cell.n > MAX_VARINT || scale > MAX_SCALE || scale < -MAX_SCALE) return false;
    n = big_digits(cell, &negative, digits);
    if (negative) cq_buf_putc(out, '-');
    if (scale > 0 && (size_t)scale >= n) {
        cq_buf_puts(out, "0.");
        for (size_t i = n; i < (size_t)scale; i++)
            cq_buf_putc(out, '0');
        cq_buf_put(out, digits, n);
        return true;
    }
    if (scale > 0) {
        cq_buf_put(out, digits, n - (size_t)scale);
        cq_buf_putc(out, '.');
        cq_buf_put(out, digits + n - (size_t)scale, (size_t)scale);
        return true;
    }
    cq_buf_put(out, digits, n);
    for (int32_t i = scale; i < 0 && !(n == 1 && digits[0] == '0'); i++)
        cq_buf_putc(out, '0');
    return true;
}

static bool write_decimal(cq_bytes cell, struct cq_buf *out)
{
    struct cql_reader r = cql_reader_of(cell);
    int32_t scale = cql_read_i32(&r);

    return !r.bad && write_big(cql_rest(&r), scale, out);
}

/* Days since 1970 in the proleptic Gregorian calendar (era of 400 years, 146,097 days). */
static void civil(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2);
}

static bool write_date(cq_bytes cell, struct cq_buf *out)
{
    int64_t year;
    int month, day;

    if (cell.n != 4) return false;
    civil((int64_t)cql_load_u32(cell.p) - (1ll << 31), &year, &month, &day);
    cq_buf_printf(out, "%04lld-%02d-%02d", (long long)year, month, day);
    return true;
}

static bool write_timestamp(cq_bytes cell, struct cq_buf *out)
{
    int64_t ms, days, year;
    int month, day, rest;

    if (!cql_get_bigint(cell, &ms)) return false;
    days = ms / DAY_MS - (ms % DAY_MS < 0);
    rest = (int)(ms - days * DAY_MS);
    civil(days, &year, &month, &day);
    if (year < 0 || year > 9999) return write_integer(cell, 8, out);
    cq_buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year, month, day, rest / 3600000,
                  rest / 60000 % 60, rest / 1000 % 60, rest % 1000);
    return true;
}

static bool write_time(cq_bytes cell, struct cq_buf *out)
{
    int64_t ns, s;

    if (!cql_get_bigint(cell, &ns)) return false;
    if (ns < 0 || ns >= (int64_t)DAY_MS * 1000000) return write_integer(cell, 8, out);
    s = ns / 1000000000;
    cq_buf_printf(out, "%02d:%02d:%02d.%09d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60),
                  (int)(ns % 1000000000));
    return true;
}

static bool write_duration(cq_bytes cell, struct cq_buf *out)
{
    struct cql_reader r = cql_reader_of(cell);
    long long months = cql_read_vint(&r);
    long long days = cql_read_vint(&r);
    long long ns = cql_read_vint(&r);

    if (r.bad || months == LLONG_MIN || days == LLONG_MIN || ns == LLONG_MIN) return false;
    /* one sign for all three, as CQL writes it */
    if ((months < 0 || days < 0 || ns < 0) && (months > 0 || days > 0 || ns > 0)) return false;
    if (months < 0 || days < 0 || ns < 0) cq_buf_putc(out, '-');
    if (months) cq_buf_printf(out, "%lldmo", months < 0 ? -months : months);
    if (days) cq_buf_printf(out, "%lldd", days < 0 ? -days : days);
    if (ns || (!months && !days)) cq_buf_printf(out, "%lldns", ns < 0 ? -ns : ns);
    return true;
}

static bool write_fixed(int id, cq_bytes cell, struct cq_buf *out)
{
    char text[46];
    bool truth;

    if (id == CQL_TYPE_BOOLEAN) {
        if (!cql_get_bool(cell, &truth)) return false;
        cq_buf_puts(out, truth ? "true" : "false");
        return true;
    }
    if (id == CQL_TYPE_INET ? !cql_get_inet(cell, text) : !cql_get_uuid(cell, text)) return false;
    cq_buf_puts(out, text);
    return true;
}

bool cql_scalar_text(int id, cq_bytes cell, bool nested, struct cq_buf *out)
{
    switch (id) {
    case CQL_TYPE_ASCII:
    case CQL_TYPE_TEXT:
    case CQL_TYPE_VARCHAR:
        return write_text(cell, nested, out);
    case CQL_TYPE_BIGINT:
    case CQL_TYPE_COUNTER:
        return write_integer(cell, 8, out);
    case CQL_TYPE_INT:
        return write_integer(cell, 4, out);
    case CQL_TYPE_SMALLINT:
        return write_integer(cell, 2, out);
    case CQL_TYPE_TINYINT:
        return write_integer(cell, 1, out);
    case CQL_TYPE_VARINT:
        return write_big(cell, 0, out);
    case CQL_TYPE_DECIMAL:
        return write_decimal(cell, out);
    case CQL_TYPE_FLOAT:
        return write_float(cell, nested, out);
    case CQL_TYPE_DOUBLE:
        return write_double(cell, nested, out);
    case CQL_TYPE_DATE:
        return write_date(cell, out);
    case CQL_TYPE_TIME:
        return write_time(cell, out);
    case CQL_TYPE_TIMESTAMP:
        return write_timestamp(cell, out);
    case CQL_TYPE_DURATION:
        return write_duration(cell, out);
    case CQL_TYPE_BOOLEAN:
    case CQL_TYPE_INET:
    case CQL_TYPE_UUID:
    case CQL_TYPE_TIMEUUID:
        return write_fixed(id, cell, out);
    default:
        return false;
    }
}
