/* SPDX-License-Identifier: Apache-2.0 */
/* cqlcrawl.yaml: how levels lie over one another, and every mistake with its line and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/config.h"

static const struct {
    const char *text;
    const char *message; /* what the first diagnostic begins with */
} bads[] = {
    {"clusters: [{name: a, contact_points: [h], tmeout: 3s}]",
     "c.yaml:1:43: unknown key 'tmeout' in a cluster; did you mean 'timeout'?"},
    {"clusters:\n  - name: a\n    contact_points: [h]\n    password: hunter2\n",
     "c.yaml:4:5: unknown key 'password' in a cluster"},
    {"defaults: {auth: {user: u, password: hunter2}}",
     "c.yaml:1:38: auth.password: a secret is never written here"},
    {"defaults: {auth: {user: u, password: {literal: hunter2}}}",
     "c.yaml:1:38: auth.password: {file: PATH} or {env: NAME} is expected"},
    {"defaults: {auth: {password: {file: a, env: B}}}", "c.yaml:1:29: auth.password: {file: PATH}"},
    {"defaults: {auth: {password: {file: }}}", "c.yaml:1:36: auth.password: a value is missing"},
    {"defaults: {timeout: 30}", "c.yaml:1:21: timeout: '30' is not a duration"},
    {"defaults: {timeout: [30s]}", "c.yaml:1:21: timeout: a value is expected here, not a list"},
    {"defaults: {timeout: 3s, timeout: 3s}", "c.yaml:1:25: key 'timeout' is there twice"},
    {"defaults: {tls: verify-full}", "c.yaml:1:17: tls: a map is expected here, not a value"},
    {"defaults: {tls: {mode: verify}}",
     "c.yaml:1:24: tls.mode: disable, require, verify-ca or verify-full is expected, not 'verify'"},
    {"defaults: {tls: {min_version: 1.1}}", "c.yaml:1:31: tls.min_version: 1.2 or 1.3 is expected"},
    {"defaults: {auth: {allow_plaintext: yes}}",
     "c.yaml:1:36: auth.allow_plaintext: true or false is expected, not 'yes'"},
    {"defaults: {auth: {allow_plaintext: \"true\"}}", "c.yaml:1:36: auth.allow_plaintext: true"},
    {"defaults: {protocol: 3}", "c.yaml:1:22: protocol: auto, 4 or 5 is expected, not '3'"},
    {"defaults: {compression: snappy}", "c.yaml:1:25: compression: auto, none or lz4 is expected"},
    {"defaults: {proof: setled}", "c.yaml:1:19: proof: none, version or settled is expected, not "
                                  "'setled'; did you mean 'settled'?"},
    {"run: {concurrency: 0}", "c.yaml:1:20: run.concurrency: '0' is not a number"},
    {"run: {memory_max: 64MB}", "c.yaml:1:19: run.memory_max: '64MB' is not a size"},
    {"run: {rate: fast}", "c.yaml:1:13: run.rate: 'fast' is not a rate"},
    {"run: {threads: 2}", "c.yaml:1:7: unknown key 'threads' in run"},
    {"cluster: []",
     "c.yaml:1:1: unknown key 'cluster' in the configuration; did you mean 'clusters'?"},
    {"clusters: {a: {}}", "c.yaml:1:11: clusters: a list is expected here, not a map"},
    {"clusters: [a]", "c.yaml:1:12: a cluster: a map is expected here, not a value"},
    {"clusters: [{contact_points: [h]}]", "c.yaml:1:12: a cluster needs a name"},
    {"clusters: [{name: a}]", "c.yaml:1:12: a cluster needs contact_points (or connect)"},
    {"clusters: [{name: a, contact_points: []}]", "c.yaml:1:38: contact_points: there is none"},
    {"clusters: [{name: a, contact_points: h}]", "c.yaml:1:38: contact_points: a list is expected"},
    {"clusters: [{name: a, contact_points: [\"h:99999\"]}]", "c.yaml:1:39: '99999' is not a port"},
    {"clusters: [{name: a, contact_points: [h], connect: h}]",
     "c.yaml:1:52: contact_points and connect say the same thing"},
    {"clusters: [{name: a, connect: \"u:hunter2@h\"}]", "c.yaml:1:31: "},
    {"clusters: [{name: a, group: g, contact_points: [h]}]",
     "c.yaml:1:12: cluster 'a': there is no group 'g'"},
    {"clusters: [{name: , contact_points: [h]}]", "c.yaml:1:19: name: a value is missing"},
    {"groups: {g: {hosts: x}}", "c.yaml:1:21: hosts: a list is expected here, not a value"},
    {"groups: {g: {labels: {env: [x]}}}", "c.yaml:1:28: labels: a value is expected here"},
    {"sinks: [{type: kafka}]", "c.yaml:1:16: sinks: type: ndjson is expected, not 'kafka'"},
    {"sinks: [{type: ndjson, token: hunter2}]", "c.yaml:1:31: sinks: token: a secret is never"},
    {"a: &x 1", "c.yaml:1:4: anchors (&) are not supported"},
    {"a: *x", "c.yaml:1:4: aliases (*) are not supported"},
    {"a: !!str x", "c.yaml:1:4: tags (!) are not supported"},
    {"[a, b]", "c.yaml:1:1: the configuration: a map is expected here, not a list"},
    {"run: {}\n---\nrun: {}\n", "c.yaml:2:1: a second document"},
    {"run: {", "c.yaml:"},
    {"run: {concurrency: 1", "c.yaml:"},
    {"\tx: 1", "c.yaml:1:1: not YAML: "},
    {"x: \xff", "c.yaml: not YAML: "},
    {"? [a]\n: b\n", "c.yaml:1:3: a key must be a word"},
    {"a: \"\\0\"", "c.yaml:1:4: a NUL character"},
    {"[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]", "c.yaml:1:13: nested too deeply"},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        struct cq_pool pool = {0};
        struct cq_diags d = {.pool = &pool};
        struct cq_config c;

        if (cq_config_parse(&pool, &d, "c.yaml", bads[i].text, strlen(bads[i].text), &c)) {
            fail_msg("taken: %s", bads[i].text);
        }
        assert_true(d.n >= 1);
        if (strncmp(d.messages[0], bads[i].message, strlen(bads[i].message)) != 0) {
            fail_msg("%s\n  says:    %s\n  instead: %s", bads[i].text, d.messages[0],
                     bads[i].message);
        }
        for (unsigned k = 0; k < d.n && k < CQ_MAX_DIAGS; k++)
            assert_null(strstr(d.messages[k], "hunter2"));
        cq_pool_free(&pool);
    }
}

