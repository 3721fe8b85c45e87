/* SPDX-License-Identifier: Apache-2.0 */
/* Segments of v5: CRCs, encoder, decoder, packer (segment.h). */
#include "sim/segment.h"

#include "sim/envelope.h"

#include <zlib.h>

uint32_t cqsim_crc24(struct cqsim_slice s)
{
    uint32_t crc = 0x875060;
    for (size_t i = 0; i < s.n; i++) {
        crc ^= (uint32_t)s.p[i] << 16;
        for (unsigned bit = 0; bit < 8; bit++) {
            crc <<= 1;
            if (crc & 0x1000000) crc ^= 0x1974f0b;
        }
    }
    return crc & 0xffffff;
}

/* zlib's CRC32, fed with FA 2D 55 CA first. */
uint32_t cqsim_crc32(struct cqsim_slice s)
{
    static const uint8_t seed[4] = {0xfa, 0x2d, 0x55, 0xca};
    return (uint32_t)crc32_z(crc32_z(0, seed, sizeof seed), s.p, s.n);
}

/* The payload's length on the wire and its plain length (0: stored), from a checked header. */
static bool read_header(struct cqsim_reader *r, bool lz4, size_t *n_wire, size_t *n_plain,
                        struct cqsim_segment *out)
{
    unsigned n_word = lz4 ? 5 : 3;
    struct cqsim_slice raw = {r->p, n_word};
    uint64_t word = cqsim_get_le(r, n_word);
    out->read = (uint32_t)cqsim_get_le(r, 3);
    out->computed = cqsim_crc24(raw);
    *n_wire = word & 0x1ffff;
    *n_plain = lz4 ? word >> 17 & 0x1ffff : 0;
    out->self_contained = word >> (lz4 ? 34 : 17) & 1;
    return out->read == out->computed;
}

enum cqsim_segment_result cqsim_segment_next(struct cqsim_slice in, bool lz4,
                                             struct cqsim_buf *scratch, struct cqsim_segment *out,
                                             size_t *used)
{
    if (in.n < (lz4 ? 8u : 6u)) return CQSIM_SEGMENT_MORE;
    struct cqsim_reader r = cqsim_reader(in);
    size_t n_wire, n_plain;
    if (!read_header(&r, lz4, &n_wire, &n_plain, out)) return CQSIM_SEGMENT_BAD_HEADER;
    if (cqsim_left(&r) < n_wire + 4) return CQSIM_SEGMENT_MORE;
    out->payload = cqsim_take(&r, n_wire);
    out->computed = cqsim_crc32(out->payload);
    out->read = (uint32_t)cqsim_get_le(&r, 4);
    if (out->read != out->computed) return CQSIM_SEGMENT_BAD_PAYLOAD;
    *used = in.n - cqsim_left(&r);
    if (n_plain == 0) return CQSIM_SEGMENT_ONE;
    cqsim_buf_clear(scratch);
    if (!cqsim_lz4_unpack(out->payload, n_plain, scratch)) return CQSIM_SEGMENT_BAD_PAYLOAD;
    out->payload = cqsim_buf_slice(scratch);
    return CQSIM_SEGMENT_ONE;
}

/* What the payload compresses to, looked up where it is large enough to be worth it. */
static struct cqsim_slice pack(struct cqsim_slice payload, struct cqsim_memo *memo,
                               struct cqsim_memo_slot *slot, struct cqsim_buf *packed)
{
    if (slot != NULL && slot->n > 0) return cqsim_memo_made(memo, slot);
    cqsim_lz4_pack(payload, packed);
    if (slot != NULL) cqsim_memo_keep(memo, slot, cqsim_buf_slice(packed));
    return cqsim_buf_slice(packed);
}

void cqsim_segment_put(struct cqsim_buf *b, struct cqsim_slice payload, bool self_contained,
                       bool lz4, struct cqsim_memo *memo)
{
    struct cqsim_buf packed = {0};
    struct cqsim_slice wire = payload;
    struct cqsim_memo_slot *slot = NULL;
    uint64_t word = (uint64_t)self_contained << (lz4 ? 34 : 17);
    if (memo != NULL && payload.n >= CQSIM_MEMO_LEAST) slot = cqsim_memo_find(memo, payload, lz4);
    if (lz4) {
        struct cqsim_slice small = pack(payload, memo, slot, &packed);
        if (small.n < payload.n) {
            wire = small;
            word |= (uint64_t)payload.n << 17;
        }
    }
    word |= wire.n;
    uint32_t crc = slot != NULL && slot->has_crc ? slot->crc : cqsim_crc32(wire);
    if (slot != NULL) {
        slot->crc = crc;
        slot->has_crc = true;
    }
    unsigned n_word = lz4 ? 5 : 3;
    cqsim_put_le(b, word, n_word);
    cqsim_put_le(b, cqsim_crc24((struct cqsim_slice){b->p + b->end - n_word, n_word}), 3);
    cqsim_put(b, wire.p, wire.n);
    cqsim_put_le(b, crc, 4);
    cqsim_buf_fini(&packed);
}

void cqsim_packer_flush(struct cqsim_packer *p, struct cqsim_buf *out)
{
    if (cqsim_buf_len(&p->whole) == 0) return;
    cqsim_segment_put(out, cqsim_buf_slice(&p->whole), true, p->lz4, p->memo);
    cqsim_buf_clear(&p->whole);
}

static size_t cut_at(const struct cqsim_packer *p)
{
    return p->lz4 ? CQSIM_CUT_LZ4 : CQSIM_CUT_PLAIN;
}

void cqsim_packer_cut(struct cqsim_packer *p, struct cqsim_slice envelope, struct cqsim_buf *out)
{
    cqsim_packer_flush(p, out);
    while (envelope.n > 0) {
        size_t n = envelope.n < cut_at(p) ? envelope.n : cut_at(p);
        cqsim_segment_put(out, (struct cqsim_slice){envelope.p, n}, false, p->lz4, p->memo);
        envelope.p += n;
        envelope.n -= n;
    }
}

void cqsim_packer_add(struct cqsim_packer *p, struct cqsim_slice envelope, struct cqsim_buf *out)
{
    if (envelope.n >= cut_at(p)) {
        cqsim_packer_cut(p, envelope, out);
        return;
    }
    if (cqsim_buf_len(&p->whole) + envelope.n >= cut_at(p)) cqsim_packer_flush(p, out);
    if (envelope.n >= CQSIM_ALONE) {
        cqsim_packer_flush(p, out);
        cqsim_segment_put(out, envelope, true, p->lz4, p->memo);
        return;
    }
    cqsim_put(&p->whole, envelope.p, envelope.n);
}
