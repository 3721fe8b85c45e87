/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handshakes of the simulated connection in virtual time: every release's way of refusing versions,
 * of answering mistakes before and after READY, and of judging passwords. All texts, streams and
 * closes were measured on 3.0.31, 3.11.19, 4.0.19, 4.1.10 and 5.0.9.
 */
#include "client.h"

static const struct cqsim_slice none = {NULL, 0};

static void handshakes(void **state)
{
    (void)state;
    static const struct {
        const char *release;
        unsigned version;
        const char *compression;
    } all[] = {{"3.0", 4, NULL}, {"3.11", 4, "lz4"}, {"4.0", 5, "lz4"},
               {"4.1", 5, NULL}, {"5.0", 3, NULL},   {"5.0", 5, "LZ4"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct one o;
        struct cqsim_envelope e;
        struct cqsim_buf body = {0};
        sim_open(&o, all[i].release, NULL);
        sim_send(&o, CQSIM_OP_OPTIONS, 0, none);
        sim_drain(&o, 0);
        assert_true(sim_take(&o, &e, &body));
        assert_int_equal(e.opcode, CQSIM_OP_SUPPORTED);
        sim_start(&o, all[i].version, all[i].compression);
        sim_ask(&o, 9, "SELECT release_version FROM system.local WHERE key='local'", 0, none);
        sim_drain(&o, 0);
        assert_true(sim_take(&o, &e, &body));
        assert_int_equal(e.stream, 9);
        struct page_head h = sim_read_head(e.body);
        assert_int_equal(h.n_rows, 1);
        assert_true(cqsim_starts(cqsim_get_bytes(&h.rows), all[i].release));
        assert_int_equal(o.conn->counts.waits, 3);
        cqsim_buf_fini(&body);
        sim_close(&o);
    }
}

/* Sent twice: no release closes, and how they go on was measured. */
static void check_refusal(const char *release, unsigned version, unsigned expected_version,
                          unsigned expected_flags, const char *text)
{
    struct one o;
    struct cqsim_buf b = {0};
    unsigned stream = strcmp(release, "5.0") == 0 ? 77 : 0;
    sim_open(&o, release, NULL);
    sim_startup_body(&b, NULL);
    o.version = version;
    for (unsigned again = 0; again < 2; again++) {
        sim_send(&o, CQSIM_OP_STARTUP, 77, cqsim_buf_slice(&b));
        sim_drain(&o, 0);
        assert_int_equal(cqsim_buf_head(&o.raw)[0], 0x80 | expected_version);
        assert_int_equal(cqsim_buf_head(&o.raw)[1], expected_flags);
        assert_int_equal(cqsim_buf_head(&o.raw)[3], stream);
        sim_check_error(&o, 0x000a, text);
        assert_int_equal(cqsim_conn_end(o.conn), CQSIM_OPEN);
    }
    o.version = 4;
    sim_send(&o, CQSIM_OP_OPTIONS, 1, none);
    sim_drain(&o, 0);
    bool forgets = strcmp(release, "4.0") > 0;
    assert_int_equal(cqsim_buf_head(&o.raw)[4], forgets ? CQSIM_OP_SUPPORTED : CQSIM_OP_ERROR);
    cqsim_buf_fini(&b);
    sim_close(&o);
}

static void refused_versions(void **state)
{
    (void)state;
    static const char three[] = "supported versions are (3/v3, 4/v4, 5/v5, 6/v6-beta)";
    char text[256];
    check_refusal("3.0", 5, 4, 0,
                  "Invalid or unsupported protocol version (5); the lowest supported version is 3 "
                  "and the greatest is 4");
    check_refusal("3.11", 5, 5, 0x10,
                  "Beta version of the protocol used (5/v5-beta), but USE_BETA flag is unset");
    check_refusal("3.11", 9, 5, 0x10,
                  "Invalid or unsupported protocol version (9); supported versions are (3/v3, "
                  "4/v4, 5/v5-beta)");
    snprintf(text, sizeof text, "Invalid or unsupported protocol version (65); %s", three);
    check_refusal("4.0", 65, 5, 0, text);
    check_refusal("4.1", 65, 5, 0, text);
    check_refusal("5.0", 65, 5, 0, text);
    check_refusal("5.0", 6, 6, 0x10,
                  "Beta version of the protocol used (6/v6-beta), but USE_BETA flag is unset");
    snprintf(text, sizeof text, "Invalid or unsupported protocol version (22); %s", three);
    check_refusal("5.0", 22, 5, 0, text);
}

static void old_header(void **state)
{
    (void)state;
    struct one o;
    sim_open(&o, "4.0", NULL);
    const uint8_t options_v1[8] = {1, 0, 0, 5, 0, 0, 0, 0};
    cqsim_conn_feed(o.conn, (struct cqsim_slice){options_v1, 8}, 0);
    sim_drain(&o, 0);
    struct cqsim_reader r = cqsim_reader(cqsim_buf_slice(&o.raw));
    assert_int_equal(cqsim_get_u8(&r), 0x81);
    cqsim_get_u16(&r);
    assert_int_equal(cqsim_get_u8(&r), CQSIM_OP_ERROR);
    uint32_t length = cqsim_get_u32(&r);
    assert_int_equal(length, cqsim_left(&r));
    sim_close(&o);
    sim_open(&o, "5.0", NULL);
    cqsim_conn_feed(o.conn, (struct cqsim_slice){options_v1, 8}, 0);
    assert_int_equal(cqsim_conn_pending(o.conn, 0).n, 0);
    assert_int_equal(cqsim_conn_end(o.conn), CQSIM_RESET);
    sim_close(&o);
}

/* An error to the one request of a new connection; its stream, and whether a reset follows. */
static void check_mistake(const char *release, unsigned version, unsigned opcode,
                          struct cqsim_slice body, const char *text, unsigned stream, bool reset)
{
    struct one o;
    sim_open(&o, release, NULL);
    o.version = version;
    sim_send(&o, opcode, 9, body);
    sim_drain(&o, 0);
    assert_int_equal(cqsim_buf_head(&o.raw)[3], stream);
    sim_check_error(&o, 0x000a, text);
    assert_int_equal(cqsim_conn_end(o.conn), reset ? CQSIM_RESET : CQSIM_OPEN);
    sim_close(&o);
}

static void startup_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *release;
        unsigned early, startup; /* streams of the errors */
        bool reset;
    } all[] = {{"3.0", 9, 9, false},
               {"3.11", 9, 9, false},
               {"4.0", 0, 0, false},
               {"4.1", 0, 9, false},
               {"5.0", 9, 9, true}};
    struct cqsim_buf b = {0};
    sim_startup_body(&b, "zip");
    for (size_t i = 0; i < 5; i++) {
        check_mistake(all[i].release, 4, CQSIM_OP_QUERY, none,
                      "Unexpected message QUERY, expecting STARTUP or OPTIONS", all[i].early,
                      all[i].reset);
        check_mistake(all[i].release, 4, CQSIM_OP_STARTUP, cqsim_buf_slice(&b),
                      "Unknown compression algorithm: zip", all[i].startup, false);
    }
    cqsim_buf_clear(&b);
    cqsim_put_u16(&b, 0);
    check_mistake("5.0", 4, CQSIM_OP_STARTUP, cqsim_buf_slice(&b),
                  "Missing value CQL_VERSION in STARTUP message", 9, false);
    cqsim_buf_clear(&b);
    sim_startup_body(&b, "snappy");
    check_mistake("4.1", 5, CQSIM_OP_STARTUP, cqsim_buf_slice(&b),
                  "Snappy compression is not supported in protocol V5", 9, false);
    cqsim_buf_fini(&b);
}

