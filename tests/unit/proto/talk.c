/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of tests/unit/proto/talk.h. */
#include "unit/proto/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/err.h"

const char *const talk_statements[TALK_STATEMENTS] = {
    "select now() from system.local",
    "select * from system.local",
    "select * from system.peers_v2",
    "select * from system.peers",
    "select * from system_schema.keyspaces",
    "select * from system_schema.tables",
    "select * from system_schema.columns",
    "select * from system_schema.types",
    "select * from system_schema.views",
    "select * from system_schema.indexes",
    "select * from system_schema.functions",
    "select * from system_schema.aggregates",
    "select * from system_schema.triggers",
    "select * from system_schema.dropped_columns",
    "select * from system_schema.column_masks",
    "select * from system_virtual_schema.keyspaces",
    "select * from system_virtual_schema.tables",
    "select * from system_virtual_schema.columns",
};

void talk_begin(struct talk *t, const struct cql_conn_options *o)
{
    struct cql_conn_options options = o ? *o : (struct cql_conn_options){0};

    *t = (struct talk){.statements = talk_statements};
    if (!options.mem) options.mem = &cq_mem_libc;
    cq_buf_init(&t->log, &cq_mem_libc, CQ_MIB(16));
    cq_buf_init(&t->sent, &cq_mem_libc, CQ_MIB(16));
    assert_int_equal(cql_conn_new(&t->c, &options, 0), 0);
}

void talk_flush(struct talk *t)
{
    cq_bytes b = cql_conn_pending(t->c);

    cq_buf_put(&t->sent, b.p, b.n);
    cql_conn_sent(t->c, b.n);
}

static void ask(struct talk *t)
{
    for (int i = 0; i < TALK_STATEMENTS && t->statements; i++) {
        int rc = cql_conn_query(t->c, cq_str(t->statements[i]), 5000, CQ_NULL, t->now);

        if (t->is_allowed_to_fail && rc == CQ_ENOMEM) {
            cql_conn_end(t->c, CQ_ENOMEM);
            return;
        }
        assert_int_equal(rc, i);
    }
    talk_flush(t);
}

static void give(struct talk *t, const struct cql_event *ev)
{
    assert_true(ev->need > ev->have && ev->need <= ev->total);
    t->block = realloc(t->block, ev->need);
    assert_non_null(t->block);
    cql_conn_give(t->c, t->block, ev->need);
}

static void on_event(struct talk *t, const struct cql_event *ev)
{
    if (ev->kind == CQL_EV_BODY) {
        give(t, ev);
        return;
    }
    cq_buf_printf(&t->log, "%d stream %d code %d err %d text %.*s bytes %zu body %zu\n", ev->kind,
                  ev->stream, ev->code, ev->err, CQ_FMT(ev->text), ev->bytes.n, ev->body.n);
    if (ev->kind == CQL_EV_READY) ask(t);
    if (ev->kind == CQL_EV_FAILED) {
        t->failed = *ev;
        t->is_failed = true;
    }
    if (ev->kind == CQL_EV_RESULT) {
        uint8_t *copy = malloc(ev->body.n + 1);

        assert_ptr_equal(ev->block, t->block);
        memcpy(copy, ev->body.p, ev->body.n);
        assert_null(t->bodies[ev->stream].p);
        t->bodies[ev->stream] = (cq_bytes){copy, ev->body.n};
        free(t->block);
        t->block = NULL;
    }
}

void talk_pull(struct talk *t)
{
    struct cql_event ev;

    while (cql_conn_next(t->c, &ev))
        on_event(t, &ev);
}

void talk_feed(struct talk *t, cq_bytes b)
{
    while (b.n > 0) {
        uint8_t *p;
        size_t n;

        cql_conn_space(t->c, &p, &n);
        if (n == 0 && (t->is_failed || t->is_allowed_to_fail)) return;
        assert_true(n > 0);
        if (n > b.n) n = b.n;
        memcpy(p, b.p, n);
        cql_conn_commit(t->c, n, t->now);
        b = (cq_bytes){b.p + n, b.n - n};
        talk_pull(t);
    }
}

void talk_end(struct talk *t)
{
    uint8_t *block = NULL;

    cql_conn_free(t->c, &block);
    if (block) assert_ptr_equal(block, t->block);
    free(t->block);
    for (int i = 0; i < 64; i++)
        free((void *)(uintptr_t)t->bodies[i].p);
    cq_buf_fini(&t->log);
    cq_buf_fini(&t->sent);
}

cq_bytes talk_file(const char *name)
{
    char path[512];
    FILE *f;
    long n;
    uint8_t *p;

    snprintf(path, sizeof(path), "%s/%s", CQ_TEST_DATA, name);
    f = fopen(path, "rb");
    if (!f) fail_msg("cannot read %s", path);
    fseek(f, 0, SEEK_END);
    n = ftell(f);
    rewind(f);
    p = malloc((size_t)n + 1);
    assert_int_equal(fread(p, 1, (size_t)n, f), n);
    p[n] = 0;
    fclose(f);
    return (cq_bytes){p, (size_t)n};
}

struct guard guard_of(cq_bytes b)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t data = (b.n + page - 1) / page * page;
    struct guard g = {.size = data + page};

    g.map = mmap(NULL, g.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(g.map != MAP_FAILED);
    assert_int_equal(mprotect(g.map + data, page, PROT_NONE), 0);
    if (b.n) memcpy(g.map + data - b.n, b.p, b.n);
    g.b = (cq_bytes){g.map + data - b.n, b.n};
    return g;
}

void guard_free(struct guard *g)
{
    munmap(g->map, g->size);
}
