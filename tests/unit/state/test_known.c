/* SPDX-License-Identifier: Apache-2.0 */
/* The rules over what is known of a cluster: epochs, when a heartbeat may be, who is who. */
#include "state/known.h"

#include <stdio.h>

#include "base/clock.h"
#include "unit/base/cmocka_all.h"

#define AT(s) ((int64_t)CQ_EPOCH_2020_MS + (int64_t)(s)*1000)
#define HOUR 3600000u

static void test_epoch(void **state)
{
    (void)state;
    assert_int_equal(cq_known_epoch(0, AT(200000000)), 200000000);
    assert_int_equal(cq_known_epoch(199999999, AT(200000000)), 200000000);
    assert_int_equal(cq_known_epoch(200000000, AT(200000000)), 200000001);
    assert_int_equal(cq_known_epoch(200000000, AT(5)), 200000001); /* the clock was set back */
    assert_int_equal(cq_known_epoch(0, 0), 1);                     /* to before 2020 */
    assert_int_equal(cq_known_epoch(7, -5), 8);
}

static const struct cq_complete complete = {
    .epoch = 5,
    .finished_ms = 1000,
    .proof = 1,
    .hash_v = 1,
    .schema_version = "v",
    .digest = "d",
    .filters_hash = "f",
    .settings = "s",
};

static const struct cq_wanted wanted = {
    .proof = 1,
    .hash_v = 1,
    .filters_hash = "f",
    .settings = "s",
    .name = {(const uint8_t *)"a", 1},
    .full_after_ms = 24 * HOUR,
    .wall_ms = 1000 + HOUR,
};

static void test_stands(void **state)
{
    struct cq_complete c;

    (void)state;
    assert_true(cq_complete_stands(&complete, &wanted));
#define NOT(change)                                                                                \
    c = complete;                                                                                  \
    change;                                                                                        \
    assert_false(cq_complete_stands(&c, &wanted))
    NOT(c.epoch = 0);
    NOT(c.proof = 0);
    NOT(c.hash_v = 2);
    NOT(c.schema_version[0] = 0);
    NOT(c.digest[0] = 0);
    NOT(c.filters_hash[0] = 'g');
    NOT(c.settings[0] = 't');
    NOT(c.finished_ms = wanted.wall_ms + 1); /* by another clock */
#undef NOT
}

static void test_stronger_proof(void **state)
{
    struct cq_complete c = complete;
    struct cq_wanted w = wanted;

    (void)state;
    w.proof = 2;
    assert_false(cq_complete_stands(&c, &w));
    c.proof = 2;
    assert_true(cq_complete_stands(&c, &w));
    w.proof = 1;
    assert_true(cq_complete_stands(&c, &w));
}

static void test_full_after(void **state)
{
    struct cq_wanted w = wanted;
    unsigned stood = 0;

    (void)state;
    w.wall_ms = 1000 + 18 * (int64_t)HOUR - 1; /* three quarters: nobody yet */
    for (unsigned i = 0; i < 100; i++) {
        uint8_t name[2] = {(uint8_t)i, 'x'};

        w.name = (cq_bytes){name, 2};
        assert_true(cq_complete_stands(&complete, &w));
    }
    w.wall_ms = 1000 + 21 * (int64_t)HOUR; /* half of them */
    for (unsigned i = 0; i < 100; i++) {
        uint8_t name[2] = {(uint8_t)i, 'x'};

        w.name = (cq_bytes){name, 2};
        stood += cq_complete_stands(&complete, &w);
    }
    assert_in_range(stood, 20, 80);
    w.wall_ms = 1000 + 24 * (int64_t)HOUR; /* everybody */
    for (unsigned i = 0; i < 100; i++) {
        uint8_t name[2] = {(uint8_t)i, 'x'};

        w.name = (cq_bytes){name, 2};
        assert_false(cq_complete_stands(&complete, &w));
    }
    w.full_after_ms = UINT64_MAX;
    w.wall_ms = 1000 + 24000 * (int64_t)HOUR;
    assert_true(cq_complete_stands(&complete, &w));
    w.wall_ms = complete.finished_ms - 1;
    assert_false(cq_complete_stands(&complete, &w));
}

/* ---- identity ---- */

static cq_bytes host(uint8_t n)
{
    static uint8_t ids[256][16];

    memset(ids[n], n, 16);
    return (cq_bytes){ids[n], 16};
}

static struct cq_identity of(const char *name, const char *partitioner, const uint8_t *hosts)
{
    struct cq_identity i = {.whole = true};