static void mistakes_when_ready(void **state)
{
    (void)state;
    static const struct {
        unsigned version, opcode;
        const char *text;
    } all[] = {
        {3, CQSIM_OP_OPTIONS,
         "Invalid message version. Got 3/v3 but previous messages on this connection had version "
         "4/v4"},
        {4, CQSIM_OP_STARTUP, "Unexpected message STARTUP, the connection is already initialized"},
        {4, 0x20, "Unknown opcode 32"},
        {4, CQSIM_OP_READY,
         "Wrong protocol direction (expected RESPONSE, got REQUEST) for opcode 2 (READY)"},
        {4, CQSIM_OP_QUERY,
         "Not enough bytes to read an UTF8 serialized string preceded by its 4 bytes length"},
    };
    struct one o;
    sim_open(&o, "5.0", NULL);
    sim_start(&o, 4, NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        o.version = all[i].version;
        sim_send(&o, all[i].opcode, 6, none);
        sim_check_error(&o, 0x000a, all[i].text);
    }
    sim_close(&o);
    sim_open(&o, "5.0", NULL);
    o.config.min_protocol = 5;
    sim_send(&o, CQSIM_OP_OPTIONS, 1, none);
    sim_check_error(&o, 0x000a, "Rejecting Protocol Version 4/v4 < 5/v5.");
    sim_start(&o, 5, NULL);
    o.config.min_protocol = 0;
    o.version = 4;
    sim_send(&o, CQSIM_OP_OPTIONS, 1, none);
    sim_check_error(&o, 0x000a,
                    "Invalid message version. Got 4/v4 but previousmessages on this "
                    "connection had version 5/v5");
    sim_close(&o);
}

