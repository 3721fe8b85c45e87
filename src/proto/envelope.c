/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing the header of proto/envelope.h (v5.spec 2.4). A header that cannot be an
 * answer to us is refused before its length is used for anything.
 */
#include "proto/envelope.h"

#include <assert.h>

#include "base/bounds.h"
#include "base/err.h"
#include "proto/wire.h"

struct cql_header cql_header_read(const uint8_t p[CQL_HEADER_BYTES])
{
    return (struct cql_header){
        .version = p[0] & ~CQL_VERSION_RESPONSE,
        .response = (p[0] & CQL_VERSION_RESPONSE) != 0,
        .flags = p[1],
        .stream = (int16_t)cql_load_u16(p + 2),
        .opcode = p[4],
        .length = cql_load_u32(p + 5),
    };
}

static bool is_response(int opcode)
{
    switch (opcode) {
    case CQL_ERROR:
    case CQL_READY:
    case CQL_AUTHENTICATE:
    case CQL_SUPPORTED:
    case CQL_RESULT:
    case CQL_EVENT:
    case CQL_AUTH_CHALLENGE:
    case CQL_AUTH_SUCCESS:
        return true;
    default:
        return false;
    }
}

int cql_header_check(const struct cql_header *h, int version)
{
    if (h->version != version || !h->response || !is_response(h->opcode)) return CQ_EPROTOCOL;
    return h->length > CQ_MAX_ENVELOPE_BODY ? CQ_ETOO_LARGE : 0;
}

size_t cql_envelope_begin(struct cq_buf *b, int version, int flags, int stream, int opcode)
{
    size_t begin = b->n;

    cql_write_u8(b, (unsigned)version);
    cql_write_u8(b, (unsigned)flags);
    cql_write_u16(b, (uint16_t)stream);
    cql_write_u8(b, (unsigned)opcode);
    cql_write_u32(b, 0);
    return begin;
}

void cql_envelope_end(struct cq_buf *b, size_t begin)
{
    size_t n;

    if (b->err) return;
    assert(b->n >= begin + CQL_HEADER_BYTES);
    n = b->n - begin - CQL_HEADER_BYTES;
    for (int i = 0; i < 4; i++)
        b->p[begin + 5 + (size_t)i] = (uint8_t)(n >> (24 - 8 * i));
}
