/* SPDX-License-Identifier: Apache-2.0 */
/* Logins, connections that are refused, made again, cut at any byte, cancelled at any record, never
 * made. */
#include <stdio.h>

#include "replay/bench.h"
#include "unit/base/cmocka_all.h"

#define PASSWORD "org.apache.cassandra.auth.PasswordAuthenticator"

static void begin_login(struct bench *b, const char *authenticator, enum cq_login login)
{
    bench_begin(b, RICH);
    b->s.authenticator = authenticator;
    b->s.token = "crawler"; /* compared up to its length */
    b->d.o.login = login;
    b->d.o.user = CQ_LIT("crawler");
    b->d.o.password = CQ_LIT("secret");
    b->d.o.allow_plaintext_login = true;
}

static void assert_refused(struct bench *b, int err, unsigned requests)
{
    bench_run(b);
    assert_int_equal(b->d.scope.read, CQ_READ_FAILED);
    assert_int_equal(b->d.err, err);
    assert_int_equal(b->d.scope.err, err);
    assert_int_equal(b->d.step_err[4], err);
    assert_int_equal(b->d.retry, CQ_RETRY_NO);
    assert_int_equal(b->s.requests, requests);
    assert_int_equal(b->d.n_hangups, 1);
    assert_true(bench_has(b, "scope_begin"));
    assert_true(bench_has(b, "\"read\":\"failed\""));
    assert_true(bench_has(b, cq_err_code(err)));
    assert_false(bench_has(b, "secret"));
    assert_false(bench_has(b, "\"kind\":\"cluster\""));
    bench_end(b);
}

static void test_login(void **state)
{
    struct bench b;

    (void)state;
    for (int lz4 = 0; lz4 < 2; lz4++) {
        begin_login(&b, PASSWORD, CQ_LOGIN_PLAIN);
        b.s.token = "crawler\0secret";
        b.s.token_bytes = 14;
        b.s.lz4 = lz4;
        bench_run(&b);
        bench_assert_complete(&b);
        assert_int_equal(b.d.scope.waits, 6);
        assert_int_equal(b.s.bursts, 6);
        assert_int_equal(b.d.scope.requests, b.s.requests);
        assert_string_equal(b.d.step_text[4], PASSWORD " as crawler");
        assert_false(bench_has(&b, "secret"));
        bench_end(&b);
    }
    begin_login(&b, NULL, CQ_LOGIN_PLAIN); /* credentials given, none asked for */
    bench_run(&b);
    bench_assert_complete(&b);
    bench_end(&b);

    begin_login(&b, "com.datastax.bdp.cassandra.auth.DseAuthenticator", CQ_LOGIN_PLAIN);
    b.s.dse = true;
    b.s.token = "crawler\0secret";
    b.s.token_bytes = 14;
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.d.scope.waits, 7);
    bench_end(&b);

    begin_login(&b, "org.apache.cassandra.auth.MutualTlsAuthenticator", CQ_LOGIN_MTLS);
    b.s.token = NULL;
    bench_run(&b);
    bench_assert_complete(&b);
    bench_end(&b);
}

static void test_login_refused(void **state)
{
    static const char *const allowed[] = {"com.example.Other", "com.example.Mine", NULL};
    struct bench b;

    (void)state;
    begin_login(&b, PASSWORD, CQ_LOGIN_NONE);
    assert_refused(&b, CQ_EAUTH_REQUIRED, 2);

    begin_login(&b, PASSWORD, CQ_LOGIN_PLAIN); /* wrong: tried once */
    b.s.token = "another";
    b.s.token_bytes = 7;
    assert_refused(&b, CQ_EAUTH_FAILED, 3);

    begin_login(&b, PASSWORD, CQ_LOGIN_PLAIN);
    b.d.o.allow_plaintext_login = false;
    assert_refused(&b, CQ_EAUTH_PLAINTEXT, 2);

    begin_login(&b, "com.example.Mine", CQ_LOGIN_PLAIN);
    assert_refused(&b, CQ_EAUTH_CLASS, 2);

    begin_login(&b, "com.example.Mine", CQ_LOGIN_PLAIN);
    b.d.o.allow_authenticators = allowed;
    b.s.token = "crawler\0secret";
    b.s.token_bytes = 14;
    bench_run(&b);
    bench_assert_complete(&b);
    bench_end(&b);

    begin_login(&b, PASSWORD, CQ_LOGIN_PLAIN); /* a challenge that nobody expects */
    b.s.challenges = true;
    assert_refused(&b, CQ_EAUTH_CLASS, 3);
}

