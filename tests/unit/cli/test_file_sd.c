/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of Prometheus: what is taken from them, what is refused, and whose credentials go where. */
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
    put(json, "[{\"targets\": [\"h\"], \"labels\": {\"cluster\": \"\\ud83d\\uDE00\\\\u0041\"}}]");
    expect_names(WITH("--targets %s", json), "\xf0\x9f\x98\x80\\u0041");
    put(json, "[{\"targets\": [\"h\"], \"labels\": {\"cluster\": \"\\ud83dx\"}}]");
    expect_refused(WITH("--targets %s", json), "not YAML: found invalid Unicode");
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
    {"[{\"targets\": [\"h\"], \"labels\": {\"cluster\": \"a\\u0007b\"}}]",
     ":1:2: the name is empty or"},
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
    put(yaml, WITH("discovery: [{file_sd: {files: [\"%s\"]}}]", json));
    expect_names(WITH("--config %s", yaml), "");
    discover("open", "[{\"targets\": []}, {\"targets\": [\"i\"]}]");
    w = good(WITH("--config %s", yaml));
    assert_int_equal(w->inv->n_clusters, 2);
    assert_int_equal(w->inv->notes.n, 1);
    assert_non_null(strstr(w->inv->notes.messages[0], "entries without targets, left out: 1 ("));
    drop(w);
    discover("open", "[{\"targets\": [\"i\"], \"labels\": {\"cluster\": \"own\"}}]");
    expect_refused(WITH("--config %s", yaml), "'own' is there twice");
}

static const char *const foreign[] = {
    "evil.example",      "prod.example",     "xxprod.example", "a.prod.example.evil",
    "10.2.0.1",          "10.1.0.0.example", "[::1]",          "db.example.evil",
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

struct answer {
    int err;
    long status;
    const char *type, *body, *message; /* message NULL: it is taken */
};

static const struct answer answers[] = {
    {0, 200, "application/json", "[{\"targets\": [\"i\"]}]", NULL},
    {0, 200, "Application/JSON; charset=utf-8", "[]", NULL},
    {0, 200, "text/html", "[]", "sends 'text/html', not application/json"},
    {0, 200, "application/jsonx", "[]", "not application/json"},
    {0, 200, NULL, "[]", "no content type"},
    {0, 204, "application/json", "[]", "answers with status 204, not 200"},
    {0, 503, "application/json", "[]", "answers with status 503"},
    {-1, 0, NULL, NULL, "refused by a test"},
    {0, 200, "application/json", "{}", "http://127.0.0.1:1/sd:1:1: a list is expected"},
};

static struct world *begin(const char *text)
{
    struct world *w = calloc(1, sizeof(*w));

    put(yaml, text);
    assert_non_null(w);
    w->d.pool = &w->pool;
    parse(w, WITH("--config %s", yaml));
    w->inv = cq_inventory_begin(&w->d, &w->a, &w->secrets, CQ_TO_SERVE);
    assert_non_null(w->inv);
    return w;
}

static void answer(struct world *w, const struct answer *a)
{
    struct cq_discovery *x = &w->inv->config.discovery[0];

    if (!cq_http_sd_take(w->inv, &w->d, x, a->err, "refused by a test", a->status, a->type, a->body,
                         a->body ? strlen(a->body) : 0)) {
        return;
    }
    w->inv = cq_inventory_finish(w->inv, &w->d, &w->a, &w->secrets, CQ_TO_SERVE);
}

static void test_too_much(void **state)
{
    char text[8192] = "[{\"targets\": [\"h\"], \"labels\": {\"a\": \"b\"";
    size_t n;

    (void)state;
    for (int i = 0; i < 64; i++) {
        n = strlen(text);
        (void)snprintf(text + n, sizeof(text) - n, ", \"l%d\": \"x\"", i);
    }
    strcat(text, "}}]");
    put(json, text);
    expect_refused(WITH("--targets %s", json), "has more than 64 labels");
    (void)snprintf(text, sizeof(text),
                   "[{\"targets\": [\"h\"], \"labels\": {\"cluster\": \"%0256d\"}}]", 1);
    put(json, text);
    expect_refused(WITH("--targets %s", json), "longer than 255 bytes");
    strcpy(text, "[{\"targets\": [\"h0\"");
    for (int i = 1; i < 20; i++) {
        n = strlen(text);
        (void)snprintf(text + n, sizeof(text) - n, ", \"h%d\"", i);
    }
    strcat(text, "]}]");
    put(json, text);
    {
        struct world *w = good(WITH("--targets %s", json));

        assert_int_equal(w->inv->clusters[0].n_endpoints, 16);
        assert_string_equal(w->inv->clusters[0].endpoints[15].host, "h15");
        assert_non_null(strstr(w->inv->notes.messages[0],
                               "more contact points than the 16 that are used: 1 ("));
        drop(w);
    }
}

static const char by_http[] =
    "clusters: [{name: own, connect: h}]\n"
    "discovery: [{http_sd: {url: \"http://127.0.0.1:1/sd\", refresh: 90s}}]\n";

static void test_http_sd(void **state)
{
    struct cqlcrawl_fetch f;
    struct world *w;

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        w = begin(by_http);
        answer(w, &answers[i]);
        if (!answers[i].message && w->d.n) fail_msg("%zu: %s", i, w->d.messages[0]);
        if (answers[i].message && !w->d.n) fail_msg("%zu was taken", i);
        if (answers[i].message && !strstr(w->d.messages[0], answers[i].message)) {
            fail_msg("%zu: '%s', not '%s'", i, w->d.messages[0], answers[i].message);
        }
        drop(w);
    }
    w = begin(by_http);
    assert_true(cq_http_sd_request(w->inv, &w->inv->config.discovery[0], &f));
    assert_string_equal(f.url, "http://127.0.0.1:1/sd");
    assert_string_equal(f.headers[1].name, "X-Prometheus-Refresh-Interval-Seconds");
    assert_string_equal(f.headers[1].value, "90");
    drop(w);
}

/* A source that does not answer says what it said last. */
static void test_kept(void **state)
{
    struct world *old = begin(by_http), *now = begin(by_http);

    (void)state;
    assert_false(cq_http_sd_keep(now->inv, &now->inv->config.discovery[0], old->inv));
    answer(old, &answers[0]);
    assert_non_null(old->inv);
    assert_true(cq_http_sd_keep(now->inv, &now->inv->config.discovery[0], old->inv));
    drop(old);
    now->inv = cq_inventory_finish(now->inv, &now->d, &now->a, &now->secrets, CQ_TO_SERVE);
    assert_non_null(now->inv);
    assert_non_null(cq_inventory_find(now->inv, "i:9042"));
    assert_non_null(cq_inventory_find(now->inv, "own"));
    drop(now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),     cmocka_unit_test(test_bad_lists),
        cmocka_unit_test(test_discovery), cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_too_much),  cmocka_unit_test(test_http_sd),
        cmocka_unit_test(test_kept),
    };
    int failed;

    name_files();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_files();
    return failed;
}
