/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checksums and segments against known values (reference: computed from the parameters of v5.spec
 * 2.2; captured bytes are in test_conn_replay.c and in the vectors), every damaged bit, every size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/err.h"
#include "proto/crc.h"
#include "proto/envelope.h"
#include "proto/lz4.h"
#include "proto/request.h"
#include "proto/segment.h"
#include "unit/proto/talk.h"

static void test_crc(void **state)
{
    static const uint8_t options[] = {5, 0, 0, 0, 5, 0, 0, 0, 0};
    uint8_t raw[300];

    (void)state;
    assert_int_equal(cql_crc32((const uint8_t *)"123456789", 9), 0xe2a261a7);
    assert_int_equal(cql_crc32(options, sizeof(options)), 0x4d288610);
    assert_int_equal(cql_crc24((const uint8_t *)"\x00\x00\x02", 3), 0xc4366a);
    /* bit by bit, every length and so every alignment of the eight tables */
    for (size_t n = 0; n < sizeof(raw); n++) {
        static const uint8_t seed[4] = {0xfa, 0x2d, 0x55, 0xca};
        uint32_t crc = UINT32_MAX;

        if (n) raw[n - 1] = (uint8_t)(n * 167 + 13);
        for (size_t i = 0; i < n + 4; i++) {
            crc ^= i < 4 ? seed[i] : raw[i - 4];
            for (int k = 0; k < 8; k++)
                crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
        }
        assert_int_equal(cql_crc32(raw, n), ~crc);
    }
}

/* The processor's way and the tables, at every length and alignment around their borders; bytes
 * outside are not read (the sanitizer sees them). */
static void test_both_ways(void **state)
{
    enum { LONGEST = 1100, OFFSETS = 17, LARGE = CQ_MAX_SEGMENT_PAYLOAD };
    uint8_t *large = malloc(LARGE);

    (void)state;
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (uint8_t)(i * i * 31 + i / 253);
    for (size_t n = 0; n <= LONGEST; n++) {
        for (size_t at = 0; at < OFFSETS; at++) {
            uint8_t *exact = malloc(at + n + 1);

            memcpy(exact + 1 + at, large + at, n);
            assert_int_equal(cql_crc32(exact + 1 + at, n), cql_crc32_by_tables(large + at, n));
            free(exact);
        }
    }
    assert_int_equal(cql_crc32(large, LARGE), cql_crc32_by_tables(large, LARGE));
    free(large);
}

