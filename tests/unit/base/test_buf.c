/* SPDX-License-Identifier: Apache-2.0 */
/* The byte buffer against a naive queue, at its maximum, and with every allocation failing once. */
#include "base/buf.h"

#include <string.h>

#include "base/err.h"
#include "unit/base/cmocka_all.h"
#include "unit/base/watched.h"

static void test_puts_and_view(void **state)
{
    struct watched w;
    struct cq_buf b;

    (void)state;
    watched_init(&w, 0);
    cq_buf_init(&b, &w.mem, 1000);
    assert_int_equal(cq_buf_view(&b).n, 0);
    assert_non_null(cq_buf_view(&b).p); /* empty, not null */
    cq_buf_puts(&b, "one ");
    cq_buf_putc(&b, '2');
    cq_buf_printf(&b, " %s=%d", "three", 3);
    cq_buf_put(&b, NULL, 0);
    cq_buf_put(&b, "\0", 1);
    assert_int_equal(b.err, 0);
    assert_true(cq_eq(cq_buf_view(&b), CQ_LIT("one 2 three=3\0")));
    cq_buf_fini(&b);
    cq_buf_fini(&b);
    assert_int_equal(w.alive, 0);
}

static void test_the_maximum_is_sticky(void **state)
{
    struct cq_buf b;

    (void)state;
    cq_buf_init(&b, &cq_mem_libc, 300);
    for (int i = 0; i < 300; i++)
        cq_buf_putc(&b, 'x');
    assert_int_equal(b.err, 0);
    assert_int_equal(b.n, 300);
    assert_true(b.cap <= 300);
    cq_buf_putc(&b, 'y');
    assert_int_equal(b.err, CQ_ETOO_LARGE);
    assert_null(cq_buf_room(&b, 0));
    cq_buf_puts(&b, "z");
    assert_int_equal(b.n, 300);
    assert_int_equal(cq_buf_view(&b).p[299], 'x');
    cq_buf_clear(&b);
    assert_int_equal(b.err, 0);
    assert_null(cq_buf_room(&b, SIZE_MAX)); /* no overflow of n + size */
    assert_int_equal(b.err, CQ_ETOO_LARGE);
    cq_buf_fini(&b);
}

static void test_consume_and_compact(void **state)
{
    struct cq_buf b;

    (void)state;
    cq_buf_init(&b, &cq_mem_libc, 64);
    cq_buf_puts(&b, "abcdef");
    cq_buf_consume(&b, 2);
    assert_true(cq_eq(cq_buf_view(&b), CQ_LIT("cdef")));
    cq_buf_compact(&b);
    assert_int_equal(b.off, 0);
    assert_int_equal(b.n, 4);
    assert_true(cq_eq(cq_buf_view(&b), CQ_LIT("cdef")));
    cq_buf_consume(&b, 4);
    assert_int_equal(b.n, 0); /* all consumed: the block is used from its front again */
    assert_int_equal(b.off, 0);
    cq_buf_compact(&b);
    cq_buf_fini(&b);
}

/* The next program step of the model test: the same on the buffer and on a plain array. */
struct naive {
    uint8_t p[4096];
    size_t n;
};

static void put_both(struct cq_buf *b, struct naive *m, uint64_t *seed)
{
    uint8_t bytes[200];
    size_t n = watched_random(seed) % sizeof(bytes);

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)watched_random(seed);
    cq_buf_put(b, bytes, n);
    if (b->err) return;
    memcpy(m->p + m->n, bytes, n);
    m->n += n;
}

static void consume_both(struct cq_buf *b, struct naive *m, uint64_t *seed)
{
    size_t n = m->n ? watched_random(seed) % (m->n + 1) : 0;

    cq_buf_consume(b, n);
    memmove(m->p, m->p + n, m->n - n);
    m->n -= n;
}

static void step_both(struct cq_buf *b, struct naive *m, uint64_t *seed)
{
    switch (watched_random(seed) % 8) {
    case 0:
    case 1:
    case 2:
        put_both(b, m, seed);
        break;
    case 3:
    case 4:
        consume_both(b, m, seed);
        break;
    case 5:
    case 6:
        cq_buf_compact(b);
        break;
    default:
        if (watched_random(seed) % 8 != 0) break;
        cq_buf_clear(b);
        m->n = 0;
        break;
    }
}

static void test_against_a_naive_queue(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t random = seed * 7919;
        struct watched w;
        struct cq_buf b;
        struct naive m = {.n = 0};

        watched_init(&w, 0);
        cq_buf_init(&b, &w.mem, sizeof(m.p));
        for (int step = 0; step < 500; step++) {
            step_both(&b, &m, &random);
            if (b.err) {
                assert_int_equal(b.err, CQ_ETOO_LARGE);
                cq_buf_clear(&b);
                m.n = 0;
            }
            assert_true(b.n <= b.max && b.off <= b.n && b.n <= b.cap);
            assert_true(cq_eq(cq_buf_view(&b), (cq_bytes){m.p, m.n}));
        }
        cq_buf_fini(&b);
        assert_int_equal(w.alive, 0);
    }
}

static void test_every_allocation_fails_once(void **state)
{
    size_t fail_at = 1;
    int err;

    (void)state;
    do {
        struct watched w;
        struct cq_buf b;

        watched_init(&w, fail_at);
        cq_buf_init(&b, &w.mem, 100000);
        for (int i = 0; i < 2000; i++)
            cq_buf_printf(&b, "%d,", i);
        err = b.err;
        if (err) {
            assert_int_equal(err, CQ_ENOMEM);
            assert_int_equal(w.calls, fail_at); /* sticky: nothing was asked for afterwards */
        } else {
            assert_int_equal(b.n, 8890);
        }
        cq_buf_fini(&b);
        assert_int_equal(w.alive, 0);
        fail_at++;
    } while (err && fail_at < 1000);
    assert_int_equal(err, 0);
    assert_true(fail_at > 5); /* it doubles: more than one allocation, but few */
    assert_true(fail_at < 12);
}

static void test_clear_keeps_the_block(void **state)
{
    struct watched w;
    struct cq_buf b;
    size_t calls;

    (void)state;
    watched_init(&w, 0);
    cq_buf_init(&b, &w.mem, 100000);
    for (int i = 0; i < 5000; i++)
        cq_buf_putc(&b, 'x');
    calls = w.calls;
    cq_buf_clear(&b);
    for (int i = 0; i < 5000; i++)
        cq_buf_putc(&b, 'y');
    assert_int_equal(w.calls, calls);
    cq_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_puts_and_view),
        cmocka_unit_test(test_the_maximum_is_sticky),
        cmocka_unit_test(test_consume_and_compact),
        cmocka_unit_test(test_against_a_naive_queue),
        cmocka_unit_test(test_every_allocation_fails_once),
        cmocka_unit_test(test_clear_keeps_the_block),
    };

    return cmocka_run_group_tests_name("base_buf", tests, NULL, NULL);
}
