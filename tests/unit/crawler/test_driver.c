/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver on a loop, without a network: every attempt fails before it dials. What its two hooks
 * promise: begin gives the epoch, settle holds a job that has no slot any more, and neither cancel
 * nor close loses a job.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "crawler/driver.h"

enum answer { AT_ONCE, LATER };

enum { JOBS = 3 };

struct world {
    uv_loop_t loop;
    struct cq_driver driver;
    struct cq_job jobs[JOBS];
    enum answer begin, settle;
    uint64_t epoch; /* what begin gives */
    int fails_with; /* what an attempt fails with; 0: CQ_ESECRET */
    bool cancel_in_started, close_in_started;
    unsigned begun, started, attempts, limits, prepared, released, settles, settled_done, done,
        closed;
    unsigned running_at_settle;
    unsigned retries;
    uint64_t prepared_epoch;
    int last_err;
};

static void begin(void *ctx, struct cq_job *job)
{
    struct world *w = ctx;

    w->begun++;
    if (w->begin == AT_ONCE) cq_driver_begun(&w->driver, job, w->epoch);
}

static void settle(void *ctx, struct cq_job *job)
{
    struct world *w = ctx;

    w->settles++;
    w->running_at_settle = (unsigned)w->driver.fleet.n[CQ_PLACE_SLOT];
    if (w->settle == AT_ONCE) cq_driver_settled(&w->driver, job);
}

static int prepare(void *ctx, struct cq_job *job, struct cq_link_options *o, struct cq_fault *f)
{
    struct world *w = ctx;

    (void)job;
    w->prepared++;
    w->prepared_epoch = o->crawl.epoch;
    o->crawl.cluster = cq_str("c");
    o->crawl.labels = cq_str("{}");
    return cq_fault_set(f, w->fails_with ? w->fails_with : CQ_ESECRET, "no password");
}

static void release(void *ctx, struct cq_job *job)
{
    (void)job;
    ((struct world *)ctx)->released++;
}

static bool record(void *ctx, struct cq_job *job, cq_bytes line)
{
    (void)ctx;
    (void)job;
    (void)line;
    return true;
}

static void step(void *ctx, struct cq_job *job, const struct cq_sock_step *s)
{
    (void)ctx;
    (void)job;
    (void)s;
}

static void closed(void *ctx)
{
    ((struct world *)ctx)->closed++;
}

static void started(void *ctx, struct cq_job *job)
{
    struct world *w = ctx;

    w->started++;
    if (w->cancel_in_started) cq_driver_cancel(&w->driver, job);
    if (w->close_in_started && w->started == 1) cq_driver_close(&w->driver, closed, w);
}

static void limit(void *ctx, int err, const char *why)
{
    struct world *w = ctx;

    assert_int_equal(err, w->fails_with);
    w->limits++;
    assert_string_equal(why, "no password");
}

static void attempt(void *ctx, struct cq_job *job, const char *why)
{
    (void)job;
    ((struct world *)ctx)->attempts++;
    (void)why;
}

static void done(void *ctx, struct cq_job *job)
{
    struct world *w = ctx;

    w->done++;
    w->settled_done += job->settled;
    w->last_err = job->result.err;
}

static void open_world(struct world *w, unsigned concurrency)
{
    struct cq_driver_options o = {
        .loop = &w->loop,
        .mem = &cq_mem_libc,
        .concurrency = concurrency,
        .handler = {begin, settle, prepare, release, record, step, started, attempt, limit, done,
                    NULL},
        .ctx = w,
    };

    assert_int_equal(uv_loop_init(&w->loop), 0);
    assert_int_equal(cq_driver_open(&w->driver, &o), 0);
    for (int i = 0; i < JOBS; i++) {
        w->jobs[i].writes = true;
        w->jobs[i].member.n_points = 1;
        w->jobs[i].member.retries = w->retries;
        assert_int_equal(cq_driver_add(&w->driver, &w->jobs[i]), 0);
    }
}

/* Until nothing happens by itself any more. */
static void turns(struct world *w)
{
    for (int i = 0; i < 100; i++)
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

static void close_world(struct world *w)
{
    cq_driver_close(&w->driver, closed, w);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->closed, 1);
    assert_int_equal(w->done, JOBS);
    assert_int_equal(w->prepared, w->released);
    assert_int_equal(uv_loop_close(&w->loop), 0);
}

