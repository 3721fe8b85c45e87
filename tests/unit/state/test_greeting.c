/* SPDX-License-Identifier: Apache-2.0 */
/* What servers said: found by name and age, each text once, bounded. */
#include "unit/base/cmocka_all.h"

#include <stdio.h>

#include "state/greeting.h"

static struct cq_greeting of(const char *body, const char *release, int64_t ms)
{
    struct cq_greeting g;

    assert_true(cq_greeting_make(&g, cq_str(body), cq_str(release), ms));
    return g;
}

static void put(struct cq_greetings *g, const char *name, const char *body, int64_t ms)
{
    struct cq_greeting x = of(body, "5.0", ms);

    cq_greetings_put(g, cq_str(name), &x);
}

static bool has(const struct cq_greetings *g, const char *name, const char *body, int64_t since)
{
    const struct cq_greeting *x = cq_greetings_find(g, cq_str(name), since);

    return x && cq_eq((cq_bytes){x->body, x->n}, cq_str(body));
}

static void test_found(void **state)
{
    struct cq_greetings *g;

    (void)state;
    assert_int_equal(cq_greetings_new(&g, &cq_mem_libc), 0);
    assert_null(cq_greetings_find(g, CQ_LIT("a"), 0));
    cq_greetings_drop(g, CQ_LIT("a"));
    put(g, "a", "said by a", 50000);
    assert_true(has(g, "a", "said by a", 0) && has(g, "a", "said by a", 50000));
    assert_false(has(g, "a", "said by a", 50001)); /* too old */
    assert_false(has(g, "b", "said by a", 0));
    put(g, "a", "said later", 60000);
    assert_true(has(g, "a", "said later", 60000));
    cq_greetings_drop(g, CQ_LIT("b"));
    cq_greetings_drop(g, CQ_LIT("a"));
    assert_null(cq_greetings_find(g, CQ_LIT("a"), 0));
    cq_greetings_free(g);
    cq_greetings_free(NULL);
}

/* A fleet: nearly everybody is found; nobody gets what another one said. */
static void test_many(void **state)
{
    struct cq_greetings *g;
    char name[32], body[32];
    unsigned found = 0;

    (void)state;
    assert_int_equal(cq_greetings_new(&g, &cq_mem_libc), 0);
    for (unsigned i = 0; i < 2 * CQ_MAX_GREETED; i++) {
        snprintf(name, sizeof(name), "cluster %u", i);
        snprintf(body, sizeof(body), "text %u", i % 7);
        put(g, name, body, 50000);
    }
    for (unsigned i = 0; i < 2 * CQ_MAX_GREETED; i++) {
        snprintf(name, sizeof(name), "cluster %u", i);
        snprintf(body, sizeof(body), "text %u", i % 7);
        if (!cq_greetings_find(g, cq_str(name), 0)) continue;
        assert_true(has(g, name, body, 0));
        found++;
    }
    assert_in_range(found, CQ_MAX_GREETED / 2, CQ_MAX_GREETED);
    cq_greetings_free(g);
}

/* More texts than are kept: those that came first stay. */
static void test_texts(void **state)
{
    struct cq_greetings *g;
    char body[32];

    (void)state;
    assert_int_equal(cq_greetings_new(&g, &cq_mem_libc), 0);
    for (unsigned i = 0; i <= CQ_MAX_GREETINGS; i++) {
        snprintf(body, sizeof(body), "text %u", i);
        put(g, "a", body, 50000);
    }
    snprintf(body, sizeof(body), "text %u", CQ_MAX_GREETINGS - 1);
    assert_true(has(g, "a", body, 0));
    put(g, "b", "text 3", 50000);
    assert_true(has(g, "b", "text 3", 0));
    cq_greetings_free(g);
}

static void test_made(void **state)
{
    static uint8_t large[CQ_MAX_GREETING + 1];
    struct cq_greeting g = of("x", "5.0.9", 7);

    (void)state;
    assert_true(cq_greeting_is_of(&g, CQ_LIT("5.0.9")));
    assert_false(cq_greeting_is_of(&g, CQ_LIT("5.0.10")));
    assert_false(cq_greeting_is_of(&g, CQ_NULL));
    assert_false(cq_greeting_make(&g, CQ_NULL, CQ_LIT("5.0"), 7));
    assert_int_equal(g.n, 0);
    assert_int_equal(g.learnt_ms, 7);
    assert_false(cq_greeting_make(&g, CQ_LIT("x"), CQ_NULL, 7));
    assert_false(cq_greeting_make(&g, (cq_bytes){large, sizeof(large)}, CQ_LIT("5.0"), 7));
    assert_true(cq_greeting_make(&g, (cq_bytes){large, CQ_MAX_GREETING}, CQ_LIT("5.0"), 7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
