/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 3339 dates: a list made by Python's datetime, then every day of 1970..2199 against the C
 * library's gmtime_r, then the edges of the range. Neither locale nor TZ may change anything.
 */
#include "base/clock.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "unit/base/cmocka_all.h"

static const struct {
    int64_t ms;
    const char *text;
} list[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {1, "1970-01-01T00:00:00.001Z"},
    {946684799999, "1999-12-31T23:59:59.999Z"},
    {946684800000, "2000-01-01T00:00:00.000Z"},
    {951827696789, "2000-02-29T12:34:56.789Z"},
    {983404799999, "2001-02-28T23:59:59.999Z"},
    {983404800000, "2001-03-01T00:00:00.000Z"},
    {1577836800000, "2020-01-01T00:00:00.000Z"},
    {2147483648000, "2038-01-19T03:14:08.000Z"},
    {4107542399999, "2100-02-28T23:59:59.999Z"},
    {4107542400000, "2100-03-01T00:00:00.000Z"},
    {7258118399999, "2199-12-31T23:59:59.999Z"},
};

static void check_list(void)
{
    char out[25];

    for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
        assert_true(cq_rfc3339(list[i].ms, out));
        assert_string_equal(out, list[i].text);
    }
}

static void test_list(void **state)
{
    (void)state;
    check_list();
    assert_int_equal(CQ_EPOCH_2020_MS, 1577836800000);
}

static void test_every_day(void **state)
{
    char out[25], expected[64];
    int days = 0;

    (void)state;
    for (int64_t day = 0; day * 86400 < 7258118400; day++, days++) {
        int64_t second = day * 86400 + day * 7919 % 86400, ms = day % 1000;
        time_t t = (time_t)second;
        struct tm tm;

        gmtime_r(&t, &tm);
        snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                 (int)ms);
        assert_true(cq_rfc3339(second * 1000 + ms, out));
        assert_string_equal(out, expected);
    }
    assert_int_equal(days, 84006); /* 230 years, 56 leap days */
}

static void test_out_of_range_is_untouched(void **state)
{
    static const int64_t outside[] = {-1, INT64_MIN, INT64_MAX, 7258118400000};
    char out[25] = "as it was";

    (void)state;
    for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++) {
        assert_false(cq_rfc3339(outside[i], out));
        assert_string_equal(out, "as it was");
    }
}

static void test_zone_and_locale_do_not_matter(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Kathmandu", 1);
    tzset();
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) setlocale(LC_ALL, "");
    check_list();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_out_of_range_is_untouched),
        cmocka_unit_test(test_zone_and_locale_do_not_matter),
    };

    return cmocka_run_group_tests_name("base_clock", tests, NULL, NULL);
}
