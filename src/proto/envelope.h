/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope's header (v5.spec 2.4), 9 bytes, big-endian:
 *
 *   version (bit 7: response) | flags | stream (signed short) | opcode | length of the body (int)
 */
#ifndef CQL_PROTO_ENVELOPE_H
#define CQL_PROTO_ENVELOPE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "proto/cql.h"

struct cql_header {
    int version;   /* without the response bit */
    bool response; /* bit 7 of the first byte */
    int flags;
    int stream;
    int opcode;
    uint32_t length;
};

struct cql_header cql_header_read(const uint8_t p[CQL_HEADER_BYTES]);

/*
 * Is it an answer in that version? 0; CQ_EPROTOCOL: another version, a request, or an opcode that
 * no response has; CQ_ETOO_LARGE: a body over CQ_MAX_ENVELOPE_BODY.
 */
int cql_header_check(const struct cql_header *h, int version);

/* Can an answer in that version begin with this byte? */
static inline bool cql_header_may_begin(uint8_t first, int version)
{
    return first == (CQL_VERSION_RESPONSE | version);
}

/* Writes a request's header with length 0; returns where it begins, for cql_envelope_end. */
size_t cql_envelope_begin(struct cq_buf *b, int version, int flags, int stream, int opcode);
/* Fills in the length of everything written since. */
void cql_envelope_end(struct cq_buf *b, size_t begin);

#endif
