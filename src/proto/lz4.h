/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw LZ4 blocks, as v4 bodies (behind a 4-byte length) and v5 segments (lengths in the header)
 * have them. Lengths are claims until the block has been decompressed.
 */
#ifndef CQL_PROTO_LZ4_H
#define CQL_PROTO_LZ4_H

#include "base/buf.h"
#include "base/bytes.h"

/*
 * May a block of `packed` bytes hold `plain` ones? LZ4 never shrinks more than 255 times, so that a
 * claim beyond that is refused before anything is allocated for it.
 */
bool cql_lz4_plausible(size_t packed, size_t plain);

/* Decompresses into exactly n bytes. CQ_ELZ4: damaged, or of another length. */
int cql_lz4_unpack(cq_bytes packed, uint8_t *out, size_t n);

/* Appends the block of plain to out. Returns 0 or out->err. */
int cql_lz4_pack(cq_bytes plain, struct cq_buf *out);

/* A compressed v4 body: its claimed length (big-endian, first) and its block. CQ_ELZ4 on nonsense.
 */
int cql_lz4_body(cq_bytes body, size_t *plain, cq_bytes *block);
const char *cql_lz4_library(void); /* the version of lz4 that runs */

#endif
