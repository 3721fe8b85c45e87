/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layout that is known again (crawler/shape.h): the same as one read anew, columns that we do not
 * know among them, and the crawl's own, whatever becomes of what is kept.
 */
#include "crawler/shape.h"

#include "base/buf.h"
#include "base/err.h"
#include "proto/cql.h"
#include "unit/base/cmocka_all.h"

struct result {
    uint8_t bytes[512];
    size_t n;
};

static void put(struct result *r, const void *p, size_t n)
{
    assert_true(r->n + n <= sizeof(r->bytes));
    memcpy(r->bytes + r->n, p, n);
    r->n += n;
}

static void put_number(struct result *r, uint32_t v, size_t n)
{
    uint8_t b[4];

    for (size_t i = 0; i < n; i++)
        b[i] = (uint8_t)(v >> 8 * (n - 1 - i));
    put(r, b, n);
}

static void put_text(struct result *r, const char *text)
{
    put_number(r, (uint32_t)strlen(text), 2);
    put(r, text, strlen(text));
}

/* A result of system.local without rows: a column that is known, then these, of type text. */
static struct result local(const char *a, const char *b)
{
    struct result r = {.n = 0};
    const char *columns[] = {"key", a, b};

    put_number(&r, 2, 4); /* Rows */
    put_number(&r, 1, 4); /* a global table */
    put_number(&r, 3, 4);
    put_text(&r, "system");
    put_text(&r, "local");
    for (int i = 0; i < 3; i++) {
        put_text(&r, columns[i]);
        put_number(&r, CQL_TYPE_VARCHAR, 2);
    }
    put_number(&r, 0, 4);
    return r;
}

static const struct cq_shape *read_with(const struct result *from, struct cq_shapes *shapes,
                                        struct cq_arena *arena)
{
    const struct cq_shape *shape = NULL;
    struct result copy = *from; /* which is gone behind it, as a page is */
    struct cql_rows rows;
    uint64_t hash;

    assert_int_equal(cql_rows_begin(&rows, (cq_bytes){copy.bytes, copy.n}, 4), 0);
    assert_int_equal(cq_shape_read(&rows, CQ_T_LOCAL, shapes, arena, &shape, &hash), 0);
    assert_int_equal(cql_rows_count(&rows), 0);
    memset(&copy, 0xee, sizeof(copy));
    return shape;
}

static void assert_extra(const struct cq_shape *s, const char *a, const char *b)
{
    const char *names[] = {a, b};

    assert_int_equal(s->n_extra, 2);
    assert_int_equal(s->slot[0], CQ_LOCAL_key);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(s->slot[1 + i], (int)s->n_known + i);
        assert_true(cq_eq(s->extra[i].name, cq_str(names[i])));
        assert_int_equal(s->extra[i].type.n, 2);
        assert_int_equal(s->extra[i].type.p[1], CQL_TYPE_VARCHAR);
    }
}

static void test_extra_columns_are_known_again(void **state)
{
    struct result first = local("tokens", "truncated_at");
    struct cq_shapes *shapes;
    struct cq_arena arena;

    (void)state;
    assert_int_equal(cq_shapes_new(&shapes, &cq_mem_libc), 0);
    cq_arena_init(&arena, &cq_mem_libc);
    assert_extra(read_with(&first, shapes, &arena), "tokens", "truncated_at");
    assert_non_null(shapes->of[CQ_T_LOCAL][0]);
    for (int i = 0; i < 3; i++) {
        const struct cq_shape *again = read_with(&first, shapes, &arena);

        assert_extra(again, "tokens", "truncated_at");
        assert_true(again->extra != shapes->of[CQ_T_LOCAL][0]->shape.extra);
    }
    assert_null(shapes->of[CQ_T_LOCAL][1]); /* it was known: nothing was kept twice */
    cq_arena_fini(&arena);
    cq_shapes_free(shapes);
}

/* More layouts than are kept: what a crawl was given stays as it was. */
static void test_stays_when_others_take_its_place(void **state)
{
    struct result first = local("a", "bb");
    const struct cq_shape *kept;
    struct cq_shapes *shapes;
    struct cq_arena arena;
    char name[] = "x0";

    (void)state;
    assert_int_equal(cq_shapes_new(&shapes, &cq_mem_libc), 0);
    cq_arena_init(&arena, &cq_mem_libc);
    (void)read_with(&first, shapes, &arena);
    kept = read_with(&first, shapes, &arena);
    for (int i = 0; i < 2 * CQ_SHAPE_WAYS; i++) {
        struct result other;

        name[1]++;
        other = local(name, "another");
        assert_extra(read_with(&other, shapes, &arena), name, "another");
        assert_extra(read_with(&other, shapes, &arena), name, "another");
    }
    assert_extra(kept, "a", "bb");
    cq_arena_fini(&arena);
    cq_shapes_free(shapes);
}

/* Without memory: an error, or a shape that is right. */
static unsigned left;

static void *failing(void *ctx, void *p, size_t n)
{
    (void)ctx;
    if (n && left-- == 0) {
        left = 0;
        return NULL;
    }
    return cq_mem_libc.resize(NULL, p, n);
}

static void test_without_memory(void **state)
{
    const struct cq_mem mem = {failing, NULL};
    struct result first = local("tokens", "truncated_at");
    struct cq_shapes *shapes;
    int n_failed = 0;

    (void)state;
    left = 1000;
    assert_int_equal(cq_shapes_new(&shapes, &mem), 0);
    for (unsigned allowed = 0; allowed < 8; allowed++) {
        struct cq_arena arena;
        const struct cq_shape *shape = NULL;
        struct cql_rows rows;
        uint64_t hash;
        int err;

        cq_arena_init(&arena, &mem);
        assert_int_equal(cql_rows_begin(&rows, (cq_bytes){first.bytes, first.n}, 4), 0);
        left = allowed;
        err = cq_shape_read(&rows, CQ_T_LOCAL, shapes, &arena, &shape, &hash);
        if (err) {
            assert_int_equal(err, CQ_ENOMEM);
            n_failed++;
        } else {
            assert_extra(shape, "tokens", "truncated_at");
        }
        left = 1000;
        cq_arena_fini(&arena);
    }
    assert_in_range(n_failed, 1, 7);
    cq_shapes_free(shapes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extra_columns_are_known_again),
        cmocka_unit_test(test_stays_when_others_take_its_place),
        cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
