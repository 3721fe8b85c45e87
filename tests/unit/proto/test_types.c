/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Type options and type strings, and values as text: every shape, the bounds of nesting, damage.
 * Wire forms of every type are also in the vectors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/err.h"
#include "proto/type.h"
#include "proto/value.h"
#include "proto/wire.h"
#include "unit/proto/talk.h"

#define DB "org.apache.cassandra.db.marshal."

static void assert_text(cq_bytes option, const char *want)
{
    struct cq_buf out;

    cq_buf_init(&out, &cq_mem_libc, 4096);
    assert_int_equal(cql_type_length(option), option.n);
    assert_int_equal(cql_type_text(option, &out), 0);
    cq_buf_putc(&out, 0);
    assert_string_equal((const char *)out.p, want);
    cq_buf_fini(&out);
}

static void assert_class(const char *class_, const char *want)
{
    struct cq_buf option;

    cq_buf_init(&option, &cq_mem_libc, 4096);
    cql_write_u16(&option, 0);
    cql_write_string(&option, cq_str(class_));
    assert_text(cq_buf_view(&option), want);
    cq_buf_fini(&option);
}

static void test_options(void **state)
{
    (void)state;
    assert_text(CQ_LIT("\0\x0d"), "text");
    assert_text(CQ_LIT("\0\x0a"), "text");
    assert_text(CQ_LIT("\0\x15"), "duration");
    assert_text(CQ_LIT("\0\x21\0\x0d\0\x20\0\x09"), "map<text, list<int>>");
    assert_text(CQ_LIT("\0\x22\0\x31\0\x02\0\x0c\0\x20\0\x09"), "set<tuple<uuid, list<int>>>");
    assert_text(CQ_LIT("\0\x31\0\0"), "tuple<>");
    assert_text(CQ_LIT("\0\x20\0\x30\0\x02ks\0\x04"
                       "Addr\0\x02\0\x01"
                       "a\0\x09\0\x01"
                       "b\0\x20\0\x0d"),
                "list<\"Addr\">");
    assert_text(CQ_LIT("\0\x30\0\x02ks\0\x04"
                       "addr\0\0"),
                "addr");
}

static void test_classes(void **state)
{
    (void)state;
    assert_class(DB "DurationType", "duration");
    assert_class(DB "VectorType(" DB "FloatType , 3)", "vector<float, 3>");
    assert_class(DB "VectorType(" DB "FloatType,3)", "vector<float, 3>");
    assert_class(DB "VectorType(" DB "VectorType(" DB "UTF8Type, 2), 16)",
                 "vector<vector<text, 2>, 16>");
    assert_class(DB "FrozenType(" DB "ListType(" DB "Int32Type))", "frozen<list<int>>");
    assert_class(DB "MapType(" DB "UTF8Type," DB "FrozenType(" DB "SetType(" DB "UUIDType)))",
                 "map<text, frozen<set<uuid>>>");
    assert_class(DB "ReversedType(" DB "TimestampType)", "timestamp");
    assert_class(DB "UserType(ks,41646472,61:" DB "Int32Type,62:" DB "UTF8Type)", "\"Addr\"");
    assert_class(DB "TupleType(" DB "Int32Type," DB "ByteType)", "tuple<int, tinyint>");
    assert_class(DB "EmptyType", "'" DB "EmptyType'");
    assert_class("com.example.PointType", "'com.example.PointType'");
    assert_class(DB "VectorType(" DB "FloatType)", "'" DB "VectorType(" DB "FloatType)'");
    assert_class(DB "ListType(com.example.X)", "list<'com.example.X'>");
    assert_class("UserType", "'UserType'");
    assert_class("VectorType", "'VectorType'");
    assert_class("ListType", "'ListType'");
    assert_class("", "''");
    assert_class("((((", "'(((('");
}

static void test_unknown(void **state)
{
    struct cq_buf out;

    (void)state;
    cq_buf_init(&out, &cq_mem_libc, 4096);
    assert_int_equal(cql_type_length(CQ_LIT("\0\x80")), CQ_EPROTOCOL);
    assert_int_equal(cql_type_length(CQ_LIT("\0\x20\0\x80")), CQ_EPROTOCOL);
    assert_int_equal(cql_type_length(CQ_LIT("\0")), CQ_EPROTOCOL);
    assert_int_equal(cql_type_length(CQ_NULL), CQ_EPROTOCOL);
    assert_int_equal(cql_type_text(CQ_LIT("\0\x80"), &out), 0);
    assert_true(cq_eq(cq_buf_view(&out), CQ_LIT("'unknown(0x0080)'")));
    assert_int_equal(cql_type_id(CQ_LIT("\0\x80")), 0x80);
    assert_int_equal(cql_type_id(CQ_LIT("\0")), 0);
    cq_buf_fini(&out);
}

