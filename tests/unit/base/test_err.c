/* SPDX-License-Identifier: Apache-2.0 */
/* The error list is a contract: codes are unique, of one form, and every error says what to do. */
#include "base/err.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "unit/base/cmocka_all.h"

static const int all[] = {
#define NUMBER(name, code, class, text, remedy) CQ_E##name,
    CQ_ERRORS(NUMBER)
#undef NUMBER
};

enum { N = sizeof(all) / sizeof(*all) };

static void test_every_error_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        const char *code = cq_err_code(all[i]);

        assert_true(all[i] < 0);
        assert_true(code[0] != 0);
        for (const char *c = code; *c; c++)
            assert_true(islower((unsigned char)*c) || *c == '_' || isdigit((unsigned char)*c));
        assert_true(strlen(cq_err_text(all[i])) > 3);
        assert_true(strlen(cq_err_remedy(all[i])) > 3);
        assert_true(strlen(cq_err_text(all[i])) < CQ_MAX_ERRMSG);
        assert_string_not_equal(cq_class_name(cq_err_class(all[i])), "");
    }
}

static void test_codes_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        for (size_t j = i + 1; j < N; j++) {
            assert_int_not_equal(all[i], all[j]);
            assert_string_not_equal(cq_err_code(all[i]), cq_err_code(all[j]));
        }
    }
}

/* A handful by hand: the list could be shifted by one against its table and still be whole. */
static void test_known_entries(void **state)
{
    (void)state;
    assert_string_equal(cq_err_code(CQ_ENOMEM), "out_of_memory");
    assert_string_equal(cq_err_code(CQ_EREFUSED), "connection_refused");
    assert_string_equal(cq_err_code(CQ_EAUTH_FAILED), "bad_credentials");
    assert_string_equal(cq_err_code(CQ_EORPHANS), "orphans");
    assert_int_equal(cq_err_class(CQ_EREFUSED), CQ_CLASS_NETWORK);
    assert_int_equal(cq_err_class(CQ_EAUTH_FAILED), CQ_CLASS_AUTH);
    assert_int_equal(cq_err_class(CQ_ECRC), CQ_CLASS_PROTOCOL);
    assert_int_equal(cq_err_class(CQ_ETLS_NAME), CQ_CLASS_TLS);
    assert_non_null(strstr(cq_err_remedy(CQ_ETLS_NAME), "--tls-name"));
}

static void test_unknown_numbers_are_internal(void **state)
{
    static const int unknown[] = {0, 1, -1, INT_MIN, INT_MAX, CQ_ERR_FIRST_, CQ_ERR_LAST_};

    (void)state;
    for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
        assert_string_equal(cq_err_code(unknown[i]), "internal");
        assert_int_equal(cq_err_class(unknown[i]), CQ_CLASS_INTERNAL);
    }
}

static void test_class_names_are_unique(void **state)
{
    (void)state;
    for (int i = CQ_CLASS_INTERNAL; i <= CQ_CLASS_CANCELLED; i++) {
        for (int j = i + 1; j <= CQ_CLASS_CANCELLED; j++)
            assert_string_not_equal(cq_class_name((enum cq_class)i),
                                    cq_class_name((enum cq_class)j));
    }
    assert_string_equal(cq_class_name((enum cq_class)99), "internal");
}

static void test_the_first_fault_wins(void **state)
{
    struct cq_fault f = {0};

    (void)state;
    assert_int_equal(cq_fault_set(&f, CQ_EDNS, "no such name: %s", "node.example"), CQ_EDNS);
    assert_int_equal(cq_fault_set(&f, CQ_ETIMEOUT, "later"), CQ_EDNS);
    assert_int_equal(f.err, CQ_EDNS);
    assert_string_equal(f.text, "no such name: node.example");
    cq_fault_wrap(&f, "prod-eu-1");
    assert_string_equal(f.text, "prod-eu-1: no such name: node.example");
}

static void test_long_faults_are_cut(void **state)
{
    char text[2 * CQ_MAX_ERRMSG];
    struct cq_fault f = {0};

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = 0;
    cq_fault_set(&f, CQ_ECONFIG, "%s", text);
    assert_int_equal(strlen(f.text), CQ_MAX_ERRMSG - 1);
    for (int i = 0; i < 40; i++)
        cq_fault_wrap(&f, "an outer layer of some length says");
    assert_true(strlen(f.text) < CQ_MAX_ERRMSG);
    assert_int_equal(strncmp(f.text, "an outer layer", 14), 0);
    assert_int_equal(f.err, CQ_ECONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_error_is_whole),
        cmocka_unit_test(test_codes_are_unique),
        cmocka_unit_test(test_known_entries),
        cmocka_unit_test(test_unknown_numbers_are_internal),
        cmocka_unit_test(test_class_names_are_unique),
        cmocka_unit_test(test_the_first_fault_wins),
        cmocka_unit_test(test_long_faults_are_cut),
    };

    return cmocka_run_group_tests_name("base_err", tests, NULL, NULL);
}
