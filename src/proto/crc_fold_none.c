/* SPDX-License-Identifier: Apache-2.0 */
/* Without carry-less multiplication: the tables of crc.c do it all. */
#include "proto/crc_fold.h"

size_t cql_crc_fold(uint32_t crc, const uint8_t *p, size_t n, uint8_t folded[CQL_CRC_FOLDED])
{
    (void)crc;
    (void)p;
    (void)n;
    (void)folded;
    return 0;
}
