/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public API against simulated clusters: on a host's loop, on a private one by run and by step,
 * paused and resumed, cancelled, closed in callbacks; and after each, no handle is left.
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
#include <fcntl.h>
#include <unistd.h>
#include <poll.h>
#include <uv.h>

#include "cqlcrawl.h"
#include "unit/lib/simproc.h"

static struct simproc sim;

struct seen {
    cqlcrawl *c;
    unsigned records, done, complete, failed, closed, paused;
    uint64_t objects; /* and nodes, of the last DONE */
    uint64_t last_id, resume_id;
    int last_err;
    unsigned long long epoch, cpu_us;
    bool pause_each, close_in_record, cancel_in_record, again;
    bool never_resumed;
    struct cqlcrawl_target target;
    uv_timer_t timer;
};

static void on_closed(void *ctx)
{
    ((struct seen *)ctx)->closed++;
}

static enum cqlcrawl_flow on_record(void *ctx, uint64_t id, void *user_data, const char *line,
                                    size_t n)
{
    struct seen *s = ctx;
    const char *epoch = strstr(line, "\"epoch\":"), *cpu = strstr(line, "\"cpu_us\":");

    assert_int_equal(line[n - 1], '\n');
    assert_null(memchr(line, '\n', n - 1));
    assert_ptr_equal(user_data, s);
    s->records++;
    s->last_id = id;
    s->epoch = strtoull(epoch + 8, NULL, 10);
    if (cpu) s->cpu_us = strtoull(cpu + 9, NULL, 10);
    if (s->close_in_record && s->records == 3) cqlcrawl_close(s->c, on_closed, s);
    if (s->cancel_in_record && s->records == 3) assert_int_equal(cqlcrawl_cancel(s->c, id), 0);
    if (s->never_resumed && s->records >= 3) return CQLCRAWL_PAUSE;
    if (!s->pause_each) return CQLCRAWL_CONTINUE;
    s->resume_id = id;
    s->paused++;
    return CQLCRAWL_PAUSE;
}

static void on_event(void *ctx, const struct cqlcrawl_event *ev)
{
    struct seen *s = ctx;

    assert_int_equal(ev->size, sizeof(*ev));
    if (ev->kind != CQLCRAWL_EVENT_DONE) return;
    s->done++;
    s->last_err = ev->err;
    s->objects = ev->keyspaces + ev->tables + ev->views + ev->types + ev->functions +
                 ev->aggregates + ev->nodes;
    s->complete += ev->err == 0 && ev->read == CQLCRAWL_READ_COMPLETE;
    s->failed += ev->read == CQLCRAWL_READ_FAILED;
    if (s->again) {
        s->again = false;
        assert_int_equal(cqlcrawl_add(s->c, &s->target, NULL), 0);
    }
}

static void open_handle(struct seen *s, uv_loop_t *loop)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);

    o.loop = loop;
    o.record = on_record;
    o.event = on_event;
    o.ctx = s;
    assert_int_equal(cqlcrawl_new(&s->c, &o), 0);
}

static uint64_t add(struct seen *s, int i)
{
    struct cqlcrawl_endpoint e = {sim.hosts[i], (uint16_t)sim.ports[i]};
    struct cqlcrawl_target t = CQLCRAWL_INIT(cqlcrawl_target);
    uint64_t id = 0;

    t.endpoints = &e;
    t.n_endpoints = 1;
    t.user_data = s;
    assert_int_equal(cqlcrawl_add(s->c, &t, &id), 0);
    return id;
}

/* ---- ways to run it ---- */

