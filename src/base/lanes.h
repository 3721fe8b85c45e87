/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight or sixteen bytes at a time: is any of them one that JSON text cannot take over as it is (a
 * control, a quotation mark, a backslash, or 0x80 and above, which has to be checked as UTF-8), or
 * that an id cannot? And copies of short slices that find out on the way, and hex digits.
 *
 * x86-64 always has SSE2: sixteen bytes are seven instructions. Elsewhere the same is done inside
 * 64-bit words; both are always compiled where they can be and tests/unit/base/test_lanes.c holds
 * them against a loop over bytes. Nothing here reads a byte outside of the slice.
 */
#ifndef CQ_BASE_LANES_H
#define CQ_BASE_LANES_H

#include "base/bytes.h"

#ifdef __SSE2__
#include <emmintrin.h>
#define CQ_PLAIN_PAIR cq_plain_pair_sse2
#define CQ_UNRESERVED_PAIR cq_unreserved_pair_sse2
#define CQ_HEX8 cq_hex8_sse2
#define CQ_COPY_TWINS16 cq_copy_twins16_sse2
#define CQ_SAME_LONG cq_same_long_sse2
#else
#define CQ_PLAIN_PAIR cq_plain_pair_words
#define CQ_UNRESERVED_PAIR cq_unreserved_pair_bytes
#define CQ_HEX8 cq_hex8_bytes
#define CQ_COPY_TWINS16 cq_copy_twins16_bytes
#define CQ_SAME_LONG cq_same_long_words
#endif

/* At -O3 gcc 12 follows a literal of five bytes into the branch for eight and more. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Warray-bounds"

static inline uint64_t cq_load64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline uint32_t cq_load32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline uint16_t cq_load16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

#pragma GCC diagnostic pop

/* v with its highest byte first, or its lowest, as a word to be stored. */
static inline uint64_t cq_big64(uint64_t v)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap64(v) : v;
}

static inline uint64_t cq_little64(uint64_t v)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? v : __builtin_bswap64(v);
}

/*
 * Bit 7 of a byte is set where the byte is not plain; a borrow can only set it above one that is
 * not, so that zero means: all are. (x - 0x20 borrows below a space; x ^ c is zero where x is c,
 * and 0 - 1 borrows; from 0x80 on at least one of the two x ^ c keeps bit 7.)
 */
static inline uint64_t cq_odd_in_word(uint64_t v)
{
    const uint64_t ones = UINT64_MAX / 255;

    return ((v - ones * 0x20) | ((v ^ ones * '"') - ones) | ((v ^ ones * '\\') - ones)) &
           ones * 0x80;
}

static inline bool cq_plain_pair_words(uint64_t a, uint64_t b)
{
    return (cq_odd_in_word(a) | cq_odd_in_word(b)) == 0;
}

#ifdef __SSE2__
static inline __m128i cq_odd_sse2(__m128i v)
{
    /* As signed bytes, 0x80 and above stand below a space too. */
    return _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(' ')),
                        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                                     _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
}

static inline bool cq_plain_pair_sse2(uint64_t a, uint64_t b)
{
    __m128i v = _mm_set_epi64x((long long)b, (long long)a);

    return _mm_movemask_epi8(cq_odd_sse2(v)) == 0;
}
#endif

static inline bool cq_plain16(const uint8_t *p)
{
    return CQ_PLAIN_PAIR(cq_load64(p), cq_load64(p + 8));
}

/* May a byte stand in an id as it is: A-Z a-z 0-9 - . _ ~ */
static inline bool cq_is_unreserved(uint8_t c)
{
    uint8_t low = c | 0x20;

    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

static inline bool cq_unreserved_pair_bytes(uint64_t a, uint64_t b)
{
    for (int i = 0; i < 64; i += 8)
        if (!cq_is_unreserved((uint8_t)(a >> i)) || !cq_is_unreserved((uint8_t)(b >> i))) {
            return false;
        }
    return true;
}

#ifdef __SSE2__
static inline __m128i cq_between_sse2(__m128i v, char first, char last)
{
    return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8((char)(first - 1))),
                         _mm_cmplt_epi8(v, _mm_set1_epi8((char)(last + 1))));
}

