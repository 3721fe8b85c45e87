/* SPDX-License-Identifier: Apache-2.0 */
/* Each fault of the simulator does what it says, and nothing else goes wrong with it (virtual
 * time). */
#include "client.h"

static const struct cqsim_slice none = {NULL, 0};

static size_t pending_at(struct one *o, uint64_t now)
{
    return cqsim_conn_pending(o->conn, now).n;
}

static void specs(void **state)
{
    (void)state;
    char error[256];
    struct cqsim_faults f = {0};
    const char *good[] = {"dead@3", "latency=20@1/2", "denied=a.b,c.d", "split"};
    assert_true(cqsim_faults_parse(good, 4, 3, 0, &f, error, sizeof error));
    assert_true(f.refuse);
    assert_int_equal(f.latency_ms, 20);
    assert_int_equal(f.split, 7);
    assert_true(cqsim_faults_names(f.denied, "c", "d"));
    assert_false(cqsim_faults_names(f.denied, "c", "dd"));
    assert_false(cqsim_faults_names(f.denied, "a", "d"));
    assert_false(cqsim_faults_names("aXb", "a", "b"));
    cqsim_faults_fini(&f);
    assert_true(cqsim_faults_parse(good, 4, 2, 0, &f, error, sizeof error));
    assert_false(f.refuse);
    assert_int_equal(f.latency_ms, 0);
    cqsim_faults_fini(&f);
    const char *bad[] = {"nothing", "trickle", "trickle=x", "dead@", "dead@1x"};
    for (size_t i = 0; i < 5; i++)
        assert_false(cqsim_faults_parse(&bad[i], 1, 0, 0, &f, error, sizeof error));
    cqsim_faults_fini(&f);
}

static void silent_and_garbage(void **state)
{
    (void)state;
    struct one o;
    sim_open(&o, "5.0", "silent");
    sim_send(&o, CQSIM_OP_OPTIONS, 0, none);
    assert_int_equal(pending_at(&o, 100000), 0);
    assert_true(cqsim_conn_deadline(o.conn, 0) == UINT64_MAX);
    sim_close(&o);
    sim_open(&o, "5.0", "garbage=ssh");
    assert_true(cqsim_starts(cqsim_conn_pending(o.conn, 0), "SSH-2.0-"));
    sim_close(&o);
    sim_open(&o, "5.0", "garbage=http");
    assert_int_equal(pending_at(&o, 0), 0);
    sim_send(&o, CQSIM_OP_OPTIONS, 0, none);
    assert_true(cqsim_starts(cqsim_conn_pending(o.conn, 0), "HTTP/1.1 400"));
    assert_int_equal(cqsim_conn_end(o.conn), CQSIM_CLOSE);
    sim_close(&o);
}

static void latency_and_trickle(void **state)
{
    (void)state;
    struct one o;
    sim_open(&o, "5.0", "latency=30");
    sim_send_at(&o, CQSIM_OP_OPTIONS, 0, none, 1000);
    assert_int_equal(pending_at(&o, 1029), 0);
    assert_int_equal(cqsim_conn_deadline(o.conn, 1000), 1030);
    assert_true(pending_at(&o, 1030) > 0);
    sim_close(&o);
    sim_open(&o, "5.0", "trickle=10");
    sim_send(&o, CQSIM_OP_OPTIONS, 0, none);
    sim_drain(&o, 0);
    sim_drain(&o, 5000);
    assert_int_equal(cqsim_buf_len(&o.raw), 51);
    assert_true(cqsim_conn_deadline(o.conn, 5000) < UINT64_MAX);
    sim_close(&o);
}

static void ends_after(void **state)
{
    (void)state;
    static const char *const faults[] = {"reset_after=50", "close_after=50"};
    for (unsigned i = 0; i < 2; i++) {
        struct one o;
        sim_open(&o, "5.0", faults[i]);
        sim_send(&o, CQSIM_OP_OPTIONS, 0, none);
        sim_drain(&o, 0);
        assert_int_equal(cqsim_buf_len(&o.raw), 50);
        assert_int_equal(cqsim_conn_end(o.conn), i == 0 ? CQSIM_RESET : CQSIM_CLOSE);
        sim_close(&o);
    }
}

