/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoders of the requests in proto/request.h (v5.spec 4.1.1 to 4.1.8). Straight lines: the buffer
 * remembers the first failure.
 */
#include "proto/request.h"

#include "base/err.h"
#include "proto/envelope.h"
#include "proto/wire.h"

void cql_put_options(struct cq_buf *out, int version, int stream)
{
    cql_envelope_end(out, cql_envelope_begin(out, version, 0, stream, CQL_OPTIONS));
}

void cql_put_startup(struct cq_buf *out, int version, int stream, const struct cql_pair *options,
                     unsigned n)
{
    size_t begin = cql_envelope_begin(out, version, 0, stream, CQL_STARTUP);

    cql_write_u16(out, n);
    for (unsigned i = 0; i < n; i++) {
        cql_write_string(out, options[i].key);
        cql_write_string(out, options[i].value);
    }
    cql_envelope_end(out, begin);
}

void cql_put_auth_response(struct cq_buf *out, int version, int stream, cq_bytes token)
{
    size_t begin = cql_envelope_begin(out, version, 0, stream, CQL_AUTH_RESPONSE);

    cql_write_bytes(out, token);
    cql_envelope_end(out, begin);
}

void cql_put_register(struct cq_buf *out, int version, int stream, const cq_bytes *events,
                      unsigned n)
{
    size_t begin = cql_envelope_begin(out, version, 0, stream, CQL_REGISTER);

    cql_write_u16(out, n);
    for (unsigned i = 0; i < n; i++)
        cql_write_string(out, events[i]);
    cql_envelope_end(out, begin);
}

void cql_put_query(struct cq_buf *out, int version, int stream, const struct cql_query *q)
{
    size_t begin = cql_envelope_begin(out, version, q->header_flags, stream, CQL_QUERY);
    bool is_v5 = version >= 5;

    if (q->flags & (CQL_QUERY_VALUES | CQL_QUERY_NAMES) || (q->flags > 0xff && !is_v5) ||
        (q->flags & CQL_QUERY_KEYSPACE && !is_v5))
        out->err = out->err ? out->err : CQ_EINVALID;
    cql_write_long_string(out, q->text);
    cql_write_u16(out, q->consistency);
    if (is_v5)
        cql_write_u32(out, q->flags);
    else
        cql_write_u8(out, q->flags);
    if (q->flags & CQL_QUERY_PAGE_SIZE) cql_write_u32(out, q->page_size);
    if (q->flags & CQL_QUERY_PAGING_STATE) cql_write_bytes(out, q->paging_state);
    if (q->flags & CQL_QUERY_SERIAL) cql_write_u16(out, q->serial_consistency);
    if (q->flags & CQL_QUERY_TIMESTAMP) cql_write_u64(out, (uint64_t)q->timestamp);
    if (q->flags & CQL_QUERY_KEYSPACE) cql_write_string(out, q->keyspace);
    if (q->flags & CQL_QUERY_NOW) cql_write_u32(out, (uint32_t)q->now_in_seconds);
    cql_envelope_end(out, begin);
}
