/* SPDX-License-Identifier: Apache-2.0 */
/* The account: who waits, who is fed first, how far it may be overdrawn. */
#include "crawler/budget.h"

#include "base/bounds.h"
#include "unit/base/cmocka_all.h"

enum { N = 4 };

struct fleet {
    struct cq_account a;
    struct cq_budget b[N];
};

static void begin(struct fleet *f, size_t limit)
{
    *f = (struct fleet){.a = {.limit = limit}};
    for (int i = 0; i < N; i++)
        f->b[i] = (struct cq_budget){.account = &f->a, .owner = &f->b[i]};
}

static void end(struct fleet *f)
{
    for (int i = 0; i < N; i++) {
        cq_budget_give(&f->b[i], f->b[i].held);
        cq_budget_release(&f->b[i]);
    }
    assert_int_equal(f->a.used, 0);
    assert_null(f->a.overdraft);
    assert_null(cq_account_next(&f->a));
    assert_false(cq_account_is_short(&f->a));
}

/* Who has asked nothing yet is fed in the order of asking, however little the later ones want. */
static void test_reserving_in_order(void **state)
{
    struct fleet f;

    (void)state;
    begin(&f, 100);
    assert_true(cq_budget_reserve(&f.b[0], 80));
    assert_false(cq_budget_reserve(&f.b[1], 50));
    assert_false(cq_budget_reserve(&f.b[2], 10)); /* there is room, but not past the one before */
    assert_true(f.b[2].starved);
    assert_true(cq_account_is_short(&f.a));
    assert_null(cq_account_next(&f.a));
    cq_budget_release(&f.b[0]);
    assert_ptr_equal(cq_account_next(&f.a), &f.b[1]);
    assert_ptr_equal(cq_account_next(&f.a), &f.b[2]);
    assert_null(cq_account_next(&f.a));
    assert_true(cq_budget_reserve(&f.b[1], 50));
    assert_true(cq_budget_reserve(&f.b[2], 10));
    assert_false(f.b[2].starved);
    assert_int_equal(f.a.used, 60);
    end(&f);
}

/* Who is half-way comes before who has not begun; among them the one that lacks the least. */
static void test_topping_first(void **state)
{
    struct fleet f;

    (void)state;
    begin(&f, 100);
    assert_true(cq_budget_reserve(&f.b[0], 40));
    assert_true(cq_budget_reserve(&f.b[1], 30));
    assert_true(cq_budget_reserve(&f.b[2], 30));
    assert_true(cq_budget_take(&f.b[0], 40) && cq_budget_take(&f.b[1], 30));
    assert_false(cq_budget_reserve(&f.b[3], 1));
    assert_true(cq_budget_take(&f.b[0], 5)); /* the overdraft is free */
    assert_ptr_equal(f.a.overdraft, &f.b[0]);
    assert_int_equal(f.a.used, 105);
    assert_false(cq_budget_take(&f.b[1], 40));
    assert_false(cq_budget_take(&f.b[2], 55)); /* lacks 25 */
    assert_null(cq_account_next(&f.a));
    assert_true(cq_budget_take(&f.b[0], 2)); /* and who has it goes on */
    cq_budget_give(&f.b[0], f.b[0].held);
    cq_budget_release(&f.b[0]); /* 40 are free */
    assert_ptr_equal(cq_account_next(&f.a), &f.b[2]);
    assert_ptr_equal(cq_account_next(&f.a), &f.b[1]); /* over the limit now */
    assert_ptr_equal(f.a.overdraft, &f.b[1]);
    assert_null(cq_account_next(&f.a));
    assert_true(cq_budget_take(&f.b[2], 55));
    assert_true(cq_budget_take(&f.b[1], 40));
    assert_int_equal(f.b[1].most, 70);
    end(&f);
}

/* The peak is at most twice the limit, for nobody may need more than all of it. */
static void test_too_small(void **state)
{
    struct fleet f;

    (void)state;
    begin(&f, 100);
    assert_true(cq_budget_reserve(&f.b[0], 1000)); /* all there is */
    assert_int_equal(f.b[0].reserved, 100);
    assert_true(cq_budget_take(&f.b[0], 100));
    assert_false(cq_budget_take(&f.b[0], 1));
    assert_true(f.b[0].too_small);
    assert_false(f.b[0].starved);
    assert_true(f.a.peak <= 2 * f.a.limit);
    end(&f);
}

