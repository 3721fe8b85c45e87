/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: none per row, any allocation may fail, the account is respected, and who waits for room
 * gets it. */
#include <malloc.h>
#include <stdlib.h>

#include "crawler/crawl_impl.h"
#include "replay/bench.h"
#include "unit/base/cmocka_all.h"

struct counted {
    unsigned long n;       /* allocations so far, growth included */
    unsigned long fail_at; /* 0: never */
    long live;             /* blocks */
    size_t bytes;          /* of them, with the C library's own */
};

static size_t cost(void *p)
{
    return p ? malloc_usable_size(p) + sizeof(size_t) : 0;
}

static void *resize(void *ctx, void *p, size_t n)
{
    struct counted *m = ctx;
    size_t before = cost(p);
    void *q;

    if (n == 0) {
        if (p) m->live--;
        m->bytes -= before;
        free(p);
        return NULL;
    }
    if (++m->n == m->fail_at) return NULL;
    if (!p) m->live++;
    q = realloc(p, n);
    m->bytes += cost(q) - before;
    return q;
}

static unsigned long count(unsigned times, bool sorted)
{
    struct counted counted = {0};
    struct cq_mem mem = {resize, &counted};
    struct bench b;

    bench_begin(&b, "5.0.9-v5-reference");
    b.s.v5 = b.s.lz4 = true;
    recording_multiply(&b.rec, times);
    b.d.o.mem = &mem;
    b.d.o.sorted = sorted;
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.d.counts[CQ_KIND_TABLE], 294 * times);
    assert_true(b.s.max_page <= 5000);
    assert_int_equal(counted.live, 0);
    bench_end(&b);
    return counted.n;
}

static void test_no_allocation_per_row(void **state)
{
    unsigned long one = count(1, false), ten = count(10, false);

    (void)state;
    print_message("allocations: %lu for 294 tables, %lu for 2940\n", one, ten);
    assert_true(ten <= one + 100);
    one = count(1, true);
    ten = count(10, true);
    print_message("sorted: %lu and %lu\n", one, ten);
    assert_true(ten <= one + 400);
}

static void fail_each(const char *name, uint32_t page_rows, bool sorted)
{
    struct bench all;
    unsigned n;

    bench_begin(&all, name);
    bench_run(&all);
    for (n = 1;; n++) {
        struct counted counted = {.fail_at = n};
        struct cq_mem mem = {resize, &counted};
        struct bench b;
        bool began, complete = false;

        bench_begin(&b, name);
        b.d.o.mem = &mem;
        b.s.page_rows = page_rows;
        b.d.o.sorted = sorted;
        began = drive_run(&b.d);
        cq_buf_putc(&b.d.lines, 0);
        if (began) complete = b.d.scope.read == CQ_READ_COMPLETE;
        if (complete) assert_string_equal(b.d.scope.digest, all.d.scope.digest);
        if (began && !complete) assert_int_equal(b.d.err, CQ_ENOMEM);
        bench_assert_part(&b, &all);
        assert_int_equal(counted.live, 0);
        bench_end(&b);
        if (counted.n < n) break;
    }
    assert_true(n > 50);
    bench_end(&all);
}

static void test_failing_allocations(void **state)
{
    (void)state;
    fail_each(OLD, 0, false);
    fail_each(OLD, 40, false);
    fail_each(TRIO, 100, true);
}

/* One answer that will never fit. */
static void test_too_small(void **state)
{
    struct cq_account account = {.limit = CQ_KIB(256)};
    struct bench b;

    (void)state;
    bench_begin(&b, "5.0.9-v5-reference");
    b.d.o.account = &account;
    b.d.o.page_rows = 5000;
    bench_run(&b);
    assert_int_equal(b.d.err, CQ_EMEMORY);
    assert_int_not_equal(b.d.scope.read, CQ_READ_COMPLETE);
    assert_non_null(strstr(b.d.text, "--memory-max"));
    assert_int_equal(account.used, 0);
    bench_end(&b);

    bench_begin(&b, "5.0.9-v5-reference"); /* smaller pages fit */
    b.d.o.account = &account;
    b.d.o.page_rows = 20;
    bench_run(&b);
    bench_assert_complete(&b);
    assert_true(account.peak <= CQ_KIB(512));
    assert_int_equal(account.used, 0);
    bench_end(&b);
}

static void give_back(struct drive *d)
{
    struct cq_account *a = d->o.account;

    assert_true(cq_crawl_is_starved(d->c));
    assert_true(cq_crawl_deadline(d->c) == CQ_NEVER);
    d->now += CQ_SEC(100); /* longer than any timeout */
    cq_account_give(a, CQ_KIB(400));
    d->idle = NULL;
}

