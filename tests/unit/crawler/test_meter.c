/* SPDX-License-Identifier: Apache-2.0 */
/* Whose is what the thread spends, by a clock of the test's: how often it is asked, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crawler/meter.h"

static struct {
    uint64_t now;
    uint64_t slept;
    unsigned looks;
} world;

static uint64_t clock_ns(void)
{
    world.looks++;
    return world.now;
}

static uint64_t wall_ns(void)
{
    return 5000 + world.now + world.slept;
}

static struct cq_meter fresh(bool alone)
{
    world.now = 1000;
    world.slept = 0;
    world.looks = 0;
    return (struct cq_meter){.clock_ns = clock_ns, .wall_ns = wall_ns, .is_alone = alone};
}

static void run(struct cq_meter *m, uint64_t *sum, uint64_t ns)
{
    cq_meter_begin(m, sum);
    world.now += ns;
    cq_meter_end(m, sum);
}

enum { LONG = 2 * CQ_METER_SHORT_NS };

/* A look where it was long, and what lies between two runs is the next one's. */
static void test_many(void **state)
{
    struct cq_meter m = fresh(false);
    uint64_t a = 0, b = 0;

    (void)state;
    run(&m, &a, 10);
    world.now += 5;
    run(&m, &b, 20);
    assert_int_equal(a, 10);
    assert_int_equal(b, 25);
    assert_int_equal(world.looks, 1);
    run(&m, &a, LONG);
    assert_int_equal(a, 10 + LONG);
    assert_int_equal(world.looks, 2);
    world.slept += LONG; /* between two turns */
    run(&m, &b, 30);
    assert_int_equal(b, 55);
    assert_int_equal(world.looks, 3);
}

/* Short waits are told at first, and taken off then: nothing is told twice in all. */
static void test_short_waits(void **state)
{
    struct cq_meter m = fresh(false);
    uint64_t a = 0, b = 0;

    (void)state;
    cq_meter_begin(&m, &a);
    world.now += 10;
    world.slept += 40;
    cq_meter_end(&m, &a);
    assert_int_equal(a, 50);
    run(&m, &b, LONG);
    assert_int_equal(a + b, 10 + LONG);
    world.slept += 90;
    run(&m, &a, 0);
    world.slept += LONG;
    run(&m, &b, 20); /* less than was told too much */
    assert_int_equal(a + b, 10 + LONG + 90);
    run(&m, &b, LONG);
    assert_int_equal(a + b, 10 + LONG + 20 + LONG);
}

/* All of it at the end, and nothing twice. */
static void test_alone(void **state)
{
    struct cq_meter m = fresh(true);
    uint64_t a = 0;

    (void)state;
    for (int i = 0; i < 10; i++) {
        run(&m, &a, LONG);
        world.now += 1;
    }
    assert_int_equal(a, 0);
    cq_meter_tell(&m, &a);
    assert_int_equal(a, 10 * LONG + 10);
    assert_int_equal(world.looks, 2);
    cq_meter_tell(&m, &a);
    assert_int_equal(a, 10 * LONG + 10);
}

static void test_no_longer_alone(void **state)
{
    struct cq_meter m = fresh(true);
    uint64_t a = 0, b = 0;

    (void)state;
    run(&m, &a, 10);
    m.is_alone = false;
    run(&m, &b, 20);
    assert_int_equal(a, 10);
    assert_int_equal(b, 20);
    run(&m, &a, 30);
    assert_int_equal(a, 40);
}

/* What somebody else spends is nobody's: known before it begins, or behind it by the wall's
 * clock, which may have gone on while the thread slept. */
static void test_foreign(void **state)
{
    struct cq_meter m = fresh(true);
    uint64_t a = 0;

    (void)state;
    run(&m, &a, 10);
    cq_meter_foreign(&m, 0);
    assert_int_equal(a, 10);
    world.now += 1000;
    run(&m, &a, 20);
    world.now += 1000;
    cq_meter_foreign(&m, 1000);
    assert_int_equal(a, 30);
    run(&m, &a, 5);
    cq_meter_foreign(&m, 1000000);
    assert_int_equal(a, 30);
    world.now += 7;
    cq_meter_foreign(&m, 7); /* nothing to take it from */
    run(&m, &a, 40);
    cq_meter_tell(&m, &a);
    assert_int_equal(a, 70);
}

static void test_forget(void **state)
{
    struct cq_meter m = fresh(true);
    uint64_t gone = 0, a = 0;

    (void)state;
    run(&m, &gone, 10);
    cq_meter_forget(&m, &a);
    assert_ptr_equal(m.sum, &gone);
    cq_meter_forget(&m, &gone);
    run(&m, &a, 20);
    cq_meter_foreign(&m, 0);
    assert_int_equal(gone, 0);
    assert_int_equal(a, 30); /* as what lies between two runs */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_short_waits), cmocka_unit_test(test_no_longer_alone),
        cmocka_unit_test(test_foreign),     cmocka_unit_test(test_forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
