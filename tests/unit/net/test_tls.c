/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS pump against itself in memory: every queue size, every hop size, every split point, an
 * end at every byte; and what a waiting connection holds of OpenSSL's memory. The failures:
 * test_tls_faults.c.
 */
#include "net/pair.h"

#include <openssl/crypto.h>

/* What OpenSSL holds, for the side whose turn it is. */
static size_t held[2];

struct tag {
    size_t n;
    size_t side;
};

static void *tag_realloc(void *p, size_t n, const char *file, int line)
{
    struct tag *t = p ? (struct tag *)p - 1 : NULL;
    size_t side = t ? t->side : (size_t)turn_of;

    (void)file;
    (void)line;
    if (t) held[side] -= t->n;
    if (n == 0) {
        free(t);
        return NULL;
    }
    t = realloc(t, n + sizeof *t);
    if (!t) return NULL;
    *t = (struct tag){n, side};
    held[side] += n;
    return t + 1;
}

static void *tag_malloc(size_t n, const char *file, int line)
{
    return tag_realloc(NULL, n, file, line);
}

static void tag_free(void *p, const char *file, int line)
{
    tag_realloc(p, 0, file, line);
}

static void queues_and_hops(void **state)
{
    static const size_t sizes[] = {1, 2, 5, 17, 64, 511, 1024, 4096, 17408, 65536};
    static const size_t hops[] = {1, 3, 100, 5000, SIZE_MAX};
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < sizeof hops / sizeof *hops; k++)
            for (size_t v = 0; v < 2; v++) {
                struct setting s = plain_setting();
                struct pair p;
                size_t down_n = sizes[i] < 64 || hops[k] < 64 ? 5000 : DOWN;

                s.ring = sizes[i];
                s.server.min_version = s.server.max_version = versions[v];
                pair_init(&p, &s);
                p.hop = hops[k];
                check_talk(&p, down_n < UP ? down_n : UP, down_n);
                assert_int_equal(SSL_version(p.client.tls.ssl), versions[v]);
                pair_fini(&p);
            }
}

/* The client has a turn of its own at every byte of what the server sends. */
static void every_split(void **state)
{
    (void)state;
    for (size_t at = 0, total = 1; at < total; at++) {
        struct setting s = plain_setting();
        struct pair p;

        s.server.max_version = at % 2 ? TLS1_2_VERSION : TLS1_3_VERSION;
        pair_init(&p, &s);
        p.pause_at = at;
        check_talk(&p, 100, 300);
        if (p.server.moved > total) total = p.server.moved;
        pair_fini(&p);
    }
}

static void end_at(int version, size_t at, bool *reached)
{
    struct setting s = plain_setting();
    struct pair p;
    struct talk c, t;

    s.server.max_version = version;
    pair_init(&p, &s);
    p.stop = at;
    p.ends = true;
    p.how = at % 3 ? CQ_END_ORDERLY : CQ_END_RESET;
    talk(&p, 100, 300, &c, &t);
    *reached = p.server.moved == at;
    if (p.client.tls.state == CQ_TLS_ENDED) {
        assert_int_equal(c.io, CQ_IO_END);
        assert_int_equal(p.client.tls.how, at % 3 ? CQ_END_CUT : CQ_END_RESET);
        assert_int_equal(p.client.fault.err, 0);
        assert_memory_equal(got_down, down, c.n_in);
    } else if (*reached) {
        assert_int_equal(p.client.tls.state, CQ_TLS_FAILED);
        assert_int_equal(c.io, CQ_IO_FAILED);
        assert_int_equal(p.client.fault.err, at == 0 ? CQ_ERESET : CQ_ETLS_HANDSHAKE);
    }
    pair_fini(&p);
}

/* The transport ends after every byte: an end or a failure at once, never a wait for nothing. */
static void an_end_at_every_byte(void **state)
{
    static const int both[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        bool reached = true;
        size_t at = 0;

        while (reached)
            end_at(both[v], at++, &reached);
        assert_true(at > 800);
    }
}

static void orderly_end(void **state)
{
    struct setting s = plain_setting();
    struct pair p;
    struct talk c, t;

    (void)state;
    pair_init(&p, &s);
    check_talk(&p, 10, 10);
    cq_tls_shutdown(&p.server.tls);
    assert_true(cq_tls_is_pending(&p.server.tls));
    talk(&p, 0, 0, &c, &t);
    assert_int_equal(c.io, CQ_IO_END);
    assert_int_equal(p.client.tls.how, CQ_END_ORDERLY);
    cq_tls_shutdown(&p.client.tls);
    pair_fini(&p);
}

static void peer_described(void **state)
{
    struct setting s = plain_setting();
    struct pair p;
    struct talk c;

    (void)state;
    run_pair(&p, &s, &c);
    assert_string_equal(p.client.tls.subject, "CN=leaf");
    assert_string_equal(p.client.tls.issuer, "CN=test CA");
    assert_true(p.client.tls.not_after_ms > 1700000000000);
    assert_int_equal(p.client.tls.not_after_ms % 1000, 0);
    pair_fini(&p);
}

/*
 * What waits for a server's answer holds little, and in the middle of a record the buffer for it
 * besides: 24 and 40 KiB with the rest of its slot (at most 4 KiB, tests/unit/lib/test_slot.c).
 */
static void memory_of_a_slot(void **state)
{
    struct talk c, s_talk;
    struct setting s = plain_setting();
    struct pair p;
    struct cq_tls_ctx *keep;
    struct cq_fault f = {0};
    size_t before;
    size_t after;

    (void)state;
    assert_int_equal(cq_tls_cache_get(cache, &s.cfg, &keep, &f), 0);
    before = held[0];
    pair_init(&p, &s);
    check_talk(&p, UP, DOWN);
    after = held[0] - before;
    print_message("a waiting TLS connection holds %zu bytes of OpenSSL's and %zu of ours\n", after,
                  sizeof p.client.tls);
    assert_null(p.client.tls.in.p);
    assert_null(p.client.tls.out.p);
    assert_true(after < CQ_KIB(18));
    p.stop = p.server.moved + CQ_KIB(12);
    assert_false(talk(&p, 0, DOWN, &c, &s_talk));
    after = held[0] - before;
    print_message("in the middle of a record: %zu\n", after);
    assert_true(after > CQ_KIB(30)); /* it is in one */
    assert_true(after < CQ_KIB(36));
    pair_fini(&p);
    cq_tls_ctx_release(keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queues_and_hops),      cmocka_unit_test(every_split),
        cmocka_unit_test(an_end_at_every_byte), cmocka_unit_test(orderly_end),
        cmocka_unit_test(peer_described),       cmocka_unit_test(memory_of_a_slot),
    };

    if (CRYPTO_set_mem_functions(tag_malloc, tag_realloc, tag_free) != 1) return 1;
    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