static void test_answers_at_once(void **state)
{
    struct world w = {.begin = AT_ONCE, .settle = AT_ONCE, .epoch = 4000000000u};

    (void)state;
    open_world(&w, 2);
    turns(&w);
    assert_int_equal(w.begun, JOBS);
    assert_int_equal(w.settles, JOBS);
    assert_int_equal(w.prepared_epoch, 4000000000u);
    assert_int_equal(w.done, JOBS); /* without waiting for the epoch's second */
    assert_int_equal(w.settled_done, JOBS);
    assert_int_equal(w.last_err, CQ_ESECRET);
    close_world(&w);
}

static void test_epoch_by_time_waits(void **state)
{
    struct world w = {.begin = AT_ONCE, .settle = AT_ONCE};

    (void)state;
    open_world(&w, JOBS);
    (void)uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.done, JOBS);
    assert_true((uint64_t)(cq_link_wall_ms() - (int64_t)CQ_EPOCH_2020_MS) / 1000 >
                w.prepared_epoch);
    close_world(&w);
}

static void test_begin_holds_the_slot(void **state)
{
    struct world w = {.begin = LATER, .settle = AT_ONCE, .epoch = 7};

    (void)state;
    open_world(&w, 2);
    turns(&w);
    assert_int_equal(w.begun, 2);
    assert_int_equal(w.prepared, 0);
    cq_driver_begun(&w.driver, &w.jobs[0], 7);
    turns(&w);
    assert_int_equal(w.prepared, 1);
    assert_int_equal(w.begun, 3);
    w.epoch = 8;
    cq_driver_begun(&w.driver, &w.jobs[1], 8);
    cq_driver_begun(&w.driver, &w.jobs[2], 9);
    turns(&w);
    assert_int_equal(w.done, JOBS);
    close_world(&w);
}

static void test_cancel_while_beginning(void **state)
{
    struct world w = {.begin = LATER, .settle = AT_ONCE};

    (void)state;
    open_world(&w, JOBS);
    turns(&w);
    cq_driver_cancel(&w.driver, &w.jobs[1]);
    turns(&w);
    assert_int_equal(w.done, 0); /* the answer is still to come */
    cq_driver_begun(&w.driver, &w.jobs[1], 7);
    turns(&w);
    assert_int_equal(w.done, 1);
    assert_int_equal(w.last_err, CQ_ECANCELLED);
    assert_int_equal(w.prepared, 0);
    assert_int_equal(w.settles, 0); /* nothing was written */
    cq_driver_close(&w.driver, closed, &w);
    turns(&w);
    assert_int_equal(w.closed, 0);
    cq_driver_begun(&w.driver, &w.jobs[0], 7);
    cq_driver_begun(&w.driver, &w.jobs[2], 7);
    (void)uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.closed, 1);
    assert_int_equal(w.done, JOBS);
    assert_int_equal(uv_loop_close(&w.loop), 0);
}

static void test_settling_holds_no_slot(void **state)
{
    struct world w = {.begin = AT_ONCE, .settle = LATER, .epoch = 7};

    (void)state;
    open_world(&w, 1);
    turns(&w);
    assert_int_equal(w.settles, JOBS); /* one slot did for all */
    assert_int_equal(w.running_at_settle, 0);
    assert_int_equal(w.done, 0);
    cq_driver_cancel_all(&w.driver);
    turns(&w);
    assert_int_equal(w.done, 0); /* cancel does not cut delivery short */
    cq_driver_settled(&w.driver, &w.jobs[2]);
    turns(&w);
    assert_int_equal(w.done, 1);
    assert_int_equal(w.settled_done, 1);
    assert_int_equal(w.last_err, CQ_ESECRET);
    close_world(&w); /* close does */
    assert_int_equal(w.settled_done, 1);
}

/* Every attempt asks for an epoch of its own; settle comes once, behind the last one. */
static void test_every_attempt_begins(void **state)
{
    struct world w = {
        .begin = AT_ONCE, .settle = AT_ONCE, .epoch = 7, .retries = 1, .fails_with = CQ_EREFUSED};

    (void)state;
    open_world(&w, JOBS);
    (void)uv_run(&w.loop, UV_RUN_DEFAULT); /* with delays of up to a second */
    assert_int_equal(w.done, JOBS);
    assert_int_equal(w.begun, 2 * JOBS);
    assert_int_equal(w.started, 2 * JOBS);
    assert_int_equal(w.attempts, JOBS);
    assert_int_equal(w.settles, JOBS);
    assert_int_equal(w.jobs[0].result.attempts, 2);
    assert_int_equal(w.last_err, CQ_EREFUSED);
    close_world(&w);
}

