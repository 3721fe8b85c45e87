/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses in text (base/inet4.h): what the C library writes. */
#include "base/inet4.h"

#include <arpa/inet.h>
#include <string.h>

#include "unit/base/cmocka_all.h"

static void test_every_number_in_every_place(void **state)
{
    (void)state;
    for (unsigned place = 0; place < 4; place++) {
        for (unsigned v = 0; v < 256; v++) {
            uint8_t a[4] = {9, 10, 255, 100};
            char want[CQ_INET4_TEXT], got[CQ_INET4_TEXT];
            size_t n;

            a[place] = (uint8_t)v;
            n = cq_inet4_text(a, got);
            assert_non_null(inet_ntop(AF_INET, a, want, sizeof(want)));
            assert_string_equal(got, want);
            assert_int_equal(n, strlen(want));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_number_in_every_place)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
