/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that one response envelope says, as JSON in the words of the vectors file, by way of
 * our decoders. NULL where a decoder refuses the body.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "proto/cql.h"
#include "proto/response.h"
#include "proto/rows.h"
#include "proto/type.h"
#include "proto/value.h"
#include "proto/wire.h"
#include "vectors/vector.h"

static void set_text(json_t *facts, const char *key, cq_bytes b)
{
    json_object_set_new_nocheck(facts, key, json_text(b));
}

static void set_hex(json_t *facts, const char *key, cq_bytes b)
{
    json_object_set_new_nocheck(facts, key, json_hex(b));
}

static void set_int(json_t *facts, const char *key, long long v)
{
    json_object_set_new_nocheck(facts, key, json_integer(v));
}

static json_t *strings(cq_bytes list, uint32_t n)
{
    struct cql_reader r = cql_reader_of(list);
    json_t *out = json_array();

    while (n--)
        json_array_append_new(out, json_text(cql_read_string(&r)));
    return out;
}

static json_t *inet_text(cq_bytes address)
{
    char text[46];

    return cql_get_inet(address, text) ? json_string(text) : json_null();
}

/* Depth is bounded: cql_type_length has accepted the option. */
static json_t *type_facts(struct cql_reader *r)
{
    int id = cql_read_u16(r);
    json_t *type = json_pack("{s:i}", "id", id), *fields;
    unsigned n;

    switch (id) {
    case CQL_TYPE_CUSTOM:
        set_text(type, "class", cql_read_string(r));
        break;
    case CQL_TYPE_LIST:
    case CQL_TYPE_SET:
        json_object_set_new(type, "elem", type_facts(r));
        break;
    case CQL_TYPE_MAP:
        json_object_set_new(type, "key", type_facts(r));
        json_object_set_new(type, "value", type_facts(r));
        break;
    case CQL_TYPE_UDT:
        set_text(type, "ks", cql_read_string(r));
        set_text(type, "name", cql_read_string(r));
        json_object_set_new(type, "fields", fields = json_array());
        for (n = cql_read_u16(r); n > 0; n--) {
            json_t *name = json_text(cql_read_string(r));

            json_array_append_new(fields, json_pack("[o, o]", name, type_facts(r)));
        }
        break;
    case CQL_TYPE_TUPLE:
        json_object_set_new(type, "fields", fields = json_array());
        for (n = cql_read_u16(r); n > 0; n--)
            json_array_append_new(fields, type_facts(r));
        break;
    default:
        break;
    }
    return type;
}

static void add_column(json_t *columns, const struct cql_column *c)
{
    struct cql_reader r = cql_reader_of(c->type);
    json_t *column = json_object();

    set_text(column, "ks", c->keyspace);
    set_text(column, "table", c->table);
    set_text(column, "name", c->name);
    json_object_set_new(column, "type", type_facts(&r));
    json_array_append_new(columns, column);
}

/* The first cell of a row as text: null and empty are told apart outside of the value. */
static json_t *cell_text(cq_bytes type, cq_bytes cell)
{
    struct cq_buf out;
    json_t *text;

    if (cq_is_null(cell)) return json_string("null");
    if (cell.n == 0) return json_string("(empty)");
    cq_buf_init(&out, &cq_mem_libc, CQ_MIB(16));
    cql_value_text(type, cell, &out);
    text = json_text(cq_buf_view(&out));
    cq_buf_fini(&out);
    return text;
}

static json_t *row_facts(cq_bytes row, uint32_t n, cq_bytes type, json_t *texts)
{
    int16_t slot[CQ_MAX_RESULT_COLUMNS];
    cq_bytes cells[CQ_MAX_RESULT_COLUMNS];
    json_t *out = json_array();

    for (uint32_t i = 0; i < n; i++)
        slot[i] = (int16_t)i;
    cql_row_cells(row, n, slot, cells);
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(out, json_hex(cells[i]));
    if (n) json_array_append_new(texts, cell_text(type, cells[0]));
    return out;
}

static bool rows_facts(json_t *facts, cq_bytes body, int version)
{
    struct cql_rows r;
    struct cql_column c;
    cq_bytes row, type = CQ_NULL;
    json_t *columns = json_array(), *rows = json_array(), *texts = json_array();

    json_object_set_new(facts, "columns", columns);
    json_object_set_new(facts, "rows", rows);
    json_object_set_new(facts, "text", texts);
    if (cql_rows_begin(&r, body, version)) return false;
    set_int(facts, "rflags", r.flags);
    set_int(facts, "column_count", r.n_columns);
    if (r.paging_state.p) set_hex(facts, "paging_state", r.paging_state);
    if (r.metadata_id.p) set_hex(facts, "new_metadata_id", r.metadata_id);
    while (cql_rows_column(&r, &c)) {
        if (r.columns_read == 1) type = c.type;
        if (c.name.p) add_column(columns, &c);
    }
    if (cql_rows_count(&r)) return false;
    set_int(facts, "rows_count", r.n_rows);
    while (cql_rows_next(&r, &row))
        json_array_append_new(rows, row_facts(row, r.n_columns, type, texts));
    return r.err == 0;
}

