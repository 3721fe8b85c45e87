/* SPDX-License-Identifier: Apache-2.0 */
/* record/json.h: what comes out, byte for byte; doubles against printf and strtod. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "record/json.h"
#include "unit/base/cmocka_all.h"
#include "unit/record/point.h"

struct fixture {
    struct cq_buf out;
    struct cq_json j;
};

static struct fixture *begin(struct fixture *f)
{
    cq_buf_init(&f->out, &cq_mem_libc, CQ_MAX_RECORD);
    cq_json_init(&f->j, &f->out, &cq_mem_libc);
    return f;
}

static void end_with(struct fixture *f, const char *want)
{
    cq_buf_putc(&f->out, 0);
    assert_int_equal(f->out.err, 0);
    assert_string_equal((const char *)f->out.p, want);
    cq_json_fini(&f->j);
    cq_buf_fini(&f->out);
}

static void commas_and_nesting(void **state)
{
    struct fixture f;
    struct cq_json *j = &begin(&f)->j;

    (void)state;
    cq_json_open(j, '{');
    cq_json_name(j, CQ_KEY("a"));
    cq_json_open(j, '[');
    cq_json_int(j, 1);
    cq_json_open(j, '{');
    cq_json_close(j, '}');
    cq_json_null(j);
    cq_json_open(j, '[');
    cq_json_close(j, ']');
    cq_json_bool(j, true);
    cq_json_close(j, ']');
    cq_json_member(j, CQ_KEY("b"), CQ_LIT("x"));
    cq_json_member(j, CQ_KEY("c"), CQ_NULL);
    cq_json_name(j, CQ_KEY("d"));
    cq_json_splice(j, CQ_LIT("{\"e\":2}"));
    cq_json_name(j, CQ_KEY("f"));
    cq_json_bool(j, false);
    cq_json_close(j, '}');
    end_with(&f, "{\"a\":[1,{},null,[],true],\"b\":\"x\",\"c\":null,\"d\":{\"e\":2},\"f\":false}");
}

/* The same by keys of a known length, and by pieces that were written before. */
static void keys_and_pieces(void **state)
{
    static const struct cq_json_key table[] = {CQ_KEY_INIT("f"),
                                               CQ_KEY_INIT("memtable_flush_period_in_ms")};
    struct fixture f;
    struct cq_json *j = &begin(&f)->j;
    uint8_t kept[100];
    cq_bytes piece;
    size_t mark;

    (void)state;
    cq_json_open(j, '{');
    mark = cq_json_mark(j);
    assert_int_equal(cq_json_since(j, mark).n, 0);
    cq_json_splice(j, cq_json_since(j, mark));
    cq_json_member(j, CQ_KEY("a"), CQ_LIT("x"));
    cq_json_name(j, CQ_KEY("b"));
    cq_json_bool(j, true);
    piece = cq_json_since(j, mark);
    assert_int_equal(piece.n, 16);
    memcpy(kept, piece.p, piece.n);
    piece.p = kept;
    cq_json_name(j, CQ_KEY("c"));
    cq_json_open(j, '[');
    cq_json_splice(j, CQ_LIT("1,2"));
    cq_json_splice(j, CQ_LIT(""));
    cq_json_open(j, '{');
    cq_json_splice(j, piece);
    cq_json_splice(j, CQ_LIT("\"d\":[]"));
    mark = cq_json_mark(j);
    cq_json_member(j, CQ_KEY("e"), CQ_NULL);
    assert_int_equal(cq_json_since(j, mark).n, 8);
    cq_json_close(j, '}');
    cq_json_close(j, ']');
    cq_json_name(j, table[0]);
    cq_json_null(j);
    cq_json_name(j, table[1]);
    cq_json_int(j, 0);
    cq_json_close(j, '}');
    end_with(&f, "{\"a\":\"x\",\"b\":true,\"c\":[1,2,{\"a\":\"x\",\"b\":true,\"d\":[],\"e\":null}],"
                 "\"f\":null,\"memtable_flush_period_in_ms\":0}");
}

