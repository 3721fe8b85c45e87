/* SPDX-License-Identifier: Apache-2.0 */
/* The hash of the filters: the sums that are known ahead are those that SHA-256 gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "lib/handle.h"

/* By the rule: SHA-256 over the sums of both texts (zeros where there is none) and `system`. */
static void by_the_rule(const char *include, const char *exclude, int system, char out[33])
{
    const char *texts[2] = {include, exclude};
    uint8_t sum[32], parts[96] = {0};

    for (int i = 0; i < 2; i++) {
        if (texts[i]) cq_sha256(cq_str(texts[i]), parts + 32 * i);
    }
    parts[64] = (uint8_t)system;
    cq_sha256((cq_bytes){parts, sizeof(parts)}, sum);
    cq_hex(sum, 16, out);
    out[32] = 0;
}

static void test_hash(void **state)
{
    static const char *const texts[] = {NULL, "", "app\\..*"};
    char want[33];

    (void)state;
    for (int i = 0; i < 18; i++) {
        struct cq_target t;

        memset(&t, 0, sizeof(t));
        t.t.include = texts[i / 2 % 3];
        t.t.exclude = texts[i / 6];
        t.t.system = i % 2;
        by_the_rule(t.t.include, t.t.exclude, t.t.system, want);
        cq_filter_hash(&t);
        assert_string_equal(t.filters_hash, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hash)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
