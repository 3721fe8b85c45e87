/* SPDX-License-Identifier: Apache-2.0 */
/* The two checksums of a v5 segment (v5.spec 2.2): CRC24 over its header, CRC32 over its payload.
 */
#ifndef CQL_PROTO_CRC_H
#define CQL_PROTO_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Seed 0x875060, polynomial 0x1974f0b, most significant bit first. */
uint32_t cql_crc24(const uint8_t *p, size_t n);

/* The CRC32 of zlib, over the four bytes fa 2d 55 ca and then over p. */
uint32_t cql_crc32(const uint8_t *p, size_t n);
/* The same on any processor: tests compare the two. */
uint32_t cql_crc32_by_tables(const uint8_t *p, size_t n);

#endif