static void test_host_loop(void **state)
{
    struct seen s = {0};
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    open_handle(&s, &loop);
    assert_int_equal(cqlcrawl_fd(s.c), -1);
    assert_int_not_equal(cqlcrawl_run(s.c), 0); /* the host's loop is the host's */
    (void)add(&s, 0);
    (void)add(&s, 1);
    assert_int_equal(cqlcrawl_active(s.c), 2);
    (void)uv_run(&loop, UV_RUN_DEFAULT); /* ends by itself: nothing is active */
    assert_int_equal(s.done, 2);
    assert_int_equal(s.complete, 2);
    assert_true(s.records > 20);
    assert_int_equal(cqlcrawl_active(s.c), 0);
    cqlcrawl_close(s.c, on_closed, &s);
    assert_int_equal(s.closed, 0);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(s.closed, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_private_run(void **state)
{
    struct seen s = {0};

    (void)state;
    open_handle(&s, NULL);
    assert_int_equal(cqlcrawl_run(s.c), 0); /* nobody to read */
    for (int i = 0; i < sim.n; i++)
        (void)add(&s, i);
    assert_int_equal(cqlcrawl_run(s.c), 0);
    assert_int_equal(s.complete, sim.n);
    cqlcrawl_close(s.c, on_closed, &s);
    assert_int_equal(s.closed, 1); /* outside of callbacks a private loop is closed at once */
}

/* A host with a poll of its own: few calls of step, no call without cause. */
static void test_step(void **state)
{
    struct seen s = {0};
    int steps = 0;

    (void)state;
    open_handle(&s, NULL);
    assert_int_equal(cqlcrawl_timeout(s.c), -1); /* an idle handle wakes nobody */
    (void)add(&s, 0);
    (void)add(&s, 1);
    assert_in_range(cqlcrawl_timeout(s.c), 0, 1000);
    while (cqlcrawl_active(s.c) && steps < 2000) {
        struct pollfd p = {.fd = cqlcrawl_fd(s.c), .events = POLLIN};

        (void)poll(&p, 1, cqlcrawl_timeout(s.c));
        assert_int_equal(cqlcrawl_step(s.c), 0);
        steps++;
    }
    assert_int_equal(s.complete, 2);
    assert_true(steps < 500);
    for (int i = 0; i < 10 && cqlcrawl_timeout(s.c) >= 0; i++)
        assert_int_equal(cqlcrawl_step(s.c), 0);
    assert_int_equal(cqlcrawl_timeout(s.c), -1);
    cqlcrawl_close(s.c, on_closed, &s);
    assert_int_equal(s.closed, 1);
}

/* A host with descriptors of its own: the library works while they are waited for. */
static void test_poll(void **state)
{
    struct seen s = {0};
    struct pollfd p[3] = {{.fd = -1}, {.events = POLLIN}, {.events = POLLOUT}};
    uint64_t began = uv_hrtime();
    int turns = 0, pipes[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    p[1].fd = pipes[0];
    p[2].fd = null;
    open_handle(&s, NULL);
    assert_int_equal(cqlcrawl_poll(s.c, p, 2, 20), 0); /* nothing anywhere */
    assert_true(uv_hrtime() - began >= 19000000u);
    assert_int_equal(cqlcrawl_poll(s.c, p, 3, -1), 1); /* no waiting for what never waits */
    assert_int_equal(p[2].revents, POLLOUT);
    p[2].events = 0;
    (void)add(&s, 0);
    for (; cqlcrawl_active(s.c) && turns < 2000; turns++)
        assert_int_equal(cqlcrawl_poll(s.c, p, 3, -1), 0);
    assert_int_equal(s.complete, 1);
    assert_true(turns < 100);
    assert_int_equal(write(pipes[1], "1", 1), 1);
    for (int i = 0; i < 2; i++) { /* it stays ready */
        assert_int_equal(cqlcrawl_poll(s.c, p, 3, -1), 1);
        assert_int_equal(p[1].revents, POLLIN);
    }
    p[1].events = 0;
    assert_int_equal(cqlcrawl_poll(s.c, p, 3, 0), 0);
    p[1] = (struct pollfd){.fd = pipes[1], .events = POLLOUT}; /* another one in its place */
    assert_int_equal(cqlcrawl_poll(s.c, p, 3, 5000), 1);
    assert_int_equal(p[1].revents, POLLOUT);
    p[1].fd = -1;
    assert_int_equal(cqlcrawl_poll(s.c, p, 3, 0), 0);
    assert_int_equal(cqlcrawl_poll(s.c, p, 0, 0), 0);
    (void)close(pipes[1]);
    p[0] = (struct pollfd){.fd = pipes[0], .events = POLLIN};
    assert_int_equal(cqlcrawl_poll(s.c, p, 1, -1), 1); /* and an end of one is something */
    cqlcrawl_close(s.c, on_closed, &s);
    assert_int_equal(s.closed, 1);
    (void)close(pipes[0]);
    (void)close(null);
}

/* The reader has gone: told, and told again where it is asked for again. */
static void test_poll_error(void **state)
{
    struct seen s = {0};
    struct pollfd p = {.events = POLLOUT};
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    p.fd = pipes[1];
    open_handle(&s, NULL);
    (void)close(pipes[0]);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(cqlcrawl_poll(s.c, &p, 1, 5000), 1);
        assert_true(p.revents & POLLERR);
    }
    cqlcrawl_close(s.c, NULL, NULL);
    (void)close(pipes[1]);
}

static void burn(uint64_t ns)
{
    uint64_t until = uv_hrtime() + ns;

    while (uv_hrtime() < until)
        ;
}

/* What a host computes between its polls is no cost of a cluster, whether it does so after each
 * of them or not. */
static void test_host_time(void **state)
{
    (void)state;
    for (int every = 1; every <= 2; every++) {
        struct seen s = {0};

        open_handle(&s, NULL);
        (void)add(&s, 0);
        for (int i = 1; cqlcrawl_active(s.c); i++) {
            assert_int_equal(cqlcrawl_poll(s.c, NULL, 0, -1), 0);
            if (i % every == 0) burn(30000000);
        }
        assert_int_equal(s.complete, 1);
        assert_in_range(s.cpu_us, 1, 25000); /* and that is not nothing */
        cqlcrawl_close(s.c, NULL, NULL);
    }
}

static void test_close_in_poll(void **state)
{
    struct seen s = {.close_in_record = true};

    (void)state;
    open_handle(&s, NULL);
    (void)add(&s, 0);
    for (int i = 0; i < 1000 && s.records < 3; i++)
        assert_int_equal(cqlcrawl_poll(s.c, NULL, 0, -1), 0);
    assert_int_equal(s.closed, 1); /* by that very call */
    assert_int_equal(s.records, 3);
}

/* ---- pause ---- */

static void resume(uv_timer_t *t)
{
    struct seen *s = t->data;
    uint64_t id = s->resume_id;

    s->resume_id = 0;
    if (id) assert_int_equal(cqlcrawl_resume(s->c, id), 0);
    if (!cqlcrawl_active(s->c)) uv_close((uv_handle_t *)t, NULL);
}

static void test_pause(void **state)
{
    struct seen straight = {0}, s = {.pause_each = true};
    uv_loop_t loop;

    (void)state;
    open_handle(&straight, NULL);
    (void)add(&straight, 0);
    assert_int_equal(cqlcrawl_run(straight.c), 0);
    cqlcrawl_close(straight.c, on_closed, &straight);

    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_timer_init(&loop, &s.timer), 0);
    s.timer.data = &s;
    assert_int_equal(uv_timer_start(&s.timer, resume, 1, 1), 0);
    open_handle(&s, &loop);
    (void)add(&s, 0);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(s.complete, 1);
    assert_int_equal(s.records, straight.records); /* nothing lost, nothing twice */
    assert_int_equal(s.paused, s.records);
    cqlcrawl_close(s.c, on_closed, &s);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* Paused for longer than the whole time limit: the limit is the server's, not ours. */
static void test_pause_stops_the_clock(void **state)
{
    struct seen s = {.pause_each = true};
    struct cqlcrawl_endpoint e = {sim.hosts[0], (uint16_t)sim.ports[0]};
    struct cqlcrawl_target t = CQLCRAWL_INIT(cqlcrawl_target);
    uv_loop_t loop;

    (void)state;
    t.endpoints = &e;
    t.n_endpoints = 1;
    t.user_data = &s;
    t.timeout_ms = 2000;
    t.retries = CQLCRAWL_NO_RETRIES;
    assert_int_equal(uv_loop_init(&loop), 0);
    open_handle(&s, &loop);
    assert_int_equal(cqlcrawl_add(s.c, &t, NULL), 0);
    assert_int_equal(uv_timer_init(&loop, &s.timer), 0);
    s.timer.data = &s;
    assert_int_equal(uv_timer_start(&s.timer, resume, 3000, 1), 0);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(s.complete, 1);
    cqlcrawl_close(s.c, on_closed, &s);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* ---- ends ---- */

/* Whoever has cancelled a target need not take it up again to see its end. */
static void test_cancel_paused(void **state)
{
    struct seen s = {.cancel_in_record = true, .never_resumed = true};

    (void)state;
    open_handle(&s, NULL);
    (void)add(&s, 0);
    for (int i = 0; i < 1000 && !s.done; i++) {
        (void)cqlcrawl_step(s.c);
        (void)usleep(10000);
    }
    assert_int_equal(s.done, 1);
    assert_string_equal(cqlcrawl_errcode(s.last_err), "cancelled");
    assert_int_equal(s.records, 4); /* the last of them closes the scope */
    cqlcrawl_close(s.c, on_closed, &s);
}

static void test_cancel(void **state)
{
    struct seen s = {.cancel_in_record = true};
    uint64_t id;

    (void)state;
    open_handle(&s, NULL);
    id = add(&s, 0);
    assert_int_equal(cqlcrawl_run(s.c), 0);
    assert_int_equal(s.done, 1);
    assert_int_equal(s.complete, 0);
    assert_string_equal(cqlcrawl_errcode(s.last_err), "cancelled");
    assert_int_not_equal(cqlcrawl_cancel(s.c, id), 0); /* a late id finds nobody */
    assert_int_not_equal(cqlcrawl_resume(s.c, id), 0);
    s.cancel_in_record = false;
    for (int i = 0; i < sim.n; i++)
        (void)add(&s, i);
    cqlcrawl_cancel_all(s.c); /* before the first turn: nobody was contacted */
    s.records = 0;
    assert_int_equal(cqlcrawl_run(s.c), 0);
    assert_int_equal(s.done, 1 + sim.n);
    assert_int_equal(s.records, 0);
    cqlcrawl_close(s.c, on_closed, &s);
    assert_int_equal(s.closed, 1);
}

static void test_close_in_record(void **state)
{
    struct seen s = {.close_in_record = true};

    (void)state;
    open_handle(&s, NULL);
    (void)add(&s, 0);
    (void)add(&s, 1);
    assert_int_equal(cqlcrawl_run(s.c), 0); /* the handle is gone */
    assert_int_equal(s.closed, 1);
    assert_int_equal(s.records, 3); /* not one more */
    assert_int_equal(s.done, 2);
}

/* A host that wants no records gets the same verdict and counts. */
static void test_no_record(void **state)
{
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);
    struct seen with = {0}, without = {0};

    (void)state;
    open_handle(&with, NULL);
    (void)add(&with, 0);
    assert_int_equal(cqlcrawl_run(with.c), 0);
    cqlcrawl_close(with.c, NULL, NULL);
    o.event = on_event;
    o.ctx = &without;
    assert_int_equal(cqlcrawl_new(&without.c, &o), 0);
    (void)add(&without, 0);
    assert_int_equal(cqlcrawl_run(without.c), 0);
    cqlcrawl_close(without.c, NULL, NULL);
    assert_int_equal(without.complete, 1);
    assert_int_equal(without.objects, with.objects);
    assert_true(with.objects > 10 && with.records > with.objects);
}

static void test_close_while_dialling(void **state)
{
    struct seen s = {0};
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    open_handle(&s, &loop);
    (void)add(&s, 0);
    for (int i = 0; i < 2; i++)
        (void)uv_run(&loop, UV_RUN_NOWAIT);
    cqlcrawl_close(s.c, on_closed, &s);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(s.closed, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* The same cluster again, from its own DONE: a larger epoch, so that its records supersede. */
static void test_again(void **state)
{
    struct seen s = {.again = true};
    struct cqlcrawl_endpoint e = {sim.hosts[0], (uint16_t)sim.ports[0]};
    unsigned long long first;

    (void)state;
    s.target = CQLCRAWL_INIT(cqlcrawl_target);
    s.target.endpoints = &e;
    s.target.n_endpoints = 1;
    s.target.user_data = &s;
    s.again = false;
    open_handle(&s, NULL);
    (void)add(&s, 0);
    assert_int_equal(cqlcrawl_run(s.c), 0);
    first = s.epoch;
    s.again = true;
    (void)add(&s, 0);
    assert_int_not_equal(cqlcrawl_add(s.c, &s.target, NULL), 0); /* twice at once */
    assert_non_null(strstr(cqlcrawl_last_error(s.c), "is being read"));
    assert_int_equal(cqlcrawl_run(s.c), 0);
    assert_int_equal(s.complete, 3);
    assert_true(s.epoch >= first + 2);
    cqlcrawl_close(s.c, on_closed, &s);
}

static void test_empty(void **state)
{
    struct seen s = {0};
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    open_handle(&s, &loop);
    (void)uv_run(&loop, UV_RUN_DEFAULT); /* an idle handle does not keep a loop alive */
    cqlcrawl_close(s.c, NULL, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static int start(void **state)
{
    static const char *const args[] = {
        "--clusters", "4", "--listen", "127.50.1.1:0", "--keyspaces", "2", "--tables", "10", NULL};

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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_loop),
        cmocka_unit_test(test_private_run),
        cmocka_unit_test(test_step),
        cmocka_unit_test(test_poll),
        cmocka_unit_test(test_poll_error),
        cmocka_unit_test(test_close_in_poll),
        cmocka_unit_test(test_host_time),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_pause_stops_the_clock),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancel_paused),
        cmocka_unit_test(test_close_in_record),
        cmocka_unit_test(test_close_while_dialling),
        cmocka_unit_test(test_no_record),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_empty),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
