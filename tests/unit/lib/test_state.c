/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.state against simulated clusters: heartbeats for what is unchanged, and only for what was
 * read, proven and kept; epochs over lost and killed processes; another cluster under a name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "cqlcrawl.h"
#include "unit/lib/simproc.h"
#include "unit/state/folder.h"

static struct simproc sim;
static struct folder dir;

struct run {
    cqlcrawl *c;
    struct cqlcrawl_options o;
    struct cqlcrawl_target t;
    bool undelivered, kill_in_record, close_in_record;
    unsigned records, heartbeats, tables, begins, ends, nodes, done, limits;
    uint64_t epoch; /* of DONE */
    unsigned long long since;
    struct cqlcrawl_event ev; /* of DONE */
    char text[512], code[64], cluster[64];
};

static bool is(const char *line, const char *kind)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "\"kind\":\"%s\"", kind);
    return strstr(line, text) != NULL;
}

static void look(struct run *r, const char *line)
{
    const char *since = strstr(line, "\"since_epoch\":");

    r->heartbeats += is(line, "heartbeat");
    r->tables += is(line, "table");
    r->begins += is(line, "scope_begin");
    r->ends += is(line, "scope_end");
    r->nodes += is(line, "node");
    if (since) r->since = strtoull(since + 14, NULL, 10);
}

static enum cqlcrawl_flow on_record(void *ctx, uint64_t id, void *user_data, const char *line,
                                    size_t n)
{
    char *text = strndup(line, n);
    struct run *r = ctx;

    (void)id, (void)user_data;
    assert_non_null(text);
    r->records++;
    look(r, text);
    free(text);
    if (r->kill_in_record && r->tables == 3) (void)kill(getpid(), SIGKILL);
    if (r->close_in_record && r->tables == 3) cqlcrawl_close(r->c, NULL, NULL);
    return CQLCRAWL_CONTINUE;
}

static void on_event(void *ctx, const struct cqlcrawl_event *ev)
{
    struct run *r = ctx;

    r->limits += ev->kind == CQLCRAWL_EVENT_LIMIT;
    if (ev->kind != CQLCRAWL_EVENT_DONE) return;
    r->done++;
    r->ev = *ev;
    r->epoch = ev->epoch;
    (void)snprintf(r->text, sizeof(r->text), "%s", ev->text);
    (void)snprintf(r->code, sizeof(r->code), "%s", ev->code ? ev->code : "");
    if (r->undelivered) assert_int_equal(cqlcrawl_undelivered(r->c, ev->id), 0);
}

static void prepare(struct run *r)
{
    static struct cqlcrawl_endpoint e;

    e = (struct cqlcrawl_endpoint){sim.hosts[0], (uint16_t)sim.ports[0]};
    *r = (struct run){0};
    r->o = CQLCRAWL_INIT(cqlcrawl_options);
    r->o.record = on_record;
    r->o.event = on_event;
    r->o.ctx = r;
    r->o.state = dir.dir;
    r->t = CQLCRAWL_INIT(cqlcrawl_target);
    r->t.name = "prod";
    r->t.endpoints = &e;
    r->t.n_endpoints = 1;
    r->t.incremental = 1;
    r->t.proof = CQLCRAWL_PROOF_VERSION;
}

/* A process's life: new, one crawl, close. */
static void go(struct run *r)
{
    assert_int_equal(cqlcrawl_new(&r->c, &r->o), 0);
    assert_int_equal(cqlcrawl_add(r->c, &r->t, NULL), 0);
    assert_int_equal(cqlcrawl_run(r->c), 0);
    if (!r->close_in_record) cqlcrawl_close(r->c, NULL, NULL);
    assert_int_equal(r->done, 1);
}

static void crawl(struct run *r)
{
    prepare(r);
    go(r);
}

static void assert_full(const struct run *r)
{
    assert_int_equal(r->ev.unchanged, 0);
    assert_int_equal(r->heartbeats, 0);
    assert_int_equal(r->begins, 1);
    assert_int_equal(r->ends, 1);
    assert_true(r->tables > 3);
}

static void assert_beat(const struct run *r, uint64_t since)
{
    assert_int_equal(r->ev.unchanged, 1);
    assert_int_equal(r->ev.err, 0);
    assert_int_equal(r->ev.read, CQLCRAWL_READ_COMPLETE);
    assert_int_equal(r->ev.proof, CQLCRAWL_PROOF_VERSION);
    assert_int_equal(r->heartbeats, 1);
    assert_int_equal(r->nodes, 2);
    assert_int_equal(r->records, 4); /* cluster, two nodes, heartbeat */
    assert_int_equal(r->since, since);
    assert_true(r->ev.tables > 3);
    assert_true(r->epoch > since);
}