static inline bool cq_unreserved_pair_sse2(uint64_t a, uint64_t b)
{
    __m128i v = _mm_set_epi64x((long long)b, (long long)a);
    __m128i letter = cq_between_sse2(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z');
    __m128i digit = cq_between_sse2(v, '-', '9'); /* and - . / before them */
    __m128i other =
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('_')), _mm_cmpeq_epi8(v, _mm_set1_epi8('~')));

    digit = _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('/')), digit);
    return _mm_movemask_epi8(_mm_or_si128(letter, _mm_or_si128(digit, other))) == 0xffff;
}
#endif

struct cq_pair_of_words {
    uint64_t a, b;
};

/*
 * Copies n <= 16 bytes and returns two words that hold all of them and nothing else, some of them
 * twice. Two words that overlap in the middle cover every length from 8 on, two halves from 4 on:
 * no loop, and nothing outside of either is touched.
 */
static inline struct cq_pair_of_words cq_copy16(uint8_t *to, const uint8_t *p, size_t n)
{
    uint64_t a, b;

    if (n >= 8) {
        a = cq_load64(p);
        b = cq_load64(p + n - 8);
        memcpy(to, &a, 8);
        memcpy(to + n - 8, &b, 8);
        return (struct cq_pair_of_words){a, b};
    }
    if (n >= 4) {
        uint32_t low = cq_load32(p), high = cq_load32(p + n - 4);

        memcpy(to, &low, 4);
        memcpy(to + n - 4, &high, 4);
        a = (uint64_t)high << 32 | low;
        return (struct cq_pair_of_words){a, a};
    }
    if (n == 0) return (struct cq_pair_of_words){UINT64_MAX / 255 * '-', UINT64_MAX / 255 * '-'};
    to[0] = p[0];
    to[n / 2] = p[n / 2];
    to[n - 1] = p[n - 1];
    a = (uint64_t)p[0] | (uint64_t)p[n / 2] << 8 | (uint64_t)p[n - 1] << 16 | (uint64_t)p[0] << 24;
    a |= a << 32;
    return (struct cq_pair_of_words){a, a};
}

/* Copies n <= 16 bytes; true: all of them are plain. */
static inline bool cq_copy_plain16(uint8_t *to, const uint8_t *p, size_t n)
{
    struct cq_pair_of_words w = cq_copy16(to, p, n);

    return CQ_PLAIN_PAIR(w.a, w.b);
}

/* Copies n <= 16 bytes; true: all of them are unreserved. */
static inline bool cq_copy_unreserved16(uint8_t *to, const uint8_t *p, size_t n)
{
    struct cq_pair_of_words w = cq_copy16(to, p, n);

    return CQ_UNRESERVED_PAIR(w.a, w.b);
}

/* cq_copy_plain16 for n > 16; false: the copy stopped somewhere. */
static inline bool cq_copy_plain_long(uint8_t *to, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i + 16 < n; i += 16) {
        memcpy(to + i, p + i, 16);
        if (!cq_plain16(p + i)) return false;
    }
    memcpy(to + n - 16, p + n - 16, 16);
    return cq_plain16(p + n - 16);
}

static inline bool cq_copy_twins16_bytes(uint8_t *to, uint8_t *other, const uint8_t *p,
                                         const uint8_t *q, size_t n)
{
    bool good = true;

    for (size_t i = 0; i < n && i < 16; i++)
        good = good && p[i] >= ' ' && p[i] < 0x80 && p[i] != '"' && p[i] != '\\' && p[i] == q[i];
    memcpy(to, p, 16);
    memcpy(other, p, 16);
    return good;
}

#ifdef __SSE2__
static inline bool cq_copy_twins16_sse2(uint8_t *to, uint8_t *other, const uint8_t *p,
                                        const uint8_t *q, size_t n)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i w = _mm_loadu_si128((const __m128i *)(const void *)q);
    unsigned bad =
        ~(unsigned)_mm_movemask_epi8(_mm_andnot_si128(cq_odd_sse2(v), _mm_cmpeq_epi8(v, w)));

    _mm_storeu_si128((__m128i *)(void *)to, v);
    _mm_storeu_si128((__m128i *)(void *)other, v);
    return (bad & ((1u << (n < 16 ? n : 16)) - 1)) == 0;
}
#endif

