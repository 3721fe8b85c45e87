/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation fails once: the n-th one, for every n of a whole life (new, add, crawl, close).
 * Whatever fails says so in good order, and in the end nothing is left that was taken.
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

#include <cmocka.h>

#include "cqlcrawl.h"
#include "unit/lib/simproc.h"

static struct simproc sim;

struct counted {
    long calls, fail_at; /* fail_at 0: never */
    long blocks;         /* taken and not given back */
    bool complete;
    int err;
    unsigned done;
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

static enum cqlcrawl_flow on_record(void *ctx, uint64_t id, void *user_data, const char *line,
                                    size_t n)
{
    (void)ctx, (void)id, (void)user_data, (void)line, (void)n;
    return CQLCRAWL_CONTINUE;
}

static void on_event(void *ctx, const struct cqlcrawl_event *ev)
{
    struct counted *k = ctx;

    if (ev->kind != CQLCRAWL_EVENT_DONE) return;
    k->done++;
    k->err = ev->err;
    k->complete = ev->read == CQLCRAWL_READ_COMPLETE && !ev->err;
}

static void life(struct counted *k)
{
    struct cqlcrawl_endpoint e = {sim.hosts[0], (uint16_t)sim.ports[0]};
    struct cqlcrawl_pair label = {"env", "test"};
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);
    struct cqlcrawl_target t = CQLCRAWL_INIT(cqlcrawl_target);
    cqlcrawl *c;
    int err;

    o.record = on_record;
    o.event = on_event;
    o.ctx = o.resize_ctx = k;
    o.resize = resize;
    t.endpoints = &e;
    t.n_endpoints = 1;
    t.labels = &label;
    t.n_labels = 1;
    t.include = ".*";
    t.check = 1; /* no records leave: no second to wait for */
    err = cqlcrawl_new(&c, &o);
    if (err) {
        assert_string_equal(cqlcrawl_errcode(err), "out_of_memory");
        return;
    }
    err = cqlcrawl_add(c, &t, NULL);
    if (err) {
        assert_string_equal(cqlcrawl_errcode(err), "out_of_memory");
        assert_true(*cqlcrawl_last_error(c) != 0);
    } else {
        assert_int_equal(cqlcrawl_run(c), 0);
        assert_int_equal(k->done, 1);
    }
    cqlcrawl_close(c, NULL, NULL);
}

static void test_every_allocation(void **state)
{
    struct counted whole = {0};
    long told = 0;

    (void)state;
    life(&whole);
    assert_true(whole.complete);
    assert_int_equal(whole.blocks, 0);
    assert_true(whole.calls > 20);
    for (long n = 1; n <= whole.calls; n++) {
        struct counted k = {.fail_at = n};
        time_t begin = time(NULL);

        life(&k);
        if (time(NULL) - begin > 15) fail_msg("the %ld. allocation fails: nobody noticed", n);
        if (k.blocks) fail_msg("the %ld. allocation fails: %ld blocks are left", n, k.blocks);
        if (k.done && !k.complete) told++;
    }
    assert_true(told > 0);
}

static int start(void **state)
{
    static const char *const args[] = {"--listen", "127.50.2.1:0", "--keyspaces", "1", "--tables",
                                       "3",        "--rich",       NULL};

    (void)state;
    simproc_start(&sim, args);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    simproc_stop(&sim);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation)};

    return cmocka_run_group_tests(tests, start, stop);
}
