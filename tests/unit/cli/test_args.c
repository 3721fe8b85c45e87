/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments: what is set, what is refused in which words, and inventories made of arguments and
 * files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/inventory.h"

enum { MOST = 16 };

/* Splits at spaces: arguments of the tests hold none. */
static int split(char *line, char **argv)
{
    int n = 0;

    argv[n++] = line;
    for (char *s = line; *s; s++) {
        if (*s != ' ') continue;
        *s = 0;
        argv[n++] = s + 1;
    }
    return n;
}

static bool parse(struct cq_pool *pool, struct cq_diags *d, const char *line, struct cq_args *a)
{
    char **argv = cq_pool_alloc(pool, MOST * sizeof(char *));
    int argc = split(cq_pool_dup(pool, line, strlen(line)), argv);

    return cq_args_parse(pool, d, argc, argv, a);
}

static const struct {
    const char *line;
    const char *word;
} bads[] = {
    {"cqlcrawl", "a command is missing"},
    {"cqlcrawl crwal", "did you mean crawl"},
    {"cqlcrawl serve", "serve is not in this version"},
    {"cqlcrawl bench h", "bench is not in this version"},
    {"cqlcrawl crawl --outptu x h", "unknown option --outptu; did you mean --output?"},
    {"cqlcrawl crawl -o x h", "unknown option -o"},
    {"cqlcrawl crawl --password hunter2 h", "a secret is never an argument"},
    {"cqlcrawl crawl --password=hunter2 h", "a secret is never an argument"},
    {"cqlcrawl crawl --token=hunter2 h", "a secret is never an argument"},
    {"cqlcrawl crawl --output", "--output needs a value"},
    {"cqlcrawl crawl --output= h", "--output: a file or -"},
    {"cqlcrawl crawl --output dir/ h", "a folder is not in this version"},
    {"cqlcrawl crawl --output a --output b h", "--output is there twice"},
    {"cqlcrawl crawl --system=1 h", "--system takes no value"},
    {"cqlcrawl check --output x h", "--output is not an option of check"},
    {"cqlcrawl crawl --timeout 30 h", "--timeout: a duration"},
    {"cqlcrawl crawl --connect-timeout 1d h", "--connect-timeout: a duration"},
    {"cqlcrawl crawl --protocol 3 h", "--protocol: auto, 4 or 5"},
    {"cqlcrawl crawl --compression snappy h", "--compression: auto, lz4 or none"},
    {"cqlcrawl crawl --tls on h", "--tls: disable, require"},
    {"cqlcrawl crawl --concurrency 0 h", "--concurrency: a number"},
    {"cqlcrawl crawl --memory-max 64MB h", "--memory-max: a size"},
    {"cqlcrawl crawl --proof sure h", "--proof: none, version or settled"},
    {"cqlcrawl crawl --progress bar h", "bar is not in this version"},
    {"cqlcrawl crawl --log-format xml h", "--log-format: text or json"},
    {"cqlcrawl crawl --select prod h", "--select: name~REGEX or LABEL=VALUE"},
    {"cqlcrawl crawl --user u:hunter2 h", "--user: a user's name"},
    {"cqlcrawl crawl --sink http://x h", "--sink is not in this version"},
    {"cqlcrawl crawl --state d h", "--state is not in this version"},
    {"cqlcrawl crawl --rate 5/s h", "--rate is not in this version"},
    {"cqlcrawl crawl --shard 0/2 h", "--shard is not in this version"},
    {"cqlcrawl crawl --fail-on any h", "--fail-on is not in this version"},
    {"cqlcrawl crawl --metrics-listen :1 h", "--metrics-listen is not in this version"},
    {"cqlcrawl crawl --metrics-file f h", "--metrics-file is not in this version"},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        struct cq_pool pool = {0};
        struct cq_diags d = {.pool = &pool};
        struct cq_args a;

        if (parse(&pool, &d, bads[i].line, &a)) fail_msg("taken: %s", bads[i].line);
        if (!strstr(d.messages[0], bads[i].word)) {
            fail_msg("'%s' says '%s', not '%s'", bads[i].line, d.messages[0], bads[i].word);
        }
        assert_null(strstr(d.messages[0], "hunter2"));
        cq_pool_free(&pool);
    }
}

static void test_good(void **state)
{
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_args a;

    (void)state;
    assert_true(parse(&pool, &d,
                      "cqlcrawl crawl --timeout=10s a --output - --system b:1 --memory-max 16M "
                      "--concurrency 5 --progress json -- --c",
                      &a));
    assert_int_equal(a.command, CQ_CMD_CRAWL);
    assert_int_equal(a.n_targets, 3);
    assert_string_equal(a.targets[2], "--c");
    assert_int_equal(a.run.t.timeout_ms, 10000);
    assert_true(CQ_SAID(&a.run, CQ_KEY_SYSTEM));
    assert_string_equal(a.output, "-");
    assert_int_equal(a.memory_max, 16u << 20);
    assert_int_equal(a.concurrency, 5);
    assert_int_equal(a.progress, CQ_PROGRESS_JSON);
    assert_true(parse(&pool, &d, "cqlcrawl --help", &a));
    assert_int_equal(a.command, CQ_CMD_HELP);
    assert_true(parse(&pool, &d, "cqlcrawl check --help --nonsense", &a));
    assert_int_equal(a.help_of, CQ_CMD_CHECK);
    assert_true(parse(&pool, &d, "cqlcrawl --version", &a));
    assert_int_equal(a.command, CQ_CMD_VERSION);
    cq_pool_free(&pool);
}

/* ---- inventories ---- */