static void split_writes(void **state)
{
    (void)state;
    struct one o;
    size_t n = 0, n_pieces = 0, largest = 0;
    sim_open(&o, "5.0", "split=5");
    sim_send(&o, CQSIM_OP_OPTIONS, 0, none);
    struct cqsim_slice s;
    while ((s = cqsim_conn_pending(o.conn, 0)).n > 0) {
        n += s.n;
        largest = s.n > largest ? s.n : largest;
        n_pieces++;
        cqsim_conn_sent(o.conn, s.n);
    }
    assert_int_equal(n, 111);
    assert_int_equal(largest, 5);
    assert_true(n_pieces > 111 / 5);
    sim_close(&o);
}

static void versions(void **state)
{
    (void)state;
    struct one o;
    sim_open(&o, "5.0", "wrong_version");
    sim_send(&o, CQSIM_OP_OPTIONS, 0, none);
    sim_check_error(&o, 0x000a,
                    "Invalid or unsupported protocol version (4); supported versions are (3/v3, "
                    "4/v4, 5/v5, 6/v6-beta)");
    sim_close(&o);
}

static void statements(void **state)
{
    (void)state;
    struct one o;
    struct cqsim_envelope e;
    struct cqsim_buf body = {0};
    sim_open(&o, "5.0", "overloaded=2");
    sim_start(&o, 4, NULL);
    for (unsigned i = 0; i < 3; i++) {
        sim_ask(&o, 1, "select * from system.local", 0, none);
        if (i < 2)
            sim_check_error(&o, 0x1001,
                            "Server is in overloaded state. Cannot accept more requests at this "
                            "point");
    }
    sim_drain(&o, 0);
    assert_true(sim_take(&o, &e, &body));
    assert_int_equal(e.opcode, CQSIM_OP_RESULT);
    sim_close(&o);
    static const struct {
        const char *fault;
        uint32_t code;
        const char *text;
    } all[] = {
        {"denied=system_schema.views", 0x2100,
         "User bob has no SELECT permission on <table system_schema.views> or any of its parents"},
        {"fail=system_schema.views", 0, "java.lang.RuntimeException: simulated failure"},
        {"absent=system_schema.views", 0x2200, "table views does not exist"},
    };
    for (size_t i = 0; i < 3; i++) {
        sim_open(&o, "5.0", all[i].fault);
        sim_start(&o, 4, NULL);
        sim_ask(&o, 1, "select * from system_schema.views", 0, none);
        sim_check_error(&o, all[i].code, all[i].text);
        sim_close(&o);
    }
    cqsim_buf_fini(&body);
}

/* The first cell of the only row of a one-column statement. */
static void read_cell(struct one *o, const char *text, struct cqsim_buf *out)
{
    struct cqsim_envelope e;
    struct cqsim_buf body = {0};
    sim_ask(o, 1, text, 0, none);
    sim_drain(o, 0);
    assert_true(sim_take(o, &e, &body));
    struct page_head h = sim_read_head(e.body);
    struct cqsim_slice cell = cqsim_get_bytes(&h.rows);
    cqsim_buf_clear(out);
    cqsim_put(out, cell.p, cell.p == NULL ? 0 : cell.n);
    cqsim_buf_fini(&body);
}

static bool same(const struct cqsim_buf *a, const struct cqsim_buf *b)
{
    return cqsim_compare(cqsim_buf_slice(a), cqsim_buf_slice(b)) == 0;
}

static void torn_versions(void **state)
{
    (void)state;
    struct one o;
    size_t n_pages, n_last;
    struct cqsim_buf before = {0}, after = {0};
    const char *text = "select schema_version from system.local where key = 'local'";
    sim_open(&o, "5.0", "torn=2");
    sim_start(&o, 4, NULL);
    for (unsigned attempt = 0; attempt < 3; attempt++) {
        read_cell(&o, text, &before);
        sim_walk(&o, "select * from system_schema.tables", 10, &n_pages, &n_last, 99);
        read_cell(&o, text, &after);
        assert_int_equal(same(&before, &after), attempt == 2);
    }
    assert_int_equal(cqsim_buf_len(&after), 16);
    sim_close(&o);
    sim_open(&o, "5.0", "null_version");
    sim_start(&o, 4, NULL);
    read_cell(&o, text, &after);
    assert_int_equal(cqsim_buf_len(&after), 0);
    sim_close(&o);
    sim_open(&o, "5.0", "disagree");
    sim_start(&o, 4, NULL);
    read_cell(&o, text, &before);
    read_cell(&o, "select schema_version from system.peers_v2", &after);
    assert_false(same(&before, &after));
    sim_close(&o);
    cqsim_buf_fini(&before);
    cqsim_buf_fini(&after);
}

