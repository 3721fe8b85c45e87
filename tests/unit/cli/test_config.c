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
    {"sinks: [{type: ndjson}]", "c.yaml:1:9: a sink needs a url"},
    {"sinks: [{url: x}]", "c.yaml:1:9: a sink: a URL that begins with https:// or http://"},
    {"sinks: [{url: \"http://u:hunter2@h\"}]", "c.yaml:1:9: a sink: a user or password in a URL"},
    {"sinks: [{url: \"http://h/\", token: {file: t}}]",
     "c.yaml:1:9: a sink: a token or password would cross the network in clear text: use https"},
    {"sinks: [{url: \"http://127.0.0.1.example/\", user: u, password: {env: P}}]",
     "c.yaml:1:9: a sink: a token or password would cross"},
    {"sinks: [{url: \"https://h/\", user: u}]", "c.yaml:1:9: a sink: the user has no password"},
    {"sinks: [{url: \"https://h/\", user: u, password: {env: P}, token: {env: T}}]",
     "c.yaml:1:9: a sink: a token or a user with a password, not both"},
    {"sinks: [{url: \"https://h/\", cert: c}]", "c.yaml:1:9: a sink: cert and key belong together"},
    {"sinks: [{url: \"https://h/\"}, {url: \"https://H:443/\", name: \"h:443\"}]",
     "c.yaml:1:30: two sinks are called 'h:443'"},
    {"sinks: [{url: \"https://h/\", in_flight: 0}]",
     "c.yaml:1:40: sinks: in_flight: '0' is not a number from 1 to 64"},
    {"sinks: [{url: \"https://h/\", encoding: br}]",
     "c.yaml:1:39: sinks: encoding: identity, gzip or zstd is expected, not 'br'"},
    {"sinks: [{url: \"https://h/\", urll: x}]",
     "c.yaml:1:29: unknown key 'urll' in a sink; did you mean 'url'?"},
    {"run: {half_open: many}", "c.yaml:1:18: run.half_open: 'many' is not a number from 1"},
    {"run: {retries: 101}", "c.yaml:1:16: retries: '101' is not a number from 0 to 100"},
    {"run: {shard: 3/2}", "c.yaml:1:14: run.shard: '3/2': I is from 1 to N"},
    {"run: {shard: 0/2}", "c.yaml:1:14: run.shard: '0/2': I/N is expected"},
    {"run: {fail_on: 101%}", "c.yaml:1:16: run.fail_on: any, none, a number"},
    {"run: {metrics_listen: \"host:9542\"}", "c.yaml:1:23: run.metrics_listen: an address"},
    {"defaults: {jitter: 10}", "c.yaml:1:20: jitter: '10' is not a percentage (10%)"},
    {"defaults: {interval: 1}", "c.yaml:1:22: interval: '1' is not a duration"},
    {"defaults: {max_in_flight: 0}", "c.yaml:1:27: max_in_flight: '0' is not a number from 1"},
    {"groups: {g: {hosts: [\"10.0.0.0/33\"]}}", "c.yaml:1:22: hosts: '10.0.0.0/33': what stands"},
    {"discovery: [{file_sd: {files: []}}]", "c.yaml:1:23: file_sd needs files"},
    {"discovery: [{file_sd: {files: [x], group: g}}]", "c.yaml:1:23: discovery: there is no group"},
    {"discovery: [{http_sd: {refresh: 1m}}]", "c.yaml:1:23: http_sd needs a url"},
    {"discovery: [{http_sd: {url: \"http://h/\", token: {file: t}}}]",
     "c.yaml:1:23: http_sd: a token or password would cross"},
    {"discovery: [{dns_sd: {}}]", "c.yaml:1:14: unknown key 'dns_sd' in discovery"},
    {"discovery: [{file_sd: {files: [x]}, http_sd: {url: \"https://h\"}}]",
     "c.yaml:1:13: discovery: an entry is one of"},
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
        cq_spec_finish(c->clusters[i].spec);
}

/* A cluster as the library gets it. */
static const struct cqlcrawl_target *target(struct cq_pool *pool, const struct cq_config *c,
                                            size_t i)
{
    struct cqlcrawl_target *t = cq_pool_alloc(pool, sizeof(*t));

    assert_true(cq_cluster_target(pool, &c->clusters[i], t));
    return t;
}

static void test_example(void **state)
{
    struct cq_pool pool = {0};
    struct cq_config c;
    const struct cqlcrawl_target *t;

    (void)state;
    load(&pool, "/etc/cqlcrawl/c.yaml", &c);
    assert_int_equal(c.settings.concurrency, 1000);
    assert_int_equal(c.settings.memory_max, 64u << 20);
    assert_int_equal(c.settings.rate, 200);
    assert_int_equal(c.settings.n_sinks, 1);
    assert_string_equal(c.settings.sinks[0].s.name, "inventory.example:443");
    assert_string_equal(c.settings.sinks[0].s.token.text, "/run/secrets/inventory");
    assert_int_equal(c.n_clusters, 5);
    assert_int_equal(c.groups[0].n_hosts, 2);
    assert_string_equal(c.groups[0].hosts[1].text, "10.0.0.0/8");

    t = target(&pool, &c, 0);
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

    t = target(&pool, &c, 1);
    assert_string_equal(t->tls_sni, "host-id");
    assert_string_equal(t->tls_name, "proxy.example");
    assert_int_equal(t->auth, CQLCRAWL_AUTH_NONE);

    t = target(&pool, &c, 2);
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
    t = target(&pool, &c, 3);
    assert_int_equal(t->tls_mode, CQLCRAWL_TLS_DISABLE);
    assert_int_equal(t->tls_cacert.source, CQLCRAWL_UNSET);
    assert_int_equal(t->auth, CQLCRAWL_AUTH_NONE);
    assert_null(t->user);
    assert_int_equal(t->password.source, CQLCRAWL_UNSET);
    t = target(&pool, &c, 4);
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
    const struct cqlcrawl_target *t;
    struct cq_config c;

    (void)state;
    assert_true(cq_config_parse(&pool, &d, "x/c.yaml", text, strlen(text), &c));
    cq_spec_finish(c.clusters[0].spec);
    t = target(&pool, &c, 0);
    assert_int_equal(t->tls_cacert.source, CQLCRAWL_BYTES);
    assert_memory_equal(t->tls_cacert.text, "-----BEGIN CERTIFICATE-----\nAAAA\n", 33);
    assert_int_equal(t->tls_mode, CQLCRAWL_TLS_VERIFY_FULL); /* not less */
    cq_pool_free(&pool);
}

