/* SPDX-License-Identifier: Apache-2.0 */
/* The small parts of a sink: what Retry-After says, jitter, what statuses mean, keys, compression,
 * whose memory is filled next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "base/bounds.h"
#include "sink/receiver.h"
#include "sink/retry.h"
#include "sink/sink.h"

/* 2026-11-21T04:40:00Z */
static const int64_t wall = 1795236000000;

static void retry_after(void **state)
{
    static const struct {
        const char *text;
        uint64_t seconds;
    } cases[] = {
        {"0", 0},
        {"7", 7},
        {" 7 ", 7},
        {"900", 900},
        {"901", 900}, /* the cap */
        {"99999999999999999999999", 900},
        {"7 apples", 0},
        {"-7", 0},
        {"", 0},
        {"soon", 0},
        {"Sat, 21 Nov 2026 04:40:30 GMT", 30},
        {"Saturday, 21-Nov-26 04:40:30 GMT", 30},
        {"Sat Nov 21 04:40:30 2026", 30},
        {"Sat, 21 Nov 2026 04:39:59 GMT", 0}, /* past */
        {"Tue, 01 Dec 2026 04:40:00 GMT", 900},
        {"Sat, 21 Nov 2026 05:40:00 GMT", 900},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Sat, 21 Nix 2026 04:40:30 GMT", 0},
        {"Sat, 21 Nov 2026 24:40:30 GMT", 0},
        {"Sat, 00 Nov 2026 04:40:30 GMT", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint64_t got = cq_sink_retry_after(cases[i].text, wall);

        if (got != CQ_SEC(cases[i].seconds))
            fail_msg("%s: %llu", cases[i].text, (unsigned long long)got);
    }
    assert_int_equal(cq_sink_retry_after(NULL, wall), 0);
    /* the last day of February, and the day after it */
    assert_int_equal(cq_sink_retry_after("Thu, 29 Feb 2024 00:00:10 GMT", 1709164800000),
                     CQ_SEC(10));
    assert_int_equal(cq_sink_retry_after("Fri, 01 Mar 2024 00:00:00 GMT", 1709251190000),
                     CQ_SEC(10));
}

static void jitter(void **state)
{
    struct cq_rand seed = {1};
    uint64_t most = 0;

    (void)state;
    for (unsigned level = 1; level < 80; level++) {
        uint64_t cap = level > 8 ? CQ_SEC(30) : CQ_MS(200) << (level - 1);

        if (cap > CQ_SEC(30)) cap = CQ_SEC(30);
        for (int i = 0; i < 200; i++) {
            uint64_t t = cq_sink_jitter(&seed, level, CQ_MS(200), CQ_SEC(30));

            assert_true(t <= cap);
            if (level == 4 && t > most) most = t;
            t = cq_sink_pause(&seed, level, CQ_MS(200), CQ_SEC(30));
            assert_true(t >= cap / 2 && t <= cap);
        }
    }
    assert_true(most > CQ_MS(1400)); /* the whole width of 1.6 s is used */
}

static void statuses(void **state)
{
    static const struct {
        enum cq_received want;
        int status[24];
    } rows[] = {
        {CQ_RECEIVED_ACCEPTED, {200, 201, 202, 204}},
        {CQ_RECEIVED_RETRY, {408, 409, 425, 429, 500, 502, 503, 504, 507, 599}},
        {CQ_RECEIVED_TOO_LARGE, {413}},
        {CQ_RECEIVED_REFUSED, {400, 406, 411, 412, 418, 422, 451}},
        {CQ_RECEIVED_PARK, {100, 203, 205, 206, 207, 300, 301, 302, 304, 307, 308, 401,
                            402, 403, 404, 405, 407, 410, 415, 426, 431, 501, 505, 600}},
    };

    (void)state;
    for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
        for (size_t i = 0; i < 24 && rows[r].status[i]; i++) {
            int status = rows[r].status[i];

            if (cq_receiver_outcome(status, CQ_ENCODING_IDENTITY) != rows[r].want)
                fail_msg("status %d", status);
        }
    }
    assert_int_equal(cq_receiver_outcome(415, CQ_ENCODING_ZSTD), CQ_RECEIVED_PLAIN);
}

static void keys(void **state)
{
    struct cq_receiver_head a, b;
    uint64_t seed = cq_receiver_seed("http://127.0.0.1/a", 7);
    uint64_t other = cq_receiver_seed("http://127.0.0.1/b", 7);

    (void)state;
    cq_receiver_head(&a, 1, CQ_ENCODING_IDENTITY, seed, false);
    cq_receiver_head(&b, 1, CQ_ENCODING_IDENTITY, seed, false);
    assert_string_equal(a.key, b.key);
    assert_int_equal(strlen(a.key), strlen("Idempotency-Key: \"\"") + CQ_KEY_HEX);
    assert_int_equal(a.n, 2);
    cq_receiver_head(&b, 2, CQ_ENCODING_IDENTITY, seed, false);
    assert_string_not_equal(a.key, b.key);
    cq_receiver_head(&b, 1, CQ_ENCODING_IDENTITY, other, false);
    assert_string_not_equal(a.key, b.key);
    cq_receiver_head(&b, 3, CQ_ENCODING_ZSTD, seed, false);
    assert_string_equal(b.lines[2], "Content-Encoding: zstd");
    cq_receiver_head(&b, 1, CQ_ENCODING_GZIP, seed, true);
    assert_null(strchr(b.key, '"'));
    assert_string_equal(b.lines[2], "Content-Encoding: gzip");
}

