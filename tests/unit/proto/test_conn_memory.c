/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection and memory: bodies by blocks that the owner gives when it likes, an account that
 * refuses, an allocator that fails at every single place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/err.h"
#include "proto/conn_impl.h"
#include "proto/wire.h"
#include "unit/proto/server.h"

static void begin_ready(struct server *s, int version, uint64_t timeout_ns)
{
    struct cql_conn_options o = {.compression = CQL_NO, .request_timeout_ns = timeout_ns};

    server_begin(s, &o);
    server_ready(s, version);
}

static int query(struct server *s)
{
    return cql_conn_query(s->t.c, CQ_LIT("select 1"), 100, CQ_NULL, s->t.now);
}

/* While the owner keeps us waiting for a block, no room is offered and no clock runs. */
static void test_waiting_for_a_block(void **state)
{
    struct server s;
    struct cql_event ev;
    uint8_t head[] = {0x84, 0, 0, 0, 8, 0, 1, 0, 0};
    uint8_t *p, *block;
    size_t n;

    (void)state;
    begin_ready(&s, 4, 1000);
    query(&s);
    query(&s);
    cql_conn_space(s.t.c, &p, &n);
    assert_true(n >= sizeof(head));
    memcpy(p, head, sizeof(head));
    cql_conn_commit(s.t.c, sizeof(head), 100);
    assert_true(cql_conn_next(s.t.c, &ev));
    assert_int_equal(ev.kind, CQL_EV_BODY);
    assert_int_equal(ev.have, 0);
    assert_int_equal(ev.total, 65536);
    assert_int_equal(ev.need, CQ_PAGE_FIRST);
    assert_false(cql_conn_next(s.t.c, &ev)); /* told once */
    cql_conn_space(s.t.c, &p, &n);
    assert_int_equal(n, 0);
    assert_true(cql_conn_deadline(s.t.c) == CQ_NEVER);
    cql_conn_tick(s.t.c, CQ_SEC(100));
    assert_false(cql_conn_next(s.t.c, &ev));
    block = malloc(ev.need = CQ_PAGE_FIRST);
    cql_conn_give(s.t.c, block, CQ_PAGE_FIRST);
    assert_int_equal(cql_conn_deadline(s.t.c), CQ_SEC(100) + 1000);
    cql_conn_space(s.t.c, &p, &n);
    assert_ptr_equal(p, block); /* read where it belongs */
    assert_int_equal(n, CQ_PAGE_FIRST);
    memset(p, 7, n);
    cql_conn_commit(s.t.c, n, CQ_SEC(100) + 10);
    assert_true(cql_conn_next(s.t.c, &ev));
    assert_int_equal(ev.kind, CQL_EV_BODY);
    assert_int_equal(ev.have, CQ_PAGE_FIRST);
    assert_int_equal(ev.need, 2 * CQ_PAGE_FIRST); /* no more than has arrived is believed */
    cql_conn_free(s.t.c, &p);
    assert_ptr_equal(p, block);
    free(block);
    assert_int_equal(cql_conn_new(&s.t.c, &(struct cql_conn_options){.mem = &cq_mem_libc}, 0), 0);
    server_end(&s);
}

struct meter {
    size_t used, limit, live;
    int fail_at; /* the n-th allocation from now fails; 0: none */
};

static bool meter_take(void *ctx, size_t n)
{
    struct meter *m = ctx;

    if (m->used + n > m->limit) return false;
    m->used += n;
    return true;
}

static void meter_give(void *ctx, size_t n)
{
    struct meter *m = ctx;

    assert_true(n <= m->used);
    m->used -= n;
}

/* A v5 segment of 100 KB waits until the account agrees; every byte taken is given back. */
static void test_account(void **state)
{
    struct meter m = {.limit = 50000};
    struct cql_conn_options o = {.compression = CQL_YES, .request_timeout_ns = 1000};
    struct cq_buf out, wire;
    struct server s;
    size_t begin, sent = 0, n;
    uint8_t *p;

    (void)state;
    o.take = meter_take;
    o.give = meter_give;
    o.ctx = &m;
    server_begin(&s, &o);
    s.lz4 = true;
    server_ready(&s, 5);
    query(&s);
    query(&s);
    cq_buf_init(&out, &cq_mem_libc, CQ_MIB(1));
    begin = cql_envelope_begin(&out, 0x85, 0, 0, CQL_RESULT);
    for (uint32_t i = 0; i < 25000; i++)
        cql_write_u32(&out, i * 2654435761u);
    cql_envelope_end(&out, begin);
    cq_buf_init(&wire, &cq_mem_libc, CQ_MIB(1));
    cql_segments_put(&wire, cq_buf_view(&out), true, true);
    for (bool refused = false; sent < wire.n; talk_pull(&s.t)) {
        cql_conn_space(s.t.c, &p, &n);
        if (n == 0) {
            assert_false(refused);
            refused = true;
            assert_true(m.used <= 50000);
            assert_true(cql_conn_deadline(s.t.c) == CQ_NEVER);
            cql_conn_tick(s.t.c, CQ_SEC(50));
            m.limit = 1000000;
            continue;
        }
        if (n > wire.n - sent) n = wire.n - sent;
        memcpy(p, wire.p + sent, n);
        cql_conn_commit(s.t.c, n, CQ_SEC(50));
        sent += n;
        if (sent == wire.n) assert_true(refused);
    }
    assert_log(&s, "5 stream 0 code -1 err 0 text  bytes 0 body 100000\n");
    assert_memory_equal(s.t.bodies[0].p, out.p + 9, 100000);
    assert_int_equal(m.used, 0); /* all given back, though another answer is to come */
    server_end(&s);
    assert_int_equal(m.used, 0);
    cq_buf_fini(&out);
    cq_buf_fini(&wire);
}

