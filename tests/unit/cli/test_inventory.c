/* SPDX-License-Identifier: Apache-2.0 */
/* Inventories made of arguments, files and lists: who is in them, with what, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/http_sd.h"
#include "cli/inventory.h"

enum { MOST = 24 };

/* One test's world. */
struct world {
    struct cq_pool pool;
    struct cq_diags d;
    struct cq_secrets secrets;
    struct cq_args a;
    struct cq_inventory *inv;
};

static char yaml[64], list[64], json[64];

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void parse(struct world *w, const char *options)
{
    char **argv = cq_pool_alloc(&w->pool, MOST * sizeof(char *));
    char *line = cq_pool_printf(&w->pool, "cqlcrawl crawl%s%s", *options ? " " : "", options);
    int n = 0;

    argv[n++] = line;
    for (char *s = line; *s; s++) {
        if (*s != ' ') continue;
        *s = 0;
        argv[n++] = s + 1;
    }
    if (!cq_args_parse(&w->pool, &w->d, n, argv, &w->a)) fail_msg("%s", w->d.messages[0]);
}

static struct world *load(const char *options, enum cq_purpose purpose)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->d.pool = &w->pool;
    parse(w, options);
    w->inv = cq_inventory_load(&w->d, &w->a, &w->secrets, purpose);
    return w;
}

static void drop(struct world *w)
{
    cq_inventory_unref(w->inv);
    cq_secrets_fini(&w->secrets);
    cq_pool_free(&w->pool);
    free(w);
}

static struct world *good(const char *options)
{
    struct world *w = load(options, CQ_TO_READ);

    if (!w->inv) fail_msg("%s: %s", options, w->d.messages[0]);
    return w;
}

static void expect_names(const char *options, const char *names)
{
    struct world *w = good(options);
    char got[512] = "";

    for (size_t i = 0; i < w->inv->n_clusters; i++) {
        if (i) strcat(got, " ");
        strcat(got, w->inv->clusters[i].name);
        assert_ptr_equal(cq_inventory_find(w->inv, w->inv->clusters[i].name), &w->inv->clusters[i]);
    }
    assert_string_equal(got, names);
    drop(w);
}

static void expect_refused(const char *options, const char *word)
{
    struct world *w = load(options, CQ_TO_READ);

    if (w->inv) fail_msg("taken: %s", options);
    if (!strstr(w->d.messages[0], word))
        fail_msg("%s says '%s', not '%s'", options, w->d.messages[0], word);
    drop(w);
}

static char o[512];

#define WITH(...) ((void)snprintf(o, sizeof(o), __VA_ARGS__), o)

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

/* ---- lists of Prometheus ---- */

static void test_lists(void **state)
{
    const struct cq_cluster *c;
    struct world *w;

    (void)state;
    put(json,
        "\xef\xbb\xbf[\r\n"
        " {\"targets\":[\"10.0.0.1:9142\",\"10.0.0.2\"],\r\n"
        "\t\"labels\":{\"cluster\":\"a\",\"env\":\"x\",\"__meta_x\":\"y\",\"empty\":\"\"}},\n"
        " {\"targets\": [\"h\"]}, {\"targets\": [\"i\"], \"labels\": {\"name\": \"b\\/\\u00e4\"}}\n"
        "]\n");
    w = good(WITH("--targets %s", json));
    c = w->inv->clusters;
    assert_int_equal(w->inv->n_clusters, 3);
    assert_string_equal(w->inv->origins[0].form, "file_sd");
    assert_string_equal(w->inv->origins[0].why, "its name ends in .json");
    assert_string_equal(c[0].name, "a");
    assert_int_equal(c[0].n_endpoints, 2);
    assert_int_equal(c[0].endpoints[0].port, 9142);
    assert_string_equal(c[0].endpoints[1].host, "10.0.0.2");
    assert_int_equal(c[0].n_labels, 1); /* neither the name, nor __, nor an empty one */
    assert_string_equal(c[0].labels[0].name, "env");
    assert_string_equal(c[1].name, "h:9042");
    assert_string_equal(c[2].name, "b/\xc3\xa4");
    assert_int_equal(c[2].n_labels, 0);
    drop(w);
    put(list, "- targets: [h]\n  labels: {cluster: z, __meta_cqlcrawl_name: y, name: x}\n");
    w = good(WITH("--targets %s --user u --password-file p", list));
    assert_string_equal(w->inv->origins[0].why, "it begins with '- '");
    assert_string_equal(w->inv->clusters[0].name, "z");
    assert_int_equal(w->inv->clusters[0].n_labels, 1); /* name: x is a label like any other */
    assert_string_equal(w->inv->clusters[0].spec->t.user, "u");
    drop(w);
    put(list, "[::1]:9042\n");
    expect_names(WITH("--targets %s", list), "[::1]:9042");
    put(list, " [\n {\"targets\":[\"h\"]}]");
    expect_names(WITH("--targets %s", list), "h:9042");
}

