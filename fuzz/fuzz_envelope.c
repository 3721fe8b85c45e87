/* SPDX-License-Identifier: Apache-2.0 */
/* One envelope: header, prefix, and every reader of bodies that there is, whatever its opcode. */
#include "fuzz/fuzz.h"
#include "proto/envelope.h"
#include "proto/response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cql_prefix prefix;
    struct cql_error error;
    struct cql_notice notice;
    struct cql_change change;
    struct cql_prepared prepared;
    struct cql_header h;
    cq_bytes body, view;
    uint32_t n;

    if (size < CQL_HEADER_BYTES) return 0;
    h = cql_header_read(data);
    cql_header_check(&h, h.version);
    body = (cq_bytes){data + CQL_HEADER_BYTES, size - CQL_HEADER_BYTES};
    if (cql_prefix_read(&body, h.flags, &prefix)) return 0;
    cql_supported_read(body, &view, &n);
    cql_authenticate_read(body, &view);
    cql_token_read(body, &view);
    cql_error_read(body, 4, &error);
    cql_error_read(body, 5, &error);
    cql_event_read(body, &notice);
    cql_result_kind(body);
    cql_set_keyspace_read(body, &view);
    cql_schema_change_read(body, &change);
    cql_prepared_read(body, h.version, &prepared);
    return 0;
}
