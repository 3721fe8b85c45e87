/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch, compressed: in steps, so that no turn of the loop is long (CQ_ENCODE_STEP bytes of input
 * each: about 0.2 ms of zstd, 0.9 ms of gzip). One encoder per sink, for one batch at a time.
 */
#ifndef CQ_SINK_ENCODE_H
#define CQ_SINK_ENCODE_H

#include "base/buf.h"

enum cq_encoding { CQ_ENCODING_IDENTITY, CQ_ENCODING_GZIP, CQ_ENCODING_ZSTD };

struct cq_encoder;

/* 0 or CQ_ENOMEM. Not for identity. */
int cq_encoder_new(struct cq_encoder **out, const struct cq_mem *mem, enum cq_encoding encoding);
void cq_encoder_free(struct cq_encoder *e); /* NULL is allowed */
/* Begins with the whole of `in`, which lives until the end; out is emptied. Whatever was begun
 * before is forgotten. */
void cq_encoder_begin(struct cq_encoder *e, cq_bytes in, struct cq_buf *out);
/* 0: more steps are needed; 1: out is whole; CQ_ENOMEM, CQ_EINTERNAL: it cannot be done. */
int cq_encoder_step(struct cq_encoder *e);

#endif
