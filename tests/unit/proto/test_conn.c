/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection's handshake: which version, which compression, login, every refusal, and peers
 * that are no CQL server. Texts of refusals are those of real servers (reference: protocol.md 1.6).
 */
#define _GNU_SOURCE 1 /* memmem */
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

static bool contains(cq_bytes b, const char *what)
{
    return memmem(b.p, b.n, what, strlen(what)) != NULL;
}

/* Value i of a key of SUPPORTED. */
static cq_bytes offered(const struct cql_conn *c, cq_bytes key, unsigned i)
{
    struct cql_offers o = cql_conn_supported(c, key);

    while (i--)
        (void)cql_offers_next(&o);
    return cql_offers_next(&o);
}

static void test_v4_plain(void **state)
{
    static const uint8_t options[] = {4, 0, 0, 0, 5, 0, 0, 0, 0};
    struct cql_conn_options o = {.driver_name = "cqlcrawl", .driver_version = "0.1"};
    struct server s;
    cq_bytes startup;

    (void)state;
    server_begin(&s, &o);
    assert_true(cq_eq(cql_conn_pending(s.t.c), (cq_bytes){options, sizeof(options)}));
    talk_flush(&s.t);
    server_supported(&s, VERSIONS_311, "snappy");
    assert_log(&s, "0 stream 0 code -1 err 0 text  bytes 0 body 0\n");
    startup = cql_conn_pending(s.t.c);
    assert_memory_equal(startup.p, "\x04\0\0\0\x01", 5);
    assert_true(contains(startup, "CQL_VERSION\0\x053.0.0"));
    assert_true(contains(startup, "THROW_ON_OVERLOAD"));
    assert_true(contains(startup, "DRIVER_NAME"));
    assert_true(contains(startup, "cqlcrawl"));
    assert_false(contains(startup, "COMPRESSION"));
    talk_flush(&s.t);
    assert_int_equal(cql_conn_query(s.t.c, CQ_LIT("x"), 1, CQ_NULL, 0), CQ_EINVALID);
    server_send(&s, 0, 0, 0, CQL_READY, CQ_LIT(""));
    assert_log(&s, "3 stream 0 code -1 err 0 text  bytes 0 body 0\n");
    assert_string_equal(cql_conn_authenticator(s.t.c), "");
    assert_string_equal(cql_conn_compression(s.t.c), "none");
    assert_true(cq_eq(offered(s.t.c, CQ_LIT("PROTOCOL_VERSIONS"), 2), CQ_LIT("5/v5-beta")));
    assert_true(cq_is_null(offered(s.t.c, CQ_LIT("PROTOCOL_VERSIONS"), 3)));
    assert_true(cq_is_null(offered(s.t.c, CQ_LIT("NONE"), 0)));
    assert_true(cql_conn_supported_has(s.t.c, CQ_LIT("COMPRESSION")));
    assert_true(cql_conn_supported_has(s.t.c, CQ_LIT("CQL_")));
    assert_false(cql_conn_supported_has(s.t.c, CQ_LIT("lz4"))); /* a value */
    assert_false(cql_conn_supported_has(s.t.c, CQ_LIT("COMPRESSIONS")));
    assert_int_equal(cql_conn_counts(s.t.c).requests, 2);
    assert_int_equal(cql_conn_counts(s.t.c).bytes_out, s.t.sent.n);
    server_end(&s);
}

/* SUPPORTED is known: STARTUP goes first, as it would behind an answer. */
static void test_recalled(void **state)
{
    struct cql_conn_options o = {.driver_name = "cqlcrawl"};
    struct server known, s;
    cq_bytes first;

    (void)state;
    server_begin(&known, &o);
    talk_flush(&known.t);
    server_supported(&known, VERSIONS_40, "snappy lz4");
    assert_false(cql_conn_recalls(known.t.c));
    o.supported = cql_conn_supported_body(known.t.c);
    server_begin(&s, &o);
    first = cql_conn_pending(s.t.c);
    assert_true(cq_eq(first, cql_conn_pending(known.t.c)));
    assert_memory_equal(first.p, "\x05\0\0\0\x01", 5);
    assert_true(contains(first, "COMPRESSION\0\x03lz4"));
    talk_flush(&s.t);
    s.version = 5;
    server_send(&s, 0, 0, 0, CQL_READY, CQ_LIT(""));
    assert_true(cql_conn_is_ready(s.t.c) && cql_conn_recalls(s.t.c));
    assert_int_equal(cql_conn_counts(s.t.c).requests, 1);
    assert_true(cq_eq(offered(s.t.c, CQ_LIT("COMPRESSION"), 1), CQ_LIT("lz4")));
    server_end(&s);
    server_end(&known);
}

