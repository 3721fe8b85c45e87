/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crawl of a recorded server: however it answers (protocol, compression, page size, order,
 * empty pages, how the bytes are cut) the same records come out, line by line; and what scope_end
 * says of its cost is what the server counted. That the records are exactly the recorded rows is
 * shown by tests/replay/run against rows that another client decoded.
 */
#include <stdio.h>
#include <stdlib.h>

#include "replay/drive.h"
#include "unit/base/cmocka_all.h"

struct how {
    bool v5, lz4;
    uint32_t page_rows;
    unsigned empty_pages, shuffle;
    size_t chunk;
    bool sorted, empty_first;
};

static const struct {
    const char *name;
    int version;
    bool lz4;
    unsigned keyspaces, tables, views, types, functions, aggregates, nodes;
} recorded[] = {
    {"3.11.19-v4", 4, false, 11, 64, 3, 7, 9, 3, 1},
    {"4.0.19-v4", 4, false, 13, 89, 3, 7, 9, 3, 1},
    {"5.0.9-v5-reference", 5, false, 17, 294, 0, 0, 0, 0, 1},
    {"5.0.9-v5-lz4-trio", 5, true, 7, 94, 0, 0, 0, 0, 3},
};
enum { N_RECORDED = sizeof(recorded) / sizeof(recorded[0]) };

/* All lines but those that speak of how it was read: cluster (protocol, compression) and scope_end
 * (cost, pages). */
static cq_bytes comparable(struct cq_buf *lines)
{
    uint8_t *to = lines->p, *from = lines->p, *end = lines->p + lines->n;

    while (from < end) {
        uint8_t *next = (uint8_t *)memchr(from, '\n', (size_t)(end - from)) + 1;
        const char *kind = (const char *)from + 31;
        bool skip = strncmp(kind, "cluster\"", 8) == 0 || strncmp(kind, "scope_end\"", 10) == 0;

        if (!skip) {
            memmove(to, from, (size_t)(next - from));
            to += next - from;
        }
        from = next;
    }
    return (cq_bytes){lines->p, (size_t)(to - lines->p)};
}

static void run(const struct recording *rec, const struct how *how, struct drive *d)
{
    struct standin *s = malloc(sizeof(*s));

    standin_init(s, rec);
    s->v5 = how->v5 && rec->has_v5;
    s->lz4 = how->lz4;
    s->page_rows = how->page_rows;
    s->empty_pages = how->empty_pages;
    s->empty_first = how->empty_first;
    s->shuffle = how->shuffle;
    drive_init(d, s);
    d->chunk = how->chunk;
    d->o.sorted = how->sorted;
    assert_true(drive_run(d));
    if (d->scope.read != CQ_READ_COMPLETE) fail_msg("%s", d->text);
    assert_int_equal(d->scope.proof, CQ_PROOF_VERSION);
    assert_true(d->scope.agreed);
    assert_int_equal(d->err, 0);
    assert_int_equal(d->retry, CQ_RETRY_NO);
    assert_int_equal(d->counts[CQ_KIND_ANOMALY], 0);
    assert_int_equal(d->n_hangups, 1);
    /* what it says of itself is what the other side counted */
    assert_int_equal(d->scope.waits, s->bursts);
    assert_int_equal(d->scope.requests, s->requests);
    assert_int_equal(d->scope.bytes_in, s->bytes_out);
    assert_int_equal(d->scope.bytes_out, s->bytes_in);
    assert_int_equal(d->scope.connections, 1);
    if (!how->page_rows && !how->empty_pages && !how->sorted) {
        assert_int_equal(d->scope.waits, 5);
        assert_true(d->scope.requests <= 21);
    }
    standin_fini(s);
    free(s);
}

static void assert_counts(const struct drive *d, int i)
{
    assert_int_equal(d->counts[CQ_KIND_KEYSPACE], recorded[i].keyspaces);
    assert_int_equal(d->counts[CQ_KIND_TABLE], recorded[i].tables);
    assert_int_equal(d->counts[CQ_KIND_VIEW], recorded[i].views);
    assert_int_equal(d->counts[CQ_KIND_TYPE], recorded[i].types);
    assert_int_equal(d->counts[CQ_KIND_FUNCTION], recorded[i].functions);
    assert_int_equal(d->counts[CQ_KIND_AGGREGATE], recorded[i].aggregates);
    assert_int_equal(d->counts[CQ_KIND_NODE], recorded[i].nodes);
}

static void each(int i, const struct how *hows, size_t n)
{
    struct how plain = {0};
    struct recording rec;
    struct drive first;
    cq_bytes want;

    assert_true(recording_load(&rec, recorded[i].name, recorded[i].version, recorded[i].lz4));
    run(&rec, &plain, &first);
    assert_counts(&first, i);
    want = comparable(&first.lines);
    for (size_t k = 0; k < n; k++) {
        struct drive d;
        cq_bytes got;

        run(&rec, &hows[k], &d);
        got = comparable(&d.lines);
        if (!cq_eq(want, got)) fail_msg("%s, way %zu: other records", recorded[i].name, k);
        assert_string_equal(d.scope.digest, first.scope.digest);
        for (int t = 0; t < CQ_N_TABLES; t++) {
            assert_int_equal(d.scope.tables[t].outcome, first.scope.tables[t].outcome);
            assert_int_equal(d.scope.tables[t].rows, first.scope.tables[t].rows);
        }
        drive_fini(&d);
    }
    drive_fini(&first);
    recording_fini(&rec);
}

