/* SPDX-License-Identifier: Apache-2.0 */
/* The first word stands; without memory the error's own do; nothing is held before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* after the four above */
#include <cmocka.h>

#include "base/blame.h"

static void *no_memory(void *ctx, void *p, size_t n)
{
    (void)ctx, (void)p, (void)n;
    return NULL;
}

static void the_first_one_stands(void **state)
{
    struct cq_blame b = {.mem = &cq_mem_libc};

    (void)state;
    assert_string_equal(cq_blame_text(&b), "");
    assert_int_equal(cq_blame_set(&b, CQ_EDNS, "%s: gone", "node"), CQ_EDNS);
    assert_int_equal(cq_blame_set(&b, CQ_ERESET, "later"), CQ_EDNS);
    assert_int_equal(b.err, CQ_EDNS);
    assert_string_equal(cq_blame_text(&b), "node: gone");
    cq_blame_fini(&b);
    assert_int_equal(b.err, 0);
    assert_string_equal(cq_blame_text(&b), "");
    assert_int_equal(cq_blame_set(&b, CQ_ERESET, "later"), CQ_ERESET);
    assert_string_equal(cq_blame_text(&b), "later");
    cq_blame_fini(&b);
}

static void cut(void **state)
{
    struct cq_blame b = {.mem = &cq_mem_libc};
    char long_text[2 * CQ_MAX_ERRMSG];

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = 0;
    cq_blame_set(&b, CQ_EDNS, "%s", long_text);
    assert_int_equal(strlen(cq_blame_text(&b)), CQ_MAX_ERRMSG - 1);
    cq_blame_fini(&b);
}

static void without_memory(void **state)
{
    const struct cq_mem none = {no_memory, NULL};
    struct cq_blame b = {.mem = &none};

    (void)state;
    assert_int_equal(cq_blame_set(&b, CQ_EDNS, "node"), CQ_EDNS);
    assert_string_equal(cq_blame_text(&b), cq_err_text(CQ_EDNS));
    cq_blame_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_one_stands),
        cmocka_unit_test(cut),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
