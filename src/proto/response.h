/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The responses' bodies as views (v5.spec 4.2; rows: proto/rows.h). Every reader is total: 0, or
 * CQ_EPROTOCOL for a body that is cut short or lies about its lengths. Trailing bytes are ignored.
 * A view lives as long as the body.
 */
#ifndef CQL_PROTO_RESPONSE_H
#define CQL_PROTO_RESPONSE_H

#include "base/bytes.h"
#include "proto/cql.h"

/* What may stand before any message: tracing id, warnings, custom payload, in that order. */
struct cql_prefix {
    cq_bytes tracing_id; /* 16 bytes, or null */
    cq_bytes warnings;   /* n_warnings * [string] */
    uint32_t n_warnings;
    cq_bytes payload; /* n_payload * ([string], [bytes]) */
    uint32_t n_payload;
};

/* Takes the prefix that flags announce off the front of *body. */
int cql_prefix_read(cq_bytes *body, int flags, struct cql_prefix *prefix);

/* SUPPORTED: n * ([string], [string list]) */
int cql_supported_read(cq_bytes body, cq_bytes *pairs, uint32_t *n);

int cql_authenticate_read(cq_bytes body, cq_bytes *authenticator);

/* AUTH_CHALLENGE and AUTH_SUCCESS: the token may be null. */
int cql_token_read(cq_bytes body, cq_bytes *token);

/* An ERROR. Which fields beyond code and message are set follows from the code (v5.spec 8). */
struct cql_error {
    int code;
    cq_bytes message;
    int consistency;
    int32_t required; /* unavailable; elsewhere block_for */
    int32_t received; /* unavailable: alive */
    int32_t n_failures;
    cq_bytes reasons; /* v5: n_failures * ([inetaddr], [short]); null in v4 */
    bool data_present;
    cq_bytes write_type;
    int contentions; /* v5, CAS: -1 where there are none */
    cq_bytes keyspace;
    cq_bytes name; /* function or table */
    cq_bytes arg_types;
    uint32_t n_arg_types;
    cq_bytes query_id;
};

/* Of an unknown code only code and message are read. */
int cql_error_read(cq_bytes body, int version, struct cql_error *e);

/* A schema change, as a RESULT or inside an EVENT. */
struct cql_change {
    cq_bytes change; /* CREATED, UPDATED, DROPPED */
    cq_bytes target; /* KEYSPACE, TABLE, TYPE, FUNCTION, AGGREGATE */
    cq_bytes keyspace;
    cq_bytes name;      /* null for a keyspace */
    cq_bytes arg_types; /* n_arg_types * [string]; null where the target has none */
    uint32_t n_arg_types;
};

struct cql_notice {
    cq_bytes type;            /* SCHEMA_CHANGE, TOPOLOGY_CHANGE, STATUS_CHANGE, or another */
    bool known;               /* one of these three: what follows was read */
    struct cql_change schema; /* SCHEMA_CHANGE */
    cq_bytes change;          /* the others: NEW_NODE, UP ... */
    cq_bytes address;         /* 4 or 16 bytes */
    uint32_t port;
};

int cql_event_read(cq_bytes body, struct cql_notice *n);

/* The kind of a RESULT: a cql_result_kind, or CQ_EPROTOCOL for one that nobody knows. */
int cql_result_kind(cq_bytes body);
/* The RESULTs but Rows; body from the [int] kind on, which must be theirs. */
int cql_set_keyspace_read(cq_bytes body, cq_bytes *keyspace);
int cql_schema_change_read(cq_bytes body, struct cql_change *c);
struct cql_prepared {
    cq_bytes id;
    cq_bytes result_metadata_id; /* v5 */
};
int cql_prepared_read(cq_bytes body, int version, struct cql_prepared *p);

#endif