static void test_login_over_tls(void **state)
{
    static const struct cq_tls_facts tls = {"TLSv1.3", "TLS_AES_256_GCM_SHA384", "CN=a", "CN=b",
                                            -1};
    struct bench b;

    (void)state;
    begin_login(&b, PASSWORD, CQ_LOGIN_PLAIN);
    b.s.token = "crawler\0secret";
    b.s.token_bytes = 14;
    b.d.o.allow_plaintext_login = false;
    b.d.tls = &tls;
    bench_run(&b);
    bench_assert_complete(&b);
    assert_true(bench_has(&b, "\"cipher\":\"TLS_AES_256_GCM_SHA384\""));
    bench_end(&b);
}

static void test_redial(void **state)
{
    struct bench b;

    (void)state;
    bench_begin(&b, RICH);
    b.s.refuse_compression = true;
    b.s.v5 = false;
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.d.n_redials, 1);
    assert_int_equal(b.d.scope.connections, 2);
    assert_int_equal(b.d.scope.requests, b.s.requests);
    assert_int_equal(b.d.scope.bytes_in, b.s.bytes_out);
    assert_int_equal(b.d.scope.bytes_out, b.s.bytes_in);
    bench_end(&b);

    bench_begin(&b, RICH); /* insisted on */
    b.s.refuse_compression = true;
    b.s.v5 = false;
    b.d.o.compression = CQL_YES;
    bench_run(&b);
    assert_int_equal(b.d.scope.read, CQ_READ_FAILED);
    assert_int_equal(b.d.n_redials, 0);
    bench_end(&b);
}

static void recall(struct bench *b)
{
    b->d.o.supported = (cq_bytes){b->d.supported, b->d.n_supported};
    b->d.o.attempt = 0;
    bench_again(b);
    bench_assert_complete(b);
    assert_int_equal(b->d.scope.bytes_in, b->s.bytes_out);
    assert_int_equal(b->d.scope.bytes_out, b->s.bytes_in);
}

static void forget_counts(struct bench *b)
{
    b->s.requests = b->s.bursts = 0;
    b->s.bytes_in = b->s.bytes_out = 0;
}

/* What the server said once is not asked again, and where it is no longer true everything is. */
static void test_recalled(void **state)
{
    struct bench b;

    (void)state;
    bench_begin(&b, RICH);
    b.s.v5 = b.s.lz4 = true;
    bench_run(&b);
    bench_assert_complete(&b);
    assert_int_equal(b.d.scope.waits, 5);
    assert_false(b.d.recalled);
    assert_string_equal(b.d.release, "4.0.19");
    forget_counts(&b);
    recall(&b);
    assert_true(b.d.recalled);
    assert_int_equal(b.d.scope.waits, 4);
    assert_int_equal(b.s.bursts, 4);
    assert_int_equal(b.d.scope.requests, b.s.requests);
    assert_true(bench_has(
        &b, "\"protocol\":{\"chosen\":5,\"offered\":[\"3/v3\",\"4/v4\",\"5/v5\",\"6/v6-beta\"]}"));
    b.s.refuses_v5 = true; /* another release stands there now */
    b.s.v5 = false;
    forget_counts(&b);
    recall(&b);
    assert_int_equal(b.d.n_redials, 1);
    assert_int_equal(b.d.scope.connections, 2);
    assert_false(b.d.recalled);
    assert_true(bench_has(&b, "\"chosen\":4"));
    b.s.refuse_compression = true;
    b.s.refuses_v5 = false;
    forget_counts(&b);
    recall(&b);
    assert_int_equal(b.d.n_redials, 2); /* it goes on offering lz4 */
    bench_end(&b);
}

static void test_cut(void **state)
{
    struct bench all, b;
    uint64_t total, step;

    (void)state;
    bench_begin(&all, RICH);
    bench_run(&all);
    total = all.s.bytes_out;
    step = total / 397;
    for (uint64_t at = 1; at <= total; at += at < 200 || total - at < 200 ? 1 : step) {
        bench_begin(&b, RICH);
        b.d.cut_after = at;
        b.d.chunk = 4096;
        bench_run(&b);
        if (at == total) bench_assert_complete(&b);
        if (at < total) {
            assert_int_not_equal(b.d.scope.read, CQ_READ_COMPLETE);
            assert_int_equal(b.d.err, CQ_ERESET);
            bench_assert_reason(&b, "connection_reset", NULL);
            assert_int_equal(b.d.n_hangups, 0);
            assert_int_equal(b.d.scope.bytes_in, at);
        }
        bench_assert_part(&b, &all);
        bench_end(&b);
    }
    bench_end(&all);
}

