/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests that a crawler sends (v4.spec and v5.spec 4.1). Each appends one whole envelope,
 * uncompressed, to out; what goes wrong is in out->err.
 */
#ifndef CQL_PROTO_REQUEST_H
#define CQL_PROTO_REQUEST_H

#include "base/buf.h"
#include "base/bytes.h"

struct cql_pair {
    cq_bytes key;
    cq_bytes value;
};

enum cql_query_flag {
    CQL_QUERY_VALUES = 0x01,
    CQL_QUERY_SKIP_METADATA = 0x02,
    CQL_QUERY_PAGE_SIZE = 0x04,
    CQL_QUERY_PAGING_STATE = 0x08,
    CQL_QUERY_SERIAL = 0x10,
    CQL_QUERY_TIMESTAMP = 0x20,
    CQL_QUERY_NAMES = 0x40,
    CQL_QUERY_KEYSPACE = 0x80, /* v5 */
    CQL_QUERY_NOW = 0x100,     /* v5 */
};

/* A QUERY without values: which of the fields are sent is in flags. */
struct cql_query {
    cq_bytes text;
    int header_flags; /* CQL_FLAG_TRACING */
    unsigned consistency;
    unsigned flags;
    uint32_t page_size;
    cq_bytes paging_state;
    unsigned serial_consistency;
    int64_t timestamp;
    cq_bytes keyspace;
    int32_t now_in_seconds;
};

void cql_put_options(struct cq_buf *out, int version, int stream);
void cql_put_startup(struct cq_buf *out, int version, int stream, const struct cql_pair *options,
                     unsigned n);
void cql_put_auth_response(struct cq_buf *out, int version, int stream, cq_bytes token);
void cql_put_register(struct cq_buf *out, int version, int stream, const cq_bytes *events,
                      unsigned n);
/* CQ_EINVALID: flags that need values, or that v4 does not have. */
void cql_put_query(struct cq_buf *out, int version, int stream, const struct cql_query *q);

#endif
