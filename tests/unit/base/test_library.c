/* SPDX-License-Identifier: Apache-2.0 */
/* A table of functions out of a library; what is said where one of the two is not there. */
#include "base/library.h"

#include <string.h>

#include "unit/base/cmocka_all.h"

#define FUNCTIONS(X)                                                                               \
    X(length, strlen)                                                                              \
    X(compare, strcmp)

struct table {
    FUNCTIONS(CQ_LIBRARY_POINTER)
};

static const char *const names[] = {FUNCTIONS(CQ_LIBRARY_NAME)};

static void test_table(void **state)
{
    struct cq_fault f = {0};
    struct table t;

    (void)state;
    assert_int_equal(cq_library_load("libc.so.6", names, 2, &t, "this", &f), 0);
    assert_int_equal(t.length("four"), 4);
    assert_int_equal(t.compare("same", "same"), 0);
}

static void test_no_library(void **state)
{
    struct cq_fault f = {0};
    struct table t;

    (void)state;
    assert_int_equal(cq_library_load("libno-such.so.1", names, 2, &t, "this needs that", &f),
                     CQ_ENO_LIBRARY);
    assert_non_null(strstr(f.text, "this needs that: libno-such.so.1: "));
}

static void test_no_function(void **state)
{
    static const char *const others[] = {"strlen", "no_such_function"};
    struct cq_fault f = {0};
    struct table t;

    (void)state;
    assert_int_equal(cq_library_load("libc.so.6", others, 2, &t, "this needs that", &f),
                     CQ_ENO_LIBRARY);
    assert_non_null(strstr(f.text, "no_such_function"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_no_library),
        cmocka_unit_test(test_no_function),
    };

    return cmocka_run_group_tests_name("base_library", tests, NULL, NULL);
}
