/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated connection in virtual time: statements, pages, order of answers, input in pieces.
 */
#include "client.h"

static const struct cqsim_slice none = {NULL, 0};

/* ---- statements and pages ---- */

static void statement_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t code;
        const char *error;
    } all[] = {
        {"select * from system.nothing", 0x2200, "table nothing does not exist"},
        {"select * from nowhere.t", 0x2200, "keyspace nowhere does not exist"},
        {"select nope from system.local", 0x2200,
         "Undefined column name nope in table system.local"},
        {"DESCRIBE SCHEMA", 0x2000,
         "line 1:0 no viable alternative at input 'DESCRIBE' ([DESCRIBE]...)"},
        {"select * from system.local where", 0x2000,
         "line 0:-1 no viable alternative at input '<EOF>'"},
        {"select * frm system.local", 0x2000,
         "line 1:9 mismatched input 'frm' expecting K_FROM (select * [frm]...)"},
        {"select * from system.local extra words here", 0x2000,
         "line 1:27 mismatched input 'extra' expecting EOF (select * from system.local "
         "[extra]...)"},
        {"select * from local", 0x2200,
         "No keyspace has been specified. USE a keyspace, or explicitly specify "
         "keyspace.tablename"},
    };
    struct one o;
    sim_open(&o, "5.0", NULL);
    sim_start(&o, 4, NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        sim_ask(&o, 1, all[i].text, 0, none);
        sim_check_error(&o, all[i].code, all[i].error);
    }
    assert_int_equal(o.conn->counts.errors, sizeof all / sizeof *all);
    sim_close(&o);
    sim_open(&o, "3.11", NULL);
    sim_start(&o, 4, NULL);
    sim_ask(&o, 1, "select * from system_virtual_schema.tables", 0, none);
    sim_check_error(&o, 0x2200, "Keyspace system_virtual_schema does not exist");
    sim_ask(&o, 1, "select * from system.peers_v2", 0, none);
    sim_check_error(&o, 0x2200, "unconfigured table peers_v2");
    sim_close(&o);
}

static void paging(void **state)
{
    (void)state;
    struct one o;
    size_t n_pages, n_last;
    sim_open(&o, "5.0", NULL);
    sim_start(&o, 5, "lz4");
    const char *text = "select * from system_schema.tables";
    size_t all = sim_walk(&o, text, 5000, &n_pages, &n_last, 99);
    assert_int_equal(n_pages, 1);
    assert_int_equal(all, 48 + 6 + 7); /* system, 2 x 3, rich */
    assert_int_equal(sim_walk(&o, text, 7, &n_pages, &n_last, 99), all);
    assert_int_equal(n_pages, all / 7 + 1);
    assert_int_equal(n_last, all % 7);
    assert_int_equal(sim_walk(&o, text, (uint32_t)all, &n_pages, &n_last, 99), all);
    assert_int_equal(n_pages, 2); /* a full page promises another, which is empty */
    assert_int_equal(n_last, 0);
    o.config.empty_pages = true;
    assert_int_equal(sim_walk(&o, text, 7, &n_pages, &n_last, 99), all);
    assert_int_equal(n_pages, 2 * (all / 7 + 1));
    o.config.empty_pages = false;
    o.config.page_rows = 3;
    assert_int_equal(sim_walk(&o, text, 5000, &n_pages, &n_last, 99), all);
    assert_int_equal(n_pages, all / 3 + 1);
    sim_close(&o);
}

static void paging_state_belongs_to_one_statement(void **state)
{
    (void)state;
    struct one o;
    struct cqsim_envelope e;
    struct cqsim_buf body = {0};
    sim_open(&o, "5.0", NULL);
    sim_start(&o, 4, NULL);
    sim_ask(&o, 1, "select * from system_schema.tables", 5, none);
    sim_drain(&o, 0);
    assert_true(sim_take(&o, &e, &body));
    struct page_head h = sim_read_head(e.body);
    sim_ask(&o, 1, "select * from system_schema.columns", 5, h.state);
    sim_check_error(&o, 0x000a, "Invalid value for the paging state");
    sim_ask(&o, 1, "select * from system_schema.tables", 5, cqsim_text("nonsense"));
    sim_check_error(&o, 0x000a, "Invalid value for the paging state");
    cqsim_buf_fini(&body);
    sim_close(&o);
}