static void encode(struct cq_encoder *e, cq_bytes in, struct cq_buf *out, int steps)
{
    int n = 0, rc;

    cq_encoder_begin(e, in, out);
    while ((rc = cq_encoder_step(e)) == 0)
        n++;
    assert_int_equal(rc, 1);
    assert_int_equal(n + 1, steps);
}

static void unpack(enum cq_encoding encoding, cq_bytes packed, uint8_t *to, size_t n)
{
    if (encoding == CQ_ENCODING_ZSTD) {
        assert_int_equal(ZSTD_decompress(to, n, packed.p, packed.n), n);
    } else {
        z_stream z = {0};

        assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
        z.next_in = (uint8_t *)(uintptr_t)packed.p;
        z.avail_in = (unsigned)packed.n;
        z.next_out = to;
        z.avail_out = (unsigned)n + 1;
        assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
        assert_int_equal(z.total_out, n);
        (void)inflateEnd(&z);
    }
}

/* Sizes around the steps; one encoder for all, also after one that was given up. */
static void compression(void **state)
{
    static const size_t sizes[] = {1, 1000, CQ_ENCODE_STEP, CQ_ENCODE_STEP + 1, 1000000};
    uint8_t *text = malloc(1000001), *back = malloc(1000001);
    struct cq_buf out;

    (void)state;
    for (size_t i = 0; i < 1000001; i++)
        text[i] = (uint8_t)('a' + (i * i / 100 + i / 7) % 26);
    cq_buf_init(&out, &cq_mem_libc, CQ_MIB(4));
    for (enum cq_encoding k = CQ_ENCODING_GZIP; k <= CQ_ENCODING_ZSTD; k++) {
        struct cq_encoder *e;

        assert_int_equal(cq_encoder_new(&e, &cq_mem_libc, k), 0);
        cq_encoder_begin(e, (cq_bytes){text, 1000000}, &out);
        assert_int_equal(cq_encoder_step(e), 0);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
            int steps = (int)((sizes[i] + CQ_ENCODE_STEP - 1) / CQ_ENCODE_STEP);

            encode(e, (cq_bytes){text, sizes[i]}, &out, steps);
            unpack(k, cq_buf_view(&out), back, sizes[i]);
            assert_memory_equal(text, back, sizes[i]);
        }
        cq_encoder_free(e);
    }
    cq_buf_fini(&out);
    free(text);
    free(back);
}

/* Sends what waits; the request's body. */
static cq_bytes send_one(struct cq_sink *s, unsigned lane)
{
    struct cq_sink_send send;

    assert_int_equal(cq_sink_next(s, 1, &send), CQ_SINK_SEND);
    assert_int_equal(send.lane, lane);
    return send.request.body;
}

static void accept_it(struct cq_sink *s, unsigned lane)
{
    struct cq_http_response r = {.status = 200, .text = ""};
    struct cq_sink_letter letter;

    assert_false(cq_sink_answer(s, lane, &r, false, (struct cq_sink_now){1, wall}, &letter));
}

/* Lane after lane is filled in the memory that was sent last, never in what is under way. */
static void warm_memory(void **state)
{
    struct cq_sink_config o = {.mem = &cq_mem_libc,
                               .url = "http://x/",
                               .lanes = 2,
                               .batch_records = 10,
                               .batch_bytes = CQ_MIN_BATCH_BYTES,
                               .batch_age_ns = CQ_SEC(1),
                               .seed = 1};
    struct cq_sink s;
    struct cq_sink_client c[2];
    cq_bytes body[3];

    (void)state;
    cq_sink_init(&s, &o);
    assert_int_equal(cq_sink_begin(&s, CQ_MIB(1)), 0);
    cq_sink_hurry(&s, true);
    for (unsigned i = 0; i < 2; i++) {
        cq_sink_client_init(&c[i], &s, NULL, cq_str("a"));
        c[i].lane = i;
        assert_int_equal(cq_sink_offer(&s, &c[i], cq_str(i ? "1\n" : "0\n"), 1), CQ_OFFER_TAKEN);
        body[i] = send_one(&s, i);
        accept_it(&s, i);
    }
    assert_ptr_equal(body[1].p, body[0].p);
    for (unsigned i = 0; i < 2; i++) { /* at the same time */
        assert_int_equal(cq_sink_offer(&s, &c[i], cq_str(i ? "3\n" : "2\n"), 1), CQ_OFFER_TAKEN);
        body[i] = send_one(&s, i);
    }
    assert_int_equal(cq_sink_offer(&s, &c[0], cq_str("4\n"), 1), CQ_OFFER_TAKEN);
    assert_memory_equal(body[0].p, "2\n", 2);
    assert_memory_equal(body[1].p, "3\n", 2);
    accept_it(&s, 1);
    accept_it(&s, 0);
    body[2] = send_one(&s, 0);
    assert_memory_equal(body[2].p, "4\n", 2);
    accept_it(&s, 0);
    cq_sink_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after), cmocka_unit_test(jitter),      cmocka_unit_test(statuses),
        cmocka_unit_test(keys),        cmocka_unit_test(compression), cmocka_unit_test(warm_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
