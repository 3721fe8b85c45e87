/* SPDX-License-Identifier: Apache-2.0 */
/* TARGETs: what is taken and as what, what is refused and in which words; a password is never
 * repeated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/target.h"

struct good {
    const char *text;
    const char *hosts; /* "host port,host port" */
    const char *user, *name, *sni;
    int tls; /* -1: not said */
};

static const struct good goods[] = {
    {"localhost", "localhost 0", NULL, NULL, NULL, -1},
    {"127.0.0.1:9142", "127.0.0.1 9142", NULL, NULL, NULL, -1},
    {"db_1.prod.example", "db_1.prod.example 0", NULL, NULL, NULL, -1},
    {"[::1]", "::1 0", NULL, NULL, NULL, -1},
    {"[fe80::1%eth0]:9042", "fe80::1%eth0 9042", NULL, NULL, NULL, -1},
    {"cassandra://10.0.0.1", "10.0.0.1 0", NULL, NULL, NULL, -1},
    {"cassandra://a:1,b,[::1]:3", "a 1,b 0,::1 3", NULL, NULL, NULL, -1},
    {"cassandra://crawler@a:9042", "a 9042", "crawler", NULL, NULL, -1},
    {"cassandra://a%40corp@h", "h 0", "a@corp", NULL, NULL, -1},
    {"cassandra://u%3Av@h?tls=require", "h 0", "u:v", NULL, NULL, 1},
    {"cassandra://p.example:29042?tls=verify-full&name=c.example&sni=host-id", "p.example 29042",
     NULL, "c.example", "host-id", 3},
    {"cassandra://h?tls=disable", "h 0", NULL, NULL, NULL, 0},
};

static const struct {
    const char *text;
    const char *word;
} bads[] = {
    {"", "neither a host name nor an address"},
    {"a b", "neither a host name"},
    {"-a", "neither a host name"},
    {"a:0", "'0' is not a port"},
    {"a:65536", "is not a port"},
    {"a:", "'' is not a port"},
    {"a:9042x", "is not a port"},
    {"::1", "in brackets: [::1]"},
    {"a:z:c", "not of the form host:port"},
    {"[::1", "[IPv6 address]:port"},
    {"[::1]x", "[IPv6 address]:port"},
    {"[a]", "[IPv6 address]:port"},
    {"u@h", "a target is a host"},
    {"http://h", "a target is a host"},
    {"cassandra://", "neither a host name"},
    {"cassandra://h/ks", "no path"},
    {"cassandra://u:hunter2@h", "use --password-file"},
    {"cassandra://u:hunter2@h?tls=require", "use --password-file"},
    {"cassandra://u%3@h", "user of the target"},
    {"cassandra://u%0a@h", "user of the target"},
    {"cassandra://@h", "user of the target"},
    {"cassandra://h?tls=yes", "disable, require, verify-ca or verify-full"},
    {"cassandra://h?tls", "has no value"},
    {"cassandra://h?name=", "no valid value"},
    {"cassandra://h?ssl=true", "'ssl' is not an option"},
    {"cassandra://h?tls=require&tls=require", "twice"},
    {"cassandra://a,,b", "neither a host name"},
};

static void check_good(struct cq_pool *pool, const struct good *g)
{
    struct cq_diags d = {.pool = pool};
    struct cq_spec nothing = {0};
    struct cq_cluster c = {0};
    char hosts[256] = "", one[128];

    if (!cq_parse_target(pool, &d, (struct cq_place){0}, g->text, &c)) {
        fail_msg("'%s': %s", g->text, d.messages[0]);
    }
    for (size_t i = 0; i < c.n_endpoints; i++) {
        (void)snprintf(one, sizeof(one), "%s%s %u", i ? "," : "", c.endpoints[i].host,
                       c.endpoints[i].port);
        strcat(hosts, one);
    }
    assert_string_equal(hosts, g->hosts);
    assert_int_equal(c.spec == NULL, strncmp(g->text, "cassandra:", 10) != 0);
    if (!c.spec) c.spec = &nothing;
    assert_int_equal(CQ_SAID(c.spec, CQ_KEY_USER), g->user != NULL);
    if (g->user) assert_string_equal(c.spec->t.user, g->user);
    if (g->name) assert_string_equal(c.spec->t.tls_name, g->name);
    if (g->sni) assert_string_equal(c.spec->t.tls_sni, g->sni);
    assert_int_equal(CQ_SAID(c.spec, CQ_KEY_TLS_MODE), g->tls >= 0);
    if (g->tls >= 0) assert_int_equal((int)c.spec->t.tls_mode, g->tls);
}

static void test_good(void **state)
{
    struct cq_pool pool = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++)
        check_good(&pool, &goods[i]);
    cq_pool_free(&pool);
}

static void test_bad(void **state)
{
    struct cq_pool pool = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        struct cq_diags d = {.pool = &pool};
        struct cq_cluster c = {0};

        if (cq_parse_target(&pool, &d, (struct cq_place){"t", 7, 0}, bads[i].text, &c)) {
            fail_msg("'%s' was taken", bads[i].text);
        }
        assert_int_equal(d.n, 1);
        assert_memory_equal(d.messages[0], "t:7: ", 5);
        if (!strstr(d.messages[0], bads[i].word)) {
            fail_msg("'%s': '%s' does not say '%s'", bads[i].text, d.messages[0], bads[i].word);
        }
        assert_null(strstr(d.messages[0], "hunter2"));
    }
    cq_pool_free(&pool);
}

static void test_long(void **state)
{
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_cluster c = {0};
    static char s[5000];

    (void)state;
    memset(s, 'a', sizeof(s) - 1);
    assert_false(cq_parse_target(&pool, &d, (struct cq_place){0}, s, &c));
    s[300] = 0;
    assert_false(cq_parse_target(&pool, &d, (struct cq_place){0}, s, &c));
    cq_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
