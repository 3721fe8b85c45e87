/* SPDX-License-Identifier: Apache-2.0 */
/* Inventories: who is in them, with what is said of each, what is refused, and what changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "world.h"

static void write_files(void)
{
    put(yaml, "defaults: {timeout: 9s}\n"
              "clusters:\n"
              "  - {name: a-1, contact_points: [h1], labels: {env: prod, dc: eu}}\n"
              "  - {name: a-2, contact_points: [h2], labels: {env: test}}\n"
              "  - {name: b-1, contact_points: [h3], labels: {env: prod}}\n");
    put(list, "# a fleet\n\nh7:9043  # by port\n  [::1]:9044\r\na-2\n");
}

static void test_names(void **state)
{
    (void)state;
    write_files();
    expect_names("h", "h:9042");
    expect_names("h:1 [::1]", "h:1 [::1]:9042");
    expect_names(WITH("--config %s", yaml), "a-1 a-2 b-1");
    expect_names(WITH("--config %s b-1 h", yaml), "b-1 h:9042");
    expect_names(WITH("--config %s --select name~a-.*", yaml), "a-1 a-2");
    expect_names(WITH("--config %s --select env=prod", yaml), "a-1 b-1");
    expect_names(WITH("--config %s --select env=prod --select name~a.*", yaml), "a-1");
    expect_names(WITH("--config %s --targets %s", yaml, list), "h7:9043 [::1]:9044 a-2");
    expect_names(WITH("--config %s --targets %s --select name~.*9043", yaml, list), "h7:9043");
}

static void test_refused(void **state)
{
    (void)state;
    write_files();
    expect_refused("", "nobody to read");
    expect_refused("--select env=prod h", "no cluster fits");
    expect_refused(WITH("--config %s --select env=none", yaml), "no cluster fits");
    expect_refused(WITH("--config %s --select name~(", yaml), "not a regular expression");
    expect_refused(WITH("--config %s --user u a-1", yaml),
                   "--user is for targets of the command line");
    expect_refused(WITH("--config %s a-1 a-1", yaml), "is there twice");
    expect_refused("h h:9042",
                   "'h:9042' is there twice: every cluster needs a name of its own (the "
                   "other one is on the command line)");
    expect_refused("--config /nonexistent/x.yaml", "/nonexistent/x.yaml: No such file");
    expect_refused("--targets /nonexistent/x", "/nonexistent/x: No such file");
    expect_refused("--accept-identity i h", "--accept-identity: there is no cluster 'i'");
    put(list, "ok\n\nbad:99999\n");
    expect_refused(WITH("--targets %s", list), ":3: '99999' is not a port");
    put(list, "a\nb\na\n");
    expect_refused(WITH("--targets %s", list), ":3: 'a:9042' is there twice");
    put(list, "# nobody\n");
    expect_refused(WITH("--targets %s", list), "there is no target in it");
}

/* The command line lies over the configuration; a default applies to targets of the command line,
 * too. */
static void test_levels(void **state)
{
    const struct cq_cluster *c;
    struct world *w;

    (void)state;
    write_files();
    w = good(WITH("--config %s --user u --password-file p --cacert ca a-1 h", yaml));
    c = w->inv->clusters;
    assert_int_equal(c[0].spec->t.timeout_ms, 9000);
    assert_int_equal(c[1].spec->t.timeout_ms, 9000);
    assert_int_equal(c[0].spec->t.auth, CQLCRAWL_AUTH_NONE);
    assert_int_equal(c[1].spec->t.auth, CQLCRAWL_AUTH_PLAIN);
    assert_int_equal(c[1].spec->t.tls_mode, CQLCRAWL_TLS_VERIFY_FULL);
    drop(w);
    w = good(WITH("--config %s --timeout 1s --concurrency 3 a-1", yaml));
    assert_int_equal(w->inv->clusters[0].spec->t.timeout_ms, 1000);
    assert_int_equal(w->inv->clusters[0].n_labels, 2);
    assert_int_equal(w->inv->clusters[0].n_endpoints, 1);
    assert_int_equal(w->inv->settings.concurrency, 3);
    drop(w);
}