static void test_protocols(void **state)
{
    static const struct how hows[] = {
        {.v5 = true},
        {.lz4 = true},
        {.v5 = true, .lz4 = true},
        {.v5 = true, .lz4 = true, .shuffle = 1, .page_rows = 100},
        {.v5 = true, .shuffle = 2, .chunk = 1},
        {.lz4 = true, .shuffle = 3, .chunk = 7},
        {.v5 = true, .lz4 = true, .shuffle = 4, .chunk = 13},
    };

    (void)state;
    for (int i = 0; i < N_RECORDED; i++)
        each(i, hows, sizeof(hows) / sizeof(hows[0]));
}

static void test_pages(void **state)
{
    static const struct how hows[] = {
        {.page_rows = 1, .shuffle = 1},
        {.page_rows = 2, .empty_pages = 1},
        {.page_rows = 3, .shuffle = 2, .empty_pages = 3},
        {.page_rows = 7, .shuffle = 3, .chunk = 11},
        {.page_rows = 12, .shuffle = 5, .v5 = true, .lz4 = true},
        {.page_rows = 50, .shuffle = 4},
        {.page_rows = 1000, .empty_pages = 2},
        {.page_rows = 1000, .empty_first = true},
        {.page_rows = 3, .empty_first = true, .empty_pages = 1, .v5 = true, .lz4 = true},
    };

    (void)state;
    for (int i = 0; i < N_RECORDED; i++)
        each(i, hows, sizeof(hows) / sizeof(hows[0]));
}

static void test_every_page_size(void **state)
{
    struct how hows[40] = {0};

    (void)state;
    for (unsigned k = 0; k < 40; k++)
        hows[k] = (struct how){.page_rows = k + 1, .shuffle = k, .empty_pages = k % 3};
    each(1, hows, 40);
}

static void test_sorted_mode(void **state)
{
    static const struct how hows[] = {
        {.sorted = true},
        {.sorted = true, .page_rows = 5, .shuffle = 1},
        {.sorted = true, .page_rows = 1, .v5 = true, .lz4 = true},
    };

    (void)state;
    for (int i = 0; i < N_RECORDED; i++)
        each(i, hows, sizeof(hows) / sizeof(hows[0]));
}

static void shuffle_rows(struct recording *rec)
{
    unsigned seed = 7;

    for (int t = CQ_T_TABLES; t < CQ_N_TABLES; t++) {
        struct recorded_table *table = &rec->tables[t];

        for (size_t i = table->n_rows; t != CQ_T_VKEYSPACES && i > 1; i--) {
            size_t j;
            cq_bytes x;

            seed = seed * 1103515245u + 12345u;
            j = (seed >> 16) % i;
            x = table->rows[i - 1];
            table->rows[i - 1] = table->rows[j];
            table->rows[j] = x;
        }
    }
}

/* Every table's rows in an order of its own: the merge gives up, sorted mode gives the same
 * records. */
static void test_other_order(void **state)
{
    struct recording rec;
    struct standin s;
    struct drive first, d;

    (void)state;
    assert_true(recording_load(&rec, "4.0.19-v4", 4, false));
    run(&rec, &(struct how){0}, &first);
    shuffle_rows(&rec);
    standin_init(&s, &rec);
    drive_init(&d, &s);
    assert_true(drive_run(&d));
    assert_int_equal(d.scope.read, CQ_READ_INCOMPLETE);
    assert_string_equal(d.scope.reasons[0].code, "order");
    assert_int_equal(d.retry, CQ_RETRY_SORTED);
    assert_int_equal(d.n_hangups, 1);
    drive_fini(&d);
    standin_fini(&s);

    standin_init(&s, &rec);
    s.page_rows = 10;
    drive_init(&d, &s);
    d.o.sorted = true;
    assert_true(drive_run(&d));
    assert_int_equal(d.scope.read, CQ_READ_COMPLETE);
    assert_int_equal(d.retry, CQ_RETRY_NO);
    assert_string_equal(d.scope.digest, first.scope.digest);
    assert_true(d.counts[CQ_KIND_ANOMALY] > 5);
    assert_non_null(strstr((const char *)d.lines.p, "order_broken"));
    drive_fini(&d);
    drive_fini(&first);
    standin_fini(&s);
    recording_fini(&rec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protocols),       cmocka_unit_test(test_pages),
        cmocka_unit_test(test_every_page_size), cmocka_unit_test(test_sorted_mode),
        cmocka_unit_test(test_other_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
