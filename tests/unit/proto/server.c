/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of tests/unit/proto/server.h. */
#include "unit/proto/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/err.h"
#include "proto/envelope.h"
#include "proto/segment.h"
#include "proto/wire.h"

void server_begin(struct server *s, const struct cql_conn_options *o)
{
    *s = (struct server){.version = o && o->version == 5 ? 5 : 4};
    talk_begin(&s->t, o);
    s->t.statements = NULL;
    cq_buf_init(&s->scratch, &cq_mem_libc, CQ_MIB(64));
}

void server_end(struct server *s)
{
    talk_end(&s->t);
    cq_buf_fini(&s->scratch);
}

void server_send(struct server *s, int header_version, int flags, int stream, int opcode,
                 cq_bytes body)
{
    struct cq_buf out;
    int version = (header_version ? header_version : s->version) | CQL_VERSION_RESPONSE;
    size_t begin;

    cq_buf_init(&out, &cq_mem_libc, CQ_MIB(64));
    begin = cql_envelope_begin(&out, version, flags, stream, opcode);
    cq_buf_put(&out, body.p, body.n);
    cql_envelope_end(&out, begin);
    if (s->segmented) {
        struct cq_buf segments;

        cq_buf_init(&segments, &cq_mem_libc, CQ_MIB(64));
        assert_int_equal(cql_segments_put(&segments, cq_buf_view(&out), s->lz4, true), 0);
        cq_buf_fini(&out);
        out = segments;
    }
    talk_feed(&s->t, cq_buf_view(&out));
    cq_buf_fini(&out);
}

static void put_list(struct cq_buf *b, const char *values)
{
    unsigned n = *values != 0;

    for (const char *p = values; *p; p++)
        n += *p == ' ';
    cql_write_u16(b, n);
    while (*values) {
        size_t len = strcspn(values, " ");

        cql_write_string(b, (cq_bytes){(const uint8_t *)values, len});
        values += len + (values[len] == ' ');
    }
}

void server_supported(struct server *s, const char *versions, const char *compressions)
{
    struct cq_buf *b = &s->scratch;

    cq_buf_clear(b);
    cql_write_u16(b, versions ? 3 : 2);
    cql_write_string(b, CQ_LIT("CQL_VERSION"));
    put_list(b, "3.4.5");
    cql_write_string(b, CQ_LIT("COMPRESSION"));
    put_list(b, compressions);
    if (versions) {
        cql_write_string(b, CQ_LIT("PROTOCOL_VERSIONS"));
        put_list(b, versions);
    }
    server_send(s, 0, 0, 0, CQL_SUPPORTED, cq_buf_view(b));
}

void server_error(struct server *s, int header_version, int stream, int code, const char *text)
{
    struct cq_buf *b = &s->scratch;

    cq_buf_clear(b);
    cql_write_u32(b, (uint32_t)code);
    cql_write_string(b, cq_str(text));
    server_send(s, header_version, 0, stream, CQL_ERROR, cq_buf_view(b));
}

void server_rows(struct server *s, int stream, unsigned n_rows)
{
    struct cq_buf *b = &s->scratch;

    cq_buf_clear(b);
    cql_write_u32(b, CQL_RESULT_ROWS);
    cql_write_u32(b, CQL_ROWS_GLOBAL_SPEC);
    cql_write_u32(b, 1);
    cql_write_string(b, CQ_LIT("ks"));
    cql_write_string(b, CQ_LIT("t"));
    cql_write_string(b, CQ_LIT("c"));
    cql_write_u16(b, CQL_TYPE_VARCHAR);
    cql_write_u32(b, n_rows);
    for (unsigned i = 0; i < n_rows; i++)
        cql_write_bytes(b, CQ_LIT("0123456789abcdef"));
    server_send(s, 0, 0, stream, CQL_RESULT, cq_buf_view(b));
}

void server_ready(struct server *s, int version)
{
    server_supported(s, version == 5 ? VERSIONS_40 : NULL, "snappy lz4");
    talk_flush(&s->t);
    s->version = version;
    server_send(s, 0, 0, 0, CQL_READY, CQ_LIT(""));
    s->segmented = version == 5;
    assert_true(cql_conn_is_ready(s->t.c));
    assert_int_equal(cql_conn_version(s->t.c), version);
    cq_buf_clear(&s->t.log);
}

void assert_log(struct server *s, const char *want)
{
    cq_buf_putc(&s->t.log, 0);
    assert_string_equal((const char *)s->t.log.p, want);
    cq_buf_clear(&s->t.log);
}

void assert_failed(struct server *s, int err, int retry_version)
{
    struct cql_event ev;

    if (!s->t.is_failed) fail_msg("did not fail, wanted %s", cq_err_code(err));
    assert_string_equal(cq_err_code(s->t.failed.err), cq_err_code(err));
    assert_int_equal(s->t.failed.retry_version, retry_version);
    assert_true(s->t.failed.text.n > 0);
    assert_false(cql_conn_next(s->t.c, &ev)); /* once */
    assert_int_equal(cql_conn_pending(s->t.c).n, 0);
    assert_true(cql_conn_deadline(s->t.c) == CQ_NEVER);
}