/*
 * Copies sixteen bytes of p to two places, however many count: n, or sixteen where n is more. True:
 * those are plain, and q has the same. All four have sixteen bytes.
 */
static inline bool cq_copy_twins16(uint8_t *to, uint8_t *other, const uint8_t *p, const uint8_t *q,
                                   size_t n)
{
    return CQ_COPY_TWINS16(to, other, p, q, n);
}

enum { CQ_LANE = 16 }; /* bytes */

/* Are n bytes, sixteen or more, the same? What differs is nearly always found at once by other
 * means: there is no early end. */
static inline bool cq_same_long_words(const uint8_t *a, const uint8_t *b, size_t n)
{
    const uint8_t *a_last = a + n - 16, *b_last = b + n - 16;
    uint64_t other =
        (cq_load64(a_last) ^ cq_load64(b_last)) | (cq_load64(a_last + 8) ^ cq_load64(b_last + 8));

    for (; a < a_last; a += 16, b += 16)
        other |= (cq_load64(a) ^ cq_load64(b)) | (cq_load64(a + 8) ^ cq_load64(b + 8));
    return other == 0;
}

#ifdef __SSE2__
static inline __m128i cq_equal_sse2(const uint8_t *a, const uint8_t *b)
{
    return _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)a),
                          _mm_loadu_si128((const __m128i *)(const void *)b));
}

static inline __m128i cq_equal32_sse2(const uint8_t *a, const uint8_t *b)
{
    return _mm_and_si128(cq_equal_sse2(a, b), cq_equal_sse2(a + 16, b + 16));
}

static inline __m128i cq_equal64_sse2(const uint8_t *a, const uint8_t *b)
{
    return _mm_and_si128(cq_equal32_sse2(a, b), cq_equal32_sse2(a + 32, b + 32));
}

/* The first and the last bytes, twice so many at a time, overlap in the middle. */
static inline bool cq_same_long_sse2(const uint8_t *a, const uint8_t *b, size_t n)
{
    __m128i same;

    if (n <= 32) {
        same = _mm_and_si128(cq_equal_sse2(a, b), cq_equal_sse2(a + n - 16, b + n - 16));
    } else if (n <= 64) {
        same = _mm_and_si128(cq_equal32_sse2(a, b), cq_equal32_sse2(a + n - 32, b + n - 32));
    } else {
        same = cq_equal64_sse2(a + n - 64, b + n - 64);
        for (size_t i = 0; i + 64 < n; i += 64)
            same = _mm_and_si128(same, cq_equal64_sse2(a + i, b + i));
    }
    return _mm_movemask_epi8(same) == 0xffff;
}
#endif

static inline bool cq_same_long(const uint8_t *a, const uint8_t *b, size_t n)
{
    return CQ_SAME_LONG(a, b, n);
}

static inline char cq_hex_digit(unsigned nibble)
{
    return (char)(nibble < 10 ? '0' + nibble : 'a' + nibble - 10);
}

static inline void cq_hex8_bytes(const uint8_t *p, uint8_t *to)
{
    for (int i = 0; i < 8; i++) {
        to[2 * i] = (uint8_t)cq_hex_digit(p[i] >> 4);
        to[2 * i + 1] = (uint8_t)cq_hex_digit(p[i] & 15);
    }
}

#ifdef __SSE2__
static inline void cq_hex8_sse2(const uint8_t *p, uint8_t *to)
{
    __m128i nibble = _mm_set1_epi8(15), v = _mm_loadl_epi64((const void *)p), past_nine;

    v = _mm_unpacklo_epi8(_mm_srli_epi16(v, 4), v);
    v = _mm_and_si128(v, nibble);
    past_nine = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '0' - 10));
    v = _mm_add_epi8(_mm_add_epi8(v, _mm_set1_epi8('0')), past_nine);
    _mm_storeu_si128((void *)to, v);
}
#endif

/* Eight bytes as sixteen lower-case hex digits. */
static inline void cq_hex8(const uint8_t *p, uint8_t *to)
{
    CQ_HEX8(p, to);
}

#endif