/* The same cluster comes back to the same address; each run of this test has one of its own. */
static char where[32];

static const char *const usual[] = {"--listen", where,      "--nodes", "2", "--keyspaces",
                                    "1",        "--tables", "5",       NULL};
/* The peers say another version: no heartbeat stands for that. */
static const char *const split[] = {"--listen", where, "--nodes", "2",        "--keyspaces", "1",
                                    "--tables", "5",   "--fault", "disagree", NULL};
/* Another seed: another cluster name, other hosts. */
static const char *const another[] = {"--listen", where,         "--nodes", "2", "--seed",
                                      "77",       "--keyspaces", "1",       NULL};

static int setup(void **state)
{
    (void)state;
    simproc_start(&sim, usual);
    folder_begin(&dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    simproc_stop(&sim);
    folder_end(&dir);
    return 0;
}

static void restart(const char *const *args)
{
    simproc_stop(&sim);
    simproc_start(&sim, args);
}

static void test_heartbeat(void **state)
{
    struct run first, r;

    (void)state;
    crawl(&first);
    assert_full(&first);
    crawl(&r);
    assert_beat(&r, first.epoch);
    assert_int_equal(first.ev.waits, 5);
    assert_int_equal(r.ev.waits, 2); /* STARTUP, before */
    assert_int_equal(r.ev.tables, first.ev.tables);
    crawl(&r);
    assert_beat(&r, first.epoch); /* it stays the read that it stands for */
    prepare(&r);
    r.t.incremental = 0; /* a snapshot */
    go(&r);
    assert_full(&r);
}

/* In one process, again and again: epochs grow without waiting for the clock. */
static void test_one_process(void **state)
{
    uint64_t last = 0, start;
    struct run r;

    (void)state;
    prepare(&r);
    assert_int_equal(cqlcrawl_new(&r.c, &r.o), 0);
    start = uv_hrtime();
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(cqlcrawl_add(r.c, &r.t, NULL), 0);
        assert_int_equal(cqlcrawl_run(r.c), 0);
        assert_true(r.epoch > last);
        last = r.epoch;
    }
    assert_int_equal(r.heartbeats, 19);
    assert_true(uv_hrtime() - start < 5000000000u);
    cqlcrawl_close(r.c, NULL, NULL);
}

static void test_split(void **state)
{
    struct run r;

    (void)state;
    crawl(&r);
    restart(split);
    crawl(&r);
    assert_full(&r);
    assert_int_equal(r.ev.agreement, 0);
    crawl(&r);
    assert_full(&r);
    restart(usual);
    crawl(&r);
    assert_int_equal(r.heartbeats, 1);
}

/* What decides about the records is not what it was. */
static void test_settings(void **state)
{
    struct cqlcrawl_pair label = {"env", "prod"};
    struct run r;

    (void)state;
#define FULL_WITH(change)                                                                          \
    crawl(&r); /* as usual: whatever was before */                                                 \
    crawl(&r);                                                                                     \
    assert_int_equal(r.heartbeats, 1);                                                             \
    prepare(&r);                                                                                   \
    change;                                                                                        \
    go(&r);                                                                                        \
    assert_int_equal(r.heartbeats, 0);                                                             \
    assert_int_equal(r.begins, 1)
    FULL_WITH(r.t.system = 1);
    FULL_WITH(r.t.include = "ks.*");
    FULL_WITH(r.t.labels = &label; r.t.n_labels = 1);
    FULL_WITH(r.t.proof = CQLCRAWL_PROOF_SETTLED);
    FULL_WITH(r.t.full_after_ms = 1);
    FULL_WITH(r.t.accept_identity = 1);
#undef FULL_WITH
}

/* No heartbeat for what was not proven, or not kept. */
static void test_not_remembered(void **state)
{
    struct run r;

    (void)state;
    prepare(&r);
    r.t.proof = CQLCRAWL_PROOF_NONE;
    go(&r);
    assert_full(&r);
    prepare(&r);
    r.t.proof = CQLCRAWL_PROOF_NONE;
    r.undelivered = true;
    go(&r);
    assert_full(&r);
    prepare(&r);
    r.undelivered = true;
    go(&r);
    assert_full(&r);
    crawl(&r);
    assert_full(&r);
    crawl(&r);
    assert_int_equal(r.heartbeats, 1);
    assert_int_equal(cqlcrawl_new(&r.c, &r.o), 0);
    assert_int_not_equal(cqlcrawl_undelivered(r.c, r.ev.id), 0); /* not now */
    cqlcrawl_close(r.c, NULL, NULL);
}