static void conditions(void **state)
{
    (void)state;
    static const struct {
        const char *where;
        size_t rows;
    } all[] = {
        {"keyspace_name = 'system_traces'", 2},
        {"keyspace_name = 'system_traces' AND table_name = 'events'", 1},
        {"keyspace_name = 'system' and table_name = 'events'", 0},
    };
    struct one o;
    size_t pages, last;
    char text[160];
    sim_open(&o, "5.0", NULL);
    sim_start(&o, 4, NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        snprintf(text, sizeof text, "SELECT * FROM system_schema.tables WHERE %s", all[i].where);
        assert_int_equal(sim_walk(&o, text, 100, &pages, &last, 1), all[i].rows);
    }
    sim_close(&o);
}

static void named_columns(void **state)
{
    (void)state;
    struct one o;
    struct cqsim_envelope e;
    struct cqsim_buf body = {0};
    sim_open(&o, "5.0", NULL);
    sim_start(&o, 4, NULL);
    sim_ask(&o, 1, "SELECT rack, peer, native_port FROM system.peers_v2;", 0, none);
    sim_drain(&o, 0);
    assert_true(sim_take(&o, &e, &body));
    struct page_head h = sim_read_head(e.body);
    assert_int_equal(h.n_columns, 3);
    assert_int_equal(h.n_rows, 2);
    assert_int_equal(cqsim_get_bytes(&h.rows).p[0], 'r');
    assert_memory_equal(cqsim_get_bytes(&h.rows).p, "\x7f\x14\x80", 3);
    assert_memory_equal(cqsim_get_bytes(&h.rows).p, "\0\0\x23\x52", 4);
    cqsim_buf_fini(&body);
    sim_close(&o);
}

/* ---- prepared statements ---- */

static struct cqsim_slice answer(struct one *o, unsigned opcode, struct cqsim_buf *request,
                                 unsigned want, struct cqsim_buf *body)
{
    struct cqsim_envelope e;
    sim_send(o, opcode, 1, cqsim_buf_slice(request));
    sim_drain(o, 0);
    assert_true(sim_take(o, &e, body));
    assert_int_equal(e.opcode, want);
    return e.body;
}

static void prepare_body(struct cqsim_buf *b, unsigned version, const char *text)
{
    cqsim_buf_clear(b);
    cqsim_put_bytes(b, cqsim_text(text));
    if (version >= 5) cqsim_put_u32(b, 0);
}

static void execute_body(struct cqsim_buf *b, unsigned version, struct cqsim_slice id,
                         const char *value)
{
    cqsim_buf_clear(b);
    cqsim_put_u16(b, (unsigned)id.n);
    cqsim_put(b, id.p, id.n);
    if (version >= 5) cqsim_put_string(b, "12345678");
    cqsim_put_u16(b, 1);
    if (version >= 5)
        cqsim_put_u32(b, value != NULL);
    else
        cqsim_put_u8(b, value != NULL);
    if (value == NULL) return;
    cqsim_put_u16(b, 1);
    cqsim_put_bytes(b, cqsim_text(value));
}