    cq_identity_text(i.cluster_name, cq_str(name));
    cq_identity_text(i.partitioner, cq_str(partitioner));
    for (; *hosts; hosts++)
        cq_identity_add(&i, host(*hosts));
    return i;
}

static int check(struct cq_identity before, struct cq_identity now, struct cq_fault *f)
{
    bool common = false;

    *f = (struct cq_fault){0};
    for (unsigned k = 0; k < now.n_hosts; k++)
        common = common || cq_identity_has(&before, (cq_bytes){now.hosts[k], 16});
    return cq_identity_check(&before, &now, common, f);
}

#define HOSTS(...) ((const uint8_t[]){__VA_ARGS__, 0})
#define M3 "org.apache.cassandra.dht.Murmur3Partitioner"

static void test_identity(void **state)
{
    struct cq_identity prod = of("prod", M3, HOSTS(1, 2, 3)), x;
    struct cq_fault f;

    (void)state;
    assert_int_equal(check(prod, of("prod", M3, HOSTS(3, 2, 1)), &f), 0);
    assert_int_equal(check(prod, of("prod", M3, HOSTS(3, 4, 5, 6)), &f), 0); /* grew, replaced */
    assert_int_equal(check(prod, of("prod", M3, HOSTS(2)), &f), 0);          /* shrank */
    assert_int_equal(check(prod, of("test", M3, HOSTS(1, 2, 3)), &f), CQ_EIDENTITY);
    assert_non_null(strstr(f.text, "'prod' (Murmur3Partitioner)"));
    assert_non_null(strstr(f.text, "'test' (Murmur3Partitioner)"));
    assert_int_equal(check(prod, of("prod", "RandomPartitioner", HOSTS(1, 2)), &f), CQ_EIDENTITY);
    assert_int_equal(check(prod, of("prod", M3, HOSTS(7, 8)), &f), CQ_EIDENTITY);
    assert_non_null(strstr(f.text, "'prod'"));
    x = of("prod", M3, HOSTS(7)); /* the peers cannot be read: its hosts say nothing */
    x.whole = false;
    assert_int_equal(check(prod, x, &f), 0);
    x = of("", "", HOSTS(7)); /* nor does an empty system.local */
    assert_int_equal(check(prod, x, &f), 0);
    assert_int_equal(check(x, prod, &f), 0);
}

static void test_same(void **state)
{
    struct cq_identity prod = of("prod", M3, HOSTS(1, 2, 3)), x = prod;
    struct cq_identity others[] = {of("test", M3, HOSTS(1, 2, 3)), of("prod", "p", HOSTS(1, 2, 3)),
                                   of("prod", M3, HOSTS(1, 2)), of("prod", M3, HOSTS(1, 2, 4))};

    (void)state;
    assert_true(cq_identity_same(&prod, &x));
    x.whole = !x.whole;
    assert_false(cq_identity_same(&prod, &x));
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_false(cq_identity_same(&prod, &others[i]));
}

static void test_hosts(void **state)
{
    struct cq_identity i = {0};

    (void)state;
    for (unsigned n = 200; n >= 100; n--)
        cq_identity_add(&i, host((uint8_t)n));
    cq_identity_add(&i, host(150));
    cq_identity_add(&i, (cq_bytes){(const uint8_t *)"x", 1});
    assert_int_equal(i.n_hosts, CQ_MAX_IDENTITY_HOSTS); /* the lowest, rising */
    for (unsigned n = 0; n < i.n_hosts; n++)
        assert_int_equal(i.hosts[n][0], 100 + n);
    assert_true(cq_identity_has(&i, host(100)));
    assert_false(cq_identity_has(&i, host(200)));
    assert_false(cq_identity_has(&i, CQ_NULL));
}

static void test_long_text(void **state)
{
    char text[300], out[CQ_MAX_IDENTITY_TEXT];

    (void)state;
    memset(text, 'x', sizeof(text));
    cq_identity_text(out, (cq_bytes){(const uint8_t *)text, sizeof(text)});
    assert_int_equal(strlen(out), CQ_MAX_IDENTITY_TEXT - 1);
    cq_identity_text(out, CQ_NULL);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epoch),          cmocka_unit_test(test_stands),
        cmocka_unit_test(test_stronger_proof), cmocka_unit_test(test_full_after),
        cmocka_unit_test(test_identity),       cmocka_unit_test(test_same),
        cmocka_unit_test(test_hosts),          cmocka_unit_test(test_long_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