static void change_facts(json_t *facts, const struct cql_change *c)
{
    set_text(facts, "change", c->change);
    set_text(facts, "target", c->target);
    set_text(facts, "keyspace", c->keyspace);
    if (c->name.p) set_text(facts, "name", c->name);
    if (c->arg_types.p)
        json_object_set_new(facts, "arg_types", strings(c->arg_types, c->n_arg_types));
}

static bool result_facts(json_t *facts, cq_bytes body, int version, bool *is_rows_broken)
{
    struct cql_change change;
    struct cql_prepared prepared;
    cq_bytes keyspace;
    int kind = cql_result_kind(body);

    set_int(facts, "kind", kind);
    switch (kind) {
    case CQL_RESULT_VOID:
        return true;
    case CQL_RESULT_ROWS:
        *is_rows_broken = !rows_facts(facts, body, version);
        return !*is_rows_broken;
    case CQL_RESULT_SET_KEYSPACE:
        if (cql_set_keyspace_read(body, &keyspace)) return false;
        set_text(facts, "keyspace", keyspace);
        return true;
    case CQL_RESULT_PREPARED:
        if (cql_prepared_read(body, version, &prepared)) return false;
        set_hex(facts, "query_id", prepared.id);
        if (version >= 5) set_hex(facts, "result_metadata_id", prepared.result_metadata_id);
        return true;
    case CQL_RESULT_SCHEMA_CHANGE:
        if (cql_schema_change_read(body, &change)) return false;
        change_facts(facts, &change);
        return true;
    default:
        return false;
    }
}

static json_t *reasons(const struct cql_error *e)
{
    struct cql_reader r = cql_reader_of(e->reasons);
    json_t *out = json_array();

    for (int32_t i = 0; i < e->n_failures; i++) {
        json_t *endpoint = inet_text(cql_read_inetaddr(&r));

        json_array_append_new(
            out, json_pack("{s:o, s:i}", "endpoint", endpoint, "code", (int)cql_read_u16(&r)));
    }
    return out;
}

/* Which of an ERROR's fields there are follows from its code. */
static void error_extra(json_t *facts, const struct cql_error *e)
{
    bool is_unavailable = e->code == CQL_ERR_UNAVAILABLE;

    if (is_unavailable || e->code == CQL_ERR_CAS_WRITE_UNKNOWN ||
        e->code == CQL_ERR_WRITE_TIMEOUT || e->code == CQL_ERR_READ_TIMEOUT ||
        e->code == CQL_ERR_READ_FAILURE || e->code == CQL_ERR_WRITE_FAILURE) {
        set_int(facts, "consistency", e->consistency);
        set_int(facts, is_unavailable ? "required" : "block_for", e->required);
        set_int(facts, is_unavailable ? "alive" : "received", e->received);
    }
    if (e->code == CQL_ERR_READ_FAILURE || e->code == CQL_ERR_WRITE_FAILURE) {
        if (e->reasons.p)
            json_object_set_new(facts, "reasons", reasons(e));
        else
            set_int(facts, "num_failures", e->n_failures);
    }
    if (e->code == CQL_ERR_READ_FAILURE || e->code == CQL_ERR_READ_TIMEOUT)
        json_object_set_new(facts, "data_present", json_boolean(e->data_present));
    if (e->write_type.p) set_text(facts, "write_type", e->write_type);
    if (e->contentions >= 0) set_int(facts, "contentions", e->contentions);
    if (e->keyspace.p) set_text(facts, "keyspace", e->keyspace);
    if (e->name.p)
        set_text(facts, e->code == CQL_ERR_FUNCTION_FAILURE ? "function" : "table", e->name);
    if (e->arg_types.p)
        json_object_set_new(facts, "arg_types", strings(e->arg_types, e->n_arg_types));
    if (e->query_id.p) set_hex(facts, "query_id", e->query_id);
}

static bool error_facts(json_t *facts, cq_bytes body, int version)
{
    struct cql_error e;

    if (cql_error_read(body, version, &e)) return false;
    set_int(facts, "code", e.code);
    set_text(facts, "message", e.message);
    error_extra(facts, &e);
    return true;
}

