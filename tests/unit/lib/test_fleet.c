/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fleet by the public API, against simulated clusters, some of them sick: what is tried again and
 * what is not, contact points one after the other, descriptors that run out, the rate, thousands
 * cancelled at once, and the numbers that say what is going on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <uv.h>

#include "cqlcrawl.h"
#include "unit/lib/simproc.h"

enum { CLUSTERS = 32, GARBAGE = 0, RESETS = 1, OVERLOADED = 2, HEALTHY = 4 };

static struct simproc sim;

struct seen {
    cqlcrawl *c;
    unsigned started, attempts, done, complete, failed, limits, cancelled;
    int last_err;
    unsigned last_attempts, last_connections, last_versions;
    uint64_t last_epoch;
    int64_t last_not_after;
    char last_name[64], limit[256];
    uint64_t most_running, half_at_connect, half_at_login;
    unsigned records, sleep_ms;
    char not_after[32];
};

static void take_done(struct seen *s, const struct cqlcrawl_event *ev)
{
    s->done++;
    s->last_err = ev->err;
    s->complete += ev->err == 0 && ev->read == CQLCRAWL_READ_COMPLETE;
    s->failed += ev->read == CQLCRAWL_READ_FAILED;
    s->cancelled += ev->err && strcmp(ev->code, "cancelled") == 0;
    s->last_attempts = ev->attempts;
    s->last_connections = ev->connections;
    s->last_versions = ev->schema_versions;
    s->last_epoch = ev->epoch;
    s->last_not_after = ev->not_after_ms;
    (void)snprintf(s->last_name, sizeof(s->last_name), "%s",
                   ev->cluster_name ? ev->cluster_name : "");
}

static void on_event(void *ctx, const struct cqlcrawl_event *ev)
{
    struct cqlcrawl_stats st = CQLCRAWL_INIT(cqlcrawl_stats);
    struct seen *s = ctx;

    switch (ev->kind) {
    case CQLCRAWL_EVENT_STARTED:
        s->started++;
        cqlcrawl_stats(s->c, &st);
        assert_true(st.running > 0 && st.running <= st.concurrency);
        if (st.running > s->most_running) s->most_running = st.running;
        break;
    case CQLCRAWL_EVENT_ATTEMPT:
        s->attempts++;
        break;
    case CQLCRAWL_EVENT_LIMIT:
        s->limits++;
        assert_string_equal(ev->code, "too_many_files");
        (void)snprintf(s->limit, sizeof(s->limit), "%s", ev->text);
        break;
    case CQLCRAWL_EVENT_DONE:
        take_done(s, ev);
        break;
    case CQLCRAWL_EVENT_STEP:
        cqlcrawl_stats(s->c, &st);
        if (ev->step == CQLCRAWL_STEP_CONNECT) s->half_at_connect = st.half_open;
        if (ev->step == CQLCRAWL_STEP_LOGIN) s->half_at_login = st.half_open;
        break;
    case CQLCRAWL_EVENT_SINK:
        break;
    }
}

static void open_with(struct seen *s, unsigned concurrency, unsigned rate)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);

    *s = (struct seen){0};
    o.event = on_event;
    o.ctx = s;
    o.concurrency = concurrency;
    o.rate = rate;
    o.seed = 1;
    assert_int_equal(cqlcrawl_new(&s->c, &o), 0);
}

static struct cqlcrawl_endpoint at(int i)
{
    return (struct cqlcrawl_endpoint){sim.hosts[i], (uint16_t)sim.ports[i]};
}

static void add(struct seen *s, const struct cqlcrawl_endpoint *e, size_t n, unsigned retries)
{
    struct cqlcrawl_target t = CQLCRAWL_INIT(cqlcrawl_target);

    t.endpoints = e;
    t.n_endpoints = n;
    t.retries = retries;
    t.timeout_ms = 10000;
    assert_int_equal(cqlcrawl_add(s->c, &t, NULL), 0);
}

static void crawl(struct seen *s, const struct cqlcrawl_endpoint *e, size_t n, unsigned retries)
{
    open_with(s, 0, 0);
    add(s, e, n, retries);
    assert_int_equal(cqlcrawl_run(s->c), 0);
    cqlcrawl_close(s->c, NULL, NULL);
    assert_int_equal(s->done, 1);
    assert_int_equal(s->started, s->attempts + 1); /* one STARTED for each attempt */
}

/* ---- what is tried again ---- */