static void test_headers(void **state)
{
    const struct {
        cq_bytes raw;
        bool lz4;
        struct cql_segment want;
    } cases[] = {
        {CQ_LIT("\x00\x00\x02\x6a\x36\xc4"), false, {6, 0, 0, true, true}},
        {CQ_LIT("\x09\x00\x02\xa4\xc8\xc1"), false, {6, 9, 9, true, true}},
        {CQ_LIT("\xff\xff\x01\x38\x91\xfe"), false, {6, 131071, 131071, true, false}},
        {CQ_LIT("\x14\x00\x50\x00\x04\x5b\x21\xfa"), true, {8, 20, 40, false, true}},
        {CQ_LIT("\x0d\x00\x00\x00\x04\x20\xb6\x9c"), true, {8, 13, 13, true, true}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct guard g = guard_of(cases[i].raw);
        struct cql_segment s;

        assert_int_equal(cql_segment_read(&s, g.b.p, cases[i].lz4), 0);
        assert_int_equal(s.header, cases[i].want.header);
        assert_int_equal(s.wire, cases[i].want.wire);
        assert_int_equal(s.plain, cases[i].want.plain);
        assert_int_equal(s.stored, cases[i].want.stored);
        assert_int_equal(s.self_contained, cases[i].want.self_contained);
        for (size_t bit = 0; bit < 8 * g.b.n; bit++) {
            g.map[(size_t)(g.b.p - g.map) + bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(cql_segment_read(&s, g.b.p, cases[i].lz4), CQ_ECRC);
            g.map[(size_t)(g.b.p - g.map) + bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        guard_free(&g);
    }
}

static void assert_round_trip(size_t n, bool lz4, bool pack, uint8_t *payload)
{
    struct cq_buf out;
    struct cql_segment s;
    uint8_t *plain = malloc(n + 1);

    cq_buf_init(&out, &cq_mem_libc, CQ_MIB(1));
    cql_segment_put(&out, (cq_bytes){payload, n}, n % 2, lz4, pack);
    assert_int_equal(out.err, 0);
    assert_int_equal(cql_segment_read(&s, out.p, lz4), 0);
    assert_int_equal(cql_segment_bytes(&s), out.n);
    assert_int_equal(cql_segment_check(&s, out.p), 0);
    assert_int_equal(s.self_contained, n % 2);
    assert_int_equal(s.plain, n);
    if (!lz4 || !pack) assert_true(s.stored);
    if (s.stored)
        memcpy(plain, out.p + s.header, n);
    else
        assert_int_equal(cql_lz4_unpack((cq_bytes){out.p + s.header, s.wire}, plain, n), 0);
    assert_memory_equal(plain, payload, n);
    if (n) {
        out.p[out.n - 1 - n % out.n] ^= 0x10;
        assert_true(cql_segment_read(&s, out.p, lz4) || cql_segment_check(&s, out.p));
    }
    cq_buf_fini(&out);
    free(plain);
}

static void test_round_trips(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 9, 100, 4096, 65536, 131054, 131060, 131070, 131071};
    uint8_t *payload = malloc(CQ_MAX_SEGMENT_PAYLOAD);

    (void)state;
    for (int noise = 0; noise < 2; noise++) {
        for (uint32_t i = 0, x = 1; i < CQ_MAX_SEGMENT_PAYLOAD; i++, x = x * 1664525 + 1013904223)
            payload[i] = noise ? (uint8_t)(x >> 24) : (uint8_t)(i / 100);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            assert_round_trip(sizes[i], false, false, payload);
            assert_round_trip(sizes[i], true, false, payload);
            assert_round_trip(sizes[i], true, true, payload);
        }
    }
    free(payload);
}

/* As few segments as fit: 17 statements in one, 300 KB of them in three, a giant in slices. */
static void test_packing(void **state)
{
    struct cq_buf envelopes, out;
    struct cql_segment s;
    struct cql_query q = {.text = CQ_LIT("SELECT * FROM system_schema.tables"), .consistency = 1};
    uint8_t *large = calloc(1, 300000);
    size_t at = 0, count = 0;

    (void)state;
    cq_buf_init(&envelopes, &cq_mem_libc, CQ_MIB(4));
    cq_buf_init(&out, &cq_mem_libc, CQ_MIB(4));
    for (int i = 0; i < 17; i++)
        cql_put_query(&envelopes, 5, i, &q);
    assert_int_equal(cql_segments_put(&out, cq_buf_view(&envelopes), false, false), 0);
    assert_int_equal(out.n, envelopes.n + 10);
    cq_buf_clear(&out);
    while (envelopes.n < 300000)
        cql_put_query(&envelopes, 5, 1, &q);
    cql_put_auth_response(&envelopes, 5, 1, (cq_bytes){large, 300000});
    assert_int_equal(cql_segments_put(&out, cq_buf_view(&envelopes), false, false), 0);
    for (; at < out.n; at += cql_segment_bytes(&s), count++) {
        assert_int_equal(cql_segment_read(&s, out.p + at, false), 0);
        assert_int_equal(cql_segment_check(&s, out.p + at), 0);
        assert_int_equal(s.self_contained, count < 3);
    }
    assert_int_equal(count, 3 + 3);
    assert_int_equal(out.n, envelopes.n + 6 * 10);
    assert_int_equal(cql_segments_put(&out, (cq_bytes){envelopes.p, 30}, false, false),
                     CQ_EINVALID);
    cq_buf_fini(&envelopes);
    cq_buf_fini(&out);
    free(large);
}

static void test_lz4(void **state)
{
    static const uint8_t empty[] = {0};
    cq_bytes block;
    uint8_t out[8];
    size_t n;

    (void)state;
    assert_int_equal(cql_lz4_body(CQ_LIT("\0\0\0\0\0"), &n, &block), 0);
    assert_int_equal(n, 0);
    assert_int_equal(cql_lz4_unpack(block, out, n), 0);
    assert_int_equal(cql_lz4_unpack((cq_bytes){empty, 0}, out, 0), 0);
    assert_int_equal(cql_lz4_unpack(CQ_LIT("xy"), out, 0), CQ_ELZ4);
    assert_int_equal(cql_lz4_body(CQ_LIT("\0\0\0"), &n, &block), CQ_ELZ4);
    assert_int_equal(cql_lz4_body(CQ_LIT("\x7f\xff\xff\xff\x10\x41"), &n, &block), CQ_ELZ4);
    assert_int_equal(cql_lz4_body(CQ_LIT("\0\x10\0\0\x10\x41"), &n, &block), CQ_ELZ4);
    assert_int_equal(cql_lz4_unpack(CQ_LIT("\x10\x41"), out, 1), 0);
    assert_int_equal(out[0], 'A');
    assert_int_equal(cql_lz4_unpack(CQ_LIT("\x10\x41"), out, 2), CQ_ELZ4);
    assert_int_equal(cql_lz4_unpack(CQ_LIT("\x20\x41\x42"), out, 1), CQ_ELZ4);
}

static void test_envelope_header(void **state)
{
    const struct {
        cq_bytes raw;
        int err;
    } cases[] = {
        {CQ_LIT("\x84\0\0\x01\x08\0\0\0\x04"), 0},
        {CQ_LIT("\x85\0\0\x01\x08\0\0\0\x04"), CQ_EPROTOCOL}, /* another version */
        {CQ_LIT("\x04\0\0\x01\x08\0\0\0\x04"), CQ_EPROTOCOL}, /* a request */
        {CQ_LIT("\x84\0\0\x01\x07\0\0\0\x04"), CQ_EPROTOCOL}, /* QUERY is no answer */
        {CQ_LIT("\x84\0\0\x01\x55\0\0\0\x04"), CQ_EPROTOCOL}, /* no opcode at all */
        {CQ_LIT("\x84\0\0\x01\x08\x10\0\0\0"), 0},
        {CQ_LIT("\x84\0\0\x01\x08\x10\0\0\x01"), CQ_ETOO_LARGE},
        {CQ_LIT("\x84\0\0\x01\x08\xff\xff\xff\xff"), CQ_ETOO_LARGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct guard g = guard_of(cases[i].raw);
        struct cql_header h = cql_header_read(g.b.p);

        assert_int_equal(cql_header_check(&h, 4), cases[i].err);
        guard_free(&g);
    }
    assert_int_equal(cql_header_read((const uint8_t *)"\x84\0\xff\xff\x0c\0\0\0\0").stream, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc),
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_packing),
        cmocka_unit_test(test_lz4),
        cmocka_unit_test(test_envelope_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