static void integers(void **state)
{
    struct fixture f;
    struct cq_json *j = &begin(&f)->j;

    (void)state;
    cq_json_open(j, '[');
    cq_json_int(j, 0);
    cq_json_int(j, -1);
    cq_json_int(j, INT64_MAX);
    cq_json_int(j, INT64_MIN);
    cq_json_uint(j, UINT64_MAX);
    cq_json_uint(j, 10);
    cq_json_close(j, ']');
    end_with(&f, "[0,-1,9223372036854775807,-9223372036854775808,18446744073709551615,10]");
}

static void digits_are(uint64_t v)
{
    char want[24];
    uint8_t got[25];

    snprintf(want, sizeof(want), "%llu", (unsigned long long)v);
    *cq_digits(got, v) = 0;
    assert_string_equal(got, want);
}

/* Around every power of ten and of two, beside printf. */
static void digits(void **state)
{
    uint64_t ten = 1;

    (void)state;
    for (int i = 0; i < 20; i++, ten *= 10)
        for (uint64_t v = ten - 2; v != ten + 3; v++)
            digits_are(v);
    for (int i = 0; i < 64; i++)
        for (uint64_t v = (1ull << i) - 2; v != (1ull << i) + 3; v++)
            digits_are(v);
    for (uint64_t v = 0; v < 20000; v++) {
        digits_are(v);
        digits_are(v * 10000 + 9999 - v % 10000);
    }
}

static void text_is(cq_bytes text, bool valid, const char *want)
{
    struct fixture f;

    assert_int_equal(cq_json_text(&begin(&f)->j, text), valid);
    end_with(&f, want);
}

static void begin_and_refuse(cq_bytes text)
{
    struct fixture f;

    assert_false(cq_json_text(&begin(&f)->j, text));
    cq_json_fini(&f.j);
    cq_buf_fini(&f.out);
}

static void escapes(void **state)
{
    (void)state;
    text_is(CQ_LIT(""), true, "\"\"");
    text_is(CQ_LIT("plain / text \x7f"), true, "\"plain / text \x7f\"");
    text_is(CQ_LIT("\"\\\b\f\n\r\t"), true, "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
    text_is((cq_bytes){(const uint8_t *)"\0\x01\x0b\x1f", 4}, true,
            "\"\\u0000\\u0001\\u000b\\u001f\"");
    text_is(CQ_LIT("a\nb"), true, "\"a\\nb\"");
}

/* Valid sequences at every border of RFC 3629, and what is just past it: one U+FFFD for each
 * maximal part (Unicode 3.9, the practice of the web's decoders and of Python). */
static void utf8(void **state)
{
    (void)state;
    text_is(CQ_LIT("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80"
                   "\xf4\x8f\xbf\xbf"),
            true,
            "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80"
            "\xf4\x8f\xbf\xbf\"");
    text_is(CQ_LIT("a\xff z"), false, "\"a\xef\xbf\xbd z\"");
    text_is(CQ_LIT("\xc1\xbf"), false, "\"\xef\xbf\xbd\xef\xbf\xbd\""); /* overlong */
    text_is(CQ_LIT("\xe0\x9f\xbf"), false, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    text_is(CQ_LIT("\xed\xa0\x80"), false,
            "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); /* surrogate */
    text_is(CQ_LIT("\xf4\x90\x80\x80"), false,
            "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    text_is(CQ_LIT("\xf5"), false, "\"\xef\xbf\xbd\"");
    text_is(CQ_LIT("\xe2\x82"), false, "\"\xef\xbf\xbd\"");     /* cut short: one */
    text_is(CQ_LIT("\xf0\x9f\x98"), false, "\"\xef\xbf\xbd\""); /* cut short: one */
    text_is(CQ_LIT("\xe2\x82x"), false, "\"\xef\xbf\xbdx\"");
    text_is(CQ_LIT("\x80\n"), false, "\"\xef\xbf\xbd\\n\"");
}

static void twin_with_the_bytes(void **state)
{
    struct fixture f;
    struct cq_json *j = &begin(&f)->j;

    (void)state;
    cq_json_open(j, '{');
    cq_json_member(j, CQ_KEY("name"), CQ_LIT("a\xff"));
    cq_json_member(j, CQ_KEY("next"), CQ_LIT("\xff"));
    cq_json_member(j, CQ_KEY("last"), CQ_LIT("b"));
    cq_json_close(j, '}');
    end_with(&f, "{\"name\":\"a\xef\xbf\xbd\",\"name_base64\":\"Yf8=\",\"next\":\"\xef\xbf\xbd\","
                 "\"next_base64\":\"/w==\",\"last\":\"b\"}");
}

static void put_plainly(char *to, const uint8_t *p, size_t n)
{
    *to++ = '"';
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '"' || p[i] == '\\') *to++ = '\\';
        if (p[i] >= 0x20) *to++ = (char)p[i];
        if (p[i] < 0x20) to += sprintf(to, "\\u%04x", p[i]);
    }
    *to++ = '"';
    *to = 0;
}

/* Every length, something odd at every place, or two bytes of UTF-8, or a half of them. */
static void every_length(void **state)
{
    static const char *const odd[] = {"\x01", "\"", "\\", "\xc3\xbc", "~"};
    uint8_t text[71];
    char want[200];

    (void)state;
    for (size_t n = 0; n < 71; n++) {
        memset(text, 'a', sizeof(text));
        put_plainly(want, text, n);
        text_is((cq_bytes){text, n}, true, want);
        for (size_t at = 0; at < n; at++) {
            for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
                if (at + strlen(odd[i]) > n) continue;
                memset(text, 'a', sizeof(text));
                memcpy(text + at, odd[i], strlen(odd[i]));
                put_plainly(want, text, n);
                text_is((cq_bytes){text, n}, true, want);
            }
        }
        if (n == 0) continue;
        text[n - 1] = 0xc3;
        memcpy(text, "aaaaaa", n - 1 < 6 ? n - 1 : 6);
        begin_and_refuse((cq_bytes){text, n});
    }
}

