/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator's bytes against facts from elsewhere: checksums and segment headers as the
 * specification's parameters give them, segments of recorded servers, tokens whose order is known.
 */
#include "sim/rng.h"
#include "sim/envelope.h"
#include "sim/files.h"
#include "sim/murmur3.h"
#include "sim/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_bytes(const struct cqsim_buf *b, size_t at, const void *expected, size_t n)
{
    assert_true(cqsim_buf_len(b) >= at + n);
    assert_memory_equal(cqsim_buf_head(b) + at, expected, n);
}

/* Headers of protocol.md section 1.7 (CRC24 over them), trailers of known texts. */
static void segment_headers(void **state)
{
    (void)state;
    struct cqsim_buf b = {0};
    uint8_t *zeros = calloc(1, CQSIM_SEGMENT_MAX);
    cqsim_segment_put(&b, (struct cqsim_slice){zeros, 0}, true, false, NULL);
    check_bytes(&b, 0, "\x00\x00\x02\x6a\x36\xc4", 6);
    cqsim_buf_clear(&b);
    cqsim_segment_put(&b, cqsim_text("123456789"), true, false, NULL);
    check_bytes(&b, 0, "\x09\x00\x02\xa4\xc8\xc1", 6);
    check_bytes(&b, 15, "\xa7\x61\xa2\xe2", 4);
    cqsim_buf_clear(&b);
    cqsim_segment_put(&b, (struct cqsim_slice){zeros, CQSIM_SEGMENT_MAX}, false, false, NULL);
    check_bytes(&b, 0, "\xff\xff\x01\x38\x91\xfe", 6);
    cqsim_buf_clear(&b);
    const uint8_t options[9] = {5, 0, 0, 0, 5, 0, 0, 0, 0};
    cqsim_segment_put(&b, (struct cqsim_slice){options, 9}, true, false, NULL);
    check_bytes(&b, 15, "\x10\x86\x28\x4d", 4);
    cqsim_buf_clear(&b);
    cqsim_segment_put(&b, cqsim_text("incompressib!"), true, true, NULL);
    check_bytes(&b, 0, "\x0d\x00\x00\x00\x04\x20\xb6\x9c", 8);
    free(zeros);
    cqsim_buf_fini(&b);
}

static void round_trip(bool lz4, size_t n)
{
    struct cqsim_buf plain = {0}, wire = {0}, scratch = {0}, got = {0};
    struct cqsim_packer packer = {.lz4 = lz4};
    struct cqsim_segment seg;
    size_t used;
    for (size_t i = 0; i < n; i++)
        cqsim_put_u8(&plain, (unsigned)(i * i >> 7) & 0xff);
    cqsim_packer_add(&packer, cqsim_buf_slice(&plain), &wire);
    cqsim_packer_flush(&packer, &wire);
    while (cqsim_buf_len(&wire) > 0) {
        assert_int_equal(cqsim_segment_next(cqsim_buf_slice(&wire), lz4, &scratch, &seg, &used),
                         CQSIM_SEGMENT_ONE);
        assert_int_equal(seg.self_contained, n < (lz4 ? CQSIM_CUT_LZ4 : CQSIM_CUT_PLAIN));
        cqsim_put(&got, seg.payload.p, seg.payload.n);
        cqsim_buf_eat(&wire, used);
    }
    assert_int_equal(cqsim_buf_len(&got), n);
    assert_memory_equal(cqsim_buf_head(&got), cqsim_buf_head(&plain), n);
    cqsim_buf_fini(&plain);
    cqsim_buf_fini(&wire);
    cqsim_buf_fini(&scratch);
    cqsim_buf_fini(&got);
    cqsim_buf_fini(&packer.whole);
}

static void packer_round_trip(void **state)
{
    (void)state;
    const size_t sizes[] = {1,      9,      131053, 131054, 131055, 131059,
                            131060, 131061, 262108, 262120, 500000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        round_trip(false, sizes[i]);
        round_trip(true, sizes[i]);
    }
}

/* What is looked up is what would have been made, also when the memory was full in between. */
static void memo(void **state)
{
    (void)state;
    struct cqsim_memo memo = {0};
    struct cqsim_buf plain = {0}, made = {0}, kept = {0};
    struct cqsim_rng rng = {1};
    uint8_t *p = cqsim_buf_space(&plain, CQSIM_CUT_PLAIN);
    for (size_t i = 0; i < CQSIM_CUT_PLAIN; i++)
        p[i] = (uint8_t)cqsim_rng_below(&rng, 20);
    plain.end = CQSIM_CUT_PLAIN;
    size_t n_rounds = CQSIM_MEMO_MOST / CQSIM_CUT_PLAIN * 4;
    for (size_t i = 0; i < n_rounds; i++) {
        p[i % 7] = (uint8_t)(i / 3); /* each payload three times */
        cqsim_buf_clear(&kept);
        cqsim_segment_put(&kept, cqsim_buf_slice(&plain), true, true, &memo);
        cqsim_segment_put(&kept, cqsim_buf_slice(&plain), true, false, &memo);
        cqsim_body_pack(cqsim_buf_slice(&plain), &memo, &kept);
        assert_true(cqsim_buf_len(&memo.bytes) <= CQSIM_MEMO_MOST + 2 * CQSIM_SEGMENT_MAX);
        if (i % 50 > 3) continue;
        cqsim_buf_clear(&made);
        cqsim_segment_put(&made, cqsim_buf_slice(&plain), true, true, NULL);
        cqsim_segment_put(&made, cqsim_buf_slice(&plain), true, false, NULL);
        cqsim_body_pack(cqsim_buf_slice(&plain), NULL, &made);
        assert_int_equal(cqsim_compare(cqsim_buf_slice(&made), cqsim_buf_slice(&kept)), 0);
    }
    cqsim_memo_fini(&memo);
    cqsim_buf_fini(&plain);
    cqsim_buf_fini(&made);
    cqsim_buf_fini(&kept);
}

