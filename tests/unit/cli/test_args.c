/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments: what is set, what is refused in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/args.h"

enum { MOST = 24 };

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
    {"cqlcrawl bensh h", "did you mean bench?"},
    {"cqlcrawl crawl --outptu x h", "unknown option --outptu; did you mean --output?"},
    {"cqlcrawl crawl -o x h", "unknown option -o"},
    {"cqlcrawl crawl --password hunter2 h", "a secret is never an argument"},
    {"cqlcrawl crawl --password=hunter2 h", "a secret is never an argument"},
    {"cqlcrawl crawl --token=hunter2 h", "a secret is never an argument"},
    {"cqlcrawl crawl --output", "--output needs a value"},
    {"cqlcrawl crawl --output= h", "--output: a file, a folder (DIR/), - or none"},
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
    {"cqlcrawl crawl --progress loud h", "auto, bar, lines, json or none"},
    {"cqlcrawl crawl --log-format xml h", "--log-format: text or json"},
    {"cqlcrawl crawl --select prod h", "--select: name~REGEX or LABEL=VALUE"},
    {"cqlcrawl crawl --user u:hunter2 h", "--user: a user's name"},
    {"cqlcrawl crawl --sink x h", "a sink: a URL that begins with https:// or http://"},
    {"cqlcrawl crawl --sink http://u:hunter2@x h", "a user or password in a URL would be shown"},
    {"cqlcrawl crawl --sink http://x --sink-token-file t h", "in clear text: use https"},
    {"cqlcrawl crawl --sink-token-file t h", "--sink-token-file belongs to one --sink"},
    {"cqlcrawl crawl --sink https://x --sink https://y --sink-token-file t h", "belongs to one"},
    {"cqlcrawl crawl --sink https://x --sink https://x:443/y h", "two sinks are called 'x:443'"},
    {"cqlcrawl crawl --state= h", "--state: a folder"},
    {"cqlcrawl crawl --rate 5 h", "--rate: a rate: 200/s is expected, not '5'"},
    {"cqlcrawl crawl --rate 0/s h", "--rate: a rate"},
    {"cqlcrawl crawl --shard 0/2 h", "--shard: I/N"},
    {"cqlcrawl crawl --shard 3/2 h", "--shard: I/N"},
    {"cqlcrawl crawl --shard auto h", "--shard: I/N"},
    {"cqlcrawl crawl --fail-on some h", "--fail-on: any, none, a number"},
    {"cqlcrawl crawl --fail-on 0 h", "--fail-on: any, none, a number"},
    {"cqlcrawl crawl --metrics-listen :1 h", "--metrics-listen is not an option of crawl"},
    {"cqlcrawl serve --metrics-listen :1", "--metrics-listen: an address and its port"},
    {"cqlcrawl serve --metrics-listen localhost:1", "--metrics-listen: an address and its port"},
    {"cqlcrawl serve --output x", "--output is not an option of serve"},
    {"cqlcrawl serve --fail-on 1", "--fail-on is not an option of serve"},
    {"cqlcrawl check --sink http://x h", "--sink is not an option of check"},
    {"cqlcrawl crawl --retries -1 h", "--retries: a number from 0 to 100"},
    {"cqlcrawl crawl --half-open 0 h", "--half-open: a number"},
    {"cqlcrawl crawl --max-in-flight 65 h", "--max-in-flight: a number from 1 to 64"},
    {"cqlcrawl crawl --seed x h", "--seed: a number"},
    {"cqlcrawl crawl --metrics-file= h", "--metrics-file: a file"},
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
    assert_int_equal(a.settings.memory_max, 16u << 20);
    assert_int_equal(a.settings.concurrency, 5);
    assert_int_equal(a.progress, CQ_PROGRESS_JSON);
    assert_true(a.json_log); /* a reader of one does not meet lines of text */
    assert_true(parse(&pool, &d, "cqlcrawl --help", &a));
    assert_int_equal(a.command, CQ_CMD_HELP);
    assert_true(parse(&pool, &d, "cqlcrawl check --help --nonsense", &a));
    assert_int_equal(a.help_of, CQ_CMD_CHECK);
    assert_true(parse(&pool, &d, "cqlcrawl --version", &a));
    assert_int_equal(a.command, CQ_CMD_VERSION);
    cq_pool_free(&pool);
}

static void test_fleet(void **state)
{
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_args a;

    (void)state;
    assert_true(parse(&pool, &d,
                      "cqlcrawl crawl --sink http://127.0.0.1:1/x --sink-token-file t --retries 0 "
                      "--shard 2/4 --fail-on none --rate 9/s",
                      &a));
    assert_int_equal(a.settings.n_sinks, 1);
    assert_string_equal(a.settings.sinks[0].s.name, "127.0.0.1:1");
    assert_string_equal(a.settings.sinks[0].s.token.text, "t");
    assert_int_equal(a.run.t.retries, CQLCRAWL_NO_RETRIES);
    assert_int_equal(a.settings.shard, 2);
    assert_int_equal(a.settings.shards, 4);
    assert_int_equal(a.settings.rate, 9);
    assert_false(cq_fails(&a.settings.fail_on, 5, 5));
    assert_true(parse(&pool, &d,
                      "cqlcrawl serve --accept-identity a --accept-identity b --state st "
                      "--metrics-listen [::]:9542",
                      &a));
    assert_int_equal(a.command, CQ_CMD_SERVE);
    assert_int_equal(a.n_accept_identity, 2);
    assert_string_equal(a.settings.metrics_listen.host, "::");
    cq_pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_fleet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