static const char example[] =
    "run: {concurrency: 1000, memory_max: 64MiB, rate: 200/s}\n"
    "defaults: {timeout: 30s, connect_timeout: 5s, labels: {env: test, team: db}}\n"
    "groups:\n"
    "  prod: {tls: {mode: verify-full, cacert: ca.pem}, auth: {user: crawler, password: {file: "
    "\"/run/secrets/{cluster}/password\"}}, labels: {env: prod}, hosts: [\".prod.example\", "
    "\"10.0.0.0/8\"]}\n"
    "clusters:\n"
    "  - {name: prod-eu-1, group: prod, contact_points: [\"10.0.0.1:9042\", \"10.0.0.2:9042\"]}\n"
    "  - {name: astra-1, connect: \"proxy.example:29042\", tls: {mode: verify-full, sni: "
    "\"host-id\", "
    "name: \"proxy.example\"}}\n"
    "  - {name: lab, contact_points: [\"127.0.0.1\"], auth: {user: x, password: {env: LAB_PW}, "
    "allow_plaintext: true}, timeout: 10s}\n"
    "  - {name: open, group: prod, contact_points: [h], tls: {mode: disable}, auth: {mechanism: "
    "none}}\n"
    "  - {name: loose, group: prod, contact_points: [h], tls: {mode: require}}\n"
    "sinks:\n"
    "  - {type: ndjson, url: \"https://inventory.example/ingest\", token: {file: "
    "\"/run/secrets/inventory\"}}\n";

static void load(struct cq_pool *pool, const char *file, struct cq_config *c)
{
    struct cq_diags d = {.pool = pool};

    if (!cq_config_parse(pool, &d, file, example, strlen(example), c))
        fail_msg("%s", d.messages[0]);
    for (size_t i = 0; i < c->n_clusters; i++)
        assert_true(cq_spec_finish(pool, &d, &c->clusters[i]));
}