static void test_retries(void **state)
{
    struct cqlcrawl_endpoint refused = {"127.61.9.9", 1}, e;
    struct seen s;

    (void)state;
    crawl(&s, &refused, 1, 1);
    assert_string_equal(cqlcrawl_errcode(s.last_err), "connection_refused");
    assert_int_equal(s.last_attempts, 2);
    crawl(&s, &refused, 1, CQLCRAWL_NO_RETRIES);
    assert_int_equal(s.last_attempts, 1);
    e = at(GARBAGE);
    crawl(&s, &e, 1, 0); /* deterministic: once */
    assert_string_equal(cqlcrawl_errcode(s.last_err), "not_cql");
    assert_int_equal(s.last_attempts, 1);
    assert_int_equal(s.last_connections, 1);
    e = at(RESETS);
    crawl(&s, &e, 1, 0); /* CQLCRAWL_RETRIES of them */
    assert_int_equal(s.last_attempts, 1 + CQLCRAWL_RETRIES);
    e = at(OVERLOADED);
    crawl(&s, &e, 1, 0);
    assert_int_equal(s.complete, 1);
    assert_int_equal(s.last_attempts, 2);
}

static void test_done_says(void **state)
{
    struct cqlcrawl_endpoint e = at(HEALTHY);
    struct seen s;

    (void)state;
    crawl(&s, &e, 1, 0);
    assert_int_equal(s.complete, 1);
    assert_int_equal(s.half_at_connect, 1);
    assert_int_equal(s.half_at_login, 0);
    assert_true(strlen(s.last_name) > 0);
    assert_int_equal(s.last_versions, 1);
    assert_int_equal(s.last_not_after, 0); /* no TLS */
    assert_true(s.last_epoch > 180000000); /* seconds since 2020 */
}

static enum cqlcrawl_flow on_record(void *ctx, uint64_t id, void *user_data, const char *line,
                                    size_t n)
{
    static const char key[] = "\"not_after\":\"";
    char *copy = strndup(line, n);
    const char *at = copy ? strstr(copy, key) : NULL;
    struct seen *s = ctx;

    (void)id, (void)user_data;
    if (s->sleep_ms && s->records++ == 0) (void)usleep(s->sleep_ms * 1000);
    if (at) (void)snprintf(s->not_after, sizeof(s->not_after), "%.19s", at + sizeof(key) - 1);
    free(copy);
    return CQLCRAWL_CONTINUE;
}

static void open_with_records(struct seen *s, unsigned sleep_ms)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);

    *s = (struct seen){.sleep_ms = sleep_ms};
    o.event = on_event;
    o.record = on_record;
    o.ctx = s;
    assert_int_equal(cqlcrawl_new(&s->c, &o), 0);
}

static void crawl_by_tls(struct seen *s, const struct cqlcrawl_endpoint *e)
{
    struct cqlcrawl_target t = CQLCRAWL_INIT(cqlcrawl_target);

    open_with_records(s, 0);
    t.endpoints = e;
    t.n_endpoints = 1;
    t.tls_mode = CQLCRAWL_TLS_REQUIRE;
    assert_int_equal(cqlcrawl_add(s->c, &t, NULL), 0);
    assert_int_equal(cqlcrawl_run(s->c), 0);
    cqlcrawl_close(s->c, NULL, NULL);
    assert_int_equal(s->complete, 1);
}

/* A certificate in order, and one that is out of date where nobody verifies it: as the records say.
 */
static void test_not_after(void **state)
{
    static const char *const args[] = {"--clusters",  "2",       "--listen",       "127.61.2.1:0",
                                       "--keyspaces", "1",       "--tables",       "1",
                                       "--tls",       "--fault", "expired_cert@1", NULL};
    struct simproc tls;

    (void)state;
    simproc_start(&tls, args);
    for (int i = 0; i < 2; i++) {
        struct cqlcrawl_endpoint e = {tls.hosts[i], (uint16_t)tls.ports[i]};
        struct seen s;
        char text[32];
        time_t at;
        struct tm tm;

        crawl_by_tls(&s, &e);
        at = (time_t)(s.last_not_after / 1000);
        assert_non_null(gmtime_r(&at, &tm));
        assert_int_equal(strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm), 19);
        assert_string_equal(s.not_after, text);
        assert_true(i == 0 ? at > time(NULL) : at < time(NULL));
    }
    simproc_stop(&tls);
}