static void envelopes(void **state)
{
    (void)state;
    struct one o;
    struct cqsim_envelope e;
    struct cqsim_buf body = {0};
    sim_open(&o, "5.0", "huge_body");
    sim_start(&o, 4, NULL);
    sim_ask(&o, 1, "select * from system.local", 0, none);
    sim_drain(&o, 0);
    assert_memory_equal(cqsim_buf_head(&o.raw) + 5, "\x10\0\0\0", 4);
    sim_close(&o);
    sim_open(&o, "5.0", "huge_body");
    sim_start(&o, 5, NULL);
    sim_ask(&o, 1, "select * from system.local", 0, none);
    sim_drain(&o, 0);
    assert_int_equal(cqsim_buf_head(&o.raw)[2] & 2, 0); /* not self-contained */
    assert_memory_equal(cqsim_buf_head(&o.raw) + 11, "\x10\0\0\0", 4);
    sim_close(&o);
    sim_open(&o, "5.0", "warnings");
    sim_start(&o, 5, NULL);
    sim_ask(&o, 1, "select * from system.local", 0, none);
    sim_drain(&o, 0);
    assert_true(sim_take(&o, &e, &body));
    assert_int_equal(e.flags, CQSIM_FLAG_WARNING | CQSIM_FLAG_PAYLOAD);
    struct cqsim_reader r = cqsim_reader(e.body);
    for (unsigned n = cqsim_get_u16(&r); n > 0; n--)
        cqsim_get_string(&r);
    assert_int_equal(cqsim_get_u16(&r), 1);
    cqsim_get_string(&r);
    assert_int_equal(cqsim_get_bytes(&r).n, 4);
    assert_int_equal(sim_read_head((struct cqsim_slice){r.p, cqsim_left(&r)}).n_rows, 1);
    sim_close(&o);
    sim_open(&o, "5.0", "events");
    sim_start(&o, 5, "lz4");
    sim_ask(&o, 1, "select * from system.local", 0, none);
    sim_drain(&o, 0);
    assert_true(sim_take(&o, &e, &body));
    assert_true(sim_take(&o, &e, &body));
    assert_int_equal(e.opcode, CQSIM_OP_EVENT);
    assert_int_equal(e.stream, -1);
    sim_close(&o);
    cqsim_buf_fini(&body);
}

static void bad_checksum(void **state)
{
    (void)state;
    struct one o;
    struct cqsim_buf scratch = {0};
    struct cqsim_segment seg;
    size_t used;
    sim_open(&o, "5.0", "bad_crc");
    sim_start(&o, 5, NULL);
    sim_ask(&o, 1, "select * from system.local", 0, none);
    sim_drain(&o, 0);
    assert_int_equal(cqsim_segment_next(cqsim_buf_slice(&o.raw), false, &scratch, &seg, &used),
                     CQSIM_SEGMENT_BAD_PAYLOAD);
    cqsim_buf_fini(&scratch);
    sim_close(&o);
}

static void pages(void **state)
{
    (void)state;
    struct one o;
    size_t n_pages, n_last;
    const char *text = "select * from system_schema.tables";
    sim_open(&o, "5.0", "endless");
    sim_start(&o, 4, NULL);
    assert_int_equal(sim_walk(&o, text, 20, &n_pages, &n_last, 30), 61);
    assert_int_equal(n_pages, 30);
    sim_close(&o);
    sim_open(&o, "5.0", "repeated_state");
    sim_start(&o, 4, NULL);
    assert_int_equal(sim_walk(&o, text, 20, &n_pages, &n_last, 30), 30 * 20);
    assert_int_equal(n_pages, 30);
    sim_close(&o);
}

/* ---- content ---- */

