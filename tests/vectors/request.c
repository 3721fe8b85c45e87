/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests: encoded from what a line expects and compared byte for byte with what it has. lz4 ones
 * are compared after decompression; requests that a crawler never sends are skipped.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "proto/lz4.h"
#include "proto/request.h"
#include "proto/wire.h"
#include "vectors/vector.h"

static cq_bytes text_of(const json_t *json)
{
    return json_is_string(json)
               ? (cq_bytes){(const uint8_t *)json_string_value(json), json_string_length(json)}
               : CQ_NULL;
}

/* The number behind key; anything else makes the line fail. */
static long long number(const json_t *expect, const char *key, bool *good)
{
    json_t *json = json_object_get(expect, key);

    if (!json_is_integer(json)) *good = false;
    return json_integer_value(json);
}

/* A hex text or null, malloc'ed. */
static bool token_of(const json_t *json, uint8_t **p, cq_bytes *token)
{
    size_t n = 0;

    *p = NULL;
    *token = CQ_NULL;
    if (json_is_null(json)) return true;
    if (!json_is_string(json) || !unhex(json_string_value(json), json_string_length(json), p, &n))
        return false;
    *token = (cq_bytes){*p, n};
    return true;
}

/* STARTUP's map comes in any order: in that of the bytes we have. */
static bool put_startup(struct cq_buf *out, const struct vector *v, int stream, cq_bytes body)
{
    json_t *options = json_object_get(v->expect, "options");
    json_t *order = json_object_get(v->expect, "map_order");
    struct cql_reader r = cql_reader_of(body);
    struct cql_pair pairs[16];
    unsigned n = cql_read_u16(&r);

    if (n > 16 || n != json_object_size(options)) return false;
    if (order && strcmp(json_string_value(order) ? json_string_value(order) : "", "any"))
        return false;
    for (unsigned i = 0; i < n; i++) {
        char key[64] = {0};
        cq_bytes name = cql_read_string(&r);

        cql_read_string(&r);
        if (name.n >= sizeof(key)) return false;
        if (name.n) memcpy(key, name.p, name.n);
        pairs[i] = (struct cql_pair){name, text_of(json_object_get(options, key))};
        if (cq_is_null(pairs[i].value)) return false;
    }
    cql_put_startup(out, v->version, stream, pairs, n);
    return !r.bad;
}

static bool put_register(struct cq_buf *out, const struct vector *v, int stream)
{
    json_t *events = json_object_get(v->expect, "events");
    cq_bytes names[16];
    unsigned n = (unsigned)json_array_size(events);

    if (!json_is_array(events) || n > 16) return false;
    for (unsigned i = 0; i < n; i++)
        names[i] = text_of(json_array_get(events, i));
    cql_put_register(out, v->version, stream, names, n);
    return true;
}

static bool put_query(struct cq_buf *out, const struct vector *v, int stream)
{
    static const struct {
        const char *key;
        unsigned flag;
    } fields[] = {
        {"page_size", CQL_QUERY_PAGE_SIZE},       {"paging_state", CQL_QUERY_PAGING_STATE},
        {"serial_consistency", CQL_QUERY_SERIAL}, {"timestamp", CQL_QUERY_TIMESTAMP},
        {"keyspace", CQL_QUERY_KEYSPACE},         {"now_in_seconds", CQL_QUERY_NOW}};
    const json_t *e = v->expect;
    bool good = true;
    struct cql_query q = {.text = text_of(json_object_get(e, "query"))};
    uint8_t *state;

    q.header_flags = (int)number(e, "flags", &good) & ~CQL_FLAG_COMPRESSED;
    q.consistency = (unsigned)number(e, "consistency", &good);
    q.flags = (unsigned)number(e, "qflags", &good);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (!(q.flags & fields[i].flag) != !json_object_get(e, fields[i].key)) good = false;
    if (q.flags & CQL_QUERY_PAGE_SIZE) q.page_size = (uint32_t)number(e, "page_size", &good);
    if (q.flags & CQL_QUERY_SERIAL)
        q.serial_consistency = (unsigned)number(e, "serial_consistency", &good);
    if (q.flags & CQL_QUERY_TIMESTAMP) q.timestamp = number(e, "timestamp", &good);
    if (q.flags & CQL_QUERY_NOW) q.now_in_seconds = (int32_t)number(e, "now_in_seconds", &good);
    q.keyspace = text_of(json_object_get(e, "keyspace"));
    if (!token_of(json_object_get(e, "paging_state"), &state, &q.paging_state))
        good = good && !json_object_get(e, "paging_state");
    cql_put_query(out, v->version, stream, &q);
    free(state);
    return good && q.text.p;
}

