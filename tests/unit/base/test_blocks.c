/* SPDX-License-Identifier: Apache-2.0 */
/* What is given back is used again, within the limit; the allocator under it fails as ever. */
#include "base/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "unit/base/cmocka_all.h"
#include "unit/base/watched.h"

static void test_used_again(void **state)
{
    static const size_t sizes[] = {1, 100, 128, 129, 1000, 4096, 5000, 65536, 200000, 500000};
    struct cq_blocks b;
    struct watched w;

    (void)state;
    watched_init(&w, 0);
    cq_blocks_init(&b, &w.mem, CQ_MIB(4));
    for (int round = 0; round < 3; round++) {
        void *p[sizeof(sizes) / sizeof(sizes[0])];
        size_t calls = w.calls;

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            p[i] = cq_alloc(&b.mem, sizes[i]);
            assert_non_null(p[i]);
            assert_int_equal((uintptr_t)p[i] % 16, 0);
            memset(p[i], 0x5a, sizes[i]);
        }
        if (round) assert_int_equal(w.calls, calls);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            cq_free(&b.mem, p[i]);
        assert_int_equal(b.out, 0);
    }
    assert_int_equal(b.kept, w.bytes);
    cq_blocks_flush(&b);
    assert_int_equal(b.kept, 0);
    assert_int_equal(w.alive, 0);
}

/* Every size up to some pages: at least as large as asked, and an eighth (or 15) more at most. */
static void test_sizes(void **state)
{
    struct cq_blocks b;
    struct watched w;

    (void)state;
    watched_init(&w, 0);
    cq_blocks_init(&b, &w.mem, CQ_MIB(4));
    for (size_t n = 1; n < 40000; n += n < 700 ? 1 : 37) {
        size_t size = n + 16, most = size + (size / 8 > 16 ? size / 8 : 16);
        uint8_t *p = cq_alloc(&b.mem, n);

        p[n - 1] = 1;
        assert_in_range(b.out, size, most);
        cq_free(&b.mem, p);
        cq_blocks_flush(&b);
    }
    assert_int_equal(w.alive, 0);
}

static void test_growing(void **state)
{
    static const size_t sizes[] = {10, 17, 300, 4000, 300000, 600000, 900000, 1000};
    struct cq_blocks b;
    struct watched w;
    uint8_t *p = NULL;

    (void)state;
    watched_init(&w, 0);
    cq_blocks_init(&b, &w.mem, CQ_MIB(4));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        p = cq_realloc(&b.mem, p, sizes[i]);
        assert_non_null(p);
        if (i) assert_memory_equal(p, "as before", 9);
        memcpy(p, "as before", 10);
        p[sizes[i] - 1] = p[sizes[i] - 1];
        assert_true(b.out >= sizes[i]);
    }
    cq_free(&b.mem, p);
    assert_int_equal(b.out, 0);
    cq_blocks_flush(&b);
    assert_int_equal(w.alive, 0);
}

/* In use and kept stay below the limit together, whatever the sizes; what is in use may pass it. */
static void test_limit(void **state)
{
    enum { LIMIT = CQ_KIB(256), N = 64 };
    struct cq_blocks b;
    struct watched w;
    void *p[N] = {0};
    unsigned dice = 7;

    (void)state;
    watched_init(&w, 0);
    cq_blocks_init(&b, &w.mem, LIMIT);
    for (int i = 0; i < 20000; i++) {
        unsigned at = (dice = dice * 1103515245 + 12345) >> 16 & (N - 1);

        if (p[at]) {
            cq_free(&b.mem, p[at]);
            p[at] = NULL;
        } else {
            p[at] = cq_alloc(&b.mem, (dice >> 8) % 16384 + 1);
        }
        assert_int_equal(w.bytes, b.out + b.kept);
        assert_true(b.kept == 0 || b.out + b.kept <= LIMIT);
    }
    for (int i = 0; i < N; i++)
        cq_free(&b.mem, p[i]);
    cq_blocks_flush(&b);
    assert_int_equal(w.bytes, 0);
}

static void test_sweep(void **state)
{
    struct cq_blocks b;
    struct watched w;
    void *p[8];

    (void)state;
    watched_init(&w, 0);
    cq_blocks_init(&b, &w.mem, CQ_MIB(4));
    for (int i = 0; i < 8; i++)
        p[i] = cq_alloc(&b.mem, 60000);
    for (int i = 0; i < 8; i++)
        cq_free(&b.mem, p[i]);
    cq_blocks_sweep(&b); /* none was spare all the time */
    assert_int_equal(w.alive, 8);
    p[0] = cq_alloc(&b.mem, 60000);
    cq_free(&b.mem, p[0]);
    cq_blocks_sweep(&b); /* seven were: half of them go */
    assert_int_equal(w.alive, 4);
    for (int i = 0; i < 10; i++)
        cq_blocks_sweep(&b);
    assert_int_equal(w.alive, 0);
}

static void test_no_limit_keeps_nothing(void **state)
{
    struct cq_blocks b;
    struct watched w;
    void *p;

    (void)state;
    watched_init(&w, 0);
    cq_blocks_init(&b, &w.mem, 0);
    p = cq_alloc(&b.mem, 100);
    assert_int_equal(w.bytes, 116);
    p = cq_realloc(&b.mem, p, 50);
    assert_int_equal(w.bytes, 66);
    cq_free(&b.mem, p);
    assert_int_equal(w.alive, 0);
}

static void test_no_memory(void **state)
{
    struct cq_blocks b;
    struct watched w;
    void *p;

    (void)state;
    watched_init(&w, 2);
    cq_blocks_init(&b, &w.mem, CQ_MIB(4));
    p = cq_alloc(&b.mem, 5000);
    memcpy(p, "kept", 5);
    assert_null(cq_realloc(&b.mem, p, 50000));
    assert_string_equal(p, "kept");
    assert_null(cq_alloc(&b.mem, SIZE_MAX));
    cq_free(&b.mem, p);
    cq_blocks_flush(&b);
    assert_int_equal(w.alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_used_again), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_growing),    cmocka_unit_test(test_limit),
        cmocka_unit_test(test_sweep),      cmocka_unit_test(test_no_limit_keeps_nothing),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
