/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection once it is ready: statements and streams, answers out of step, deadlines in
 * virtual time, transports that end. Memory is in test_conn_memory.c.
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

static void test_streams(void **state)
{
    struct server s;

    (void)state;
    begin_ready(&s, 4, 0);
    for (int i = 0; i < CQ_MAX_STREAMS; i++)
        assert_int_equal(query(&s), i);
    assert_int_equal(query(&s), CQ_ETOO_MANY);
    server_rows(&s, 40, 0);
    assert_log(&s, "5 stream 40 code -1 err 0 text  bytes 0 body 28\n");
    assert_int_equal(query(&s), 40);
    server_error(&s, 0, 63, 0x2200, "unconfigured table x");
    assert_log(&s, "6 stream 63 code 8704 err 0 text unconfigured table x bytes 0 body 0\n");
    assert_int_equal(cql_conn_in_flight(s.t.c), 63);
    assert_int_equal(query(&s), 63);
    assert_int_equal(cql_conn_counts(s.t.c).requests, 2 + 66);
    server_end(&s);
}

/* What a statement looks like on the wire; in v5 a turn's statements share one segment. */
static void test_requests(void **state)
{
    static const char v4[] = "\x04\0\0\0\x07\0\0\0\x15\0\0\0\x08select 1\0\x01\x0c\0\0\0\x64"
                             "\0\0\0\x02ps";
    struct server s;
    cq_bytes pending;

    (void)state;
    begin_ready(&s, 4, 0);
    cql_conn_query(s.t.c, CQ_LIT("select 1"), 100, CQ_LIT("ps"), 0);
    pending = cql_conn_pending(s.t.c);
    assert_int_equal(pending.n, 9 + 25);
    assert_int_equal(pending.p[8], 25);
    assert_memory_equal(pending.p + 9, v4 + 9, 25);
    server_end(&s);
    begin_ready(&s, 5, 0);
    for (int i = 0; i < 17; i++)
        query(&s);
    pending = cql_conn_pending(s.t.c);
    assert_int_equal(pending.n, 17 * (9 + 4 + 8 + 2 + 4 + 4) + 10);
    assert_int_equal(pending.p[2] & 2, 2); /* self-contained */
    assert_true(cql_conn_pending(s.t.c).p == pending.p);
    server_end(&s);
}

static void test_out_of_step(void **state)
{
    static const struct {
        int version, stream, opcode, err;
    } cases[] = {
        {4, 1, CQL_RESULT, CQ_ESTREAM},   {4, 64, CQL_RESULT, CQ_ESTREAM},
        {4, -1, CQL_RESULT, CQ_ESTREAM},  {4, 0, CQL_EVENT, CQ_ESTREAM},
        {5, 0, CQL_RESULT, CQ_EPROTOCOL}, {4, 0, CQL_READY, CQ_EPROTOCOL},
        {4, 0, CQL_QUERY, CQ_EPROTOCOL},  {4, 0, 0x55, CQ_EPROTOCOL},
        {4, 7, CQL_ERROR, CQ_ESTREAM},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct server s;

        begin_ready(&s, 4, 0);
        query(&s);
        server_send(&s, cases[i].version, 0, cases[i].stream, cases[i].opcode,
                    CQ_LIT("\0\0\x22\0\0\x02no"));
        assert_failed(&s, cases[i].err, 0);
        server_end(&s);
    }
    struct server s;

    begin_ready(&s, 4, 0);
    query(&s);
    talk_feed(&s.t, CQ_LIT("\x04")); /* no answer, however it goes on */
    assert_failed(&s, CQ_EPROTOCOL, 0);
    server_end(&s);
    begin_ready(&s, 5, 0);
    server_error(&s, 0, 0, 0x0a, "unrecoverable CRC mismatch detected");
    assert_failed(&s, CQ_EPROTOCOL, 0);
    assert_int_equal(s.t.failed.code, 0x0a);
    server_end(&s);
}

