/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the recorded servers, value by value, against what an independent client decoded
 * (tests/data/transcripts/VERSION.rows.json); and our requests against the bytes that it sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/bounds.h"
#include "proto/cql.h"
#include "proto/request.h"
#include "proto/rows.h"
#include "proto/segment.h"
#include "proto/type.h"
#include "proto/value.h"
#include "unit/proto/talk.h"

static json_t *text(cq_bytes b)
{
    return json_stringn((const char *)b.p, b.n);
}

static json_t *hex(cq_bytes b)
{
    char *s = malloc(2 * b.n + 1);
    json_t *json;

    for (size_t i = 0; i < b.n; i++)
        snprintf(s + 2 * i, 3, "%02x", b.p[i]);
    json = json_stringn(s, 2 * b.n);
    free(s);
    return json;
}

static json_t *value(cq_bytes type, cq_bytes cell);

static json_t *list(cq_bytes type, cq_bytes cell)
{
    json_t *out = json_array();
    struct cql_iter it;
    cq_bytes element;

    cql_iter_begin(&it, cell);
    while (cql_iter_next(&it, &element))
        json_array_append_new(out, value((cq_bytes){type.p + 2, type.n - 2}, element));
    assert_false(it.bad);
    return out;
}

/* Keys of the recorded maps are texts and uuids. */
static json_t *map(cq_bytes type, cq_bytes cell)
{
    cq_bytes key_type = {type.p + 2, (size_t)cql_type_length((cq_bytes){type.p + 2, type.n - 2})};
    cq_bytes value_type = {key_type.p + key_type.n, type.n - 2 - key_type.n};
    json_t *out = json_object();
    struct cql_iter it;
    cq_bytes k, v;

    cql_iter_begin(&it, cell);
    while (cql_iter_pair(&it, &k, &v)) {
        json_t *key = value(key_type, k);

        json_object_set_new(out, json_string_value(key), value(value_type, v));
        json_decref(key);
    }
    assert_false(it.bad);
    return out;
}

static json_t *value(cq_bytes type, cq_bytes cell)
{
    char word[46];
    bool truth;
    int32_t i;
    int64_t l;
    double d;

    if (cq_is_null(cell)) return json_null();
    switch (cql_type_id(type)) {
    case CQL_TYPE_VARCHAR:
        return text(cell);
    case CQL_TYPE_BLOB:
        return hex(cell);
    case CQL_TYPE_BOOLEAN:
        assert_true(cql_get_bool(cell, &truth));
        return json_boolean(truth);
    case CQL_TYPE_INT:
        assert_true(cql_get_int(cell, &i));
        return json_integer(i);
    case CQL_TYPE_TIMESTAMP:
    case CQL_TYPE_BIGINT:
        assert_true(cql_get_bigint(cell, &l));
        return json_integer(l);
    case CQL_TYPE_DOUBLE:
        assert_true(cql_get_double(cell, &d));
        return json_real(d);
    case CQL_TYPE_UUID:
    case CQL_TYPE_TIMEUUID:
        assert_true(cql_get_uuid(cell, word));
        return json_string(word);
    case CQL_TYPE_INET:
        assert_true(cql_get_inet(cell, word));
        return json_string(word);
    case CQL_TYPE_LIST:
    case CQL_TYPE_SET:
        return list(type, cell);
    case CQL_TYPE_MAP:
        return map(type, cell);
    default:
        fail_msg("no recorded table has type 0x%04x", (unsigned)cql_type_id(type));
        return NULL;
    }
}

static size_t check_rows(const char *table, cq_bytes body, int version, const json_t *want)
{
    cq_bytes types[CQ_MAX_RESULT_COLUMNS], cells[CQ_MAX_RESULT_COLUMNS], row;
    int16_t slot[CQ_MAX_RESULT_COLUMNS];
    struct cql_rows r;
    struct cql_column column;
    size_t n = 0;

    assert_int_equal(cql_rows_begin(&r, body, version), 0);
    while (cql_rows_column(&r, &column)) {
        size_t i = r.columns_read - 1;
        json_t *name = json_array_get(json_array_get(json_object_get(want, "columns"), i), 0);

        assert_true(cq_eq(column.name, cq_str(json_string_value(name))));
        types[i] = column.type;
        slot[i] = (int16_t)i;
    }
    assert_int_equal(cql_rows_count(&r), 0);
    assert_int_equal(r.n_rows, json_array_size(json_object_get(want, "rows")));
    assert_int_equal(r.n_columns, json_array_size(json_object_get(want, "columns")));
    while (cql_rows_next(&r, &row)) {
        json_t *fields = json_array_get(json_object_get(want, "rows"), r.rows_read - 1);

        cql_row_cells(row, r.n_columns, slot, cells);
        for (size_t i = 0; i < r.n_columns; i++, n++) {
            json_t *got = value(types[i], cells[i]);

            if (!json_equal(got, json_array_get(fields, i)))
                fail_msg("%s row %u column %zu: %s and not %s", table, r.rows_read, i,
                         json_dumps(got, JSON_ENCODE_ANY),
                         json_dumps(json_array_get(fields, i), JSON_ENCODE_ANY));
            json_decref(got);
        }
    }
    assert_int_equal(r.err, 0);
    return n;
}