/* Gives blocks that are by `more` larger than they need be; true: the body came, as wanted. */
static bool pull_body(struct cql_conn *c, size_t more, uint8_t **block, cq_bytes want)
{
    struct cql_event ev;

    while (cql_conn_next(c, &ev)) {
        if (ev.kind == CQL_EV_BODY) {
            size_t cap = ev.need + more < want.n ? ev.need + more : want.n;

            *block = realloc(*block, cap);
            cql_conn_give(c, *block, cap);
            continue;
        }
        assert_int_equal(ev.kind, CQL_EV_RESULT);
        assert_int_equal(ev.body.n, want.n);
        assert_memory_equal(ev.body.p, want.p, want.n);
        return true;
    }
    return false;
}

/* Slices of one body, packed: behind the first one they are unpacked where they belong, where the
 * block has room for all of it, and elsewhere where it has not. */
static void test_unpacked_in_place(void **state)
{
    enum { BODY = 400000 };

    (void)state;
    for (size_t more = 0; more <= BODY; more += 57000) {
        struct cql_conn_options o = {.compression = CQL_YES, .request_timeout_ns = 1000};
        struct cq_buf out, wire;
        struct server s;
        uint8_t *block = NULL, *p;
        size_t begin, n;
        bool whole = false;

        server_begin(&s, &o);
        s.lz4 = true;
        server_ready(&s, 5);
        query(&s);
        cq_buf_init(&out, &cq_mem_libc, CQ_MIB(1));
        begin = cql_envelope_begin(&out, 0x85, 0, 0, CQL_RESULT);
        for (uint32_t i = 0; i < BODY / 4; i++)
            cql_write_u32(&out, i / 7 * 2654435761u);
        cql_envelope_end(&out, begin);
        cq_buf_init(&wire, &cq_mem_libc, CQ_MIB(1));
        cql_segments_put(&wire, cq_buf_view(&out), true, true);
        for (size_t sent = 0; sent < wire.n; sent += n) {
            cql_conn_space(s.t.c, &p, &n);
            assert_true(n > 0);
            if (n > wire.n - sent) n = wire.n - sent;
            memcpy(p, wire.p + sent, n);
            cql_conn_commit(s.t.c, n, 1);
            whole |= pull_body(s.t.c, more, &block, (cq_bytes){out.p + 9, BODY});
        }
        assert_true(whole);
        free(block);
        server_end(&s);
        cq_buf_fini(&out);
        cq_buf_fini(&wire);
    }
}

static void *meter_resize(void *ctx, void *p, size_t n)
{
    struct meter *m = ctx;

    if (n == 0) {
        m->live--;
        free(p);
        return NULL;
    }
    if (m->fail_at && --m->fail_at == 0) return NULL;
    m->live += p == NULL;
    return realloc(p, n);
}

/* Every allocation fails once: an error, no crash, no leak. */
static void test_no_memory(void **state)
{
    cq_bytes all = talk_file("transcripts/4.0.19-v5-lz4.s2c.bin");
    bool is_done = false;

    (void)state;
    for (int i = 1; !is_done; i++) {
        struct meter m = {.fail_at = i};
        const struct cq_mem mem = {meter_resize, &m};
        struct cql_conn_options o = {.mem = &mem, .compression = CQL_YES};
        struct talk t;
        struct cql_conn *c;

        assert_true(i < 200);
        if (cql_conn_new(&c, &o, 0) == CQ_ENOMEM) {
            assert_null(c);
            assert_int_equal(m.live, 0);
            continue;
        }
        cql_conn_free(c, NULL);
        m.fail_at = i;
        talk_begin(&t, &o);
        t.is_allowed_to_fail = true;
        talk_feed(&t, all);
        talk_pull(&t);
        if (t.is_failed) assert_int_equal(t.failed.err, CQ_ENOMEM);
        is_done = m.fail_at > 0;
        talk_end(&t);
        assert_int_equal(m.live, 0);
    }
    free((void *)(uintptr_t)all.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waiting_for_a_block),
        cmocka_unit_test(test_account),
        cmocka_unit_test(test_unpacked_in_place),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
