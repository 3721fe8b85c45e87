/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One descriptor for many sockets: who is told and who is not, members that change and leave in
 * callbacks, and that nothing is left behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/hub.h"
#include "net/transport.h"

enum { MANY = 300 };

struct world;

struct end {
    struct cq_hub_place place;
    struct world *w;
    int peer;
    int told;
    void (*then)(struct end *e);
    struct end *other;
};

struct world {
    uv_loop_t loop;
    struct cq_hub hub;
    struct end ends[MANY];
    int n;
    bool closed;
};

static void ready(struct cq_hub_place *p)
{
    struct end *e = (struct end *)(void *)p; /* its first member */

    e->told++;
    if (e->then) e->then(e);
}

static void begin(struct world *w, int n)
{
    assert_int_equal(uv_loop_init(&w->loop), 0);
    cq_hub_init(&w->hub, &w->loop);
    w->n = n;
    w->closed = false;
    for (int i = 0; i < n; i++) {
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        w->ends[i] = (struct end){
            .place = {.ready = ready, .fd = fds[0], .is_tolerant = true}, .w = w, .peer = fds[1]};
    }
}

static void on_closed(void *ctx)
{
    ((struct world *)ctx)->closed = true;
}

static void watch(struct end *e, unsigned want)
{
    assert_int_equal(cq_hub_watch(&e->w->hub, &e->place, want), 0);
    assert_int_equal(e->place.want, want);
}

static void leave(struct end *e)
{
    watch(e, 0);
}

static void finish(struct world *w)
{
    for (int i = 0; i < w->n; i++) {
        leave(&w->ends[i]);
        (void)close(w->ends[i].place.fd);
        (void)close(w->ends[i].peer);
    }
    assert_false(uv_loop_alive(&w->loop));
    cq_hub_close(&w->hub, on_closed, w);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_true(w->closed);
    assert_int_equal(uv_loop_close(&w->loop), 0);
}

static void say(struct end *e)
{
    assert_int_equal(write(e->peer, "x", 1), 1);
}

static void turn(struct world *w)
{
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

static void hear(struct end *e)
{
    char c;

    (void)!read(e->place.fd, &c, 1);
}

/* Until it is read, in every turn; then not. */
static void test_one(void **state)
{
    static struct world w;
    struct end *e = w.ends;

    (void)state;
    begin(&w, 1);
    watch(e, CQ_WANT_IN);
    assert_true(uv_loop_alive(&w.loop));
    turn(&w);
    assert_int_equal(e->told, 0);
    say(e);
    turn(&w);
    turn(&w);
    assert_int_equal(e->told, 2);
    hear(e);
    turn(&w);
    assert_int_equal(e->told, 2);
    (void)close(e->peer);
    e->then = leave;
    assert_int_equal(uv_run(&w.loop, UV_RUN_DEFAULT), 0); /* ends: it has left */
    assert_int_equal(e->told, 3);
    e->peer = -1;
    finish(&w);
}

static void test_changes(void **state)
{
    static struct world w;
    struct end *e = w.ends;

    (void)state;
    begin(&w, 2);
    watch(&w.ends[1], CQ_WANT_IN);
    watch(e, CQ_WANT_IN);
    turn(&w);
    assert_int_equal(e->told, 0);
    watch(e, CQ_WANT_IN | CQ_WANT_OUT);
    turn(&w);
    assert_int_equal(e->told, 1);
    watch(e, 0);
    say(e);
    turn(&w);
    assert_int_equal(e->told, 1);
    watch(e, CQ_WANT_IN);
    turn(&w);
    assert_int_equal(e->told, 2);
    assert_int_equal(w.ends[1].told, 0);
    finish(&w);
}

static void take_other(struct end *e)
{
    leave(e->other);
}

/* Both are ready in one turn, and each takes the other one out: one is told. */
static void test_leaves_meanwhile(void **state)
{
    static struct world w;

    (void)state;
    begin(&w, 3);
    for (int i = 0; i < 3; i++) {
        watch(&w.ends[i], CQ_WANT_IN);
        say(&w.ends[i]);
    }
    w.ends[0].other = &w.ends[1];
    w.ends[1].other = &w.ends[0];
    w.ends[0].then = w.ends[1].then = take_other;
    turn(&w);
    assert_int_equal(w.ends[0].told + w.ends[1].told, 1);
    assert_int_equal(w.ends[2].told, 1);
    finish(&w);
}

static void on_idle(uv_idle_t *h)
{
    (void)h;
}

/* A sock that connects takes being told for being connected: never where it is not so. */
static void test_alone_and_strict(void **state)
{
    static struct world w;
    uv_idle_t idle;

    (void)state;
    begin(&w, 1);
    w.ends[0].place.is_tolerant = false;
    watch(w.ends, CQ_WANT_IN);
    (void)uv_idle_init(&w.loop, &idle);
    (void)uv_idle_start(&idle, on_idle);
    w.hub.poll.poll_cb(&w.hub.poll, 0, UV_READABLE); /* meant for one that has left */
    assert_int_equal(w.ends[0].told, 0);
    say(w.ends);
    turn(&w);
    assert_int_equal(w.ends[0].told, 1);
    uv_close((uv_handle_t *)&idle, NULL);
    turn(&w);
    finish(&w);
}

/* More than one look takes. */
static void test_many(void **state)
{
    static struct world w;

    (void)state;
    begin(&w, MANY);
    for (int i = 0; i < MANY; i++) {
        watch(&w.ends[i], CQ_WANT_IN);
        w.ends[i].then = hear;
        say(&w.ends[i]);
    }
    turn(&w);
    turn(&w);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(w.ends[i].told, 1);
    finish(&w);
}

/* The descriptor lives on, as in a child of the host: nobody is told. */
static void test_shared_descriptor(void **state)
{
    static struct world w;
    int kept;

    (void)state;
    begin(&w, 2);
    watch(&w.ends[0], CQ_WANT_IN);
    watch(&w.ends[1], CQ_WANT_IN);
    kept = dup(w.ends[0].place.fd);
    leave(w.ends);
    (void)close(w.ends[0].place.fd);
    w.ends[0].place.fd = kept;
    say(w.ends);
    turn(&w);
    assert_int_equal(w.ends[0].told, 0);
    assert_int_equal(w.ends[1].told, 0);
    finish(&w);
}

static void test_broken(void **state)
{
    static struct world w;
    struct cq_hub_place none = {.ready = ready, .fd = -1};

    (void)state;
    begin(&w, 0);
    assert_int_not_equal(cq_hub_watch(&w.hub, &none, CQ_WANT_IN), 0);
    assert_int_equal(none.want, 0);
    assert_int_equal(w.hub.n, 0);
    finish(&w);
    begin(&w, 0); /* never opened */
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_leaves_meanwhile),
        cmocka_unit_test(test_alone_and_strict),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_shared_descriptor),
        cmocka_unit_test(test_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