/* Everything that is said of the run, of serve and of discovery. */
static const char fleet[] =
    "run: {rate: 20/s, half_open: 30, retries: 0, seed: 7, state: st, shard: 2/5, fail_on: 5%,\n"
    "  dead_letters: d.ndjson, metrics_listen: \"[::1]:9542\", metrics_file: /m.prom}\n"
    "defaults: {interval: 2h, jitter: 25%}\n"
    "groups: {g: {max_in_flight: 3, retries: 4, hosts: [h]}}\n"
    "clusters: [{name: a, connect: h}, {name: b, group: g, connect: h, interval: 5m}]\n"
    "sinks:\n"
    "  - {name: s, url: \"http://[::1]:8080/x\", user: u, password: {env: P}, encoding: zstd,\n"
    "     in_flight: 2, batch_records: 10, batch_bytes: 64K, batch_age: 2s, timeout: 9s,\n"
    "     key_format: plain}\n"
    "discovery:\n"
    "  - file_sd: {files: [\"t/*.json\", /x.yaml], group: g}\n"
    "  - http_sd: {url: \"https://h/sd\", refresh: 5m, token: {file: t}, cacert: c.pem}\n";

static void load_fleet(struct cq_pool *pool, struct cq_config *c)
{
    struct cq_diags d = {.pool = pool};

    if (!cq_config_parse(pool, &d, "x/c.yaml", fleet, strlen(fleet), c)) {
        fail_msg("%s", d.messages[0]);
    }
}

static void test_run(void **state)
{
    struct cq_pool pool = {0};
    const struct cq_settings *s;
    struct cq_config c;

    (void)state;
    load_fleet(&pool, &c);
    s = &c.settings;
    assert_int_equal(s->rate, 20);
    assert_int_equal(s->half_open, 30);
    assert_int_equal(s->seed, 7);
    assert_string_equal(s->state, "x/st");
    assert_int_equal(s->shard, 2);
    assert_int_equal(s->shards, 5);
    assert_int_equal(s->fail_on.kind, CQ_FAIL_PERCENT);
    assert_string_equal(s->dead_letters, "x/d.ndjson");
    assert_string_equal(s->metrics_file, "/m.prom");
    assert_string_equal(s->metrics_listen.host, "::1");
    assert_int_equal(s->metrics_listen.port, 9542);
    cq_spec_finish(c.clusters[0].spec);
    cq_spec_finish(c.clusters[1].spec);
    assert_int_equal(c.clusters[0].spec->interval_ms, 7200000);
    assert_int_equal(c.clusters[1].spec->interval_ms, 300000);
    assert_int_equal(c.clusters[1].spec->jitter, 25);
    assert_int_equal(c.clusters[0].spec->t.retries, CQLCRAWL_NO_RETRIES);
    assert_int_equal(c.clusters[1].spec->t.retries, 4);
    assert_int_equal(c.clusters[1].spec->t.max_in_flight, 3);
    cq_pool_free(&pool);
}

static void test_sinks_and_discovery(void **state)
{
    struct cq_pool pool = {0};
    const struct cqlcrawl_sink *k;
    struct cq_config c;

    (void)state;
    load_fleet(&pool, &c);
    k = &c.settings.sinks[0].s;
    assert_string_equal(k->name, "s");
    assert_int_equal(k->encoding, CQLCRAWL_ENCODING_ZSTD);
    assert_int_equal(k->in_flight, 2);
    assert_int_equal(k->batch_records, 10);
    assert_int_equal(k->batch_bytes, 65536);
    assert_int_equal(k->batch_age_ms, 2000);
    assert_int_equal(k->timeout_ms, 9000);
    assert_int_equal(k->plain_key, 1);
    assert_int_equal(k->password.source, CQLCRAWL_ENV);
    assert_int_equal(c.n_discovery, 2);
    assert_string_equal(c.discovery[0].files[0], "x/t/*.json");
    assert_string_equal(c.discovery[0].files[1], "/x.yaml");
    assert_int_equal(c.discovery[0].refresh_ms, CQ_DEFAULT_REFRESH_MS);
    assert_int_equal(c.discovery[1].refresh_ms, 300000);
    assert_string_equal(c.discovery[1].fetch.cacert.text, "x/c.pem");
    cq_pool_free(&pool);
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
        cmocka_unit_test(test_bad),         cmocka_unit_test(test_example),
        cmocka_unit_test(test_off),         cmocka_unit_test(test_pem_and_defaults),
        cmocka_unit_test(test_run),         cmocka_unit_test(test_sinks_and_discovery),
        cmocka_unit_test(test_all_at_once), cmocka_unit_test(test_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