static size_t check_server(const char *transcript, const char *rows, int version)
{
    char name[128];
    struct talk t;
    struct cql_conn_options o = {.version = version == 4 ? 4 : 0};
    cq_bytes all, json;
    json_t *want;
    size_t n = 0;

    snprintf(name, sizeof(name), "transcripts/%s.s2c.bin", transcript);
    all = talk_file(name);
    snprintf(name, sizeof(name), "transcripts/%s.rows.json", rows);
    json = talk_file(name);
    want = json_loadb((const char *)json.p, json.n, JSON_ALLOW_NUL, NULL);
    assert_non_null(want);
    if (!strstr(transcript, "lz4")) o.compression = CQL_NO;
    talk_begin(&t, &o);
    talk_feed(&t, all);
    for (int i = 1; i < TALK_STATEMENTS; i++) {
        const char *table = strstr(t.statements[i], "from ") + 5;
        json_t *expected = json_object_get(want, table);

        assert_non_null(expected);
        assert_int_equal(t.bodies[i].p == NULL, json_object_get(expected, "error") != NULL);
        if (t.bodies[i].p) n += check_rows(table, t.bodies[i], version, expected);
    }
    talk_end(&t);
    json_decref(want);
    free((void *)(uintptr_t)all.p);
    free((void *)(uintptr_t)json.p);
    return n;
}

static void test_rows(void **state)
{
    (void)state;
    assert_true(check_server("4.0.19-v4", "4.0.19", 4) > 8000);
    assert_true(check_server("4.0.19-v4-lz4", "4.0.19", 4) > 8000);
    assert_true(check_server("4.0.19-v5", "4.0.19", 5) > 8000);
    assert_true(check_server("4.0.19-v5-lz4", "4.0.19", 5) > 8000);
    assert_true(check_server("3.11.19-v4", "3.11.19", 4) > 6000);
    assert_true(check_server("3.11.19-v4-lz4", "3.11.19", 4) > 6000);
}

/* The v4 client's bytes: OPTIONS, STARTUP and 17 statements; v5's the same in one segment. */
static void check_requests(const char *transcript, int version)
{
    const struct cql_pair startup = {CQ_LIT("CQL_VERSION"), CQ_LIT("3.0.0")};
    char name[128];
    struct cq_buf plain, out;
    cq_bytes sent;

    cq_buf_init(&out, &cq_mem_libc, CQ_MIB(1));
    cq_buf_init(&plain, &cq_mem_libc, CQ_MIB(1));
    cql_put_options(&out, 4, 0);
    cql_put_startup(&out, version, 0, &startup, 1);
    for (int i = 1; i < TALK_STATEMENTS; i++) {
        struct cql_query q = {.text = cq_str(talk_statements[i]), .consistency = CQL_ONE};

        q.flags = CQL_QUERY_PAGE_SIZE;
        q.page_size = 5000;
        cql_put_query(version == 4 ? &out : &plain, version, i, &q);
    }
    if (version == 5) cql_segments_put(&out, cq_buf_view(&plain), false, false);
    snprintf(name, sizeof(name), "transcripts/%s.c2s.bin", transcript);
    sent = talk_file(name);
    assert_int_equal(out.n, sent.n);
    assert_memory_equal(out.p, sent.p, sent.n);
    free((void *)(uintptr_t)sent.p);
    cq_buf_fini(&out);
    cq_buf_fini(&plain);
}

static void test_requests(void **state)
{
    (void)state;
    check_requests("3.11.19-v4", 4);
    check_requests("4.0.19-v4", 4);
    check_requests("4.0.19-v5", 5);
    check_requests("5.0.9-v5-reference", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
