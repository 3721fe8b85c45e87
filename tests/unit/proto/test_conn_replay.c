/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection against what real servers said (tests/data/transcripts): the events and bodies are
 * the same however the bytes are cut, in every chunk size and at every split point.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/err.h"
#include "proto/rows.h"
#include "unit/proto/talk.h"

enum { STRIDE = 1536 };

struct transcript {
    const char *name;
    int version;
    enum cql_want compression;
    unsigned rows, errors; /* as tests/data/transcripts/PROVENANCE.md has them */
};

static const struct transcript transcripts[] = {
    {"4.0.19-v4", 4, CQL_NO, 1021, 1},
    {"4.0.19-v4-lz4", 4, CQL_YES, 1021, 1},
    {"4.0.19-v5", 5, CQL_NO, 1021, 1},
    {"4.0.19-v5-lz4", 5, CQL_YES, 1021, 1},
    {"3.11.19-v4", 4, CQL_NO, 800, 5},
    {"3.11.19-v4-lz4", 4, CQL_YES, 800, 5},
    {"5.0.9-v5-lz4-reference", 5, CQL_YES, 3484, 0},
    {"5.0.9-v5-reference", 5, CQL_NO, 3484, 0},
    {"5.0.9-v4-lz4-reference", 4, CQL_YES, 3484, 0},
    {"5.0.9-v5-lz4-trio", 5, CQL_YES, 878, 0},
};

/* As the recorded client: v4's OPTIONS, then the version that SUPPORTED leads to. */
static void begin(struct talk *t, const struct transcript *s)
{
    struct cql_conn_options o = {.compression = s->compression};

    if (s->version == 4) o.version = 4;
    talk_begin(t, &o);
}

static cq_bytes bytes_of(const struct transcript *s, const char *direction)
{
    char name[128];

    snprintf(name, sizeof(name), "transcripts/%s.%s.bin", s->name, direction);
    return talk_file(name);
}

/* Chunks of `first` bytes, then of `size`. */
static void run(struct talk *t, const struct transcript *s, cq_bytes all, size_t first, size_t size)
{
    size_t at = 0, n = first;

    begin(t, s);
    while (at < all.n) {
        if (n > all.n - at) n = all.n - at;
        talk_feed(t, (cq_bytes){all.p + at, n});
        at += n;
        n = size;
    }
}

static unsigned count_rows(const struct talk *t, int version)
{
    unsigned rows = 0;

    for (int i = 0; i < 64; i++) {
        struct cql_rows r;
        struct cql_column column;
        cq_bytes row;

        if (!t->bodies[i].p) continue;
        assert_int_equal(cql_rows_begin(&r, t->bodies[i], version), 0);
        while (cql_rows_column(&r, &column))
            assert_true(column.name.n > 0);
        assert_int_equal(cql_rows_count(&r), 0);
        while (cql_rows_next(&r, &row))
            rows++;
        assert_int_equal(r.err, 0);
    }
    return rows;
}

static unsigned count_lines(const struct talk *t, enum cql_event_kind kind)
{
    unsigned n = 0;
    const char *p = (const char *)t->log.p, *end = p + t->log.n;

    for (; p && p < end; p = memchr(p, '\n', (size_t)(end - p)), p = p ? p + 1 : end)
        n += atoi(p) == (int)kind;
    return n;
}

static void assert_same(const struct talk *a, const struct talk *b)
{
    assert_int_equal(a->log.n, b->log.n);
    assert_memory_equal(a->log.p, b->log.p, a->log.n);
    for (int i = 0; i < 64; i++) {
        assert_int_equal(a->bodies[i].n, b->bodies[i].n);
        if (a->bodies[i].n) assert_memory_equal(a->bodies[i].p, b->bodies[i].p, a->bodies[i].n);
    }
}

static void test_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(transcripts) / sizeof(transcripts[0]); i++) {
        const struct transcript *s = &transcripts[i];
        cq_bytes all = bytes_of(s, "s2c");
        struct talk t;

        run(&t, s, all, all.n, all.n);
        if (t.is_failed) fail_msg("%s: %.*s", s->name, (int)t.log.n, (const char *)t.log.p);
        assert_int_equal(cql_conn_version(t.c), s->version);
        assert_string_equal(cql_conn_compression(t.c), s->compression == CQL_YES ? "lz4" : "none");
        assert_int_equal(count_rows(&t, s->version), s->rows);
        assert_int_equal(count_lines(&t, CQL_EV_ERROR), s->errors);
        assert_int_equal(count_lines(&t, CQL_EV_RESULT), 17 - s->errors);
        assert_int_equal(cql_conn_in_flight(t.c), 1);
        assert_int_equal(cql_conn_counts(t.c).bytes_in, all.n);
        assert_int_equal(cql_conn_counts(t.c).requests, 20);
        talk_end(&t);
        free((void *)(uintptr_t)all.p);
    }
}

/* Every split point: pass k cuts at k, k + STRIDE, k + 2 * STRIDE ... */
static void test_splits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(transcripts) / sizeof(transcripts[0]); i++) {
        const struct transcript *s = &transcripts[i];
        cq_bytes all = bytes_of(s, "s2c");
        struct talk whole;

        run(&whole, s, all, all.n, all.n);
        for (size_t k = 1; k <= STRIDE; k++) {
            struct talk t;

            run(&t, s, all, k, STRIDE);
            assert_same(&whole, &t);
            talk_end(&t);
        }
        talk_end(&whole);
        free((void *)(uintptr_t)all.p);
    }
}

static void test_chunks(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 7, 64, 4095, 4096, 4097, 16384, 65536, 131072};

    (void)state;
    for (size_t i = 0; i < sizeof(transcripts) / sizeof(transcripts[0]); i++) {
        const struct transcript *s = &transcripts[i];
        cq_bytes all = bytes_of(s, "s2c");
        struct talk whole;

        run(&whole, s, all, all.n, all.n);
        for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
            struct talk t;

            run(&t, s, all, sizes[k], sizes[k]);
            assert_same(&whole, &t);
            talk_end(&t);
        }
        talk_end(&whole);
        free((void *)(uintptr_t)all.p);
    }
}

/*
 * The transport ends anywhere: one failure, once, behind what the whole says up to there; nothing
 * is made up and nothing leaks. 300 seeded places in each conversation, and its first bytes.
 */
static void test_cut_off(void **state)
{
    uint32_t seed = 20261121;

    (void)state;
    for (size_t i = 0; i < sizeof(transcripts) / sizeof(transcripts[0]); i++) {
        const struct transcript *s = &transcripts[i];
        cq_bytes all = bytes_of(s, "s2c");
        struct talk whole;

        run(&whole, s, all, all.n, all.n);
        for (size_t k = 0; k < 400; k++) {
            struct talk t;
            size_t before;

            seed = seed * 1664525 + 1013904223;
            run(&t, s, (cq_bytes){all.p, k < 100 ? k : seed % all.n}, 4096, 4096);
            before = t.log.n;
            assert_true(before <= whole.log.n);
            if (before) assert_memory_equal(t.log.p, whole.log.p, before);
            cql_conn_end(t.c, CQ_ERESET);
            talk_pull(&t);
            assert_true(t.is_failed);
            assert_int_equal(t.failed.err, CQ_ERESET);
            talk_end(&t);
        }
        talk_end(&whole);
        free((void *)(uintptr_t)all.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_splits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
