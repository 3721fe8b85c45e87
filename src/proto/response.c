/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoders of proto/response.h: straight lines over a sticky reader, one check at the end. Sections
 * of v5.spec: prefix 2.4.1.2, SUPPORTED 4.2.4, RESULT 4.2.5, EVENT 4.2.6, errors 8.
 */
#include "proto/response.h"

#include "base/err.h"
#include "proto/wire.h"

static int verdict(const struct cql_reader *r)
{
    return r->bad ? CQ_EPROTOCOL : 0;
}

int cql_prefix_read(cq_bytes *body, int flags, struct cql_prefix *prefix)
{
    struct cql_reader r = cql_reader_of(*body);

    *prefix = (struct cql_prefix){0};
    if (flags & CQL_FLAG_TRACING) prefix->tracing_id = cql_read_raw(&r, 16);
    if (flags & CQL_FLAG_WARNING) prefix->warnings = cql_read_string_list(&r, &prefix->n_warnings);
    if (flags & CQL_FLAG_PAYLOAD) prefix->payload = cql_read_bytes_map(&r, &prefix->n_payload);
    *body = cql_rest(&r);
    return verdict(&r);
}

int cql_supported_read(cq_bytes body, cq_bytes *pairs, uint32_t *n)
{
    struct cql_reader r = cql_reader_of(body);

    *pairs = cql_read_multimap(&r, n);
    return verdict(&r);
}

int cql_authenticate_read(cq_bytes body, cq_bytes *authenticator)
{
    struct cql_reader r = cql_reader_of(body);

    *authenticator = cql_read_string(&r);
    return verdict(&r);
}

int cql_token_read(cq_bytes body, cq_bytes *token)
{
    struct cql_reader r = cql_reader_of(body);

    *token = cql_read_bytes(&r);
    return verdict(&r);
}

/* Consistency, received, block_for: the beginning of six kinds of error. */
static void read_counts(struct cql_reader *r, struct cql_error *e)
{
    e->consistency = cql_read_u16(r);
    e->received = cql_read_i32(r);
    e->required = cql_read_i32(r);
}

/* v4 has a number of failures, v5 the reason of each of them (v5.spec 8, 0x1300). */
static void read_failures(struct cql_reader *r, int version, struct cql_error *e)
{
    const uint8_t *from;

    e->n_failures = cql_read_i32(r);
    if (version < 5) return;
    from = r->p;
    if (e->n_failures < 0) cql_fail(r);
    for (int32_t i = 0; i < e->n_failures && !r->bad; i++) {
        cql_read_inetaddr(r);
        cql_read_u16(r);
    }
    if (!r->bad) e->reasons = (cq_bytes){from, (size_t)(r->p - from)};
}

static void read_write_timeout(struct cql_reader *r, int version, struct cql_error *e)
{
    read_counts(r, e);
    e->write_type = cql_read_string(r);
    if (version >= 5 && cq_eq(e->write_type, CQ_LIT("CAS"))) e->contentions = cql_read_u16(r);
}

static void read_extra(struct cql_reader *r, int version, struct cql_error *e)
{
    switch (e->code) {
    case CQL_ERR_UNAVAILABLE:
        e->consistency = cql_read_u16(r);
        e->required = cql_read_i32(r);
        e->received = cql_read_i32(r);
        break;
    case CQL_ERR_WRITE_TIMEOUT:
        read_write_timeout(r, version, e);
        break;
    case CQL_ERR_READ_TIMEOUT:
        read_counts(r, e);
        e->data_present = cql_read_u8(r) != 0;
        break;
    case CQL_ERR_READ_FAILURE:
        read_counts(r, e);
        read_failures(r, version, e);
        e->data_present = cql_read_u8(r) != 0;
        break;
    case CQL_ERR_WRITE_FAILURE:
        read_counts(r, e);
        read_failures(r, version, e);
        e->write_type = cql_read_string(r);
        break;
    case CQL_ERR_CAS_WRITE_UNKNOWN:
        read_counts(r, e);
        break;
    case CQL_ERR_FUNCTION_FAILURE:
        e->keyspace = cql_read_string(r);
        e->name = cql_read_string(r);
        e->arg_types = cql_read_string_list(r, &e->n_arg_types);
        break;
    case CQL_ERR_ALREADY_EXISTS:
        e->keyspace = cql_read_string(r);
        e->name = cql_read_string(r);
        break;
    case CQL_ERR_UNPREPARED:
        e->query_id = cql_read_string(r);
        break;
    default:
        break;
    }
}

int cql_error_read(cq_bytes body, int version, struct cql_error *e)
{
    struct cql_reader r = cql_reader_of(body);

    *e = (struct cql_error){.contentions = -1};
    e->code = cql_read_i32(&r);
    e->message = cql_read_string(&r);
    read_extra(&r, version, e);
    return verdict(&r);
}

static void read_change(struct cql_reader *r, struct cql_change *c)
{
    *c = (struct cql_change){0};
    c->change = cql_read_string(r);
    c->target = cql_read_string(r);
    c->keyspace = cql_read_string(r);
    if (cq_eq(c->target, CQ_LIT("KEYSPACE"))) return;
    c->name = cql_read_string(r);
    if (cq_eq(c->target, CQ_LIT("FUNCTION")) || cq_eq(c->target, CQ_LIT("AGGREGATE")))
        c->arg_types = cql_read_string_list(r, &c->n_arg_types);
}

int cql_event_read(cq_bytes body, struct cql_notice *n)
{
    struct cql_reader r = cql_reader_of(body);

    *n = (struct cql_notice){0};
    n->type = cql_read_string(&r);
    n->known = true;
    if (cq_eq(n->type, CQ_LIT("SCHEMA_CHANGE"))) {
        read_change(&r, &n->schema);
    } else if (cq_eq(n->type, CQ_LIT("TOPOLOGY_CHANGE")) ||
               cq_eq(n->type, CQ_LIT("STATUS_CHANGE"))) {
        n->change = cql_read_string(&r);
        n->address = cql_read_inet(&r, &n->port);
    } else {
        n->known = false;
    }
    return verdict(&r);
}

int cql_result_kind(cq_bytes body)
{
    struct cql_reader r = cql_reader_of(body);
    int32_t kind = cql_read_i32(&r);

    return r.bad || kind < CQL_RESULT_VOID || kind > CQL_RESULT_SCHEMA_CHANGE ? CQ_EPROTOCOL : kind;
}

static void expect_kind(struct cql_reader *r, int kind)
{
    if (cql_read_i32(r) != kind) cql_fail(r);
}

int cql_set_keyspace_read(cq_bytes body, cq_bytes *keyspace)
{
    struct cql_reader r = cql_reader_of(body);

    expect_kind(&r, CQL_RESULT_SET_KEYSPACE);
    *keyspace = cql_read_string(&r);
    return verdict(&r);
}

int cql_schema_change_read(cq_bytes body, struct cql_change *c)
{
    struct cql_reader r = cql_reader_of(body);

    expect_kind(&r, CQL_RESULT_SCHEMA_CHANGE);
    read_change(&r, c);
    return verdict(&r);
}

int cql_prepared_read(cq_bytes body, int version, struct cql_prepared *p)
{
    struct cql_reader r = cql_reader_of(body);

    *p = (struct cql_prepared){0};
    expect_kind(&r, CQL_RESULT_PREPARED);
    p->id = cql_read_string(&r);
    if (version >= 5) p->result_metadata_id = cql_read_string(&r);
    return verdict(&r);
}