/* What is known does not do: the server is asked. */
static void test_not_recalled(void **state)
{
    static const struct {
        int version;
        enum cql_want compression;
        cq_bytes supported;
    } cases[] = {
        {5,
         CQL_AUTO,
         {(const uint8_t *)"\0\1\0\x11PROTOCOL_VERSIONS\0\1\0\4"
                           "4/v4",
          29}},
        {0,
         CQL_YES,
         {(const uint8_t *)"\0\1\0\x11PROTOCOL_VERSIONS\0\1\0\4"
                           "4/v4",
          29}},
        {0,
         CQL_AUTO,
         {(const uint8_t *)"\0\1\0\x11PROTOCOL_VERSIONS\0\1\0\4"
                           "6/v6",
          29}},
        {0, CQL_AUTO, {(const uint8_t *)"\0\1\0\x11PROTOCOL_VERS", 17}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct cql_conn_options o = {.version = cases[i].version,
                                     .compression = cases[i].compression,
                                     .supported = cases[i].supported};
        struct server s;

        server_begin(&s, &o);
        assert_int_equal(cql_conn_pending(s.t.c).p[4], CQL_OPTIONS);
        assert_false(cql_conn_recalls(s.t.c));
        assert_false(cql_conn_supported_has(s.t.c, CQ_LIT("")));
        server_end(&s);
    }
}

static void test_choice(void **state)
{
    static const struct {
        const char *versions, *compressions;
        int wanted;
        enum cql_want lz4;
        int version, err;
        const char *compression;
    } cases[] = {
        {NULL, "snappy lz4", 0, CQL_AUTO, 4, 0, "lz4"},
        {NULL, "snappy", 0, CQL_AUTO, 4, 0, "none"},
        {NULL, "snappy lz4", 0, CQL_NO, 4, 0, "none"},
        {NULL, "", 0, CQL_YES, 0, CQ_ELZ4, "none"},
        {NULL, "lz4", 5, CQL_AUTO, 0, CQ_EVERSION, "lz4"},
        {VERSIONS_311, "lz4", 0, CQL_AUTO, 4, 0, "lz4"},
        {VERSIONS_311, "lz4", 5, CQL_AUTO, 0, CQ_EVERSION, "lz4"},
        {VERSIONS_40, "lz4", 0, CQL_AUTO, 5, 0, "lz4"},
        {VERSIONS_40, "lz4", 4, CQL_AUTO, 4, 0, "lz4"},
        {VERSIONS_40, "lz4", 5, CQL_NO, 5, 0, "none"},
        {"3/v3", "lz4", 0, CQL_NO, 0, CQ_EVERSION, "none"},
        {"5/v5", "", 0, CQL_AUTO, 5, 0, "none"},
        {"65/dse-v1 66/dse-v2 4/v4", "", 0, CQL_AUTO, 4, 0, "none"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cql_conn_options o = {.version = cases[i].wanted, .compression = cases[i].lz4};
        struct server s;
        cq_bytes startup;

        server_begin(&s, &o);
        talk_flush(&s.t);
        server_supported(&s, cases[i].versions, cases[i].compressions);
        startup = cql_conn_pending(s.t.c);
        assert_int_equal(cql_conn_version(s.t.c), cases[i].version);
        if (cases[i].err) {
            assert_failed(&s, cases[i].err, 0);
        } else {
            assert_int_equal(startup.p[0], cases[i].version);
            assert_string_equal(cql_conn_compression(s.t.c), cases[i].compression);
            assert_int_equal(contains(startup, "COMPRESSION"), cases[i].compression[0] == 'l');
        }
        server_end(&s);
    }
}

/* What comes to OPTIONS or STARTUP, in which header, on which stream; and what is made of it. */
static const struct {
    int wanted;
    const char *versions; /* NULL: the refusal answers OPTIONS */
    int header, stream, code;
    const char *text;
    int err, retry;
} refusals[] = {
    {0, VERSIONS_40, 4, 0, 0x0a,
     "Invalid or unsupported protocol version (5); highest supported is 4", CQ_EVERSION, 4},
    {0, VERSIONS_40, 4, 0, 0x0a,
     "Invalid or unsupported protocol version (5); the lowest supported version is 3 and the "
     "greatest is 4",
     CQ_EVERSION, 4},
    {0, VERSIONS_40, 5, 0, 0x0a,
     "Beta version of the protocol used (5/v5-beta), but USE_BETA flag is unset", CQ_EVERSION, 4},
    {0, VERSIONS_40, 4, 9, 0x0a,
     "Invalid message version. Got 5/v5 but previous messages on this connection had version "
     "4/v4",
     CQ_EVERSION, 4},
    {0, VERSIONS_40, 3, 0, 0x00, "Invalid or unsupported protocol version: 5", CQ_EVERSION, 4},
    {5, VERSIONS_40, 4, 0, 0x0a, "Invalid or unsupported protocol version (5)", CQ_EVERSION, 0},
    {0, NULL, 5, 0, 0x0a, "Rejecting Protocol Version 4/v4 < 5/v5.", CQ_EVERSION, 5},
    {4, NULL, 5, 0, 0x0a, "Rejecting Protocol Version 4/v4 < 5/v5.", CQ_EVERSION, 0},
    {0, NULL, 5, 0, 0x0a,
     "Invalid or unsupported protocol version (4); supported versions are (5/v5, 6/v6-beta)",
     CQ_EVERSION, 5},
    {0, NULL, 4, 0, 0x0a,
     "Invalid or unsupported protocol version (4); supported versions are (3/v3)", CQ_EVERSION, 0},
    {0, VERSIONS_311, 4, 0, 0x0a, "Missing value CQL_VERSION in STARTUP message", CQ_EPROTOCOL, 0},
    {0, VERSIONS_311, 4, 0, 0x0100, "Rejecting Protocol Version", CQ_EAUTH_FAILED, 0},
    {0, VERSIONS_311, 4, 0, 0x1001, "overloaded", CQ_EOVERLOADED, 0},
    {0, VERSIONS_311, 4, 0, 0x1002, "joining", CQ_EBOOTSTRAPPING, 0},
    {0, VERSIONS_311, 4, 0, 0x2100, "not you", CQ_EDENIED, 0},
    {0, VERSIONS_311, 4, 0, 0x0000, "boom", CQ_ESERVER_ERROR, 0},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct cql_conn_options o = {.version = refusals[i].wanted};
        struct server s;

        server_begin(&s, &o);
        if (refusals[i].versions) server_supported(&s, refusals[i].versions, "lz4");
        talk_flush(&s.t);
        server_error(&s, refusals[i].header, refusals[i].stream, refusals[i].code,
                     refusals[i].text);
        assert_failed(&s, refusals[i].err, refusals[i].retry);
        assert_int_equal(s.t.failed.code, refusals[i].code);
        assert_false(s.t.failed.retry_without_compression);
        assert_true(contains(s.t.failed.text, refusals[i].text));
        server_end(&s);
    }
}

static void test_compression_refused(void **state)
{
    struct server s;

    (void)state;
    server_begin(&s, NULL);
    server_supported(&s, NULL, "lz4");
    server_error(&s, 4, 0, 0, "Cql request had unsupported headers Compression");
    assert_failed(&s, CQ_ELZ4, 0);
    assert_true(s.t.failed.retry_without_compression);
    server_end(&s);
}

static void pass(struct server *s, bool is_v5)
{
    s->segmented = is_v5;
    assert_true(cql_conn_deadline(s->t.c) == CQ_NEVER); /* the owner's turn */
}

/* Memory that can be looked through: what is in use, and what went back, is never overwritten. */
struct watched {
    struct cq_mem mem;
    uint8_t room[1 << 16];
    size_t used;
    unsigned held; /* blocks */
};

static void *watched_resize(void *ctx, void *p, size_t n)
{
    struct watched *w = ctx;
    uint8_t *q = w->room + w->used;

    if (p) w->held--;
    if (n == 0) return NULL;
    n = (n + 15) & ~(size_t)15;
    assert_true(sizeof(w->room) - w->used >= n);
    w->used += n;
    w->held++;
    if (p) memmove(q, p, n < (size_t)(q - (uint8_t *)p) ? n : (size_t)(q - (uint8_t *)p));
    return q;
}

static void watched_begin(struct watched *w)
{
    memset(w, 0, sizeof(*w));
    w->mem = (struct cq_mem){watched_resize, w};
}

static bool holds_password(const struct watched *w)
{
    return memmem(w->room, w->used, "S3cret", 6) != NULL;
}

static void plain(struct cq_buf *token)
{
    cq_buf_init(token, &cq_mem_libc, 1024);
    assert_int_equal(cql_auth_plain(CQ_LIT("user"), CQ_LIT("S3cret"), token), 0);
    assert_true(cq_eq(cq_buf_view(token), CQ_LIT("\0user\0S3cret")));
}

static void check_login(int version, bool lz4)
{
    static struct watched any, secrets;
    struct cql_conn_options o = {.mem = &any.mem,
                                 .secrets = &secrets.mem,
                                 .compression = lz4 ? CQL_YES : CQL_NO,
                                 .request_timeout_ns = 1000};
    struct server s;
    struct cq_buf token;

    watched_begin(&any);
    watched_begin(&secrets);
    plain(&token);
    server_begin(&s, &o);
    server_supported(&s, version == 5 ? VERSIONS_40 : NULL, "lz4");
    talk_flush(&s.t);
    cq_buf_clear(&s.t.log);
    s.version = version;
    server_send(&s, 0, 0, 0, CQL_AUTHENTICATE,
                CQ_LIT("\0\x08"
                       "Password"));
    assert_log(&s, "1 stream 0 code -1 err 0 text Password bytes 0 body 0\n");
    assert_string_equal(cql_conn_authenticator(s.t.c), "Password");
    pass(&s, version == 5);
    s.lz4 = lz4;
    s.t.sent.n = 0;
    assert_int_equal(cql_conn_auth(s.t.c, CQ_NULL, 0), 0);
    assert_int_equal(cql_conn_auth(s.t.c, CQ_NULL, 0), CQ_EINVALID);
    talk_flush(&s.t);
    assert_true(contains(cq_buf_view(&s.t.sent), "\xff\xff\xff\xff"));
    server_send(&s, 0, 0, 0, CQL_AUTH_CHALLENGE,
                CQ_LIT("\0\0\0\x05"
                       "PLAIN"));
    assert_log(&s, "2 stream 0 code -1 err 0 text  bytes 5 body 0\n");
    s.t.sent.n = 0;
    assert_int_equal(cql_conn_auth(s.t.c, cq_buf_view(&token), 0), 0);
    talk_flush(&s.t);
    assert_true(memmem(s.t.sent.p, s.t.sent.n, "S3cret", 6) != NULL);
    assert_true(s.t.c->out.cap == 0 && s.t.c->batch.cap == 0);
    assert_true(holds_password(&secrets)); /* the look sees what there is */
    assert_int_equal(secrets.held, 0);
    assert_true(s.t.c->out.mem == &any.mem && s.t.c->batch.mem == &any.mem);
    server_send(&s, 0, 0, 0, CQL_AUTH_SUCCESS, CQ_LIT("\xff\xff\xff\xff"));
    assert_log(&s, "3 stream 0 code -1 err 0 text  bytes 0 body 0\n");
    assert_int_equal(cql_conn_counts(s.t.c).requests, 4);
    server_end(&s);
    assert_false(holds_password(&any));
    assert_int_equal(any.held, 0);
    cq_buf_fini(&token);
}

/* An answer before all of the question is sent; a connection that goes before its login is. */
static void test_login_waits(void **state)
{
    (void)state;
    for (int version = 4; version <= 5; version++) {
        static struct watched any, secrets;
        struct cql_conn_options o = {
            .mem = &any.mem, .secrets = &secrets.mem, .compression = CQL_NO};
        struct server s;
        cq_bytes before;
        char startup[8];

        watched_begin(&any);
        watched_begin(&secrets);
        server_begin(&s, &o);
        server_supported(&s, version == 5 ? VERSIONS_40 : NULL, "");
        s.version = version;
        server_send(&s, 0, 0, 0, CQL_AUTHENTICATE, CQ_LIT("\0\x01x"));
        before = cq_buf_view(&s.t.c->out);
        assert_true(before.n > 8); /* STARTUP */
        memcpy(startup, before.p, 8);
        assert_int_equal(cql_conn_auth(s.t.c, CQ_LIT("S3cret"), 0), 0);
        assert_memory_equal(cql_conn_pending(s.t.c).p, startup, 8);
        assert_true(cql_conn_pending(s.t.c).n > before.n);
        cql_conn_sent(s.t.c, 8);
        assert_int_equal(secrets.held, 1);
        server_end(&s);
        assert_int_equal(secrets.held, 0);
        assert_true(holds_password(&secrets));
        assert_false(holds_password(&any));
    }
}

static void test_login(void **state)
{
    (void)state;
    check_login(4, false);
    check_login(5, false);
    check_login(5, true);
}

static void test_login_refused(void **state)
{
    struct server s;
    struct cq_buf token;

    (void)state;
    for (int version = 4; version <= 5; version++) {
        server_begin(&s, NULL);
        server_supported(&s, version == 5 ? VERSIONS_40 : NULL, "");
        s.version = version;
        server_send(&s, 0, 0, 0, CQL_AUTHENTICATE, CQ_LIT("\0\x01x"));
        s.segmented = version == 5;
        assert_int_equal(cql_conn_auth(s.t.c, CQ_LIT("token"), 0), 0);
        server_error(&s, 0, 0, 0x0100, "Provided username x and/or password are incorrect");
        assert_failed(&s, CQ_EAUTH_FAILED, 0);
        server_end(&s);
    }
    cq_buf_init(&token, &cq_mem_libc, 100000);
    assert_int_equal(cql_auth_plain(CQ_LIT(""), CQ_LIT("x"), &token), CQ_EINVALID);
    assert_int_equal(cql_auth_plain(CQ_LIT("x"), CQ_LIT(""), &token), CQ_EINVALID);
    assert_int_equal(cql_auth_plain(CQ_LIT("x"), CQ_LIT("a\0b"), &token), CQ_EINVALID);
    assert_int_equal(cql_auth_plain(CQ_LIT("x\0"), CQ_LIT("a"), &token), CQ_EINVALID);
    assert_int_equal(token.n, 0);
    cq_buf_fini(&token);
}

/* Peers that are no CQL server: known by the first byte, however the bytes are cut. */
static void test_strangers(void **state)
{
    const struct {
        cq_bytes raw;
        int err;
    } cases[] = {
        {CQ_LIT("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), CQ_ENOT_CQL},
        {CQ_LIT("SSH-2.0-OpenSSH_9.2p1\r\n"), CQ_ENOT_CQL},
        {CQ_LIT("\x15\x03\x03\0\x02\x02\x46"), CQ_ETLS_EXPECTED},
        {CQ_LIT("\x15\x03\x01\0\x02\x02\x46"), CQ_ETLS_EXPECTED},
        {CQ_LIT("\x15\x02"), CQ_ENOT_CQL},
        {CQ_LIT("\x04\0\0\0\x05\0\0\0\0"), CQ_ENOT_CQL}, /* an echo */
        {CQ_LIT("\x84\0\0\0\x08\0\0\0\x04\0\0\0\x01"), CQ_ENOT_CQL},
        {CQ_LIT("\0\0\0\0\0\0\0\0\0"), CQ_ENOT_CQL},
        {CQ_LIT("\xff"), CQ_ENOT_CQL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t cut = 1; cut <= cases[i].raw.n; cut++) {
            struct server s;

            server_begin(&s, NULL);
            talk_feed(&s.t, (cq_bytes){cases[i].raw.p, cut});
            talk_feed(&s.t, (cq_bytes){cases[i].raw.p + cut, cases[i].raw.n - cut});
            assert_failed(&s, cases[i].err, 0);
            server_end(&s);
        }
    }
    struct server s;

    server_begin(&s, NULL);
    talk_feed(&s.t, cases[0].raw);
    assert_true(contains(s.t.failed.text, "48 54 54 50"));
    assert_true(contains(s.t.failed.text, "HTTP/1.1 400"));
    server_end(&s);
    server_begin(&s, NULL);
    talk_feed(&s.t, CQ_LIT("\x15")); /* half an alert, then nothing */
    assert_false(s.t.is_failed);
    cql_conn_end(s.t.c, CQ_ERESET);
    talk_pull(&s.t);
    assert_failed(&s, CQ_ENOT_CQL, 0);
    server_end(&s);
}

static void test_startup_out_of_step(void **state)
{
    static const struct {
        int opcode, stream, version, err;
    } cases[] = {
        {CQL_READY, 1, 4, CQ_ESTREAM},          {CQL_READY, 0, 5, CQ_EPROTOCOL},
        {CQL_SUPPORTED, 0, 4, CQ_EPROTOCOL},    {CQL_RESULT, 0, 4, CQ_EPROTOCOL},
        {CQL_AUTH_SUCCESS, 0, 4, CQ_EPROTOCOL}, {CQL_QUERY, 0, 4, CQ_EPROTOCOL},
        {CQL_EVENT, 0, 4, CQ_ESTREAM},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct server s;

        server_begin(&s, NULL);
        server_supported(&s, NULL, "");
        server_send(&s, cases[i].version, 0, cases[i].stream, cases[i].opcode,
                    CQ_LIT("\0\0\0\x01"));
        assert_failed(&s, cases[i].err, 0);
        server_end(&s);
    }
}

static void test_broken_bodies(void **state)
{
    struct server s;

    (void)state;
    server_begin(&s, NULL);
    server_send(&s, 0, 0, 0, CQL_SUPPORTED, CQ_LIT("\0\x01\0\x05key"));
    assert_failed(&s, CQ_EPROTOCOL, 0);
    server_end(&s);
    server_begin(&s, NULL);
    server_supported(&s, NULL, "");
    server_send(&s, 0, 0, 0, CQL_AUTHENTICATE, CQ_LIT(""));
    assert_failed(&s, CQ_EPROTOCOL, 0);
    server_end(&s);
    server_begin(&s, NULL);
    server_supported(&s, NULL, "");
    server_send(&s, 0, CQL_FLAG_WARNING, 0, CQL_READY, CQ_LIT("\0\x01"));
    assert_failed(&s, CQ_EPROTOCOL, 0);
    server_end(&s);
    server_begin(&s, NULL);
    talk_feed(&s.t, CQ_LIT("\x84\0\0\0\x06\0\x01\0\x01")); /* SUPPORTED of 65,537 bytes */
    assert_failed(&s, CQ_ETOO_LARGE, 0);
    server_end(&s);
    server_begin(&s, NULL);
    talk_feed(&s.t, CQ_LIT("\x84\x01\0\0\x06\0\0\0\x01")); /* compressed, never negotiated */
    assert_failed(&s, CQ_EPROTOCOL, 0);
    server_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v4_plain),
        cmocka_unit_test(test_recalled),
        cmocka_unit_test(test_not_recalled),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_compression_refused),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_login_waits),
        cmocka_unit_test(test_login_refused),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_startup_out_of_step),
        cmocka_unit_test(test_broken_bodies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