/* The rows of one keyspace: prepared and executed they are those of the statement with its text. */
static void prepared_in(unsigned version)
{
    static const char text[] = "SELECT table_name FROM system_schema.tables WHERE keyspace_name ";
    struct one o;
    struct cqsim_buf request = {0}, body = {0}, id = {0}, plain = {0};
    char full[sizeof text + 32];
    sim_open(&o, "5.0", NULL);
    sim_start(&o, version, NULL);
    snprintf(full, sizeof full, "%s= ?", text);
    prepare_body(&request, version, full);
    struct cqsim_reader r =
        cqsim_reader(answer(&o, CQSIM_OP_PREPARE, &request, CQSIM_OP_RESULT, &body));
    assert_int_equal(cqsim_get_u32(&r), 4);
    struct cqsim_slice s = cqsim_get_string(&r);
    cqsim_put(&id, s.p, s.n);
    if (version >= 5) assert_int_equal(cqsim_get_string(&r).n, 8);
    assert_int_equal(cqsim_get_u32(&r), 1); /* one table's names */
    assert_int_equal(cqsim_get_u32(&r), 1);
    assert_int_equal(cqsim_get_u32(&r), 1); /* all of the partition key: */
    assert_int_equal(cqsim_get_u16(&r), 0);
    assert_true(cqsim_is(cqsim_get_string(&r), "system_schema"));
    assert_true(cqsim_is(cqsim_get_string(&r), "tables"));
    assert_true(cqsim_is(cqsim_get_string(&r), "keyspace_name"));
    assert_int_equal(cqsim_get_u16(&r), 13); /* varchar */
    assert_int_equal(cqsim_get_u32(&r), 1);
    assert_int_equal(cqsim_get_u32(&r), 1); /* the result's: */
    assert_true(cqsim_is(cqsim_get_string(&r), "system_schema"));
    assert_true(cqsim_is(cqsim_get_string(&r), "tables"));
    assert_true(cqsim_is(cqsim_get_string(&r), "table_name"));
    assert_int_equal(cqsim_get_u16(&r), 13);
    assert_true(!r.bad && cqsim_left(&r) == 0);
    snprintf(full, sizeof full, "%s= 'system_traces'", text);
    sim_query_body(&request, version, full, 0, none);
    s = answer(&o, CQSIM_OP_QUERY, &request, CQSIM_OP_RESULT, &body);
    cqsim_put(&plain, s.p, s.n);
    execute_body(&request, version, cqsim_buf_slice(&id), "system_traces");
    s = answer(&o, CQSIM_OP_EXECUTE, &request, CQSIM_OP_RESULT, &body);
    assert_int_equal(sim_read_head(s).n_rows, 2);
    assert_int_equal(s.n, cqsim_buf_len(&plain));
    assert_memory_equal(s.p, cqsim_buf_head(&plain), s.n);
    execute_body(&request, version, cqsim_buf_slice(&id), NULL);
    sim_send(&o, CQSIM_OP_EXECUTE, 1, cqsim_buf_slice(&request));
    sim_check_error(&o, 0x2200, "Invalid amount of bind variables");
    assert_int_equal(o.conn->counts.errors, 1);
    cqsim_buf_fini(&request);
    cqsim_buf_fini(&body);
    cqsim_buf_fini(&id);
    cqsim_buf_fini(&plain);
    sim_close(&o);
}

static void prepared(void **state)
{
    (void)state;
    prepared_in(4);
    prepared_in(5);
}

/* What is wrong with a statement is said when it is prepared. */
static void prepare_errors(void **state)
{
    (void)state;
    static const char *const all[][2] = {
        {"select * from system_schema.scylla_tables", "table scylla_tables does not exist"},
        {"select nope from system.local", "Undefined column name nope in table system.local"},
        {"select * from system_schema.tables where table_name = ?",
         "Cannot execute this query as it might involve data filtering and thus may have "
         "unpredictable performance. If you want to execute this query despite the performance "
         "unpredictability, use ALLOW FILTERING"},
    };
    struct one o;
    struct cqsim_buf request = {0};
    sim_open(&o, "5.0", NULL);
    sim_start(&o, 4, NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        prepare_body(&request, 4, all[i][0]);
        sim_send(&o, CQSIM_OP_PREPARE, 1, cqsim_buf_slice(&request));
        sim_check_error(&o, 0x2200, all[i][1]);
    }
    assert_int_equal(o.conn->counts.errors, sizeof all / sizeof *all);
    prepare_body(&request, 4,
                 "select * from system_schema.tables where keyspace_name = 'a' and x = ?");
    sim_send(&o, CQSIM_OP_PREPARE, 1, cqsim_buf_slice(&request));
    sim_check_error(&o, 0x2000,
                    "line 1:69 no viable alternative at input '?' (select * from "
                    "system_schema.tables where keyspace_name = 'a' and x = [?])");
    cqsim_buf_fini(&request);
    sim_close(&o);
}

/* ---- order, waits, input in pieces ---- */

static void many(struct one *o, struct cqsim_buf *all)
{
    static const char *const texts[] = {
        "select * from system.local",          "select * from system.peers_v2",
        "select * from system_schema.columns", "select * from system_schema.tables",
        "select * from system_schema.types",   "select * from system_schema.column_masks"};
    struct cqsim_buf b = {0};
    for (int i = 0; i < 6; i++) {
        sim_query_body(&b, o->version, texts[i], 100, none);
        struct cqsim_envelope e = {o->version, 0, 10 + i, CQSIM_OP_QUERY, cqsim_buf_slice(&b)};
        cqsim_envelope_put(all, &e);
    }
    cqsim_buf_fini(&b);
}

