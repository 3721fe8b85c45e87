/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/lanes.h against a loop over bytes: every length, every byte value at every place, both ways
 * of looking at a pair of words. Slices end where a page does whose neighbour may not be read.
 */
#include "base/short.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit/base/cmocka_all.h"

enum { LONGEST = 70 };

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static bool all_plain(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_plain(p[i])) return false;
    return true;
}

/* The end of a page that is followed by one that cannot be read. */
static uint8_t *edge(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *p = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(p != MAP_FAILED);
    assert_int_equal(mprotect(p, page, PROT_NONE), 0);
    assert_int_equal(mprotect(p + 2 * page, page, PROT_NONE), 0);
    return p + 2 * page;
}

static bool is_unreserved(uint8_t c)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    return c && strchr(all, c);
}

static bool all_unreserved(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_unreserved(p[i])) return false;
    return true;
}

static void unreserved_is(const uint8_t p[16], bool want)
{
    uint64_t a = cq_load64(p), b = cq_load64(p + 8);

    assert_int_equal(cq_unreserved_pair_bytes(a, b), want);
#ifdef __SSE2__
    assert_int_equal(cq_unreserved_pair_sse2(a, b), want);
#endif
}

static void pair_is(const uint8_t p[16], bool want)
{
    uint64_t a = cq_load64(p), b = cq_load64(p + 8);

    assert_int_equal(cq_plain_pair_words(a, b), want);
#ifdef __SSE2__
    assert_int_equal(cq_plain_pair_sse2(a, b), want);
#endif
    assert_int_equal(cq_plain16(p), want);
}

static void every_byte_at_every_place(void **state)
{
    uint8_t text[16];

    (void)state;
    for (unsigned around = 0x20; around < 0x80; around++) {
        if (!is_plain((uint8_t)around)) continue;
        memset(text, (int)around, sizeof(text));
        pair_is(text, true);
        for (size_t at = 0; at < sizeof(text); at++) {
            for (unsigned c = 0; c < 256; c++) {
                text[at] = (uint8_t)c;
                pair_is(text, is_plain((uint8_t)c));
                unreserved_is(text, all_unreserved(text, sizeof(text)));
            }
            text[at] = (uint8_t)around;
        }
    }
}

static bool copy(uint8_t *to, const uint8_t *p, size_t n)
{
    return n <= 16 ? cq_copy_plain16(to, p, n) : cq_copy_plain_long(to, p, n);
}

/* A text at both edges of its page, into room that ends where it ends. */
static void copies(const uint8_t *text, size_t n, uint8_t *from_end, uint8_t *to_end)
{
    uint8_t *start = from_end - sysconf(_SC_PAGESIZE);
    bool want = all_plain(text, n);

    memcpy(from_end - n, text, n);
    memset(to_end - n, 0, n);
    assert_int_equal(copy(to_end - n, from_end - n, n), want);
    if (want) assert_memory_equal(to_end - n, text, n);
    if (n <= 16) {
        assert_int_equal(cq_copy_unreserved16(to_end - n, from_end - n, n),
                         all_unreserved(text, n));
        assert_memory_equal(to_end - n, text, n);
    }
    memcpy(start, text, n);
    assert_int_equal(copy(to_end - n, start, n), want);
}

static void every_length(void **state)
{
    static const uint8_t odd[] = {0, 0x1f, '"', '\\', 0x7f, 0x80, 0xa0, 0xff, '!', '#', '[', ']'};
    uint8_t *from = edge(), *to = edge(), text[LONGEST];

    (void)state;
    for (size_t n = 0; n <= LONGEST; n++) {
        for (size_t i = 0; i < n; i++)
            text[i] = (uint8_t)('0' + i);
        if (n > '\\' - '0') text['\\' - '0'] = 'x';
        copies(text, n, from, to);
        for (size_t at = 0; at < n; at++) {
            uint8_t kept = text[at];

            for (size_t i = 0; i < sizeof(odd); i++) {
                text[at] = odd[i];
                copies(text, n, from, to);
            }
            text[at] = kept;
        }
    }
}

/* Every byte at every place, beside printf. */
static void hex_digits(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t bytes[8], one[17] = {0}, two[17] = {0};
        char want[17];

        for (unsigned i = 0; i < 8; i++) {
            bytes[i] = (uint8_t)(c + 37 * i);
            snprintf(want + 2 * i, 3, "%02x", bytes[i]);
        }
        cq_hex8(bytes, one);
        cq_hex8_bytes(bytes, two);
        assert_string_equal(one, want);
        assert_string_equal(two, want);
    }
}

/* Every byte at every place of a name, and another one there in its twin. */
static void twins(void **state)
{
    (void)state;
    for (size_t n = 0; n < 20; n++) {
        for (unsigned at = 0; at < 16 * 256; at++) {
            uint8_t a[16], b[16], to[4][16];
            bool counts = at / 256 < n, differs = at % 7 == 0, want;

            memset(a, 'a', sizeof(a));
            a[at / 256] = (uint8_t)at;
            memcpy(b, a, sizeof(b));
            b[at / 256] ^= differs;
            want = !counts || (!differs && cq_plain16(a));
            assert_int_equal(cq_copy_twins16(to[0], to[1], a, b, n), want);
            assert_int_equal(cq_copy_twins16_bytes(to[2], to[3], a, b, n), want);
            for (int i = 0; i < 4; i++)
                assert_memory_equal(to[i], a, 16);
        }
    }
}

/* Every length on both sides of a step, each byte changed once; nothing outside is looked at. */
static void same_bytes(void **state)
{
    uint8_t a[400], b[400];

    (void)state;
    for (size_t n = 0; n <= 300; n++) {
        uint8_t *p = a + sizeof(a) - n, *q = b + 1;

        memset(a, 'x', sizeof(a));
        memset(b, 'y', sizeof(b));
        for (size_t i = 0; i < n; i++)
            p[i] = q[i] = (uint8_t)(i * 7);
        assert_true(cq_same_bytes(p, q, n));
        for (size_t i = 0; i < n; i++) {
            q[i] ^= (uint8_t)(1u << i % 8);
            assert_false(cq_same_bytes(p, q, n));
            assert_false(n >= 16 && cq_same_long_words(p, q, n));
            q[i] ^= (uint8_t)(1u << i % 8);
        }
        assert_true(n < 16 || cq_same_long_words(p, q, n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes),   cmocka_unit_test(every_byte_at_every_place),
        cmocka_unit_test(every_length), cmocka_unit_test(hex_digits),
        cmocka_unit_test(twins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