static void test_nesting(void **state)
{
    struct cq_buf b, out;

    (void)state;
    cq_buf_init(&b, &cq_mem_libc, CQ_MIB(1));
    cq_buf_init(&out, &cq_mem_libc, CQ_MIB(1));
    for (int depth = 1; depth <= CQ_MAX_TYPE_DEPTH + 1; depth++) {
        cq_buf_clear(&b);
        for (int i = 0; i < depth; i++)
            cql_write_u16(&b, 0x20);
        cql_write_u16(&b, 9);
        assert_int_equal(cql_type_length(cq_buf_view(&b)),
                         depth <= CQ_MAX_TYPE_DEPTH ? (long)b.n : CQ_ETOO_MANY);
        cq_buf_clear(&out);
        assert_int_equal(cql_type_text(cq_buf_view(&b), &out),
                         depth <= CQ_MAX_TYPE_DEPTH ? 0 : CQ_ETOO_MANY);
    }
    cq_buf_clear(&b);
    cql_write_u16(&b, 0x31);
    cql_write_u16(&b, 65535);
    for (int i = 0; i < 65535; i++)
        cql_write_u16(&b, 9);
    assert_int_equal(cql_type_length(cq_buf_view(&b)), CQ_ETOO_MANY);
    cq_buf_fini(&b);
    cq_buf_fini(&out);
}

static void assert_names(const char *text, const char *want)
{
    struct cq_buf name, all;
    size_t at = 0;
    int rc;

    cq_buf_init(&name, &cq_mem_libc, 4096);
    cq_buf_init(&all, &cq_mem_libc, 4096);
    while ((rc = cql_type_names(cq_str(text), &at, &name)) == 1) {
        cq_buf_put(&all, name.p, name.n);
        cq_buf_putc(&all, '|');
    }
    assert_int_equal(rc, 0);
    cq_buf_putc(&all, 0);
    assert_string_equal((const char *)all.p, want);
    cq_buf_fini(&name);
    cq_buf_fini(&all);
}

static void test_names(void **state)
{
    struct cq_buf name;
    char deep[400];
    size_t at = 0;

    (void)state;
    assert_names("frozen<list<frozen<\"Addr\">>>", "Addr|");
    assert_names("map<text, frozen<address>>", "address|");
    assert_names("vector<float, 3>", "");
    assert_names("tuple<a, b, a>", "a|b|a|");
    assert_names("\"int\"", "int|");
    assert_names("\"we\"\"ird, <name>\"", "we\"ird, <name>|");
    assert_names("'org.apache.Foo(bar)'", "");
    assert_names("list<'it''s x'>", "");
    assert_names("frozen<übertyp>", "bertyp|"); /* never unquoted in CQL: no crash is all */
    assert_names("\"unclosed", "unclosed|");
    assert_names("", "");
    cq_buf_init(&name, &cq_mem_libc, 64);
    memset(deep, '<', sizeof(deep));
    assert_int_equal(cql_type_names((cq_bytes){(uint8_t *)deep, 33}, &at, &name), CQ_ETOO_MANY);
    at = 0;
    memset(deep, 'x', sizeof(deep));
    assert_int_equal(cql_type_names((cq_bytes){(uint8_t *)deep, 65}, &at, &name), CQ_ETOO_LARGE);
    cq_buf_fini(&name);
}

static void assert_value(cq_bytes option, cq_bytes cell, const char *want)
{
    struct guard g = guard_of(cell);
    struct cq_buf out;

    cq_buf_init(&out, &cq_mem_libc, 4096);
    assert_int_equal(cql_value_text(option, cq_is_null(cell) ? cell : g.b, &out), 0);
    cq_buf_putc(&out, 0);
    assert_string_equal((const char *)out.p, want);
    cq_buf_fini(&out);
    guard_free(&g);
}

