/* SPDX-License-Identifier: Apache-2.0 */
/* The arena: alignment, no two objects overlap, a warm one allocates nothing, no leak on failure.
 */
#include "base/arena.h"

#include <string.h>

#include "base/bounds.h"
#include "unit/base/cmocka_all.h"
#include "unit/base/watched.h"

static void test_alignment_and_zero(void **state)
{
    struct watched w;
    struct cq_arena a;

    (void)state;
    watched_init(&w, 0);
    cq_arena_init(&a, &w.mem);
    for (size_t n = 0; n < 200; n++) {
        uint8_t *p = cq_arena_alloc(&a, n);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
    }
    cq_arena_fini(&a);
    assert_int_equal(a.used, 0);
    assert_int_equal(w.alive, 0);
    cq_arena_fini(&a);
}

static void test_too_large_is_refused(void **state)
{
    struct watched w;
    struct cq_arena a;

    (void)state;
    watched_init(&w, 0);
    cq_arena_init(&a, &w.mem);
    assert_null(cq_arena_alloc(&a, CQ_MAX_ENVELOPE_BODY + 1));
    assert_null(cq_arena_alloc(&a, SIZE_MAX));
    assert_null(cq_arena_alloc(&a, SIZE_MAX - 7));
    assert_int_equal(w.calls, 0);
    cq_arena_fini(&a);
}

static void test_dup(void **state)
{
    struct watched w;
    struct cq_arena a;
    char from[] = "orders";
    cq_bytes copy, empty;

    (void)state;
    watched_init(&w, 0);
    cq_arena_init(&a, &w.mem);
    copy = cq_arena_dup(&a, (cq_bytes){(uint8_t *)from, 6});
    empty = cq_arena_dup(&a, CQ_LIT(""));
    from[0] = 'x';
    assert_true(cq_eq(copy, CQ_LIT("orders")));
    assert_false(cq_is_null(empty));
    assert_int_equal(empty.n, 0);
    cq_arena_fini(&a);
    watched_init(&w, 1);
    cq_arena_init(&a, &w.mem);
    assert_true(cq_is_null(cq_arena_dup(&a, CQ_LIT("x"))));
    cq_arena_fini(&a);
}

/* Random sizes, each object filled with its own byte: at the end every byte is still its own. */
struct object {
    uint8_t *p;
    size_t n;
};

static void fill(struct cq_arena *a, struct object *objects, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < count; i++) {
        size_t n = watched_random(&seed) % (seed % 50 == 0 ? 200000 : 300);

        objects[i] = (struct object){cq_arena_alloc(a, n), n};
        assert_non_null(objects[i].p);
        memset(objects[i].p, (int)(i & 255), n);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < objects[i].n; k++)
            assert_true(objects[i].p[k] == (uint8_t)(i & 255));
    }
}

static void test_objects_keep_their_bytes(void **state)
{
    static struct object objects[400];

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct watched w;
        struct cq_arena a;

        watched_init(&w, 0);
        cq_arena_init(&a, &w.mem);
        fill(&a, objects, 400, seed * 104729);
        assert_true(a.used <= w.bytes); /* `used` is what the blocks hold, headers aside */
        assert_true(a.used + 64 * w.alive >= w.bytes);
        cq_arena_reset(&a);
        assert_true(w.alive <= 1);
        fill(&a, objects, 400, seed * 15485863);
        cq_arena_fini(&a);
        assert_int_equal(w.alive, 0);
        assert_int_equal(w.bytes, 0);
    }
}

static void test_a_warm_arena_allocates_nothing(void **state)
{
    struct watched w;
    struct cq_arena a;
    size_t calls;

    (void)state;
    watched_init(&w, 0);
    cq_arena_init(&a, &w.mem);
    for (int i = 0; i < 1000; i++)
        cq_arena_alloc(&a, 48);
    cq_arena_reset(&a);
    calls = w.calls;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 300; i++)
            cq_arena_alloc(&a, 48);
        cq_arena_reset(&a);
    }
    assert_int_equal(w.calls, calls);
    cq_arena_fini(&a);
}

/* A large object gets a block of its own; the reset keeps the largest block wherever it stands. */
static void test_reset_keeps_the_largest(void **state)
{
    struct watched w;
    struct cq_arena a;
    size_t calls;

    (void)state;
    watched_init(&w, 0);
    cq_arena_init(&a, &w.mem);
    cq_arena_alloc(&a, 100);
    cq_arena_alloc(&a, 500000);
    cq_arena_alloc(&a, 1000);
    cq_arena_reset(&a);
    assert_int_equal(w.alive, 1);
    assert_true(a.used >= 500000);
    calls = w.calls;
    assert_non_null(cq_arena_alloc(&a, 500000));
    assert_int_equal(w.calls, calls);
    cq_arena_fini(&a);
    assert_int_equal(w.alive, 0);
    cq_arena_reset(&a); /* of an empty one: nothing */
}

static void test_every_allocation_fails_once(void **state)
{
    bool failed = true;

    (void)state;
    for (size_t fail_at = 1; failed; fail_at++) {
        struct watched w;
        struct cq_arena a;

        failed = false;
        watched_init(&w, fail_at);
        cq_arena_init(&a, &w.mem);
        for (int i = 0; i < 3000; i++)
            failed |= cq_arena_alloc(&a, 100) == NULL;
        assert_non_null(cq_arena_alloc(&a, 8)); /* one failure spoils nothing */
        cq_arena_fini(&a);
        assert_int_equal(w.alive, 0);
        assert_true(fail_at < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment_and_zero),
        cmocka_unit_test(test_too_large_is_refused),
        cmocka_unit_test(test_dup),
        cmocka_unit_test(test_objects_keep_their_bytes),
        cmocka_unit_test(test_a_warm_arena_allocates_nothing),
        cmocka_unit_test(test_reset_keeps_the_largest),
        cmocka_unit_test(test_every_allocation_fails_once),
    };

    return cmocka_run_group_tests_name("base_arena", tests, NULL, NULL);
}
