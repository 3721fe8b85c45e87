/* SPDX-License-Identifier: Apache-2.0 */
/* Primitives: sticky, bounded by an unreadable page, null and empty and unset told apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/err.h"
#include "proto/wire.h"
#include "unit/proto/talk.h"

static void test_sticky(void **state)
{
    static const uint8_t raw[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07};
    struct guard g = guard_of((cq_bytes){raw, sizeof(raw)});
    struct cql_reader r = cql_reader_of(g.b);

    (void)state;
    assert_int_equal(cql_read_u8(&r), 1);
    assert_int_equal(cql_read_u16(&r), 0x0203);
    assert_int_equal(cql_read_u32(&r), 0x04050607);
    assert_false(r.bad);
    assert_int_equal(cql_read_u8(&r), 0);
    assert_true(r.bad);
    r = cql_reader_of(g.b);
    assert_null(cql_read_raw(&r, 8).p);
    assert_true(r.bad);
    assert_int_equal(cql_read_u16(&r), 0); /* nothing is read behind the first failure */
    assert_null(cql_read_string(&r).p);
    guard_free(&g);
}

static void test_null_empty_unset(void **state)
{
    struct cq_buf b;
    struct cql_reader r;
    cq_bytes v;

    (void)state;
    cq_buf_init(&b, &cq_mem_libc, 1024);
    cql_write_bytes(&b, CQ_NULL);
    cql_write_bytes(&b, CQ_LIT(""));
    cql_write_unset(&b);
    cql_write_bytes(&b, CQ_LIT("x"));
    cql_write_u32(&b, (uint32_t)-3);
    r = cql_reader_of(cq_buf_view(&b));
    assert_int_equal(cql_read_value(&r, &v), CQL_VALUE_NULL);
    assert_null(v.p);
    assert_int_equal(cql_read_value(&r, &v), CQL_VALUE_SET);
    assert_non_null(v.p);
    assert_int_equal(v.n, 0);
    assert_int_equal(cql_read_value(&r, &v), CQL_VALUE_UNSET);
    assert_null(v.p);
    assert_int_equal(cql_read_value(&r, &v), CQL_VALUE_SET);
    assert_int_equal(v.n, 1);
    assert_false(r.bad);
    cql_read_value(&r, &v);
    assert_true(r.bad); /* -3 is no [value] */
    r = cql_reader_of(cq_buf_view(&b));
    assert_null(cql_read_bytes(&r).p);
    assert_non_null(cql_read_bytes(&r).p);
    assert_null(cql_read_bytes(&r).p);
    cq_buf_fini(&b);
}

/* Every prefix of a message of all notations, against an unreadable page. */
static void test_prefixes(void **state)
{
    struct cq_buf b;

    (void)state;
    cq_buf_init(&b, &cq_mem_libc, 4096);
    cql_write_string(&b, CQ_LIT("name"));
    cql_write_long_string(&b, CQ_LIT("long name"));
    cql_write_u8(&b, 4);
    cql_write_u32(&b, 0x7f000001);
    cql_write_u32(&b, 9042);
    cql_write_u16(&b, 1);
    cql_write_string(&b, CQ_LIT("key"));
    cql_write_u16(&b, 2);
    cql_write_string(&b, CQ_LIT("a"));
    cql_write_string(&b, CQ_LIT(""));
    cql_write_u16(&b, 1);
    cql_write_string(&b, CQ_LIT("payload"));
    cql_write_bytes(&b, CQ_NULL);
    for (size_t n = 0; n <= b.n; n++) {
        struct guard g = guard_of((cq_bytes){b.p, n});
        struct cql_reader r = cql_reader_of(g.b);
        uint32_t port, pairs, payload;

        cql_read_string(&r);
        cql_read_long_string(&r);
        cql_read_inet(&r, &port);
        cql_read_multimap(&r, &pairs);
        cql_read_bytes_map(&r, &payload);
        assert_int_equal(r.bad, n < b.n);
        assert_int_equal(pairs, n >= b.n - 15 ? 1 : 0);
        assert_int_equal(payload, n == b.n ? 1 : 0);
        guard_free(&g);
    }
    cq_buf_fini(&b);
}

static void test_bad_lengths(void **state)
{
    struct cql_reader r = cql_reader_of(CQ_LIT("\x05\x01\x02\x03\x04\x05"));

    (void)state;
    assert_null(cql_read_inetaddr(&r).p);
    assert_true(r.bad);
    r = cql_reader_of(CQ_LIT("\xff\xff\xff\xff"));
    assert_null(cql_read_long_string(&r).p);
    assert_true(r.bad);
    r = cql_reader_of(CQ_LIT("\x7f\xff\xff\xff"
                             "abc"));
    assert_null(cql_read_bytes(&r).p);
    assert_true(r.bad);
}

static void test_vints(void **state)
{
    const struct {
        cq_bytes raw;
        uint64_t v;
    } cases[] = {
        {CQ_LIT("\x00"), 0},
        {CQ_LIT("\x7f"), 127},
        {CQ_LIT("\x80\x80"), 128},
        {CQ_LIT("\xc1\x00\x00"), 0x10000},
        {CQ_LIT("\xf0\x80\x00\x00\x00"), 0x80000000},
        {CQ_LIT("\xfe\x00\x00\x00\x00\x00\x00\x01"), 1},
        {CQ_LIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff"), UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cql_reader r = cql_reader_of(cases[i].raw);

        assert_true(cql_read_uvint(&r) == cases[i].v);
        assert_false(r.bad);
        assert_int_equal(cql_left(&r), 0);
        r = cql_reader_of((cq_bytes){cases[i].raw.p, cases[i].raw.n - 1});
        cql_read_uvint(&r);
        assert_true(r.bad);
    }
    struct cql_reader r = cql_reader_of(CQ_LIT("\x01\x02"));

    assert_int_equal(cql_read_vint(&r), -1);
    assert_int_equal(cql_read_vint(&r), 1);
}

static void test_writer_is_bounded(void **state)
{
    struct cq_buf b;
    uint8_t *large = calloc(1, 70000);

    (void)state;
    cq_buf_init(&b, &cq_mem_libc, CQ_MIB(1));
    cql_write_string(&b, (cq_bytes){large, 65536});
    assert_int_equal(b.err, CQ_ETOO_LARGE);
    cq_buf_fini(&b);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sticky),   cmocka_unit_test(test_null_empty_unset),
        cmocka_unit_test(test_prefixes), cmocka_unit_test(test_bad_lengths),
        cmocka_unit_test(test_vints),    cmocka_unit_test(test_writer_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
