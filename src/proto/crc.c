/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC24 bit by bit (a header is 3 or 5 bytes), CRC32 by carry-less multiplication where the
 * processor has it (crc_fold.h; a payload is up to 128 KiB) and by eight tables of 256. The tables
 * are constants that the compiler works out: a CRC is linear over XOR, so each table follows from
 * its eight entries at the powers of two. Cannot fail. v5.spec 2.2.
 */
#include "proto/crc.h"

#include "proto/crc_fold.h"

enum { CRC24_SEED = 0x875060, CRC24_POLY = 0x1974f0b };

/* clang-format off */
#define E(i, a, b, c, d, e, f, g, h) \
    (((i) & 1 ? a : 0) ^ ((i) & 2 ? b : 0) ^ ((i) & 4 ? c : 0) ^ ((i) & 8 ? d : 0) ^ \
     ((i) & 16 ? e : 0) ^ ((i) & 32 ? f : 0) ^ ((i) & 64 ? g : 0) ^ ((i) & 128 ? h : 0))
#define R4(i, ...) E((i), __VA_ARGS__), E((i) + 1, __VA_ARGS__), E((i) + 2, __VA_ARGS__), E((i) + 3, __VA_ARGS__)
#define R16(i, ...) R4((i), __VA_ARGS__), R4((i) + 4, __VA_ARGS__), R4((i) + 8, __VA_ARGS__), R4((i) + 12, __VA_ARGS__)
#define R64(i, ...) R16((i), __VA_ARGS__), R16((i) + 16, __VA_ARGS__), R16((i) + 32, __VA_ARGS__), R16((i) + 48, __VA_ARGS__)
#define R256(...) {R64(0, __VA_ARGS__), R64(64, __VA_ARGS__), R64(128, __VA_ARGS__), R64(192, __VA_ARGS__)}

/* table[k][i]: the CRC of byte i followed by k zero bytes, polynomial 0xedb88320 (reflected) */
static const uint32_t table[8][256] = {
    R256(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8, 0x76dc4190, 0xedb88320),
    R256(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2, 0xf0794f05, 0x3b83984b),
    R256(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0, 0x709a8dc0, 0xe1351b80),
    R256(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e, 0x9b14583d, 0xed59b63b),
    R256(0x3d6029b0, 0x7ac05360, 0xf580a6c0, 0x30704bc1, 0x60e09782, 0xc1c12f04, 0x58f35849, 0xb1e6b092),
    R256(0xcb5cd3a5, 0x4dc8a10b, 0x9b914216, 0xec53826d, 0x03d6029b, 0x07ac0536, 0x0f580a6c, 0x1eb014d8),
    R256(0xa6770bb4, 0x979f1129, 0xf44f2413, 0x33ef4e67, 0x67de9cce, 0xcfbd399c, 0x440b7579, 0x8816eaf2),
    R256(0xccaa009e, 0x4225077d, 0x844a0efa, 0xd3e51bb5, 0x7cbb312b, 0xf9766256, 0x299dc2ed, 0x533b85da),
};
/* clang-format on */

uint32_t cql_crc24(const uint8_t *p, size_t n)
{
    uint32_t crc = CRC24_SEED;

    while (n--) {
        crc ^= (uint32_t)*p++ << 16;
        for (int i = 0; i < 8; i++) {
            crc <<= 1;
            if (crc & 0x1000000) crc ^= CRC24_POLY;
        }
    }
    return crc;
}

static uint32_t load_le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t feed(uint32_t crc, const uint8_t *p, size_t n)
{
    for (; n >= 8; p += 8, n -= 8) {
        uint32_t lo = crc ^ load_le32(p);
        uint32_t hi = load_le32(p + 4);

        crc = table[7][lo & 255] ^ table[6][lo >> 8 & 255] ^ table[5][lo >> 16 & 255] ^
              table[4][lo >> 24] ^ table[3][hi & 255] ^ table[2][hi >> 8 & 255] ^
              table[1][hi >> 16 & 255] ^ table[0][hi >> 24];
    }
    while (n--)
        crc = crc >> 8 ^ table[0][(crc ^ *p++) & 255];
    return crc;
}

static uint32_t seeded(void)
{
    static const uint8_t seed[4] = {0xfa, 0x2d, 0x55, 0xca};

    return feed(UINT32_MAX, seed, sizeof(seed));
}

uint32_t cql_crc32_by_tables(const uint8_t *p, size_t n)
{
    return ~feed(seeded(), p, n);
}

uint32_t cql_crc32(const uint8_t *p, size_t n)
{
    uint8_t folded[CQL_CRC_FOLDED];
    uint32_t crc = seeded();
    size_t done = cql_crc_fold(crc, p, n, folded);

    if (done) crc = feed(0, folded, sizeof(folded));
    return ~feed(crc, p + done, n - done);
}