/* Others hold what is needed: nothing is asked until they give back, and no deadline passes. */
static void test_waits_for_room(void **state)
{
    struct cq_account account = {.limit = CQ_KIB(600), .used = CQ_KIB(400)};
    struct bench b;

    (void)state;
    bench_begin(&b, RICH);
    b.d.o.account = &account;
    b.d.idle = give_back;
    bench_run(&b);
    assert_null(b.d.idle);
    bench_assert_complete(&b);
    assert_int_equal(account.used, 0);
    bench_end(&b);
}

/* Many at once, with room for the reservations of two and the needs of none: each of them ends
 * well. */
static void test_many_share(void **state)
{
    enum { N = 6 };
    struct cq_account account = {.limit = CQ_MIB(1)};
    static struct bench b[N];
    unsigned left = N, idle = 0;

    (void)state;
    for (int i = 0; i < N; i++) {
        bench_begin(&b[i], "5.0.9-v5-reference");
        recording_multiply(&b[i].rec, 3);
        b[i].d.o.account = &account;
        b[i].d.chunk = 3000;
        assert_true(drive_begin(&b[i].d));
    }
    while (left && idle < 1000) {
        bool moved = false;

        for (int i = 0; i < N; i++) {
            if (b[i].d.done) continue;
            if (drive_step(&b[i].d)) moved = true;
            if (b[i].d.done) left--;
        }
        idle = moved ? 0 : idle + 1;
    }
    assert_int_equal(left, 0);
    for (int i = 0; i < N; i++) {
        cq_buf_putc(&b[i].d.lines, 0);
        bench_assert_complete(&b[i]);
        bench_end(&b[i]);
    }
    assert_int_equal(account.used, 0);
    assert_null(account.overdraft);
    assert_true(account.peak <= 2 * account.limit);
}

/* ---- a crawl that waits ---- */

struct waiting {
    struct counted *counted;
    size_t slot, account; /* bytes in all, and what of them the account knows to be in use */
};

static struct waiting seen; /* tests run one after the other */

static void look(struct drive *d)
{
    cq_crawl_unused(d->c); /* as the shell says when the socket has nothing */
    if (seen.slot) return;
    seen.account = d->c->budget.held;
    seen.slot = seen.counted->bytes;
}

/* Waits for the answer to the statement on table t. What it holds then of nobody's account. */
static size_t held_waiting(const char *name, enum cq_table t)
{
    struct counted counted = {0};
    struct cq_mem mem = {resize, &counted};
    struct cq_account account = {.limit = CQ_MIB(64)};
    struct bench b;

    seen = (struct waiting){.counted = &counted};
    bench_begin(&b, name);
    b.d.o.mem = &mem;
    b.d.o.account = &account;
    b.s.silent_from[t] = 1;
    b.d.idle = look;
    bench_run(&b);
    assert_int_not_equal(b.d.scope.read, CQ_READ_COMPLETE);
    assert_int_equal(counted.live, 0);
    bench_end(&b);
    assert_true(seen.slot > seen.account);
    print_message("%s, waiting for %s: %zu of the account and %zu besides\n", name,
                  cq_table_info(t)->name, seen.account, seen.slot - seen.account);
    return seen.slot - seen.account;
}

/* From the first statement on everything is paid for by the reservation, but for a little. */
static void test_waiting_slot(void **state)
{
    static const char *const names[] = {RICH, "5.0.9-v5-reference", TRIO};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(held_waiting(names[i], CQ_T_LOCAL) <= CQ_KIB(3) + 512);
        assert_true(held_waiting(names[i], CQ_T_COLUMNS) <= CQ_KIB(3) + 512);
    }
}

/* ---- the minimum rate ---- */

static void hold_on(struct drive *d)
{
    uint64_t at = cq_crawl_deadline(d->c);

    assert_true(at != CQ_NEVER);
    d->now = at;
    cq_crawl_tick(d->c, d->now);
}

/* A server that stops in the middle, with or without somebody who waits for what the crawl holds.
 */
static void stall(struct bench *b, bool others)
{
    struct cq_account account = {.limit = CQ_KIB(600)};
    struct cq_budget other = {.account = &account};

    bench_begin(b, RICH);
    b->d.o.account = &account;
    b->d.o.request_timeout_ns = CQ_SEC(20);
    for (int t = CQ_T_KEYSPACES; t < CQ_N_TABLES; t++)
        b->s.silent_from[t] = 1;
    assert_true(drive_begin(&b->d));
    while (drive_step(&b->d))
        continue;
    if (others) assert_false(cq_budget_reserve(&other, CQ_KIB(500)));
    while (!b->d.done)
        if (!drive_step(&b->d)) hold_on(&b->d);
    assert_true(!others || cq_account_next(&account) == other.owner);
    cq_budget_release(&other);
    assert_int_equal(account.used, 0);
}