/* The host holds the loop up for longer than an answer may take: those that have come meanwhile
 * count, also where it takes several turns to read them. */
static void test_late_loop(void **state)
{
    static const char *const args[] = {
        "--clusters", "8", "--listen", "127.61.3.1:0", "--keyspaces", "10", "--tables", "60", NULL};
    struct simproc large;
    struct seen s;

    (void)state;
    simproc_start(&large, args);
    open_with_records(&s, 5000);
    for (int i = 0; i < 8; i++) {
        struct cqlcrawl_endpoint e = {large.hosts[i], (uint16_t)large.ports[i]};
        struct cqlcrawl_target t = CQLCRAWL_INIT(cqlcrawl_target);

        t.endpoints = &e;
        t.n_endpoints = 1;
        t.compression = CQLCRAWL_COMPRESSION_NONE;
        t.retries = CQLCRAWL_NO_RETRIES;
        t.timeout_ms = 6400; /* of one answer: three quarters */
        assert_int_equal(cqlcrawl_add(s.c, &t, NULL), 0);
    }
    assert_int_equal(cqlcrawl_run(s.c), 0);
    cqlcrawl_close(s.c, NULL, NULL);
    simproc_stop(&large);
    assert_int_equal(s.complete, 8);
}

static void test_contact_points(void **state)
{
    struct cqlcrawl_endpoint bad_first[] = {at(GARBAGE), at(HEALTHY)};
    struct cqlcrawl_endpoint refused_first[] = {{"127.61.9.9", 1}, at(HEALTHY)};
    struct cqlcrawl_endpoint all_bad[] = {at(GARBAGE), at(RESETS)};
    struct seen s;

    (void)state;
    crawl(&s, bad_first, 2, CQLCRAWL_NO_RETRIES);
    assert_int_equal(s.complete, 1);
    assert_int_equal(s.last_attempts, 2);
    assert_int_equal(s.last_connections, 2);
    crawl(&s, refused_first, 2, CQLCRAWL_NO_RETRIES); /* the dial itself goes on */
    assert_int_equal(s.complete, 1);
    assert_int_equal(s.last_attempts, 1);
    crawl(&s, all_bad, 2, 1);
    assert_int_equal(s.failed, 1);
    assert_int_equal(s.last_attempts, 3); /* the one that passes by itself alone is asked again */
    assert_string_equal(cqlcrawl_errclass(s.last_err), "network");
}

/* ---- bounds ---- */

static void take_descriptors(int *fds, int most, int leave)
{
    int n = 0;

    while (n < most && (fds[n] = open("/dev/null", O_RDONLY)) >= 0)
        n++;
    assert_true(n < most);
    while (leave--)
        (void)close(fds[--n]);
    fds[n] = -1;
}

