/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nine-byte header with its body (CQL v4 section 2, v5 section 2.4), and the compressed bodies
 * of v4: four bytes of plain length, big-endian, then one raw lz4 block; an empty body is 00 00 00
 * 00 and a block that holds nothing.
 */
#ifndef CQSIM_ENVELOPE_H
#define CQSIM_ENVELOPE_H

#include "sim/memo.h"

enum { CQSIM_HEADER = 9, CQSIM_MAX_BODY = 64 << 20 };

enum cqsim_opcode {
    CQSIM_OP_ERROR = 0x00,
    CQSIM_OP_STARTUP = 0x01,
    CQSIM_OP_READY = 0x02,
    CQSIM_OP_AUTHENTICATE = 0x03,
    CQSIM_OP_OPTIONS = 0x05,
    CQSIM_OP_SUPPORTED = 0x06,
    CQSIM_OP_QUERY = 0x07,
    CQSIM_OP_RESULT = 0x08,
    CQSIM_OP_PREPARE = 0x09,
    CQSIM_OP_EXECUTE = 0x0a,
    CQSIM_OP_REGISTER = 0x0b,
    CQSIM_OP_EVENT = 0x0c,
    CQSIM_OP_BATCH = 0x0d,
    CQSIM_OP_AUTH_CHALLENGE = 0x0e,
    CQSIM_OP_AUTH_RESPONSE = 0x0f,
    CQSIM_OP_AUTH_SUCCESS = 0x10,
    CQSIM_N_OPCODES = 0x11
};

enum {
    CQSIM_FLAG_COMPRESSED = 0x01,
    CQSIM_FLAG_TRACING = 0x02,
    CQSIM_FLAG_PAYLOAD = 0x04,
    CQSIM_FLAG_WARNING = 0x08,
    CQSIM_FLAG_BETA = 0x10
};

struct cqsim_envelope {
    unsigned version; /* the header's byte, bit 7 included */
    unsigned flags;
    int stream;
    unsigned opcode;
    struct cqsim_slice body;
};

/* 1 and the bytes used when a whole envelope is there, 0 when more are needed, -1 above MAX_BODY.
 */
int cqsim_envelope_next(struct cqsim_slice in, struct cqsim_envelope *out, size_t *used);
void cqsim_envelope_put(struct cqsim_buf *b, const struct cqsim_envelope *e);
/* The header alone, with a length that the caller chooses (a fault lies about it). */
void cqsim_header_write(uint8_t out[CQSIM_HEADER], const struct cqsim_envelope *e, uint32_t length);
void cqsim_header_put(struct cqsim_buf *b, const struct cqsim_envelope *e, uint32_t length);

/* Raw lz4 blocks; unpack wants the exact plain length and says whether it was right. */
void cqsim_lz4_pack(struct cqsim_slice plain, struct cqsim_buf *out);
bool cqsim_lz4_unpack(struct cqsim_slice packed, size_t n_plain, struct cqsim_buf *out);
/* Bodies of v4. */
/* memo: NULL, or where packed bodies are looked up. */
void cqsim_body_pack(struct cqsim_slice plain, struct cqsim_memo *memo, struct cqsim_buf *out);
bool cqsim_body_unpack(struct cqsim_slice packed, struct cqsim_buf *out);

#endif