static void test_numbers(void **state)
{
    const cq_bytes real = CQ_LIT("\0\x07"), single = CQ_LIT("\0\x08"), decimal = CQ_LIT("\0\x06");
    const cq_bytes varint = CQ_LIT("\0\x0e"), time = CQ_LIT("\0\x12"), stamp = CQ_LIT("\0\x0b");

    (void)state;
    assert_value(real, CQ_LIT("\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "0.1");
    assert_value(real, CQ_LIT("\x3f\x84\x7a\xe1\x47\xae\x14\x7b"), "0.01");
    assert_value(real, CQ_LIT("\x40\x59\0\0\0\0\0\0"), "100");
    assert_value(real, CQ_LIT("\x80\0\0\0\0\0\0\0"), "-0");
    assert_value(real, CQ_LIT("\x44\x15\xaf\x1d\x78\xb5\x8c\x40"), "1e+20");
    assert_value(real, CQ_LIT("\x7f\xef\xff\xff\xff\xff\xff\xff"), "1.7976931348623157e+308");
    assert_value(real, CQ_LIT("\0\0\0\0\0\0\0\x01"), "5e-324");
    assert_value(real, CQ_LIT("\x7f\xf8\0\0\0\0\0\0"), "NaN");
    assert_value(real, CQ_LIT("\xff\xf0\0\0\0\0\0\0"), "-Infinity");
    assert_value(single, CQ_LIT("\x3d\xcc\xcc\xcd"), "0.1");
    assert_value(single, CQ_LIT("\x3d\xcc\xcc"), "0x3dcccc");
    assert_value(varint, CQ_LIT("\x80"), "-128");
    assert_value(varint, CQ_LIT("\x01\0\0\0\0\0\0\0\0"), "18446744073709551616");
    assert_value(varint, CQ_LIT("\xff\0\0\0\0\0\0\0\0"), "-18446744073709551616");
    assert_value(varint, CQ_LIT("\0"), "0");
    assert_value(decimal, CQ_LIT("\0\0\0\x03\x05"), "0.005");
    assert_value(decimal, CQ_LIT("\0\0\0\x01\x9c"), "-10.0");
    assert_value(decimal, CQ_LIT("\xff\xff\xff\xfe\x07"), "700");
    assert_value(decimal, CQ_LIT("\x7f\xff\xff\xff\x07"), "0x7fffffff07");
    assert_value(decimal, CQ_LIT("\0\0"), "0x0000");
    assert_value(time, CQ_LIT("\xff\xff\xff\xff\xff\xff\xff\xff"), "-1");
    assert_value(stamp, CQ_LIT("\x7f\xff\xff\xff\xff\xff\xff\xff"), "9223372036854775807");
    assert_value(CQ_LIT("\0\x15"), CQ_LIT("\x02\x03\xf1\x65\xa0\xbc\x00"), "0x0203f165a0bc00");
    assert_value(CQ_LIT("\0\x15"), CQ_LIT("\x02\x04\xf1\x65\xa0\xbc\x00"), "1mo2d3000000000ns");
    assert_value(CQ_LIT("\0\x15"), CQ_LIT("\x01\x00\x00"), "-1mo");
    assert_value(CQ_LIT("\0\x15"), CQ_LIT("\x00\x00\x00"), "0ns");
}

static void test_containers(void **state)
{
    const cq_bytes ints = CQ_LIT("\0\x20\0\x09"), texts = CQ_LIT("\0\x22\0\x0d");

    (void)state;
    assert_value(ints, CQ_NULL, "null");
    assert_value(ints, CQ_LIT(""), "");
    assert_value(CQ_LIT("\0\x0d"), CQ_LIT(""), "");
    assert_value(ints, CQ_LIT("\0\0\0\x02\0\0\0\x04\0\0\0\x07\xff\xff\xff\xff"), "[7, null]");
    assert_value(ints, CQ_LIT("\0\0\0\x01\0\0\0\0"), "['']");
    assert_value(texts, CQ_LIT("\0\0\0\x01\0\0\0\x03it'"), "{'it'''}");
    /* lies about its length: the whole as it is */
    assert_value(ints, CQ_LIT("\0\0\0\x02\0\0\0\x04\0\0\0\x07"),
                 "0x00000002000000040000000"
                 "7");
    assert_value(ints, CQ_LIT("\x7f\xff\xff\xff"), "0x7fffffff");
    assert_value(ints, CQ_LIT("\xff\xff\xff\xff"), "0xffffffff");
    assert_value(ints, CQ_LIT("\0\0\0\x01\0\0\0\x09\0"), "0x000000010000000900");
    /* an element of another length than its type's */
    assert_value(ints, CQ_LIT("\0\0\0\x01\0\0\0\x01\x09"), "[0x09]");
}

static void test_readers(void **state)
{
    struct cql_iter it;
    cq_bytes a, b;
    char text[46];
    bool truth;
    int32_t i;

    (void)state;
    assert_false(cql_get_int(CQ_LIT(""), &i));
    assert_false(cql_get_int(CQ_NULL, &i));
    assert_false(cql_get_bool(CQ_NULL, &truth));
    assert_true(cql_get_bool(CQ_LIT("\x02"), &truth) && truth);
    assert_true(cql_get_inet(CQ_LIT("\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\x01"), text));
    assert_string_equal(text, "::ffff:127.0.0.1");
    assert_false(cql_get_inet(CQ_LIT("\x7f\0\0"), text));
    cql_iter_begin(&it, CQ_NULL);
    assert_false(cql_iter_next(&it, &a) || it.bad);
    cql_iter_begin(&it, CQ_LIT(""));
    assert_false(cql_iter_next(&it, &a) || it.bad);
    cql_iter_begin(&it, CQ_LIT("\0\0"));
    assert_true(!cql_iter_next(&it, &a) && it.bad);
    cql_iter_begin(&it, CQ_LIT("\0\0\0\x02\0\0\0\x01k\xff\xff\xff\xff\0\0\0\x01l"));
    assert_true(cql_iter_pair(&it, &a, &b));
    assert_true(cq_eq(a, CQ_LIT("k")) && cq_is_null(b) && !it.bad);
    assert_true(!cql_iter_pair(&it, &a, &b) && it.bad);
}

static void test_uuids(void **state)
{
    char out[37];

    (void)state;
    assert_true(cql_get_uuid(
        CQ_LIT("\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10"), out));
    assert_string_equal(out, "01234567-89ab-cdef-fedc-ba9876543210");
    assert_false(cql_get_uuid(CQ_LIT("\x01"), out) || cql_get_uuid(CQ_NULL, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),    cmocka_unit_test(test_classes),
        cmocka_unit_test(test_unknown),    cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_names),      cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_containers), cmocka_unit_test(test_readers),
        cmocka_unit_test(test_uuids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