/* RFC 4648 section 10, and the two characters that differ between alphabets. */
static void base64(void **state)
{
    static const char *const pairs[][2] = {
        {"", "\"\""},
        {"f", "\"Zg==\""},
        {"fo", "\"Zm8=\""},
        {"foo", "\"Zm9v\""},
        {"foob", "\"Zm9vYg==\""},
        {"fooba", "\"Zm9vYmE=\""},
        {"foobar", "\"Zm9vYmFy\""},
        {"\xfb\xff\xbf", "\"+/+/\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct fixture f;

        cq_json_base64(&begin(&f)->j, cq_str(pairs[i][0]));
        end_with(&f, pairs[i][1]);
    }
}

static const char *double_text(struct fixture *f, double v)
{
    cq_buf_clear(&f->out);
    cq_json_reset(&f->j);
    cq_json_double(&f->j, v);
    cq_buf_putc(&f->out, 0);
    return (const char *)f->out.p;
}

/* RFC 8785 appendix B, and what schemas are made of. */
static void doubles(void **state)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {0.01, "0.01"},
        {0.1, "0.1"},
        {-0.25, "-0.25"},
        {864000, "864000"},
        {1.5, "1.5"},
        {100.125, "100.125"},
        {5e-324, "5e-324"},
        {-5e-324, "-5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {9007199254740992.0, "9007199254740992"},
        {295147905179352830000.0, "295147905179352830000"},
        {9.999999999999997e22, "9.999999999999997e+22"},
        {1e23, "1e+23"},
        {1e21, "1e+21"},
        {1e20, "100000000000000000000"},
        {999999999999999900000.0, "999999999999999900000"},
        {0.000001, "0.000001"},
        {1e-7, "1e-7"},
        {1.5e-9, "1.5e-9"},
        {333333333.3333332, "333333333.3333332"},
        {333333333.33333325, "333333333.33333325"},
        {0.1 + 0.2, "0.30000000000000004"},
        {123456.789012, "123456.789012"},
    };
    struct fixture f;

    (void)state;
    begin(&f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(double_text(&f, cases[i].v), cases[i].text);
    assert_string_equal(double_text(&f, NAN), "null");
    assert_string_equal(double_text(&f, INFINITY), "null");
    assert_string_equal(double_text(&f, -INFINITY), "null");
    cq_json_fini(&f.j);
    cq_buf_fini(&f.out);
}

/* Thousandths: all up to 30, and some of every size; beside integers. */
static void thousandths(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    for (uint64_t m = 1; m < 2000000000000; m += m < 30000 ? 1 : m / 97) {
        char want[40];
        size_t n = (size_t)snprintf(want, sizeof(want), "-%llu.%03llu",
                                    (unsigned long long)(m / 1000), (unsigned long long)(m % 1000));

        while (want[n - 1] == '0')
            want[--n] = 0;
        if (want[n - 1] == '.') want[--n] = 0;
        assert_string_equal(double_text(&f, (double)m / 1000), want + 1);
        assert_string_equal(double_text(&f, -(double)m / 1000), want);
    }
    cq_json_fini(&f.j);
    cq_buf_fini(&f.out);
}

static int count_digits(const char *text)
{
    int n = 0, trailing = 0;

    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9') continue;
        if (n || *text != '0') n++;
        trailing = *text == '0' ? trailing + 1 : 0;
    }
    return n - trailing;
}

