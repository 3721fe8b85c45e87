/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes and v4's compressed bodies (envelope.h). */
#include "sim/envelope.h"

#include <lz4.h>

int cqsim_envelope_next(struct cqsim_slice in, struct cqsim_envelope *out, size_t *used)
{
    if (in.n < CQSIM_HEADER) return 0;
    struct cqsim_reader r = cqsim_reader(in);
    out->version = cqsim_get_u8(&r);
    out->flags = cqsim_get_u8(&r);
    out->stream = (int16_t)cqsim_get_u16(&r);
    out->opcode = cqsim_get_u8(&r);
    uint32_t length = cqsim_get_u32(&r);
    if (length > CQSIM_MAX_BODY) return -1;
    if (cqsim_left(&r) < length) return 0;
    out->body = cqsim_take(&r, length);
    *used = CQSIM_HEADER + length;
    return 1;
}

void cqsim_header_write(uint8_t out[CQSIM_HEADER], const struct cqsim_envelope *e, uint32_t length)
{
    out[0] = (uint8_t)e->version;
    out[1] = (uint8_t)e->flags;
    out[2] = (uint8_t)((unsigned)e->stream >> 8);
    out[3] = (uint8_t)e->stream;
    out[4] = (uint8_t)e->opcode;
    for (unsigned i = 0; i < 4; i++)
        out[5 + i] = (uint8_t)(length >> (8 * (3 - i)));
}

void cqsim_header_put(struct cqsim_buf *b, const struct cqsim_envelope *e, uint32_t length)
{
    cqsim_header_write(cqsim_buf_space(b, CQSIM_HEADER), e, length);
    b->end += CQSIM_HEADER;
}

void cqsim_envelope_put(struct cqsim_buf *b, const struct cqsim_envelope *e)
{
    cqsim_header_put(b, e, (uint32_t)e->body.n);
    cqsim_put(b, e->body.p, e->body.n);
}

void cqsim_lz4_pack(struct cqsim_slice plain, struct cqsim_buf *out)
{
    int room = LZ4_compressBound((int)plain.n);
    char *dst = (char *)cqsim_buf_space(out, (size_t)room);
    int n = LZ4_compress_default((const char *)plain.p, dst, (int)plain.n, room);
    out->end += (size_t)n;
}

bool cqsim_lz4_unpack(struct cqsim_slice packed, size_t n_plain, struct cqsim_buf *out)
{
    if (n_plain > CQSIM_MAX_BODY || packed.n > CQSIM_MAX_BODY) return false;
    char *dst = (char *)cqsim_buf_space(out, n_plain + 1);
    int n = LZ4_decompress_safe((const char *)packed.p, dst, (int)packed.n, (int)n_plain);
    if (n < 0 || (size_t)n != n_plain) return false;
    out->end += n_plain;
    return true;
}

void cqsim_body_pack(struct cqsim_slice plain, struct cqsim_memo *memo, struct cqsim_buf *out)
{
    enum { OF_BODIES = 2 };
    struct cqsim_memo_slot *slot = NULL;
    size_t from = out->end;
    if (memo != NULL && plain.n >= CQSIM_MEMO_LEAST) slot = cqsim_memo_find(memo, plain, OF_BODIES);
    if (slot != NULL && slot->n > 0) {
        struct cqsim_slice made = cqsim_memo_made(memo, slot);
        cqsim_put(out, made.p, made.n);
        return;
    }
    cqsim_put_u32(out, (uint32_t)plain.n);
    if (plain.n == 0)
        cqsim_put_u8(out, 0);
    else
        cqsim_lz4_pack(plain, out);
    if (slot != NULL)
        cqsim_memo_keep(memo, slot, (struct cqsim_slice){out->p + from, out->end - from});
}

bool cqsim_body_unpack(struct cqsim_slice packed, struct cqsim_buf *out)
{
    struct cqsim_reader r = cqsim_reader(packed);
    uint32_t n = cqsim_get_u32(&r);
    if (r.bad) return false;
    if (n == 0) return true;
    return cqsim_lz4_unpack((struct cqsim_slice){r.p, cqsim_left(&r)}, n, out);
}
