/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics: values, and what promtool does not see: no series twice, no family in two pieces, a
 * histogram that only rises and agrees with its count, escapes. With an argument: prints them, for
 * promtool.
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

#include "cli/metrics.h"

enum { CLUSTERS = 4, LINES = 1000 };

static struct cq_outcome outcomes[CLUSTERS];
static struct cq_totals totals;
static struct cq_text text;

static int err_of(const char *code)
{
    for (int err = -1; err > -1200; err--) {
        if (strcmp(cqlcrawl_errcode(err), code) == 0) return err;
    }
    return 0;
}

static const struct cq_outcome *cluster(const void *ctx, size_t i)
{
    return (const struct cq_outcome *)ctx + i;
}

static void crawl(size_t i, enum cqlcrawl_read read, const char *code, uint64_t ms)
{
    struct cqlcrawl_event ev = CQLCRAWL_INIT(cqlcrawl_event);

    ev.kind = CQLCRAWL_EVENT_DONE;
    ev.read = read;
    ev.err = code ? err_of(code) : 0;
    ev.reason = read == CQLCRAWL_READ_INCOMPLETE ? "denied" : NULL;
    ev.ns_total = ms * 1000000;
    ev.attempts = 2;
    ev.records = 10;
    ev.tables = 3;
    ev.agreement = read == CQLCRAWL_READ_COMPLETE ? 1 : -1;
    ev.schema_versions = read == CQLCRAWL_READ_COMPLETE;
    ev.not_after_ms = i ? 0 : 2000000000500;
    cq_outcome_done(&outcomes[i], &totals, &ev, 1790000000250, false);
}

static struct cq_metrics metrics;

static int fill(void **state)
{
    static const struct cqlcrawl_sink_stats sinks[] = {
        {.name = "inventory:443", .offered = 40, .accepted = 30, .dead_letters = 1, .pending = 9},
        {.name = "other", .state = CQLCRAWL_SINK_PARKED, .retry_at_ms = 1500, .full = 1},
    };
    static const struct cqlcrawl_stats stats = {.running = 2, .memory_max = 64u << 20};
    metrics = (struct cq_metrics){
        .totals = &totals,
        .stats = &stats,
        .sinks = sinks,
        .n_sinks = 2,
        .cluster = cluster,
        .ctx = outcomes,
        .n_clusters = CLUSTERS,
        .started_ms = 1780000000000,
        .process = {1.5, 4096, 7, -1},
    };

    (void)state;
    outcomes[0].title = "a";
    outcomes[1].title = "b\"c\\d\ne";
    outcomes[2].title = "incomplete";
    outcomes[3].title = "never";
    for (uint64_t ms = 1; ms < 200000; ms *= 3)
        crawl(0, CQLCRAWL_READ_COMPLETE, NULL, ms);
    crawl(1, CQLCRAWL_READ_FAILED, "connection_refused", 5);
    crawl(2, CQLCRAWL_READ_INCOMPLETE, NULL, 6);
    cq_metrics_write(&text, &metrics);
    cq_text_put(&text, "", 1);
    return text.failed;
}

/* Whatever the size of the pieces, together they are the same text. */
static void test_pieces(void **state)
{
    static const size_t sizes[] = {1, 100, 1000, 1000000};

    (void)state;
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        struct cq_text all = {0}, piece = {0};
        struct cq_metrics_cursor at = {0};
        bool more = true;

        while (more) {
            assert_true(all.n < 100000);
            more = cq_metrics_more(&piece, &metrics, &at, sizes[k]);
            cq_text_put(&all, piece.p, piece.n);
            if (at.part > 1 || at.i) assert_true(all.n >= sizes[k] || !more);
            piece.n = 0;
        }
        cq_text_put(&all, "", 1);
        assert_string_equal(all.p, text.p);
        cq_text_free(&all);
        cq_text_free(&piece);
    }
}

static uint64_t two_minutes(const void *ctx, size_t i)
{
    (void)ctx;
    (void)i;
    return 120000000000;
}

static void test_interval(void **state)
{
    struct cq_metrics m = metrics;
    struct cq_text t = {0};

    (void)state;
    assert_null(strstr(text.p, "cqlcrawl_cluster_interval_seconds"));
    m.interval_ns = two_minutes;
    cq_metrics_write(&t, &m);
    cq_text_put(&t, "", 1);
    assert_non_null(strstr(t.p, "\ncqlcrawl_cluster_interval_seconds{cluster=\"never\"} 120\n"));
    cq_text_free(&t);
}

static int clean(void **state)
{
    (void)state;
    for (int i = 0; i < CLUSTERS; i++)
        cq_outcome_fini(&outcomes[i]);
    cq_text_free(&text);
    return 0;
}

static void has(const char *line)
{
    const char *at = strstr(text.p, line);

    if (!at || (at != text.p && at[-1] != '\n')) fail_msg("no line: %s", line);
}