/* Between two attempts a job is cancelled at once, and what it wrote is settled all the same. */
static void test_cancel_between_attempts(void **state)
{
    struct world w = {
        .begin = AT_ONCE, .settle = LATER, .epoch = 7, .retries = 9, .fails_with = CQ_EREFUSED};

    (void)state;
    open_world(&w, JOBS);
    for (int i = 0; i < 5; i++)
        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
    assert_int_equal(w.attempts, JOBS);
    cq_driver_cancel(&w.driver, &w.jobs[0]);
    turns(&w);
    assert_int_equal(w.settles, 1);
    assert_int_equal(w.done, 0);
    cq_driver_settled(&w.driver, &w.jobs[0]);
    turns(&w);
    assert_int_equal(w.done, 1);
    assert_int_equal(w.last_err, CQ_ECANCELLED);
    close_world(&w); /* the others wait for their next attempt */
    assert_int_equal(w.last_err, CQ_ECANCELLED);
}

/* Each kind of shortage has its own remedy, so each is said, once. */
static void test_shortages_are_said_once_each(void **state)
{
    static const int errs[JOBS] = {CQ_EDESCRIPTORS, CQ_EPORTS, CQ_EPORTS};
    struct world w = {.begin = LATER, .settle = AT_ONCE};

    (void)state;
    open_world(&w, 0);
    turns(&w);
    for (int i = 0; i < JOBS - 1; i++) {
        w.fails_with = errs[i];
        cq_driver_begun(&w.driver, &w.jobs[i], 7);
        turns(&w);
        assert_int_equal(w.limits, i + 1);
        w.driver.fleet.window = JOBS; /* they begin again */
    }
    w.begin = AT_ONCE;
    w.epoch = 8;
    cq_driver_begun(&w.driver, &w.jobs[JOBS - 1], 7);
    (void)uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.done, JOBS);
    assert_int_equal(w.limits, 2);
    close_world(&w);
}

/* A shortage beside others: the window shrinks to what ran, no try is used up, it is said once. */
static void test_shortage_lowers_the_window(void **state)
{
    struct world w = {.begin = LATER, .settle = AT_ONCE, .fails_with = CQ_EDESCRIPTORS};

    (void)state;
    open_world(&w, 0);
    turns(&w);
    assert_int_equal(w.begun, JOBS);
    cq_driver_begun(&w.driver, &w.jobs[0], 7);
    cq_driver_begun(&w.driver, &w.jobs[1], 7);
    turns(&w);
    assert_int_equal(w.limits, 1);
    assert_int_equal(w.done, 0);
    assert_int_equal(w.attempts, 2);
    assert_int_equal(w.driver.fleet.window, 1);
    assert_int_equal(w.jobs[0].member.tries, 0);
    cq_driver_begun(&w.driver, &w.jobs[2], 7); /* alone: final, as there are no retries */
    turns(&w);
    assert_int_equal(w.done, 1);
    w.begin = AT_ONCE;
    w.epoch = 8;
    (void)uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.done, JOBS);
    assert_int_equal(w.limits, 1);
    close_world(&w);
}

static void test_cancel_and_close_in_started(void **state)
{
    struct world w = {.begin = AT_ONCE, .settle = AT_ONCE, .epoch = 7, .cancel_in_started = true};

    (void)state;
    open_world(&w, JOBS);
    turns(&w);
    assert_int_equal(w.done, JOBS);
    assert_int_equal(w.prepared, 0);
    assert_int_equal(w.last_err, CQ_ECANCELLED);
    close_world(&w);

    w = (struct world){.begin = AT_ONCE, .settle = AT_ONCE, .epoch = 7, .close_in_started = true};
    open_world(&w, JOBS);
    (void)uv_run(&w.loop, UV_RUN_DEFAULT);
    assert_int_equal(w.closed, 1);
    assert_int_equal(w.done, JOBS);
    assert_int_equal(w.started, 1); /* nobody after it */
    assert_int_equal(w.prepared, 0);
    assert_int_equal(uv_loop_close(&w.loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_at_once),
        cmocka_unit_test(test_epoch_by_time_waits),
        cmocka_unit_test(test_begin_holds_the_slot),
        cmocka_unit_test(test_cancel_while_beginning),
        cmocka_unit_test(test_settling_holds_no_slot),
        cmocka_unit_test(test_every_attempt_begins),
        cmocka_unit_test(test_cancel_between_attempts),
        cmocka_unit_test(test_shortage_lowers_the_window),
        cmocka_unit_test(test_shortages_are_said_once_each),
        cmocka_unit_test(test_cancel_and_close_in_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