static void test_minimum_rate(void **state)
{
    struct bench b;
    uint64_t began = CQ_SEC(1000);

    (void)state;
    stall(&b, false);
    assert_int_equal(b.d.now - began, CQ_SEC(20)); /* its own deadline */
    assert_int_not_equal(b.d.err, CQ_ETOO_SLOW);
    bench_end(&b);
    stall(&b, true);
    assert_int_equal(b.d.err, CQ_ETOO_SLOW);
    assert_int_equal(b.d.now - began, 2 * CQ_RATE_WINDOW); /* nobody waited when the first began */
    assert_non_null(strstr(b.d.text, "0 bytes in 2000 ms while others waited"));
    bench_assert_reason(&b, "too_slow", NULL);
    bench_end(&b);
}

/* The consumer that pauses is ours: no rate is asked of the server meanwhile. */
static void test_rate_stands_still(void **state)
{
    struct cq_account account = {.limit = CQ_KIB(600)};
    struct cq_budget other = {.account = &account};
    struct bench b;

    (void)state;
    bench_begin(&b, RICH);
    b.d.o.account = &account;
    assert_true(drive_begin(&b.d));
    b.s.silent_from[CQ_T_COLUMNS] = 1;
    while (drive_step(&b.d))
        continue;
    assert_false(cq_budget_reserve(&other, CQ_KIB(500)));
    cq_crawl_pause(b.d.c, b.d.now);
    b.d.now += CQ_SEC(60);
    assert_true(cq_crawl_deadline(b.d.c) == CQ_NEVER);
    cq_crawl_tick(b.d.c, b.d.now);
    cq_crawl_resume(b.d.c, b.d.now);
    assert_int_equal(cq_crawl_deadline(b.d.c) - b.d.now, CQ_RATE_WINDOW);
    while (!b.d.done)
        if (!drive_step(&b.d)) hold_on(&b.d);
    assert_int_equal(b.d.err, CQ_ETOO_SLOW); /* later it was */
    cq_budget_release(&other);
    bench_end(&b);
}

static void look_settling(struct drive *d)
{
    uint64_t at = cq_crawl_deadline(d->c);

    if (d->c->state == CQ_CRAWL_SETTLING && !seen.account) seen.account = d->o.account->used;
    if (at > d->now) d->now = at;
}

/* Who only waits for the further reading has given back what it does not need. */
static void test_settling_gives_back(void **state)
{
    struct cq_account account = {.limit = CQ_MIB(64)};
    struct bench b;

    (void)state;
    seen = (struct waiting){0};
    bench_begin(&b, RICH);
    b.d.o.account = &account;
    b.d.o.proof = CQ_PROOF_SETTLED;
    b.d.idle = look_settling;
    bench_run(&b);
    bench_assert_complete(&b);
    assert_true(seen.account > 0 && seen.account < CQ_KIB(200));
    bench_end(&b);
}

/* What it needed is told, and reserved the next time: nothing is topped up then. */
static void test_need(void **state)
{
    struct cq_account account = {.limit = CQ_MIB(64)};
    size_t need;
    struct bench b;

    (void)state;
    bench_begin(&b, "5.0.9-v5-reference");
    b.d.o.account = &account;
    bench_run(&b);
    need = b.d.need;
    bench_end(&b);
    print_message("the reference cluster needs %zu KiB\n", need >> 10);
    assert_true(need > CQ_KIB(200) && need < CQ_DEFAULT_RESERVATION);
    account.peak = 0;
    bench_begin(&b, "5.0.9-v5-reference");
    b.d.o.account = &account;
    b.d.o.need = need;
    bench_run(&b);
    assert_int_equal(account.peak, need);
    assert_int_equal(b.d.need, need);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waiting_slot),        cmocka_unit_test(test_minimum_rate),
        cmocka_unit_test(test_rate_stands_still),   cmocka_unit_test(test_need),
        cmocka_unit_test(test_settling_gives_back), cmocka_unit_test(test_no_allocation_per_row),
        cmocka_unit_test(test_failing_allocations), cmocka_unit_test(test_too_small),
        cmocka_unit_test(test_waits_for_room),      cmocka_unit_test(test_many_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