static void test_values(void **state)
{
    (void)state;
    has("cqlcrawl_crawls_total{read=\"complete\"} 12\n");
    has("cqlcrawl_crawls_total{read=\"failed\"} 1\n");
    has("cqlcrawl_crawl_errors_total{class=\"network\",code=\"connection_refused\",read=\"failed\"}"
        " 1\n");
    has("cqlcrawl_crawl_errors_total{class=\"incomplete\",code=\"denied\",read=\"incomplete\"} "
        "1\n");
    has("cqlcrawl_retries_total 14\n");
    has("cqlcrawl_records_total 140\n");
    has("cqlcrawl_crawls{state=\"running\"} 2\n");
    has("cqlcrawl_sink_records_offered_total{sink=\"inventory:443\"} 40\n");
    has("cqlcrawl_sink_state{sink=\"other\",state=\"parked\"} 1\n");
    has("cqlcrawl_sink_state{sink=\"other\",state=\"open\"} 0\n");
    has("cqlcrawl_sink_retry_seconds{sink=\"other\"} 1.5\n");
    has("cqlcrawl_clusters 4\n");
    has("cqlcrawl_cluster_read{cluster=\"a\"} 0\n");
    has("cqlcrawl_cluster_read{cluster=\"b\\\"c\\\\d\\ne\"} 2\n");
    has("cqlcrawl_cluster_error_info{cluster=\"incomplete\",class=\"incomplete\",code=\"denied\"} "
        "1\n");
    has("cqlcrawl_cluster_objects{cluster=\"a\",kind=\"table\"} 3\n");
    has("process_resident_memory_bytes 4096\n");
    has("cqlcrawl_cluster_last_complete_read_timestamp_seconds{cluster=\"a\"} 1790000000.25\n");
}

/* What is not known has no series: no date of 1970, no zero that alerts. */
static void test_unknown_is_absent(void **state)
{
    (void)state;
    assert_null(strstr(text.p, "never"));
    assert_null(strstr(text.p, "process_max_fds"));
    assert_null(strstr(text.p, "cqlcrawl_cluster_objects{cluster=\"b"));
    assert_null(strstr(text.p, "cqlcrawl_cluster_agreement{cluster=\"incomplete"));
    assert_null(strstr(text.p, "certificate_not_after_timestamp_seconds{cluster=\"incomplete"));
}

static const char *lines[LINES];
static size_t n_lines;

static void split(char *copy)
{
    n_lines = 0;
    for (char *s = strtok(copy, "\n"); s; s = strtok(NULL, "\n")) {
        assert_true(n_lines < LINES);
        lines[n_lines++] = s;
    }
}

static void test_no_series_twice(void **state)
{
    char *copy = strdup(text.p);

    (void)state;
    split(copy);
    for (size_t i = 0; i < n_lines; i++) {
        const char *end = strrchr(lines[i], ' ');
        size_t n = lines[i][0] == '#' ? strlen(lines[i]) : (size_t)(end - lines[i]) + 1;

        for (size_t j = 0; j < i; j++) {
            if (strncmp(lines[i], lines[j], n) == 0) fail_msg("twice: %s", lines[i]);
        }
    }
    free(copy);
}

/* After HELP and TYPE of a name come its samples and nobody else's; each family comes once. */
static void test_families_are_whole(void **state)
{
    char *copy = strdup(text.p), family[128] = "";

    (void)state;
    split(copy);
    for (size_t i = 0; i < n_lines; i++) {
        size_t n;

        if (strncmp(lines[i], "# HELP ", 7) == 0) {
            assert_int_equal(sscanf(lines[i] + 7, "%127s", family), 1);
            assert_true(strncmp(lines[i + 1], "# TYPE ", 7) == 0);
            assert_true(strncmp(lines[i + 1] + 7, family, strlen(family)) == 0);
            continue;
        }
        if (strncmp(lines[i], "# TYPE ", 7) == 0) continue;
        n = strcspn(lines[i], "{ ");
        if (n != strlen(family)) {
            const char *rest = lines[i] + strlen(family);

            assert_true(strncmp(rest, "_bucket", 7) == 0 || strncmp(rest, "_sum ", 5) == 0 ||
                        strncmp(rest, "_count ", 7) == 0);
        }
        if (strncmp(lines[i], family, strlen(family)) != 0) fail_msg("strays: %s", lines[i]);
    }
    free(copy);
}

static void test_histogram(void **state)
{
    static const char bucket[] = "cqlcrawl_crawl_duration_seconds_bucket{le=\"";
    char *copy = strdup(text.p);
    double last_le = 0, sum = 0;
    unsigned long long last = 0, count = 0;
    int n = 0;

    (void)state;
    split(copy);
    for (size_t i = 0; i < n_lines; i++) {
        unsigned long long v;
        double le;

        (void)sscanf(lines[i], "cqlcrawl_crawl_duration_seconds_count %llu", &count);
        (void)sscanf(lines[i], "cqlcrawl_crawl_duration_seconds_sum %lf", &sum);
        if (strncmp(lines[i], bucket, sizeof(bucket) - 1) != 0) continue;
        assert_int_equal(sscanf(lines[i] + sizeof(bucket) - 1, "%lf\"} %llu", &le, &v), 2);
        assert_true(le > last_le && v >= last);
        last_le = le;
        last = v;
        n++;
    }
    assert_int_equal(n, CQ_N_BUCKETS + 1);
    assert_true(last_le > 1e300); /* +Inf */
    assert_int_equal(last, 14);
    assert_int_equal(count, 14);
    assert_true(sum > 265.7 && sum < 265.8);
    free(copy);
}

static void test_file(void **state)
{
    char folder[] = "/tmp/cq-metrics-XXXXXX", path[64], again[200];
    struct cq_text t = {0};
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/m.prom", folder);
    cq_text_puts(&t, "one 1\n");
    assert_int_equal(cq_metrics_save(&t, path), 0);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(again, sizeof(again), f));
    assert_string_equal(again, "one 1\n");
    (void)fclose(f);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else is left there */
    assert_int_not_equal(cq_metrics_save(&t, path), 0);
    cq_text_free(&t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),          cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_interval),        cmocka_unit_test(test_unknown_is_absent),
        cmocka_unit_test(test_no_series_twice), cmocka_unit_test(test_families_are_whole),
        cmocka_unit_test(test_histogram),       cmocka_unit_test(test_file),
    };

    (void)argv;
    if (argc > 1) {
        (void)fill(NULL);
        (void)fputs(text.p, stdout);
        return clean(NULL);
    }
    return cmocka_run_group_tests(tests, fill, clean);
}
