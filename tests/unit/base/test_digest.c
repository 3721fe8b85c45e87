/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 on the standard's own examples (FIPS 180-2 appendix B and its byte-oriented vectors) and
 * beside OpenSSL's. */
#include "base/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "unit/base/cmocka_all.h"

static void check(cq_bytes in, const char *hex)
{
    uint8_t out[32];
    char text[65] = {0};

    cq_sha256(in, out);
    cq_hex(out, 32, text);
    assert_string_equal(text, hex);
}

static void test_standard_examples(void **state)
{
    (void)state;
    check(CQ_LIT("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(CQ_LIT(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check(CQ_LIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    check(CQ_LIT("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                 "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
          "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    check(CQ_LIT("\xbd"), "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
}

static void test_null_is_empty(void **state)
{
    (void)state;
    check(CQ_NULL, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void test_a_million_letters(void **state)
{
    uint8_t *p = malloc(1000000);

    (void)state;
    assert_non_null(p);
    memset(p, 'a', 1000000);
    check((cq_bytes){p, 1000000},
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(p);
}

/* Every length of the last block, and some blocks before it. */
static void test_sha256_is_openssl_s(void **state)
{
    uint8_t text[300], got[32], want[32];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)(i * 11 + 3);
    for (size_t n = 0; n <= sizeof(text); n++) {
        cq_sha256((cq_bytes){text, n}, got);
        assert_int_equal(EVP_Digest(text, n, want, NULL, EVP_sha256(), NULL), 1);
        assert_memory_equal(got, want, sizeof(want));
    }
}

static void test_hex(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x01, 0x7f, 0x80, 0xab, 0xff};
    char out[13] = "............";

    (void)state;
    cq_hex(bytes, 6, out);
    assert_string_equal(out, "00017f80abff");
    cq_hex(bytes, 0, out); /* touches nothing, adds no NUL */
    assert_string_equal(out, "00017f80abff");
    cq_hex(bytes + 5, 1, out + 2);
    assert_string_equal(out, "00ff7f80abff");
}

/* Beside the shared library, over every way in which XXH3 reads: short ones, blocks, many of them.
 */
static void test_xxh3_is_the_library_s(void **state)
{
    static uint8_t text[5000];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)(i * 7 + (i >> 8) * 13);
    for (size_t n = 0; n <= sizeof(text); n += n < 1200 ? 1 : 97) {
        XXH128_hash_t want = XXH3_128bits(text, n);
        struct cq_hash128 got = cq_xxh3_128((cq_bytes){text, n});

        assert_true(got.high == want.high64 && got.low == want.low64);
        assert_true(cq_xxh3_64((cq_bytes){text, n}) == XXH3_64bits(text, n));
        assert_true(cq_xxh3_64_seeded((cq_bytes){text, n}, 9) == XXH3_64bits_withSeed(text, n, 9));
        want = XXH3_128bits_withSeed(text, n, n * 77 + 5);
        got = cq_xxh3_128_seeded((cq_bytes){text, n}, n * 77 + 5);
        assert_true(got.high == want.high64 && got.low == want.low64);
    }
}

/* As `printf abc | xxhsum -H2` prints it. */
static void test_hash_in_hex(void **state)
{
    char out[33] = {0};

    (void)state;
    cq_hash128_hex(cq_xxh3_128(CQ_LIT("abc")), out);
    assert_string_equal(out, "06b05ab6733a618578af5f94892f3950");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standard_examples),   cmocka_unit_test(test_null_is_empty),
        cmocka_unit_test(test_a_million_letters),   cmocka_unit_test(test_hex),
        cmocka_unit_test(test_sha256_is_openssl_s), cmocka_unit_test(test_xxh3_is_the_library_s),
        cmocka_unit_test(test_hash_in_hex),
    };

    return cmocka_run_group_tests_name("base_digest", tests, NULL, NULL);
}