static void test_cancel(void **state)
{
    struct bench all, b;

    (void)state;
    bench_begin(&all, RICH);
    bench_run(&all);
    for (unsigned at = 1; at < 128; at += 7) {
        bench_begin(&b, RICH);
        b.d.stop_after = at;
        bench_run(&b);
        assert_int_equal(b.d.err, CQ_ECANCELLED);
        assert_int_not_equal(b.d.scope.read, CQ_READ_COMPLETE);
        assert_true(bench_has(&b, "\"kind\":\"scope_end\""));
        assert_int_equal(bench_count(&b, "\"schema\":\"cqlcrawl/1\""), at + 1);
        bench_assert_part(&b, &all);
        bench_end(&b);
    }
    bench_end(&all);
}

static void test_never_connected(void **state)
{
    struct bench b;
    struct cq_crawl *c;
    struct cq_crawl_event ev;
    unsigned n = 0;

    (void)state;
    bench_begin(&b, RICH);
    assert_int_equal(cq_crawl_new(&c, &b.d.o, 1000, b.d.wall), 0);
    cq_crawl_net_end(c, CQ_EREFUSED, "127.0.0.1:9042: connection refused", 2000, b.d.wall);
    while (cq_crawl_next(c, &ev, 3000, b.d.wall)) {
        if (n == 0) assert_int_equal(ev.record_kind, CQ_KIND_SCOPE_BEGIN);
        if (n == 1) assert_int_equal(ev.record_kind, CQ_KIND_SCOPE_END);
        if (n == 2) {
            assert_int_equal(ev.kind, CQ_CRAWL_DONE);
            assert_int_equal(ev.err, CQ_EREFUSED);
            assert_string_equal(ev.text, "127.0.0.1:9042: connection refused");
            assert_int_equal(ev.scope->read, CQ_READ_FAILED);
            assert_int_equal(ev.scope->connections, 0);
        }
        n++;
    }
    assert_int_equal(n, 3);
    assert_true(cq_crawl_deadline(c) == CQ_NEVER);
    cq_crawl_free(c);
    bench_end(&b);
}

/* Dialling for ever: the attempt's time ends it, and the shell is told to stop. */
static void test_dialling_times_out(void **state)
{
    struct bench b;
    struct cq_crawl *c;
    struct cq_crawl_event ev;
    bool hangup = false, done = false;

    (void)state;
    bench_begin(&b, RICH);
    assert_int_equal(cq_crawl_new(&c, &b.d.o, 1000, b.d.wall), 0);
    while (cq_crawl_next(c, &ev, 1000, b.d.wall))
        continue;
    assert_true(cq_crawl_deadline(c) == 1000 + CQ_SEC(30));
    cq_crawl_tick(c, 1000 + CQ_SEC(30));
    while (cq_crawl_next(c, &ev, 1000 + CQ_SEC(30), b.d.wall)) {
        hangup = hangup || ev.kind == CQ_CRAWL_HANGUP;
        done = ev.kind == CQ_CRAWL_DONE;
    }
    assert_true(hangup && done);
    cq_crawl_free(c);
    bench_end(&b);
}

/* While the consumer of records pauses no deadline passes. */
static void test_pause(void **state)
{
    struct bench b;
    struct cq_crawl *c;
    struct cq_crawl_event ev;

    (void)state;
    bench_begin(&b, RICH);
    assert_int_equal(cq_crawl_new(&c, &b.d.o, 1000, b.d.wall), 0);
    assert_int_equal(cq_crawl_connected(c, NULL, 1000), 0);
    assert_false(cq_crawl_next(c, &ev, 1000, b.d.wall));
    assert_true(cq_crawl_deadline(c) == 1000 + CQ_SEC(5));
    cq_crawl_pause(c, 2000);
    assert_true(cq_crawl_deadline(c) == CQ_NEVER);
    cq_crawl_tick(c, CQ_SEC(100));
    cq_crawl_resume(c, CQ_SEC(100));
    assert_true(cq_crawl_deadline(c) == CQ_SEC(105) - 1000);
    while (cq_crawl_next(c, &ev, CQ_SEC(100), b.d.wall))
        assert_int_not_equal(ev.kind, CQ_CRAWL_DONE);
    cq_crawl_free(c);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_login_refused),
        cmocka_unit_test(test_login_over_tls),
        cmocka_unit_test(test_redial),
        cmocka_unit_test(test_recalled),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_never_connected),
        cmocka_unit_test(test_dialling_times_out),
        cmocka_unit_test(test_pause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
