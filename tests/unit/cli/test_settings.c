/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of a run: their grammars, what fails a run, which of two levels holds, and who may get a
 * group's credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/hosts.h"
#include "cli/settings.h"

static const struct {
    const char *text;
    enum cq_fail_kind kind;
    uint64_t bad, all;
    bool fails;
} ends[] = {
    {"any", CQ_FAIL_COUNT, 0, 9, false},    {"any", CQ_FAIL_COUNT, 1, 9, true},
    {"none", CQ_FAIL_NONE, 9, 9, false},    {"3", CQ_FAIL_COUNT, 2, 9, false},
    {"3", CQ_FAIL_COUNT, 3, 9, true},       {"10%", CQ_FAIL_PERCENT, 0, 0, false},
    {"10%", CQ_FAIL_PERCENT, 1, 11, false}, {"10%", CQ_FAIL_PERCENT, 1, 10, true},
    {"100%", CQ_FAIL_PERCENT, 8, 9, false}, {"100%", CQ_FAIL_PERCENT, 9, 9, true},
};

static void test_fail_on(void **state)
{
    static const char *const bad[] = {"", "0", "0%", "101%", "%", "-1", "some", "1.5%", "3 "};
    struct cq_fail_on f = {0};

    (void)state;
    assert_false(cq_fails(&f, 0, 5)); /* not said: any */
    assert_true(cq_fails(&f, 1, 5));
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        assert_true(cq_parse_fail_on(ends[i].text, &f));
        assert_int_equal(f.kind, ends[i].kind);
        if (cq_fails(&f, ends[i].bad, ends[i].all) != ends[i].fails) {
            fail_msg("%s: %u of %u", ends[i].text, (unsigned)ends[i].bad, (unsigned)ends[i].all);
        }
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (cq_parse_fail_on(bad[i], &f)) fail_msg("'%s' was taken", bad[i]);
}

static void test_shard(void **state)
{
    static const char *const bad[] = {"",          "1",      "0/1",  "2/1",  "1/0",
                                      "1/100001",  "a/2",    "1/2/", "-1/2", "1/2x",
                                      "automatic", "auto/0", "auto/"};
    unsigned i, n;

    (void)state;
    assert_null(cq_parse_shard("1/1", &i, &n));
    assert_null(cq_parse_shard("99999/100000", &i, &n));
    assert_int_equal(i, 99999);
    assert_int_equal(n, 100000);
    for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
        if (!cq_parse_shard(bad[k], &i, &n)) fail_msg("'%s' was taken", bad[k]);
    assert_int_equal(setenv("JOB_COMPLETION_INDEX", "4", 1), 0); /* of five: 0 to 4 */
    assert_non_null(strstr(cq_parse_shard("auto", &i, &n), "say auto/N"));
    assert_null(cq_parse_shard("auto/5", &i, &n));
    assert_int_equal(i, 5);
    assert_non_null(cq_parse_shard("auto/4", &i, &n));
    assert_int_equal(setenv("JOB_COMPLETION_INDEX", "x", 1), 0);
    assert_non_null(cq_parse_shard("auto/5", &i, &n));
    assert_int_equal(unsetenv("JOB_COMPLETION_INDEX"), 0);
}

static const struct {
    const char *text, *host; /* host NULL: it is refused */
    unsigned port;
    bool https, loopback;
} urls[] = {
    {"https://h/x?y=1", "h", 443, true, false},
    {"HTTP://127.9.9.9:8080", "127.9.9.9", 8080, false, true},
    {"http://[::1]/", "::1", 80, false, true},
    {"https://[fe80::1]:7", "fe80::1", 7, true, false},
    {"http://LocalHost/", "LocalHost", 80, false, true},
    {"http://127.0.0.1.example/", "127.0.0.1.example", 80, false, false},
    {"http://localhost.example/", "localhost.example", 80, false, false},
    {"http://h/a@b", "h", 80, false, false},
    {"ftp://h/", NULL, 0, false, false},
    {"https://", NULL, 0, false, false},
    {"https://:443/", NULL, 0, false, false},
    {"https://h:0/", NULL, 0, false, false},
    {"https://h:99999/", NULL, 0, false, false},
    {"https://u:p@h/", NULL, 0, false, false},
    {"https://h/#x", NULL, 0, false, false},
    {"https://h/a b", NULL, 0, false, false},
    {"https://h/\r\nX: y", NULL, 0, false, false},
    {"https://[::1", NULL, 0, false, false},
    {"https://[::1]x/", NULL, 0, false, false},
};