/* A name cannot lead out of the folder that {cluster} stands in. */
static void test_cluster_in_path(void **state)
{
    static const char *const names[] = {"../etc", "..", "a/b", "{cluster}"};
    struct cqlcrawl_target t;
    struct world *w;
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(text, sizeof(text),
                       "clusters: [{name: \"%s\", contact_points: [h], auth: {user: u, password: "
                       "{file: \"s/{cluster}\"}}}]",
                       names[i]);
        put(yaml, text);
        expect_refused(WITH("--config %s", yaml), "cannot stand for {cluster}");
    }
    put(yaml, "clusters: [{name: a, contact_points: [h], auth: {user: u, password: {file: "
              "\"/s/{cluster}/{cluster}.pw\"}}}]");
    w = good(WITH("--config %s", yaml));
    assert_true(cq_cluster_target(&w->pool, &w->inv->clusters[0], &t));
    assert_string_equal(t.password.text, "/s/a/a.pw");
    drop(w);
}

/* Every name is in one shard of four, whatever else is in the file. */
static void test_shards(void **state)
{
    size_t all = 0;
    struct world *w;

    (void)state;
    write_files();
    for (int i = 1; i <= 4; i++) {
        w = good(WITH("--config %s --shard %d/4", yaml, i));
        all += w->inv->n_clusters;
        assert_int_equal(w->inv->n_found, 3);
        drop(w);
    }
    assert_int_equal(all, 3);
    expect_names(WITH("--config %s --shard 1/1", yaml), "a-1 a-2 b-1");
}

static const char before[] =
    "groups: {g: {auth: {user: u, password: {file: p}}, labels: {env: x}}}\n"
    "clusters:\n"
    "  - {name: a, connect: h1}\n"
    "  - {name: b, connect: h2, group: g}\n"
    "  - {name: c, connect: h3}\n"
    "  - {name: d, connect: h4, labels: {x: y}}\n"
    "  - {name: e, connect: h5, tls: {cacert: one.pem}}\n"
    "  - {name: f, connect: h6}\n";

static const char after[] =
    "groups: {g: {auth: {user: u, password: {file: q}}, labels: {env: x}}}\n"
    "clusters:\n"
    "  - {name: new, connect: h9}\n"
    "  - {name: f, contact_points: [h6, h7]}\n"
    "  - {name: e, connect: h5, tls: {cacert: two.pem}}\n"
    "  - {name: d, connect: h4, labels: {x: z}}\n"
    "  - {name: c, connect: h3, interval: 5m}\n"
    "  - {name: b, connect: h2, group: g}\n";

static void expect_cluster(const struct cq_inventory *inv, uint32_t i, const char *name)
{
    assert_string_equal(inv->clusters[i].name, name);
}

static void test_difference(void **state)
{
    static const char *const changed[] = {"f", "e", "d", "c", "b"};
    struct cq_difference diff;
    struct world *old, *now;

    (void)state;
    put(yaml, before);
    old = good(WITH("--config %s", yaml));
    now = good(WITH("--config %s", yaml));
    assert_true(cq_inventory_compare(&now->pool, old->inv, now->inv, &diff));
    assert_int_equal(diff.n_added + diff.n_changed + diff.n_removed, 0);
    drop(now);
    put(yaml, after);
    now = good(WITH("--config %s", yaml));
    assert_true(cq_inventory_compare(&now->pool, old->inv, now->inv, &diff));
    assert_int_equal(diff.n_added, 1);
    expect_cluster(now->inv, diff.added[0], "new");
    assert_int_equal(diff.n_removed, 1);
    expect_cluster(old->inv, diff.removed[0], "a");
    assert_int_equal(diff.n_changed, 5);
    for (size_t i = 0; i < 5; i++)
        expect_cluster(now->inv, diff.changed[i], changed[i]);
    drop(old);
    drop(now);
}

/* Who looks at an inventory keeps it. */
static void test_references(void **state)
{
    struct world *w = good("h");
    struct cq_inventory *mine = cq_inventory_ref(w->inv);

    (void)state;
    cq_inventory_unref(w->inv);
    w->inv = mine;
    assert_string_equal(mine->clusters[0].name, "h:9042");
    drop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_levels),     cmocka_unit_test(test_cluster_in_path),
        cmocka_unit_test(test_shards),     cmocka_unit_test(test_difference),
        cmocka_unit_test(test_references),
    };
    int failed;

    name_files();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_files();
    return failed;
}
