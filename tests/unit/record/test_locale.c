/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers under a locale whose decimal point is a comma. No such locale need be installed: the
 * linker gives record/number.c these two functions for those of the C library (--wrap).
 */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/json.h"
#include "unit/base/cmocka_all.h"

int __wrap_snprintf(char *to, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
double __wrap_strtod(const char *text, char **end);
double __real_strtod(const char *text, char **end);

static int calls;

int __wrap_snprintf(char *to, size_t n, const char *fmt, ...)
{
    va_list ap;
    int r;

    va_start(ap, fmt);
    r = vsnprintf(to, n, fmt, ap);
    va_end(ap);
    for (char *p = to; n && *p; p++)
        if (*p == '.') *p = ',';
    calls++;
    return r;
}

double __wrap_strtod(const char *text, char **end)
{
    char copy[64] = "";

    for (size_t i = 0; text[i] && i < sizeof(copy) - 1; i++)
        copy[i] = (char)(text[i] == ','   ? *localeconv()->decimal_point
                         : text[i] == '.' ? '?'
                                          : text[i]);
    calls++;
    return __real_strtod(copy, end);
}

static void a_comma_for_a_point(void **state)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        {0.01, "0.01"}, {1.0 / 3, "0.3333333333333333"}, {1.5e300, "1.5e+300"}, {1e-9, "1e-9"}};
    struct cq_buf out;
    struct cq_json j;

    (void)state;
    cq_buf_init(&out, &cq_mem_libc, 1000);
    cq_json_init(&j, &out, &cq_mem_libc);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cq_buf_clear(&out);
        cq_json_reset(&j);
        cq_json_double(&j, cases[i].v);
        cq_buf_putc(&out, 0);
        assert_string_equal((const char *)out.p, cases[i].text);
    }
    assert_true(calls > 0);
    cq_json_fini(&j);
    cq_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_comma_for_a_point)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
