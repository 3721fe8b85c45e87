/* SPDX-License-Identifier: Apache-2.0 */
/* Durations, sizes, numbers, nearest words, escapes for terminals, JSON strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/text.h"
#include "cli/words.h"

static void test_duration(void **state)
{
    static const struct {
        const char *s;
        uint64_t ms; /* 0: refused */
    } rows[] = {
        {"1ms", 1},
        {"500ms", 500},
        {"30s", 30000},
        {"5m", 300000},
        {"24h", 86400000},
        {"25h", 0},
        {"0s", 0},
        {"30", 0},
        {"", 0},
        {"s", 0},
        {"-1s", 0},
        {"1.5s", 0},
        {"30 s", 0},
        {"30sec", 0},
        {"30S", 0},
        {" 30s", 0},
        {"0x10s", 0},
        {"1e3s", 0},
        {"86400001ms", 0},
        {"99999999999999999999s", 0},
        {"18446744073709551615ms", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t ms = 0;
        bool ok = cq_parse_duration(rows[i].s, &ms);

        if (ok != (rows[i].ms != 0)) fail_msg("'%s' was %s", rows[i].s, ok ? "taken" : "refused");
        if (ok) assert_int_equal(ms, rows[i].ms);
    }
}

static void test_size(void **state)
{
    static const struct {
        const char *s;
        uint64_t n;
    } rows[] = {
        {"1", 1},
        {"4096", 4096},
        {"16M", 16u << 20},
        {"64MiB", 64u << 20},
        {"512KiB", 512u << 10},
        {"1GiB", 1u << 30},
        {"7B", 7},
        {"0", 0},
        {"", 0},
        {"64MB", 0},
        {"64 MiB", 0},
        {"-1", 0},
        {"1.5M", 0},
        {"99999999999GiB", 0},
        {"18446744073709551616", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t n = 0;
        bool ok = cq_parse_size(rows[i].s, &n);

        if (ok != (rows[i].n != 0)) fail_msg("'%s' was %s", rows[i].s, ok ? "taken" : "refused");
        if (ok) assert_int_equal(n, rows[i].n);
    }
}

static void test_uint(void **state)
{
    uint64_t v;

    (void)state;
    assert_true(cq_parse_uint("1", 1, 65535, &v) && v == 1);
    assert_true(cq_parse_uint("65535", 1, 65535, &v) && v == 65535);
    assert_false(cq_parse_uint("0", 1, 65535, &v));
    assert_false(cq_parse_uint("65536", 1, 65535, &v));
    assert_false(cq_parse_uint("+1", 1, 65535, &v));
    assert_false(cq_parse_uint("1x", 1, 65535, &v));
    assert_false(cq_parse_uint("", 0, 65535, &v));
}

static void test_nearest(void **state)
{
    static const char *const words[] = {"timeout",        "tls",     "auth",
                                        "contact_points", "connect", NULL};

    (void)state;
    assert_string_equal(cq_nearest("tmeout", words), "timeout");
    assert_string_equal(cq_nearest("tsl", words), "tls");
    assert_string_equal(cq_nearest("contact_point", words), "contact_points");
    assert_string_equal(cq_nearest("conect", words), "connect");
    assert_null(cq_nearest("zebra", words));
    assert_null(cq_nearest("a-word-that-is-much-longer-than-any-known-one", words));
}

static void expect(struct cq_text *t, const char *want)
{
    cq_text_put(t, "", 1);
    assert_string_equal(t->p, want);
    cq_text_free(t);
}

static void test_escape(void **state)
{
    struct cq_text t = {0};

    (void)state;
    cq_text_escaped(&t, "r\xc3\xa9sum\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    expect(&t, "r\xc3\xa9sum\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    cq_text_escaped(&t, "a\033[31mb\n\x7f");
    expect(&t, "a\\x1b[31mb\\x0a\\x7f");
    cq_text_escaped(&t, "\xc2\x9b"); /* CSI in one character */
    expect(&t, "\\xc2\\x9b");
    cq_text_escaped(&t, "\xe2\x80\xae"); /* right to left from here */
    expect(&t, "\\xe2\\x80\\xae");
    cq_text_escaped(&t, "\xff\xc0\x80\xed\xa0\x80"); /* never UTF-8: overlong, surrogate */
    expect(&t, "\\xff\\xc0\\x80\\xed\\xa0\\x80");
    cq_text_escaped(&t, "\xe2\x82"); /* cut */
    expect(&t, "\\xe2\\x82");
}

static void test_json(void **state)
{
    struct cq_text t = {0};

    (void)state;
    cq_text_json(&t, "a\"b\\c\n\x01\xc3\xa9\xff");
    expect(&t, "\"a\\\"b\\\\c\\u000a\\u0001\xc3\xa9\xef\xbf\xbd\"");
    cq_text_json(&t, NULL);
    expect(&t, "null");
}

static void test_figures(void **state)
{
    struct cq_text t = {0};

    (void)state;
    cq_text_bytes(&t, 999);
    expect(&t, "999 B");
    cq_text_bytes(&t, 1000);
    expect(&t, "1.0 KB");
    cq_text_bytes(&t, 386123);
    expect(&t, "386 KB");
    cq_text_bytes(&t, 7720000);
    expect(&t, "7.7 MB");
    cq_text_time(&t, 40000);
    expect(&t, "0.0 ms");
    cq_text_time(&t, 9990000);
    expect(&t, "9.9 ms");
    cq_text_time(&t, 45000000);
    expect(&t, "45 ms");
    cq_text_time(&t, 1460000000);
    expect(&t, "1.4 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duration), cmocka_unit_test(test_size),   cmocka_unit_test(test_uint),
        cmocka_unit_test(test_nearest),  cmocka_unit_test(test_escape), cmocka_unit_test(test_json),
        cmocka_unit_test(test_figures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