static void test_events_and_prefixes(void **state)
{
    struct server s;

    (void)state;
    begin_ready(&s, 5, 0);
    query(&s);
    server_send(&s, 0, 0, -1, CQL_EVENT,
                CQ_LIT("\0\x06"
                       "STRANG\0\0"));
    assert_log(&s, "7 stream -1 code -1 err 0 text STRANG bytes 0 body 0\n");
    server_send(&s, 0, CQL_FLAG_TRACING | CQL_FLAG_WARNING | CQL_FLAG_PAYLOAD, 0, CQL_RESULT,
                CQ_LIT("0123456789abcdef\0\x02\0\x01w\0\0\0\x01\0\x01k\xff\xff\xff\xff\0\0\0\x01"));
    assert_log(&s, "5 stream 0 code -1 err 0 text  bytes 0 body 4\n");
    assert_memory_equal(s.t.bodies[0].p, "\0\0\0\x01", 4);
    assert_int_equal(cql_conn_counts(s.t.c).warnings, 2);
    assert_int_equal(cql_conn_counts(s.t.c).events, 1);
    query(&s);
    /* an ERROR whose extra fields are cut short keeps code and message */
    server_send(&s, 0, 0, 0, CQL_ERROR, CQ_LIT("\0\0\x12\0\0\x04slow\0"));
    assert_log(&s, "6 stream 0 code 4608 err 0 text slow bytes 0 body 0\n");
    server_end(&s);
}

static void test_unknown_type_spoils_one_result(void **state)
{
    struct server s;

    (void)state;
    begin_ready(&s, 4, 0);
    query(&s);
    query(&s);
    server_send(&s, 0, 0, 0, CQL_RESULT,
                CQ_LIT("\0\0\0\x02\0\0\0\x01\0\0\0\x01\0\x01k\0\x01t\0\x01"
                       "c\0\x80\0\0\0\0"));
    assert_log(&s, "5 stream 0 code -1 err 0 text  bytes 0 body 27\n");
    server_rows(&s, 1, 1);
    assert_log(&s, "5 stream 1 code -1 err 0 text  bytes 0 body 48\n");
    server_end(&s);
}

static void test_handshake_deadlines(void **state)
{
    struct cql_conn_options o = {.request_timeout_ns = 1000};
    struct server s;

    (void)state;
    server_begin(&s, &o);
    assert_int_equal(cql_conn_deadline(s.t.c), 1000);
    cql_conn_tick(s.t.c, 999);
    talk_pull(&s.t);
    assert_false(s.t.is_failed);
    cql_conn_tick(s.t.c, 1000);
    talk_pull(&s.t);
    assert_failed(&s, CQ_ESILENT, 0);
    server_end(&s);
    server_begin(&s, &o);
    s.t.now = 900;
    server_supported(&s, NULL, "");
    assert_int_equal(cql_conn_deadline(s.t.c), 1900);
    cql_conn_tick(s.t.c, 1900);
    talk_pull(&s.t);
    assert_failed(&s, CQ_ETIMEOUT, 0);
    server_end(&s);
}

static void tick(struct server *s, uint64_t now)
{
    s->t.now = now;
    cql_conn_tick(s->t.c, now);
    talk_pull(&s->t);
}