static char yaml[64], list[64];

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static bool load(struct cq_pool *pool, struct cq_diags *d, const char *options,
                 struct cq_inventory *inv)
{
    struct cq_args *a = cq_pool_alloc(pool, sizeof(*a));
    const char *line =
        cq_pool_printf(pool, *options ? "cqlcrawl crawl %s" : "cqlcrawl crawl%s", options);

    return parse(pool, d, line, a) && cq_inventory_load(pool, d, a, true, inv);
}

static void expect_names(const char *options, const char *names)
{
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_inventory inv;
    char got[256] = "";

    if (!load(&pool, &d, options, &inv)) fail_msg("%s: %s", options, d.messages[0]);
    for (size_t i = 0; i < inv.n_clusters; i++) {
        if (i) strcat(got, " ");
        strcat(got, cq_cluster_title(&pool, &inv.clusters[i]));
    }
    assert_string_equal(got, names);
    cq_inventory_fini(&inv);
    cq_pool_free(&pool);
}

static void expect_refused(const char *options, const char *word)
{
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_inventory inv;

    if (load(&pool, &d, options, &inv)) fail_msg("taken: %s", options);
    if (!strstr(d.messages[0], word))
        fail_msg("%s says '%s', not '%s'", options, d.messages[0], word);
    cq_inventory_fini(&inv);
    cq_pool_free(&pool);
}

static void write_files(void)
{
    put(yaml, "defaults: {timeout: 9s}\n"
              "clusters:\n"
              "  - {name: a-1, contact_points: [h1], labels: {env: prod, dc: eu}}\n"
              "  - {name: a-2, contact_points: [h2], labels: {env: test}}\n"
              "  - {name: b-1, contact_points: [h3], labels: {env: prod}}\n");
    put(list, "# a fleet\n\nh7:9043  # by port\n  [::1]:9044\r\na-2\n");
}

static void test_inventory(void **state)
{
    char o[256];

    (void)state;
    write_files();
#define WITH(...) ((void)snprintf(o, sizeof(o), __VA_ARGS__), o)
    expect_names("h", "h:9042");
    expect_names("h:1 [::1]", "h:1 [::1]:9042");
    expect_names(WITH("--config %s", yaml), "a-1 a-2 b-1");
    expect_names(WITH("--config %s b-1 h", yaml), "b-1 h:9042");
    expect_names(WITH("--config %s --select name~a-.*", yaml), "a-1 a-2");
    expect_names(WITH("--config %s --select env=prod", yaml), "a-1 b-1");
    expect_names(WITH("--config %s --select env=prod --select name~a.*", yaml), "a-1");
    expect_names(WITH("--config %s --targets %s", yaml, list), "h7:9043 [::1]:9044 a-2");
    expect_refused("", "nobody to read");
    expect_refused("--select env=prod h", "--config is missing");
    expect_refused(WITH("--config %s --select env=none", yaml),
                   "no cluster of the configuration fits");
    expect_refused(WITH("--config %s --select name~(", yaml), "not a regular expression");
    expect_refused(WITH("--config %s --user u a-1", yaml),
                   "--user is for targets of the command line");
    expect_refused(WITH("--config %s a-1 a-1", yaml), "is there twice");
    expect_refused("h h:9042", "is there twice");
    expect_refused("--config /nonexistent/x.yaml", "/nonexistent/x.yaml: No such file");
    expect_refused("--targets /nonexistent/x", "/nonexistent/x: No such file");
    put(list, "ok\n\nbad:99999\n");
    expect_refused(WITH("--targets %s", list), ":3: '99999' is not a port");
    put(list, "# nobody\n");
    expect_refused(WITH("--targets %s", list), "there is no target in it");
    put(yaml, "run: {rate: 5/s}\nclusters: [{name: a, contact_points: [h]}]\n");
    expect_refused(WITH("--config %s", yaml), ":1:13: run.rate: not in this version");
#undef WITH
}

/* The command line lies over the configuration; a default applies to targets of the command line,
 * too. */
static void test_levels(void **state)
{
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_inventory inv;
    const char *o;

    (void)state;
    write_files();
    o = cq_pool_printf(&pool, "--config %s --user u --password-file p --cacert ca a-1 h", yaml);
    assert_true(load(&pool, &d, o, &inv));
    assert_int_equal(inv.clusters[0].spec.t.timeout_ms, 9000);
    assert_int_equal(inv.clusters[1].spec.t.timeout_ms, 9000);
    assert_int_equal(inv.clusters[0].spec.t.auth, CQLCRAWL_AUTH_NONE);
    assert_int_equal(inv.clusters[1].spec.t.auth, CQLCRAWL_AUTH_PLAIN);
    assert_int_equal(inv.clusters[1].spec.t.tls_mode, CQLCRAWL_TLS_VERIFY_FULL);
    o = cq_pool_printf(&pool, "--config %s --timeout 1s a-1", yaml);
    assert_true(load(&pool, &d, o, &inv));
    assert_int_equal(inv.clusters[0].spec.t.timeout_ms, 1000);
    assert_int_equal(inv.clusters[0].spec.t.n_labels, 2);
    assert_int_equal(inv.clusters[0].spec.t.n_endpoints, 1);
    cq_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_inventory),
        cmocka_unit_test(test_levels),
    };
    int failed;

    (void)snprintf(yaml, sizeof(yaml), "/tmp/cq-args-%ld.yaml", (long)getpid());
    (void)snprintf(list, sizeof(list), "/tmp/cq-args-%ld.list", (long)getpid());
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(yaml);
    (void)unlink(list);
    return failed;
}
