/* SPDX-License-Identifier: Apache-2.0 */
/* Between crc.c and the processor: crc_fold_x86.c by carry-less multiplication, crc_fold_none.c
 * where there is none. */
#ifndef CQL_PROTO_CRC_FOLD_H
#define CQL_PROTO_CRC_FOLD_H

#include <stddef.h>
#include <stdint.h>

#define CQL_CRC_FOLDED 16u

/*
 * Bytes of p that were folded: into 16 whose CRC32, begun with 0, is that of the bytes folded begun
 * with crc (both without the inversion at the end). 0: too few, or this processor cannot.
 */
size_t cql_crc_fold(uint32_t crc, const uint8_t *p, size_t n, uint8_t folded[CQL_CRC_FOLDED]);

#endif
