/* SPDX-License-Identifier: Apache-2.0 */
/* What the state knows against what answers: heartbeats, and other clusters under a known name. */
#include <stdio.h>

#include "crawler/budget.h"
#include "replay/bench.h"
#include "unit/base/cmocka_all.h"
#include "unit/base/watched.h"

/* uuids in their 16 bytes */
#define A ((const uint8_t *)"aaaaaaaaaaaaaaaa")
#define B ((const uint8_t *)"bbbbbbbbbbbbbbbb")
#define ZERO ((const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")
#define SINCE "\"since_epoch\":"

/* One read with nothing known; what the state would keep of it. */
static struct cq_known read_once(struct bench *b, const char *name, const uint8_t *version)
{
    struct cq_known nothing = {0}, k = {0};

    bench_begin(b, name);
    for (size_t i = 0; i < 8; i++)
        b->s.versions[i] = version;
    b->d.o.known = &nothing;
    b->d.o.epoch = 500;
    bench_run(b);
    bench_assert_complete(b);
    assert_true(b->d.met && b->d.asked && !b->d.unchanged);
    k.identity = b->d.identity;
    k.complete.epoch = 500;
    k.complete.finished_ms = 1700000000000;
    k.complete.proof = (int)b->d.scope.proof;
    memcpy(k.complete.schema_version, b->d.scope.version_before, 37);
    memcpy(k.complete.digest, b->d.scope.digest, 33);
    for (int i = 0; i < CQ_N_KINDS; i++)
        k.complete.counts[i] = b->d.counts[i];
    return k;
}

static void read_again(struct bench *b, const struct cq_known *k, bool incremental)
{
    memset(b->s.asked, 0, sizeof(b->s.asked));
    b->s.requests = b->s.bursts = 0;
    b->d.o.known = k;
    b->d.o.incremental = incremental;
    bench_again(b);
}

static void assert_read_in_full(const struct bench *b)
{
    assert_false(b->d.unchanged);
    assert_true(b->d.asked);
    assert_false(bench_has(b, SINCE));
    assert_true(bench_has(b, "\"kind\":\"scope_begin\""));
    assert_true(bench_has(b, "\"kind\":\"scope_end\""));
    assert_true(bench_has(b, "\"kind\":\"table\""));
}

static void assert_heartbeat(const struct bench *b, const struct cq_known *k, unsigned nodes)
{
    char text[64];

    assert_true(b->d.unchanged);
    assert_false(b->d.asked);
    assert_int_equal(b->d.err, 0);
    assert_int_equal(b->d.scope.read, CQ_READ_COMPLETE);
    assert_int_equal(b->d.scope.proof, k->complete.proof);
    assert_int_equal(b->d.retry, CQ_RETRY_NO);
    assert_int_equal(bench_count(b, "\n"), 2 + nodes); /* cluster, nodes, heartbeat: no more */
    assert_int_equal(bench_count(b, "\"kind\":\"node\""), nodes);
    assert_true(bench_has(b, "\"kind\":\"cluster\""));
    assert_true(bench_has(b, "\"kind\":\"heartbeat\""));
    (void)snprintf(text, sizeof(text), SINCE "500,\"since\":\"2023-11-14T22:13:20.000Z\"");
    assert_true(bench_has(b, text));
    (void)snprintf(text, sizeof(text), "\"schema_version\":\"%s\"", k->complete.schema_version);
    assert_true(bench_has(b, text));
    (void)snprintf(text, sizeof(text), "\"digest\":\"%s\"", k->complete.digest);
    assert_true(bench_has(b, text));
    (void)snprintf(text, sizeof(text), "\"table\":%u,",
                   (unsigned)k->complete.counts[CQ_KIND_TABLE]);
    assert_true(bench_has(b, text));
    assert_int_equal(b->d.counts[CQ_KIND_TABLE], k->complete.counts[CQ_KIND_TABLE]);
    assert_int_equal(b->d.counts[CQ_KIND_NODE], nodes);
    assert_int_equal(b->d.counts[CQ_KIND_HEARTBEAT], 1);
}

static void test_unchanged(void **state)
{
    struct cq_known k;
    struct bench b;

    (void)state;
    k = read_once(&b, RICH, A);
    read_again(&b, &k, true);
    assert_heartbeat(&b, &k, 1);
    assert_int_equal(b.d.scope.waits, 3); /* OPTIONS, STARTUP, before */
    assert_int_equal(b.s.bursts, 3);
    assert_int_equal(b.s.requests, 4);
    assert_int_equal(b.d.n_hangups, 1);
    assert_true(b.d.scope.agreed);
    assert_int_equal(b.d.identity.n_hosts, 1);
    read_again(&b, &k, false); /* nobody asked for it */
    assert_read_in_full(&b);
    bench_end(&b);
}