static void send_token(struct one *o, const char *token, size_t n)
{
    struct cqsim_buf b = {0};
    cqsim_put_bytes(&b, (struct cqsim_slice){(const uint8_t *)token, n});
    sim_send(o, CQSIM_OP_AUTH_RESPONSE, 2, cqsim_buf_slice(&b));
    cqsim_buf_fini(&b);
}

static void login(void **state)
{
    (void)state;
    for (unsigned version = 4; version <= 5; version++) {
        struct one o;
        struct cqsim_envelope e;
        struct cqsim_buf b = {0}, body = {0};
        sim_open(&o, "5.0", NULL);
        o.config.auth = CQSIM_AUTH_PASSWORD;
        cqsim_copy_text(o.config.password, sizeof o.config.password, cqsim_text("secret"));
        sim_startup_body(&b, "lz4");
        o.version = version;
        sim_send(&o, CQSIM_OP_STARTUP, 1, cqsim_buf_slice(&b));
        sim_drain(&o, 0);
        assert_true(sim_take(&o, &e, &body));
        assert_int_equal(e.opcode, CQSIM_OP_AUTHENTICATE);
        assert_int_equal(e.body.n, 2 + strlen("org.example.Auth"));
        o.segments = version >= 5;
        send_token(&o, "\0bob\0wrong", 10);
        sim_check_error(&o, 0x0100, "Provided username bob and/or password are incorrect");
        sim_ask(&o, 3, "select * from system.local", 0, none);
        sim_check_error(&o, 0x000a, "Unexpected message QUERY, expecting SASL_RESPONSE");
        sim_send(&o, CQSIM_OP_OPTIONS, 3, none);
        sim_check_error(&o, 0x000a, "Unexpected message OPTIONS, expecting SASL_RESPONSE");
        send_token(&o, "", 0);
        sim_check_error(&o, 0x0100, "Password must not be null");
        send_token(&o, "\0bob\0secret", 11);
        sim_drain(&o, 0);
        assert_true(sim_take(&o, &e, &body));
        assert_int_equal(e.opcode, CQSIM_OP_AUTH_SUCCESS);
        assert_int_equal(e.body.n, 4);
        assert_memory_equal(e.body.p, "\xff\xff\xff\xff", 4);
        cqsim_buf_fini(&b);
        cqsim_buf_fini(&body);
        sim_close(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes),          cmocka_unit_test(refused_versions),
        cmocka_unit_test(old_header),          cmocka_unit_test(startup_mistakes),
        cmocka_unit_test(mistakes_when_ready), cmocka_unit_test(login),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