static void shuffled_answers(void **state)
{
    (void)state;
    struct cqsim_buf all = {0};
    uint8_t order[2][6];
    unsigned n_moved = 0;
    for (unsigned run = 0; run < 2; run++) {
        struct one o;
        struct cqsim_envelope e;
        struct cqsim_buf body = {0};
        sim_open(&o, "5.0", NULL);
        sim_start(&o, 4, NULL);
        cqsim_buf_clear(&all);
        many(&o, &all);
        cqsim_conn_feed(o.conn, cqsim_buf_slice(&all), 0);
        sim_drain(&o, 0);
        unsigned seen = 0;
        for (unsigned i = 0; i < 6; i++) {
            assert_true(sim_take(&o, &e, &body));
            order[run][i] = (uint8_t)e.stream;
            seen |= 1u << (e.stream - 10);
            n_moved += e.stream != 10 + (int)i;
        }
        assert_false(sim_take(&o, &e, &body));
        assert_int_equal(seen, 63);
        assert_int_equal(o.conn->counts.waits, 2);
        assert_int_equal(o.conn->counts.requests[CQSIM_OP_QUERY], 6);
        cqsim_buf_fini(&body);
        sim_close(&o);
    }
    assert_memory_equal(order[0], order[1], 6);
    assert_true(n_moved > 0);
    cqsim_buf_fini(&all);
}

/* The same bytes in two pieces, cut anywhere, give the same answer bytes. */
static void input_in_pieces(void **state)
{
    (void)state;
    struct cqsim_buf all = {0}, whole = {0};
    for (size_t cut = 0; cut == 0 || cut < cqsim_buf_len(&all); cut++) {
        struct one o;
        sim_open(&o, "4.0", NULL);
        o.config.in_order = true;
        sim_start(&o, 4, NULL);
        if (cut == 0) many(&o, &all);
        struct cqsim_slice s = cqsim_buf_slice(&all);
        cqsim_conn_feed(o.conn, (struct cqsim_slice){s.p, cut}, 0);
        sim_drain(&o, 0);
        cqsim_conn_feed(o.conn, (struct cqsim_slice){s.p + cut, s.n - cut}, 0);
        sim_drain(&o, 0);
        if (cut == 0) cqsim_put(&whole, cqsim_buf_head(&o.raw), cqsim_buf_len(&o.raw));
        assert_int_equal(cqsim_buf_len(&o.raw), cqsim_buf_len(&whole));
        assert_memory_equal(cqsim_buf_head(&o.raw), cqsim_buf_head(&whole), cqsim_buf_len(&whole));
        sim_close(&o);
    }
    cqsim_buf_fini(&all);
    cqsim_buf_fini(&whole);
}

static void corrupt_segment(void **state)
{
    (void)state;
    struct one o;
    struct cqsim_envelope e;
    struct cqsim_buf b = {0}, body = {0};
    sim_open(&o, "5.0", NULL);
    sim_start(&o, 5, NULL);
    const uint8_t options[9] = {5, 0, 0, 5, 5, 0, 0, 0, 0};
    cqsim_segment_put(&b, (struct cqsim_slice){options, 9}, true, false, NULL);
    b.p[b.end - 4] ^= 1;
    cqsim_conn_feed(o.conn, cqsim_buf_slice(&b), 0);
    sim_drain(&o, 0);
    assert_true(sim_take(&o, &e, &body));
    assert_int_equal(e.opcode, CQSIM_OP_ERROR);
    const char *text = "unrecoverable CRC mismatch detected in frame body. Read 501553058, "
                       "Computed 501553059";
    size_t n = strlen(text);
    assert_memory_equal(e.body.p + e.body.n - n, text, n);
    assert_int_equal(cqsim_conn_end(o.conn), CQSIM_RESET);
    cqsim_buf_fini(&b);
    cqsim_buf_fini(&body);
    sim_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statement_errors),
        cmocka_unit_test(paging),
        cmocka_unit_test(paging_state_belongs_to_one_statement),
        cmocka_unit_test(conditions),
        cmocka_unit_test(named_columns),
        cmocka_unit_test(prepared),
        cmocka_unit_test(prepare_errors),
        cmocka_unit_test(shuffled_answers),
        cmocka_unit_test(input_in_pieces),
        cmocka_unit_test(corrupt_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
