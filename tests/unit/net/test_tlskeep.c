/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions as bytes: found, once, in time, the oldest gives way, wiped when dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* after the four above */
#include <cmocka.h>

#include "base/bounds.h"
#include "net/tlskeep.h"

static struct cq_tls_keep *keep;

static void key_of(unsigned i, uint8_t key[CQ_TLS_KEY])
{
    memset(key, 7, CQ_TLS_KEY);
    memcpy(key, &(unsigned){i % 5}, sizeof(i)); /* few buckets: chains are walked */
    memcpy(key + 8, &i, sizeof(i));
}

static uint8_t *put_until(unsigned i, const char *text, int64_t until_ms, int64_t trusted_ms)
{
    struct cq_tls_kept kept = {
        .since_ms = 1000, .until_ms = until_ms, .trusted_ms = trusted_ms, .n = strlen(text)};
    uint8_t key[CQ_TLS_KEY];
    uint8_t *to;

    key_of(i, key);
    to = cq_tls_keep_put(keep, key, &kept);
    if (to) memcpy(to, text, kept.n);
    return to;
}

static uint8_t *put(unsigned i, const char *text)
{
    return put_until(i, text, 5000, 6000);
}

static bool has_at(unsigned i, int64_t wall_ms, const char *text)
{
    struct cq_tls_kept kept;
    uint8_t key[CQ_TLS_KEY];

    key_of(i, key);
    return cq_eq(cq_tls_keep_find(keep, key, wall_ms, &kept), cq_str(text));
}

static bool has(unsigned i, const char *text)
{
    return has_at(i, 2000, text);
}

static void drop(unsigned i)
{
    uint8_t key[CQ_TLS_KEY];

    key_of(i, key);
    cq_tls_keep_drop(keep, key);
}

static int setup(void **state)
{
    (void)state;
    return cq_tls_keep_new(&keep, &cq_mem_libc);
}

static int teardown(void **state)
{
    (void)state;
    cq_tls_keep_free(keep);
    return 0;
}

static void found_and_dropped(void **state)
{
    static const uint8_t zero[8];
    uint8_t *at;

    (void)state;
    at = put(1, "one's");
    put(2, "two's");
    put(6, "six's"); /* one's bucket */
    assert_true(has(1, "one's") && has(2, "two's") && has(6, "six's"));
    put(1, "another");
    assert_true(has(1, "another") && has(6, "six's"));
    assert_int_equal(cq_tls_keep_count(keep), 3);
    drop(1);
    drop(1);
    assert_memory_equal(at, zero, 5); /* what is dropped is wiped */
    assert_false(has(1, "another"));
    assert_true(has(2, "two's") && has(6, "six's"));
    assert_int_equal(cq_tls_keep_count(keep), 2);
}

static void in_time(void **state)
{
    (void)state;
    put(1, "a");
    assert_true(has_at(1, 4999, "a"));
    assert_false(has_at(1, 5000, "a")); /* its life is over */
    assert_false(has_at(1, 4999, "a")); /* and it is gone */
    put_until(1, "b", 9000, 6000);
    assert_false(has_at(1, 6000, "b")); /* a certificate has ended */
    put(1, "c");
    assert_false(has_at(1, 999, "c")); /* before it was made: the clock was set back */
    assert_int_equal(cq_tls_keep_count(keep), 0);
}

static void too_large(void **state)
{
    static char text[CQ_TLS_SESSION_SLOT];

    (void)state;
    memset(text, 'x', sizeof(text) - 200);
    put(1, "small");
    assert_non_null(put(2, text));
    assert_true(has(2, text));
    memset(text, 'x', sizeof(text) - 1);
    assert_null(put(1, text));
    assert_false(has(1, "small")); /* the old one is used up all the same */
}

static void the_oldest_goes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CQ_MAX_TLS_SESSIONS; i++)
        put(i, "x");
    put(0, "again"); /* the newest now */
    put(CQ_MAX_TLS_SESSIONS, "y");
    assert_int_equal(cq_tls_keep_count(keep), CQ_MAX_TLS_SESSIONS);
    assert_true(has(0, "again"));
    assert_false(has(1, "x"));
    assert_true(has(2, "x"));
    assert_true(has(CQ_MAX_TLS_SESSIONS, "y"));
    for (unsigned i = 0; i < 20000; i++) {
        if (i % 3 == 0) drop(i / 2);
        put(i * 7 % 12000, "z");
        assert_true(has(i * 7 % 12000, "z"));
    }
    assert_true(cq_tls_keep_count(keep) <= CQ_MAX_TLS_SESSIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(found_and_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(the_oldest_goes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