/* A heartbeat that was lost takes nothing from the complete read. */
static void test_lost_heartbeat(void **state)
{
    struct run first, r;

    (void)state;
    crawl(&first);
    prepare(&r);
    r.undelivered = true;
    go(&r);
    assert_beat(&r, first.epoch);
    crawl(&r);
    assert_beat(&r, first.epoch);
}

static void test_check_leaves_nothing(void **state)
{
    struct run first, r;

    (void)state;
    crawl(&first);
    prepare(&r);
    r.t.check = 1;
    go(&r);
    assert_int_equal(r.records, 0);
    assert_int_equal(r.ev.unchanged, 0);
    crawl(&r);
    assert_beat(&r, first.epoch);
}

/* ---- ends that were not planned ---- */

static void test_killed(void **state)
{
    struct run first, r;
    int status;
    pid_t pid;

    (void)state;
    crawl(&first);
    restart(split);
    pid = fork();
    if (pid == 0) {
        prepare(&r);
        r.kill_in_record = true;
        if (cqlcrawl_new(&r.c, &r.o) || cqlcrawl_add(r.c, &r.t, NULL)) _exit(1);
        (void)cqlcrawl_run(r.c);
        _exit(2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    restart(usual); /* the very schema of the complete read: but something else has left since */
    crawl(&r);
    assert_full(&r);
    assert_true(r.epoch > first.epoch + 1);
    first = r;
    crawl(&r);
    assert_beat(&r, first.epoch);
}

static void test_closed(void **state)
{
    struct run first, r;

    (void)state;
    crawl(&first);
    restart(split);
    prepare(&r);
    r.close_in_record = true;
    go(&r);
    assert_string_equal(r.code, "cancelled");
    restart(usual);
    crawl(&r);
    assert_full(&r);
    assert_true(r.epoch > first.epoch + 1);
}

/* Nobody answers: that takes nothing from the complete read. */
static void test_unreachable(void **state)
{
    struct run first, r;

    (void)state;
    crawl(&first);
    simproc_stop(&sim);
    crawl(&r);
    assert_int_equal(r.ev.read, CQLCRAWL_READ_FAILED);
    simproc_start(&sim, usual);
    crawl(&r);
    assert_beat(&r, first.epoch);
}

static void test_lost_directory(void **state)
{
    struct run first, r;

    (void)state;
    crawl(&first);
    folder_end(&dir);
    (void)sleep(1);
    crawl(&r);
    assert_full(&r);
    assert_true(r.epoch > first.epoch); /* nothing looks old */
}

/* ---- the directory ---- */

static void test_refused(void **state)
{
    char why[256] = "";
    struct run r, second;

    (void)state;
    prepare(&r);
    assert_int_equal(cqlcrawl_new(&r.c, &r.o), 0);
    prepare(&second);
    second.o.why = why;
    second.o.why_n = sizeof(why);
    assert_string_equal(cqlcrawl_errcode(cqlcrawl_new(&second.c, &second.o)), "state_locked");
    assert_null(second.c);
    assert_non_null(strstr(why, dir.dir));
    cqlcrawl_close(r.c, NULL, NULL);
    folder_write(dir.db, "no database at all, whatever its name may say ............", 58);
    assert_string_equal(cqlcrawl_errcode(cqlcrawl_new(&second.c, &second.o)), "state");
    assert_non_null(strstr(why, "state.db"));
    second.o.why = NULL;
    assert_string_equal(cqlcrawl_errcode(cqlcrawl_new(&second.c, &second.o)), "state");
}

/* On a host's loop nothing of it is left behind either way. */
static void test_host_loop(void **state)
{
    struct run r, second;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    prepare(&r);
    r.o.loop = &loop;
    second = r;
    assert_int_equal(cqlcrawl_new(&r.c, &r.o), 0);
    assert_int_not_equal(cqlcrawl_new(&second.c, &second.o), 0);
    assert_int_equal(cqlcrawl_add(r.c, &r.t, NULL), 0);
    (void)uv_run(&loop, UV_RUN_DEFAULT); /* ends by itself */
    assert_int_equal(r.done, 1);
    cqlcrawl_close(r.c, NULL, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    crawl(&r);
    assert_int_equal(r.heartbeats, 1);
}

/* ---- identity ---- */

static void test_another_cluster(void **state)
{
    struct run first, r;

    (void)state;
    crawl(&first);
    restart(another);
    crawl(&r);
    assert_string_equal(r.code, "identity_mismatch");
    assert_non_null(strstr(r.text, "known as"));
    assert_non_null(strstr(r.ev.remedy, "--accept-identity"));
    assert_int_equal(r.ev.attempts, 1);
    assert_int_equal(r.records, 2);
    assert_int_equal(r.begins + r.ends, 2);
    restart(usual); /* the one that is known: nothing was lost by that */
    crawl(&r);
    assert_beat(&r, first.epoch);
    restart(another);
    prepare(&r);
    r.t.accept_identity = 1;
    go(&r);
    assert_full(&r);
    first = r;
    crawl(&r); /* accepted once and for all */
    assert_beat(&r, first.epoch);
    restart(usual);
    crawl(&r);
    assert_string_equal(r.code, "identity_mismatch");
}

/* Two contact points of two clusters: what the first one has let out is not mixed with the other,
 * though nobody knew either before. */
static void test_two_clusters_under_one_name(void **state)
{
    static const char *const two[] = {
        "--listen", where,     "--clusters", "2",       "--keyspaces",          "1", "--tables",
        "5",        "--nodes", "2",          "--fault", "reset_after=9000@0/2", NULL};
    struct cqlcrawl_endpoint e[2];
    struct run r;

    (void)state;
    restart(two);
    prepare(&r);
    for (int i = 0; i < 2; i++)
        e[i] = (struct cqlcrawl_endpoint){sim.hosts[i], (uint16_t)sim.ports[i]};
    r.t.endpoints = e;
    r.t.n_endpoints = 2;
    go(&r);
    assert_string_equal(r.code, "identity_mismatch");
    assert_int_equal(r.ev.attempts, 2);
    assert_int_equal(r.ev.read, CQLCRAWL_READ_FAILED);
    r.t.accept_identity = 1; /* one of them, not both */
    r.done = 0;
    go(&r);
    assert_string_equal(r.code, "identity_mismatch");
}

/* ---- memory ---- */

struct counted {
    long calls, fail_at, blocks;
};

static void *resize(void *ctx, void *p, size_t n)
{
    struct counted *k = ctx;
    void *q;

    if (n == 0) {
        k->blocks -= p != NULL;
        free(p);
        return NULL;
    }
    if (++k->calls == k->fail_at) return NULL;
    q = realloc(p, n);
    k->blocks += p == NULL && q != NULL;
    return q;
}

/* The n-th allocation of a life with a heartbeat fails, for every n: in good order, nothing is
 * left, and what the state says afterwards is true. */
static void test_every_allocation(void **state)
{
    struct counted k = {0};
    struct run first, r;

    (void)state;
    crawl(&first);
    do {
        k = (struct counted){.fail_at = k.fail_at + 1};
        prepare(&r);
        r.o.resize = resize;
        r.o.resize_ctx = &k;
        if (cqlcrawl_new(&r.c, &r.o) == 0) {
            if (cqlcrawl_add(r.c, &r.t, NULL) == 0) assert_int_equal(cqlcrawl_run(r.c), 0);
            cqlcrawl_close(r.c, NULL, NULL);
        }
        if (k.blocks)
            fail_msg("the %ld. allocation fails: %ld blocks are left", k.fail_at, k.blocks);
        if (r.heartbeats) assert_int_equal(r.since, first.epoch);
        if (r.ev.read == CQLCRAWL_READ_COMPLETE && r.tables) first = r; /* it was read in full */
    } while (k.calls >= k.fail_at);
    assert_true(k.fail_at > 20);
    crawl(&r); /* the last of them had what it wanted: a heartbeat, or all of it */
    assert_int_equal(r.heartbeats, 1);
    assert_int_equal(r.since, first.epoch);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_heartbeat),
        T(test_one_process),
        T(test_split),
        T(test_settings),
        T(test_not_remembered),
        T(test_lost_heartbeat),
        T(test_check_leaves_nothing),
        T(test_killed),
        T(test_closed),
        T(test_unreachable),
        T(test_lost_directory),
        T(test_refused),
        T(test_host_loop),
        T(test_another_cluster),
        T(test_two_clusters_under_one_name),
        T(test_every_allocation),
    };

    (void)snprintf(where, sizeof(where), "127.64.%d.%d:19042", (int)(getpid() >> 8 & 255),
                   (int)(getpid() & 255));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
