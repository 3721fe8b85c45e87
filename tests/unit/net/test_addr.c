/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses from text and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
/* after the three above */
#include <cmocka.h>
#include <net/if.h>
#include <string.h>

#include "net/addr.h"

static void there_and_back(void **state)
{
    static const struct {
        const char *in, *host, *with_port;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1", "127.0.0.1:9042"},
        {"255.255.255.255", "255.255.255.255", "255.255.255.255:9042"},
        {"::1", "::1", "[::1]:9042"},
        {"2001:DB8::0:1", "2001:db8::1", "[2001:db8::1]:9042"},
        {"::ffff:127.0.0.1", "::ffff:127.0.0.1", "[::ffff:127.0.0.1]:9042"},
        {"fd00:1111:2222:3333:4444:5555:6666:7777", "fd00:1111:2222:3333:4444:5555:6666:7777",
         "[fd00:1111:2222:3333:4444:5555:6666:7777]:9042"},
        {"fe80::1%7", "fe80::1%7", "[fe80::1%7]:9042"},
    };
    char text[CQ_ADDR_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cq_addr a;

        assert_true(cq_addr_parse(cases[i].in, 9042, &a));
        cq_addr_print(&a, false, text);
        assert_string_equal(text, cases[i].host);
        cq_addr_print(&a, true, text);
        assert_string_equal(text, cases[i].with_port);
    }
}

static void names_are_no_addresses(void **state)
{
    static const char *const names[] = {
        "",
        "localhost",
        "127.0.0.1.",
        "127.0.0.256",
        "1.2.3",
        "0x7f.0.0.1",
        "[::1]",
        "::1::",
        "fe80::1%",
        "fe80::1%nosuchif0",
        "a:b",
        "127.0.0.1 ",
        "1234567890123456789012345678901234567890123456789012345678901234567890::1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_false(cq_addr_parse(names[i], 9042, NULL));
}

static void zone_by_name(void **state)
{
    struct cq_addr a;

    (void)state;
    if (if_nametoindex("lo") == 0) skip();
    assert_true(cq_addr_parse("fe80::1%lo", 1, &a));
    assert_int_equal(a.u.v6.sin6_scope_id, if_nametoindex("lo"));
}

static void from_sockaddr(void **state)
{
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct cq_addr a, b;
    char text[CQ_ADDR_TEXT];

    (void)state;
    assert_false(cq_addr_from(&other, 1, &a));
    assert_true(cq_addr_parse("::1", 0, &a));
    assert_true(cq_addr_from(&a.u.sa, 65535, &b));
    cq_addr_print(&b, true, text);
    assert_string_equal(text, "[::1]:65535");
    assert_int_equal(cq_addr_len(&b), sizeof b.u.v6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(names_are_no_addresses),
        cmocka_unit_test(zone_by_name),
        cmocka_unit_test(from_sockaddr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