/* False: the line cannot be encoded as it is expected. *skip: not ours to encode. */
static bool put_request(struct cq_buf *out, const struct vector *v, cq_bytes body, bool *skip)
{
    const char *opcode = json_string_value(json_object_get(v->expect, "opcode"));
    bool good = true;
    int stream = (int)number(v->expect, "stream", &good);
    uint8_t *p;
    cq_bytes token;

    if (!opcode || !good) return false;
    if (strcmp(opcode, "OPTIONS") == 0) {
        cql_put_options(out, v->version, stream);
    } else if (strcmp(opcode, "STARTUP") == 0) {
        good = put_startup(out, v, stream, body);
    } else if (strcmp(opcode, "REGISTER") == 0) {
        good = put_register(out, v, stream);
    } else if (strcmp(opcode, "AUTH_RESPONSE") == 0) {
        good = token_of(json_object_get(v->expect, "token"), &p, &token);
        cql_put_auth_response(out, v->version, stream, token);
        free(p);
    } else if (strcmp(opcode, "QUERY") == 0) {
        *skip = json_object_get(v->expect, "values") || json_object_get(v->expect, "named_values");
        if (!*skip) good = put_query(out, v, stream);
    } else {
        *skip = strcmp(opcode, "PREPARE") == 0 || strcmp(opcode, "EXECUTE") == 0 ||
                strcmp(opcode, "BATCH") == 0;
        good = *skip;
    }
    return good;
}

/* The envelope inside, uncompressed: what its sender encoded. */
static bool unwrap(const struct vector *v, struct cq_buf *out)
{
    struct cql_inflow in;
    uint8_t *p, *block = NULL;
    size_t n = 0;
    int rc;

    cql_inflow_init(&in, &cq_mem_libc);
    in.lz4 = v->is_lz4;
    if (v->is_segmented) cql_inflow_segmented(&in);
    for (size_t at = 0; (rc = cql_inflow_next(&in)) >= 0 && rc != CQL_IN_WHOLE; at += n) {
        n = 0;
        if (rc == CQL_IN_HEAD) cql_inflow_block(&in);
        if (rc == CQL_IN_WANT) {
            block = realloc(block, cql_inflow_need(&in));
            cql_inflow_give(&in, block, cql_inflow_need(&in));
        }
        if (rc != CQL_IN_MORE) continue;
        if (at == v->n) break;
        cql_inflow_space(&in, &p, &n);
        if (n > v->n - at) n = v->n - at;
        memcpy(p, v->bytes + at, n);
        cql_inflow_commit(&in, n);
    }
    if (rc == CQL_IN_WHOLE) {
        size_t begin = cql_envelope_begin(out, in.h.version, in.h.flags, in.h.stream, in.h.opcode);

        cq_buf_put(out, in.body.p, in.body.n);
        cql_envelope_end(out, begin);
    }
    cql_inflow_fini(&in);
    free(block);
    return rc == CQL_IN_WHOLE;
}

/* Plain requests and plain segments must be the same bytes as sent. */
static bool is_same(const struct vector *v, cq_bytes ours, cq_bytes theirs)
{
    struct cq_buf out;
    bool same = ours.n == theirs.n && ours.p[1] == (theirs.p[1] & ~CQL_FLAG_COMPRESSED) &&
                ours.p[0] == theirs.p[0] && memcmp(ours.p + 2, theirs.p + 2, ours.n - 2) == 0;

    if (v->is_lz4 || !same) return same;
    cq_buf_init(&out, &cq_mem_libc, CQ_MIB(16));
    if (v->is_segmented)
        cql_segments_put(&out, ours, false, false);
    else
        cq_buf_put(&out, ours.p, ours.n);
    same = cq_eq(cq_buf_view(&out), (cq_bytes){v->bytes, v->n});
    cq_buf_fini(&out);
    return same;
}

enum verdict request_check(const struct vector *v, struct why *why)
{
    struct cq_buf theirs, ours;
    bool skip = false, good = true;
    enum verdict verdict = PASSED;

    cq_buf_init(&theirs, &cq_mem_libc, CQ_MIB(16));
    cq_buf_init(&ours, &cq_mem_libc, CQ_MIB(16));
    if (!unwrap(v, &theirs)) {
        verdict = fail_why(why, "%s: the request cannot be read", v->id);
    } else if (!put_request(&ours, v,
                            (cq_bytes){theirs.p + CQL_HEADER_BYTES, theirs.n - CQL_HEADER_BYTES},
                            &skip)) {
        verdict = fail_why(why, "%s: cannot be encoded as expected", v->id);
    } else if (skip) {
        verdict = SKIPPED;
    } else if (ours.err || !is_same(v, cq_buf_view(&ours), cq_buf_view(&theirs))) {
        verdict = fail_why(why, "%s: our bytes are others", v->id);
    } else if (number(v->expect, "flags", &good) != theirs.p[1] || !good) {
        verdict = fail_why(why, "%s: flags are others", v->id);
    }
    cq_buf_fini(&theirs);
    cq_buf_fini(&ours);
    return verdict;
}