/* Random doubles of all sizes: reads back the same, and no shorter text would have done. */
static void random_doubles(void **state)
{
    uint64_t seed = 0x9e3779b97f4a7c15u;
    struct fixture f;

    (void)state;
    begin(&f);
    for (int i = 0; i < 40000; i++) {
        char other[40];
        double v;
        int need = 1;
        const char *text;

        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        memcpy(&v, &seed, sizeof(v));
        if (i % 3 == 0) v = (double)(int64_t)(seed % 2000000) / 1000.0;
        if (i % 6 == 0) v = nextafter(v, (double)(seed & 1) * 1e9); /* nearly one */
        if (!isfinite(v) || v == 0) continue;
        text = double_text(&f, v);
        assert_true(point_strtod(text) == v);
        for (; need < 17; need++) {
            snprintf(other, sizeof(other), "%.*e", need - 1, v);
            if (strtod(other, NULL) == v) break;
        }
        if (count_digits(text) > need) fail_msg("%s has more than %d digits", text, need);
    }
    cq_json_fini(&f.j);
    cq_buf_fini(&f.out);
}

static void muted_stretches(void **state)
{
    struct fixture f;
    struct cq_json *j = &begin(&f)->j;
    struct cq_json_mute mute;

    (void)state;
    cq_json_open(j, '{');
    cq_json_name(j, CQ_KEY("a"));
    cq_json_int(j, 1);
    cq_json_mute_begin(j);
    cq_json_name(j, CQ_KEY("b"));
    cq_json_int(j, 2);
    cq_json_mute_end(j);
    cq_json_mute_begin(j);
    cq_json_mute_end(j);
    cq_json_close(j, '}');
    assert_int_equal(cq_json_n_mutes(j), 1);
    mute = cq_json_mute_at(j, 0);
    assert_int_equal(mute.from, 6);
    assert_int_equal(mute.to, 12);
    end_with(&f, "{\"a\":1,\"b\":2}");
}

static void a_full_buffer_is_an_error(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    f.out.max = 8;
    cq_json_text(&f.j, CQ_LIT("longer than that"));
    cq_json_base64(&f.j, CQ_LIT("longer than that"));
    cq_json_name(&f.j, CQ_KEY("key"));
    assert_int_equal(f.out.err, CQ_ETOO_LARGE);
    cq_json_fini(&f.j);
    cq_buf_fini(&f.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_nesting),
        cmocka_unit_test(keys_and_pieces),
        cmocka_unit_test(integers),
        cmocka_unit_test(digits),
        cmocka_unit_test(escapes),
        cmocka_unit_test(utf8),
        cmocka_unit_test(every_length),
        cmocka_unit_test(twin_with_the_bytes),
        cmocka_unit_test(base64),
        cmocka_unit_test(doubles),
        cmocka_unit_test(thousandths),
        cmocka_unit_test(random_doubles),
        cmocka_unit_test(muted_stretches),
        cmocka_unit_test(a_full_buffer_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