static void test_example(void **state)
{
    struct cq_pool pool = {0};
    struct cq_config c;
    const struct cqlcrawl_target *t;

    (void)state;
    load(&pool, "/etc/cqlcrawl/c.yaml", &c);
    assert_int_equal(c.concurrency, 1000);
    assert_int_equal(c.memory_max, 64u << 20);
    assert_int_equal(c.n_clusters, 5);
    assert_int_equal(c.n_later, 2); /* run.rate, sinks */
    assert_string_equal(c.groups[0].hosts[1], "10.0.0.0/8");

    t = &c.clusters[0].spec.t;
    assert_int_equal(t->n_endpoints, 2);
    assert_string_equal(t->endpoints[1].host, "10.0.0.2");
    assert_int_equal(t->timeout_ms, 30000);
    assert_int_equal(t->tls_mode, CQLCRAWL_TLS_VERIFY_FULL);
    assert_string_equal(t->tls_cacert.text, "/etc/cqlcrawl/ca.pem");
    assert_int_equal(t->auth, CQLCRAWL_AUTH_PLAIN);
    assert_string_equal(t->password.text, "/run/secrets/prod-eu-1/password");
    assert_int_equal(t->n_labels, 2); /* team of the defaults, env of the group */
    assert_string_equal(t->labels[0].name, "team");
    assert_string_equal(t->labels[1].value, "prod");
    assert_int_equal(t->proof, CQLCRAWL_PROOF_VERSION);

    t = &c.clusters[1].spec.t;
    assert_string_equal(t->tls_sni, "host-id");
    assert_string_equal(t->tls_name, "proxy.example");
    assert_int_equal(t->auth, CQLCRAWL_AUTH_NONE);

    t = &c.clusters[2].spec.t;
    assert_int_equal(t->timeout_ms, 10000);
    assert_int_equal(t->password.source, CQLCRAWL_ENV);
    assert_string_equal(t->password.text, "LAB_PW");
    assert_int_equal(t->allow_plaintext_login, 1);
    cq_pool_free(&pool);
}

/* A level that turns something off takes what belongs to it along. */
static void test_off(void **state)
{
    struct cq_pool pool = {0};
    struct cq_config c;
    const struct cqlcrawl_target *t;

    (void)state;
    load(&pool, "c.yaml", &c);
    t = &c.clusters[3].spec.t;
    assert_int_equal(t->tls_mode, CQLCRAWL_TLS_DISABLE);
    assert_int_equal(t->tls_cacert.source, CQLCRAWL_UNSET);
    assert_int_equal(t->auth, CQLCRAWL_AUTH_NONE);
    assert_null(t->user);
    assert_int_equal(t->password.source, CQLCRAWL_UNSET);
    t = &c.clusters[4].spec.t;
    assert_int_equal(t->tls_mode, CQLCRAWL_TLS_REQUIRE);
    assert_int_equal(t->tls_cacert.source, CQLCRAWL_UNSET);
    assert_string_equal(t->user, "crawler");
    cq_pool_free(&pool);
}

static void test_pem_and_defaults(void **state)
{
    static const char text[] = "clusters:\n"
                               "  - name: a\n"
                               "    contact_points: [h]\n"
                               "    tls:\n"
                               "      cacert: |\n"
                               "        -----BEGIN CERTIFICATE-----\n"
                               "        AAAA\n"
                               "        -----END CERTIFICATE-----\n";
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_config c;

    (void)state;
    assert_true(cq_config_parse(&pool, &d, "x/c.yaml", text, strlen(text), &c));
    assert_true(cq_spec_finish(&pool, &d, &c.clusters[0]));
    assert_int_equal(c.clusters[0].spec.t.tls_cacert.source, CQLCRAWL_BYTES);
    assert_memory_equal(c.clusters[0].spec.t.tls_cacert.text, "-----BEGIN CERTIFICATE-----\nAAAA\n",
                        33);
    assert_int_equal(c.clusters[0].spec.t.tls_mode, CQLCRAWL_TLS_VERIFY_FULL); /* not less */
    cq_pool_free(&pool);
}

/* A name cannot lead out of the folder that {cluster} stands in. */
static void test_cluster_in_path(void **state)
{
    static const char *const names[] = {"../etc", "..", "a/b", "{cluster}"};
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct cq_pool pool = {0};
        struct cq_diags d = {.pool = &pool};
        struct cq_config c;

        (void)snprintf(text, sizeof(text),
                       "clusters: [{name: \"%s\", contact_points: [h], auth: {user: u, password: "
                       "{file: \"s/{cluster}\"}}}]",
                       names[i]);
        assert_true(cq_config_parse(&pool, &d, "c.yaml", text, strlen(text), &c));
        assert_false(cq_spec_finish(&pool, &d, &c.clusters[0]));
        assert_non_null(strstr(d.messages[0], "cannot stand for {cluster}"));
        cq_pool_free(&pool);
    }
}

static void test_all_at_once(void **state)
{
    static const char text[] = "run: {x: 1, y: 2}\ndefaults: {timeout: z}\n";
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_config c;

    (void)state;
    assert_false(cq_config_parse(&pool, &d, "c.yaml", text, strlen(text), &c));
    assert_int_equal(d.n, 3);
    cq_pool_free(&pool);
}

static void test_empty(void **state)
{
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_config c;

    (void)state;
    assert_true(cq_config_parse(&pool, &d, "c.yaml", "", 0, &c));
    assert_true(cq_config_parse(&pool, &d, "c.yaml", "# nothing\n", 10, &c));
    assert_int_equal(c.n_clusters, 0);
    cq_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_example),
        cmocka_unit_test(test_off),
        cmocka_unit_test(test_pem_and_defaults),
        cmocka_unit_test(test_cluster_in_path),
        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
