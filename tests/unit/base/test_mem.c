/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator vtable (overflow, zero sizes, failure) and the memory account at its edges. */
#include "base/mem.h"

#include <string.h>

#include "unit/base/cmocka_all.h"
#include "unit/base/watched.h"

static void test_libc(void **state)
{
    char *p = cq_alloc(&cq_mem_libc, 3);

    (void)state;
    assert_non_null(p);
    memcpy(p, "ab", 3);
    p = cq_realloc(&cq_mem_libc, p, 4096);
    assert_string_equal(p, "ab");
    cq_free(&cq_mem_libc, p);
    cq_free(&cq_mem_libc, NULL);
}

/* Zero at first, kept when moved; that no core holds it is tested where secrets are (cred). */
static void test_secret(void **state)
{
    static const char zero[5000];
    char *p = cq_alloc(&cq_mem_secret, sizeof(zero));

    (void)state;
    assert_non_null(p);
    assert_memory_equal(p, zero, sizeof(zero));
    memset(p, 'x', sizeof(zero));
    p = cq_realloc(&cq_mem_secret, p, 100000);
    assert_memory_equal(p + sizeof(zero) - 2, "xx", 2);
    p = cq_realloc(&cq_mem_secret, p, 3);
    assert_memory_equal(p, "xxx", 3);
    assert_null(cq_realloc(&cq_mem_secret, p, SIZE_MAX));
    assert_null(cq_realloc(&cq_mem_secret, p, SIZE_MAX / 2));
    assert_memory_equal(p, "xxx", 3);
    cq_free(&cq_mem_secret, p);
    cq_free(&cq_mem_secret, NULL);
}

static void test_zero_bytes_are_a_block(void **state)
{
    struct watched w;
    void *a, *b;

    (void)state;
    watched_init(&w, 0);
    a = cq_alloc(&w.mem, 0);
    b = cq_calloc(&w.mem, 0, 8);
    assert_non_null(a);
    assert_non_null(b);
    a = cq_realloc(&w.mem, a, 0); /* stays a block: only cq_free frees */
    assert_non_null(a);
    assert_int_equal(w.alive, 2);
    cq_free(&w.mem, a);
    cq_free(&w.mem, b);
    assert_int_equal(w.alive, 0);
    assert_int_equal(w.bytes, 0);
}

static void test_calloc_clears_and_refuses_overflow(void **state)
{
    struct watched w;
    unsigned char *p;

    (void)state;
    watched_init(&w, 0);
    assert_null(cq_calloc(&w.mem, SIZE_MAX / 2, 3));
    assert_null(cq_calloc(&w.mem, 3, SIZE_MAX / 2));
    assert_int_equal(w.calls, 0);
    p = cq_calloc(&w.mem, 7, 11);
    for (size_t i = 0; i < 77; i++)
        assert_int_equal(p[i], 0);
    cq_free(&w.mem, p);
    assert_int_equal(w.alive, 0);
}

static void test_strndup(void **state)
{
    struct watched w;
    char *s;

    (void)state;
    watched_init(&w, 0);
    s = cq_strndup(&w.mem, "orders", 5);
    assert_string_equal(s, "order");
    cq_free(&w.mem, s);
    s = cq_strndup(&w.mem, NULL, 0);
    assert_string_equal(s, "");
    cq_free(&w.mem, s);
    assert_null(cq_strndup(&w.mem, "x", SIZE_MAX));
    assert_int_equal(w.alive, 0);
}

static void test_failure_leaves_the_old_block(void **state)
{
    struct watched w;
    char *p;

    (void)state;
    watched_init(&w, 2);
    p = cq_alloc(&w.mem, 4);
    memcpy(p, "abc", 4);
    assert_null(cq_realloc(&w.mem, p, 400));
    assert_string_equal(p, "abc");
    cq_free(&w.mem, p);
    for (int i = 0; i < 3; i++) {
        watched_init(&w, 1);
        if (i == 0) assert_null(cq_alloc(&w.mem, 1));
        if (i == 1) assert_null(cq_calloc(&w.mem, 1, 1));
        if (i == 2) assert_null(cq_strndup(&w.mem, "x", 1));
    }
}

static void test_wipe(void **state)
{
    char secret[] = "correct horse";

    (void)state;
    cq_wipe(secret + 1, 3);
    assert_memory_equal(secret, "c\0\0\0ect horse", sizeof(secret));
    cq_wipe(secret, 0);
    assert_int_equal(secret[0], 'c');
}

static void test_account_edges(void **state)
{
    struct cq_account a = {.limit = 100};
    struct cq_account none = {0};

    (void)state;
    assert_true(cq_account_take(&a, 60));
    assert_false(cq_account_take(&a, 41));
    assert_int_equal(a.used, 60);
    assert_true(cq_account_take(&a, 40));
    assert_true(cq_account_take(&a, 0));
    assert_false(cq_account_take(&a, 1));
    assert_false(cq_account_take(&a, SIZE_MAX));
    cq_account_give(&a, 100);
    assert_int_equal(a.used, 0);
    assert_int_equal(a.peak, 100);
    assert_false(cq_account_take(&a, 101));
    assert_true(cq_account_take(&none, SIZE_MAX / 2));
    assert_int_equal(none.peak, SIZE_MAX / 2);
}

/* Any program of takes and gives: used is the sum, never over the limit, peak is its maximum. */
static void test_account_against_a_model(void **state)
{
    uint64_t seed = 20261121;
    struct cq_account a = {.limit = 10000};
    size_t held[64] = {0}, sum = 0, peak = 0;

    (void)state;
    for (int step = 0; step < 100000; step++) {
        size_t i = watched_random(&seed) % 64, n = watched_random(&seed) % 700;

        if (held[i]) {
            cq_account_give(&a, held[i]);
            sum -= held[i];
            held[i] = 0;
        } else {
            bool took = cq_account_take(&a, n);

            assert_int_equal(took, sum + n <= 10000);
            if (took) held[i] = n;
            if (took) sum += n;
        }
        if (sum > peak) peak = sum;
        assert_int_equal(a.used, sum);
        assert_int_equal(a.peak, peak);
    }
    assert_true(peak > 9000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_libc),
        cmocka_unit_test(test_secret),
        cmocka_unit_test(test_zero_bytes_are_a_block),
        cmocka_unit_test(test_calloc_clears_and_refuses_overflow),
        cmocka_unit_test(test_strndup),
        cmocka_unit_test(test_failure_leaves_the_old_block),
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_account_edges),
        cmocka_unit_test(test_account_against_a_model),
    };

    return cmocka_run_group_tests_name("base_mem", tests, NULL, NULL);
}
