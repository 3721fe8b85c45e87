/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: none per row, any allocation may fail, the account is respected, and who waits for room
 * gets it. */
#include <stdlib.h>

#include "replay/bench.h"
#include "unit/base/cmocka_all.h"

struct counted {
    unsigned long n;       /* allocations so far, growth included */
    unsigned long fail_at; /* 0: never */
    long live;
};

static void *resize(void *ctx, void *p, size_t n)
{
    struct counted *m = ctx;

    if (n == 0) {
        if (p) m->live--;
        free(p);
        return NULL;
    }
    if (++m->n == m->fail_at) return NULL;
    if (!p) m->live++;
    return realloc(p, n);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_allocation_per_row),
        cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_too_small),
        cmocka_unit_test(test_waits_for_room),
        cmocka_unit_test(test_many_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