static void test_descriptors_run_out(void **state)
{
    struct rlimit old, low;
    int fds[200];
    struct seen s;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    open_with(&s, 0, 0);
    low = (struct rlimit){128, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    take_descriptors(fds, 200, 8);
    for (int i = HEALTHY; i < CLUSTERS; i++) {
        struct cqlcrawl_endpoint e = at(i);

        add(&s, &e, 1, CQLCRAWL_NO_RETRIES); /* a shortage uses up none */
    }
    assert_int_equal(cqlcrawl_run(s.c), 0);
    for (int i = 0; fds[i] >= 0; i++)
        (void)close(fds[i]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(s.complete, CLUSTERS - HEALTHY);
    assert_int_equal(s.limits, 1); /* said once */
    assert_non_null(strstr(s.limit, "too many open files"));
    assert_true(s.attempts > 0);
    cqlcrawl_close(s.c, NULL, NULL);
}

static void test_window(void **state)
{
    struct seen s;

    (void)state;
    open_with(&s, 3, 0);
    for (int i = HEALTHY; i < CLUSTERS; i++) {
        struct cqlcrawl_endpoint e = at(i);

        add(&s, &e, 1, 0);
    }
    assert_int_equal(cqlcrawl_run(s.c), 0);
    assert_int_equal(s.complete, CLUSTERS - HEALTHY);
    assert_int_equal(s.most_running, 3);
    cqlcrawl_close(s.c, NULL, NULL);
}

static void test_rate(void **state)
{
    uint64_t began = uv_hrtime(), took;
    struct seen s;

    (void)state;
    open_with(&s, 0, 20);
    for (int i = HEALTHY; i < HEALTHY + 20; i++) {
        struct cqlcrawl_endpoint e = at(i);

        add(&s, &e, 1, 0);
    }
    assert_int_equal(cqlcrawl_run(s.c), 0);
    took = (uv_hrtime() - began) / 1000000;
    assert_int_equal(s.complete, 20);
    assert_true(took >= 900); /* 19 intervals of 50 ms and a place in the last one */
    cqlcrawl_close(s.c, NULL, NULL);
}

/* 20,000 that wait, cancelled by one call: no turn of the loop is held up by all of them. */
static void test_cancel_many(void **state)
{
    enum { MANY = 20000 };
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);
    struct cqlcrawl_stats st = CQLCRAWL_INIT(cqlcrawl_stats);
    struct seen s = {0};
    uv_loop_t loop;
    unsigned before = 0, most = 0;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    o.loop = &loop;
    o.event = on_event;
    o.ctx = &s;
    o.concurrency = 5;
    assert_int_equal(cqlcrawl_new(&s.c, &o), 0);
    for (int i = 0; i < MANY; i++) {
        struct cqlcrawl_endpoint e = {"127.61.9.9", (uint16_t)(1 + i % 60000)};

        add(&s, &e, 1, 50);
    }
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    cqlcrawl_stats(s.c, &st);
    assert_int_equal(st.queued + st.later + st.running + st.delivering + s.done, MANY);
    assert_int_equal(st.concurrency, 5);
    assert_int_equal(st.memory_max, 64u << 20);
    cqlcrawl_cancel_all(s.c);
    for (int i = 0; i < 1000 && cqlcrawl_active(s.c); i++) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
        if (s.done - before > most) most = s.done - before;
        before = s.done;
    }
    assert_true(s.done >= MANY - 5);
    while (cqlcrawl_active(s.c)) /* those that ran wait for their epoch's second */
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(s.done, MANY);
    assert_true(s.cancelled >= MANY - 5); /* those that ran may have ended by themselves */
    assert_true(most <= 3000);
    cqlcrawl_close(s.c, NULL, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_stats_of_an_older_program(void **state)
{
    struct cqlcrawl_stats st = CQLCRAWL_INIT(cqlcrawl_stats);
    struct seen s;

    (void)state;
    open_with(&s, 7, 0);
    st.size = offsetof(struct cqlcrawl_stats, memory_used);
    st.memory_max = 42;
    cqlcrawl_stats(s.c, &st);
    assert_int_equal(st.concurrency, 7);
    assert_int_equal(st.memory_max, 42); /* what it does not know is not touched */
    cqlcrawl_close(s.c, NULL, NULL);
}

/* Stable for good: other machines and versions divide by the same numbers. */
static void test_shard(void **state)
{
    unsigned n[7] = {0};
    char name[32];

    (void)state;
    assert_int_equal(cqlcrawl_shard("orders-eu", 7), 2);
    assert_int_equal(cqlcrawl_shard("10.0.0.1:9042", 1000), 759);
    assert_int_equal(cqlcrawl_shard("", 7), 4);
    assert_int_equal(cqlcrawl_shard("orders-eu", 1), 0);
    for (int i = 0; i < 7000; i++) {
        (void)snprintf(name, sizeof(name), "cluster-%d", i);
        n[cqlcrawl_shard(name, 7)]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(n[i], 900, 1100);
}

static int start(void **state)
{
    static const char *const args[] = {"--clusters",  "32",
                                       "--listen",    "127.61.1.1:0",
                                       "--keyspaces", "1",
                                       "--tables",    "3",
                                       "--fault",     "garbage=ssh@0",
                                       "--fault",     "reset_after=100@1",
                                       "--fault",     "overloaded=8@2",
                                       NULL};

    (void)state;
    simproc_start(&sim, args);
    return sim.n == CLUSTERS ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    simproc_stop(&sim);
    return 0;
}

/* test_lib_fleet [TEST]: all of it, or one. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retries),        cmocka_unit_test(test_done_says),
        cmocka_unit_test(test_contact_points), cmocka_unit_test(test_descriptors_run_out),
        cmocka_unit_test(test_window),         cmocka_unit_test(test_rate),
        cmocka_unit_test(test_cancel_many),    cmocka_unit_test(test_stats_of_an_older_program),
        cmocka_unit_test(test_shard),          cmocka_unit_test(test_not_after),
        cmocka_unit_test(test_late_loop),
    };

    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, start, stop);
}