/* Where there is no peers_v2 the old table is waited for, but only where it decides. */
static void test_old_peers(void **state)
{
    struct cq_known k;
    struct bench b;

    (void)state;
    k = read_once(&b, OLD, A);
    assert_int_equal(b.d.scope.waits, 5);
    assert_true(k.identity.whole);
    read_again(&b, &k, true);
    assert_heartbeat(&b, &k, 1);
    assert_int_equal(b.d.scope.waits, 4);
    b.s.versions[0] = b.s.versions[1] = b.s.versions[2] = B;
    read_again(&b, &k, true);
    assert_read_in_full(&b);
    assert_int_equal(b.d.scope.waits, 5);
    assert_int_equal(b.s.asked[CQ_T_PEERS], 2); /* once with the schema, once after it */
    bench_end(&b);
}

/* A probe needs little; whoever has to read on gets the rest first, and waits for it with nothing
 * asked. */
static void give_back(struct drive *d)
{
    assert_true(cq_crawl_is_starved(d->c));
    assert_int_equal(d->s->asked[CQ_T_TABLES], 0);
    cq_account_give(d->o.account, CQ_KIB(950));
    d->idle = NULL;
}

static void test_memory_of_a_probe(void **state)
{
    struct cq_account account = {.limit = CQ_MIB(2)}, full = account;
    struct cq_budget other = {.account = &full};
    struct cq_known k;
    struct bench b;

    (void)state;
    k = read_once(&b, RICH, A);
    b.d.o.account = &account;
    read_again(&b, &k, true);
    assert_heartbeat(&b, &k, 1);
    assert_in_range(account.peak, 1000, CQ_PROBE_RESERVATION);
    assert_int_equal(account.n_learnt, 0); /* it says nothing of a read */
    b.s.versions[0] = b.s.versions[1] = B;
    read_again(&b, &k, true);
    assert_read_in_full(&b);
    assert_int_equal(account.peak, CQ_DEFAULT_RESERVATION);
    assert_int_equal(account.n_learnt, 1);

    full.used = CQ_KIB(1000); /* others come to the rest meanwhile, and one is over the limit */
    b.d.o.account = &full;
    b.d.idle = give_back;
    assert_true(cq_budget_take(&other, CQ_KIB(980)));
    other.account->overdraft = &other;
    read_again(&b, &k, true);
    assert_null(b.d.idle);
    assert_read_in_full(&b);
    assert_int_equal(b.d.scope.waits, 5);
    cq_budget_give(&other, CQ_KIB(980));
    cq_budget_release(&other);
    cq_account_give(&full, CQ_KIB(50));
    assert_int_equal(full.used, 0);
    assert_int_equal(account.used, 0);
    bench_end(&b);
}

static void test_changed(void **state)
{
    struct cq_known k;
    struct bench b;

    (void)state;
    k = read_once(&b, RICH, A);
    b.s.versions[0] = b.s.versions[1] = B;
    read_again(&b, &k, true);
    assert_read_in_full(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.d.scope.waits, 5); /* finding out costs nothing */
    bench_end(&b);
}

/* One node of three says something else, or nothing. */
static void test_disagreement(void **state)
{
    struct cq_known k;
    struct bench b;

    (void)state;
    k = read_once(&b, TRIO, NULL);
    assert_int_equal(k.identity.n_hosts, 3);
    read_again(&b, &k, true);
    assert_heartbeat(&b, &k, 3);
    b.s.versions[0] = A; /* the contacted node moved first; the peers have not */
    memcpy(k.complete.schema_version, "61616161-6161-6161-6161-616161616161", 37);
    b.s.versions[1] = A;
    read_again(&b, &k, true);
    assert_read_in_full(&b);
    bench_end(&b);
}

static void test_peers_denied(void **state)
{
    struct cq_known k;
    struct bench b;

    (void)state;
    k = read_once(&b, RICH, A);
    b.s.fault[CQ_T_PEERS_V2] = (struct standin_fault){.code = 0x2100, .text = "no"};
    read_again(&b, &k, true);
    assert_false(b.d.unchanged);
    assert_false(b.d.identity.whole);
    bench_end(&b);
}

/* A version that says nothing stands for nothing, whatever the state has. */
static void test_silent_version(void **state)
{
    struct cq_known k;
    struct bench b;

    (void)state;
    k = read_once(&b, RICH, A);
    memcpy(k.complete.schema_version, "00000000-0000-0000-0000-000000000000", 37);
    b.s.versions[0] = b.s.versions[1] = ZERO;
    read_again(&b, &k, true);
    assert_read_in_full(&b);
    bench_end(&b);
}

/* A probe that fails writes what a failed attempt writes. */
static void test_failed_probe(void **state)
{
    struct cq_known k;
    struct bench b;

    (void)state;
    k = read_once(&b, RICH, A);
    b.d.cut_after = 200;
    read_again(&b, &k, true);
    assert_false(b.d.unchanged);
    assert_int_equal(b.d.scope.read, CQ_READ_FAILED);
    assert_int_equal(bench_count(&b, "\n"), 2);
    assert_true(bench_has(&b, "\"kind\":\"scope_begin\""));
    assert_true(bench_has(&b, "\"read\":\"failed\""));
    bench_end(&b);
}

