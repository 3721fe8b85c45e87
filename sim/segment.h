/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outer unit of v5 (CQL v5 section 2.1-2.3), integers little-endian:
 *
 *   plain  17 bits payload length, 1 bit self-contained, 6 bits zero | CRC24 of those 3 bytes
 *   lz4    17 bits packed length, 17 bits plain length, 1 bit self-contained, 5 zero | CRC24 of
 * those 5 then the payload and CRC32 over it as it stands on the wire
 *
 * In lz4 mode a plain length of 0 says that the payload is stored as it is. Self-contained segments
 * hold whole envelopes, one or more; the others each hold a slice of one large envelope.
 *
 * The packer collects small envelopes and cuts large ones where real servers cut (131054 bytes,
 * 131060 with lz4); from CQSIM_ALONE bytes on an envelope has a segment of its own. flush() after
 * the last envelope of a burst.
 */
#ifndef CQSIM_SEGMENT_H
#define CQSIM_SEGMENT_H

#include "sim/memo.h"

enum {
    CQSIM_SEGMENT_MAX = 131071,
    CQSIM_CUT_PLAIN = 131054,
    CQSIM_CUT_LZ4 = 131060,
    CQSIM_ALONE = 8 << 10
};

struct cqsim_segment {
    bool self_contained;
    struct cqsim_slice payload; /* plain; may point into the scratch buffer */
    uint32_t read, computed;    /* the checksum that was looked at last */
};

enum cqsim_segment_result {
    CQSIM_SEGMENT_MORE,
    CQSIM_SEGMENT_ONE,
    CQSIM_SEGMENT_BAD_HEADER,
    CQSIM_SEGMENT_BAD_PAYLOAD
};

uint32_t cqsim_crc24(struct cqsim_slice s);
uint32_t cqsim_crc32(struct cqsim_slice s);

enum cqsim_segment_result cqsim_segment_next(struct cqsim_slice in, bool lz4,
                                             struct cqsim_buf *scratch, struct cqsim_segment *out,
                                             size_t *used);
/* memo: NULL, or where packed payloads and checksums are looked up. */
void cqsim_segment_put(struct cqsim_buf *b, struct cqsim_slice payload, bool self_contained,
                       bool lz4, struct cqsim_memo *memo);

struct cqsim_packer {
    bool lz4;
    struct cqsim_memo *memo; /* may be NULL */
    struct cqsim_buf whole;  /* whole envelopes that wait for company */
};

void cqsim_packer_add(struct cqsim_packer *p, struct cqsim_slice envelope, struct cqsim_buf *out);
/* An envelope, or the beginning of one, in segments of its own that say that more follows. */
void cqsim_packer_cut(struct cqsim_packer *p, struct cqsim_slice envelope, struct cqsim_buf *out);
void cqsim_packer_flush(struct cqsim_packer *p, struct cqsim_buf *out);

#endif