static const struct {
    const char *text, *message;
} bad_lists[] = {
    {"{}", ":1:1: a list is expected here"},
    {"x", ":1:1: a list is expected here"},
    {"[x]", ":1:2: an entry is a map"},
    {"[{}]", ":1:2: an entry needs targets"},
    {"[{\"targets\": \"h\"}]", ":1:14: an entry needs targets, a list"},
    {"[{\"targets\": [\"h\"], \"label\": {}}]", ":1:21: unknown key 'label' in an entry"},
    {"[{\"targets\": [\"h\"], \"labels\": []}]", ":1:31: labels are a map"},
    {"[{\"targets\": [\"h\"], \"labels\": {\"a\": [1]}}]", ":1:37: a label is a word"},
    {"[{\"targets\": [\"h\"], \"labels\": {\"a\": null}}]", ":1:37: the label has no value"},
    {"[{\"targets\": [\"h\"], \"labels\": {\"a\": \"1\", \"a\": \"2\"}}]", "'a' is there twice"},
    {"[{\"targets\": [\"http://h\"]}]", ":1:15: "},
    {"[{\"targets\": [[\"h\"]]}]", ":1:15: a target is host:port"},
    {"[{\"targets\": [\"u:hunter2@h\"]}]", ":1:15: a contact point is host:port, without a user"},
    {"[{\"targets\": [\"h\"]},\n {\"targets\": [\"h\"]}]", ":2:2: 'h:9042' is there twice"},
    {"[{\"targets\": [\"h\"], \"labels\": {\"group\": \"g\"}}]", ":1:2: there is no group 'g'"},
    {"[{\"targets\": [\"h\"]", "not YAML"},
    {"[{\"targets\": [\"h\"]}]\n---\n[]", "a second document"},
    {"[{\"targets\": [\"h\"]}]\n[]", ":2:"},
    {"[]", "there is no target in it"},
    {"", "there is no target in it"},
};

static void test_bad_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_lists) / sizeof(bad_lists[0]); i++) {
        put(json, bad_lists[i].text);
        expect_refused(WITH("--targets %s", json), bad_lists[i].message);
    }
    put(json, "[{\"target\": []}]");
    {
        struct world *w = load(WITH("--targets %s", json), CQ_TO_READ);

        assert_null(w->inv);
        assert_non_null(strstr(w->d.messages[w->d.n - 1], "because its name ends in .json"));
        drop(w);
    }
}

/* ---- discovery ---- */

static const char discovery[] =
    "defaults: {labels: {team: db}}\n"
    "groups:\n"
    "  prod: {auth: {user: u, password: {file: p}}, labels: {env: prod, tier: 1},\n"
    "         hosts: [.prod.example, db.example, 10.1.0.0/16, \"fd00::/8\"]}\n"
    "  open: {labels: {env: open}}\n"
    "clusters: [{name: own, connect: h}]\n"
    "discovery: [{file_sd: {files: [\"%s\"], group: %s}}]\n";

static void discover(const char *group, const char *targets)
{
    char text[1024];

    (void)snprintf(text, sizeof(text), discovery, json, group);
    put(yaml, text);
    put(json, targets);
}