static bool event_facts(json_t *facts, cq_bytes body)
{
    struct cql_notice n;

    if (cql_event_read(body, &n)) return false;
    set_text(facts, "type", n.type);
    if (!n.known) {
        json_object_set_new(facts, "ignored", json_true());
    } else if (n.address.p) {
        set_text(facts, "change", n.change);
        json_object_set_new(facts, "addr", inet_text(n.address));
        set_int(facts, "port", n.port);
    } else {
        change_facts(facts, &n.schema);
    }
    return true;
}

static bool supported_facts(json_t *facts, cq_bytes body)
{
    cq_bytes pairs;
    uint32_t n, n_values;
    struct cql_reader r;
    json_t *options = json_object();

    json_object_set_new(facts, "options", options);
    json_object_set_new(facts, "map_order", json_string("any"));
    if (cql_supported_read(body, &pairs, &n)) return false;
    r = cql_reader_of(pairs);
    while (n--) {
        cq_bytes key = cql_read_string(&r);
        char name[256];
        cq_bytes list;

        snprintf(name, sizeof(name), "%.*s", CQ_FMT(key));
        list = cql_read_string_list(&r, &n_values);
        json_object_set_new_nocheck(options, name, strings(list, n_values));
    }
    return true;
}

static void prefix_facts(json_t *facts, const struct cql_prefix *p)
{
    struct cql_reader r = cql_reader_of(p->payload);
    char uuid[37];

    if (cql_get_uuid(p->tracing_id, uuid))
        json_object_set_new(facts, "tracing_id", json_string(uuid));
    if (p->warnings.p) json_object_set_new(facts, "warnings", strings(p->warnings, p->n_warnings));
    if (!p->payload.p) return;
    json_object_set_new(facts, "custom_payload", json_object());
    for (uint32_t i = 0; i < p->n_payload; i++) {
        cq_bytes key = cql_read_string(&r);
        char name[256];

        snprintf(name, sizeof(name), "%.*s", CQ_FMT(key));
        set_hex(json_object_get(facts, "custom_payload"), name, cql_read_bytes(&r));
    }
}

static bool token_facts(json_t *facts, cq_bytes body, bool is_name)
{
    cq_bytes b;

    if (is_name ? cql_authenticate_read(body, &b) : cql_token_read(body, &b)) return false;
    if (is_name)
        set_text(facts, "authenticator", b);
    else
        set_hex(facts, "token", b);
    return true;
}

static bool body_facts(json_t *facts, const struct cql_header *h, cq_bytes body, bool *rows_broken)
{
    switch (h->opcode) {
    case CQL_ERROR:
        set_text(facts, "opcode", CQ_LIT("ERROR"));
        return error_facts(facts, body, h->version);
    case CQL_READY:
        set_text(facts, "opcode", CQ_LIT("READY"));
        return true;
    case CQL_AUTHENTICATE:
        set_text(facts, "opcode", CQ_LIT("AUTHENTICATE"));
        return token_facts(facts, body, true);
    case CQL_SUPPORTED:
        set_text(facts, "opcode", CQ_LIT("SUPPORTED"));
        return supported_facts(facts, body);
    case CQL_RESULT:
        set_text(facts, "opcode", CQ_LIT("RESULT"));
        return result_facts(facts, body, h->version, rows_broken);
    case CQL_EVENT:
        set_text(facts, "opcode", CQ_LIT("EVENT"));
        return event_facts(facts, body);
    case CQL_AUTH_CHALLENGE:
        set_text(facts, "opcode", CQ_LIT("AUTH_CHALLENGE"));
        return token_facts(facts, body, false);
    case CQL_AUTH_SUCCESS:
        set_text(facts, "opcode", CQ_LIT("AUTH_SUCCESS"));
        return token_facts(facts, body, false);
    default:
        return false;
    }
}

json_t *facts_of(cq_bytes envelope, bool *is_rows_broken)
{
    struct cql_header h = cql_header_read(envelope.p);
    cq_bytes body = {envelope.p + CQL_HEADER_BYTES, envelope.n - CQL_HEADER_BYTES};
    struct cql_prefix prefix;
    json_t *facts = json_pack("{s:i, s:i}", "flags", h.flags, "stream", h.stream);

    *is_rows_broken = false;
    set_int(facts, "envelope_len", (long long)envelope.n);
    if (cql_prefix_read(&body, h.flags, &prefix) == 0) {
        prefix_facts(facts, &prefix);
        if (body_facts(facts, &h, body, is_rows_broken) || *is_rows_broken) return facts;
    }
    json_decref(facts);
    return NULL;
}