static void test_cancelled(void **state)
{
    struct cq_known k;
    struct bench b;

    (void)state;
    k = read_once(&b, RICH, A);
    b.d.records = 0;
    b.d.stop_after = 1;
    read_again(&b, &k, true);
    assert_false(b.d.unchanged);
    assert_int_equal(b.d.err, CQ_ECANCELLED);
    assert_false(bench_has(&b, SINCE));
    assert_true(bench_has(&b, "\"code\":\"cancelled\""));
    bench_end(&b);
}

/* ---- who answers ---- */

static void assert_mismatch(const struct bench *b, const char *words)
{
    assert_int_equal(b->d.err, CQ_EIDENTITY);
    assert_int_equal(b->d.scope.read, CQ_READ_FAILED);
    assert_int_equal(b->d.retry, CQ_RETRY_NO);
    assert_false(b->d.asked);
    assert_false(b->d.unchanged);
    assert_int_equal(bench_count(b, "\n"), 2);
    assert_true(bench_has(b, "\"kind\":\"scope_begin\""));
    assert_true(bench_has(b, "\"code\":\"identity_mismatch\""));
    assert_true(bench_has(b, words));
    assert_string_equal(b->d.identity.cluster_name, ""); /* it is not to be remembered */
}

static void test_another_name(void **state)
{
    struct cq_known k;
    struct bench b;

    (void)state;
    k = read_once(&b, RICH, A);
    (void)snprintf(k.identity.cluster_name, sizeof(k.identity.cluster_name), "elsewhere");
    read_again(&b, &k, true);
    assert_mismatch(&b, "known as 'elsewhere'");
    k.identity = (struct cq_identity){0}; /* accepted: as if nobody were known */
    read_again(&b, &k, false);
    assert_read_in_full(&b);
    assert_int_equal(b.d.identity.n_hosts, 1);
    bench_end(&b);
}

static void test_other_hosts(void **state)
{
    struct cq_known k;
    struct bench b;

    (void)state;
    k = read_once(&b, TRIO, NULL);
    memset(k.identity.hosts[0], 1, 32); /* two of three nodes were replaced */
    read_again(&b, &k, false);
    assert_read_in_full(&b);
    memset(k.identity.hosts[0], 1, 48);
    read_again(&b, &k, false);
    assert_mismatch(&b, "another cluster that is called");
    k.identity.whole = false;
    read_again(&b, &k, false);
    assert_read_in_full(&b);
    bench_end(&b);
}

/* The node that is contacted is new; its peers are in the old table. */
static void test_other_hosts_old_peers(void **state)
{
    struct cq_known k;
    struct bench b;

    (void)state;
    k = read_once(&b, OLD, A);
    assert_int_equal(k.identity.n_hosts, 1);
    k.identity.hosts[0][3] ^= 1;
    read_again(&b, &k, false);
    assert_mismatch(&b, "of the 1 nodes known none is among the 1");
    assert_int_equal(b.s.asked[CQ_T_PEERS], 1);
    bench_end(&b);
}

/* Each allocation fails once: no heartbeat is half a heartbeat. */
static void test_no_memory(void **state)
{
    struct cq_known k;
    struct bench b;
    struct watched w = {.mem = {watched_resize, NULL}};
    const struct cq_mem *before;
    size_t at = 0;

    (void)state;
    k = read_once(&b, RICH, A);
    before = b.d.o.mem;
    w.mem.ctx = &w;
    do {
        b.d.o.mem = &w.mem;
        w.calls = 0;
        w.fail_at = ++at;
        b.d.o.known = &k;
        b.d.o.incremental = true;
        standin_connect(&b.s);
        memset(b.s.asked, 0, sizeof(b.s.asked));
        cq_buf_clear(&b.d.lines);
        b.d.n_steps = b.d.n_hangups = 0;
        b.d.unchanged = false;
        if (drive_run(&b.d)) {
            cq_buf_putc(&b.d.lines, 0);
            assert_true(b.d.unchanged == bench_has(&b, SINCE));
            assert_true(!b.d.unchanged || b.d.err == 0);
        }
        assert_true(at < 1000);
    } while (w.calls >= at);
    assert_true(b.d.unchanged);
    b.d.o.mem = before;
    bench_end(&b);
    assert_int_equal(w.alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unchanged),         cmocka_unit_test(test_old_peers),
        cmocka_unit_test(test_memory_of_a_probe), cmocka_unit_test(test_changed),
        cmocka_unit_test(test_disagreement),      cmocka_unit_test(test_peers_denied),
        cmocka_unit_test(test_silent_version),    cmocka_unit_test(test_failed_probe),
        cmocka_unit_test(test_cancelled),         cmocka_unit_test(test_another_name),
        cmocka_unit_test(test_other_hosts),       cmocka_unit_test(test_other_hosts_old_peers),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