static const struct cqsim_table *table_of(struct one *o, const char *name)
{
    return cqsim_dataset_find(o->fleet->clusters[0].data, "system_schema", name);
}

static size_t count_rows(const struct cqsim_table *t, unsigned column, const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < t->rows.n; i++)
        n += cqsim_is(cqsim_row_cell(cqsim_rows_get(&t->rows, i), column), text);
    return n;
}

static void orphans(void **state)
{
    (void)state;
    struct one o;
    sim_open(&o, "5.0", "orphan");
    assert_int_equal(count_rows(table_of(&o, "columns"), 1, "no_such_table"), 1);
    assert_int_equal(count_rows(table_of(&o, "tables"), 1, "no_such_table"), 0);
    sim_close(&o);
    sim_open(&o, "5.0", "orphan_index");
    assert_int_equal(count_rows(table_of(&o, "indexes"), 1, "no_such_table"), 1);
    sim_close(&o);
    sim_open(&o, "5.0", "orphan_keyspace");
    assert_int_equal(count_rows(table_of(&o, "tables"), 0, "zz_gone"), 1);
    assert_int_equal(count_rows(table_of(&o, "keyspaces"), 0, "zz_gone"), 0);
    sim_close(&o);
}

static void order_and_duplicates(void **state)
{
    (void)state;
    struct one good, bad;
    sim_open(&good, "5.0", NULL);
    sim_open(&bad, "5.0", "duplicate");
    size_t n = table_of(&good, "columns")->rows.n;
    assert_int_equal(table_of(&bad, "columns")->rows.n, n + (n + 39) / 40);
    const struct cqsim_rows *twice = &table_of(&bad, "columns")->rows;
    assert_int_equal(cqsim_compare(cqsim_rows_get(twice, 41), cqsim_rows_get(twice, 42)), 0);
    sim_close(&bad);
    static const char *const faults[] = {"unordered", "unordered_rows"};
    for (unsigned i = 0; i < 2; i++) {
        sim_open(&bad, "5.0", faults[i]);
        const struct cqsim_rows *a = &table_of(&good, "columns")->rows;
        const struct cqsim_rows *b = &table_of(&bad, "columns")->rows;
        assert_int_equal(a->n, b->n);
        struct cqsim_slice first = cqsim_rows_get(a, 0), other = cqsim_rows_get(b, 0);
        assert_true(cqsim_compare(first, other) != 0);
        bool same_keyspace = cqsim_compare(cqsim_row_cell(first, 0), cqsim_row_cell(other, 0)) == 0;
        assert_int_equal(same_keyspace, i == 1);
        sim_close(&bad);
    }
    sim_close(&good);
}

static void unknown_columns(void **state)
{
    (void)state;
    static const char letters[] = "sibdunxtMXSLO";
    for (const char *p = letters; *p != 0; p++) {
        struct one o;
        char fault[32];
        snprintf(fault, sizeof fault, "extra_column=%c", *p);
        sim_open(&o, "5.0", fault);
        const struct cqsim_table *t = table_of(&o, "tables");
        assert_int_equal(t->n_columns, 26);
        assert_string_equal(t->columns[25].name, "zz_new_option");
        struct cqsim_reader r = cqsim_reader(cqsim_rows_get(&t->rows, 3));
        for (unsigned i = 0; i < 26; i++)
            cqsim_get_bytes(&r);
        assert_false(r.bad);
        assert_int_equal(cqsim_left(&r), 0);
        sim_close(&o);
    }
    struct one o;
    sim_open(&o, "5.0", "unknown_type");
    assert_memory_equal(table_of(&o, "tables")->columns[25].option, "\x00\x80", 2);
    sim_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specs),
        cmocka_unit_test(silent_and_garbage),
        cmocka_unit_test(latency_and_trickle),
        cmocka_unit_test(ends_after),
        cmocka_unit_test(split_writes),
        cmocka_unit_test(versions),
        cmocka_unit_test(statements),
        cmocka_unit_test(torn_versions),
        cmocka_unit_test(envelopes),
        cmocka_unit_test(bad_checksum),
        cmocka_unit_test(pages),
        cmocka_unit_test(orphans),
        cmocka_unit_test(order_and_duplicates),
        cmocka_unit_test(unknown_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