static void damaged_segments(void **state)
{
    (void)state;
    struct cqsim_buf b = {0}, scratch = {0};
    struct cqsim_segment seg;
    size_t used;
    cqsim_segment_put(&b, cqsim_text("123456789"), true, false, NULL);
    for (size_t bit = 0; bit < 8 * cqsim_buf_len(&b); bit++) {
        b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum cqsim_segment_result got =
            cqsim_segment_next(cqsim_buf_slice(&b), false, &scratch, &seg, &used);
        assert_int_equal(got, bit < 48 ? CQSIM_SEGMENT_BAD_HEADER : CQSIM_SEGMENT_BAD_PAYLOAD);
        b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < cqsim_buf_len(&b); n++) {
        struct cqsim_slice prefix = {b.p, n};
        assert_int_equal(cqsim_segment_next(prefix, false, &scratch, &seg, &used),
                         CQSIM_SEGMENT_MORE);
    }
    cqsim_buf_fini(&b);
    cqsim_buf_fini(&scratch);
}

/* Every segment of a recorded v5 server, opened and closed again by our encoder. */
static void recorded_segments(void **state)
{
    (void)state;
    struct cqsim_buf file = {0}, scratch = {0}, again = {0};
    struct cqsim_envelope e;
    struct cqsim_segment seg;
    size_t used, n_segments = 0, n_cut = 0;
    assert_true(cqsim_file_read(CQ_TEST_DATA "/transcripts/5.0.9-v5-reference.s2c.bin", &file));
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(cqsim_envelope_next(cqsim_buf_slice(&file), &e, &used), 1);
        cqsim_buf_eat(&file, used);
    }
    while (cqsim_buf_len(&file) > 0) {
        assert_int_equal(cqsim_segment_next(cqsim_buf_slice(&file), false, &scratch, &seg, &used),
                         CQSIM_SEGMENT_ONE);
        cqsim_buf_clear(&again);
        cqsim_segment_put(&again, seg.payload, seg.self_contained, false, NULL);
        assert_int_equal(cqsim_buf_len(&again), used);
        assert_memory_equal(cqsim_buf_head(&again), cqsim_buf_head(&file), used);
        if (seg.payload.n == CQSIM_CUT_PLAIN) n_cut++;
        n_segments++;
        cqsim_buf_eat(&file, used);
    }
    assert_int_equal(n_segments, 13);
    assert_int_equal(n_cut, 1);
    cqsim_buf_fini(&file);
    cqsim_buf_fini(&scratch);
    cqsim_buf_fini(&again);
}

static void compressed_bodies(void **state)
{
    (void)state;
    struct cqsim_buf packed = {0}, plain = {0};
    cqsim_body_pack(cqsim_text(""), NULL, &packed);
    check_bytes(&packed, 0, "\0\0\0\0\0", 5);
    assert_true(cqsim_body_unpack(cqsim_buf_slice(&packed), &plain));
    assert_int_equal(cqsim_buf_len(&plain), 0);
    cqsim_buf_clear(&packed);
    cqsim_body_pack(cqsim_text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), NULL, &packed);
    check_bytes(&packed, 0, "\0\0\0\x2b", 4);
    assert_true(cqsim_body_unpack(cqsim_buf_slice(&packed), &plain));
    assert_int_equal(cqsim_buf_len(&plain), 43);
    packed.p[3] = 44;
    assert_false(cqsim_body_unpack(cqsim_buf_slice(&packed), &plain));
    cqsim_buf_fini(&packed);
    cqsim_buf_fini(&plain);
}

/* Tokens: the ten keyspaces of the reference schema in the order that a 5.0.9 server gave them; and
   values that nodetool and drivers know. */
static void tokens(void **state)
{
    (void)state;
    static const char *const order[] = {
        "ref_ks02",           "ref_ks07",      "ref_ks03",      "ref_ks00", "ref_ks01",
        "system_auth",        "system_schema", "ref_ks06",      "ref_ks08", "ref_ks05",
        "system_distributed", "system",        "system_traces", "ref_ks09", "ref_ks04"};
    for (size_t i = 1; i < sizeof order / sizeof *order; i++)
        assert_true(cqsim_murmur3_token(cqsim_text(order[i - 1])) <
                    cqsim_murmur3_token(cqsim_text(order[i])));
    assert_true(cqsim_murmur3_token(cqsim_text("123")) == INT64_C(-7468325962851647638));
    assert_true(cqsim_murmur3_token(cqsim_text("9223372036854775807")) ==
                INT64_C(7162290910810015547));
    /* bytes above 0x7f in the tail: Cassandra's variant, not the original */
    assert_true(cqsim_murmur3_token(cqsim_text("\xff\xfe\x80"
                                               "abcdefghijklmnopqrstuv\xe9\xe8")) ==
                INT64_C(-5755459281225131107));
}

static void sticky_reader(void **state)
{
    (void)state;
    struct cqsim_reader r = cqsim_reader((struct cqsim_slice){(const uint8_t *)"\0\5abc", 5});
    struct cqsim_slice s = cqsim_get_string(&r);
    assert_true(r.bad);
    assert_int_equal(s.n, 0);
    assert_int_equal(cqsim_get_u8(&r), 0);
    assert_true(r.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segment_headers),
        cmocka_unit_test(packer_round_trip),
        cmocka_unit_test(memo),
        cmocka_unit_test(damaged_segments),
        cmocka_unit_test(recorded_segments),
        cmocka_unit_test(compressed_bodies),
        cmocka_unit_test(tokens),
        cmocka_unit_test(sticky_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