static void test_discovery(void **state)
{
    const struct cq_cluster *c;
    struct world *w;

    (void)state;
    discover("prod", "[{\"targets\": [\"a.prod.example\", \"10.1.2.3:1\", \"[fd00::1]:1\"],"
                     "\"labels\": {\"cluster\": \"a\", \"tier\": \"2\"}},"
                     "{\"targets\": [\"x\"], \"labels\": {\"group\": \"open\"}},"
                     "{\"targets\": [\"10.1.9.9\"]}, {\"targets\": [\"DB.example.\"]}]");
    w = good(WITH("--config %s", yaml));
    c = w->inv->clusters;
    assert_int_equal(w->inv->n_clusters, 5);
    assert_string_equal(c[0].name, "own");
    assert_string_equal(c[1].group, "prod");
    assert_string_equal(c[1].spec->t.user, "u");
    assert_int_equal(c[1].n_labels, 3); /* team, env, tier of its own */
    assert_string_equal(c[1].labels[2].value, "2");
    assert_null(c[2].spec->t.user);
    assert_string_equal(c[2].labels[1].value, "open");
    assert_int_equal(c[2].n_labels, 2);
    assert_ptr_equal(c[1].spec, c[3].spec);
    assert_ptr_equal(c[3].labels, c[4].labels); /* those of the group, shared */
    drop(w);
    discover("open", "[]"); /* empty is a list */
    expect_names(WITH("--config %s", yaml), "own");
    discover("open", "[{\"targets\": []}, {\"targets\": [\"i\"]}]");
    w = good(WITH("--config %s", yaml));
    assert_int_equal(w->inv->n_clusters, 2);
    assert_int_equal(w->inv->notes.n, 1);
    assert_non_null(strstr(w->inv->notes.messages[0], "1 entries without targets"));
    drop(w);
    discover("open", "[{\"targets\": [\"i\"], \"labels\": {\"cluster\": \"own\"}}]");
    expect_refused(WITH("--config %s", yaml), "'own' is there twice");
}

static const char *const foreign[] = {
    "evil.example",      "prod.example",     "xprod.example", "a.prod.example.evil",
    "10.2.0.1",          "10.1.0.0.example", "[::1]",         "db.example.evil",
    "[::ffff:10.2.0.1]", "xdb.example",      "10.1",
};

/* Credentials go where the configuration says, whatever the list says. */
static void test_credentials(void **state)
{
    char targets[256];

    (void)state;
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        (void)snprintf(targets, sizeof(targets), "[{\"targets\": [\"a.prod.example\", \"%s\"]}]",
                       foreign[i]);
        discover("prod", targets);
        expect_refused(WITH("--config %s", yaml), "is not one of the hosts of group 'prod'");
    }
    discover("prod", "[{\"targets\": [\"[::ffff:10.1.0.1]:9042\"]}]"); /* the same as 10.1.0.1 */
    expect_names(WITH("--config %s", yaml), "own [::ffff:10.1.0.1]:9042");
    put(json, "[{\"targets\": [\"i\"]}]");
    put(yaml, "defaults: {auth: {user: u, password: {file: p}}}\ngroups: {g: {hosts: [i]}}\n");
    expect_names(WITH("--config %s --targets %s --user v --password-file q", yaml, json), "i:9042");
    expect_refused(WITH("--config %s --targets %s", yaml, json), "credentials of the defaults");
    put(json, "[{\"targets\": [\"i\"], \"labels\": {\"group\": \"g\"}}]");
    expect_names(WITH("--config %s --targets %s", yaml, json), "i:9042");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_levels),    cmocka_unit_test(test_cluster_in_path),
        cmocka_unit_test(test_lists),     cmocka_unit_test(test_bad_lists),
        cmocka_unit_test(test_discovery), cmocka_unit_test(test_credentials),
    };
    int failed;

    (void)snprintf(yaml, sizeof(yaml), "/tmp/cq-inventory-%ld.yaml", (long)getpid());
    (void)snprintf(list, sizeof(list), "/tmp/cq-inventory-%ld.list", (long)getpid());
    (void)snprintf(json, sizeof(json), "/tmp/cq-inventory-%ld.json", (long)getpid());
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(yaml);
    (void)unlink(list);
    (void)unlink(json);
    return failed;
}