/* What is not needed any longer goes to the others, and with it the overdraft. */
static void test_trim(void **state)
{
    struct fleet f;

    (void)state;
    begin(&f, 100);
    assert_true(cq_budget_reserve(&f.b[0], 60) && cq_budget_reserve(&f.b[1], 40));
    assert_true(cq_budget_take(&f.b[0], 90));
    assert_ptr_equal(f.a.overdraft, &f.b[0]);
    assert_false(cq_budget_reserve(&f.b[2], 20));
    cq_budget_give(&f.b[0], 80);
    cq_budget_trim(&f.b[0], 20);
    assert_int_equal(f.b[0].reserved, 30);
    assert_null(f.a.overdraft);
    assert_ptr_equal(cq_account_next(&f.a), &f.b[2]);
    cq_budget_trim(&f.b[0], 20);
    assert_int_equal(f.a.used, 90);
    end(&f);
}

/* A batch that gives back feeds whoever waits; who leaves is in nobody's way. */
static void test_others_give(void **state)
{
    struct fleet f;

    (void)state;
    begin(&f, 100);
    assert_true(cq_account_take(&f.a, 100));
    assert_false(cq_budget_reserve(&f.b[0], 90));
    assert_false(cq_budget_reserve(&f.b[1], 50));
    assert_false(cq_budget_reserve(&f.b[2], 50));
    cq_budget_release(&f.b[0]);
    cq_account_give(&f.a, 60);
    assert_ptr_equal(cq_account_next(&f.a), &f.b[1]);
    assert_null(cq_account_next(&f.a));
    cq_budget_release(&f.b[1]); /* fed, and gone before it came to use it */
    assert_true(cq_budget_reserve(&f.b[2], 50));
    assert_null(cq_account_next(&f.a)); /* it has found out by itself */
    cq_account_give(&f.a, 40);
    end(&f);
}

/* Who was fed does not wait again because the guess has grown meanwhile. */
static void test_fed_once(void **state)
{
    struct cq_account a = {.limit = 100};
    struct cq_budget b[2] = {{.account = &a, .owner = &b[0]}, {.account = &a, .owner = &b[1]}};

    (void)state;
    assert_true(cq_budget_reserve(&b[0], 80));
    assert_false(cq_budget_reserve(&b[1], 30));
    cq_budget_release(&b[0]);
    assert_ptr_equal(cq_account_next(&a), &b[1]);
    assert_true(cq_budget_reserve(&b[1], 90));
    assert_int_equal(b[1].reserved, 30);
    assert_false(cq_account_is_short(&a));
    cq_budget_release(&b[1]);
    assert_int_equal(a.used, 0);
}

/* A fleet of small clusters does not wait for memory that it will not use. */
static void test_guess(void **state)
{
    struct cq_account a = {0};
    struct cq_budget b = {.account = &a};
    size_t guess = CQ_DEFAULT_RESERVATION;

    (void)state;
    assert_int_equal(cq_budget_guess(&(struct cq_budget){0}), CQ_DEFAULT_RESERVATION);
    for (unsigned i = 0; i < CQ_LEARN_AFTER; i++) {
        assert_int_equal(cq_budget_guess(&b), CQ_DEFAULT_RESERVATION);
        assert_true(cq_budget_take(&b, 20000));
        cq_budget_give(&b, 20000);
        cq_budget_release(&b);
    }
    assert_int_equal(cq_budget_guess(&b), 20000);
    assert_true(cq_budget_take(&b, 300000)); /* a larger one counts at once, */
    cq_budget_give(&b, 300000);
    cq_budget_release(&b);
    assert_int_equal(cq_budget_guess(&b), 300000);
    for (int i = 0; i < 400; i++) { /* and is forgotten slowly */
        assert_true(cq_budget_take(&b, 20000));
        cq_budget_give(&b, 20000);
        cq_budget_release(&b);
        assert_true(cq_budget_guess(&b) <= guess);
        guess = cq_budget_guess(&b);
    }
    assert_in_range(guess, 20000, 21000);
    cq_budget_release(&b); /* who took nothing teaches nothing */
    assert_int_equal(cq_budget_guess(&b), guess);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guess),
        cmocka_unit_test(test_fed_once),
        cmocka_unit_test(test_reserving_in_order),
        cmocka_unit_test(test_topping_first),
        cmocka_unit_test(test_too_small),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_others_give),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