static void test_orphans(void **state)
{
    struct server s;

    (void)state;
    begin_ready(&s, 4, 1000);
    assert_int_equal(query(&s), 0);
    s.t.now = 400;
    assert_int_equal(query(&s), 1);
    assert_int_equal(cql_conn_deadline(s.t.c), 1000);
    tick(&s, 1399);
    assert_log(&s, "8 stream 0 code -1 err 0 text  bytes 0 body 0\n");
    assert_int_equal(cql_conn_deadline(s.t.c), 1400);
    assert_int_equal(query(&s), 2); /* stream 0 is not used again */
    server_rows(&s, 0, 10);         /* the late answer is dropped ... */
    assert_log(&s, "");
    assert_int_equal(query(&s), 0); /* ... and frees its stream */
    tick(&s, 1400);
    assert_log(&s, "8 stream 1 code -1 err 0 text  bytes 0 body 0\n");
    server_error(&s, 0, 1, 0x1200, "too late");
    assert_log(&s, "");
    assert_int_equal(query(&s), 1);
    tick(&s, 5000);
    assert_log(&s, "8 stream 0 code -1 err 0 text  bytes 0 body 0\n"
                   "8 stream 1 code -1 err 0 text  bytes 0 body 0\n"
                   "8 stream 2 code -1 err 0 text  bytes 0 body 0\n");
    assert_true(cql_conn_deadline(s.t.c) == CQ_NEVER);
    for (int i = 0; i < CQ_MAX_ORPHANS - 2; i++)
        query(&s);
    tick(&s, 9000);
    assert_failed(&s, CQ_ETIMEOUT, 0);
    server_end(&s);
}

/* A body of n bytes, of which some are sent now. */
static void send_part(struct server *s, int stream, uint32_t n, uint32_t now)
{
    uint8_t *raw = calloc(1, n + 9);

    memcpy(raw, "\x84\0\0\0\x08", 5);
    raw[3] = (uint8_t)stream;
    for (int i = 0; i < 4; i++)
        raw[5 + i] = (uint8_t)(n >> (24 - 8 * i));
    talk_feed(&s->t, (cq_bytes){raw, 9 + now});
    free(raw);
}

static void test_body_silence(void **state)
{
    struct server s;

    (void)state;
    begin_ready(&s, 4, 1000);
    query(&s);
    query(&s);
    s.t.now = 500;
    send_part(&s, 0, 100000, 10);
    assert_int_equal(cql_conn_deadline(s.t.c), 1500);
    s.t.now = 1400;
    talk_feed(&s.t, CQ_LIT("0123456789"));
    assert_int_equal(cql_conn_deadline(s.t.c), 2400); /* each byte is a sign of life */
    tick(&s, 2399);
    assert_false(s.t.is_failed);
    tick(&s, 2400);
    assert_failed(&s, CQ_ETIMEOUT, 0);
    server_end(&s);
}

static void test_end(void **state)
{
    struct server s;

    (void)state;
    begin_ready(&s, 4, 0);
    query(&s);
    cql_conn_end(s.t.c, CQ_ERESET);
    talk_pull(&s.t);
    assert_failed(&s, CQ_ERESET, 0);
    server_end(&s);
    /* in the middle of a body: the block comes back */
    begin_ready(&s, 4, 0);
    query(&s);
    send_part(&s, 0, 50000, 100);
    cql_conn_end(s.t.c, CQ_ECLOSED);
    talk_pull(&s.t);
    assert_failed(&s, CQ_ECLOSED, 0);
    assert_non_null(s.t.block);
    server_end(&s);
}

/* An answer that has arrived is handed up even if the transport ended behind it. */
static void test_end_behind_an_answer(void **state)
{
    const cq_bytes answer = CQ_LIT("\x84\0\0\0\x08\0\0\0\x04\0\0\0\x01");
    struct server s;
    uint8_t *p;
    size_t n;

    (void)state;
    begin_ready(&s, 4, 0);
    query(&s);
    cql_conn_space(s.t.c, &p, &n);
    memcpy(p, answer.p, answer.n);
    cql_conn_commit(s.t.c, answer.n, 0);
    cql_conn_end(s.t.c, CQ_ERESET);
    talk_pull(&s.t);
    assert_failed(&s, CQ_ERESET, 0);
    assert_int_equal(s.t.bodies[0].n, 4);
    server_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_out_of_step),
        cmocka_unit_test(test_events_and_prefixes),
        cmocka_unit_test(test_unknown_type_spoils_one_result),
        cmocka_unit_test(test_handshake_deadlines),
        cmocka_unit_test(test_orphans),
        cmocka_unit_test(test_body_silence),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_end_behind_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