static void test_url(void **state)
{
    struct cq_pool pool = {0};
    struct cq_url u;

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        const char *why = cq_parse_url(&pool, urls[i].text, &u);

        if (!why != !!urls[i].host) fail_msg("%s: %s", urls[i].text, why ? why : "taken");
        if (why) continue;
        assert_string_equal(u.host, urls[i].host);
        assert_int_equal(u.port, urls[i].port);
        assert_int_equal(u.https, urls[i].https);
        assert_int_equal(u.loopback, urls[i].loopback);
    }
    cq_pool_free(&pool);
}

static const struct {
    const char *rule, *host;
    bool matches;
} hosts[] = {
    {".a.example", "x.a.example", true},
    {".a.example", "X.A.Example.", true},
    {".a.example", "a.example", false},
    {".a.example", ".a.example", false},
    {".a.example", "xa.example", false},
    {"a.example", "A.example", true},
    {"a.example", "x.a.example", false},
    {"a.example", "fd00::1", false},
    {"10.0.0.0/8", "10.255.0.1", true},
    {"10.0.0.0/8", "11.0.0.1", false},
    {"10.0.0.0/8", "::ffff:10.0.0.1", true},
    {"10.0.0.0/8", "10.0.0.1.example", false},
    {"10.0.0.0/9", "10.128.0.1", false},
    {"10.0.0.0/9", "10.127.0.1", true},
    {"0.0.0.0/0", "9.9.9.9", true},
    {"0.0.0.0/0", "::1", false},
    {"::/0", "::1", true},
    {"::/0", "9.9.9.9", false},
    {"::/0", "::ffff:9.9.9.9", false},
    {"fd00::/8", "fdff::1", true},
    {"fd00::/8", "fe00::1", false},
    {"fd00::/8", "fdff::1%eth0", false},
    {"10.0.0.1", "10.0.0.1", true},
    {"10.0.0.1", "::ffff:a00:1", true},
    {"10.0.0.1", "10.0.0.2", false},
    {".0.0.1", "10.0.0.1", false},
    {"10.0.0.0/8", "0x0a.0.0.1", false},
    {"10.0.0.0/8", "167772161", false},
};

static void test_hosts(void **state)
{
    static const char *const bad[] = {"",           ".a.",   "a b", "*.a",       "10.0.0.0/33",
                                      "fd00::/129", "10/8",  "a/8", "10.0.0.0/", "10.0.0.0/-1",
                                      "[::1]",      "h:9042"};
    struct cq_host_rule r;

    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        assert_null(cq_host_rule_parse(hosts[i].rule, &r));
        if (cq_host_matches(&r, 1, hosts[i].host) != hosts[i].matches) {
            fail_msg("%s and %s", hosts[i].rule, hosts[i].host);
        }
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (!cq_host_rule_parse(bad[i], &r)) fail_msg("'%s' was taken", bad[i]);
    assert_false(cq_host_matches(&r, 0, "h"));
}

static void test_levels(void **state)
{
    static const struct cq_sink_spec one = {.s = {.name = "one"}}, two = {.s = {.name = "two"}};
    struct cq_settings over = {.rate = 5, .shard = 1, .shards = 2, .sinks = &one, .n_sinks = 1};
    const struct cq_settings under = {.rate = 9,
                                      .seed = 7,
                                      .state = "s",
                                      .shard = 3,
                                      .shards = 4,
                                      .fail_on = {CQ_FAIL_NONE, 0},
                                      .sinks = &two,
                                      .n_sinks = 1};
    struct cq_settings nothing = {0};

    (void)state;
    cq_settings_inherit(&over, &under);
    assert_int_equal(over.rate, 5);
    assert_int_equal(over.seed, 7);
    assert_string_equal(over.state, "s");
    assert_int_equal(over.shard, 1);
    assert_int_equal(over.shards, 2);
    assert_int_equal(over.fail_on.kind, CQ_FAIL_NONE);
    assert_string_equal(over.sinks[0].s.name, "one");
    cq_settings_inherit(&nothing, &under);
    assert_int_equal(nothing.shard, 3);
    assert_string_equal(nothing.sinks[0].s.name, "two");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fail_on), cmocka_unit_test(test_shard),  cmocka_unit_test(test_url),
        cmocka_unit_test(test_hosts),   cmocka_unit_test(test_levels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
