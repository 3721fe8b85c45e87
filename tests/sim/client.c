/* SPDX-License-Identifier: Apache-2.0 */
/* The client of client.h. */
#include "client.h"

void sim_open(struct one *o, const char *release, const char *fault)
{
    char error[512];
    *o = (struct one){.version = 4};
    o->config = (struct cqsim_config){.n_clusters = 1,
                                      .ip = {127, 20, 0, 1},
                                      .port = 9042,
                                      .seed = 3,
                                      .n_schemas = 1,
                                      .n_nodes = 3,
                                      .peer_ip = {127, 20, 128, 1},
                                      .user = "bob",
                                      .authenticator = "org.example.Auth",
                                      .n_mix = 1,
                                      .mix = {{2, 3, 6, true, 1, false, false}}};
    o->config.release = cqsim_release_find(release);
    if (fault != NULL) o->config.faults[o->config.n_faults++] = fault;
    o->fleet = cqsim_fleet_new(&o->config, error, sizeof error);
    assert_non_null(o->fleet);
    o->conn = cqsim_conn_new(&o->fleet->clusters[0], 0);
}

void sim_close(struct one *o)
{
    cqsim_conn_free(o->conn);
    cqsim_fleet_free(o->fleet);
    cqsim_buf_fini(&o->raw);
    cqsim_buf_fini(&o->opened);
}

void sim_drain(struct one *o, uint64_t now)
{
    struct cqsim_slice s;
    while ((s = cqsim_conn_pending(o->conn, now)).n > 0) {
        cqsim_put(&o->raw, s.p, s.n);
        cqsim_conn_sent(o->conn, s.n);
    }
}

/* Segments out of raw, payloads into opened. */
static void open_segments(struct one *o)
{
    struct cqsim_buf scratch = {0};
    struct cqsim_segment seg;
    size_t used;
    while (cqsim_segment_next(cqsim_buf_slice(&o->raw), o->conn->lz4, &scratch, &seg, &used) ==
           CQSIM_SEGMENT_ONE) {
        cqsim_put(&o->opened, seg.payload.p, seg.payload.n);
        cqsim_buf_eat(&o->raw, used);
    }
    cqsim_buf_fini(&scratch);
}

/* The next answer; its body is copied into `body`. */
bool sim_take(struct one *o, struct cqsim_envelope *e, struct cqsim_buf *body)
{
    size_t used;
    if (o->segments) open_segments(o);
    struct cqsim_buf *from = o->segments ? &o->opened : &o->raw;
    if (cqsim_envelope_next(cqsim_buf_slice(from), e, &used) != 1) return false;
    cqsim_buf_clear(body);
    if ((e->flags & CQSIM_FLAG_COMPRESSED) != 0)
        assert_true(cqsim_body_unpack(e->body, body));
    else
        cqsim_put(body, e->body.p, e->body.n);
    e->body = cqsim_buf_slice(body);
    cqsim_buf_eat(from, used);
    return true;
}

void sim_send_at(struct one *o, unsigned opcode, int stream, struct cqsim_slice body, uint64_t now)
{
    struct cqsim_buf b = {0}, seg = {0};
    struct cqsim_envelope e = {o->version, 0, stream, opcode, body};
    cqsim_envelope_put(&b, &e);
    if (o->segments) {
        cqsim_segment_put(&seg, cqsim_buf_slice(&b), true, o->conn->lz4, NULL);
        cqsim_conn_feed(o->conn, cqsim_buf_slice(&seg), now);
    } else {
        cqsim_conn_feed(o->conn, cqsim_buf_slice(&b), now);
    }
    cqsim_buf_fini(&b);
    cqsim_buf_fini(&seg);
}

void sim_send(struct one *o, unsigned opcode, int stream, struct cqsim_slice body)
{
    sim_send_at(o, opcode, stream, body, 0);
}

void sim_startup_body(struct cqsim_buf *b, const char *compression)
{
    cqsim_put_u16(b, compression ? 2 : 1);
    cqsim_put_string(b, "CQL_VERSION");
    cqsim_put_string(b, "3.0.0");
    if (compression == NULL) return;
    cqsim_put_string(b, "COMPRESSION");
    cqsim_put_string(b, compression);
}

/* Until READY, without login. */
void sim_start(struct one *o, unsigned version, const char *compression)
{
    struct cqsim_buf b = {0}, body = {0};
    struct cqsim_envelope e;
    sim_startup_body(&b, compression);
    o->version = version;
    sim_send(o, CQSIM_OP_STARTUP, 1, cqsim_buf_slice(&b));
    sim_drain(o, 0);
    assert_true(sim_take(o, &e, &body));
    assert_int_equal(e.opcode, CQSIM_OP_READY);
    o->segments = version >= 5;
    cqsim_buf_fini(&b);
    cqsim_buf_fini(&body);
}

void sim_query_body(struct cqsim_buf *b, unsigned version, const char *text, uint32_t page_size,
                    struct cqsim_slice state)
{
    uint32_t flags = (page_size ? 4u : 0) | (state.n ? 8u : 0);
    cqsim_buf_clear(b);
    cqsim_put_bytes(b, cqsim_text(text));
    cqsim_put_u16(b, 1);
    if (version >= 5)
        cqsim_put_u32(b, flags);
    else
        cqsim_put_u8(b, flags);
    if (page_size) cqsim_put_u32(b, page_size);
    if (state.n) cqsim_put_bytes(b, state);
}

void sim_ask(struct one *o, int stream, const char *text, uint32_t page_size,
             struct cqsim_slice state)
{
    struct cqsim_buf b = {0};
    sim_query_body(&b, o->version, text, page_size, state);
    sim_send(o, CQSIM_OP_QUERY, stream, cqsim_buf_slice(&b));
    cqsim_buf_fini(&b);
}

/* Reads a RESULT Rows up to its rows. */
struct page_head sim_read_head(struct cqsim_slice body)
{
    struct page_head h = {0};
    struct cqsim_reader r = cqsim_reader(body);
    assert_int_equal(cqsim_get_u32(&r), 2);
    h.flags = cqsim_get_u32(&r);
    h.n_columns = cqsim_get_u32(&r);
    if (h.flags & 2) h.state = cqsim_get_bytes(&r);
    assert_true(h.flags & 1);
    cqsim_get_string(&r);
    cqsim_get_string(&r);
    for (uint32_t i = 0; i < h.n_columns; i++) {
        cqsim_get_string(&r);
        unsigned id = cqsim_get_u16(&r);
        if (id >= 0x20 && id <= 0x22) cqsim_get_u16(&r);
        if (id == 0x21) cqsim_get_u16(&r);
    }
    h.n_rows = cqsim_get_u32(&r);
    h.rows = r;
    assert_false(r.bad);
    return h;
}

void sim_check_error(struct one *o, uint32_t code, const char *text)
{
    struct cqsim_envelope e;
    struct cqsim_buf body = {0};
    sim_drain(o, 0);
    assert_true(sim_take(o, &e, &body));
    assert_int_equal(e.opcode, CQSIM_OP_ERROR);
    struct cqsim_reader r = cqsim_reader(e.body);
    assert_int_equal(cqsim_get_u32(&r), code);
    char got[512];
    cqsim_copy_text(got, sizeof got, cqsim_get_string(&r));
    assert_string_equal(got, text);
    cqsim_buf_fini(&body);
}

/* Walks the pages of a statement; returns rows, counts pages and the last page's rows. */
size_t sim_walk(struct one *o, const char *text, uint32_t size, size_t *n_pages, size_t *n_last,
                size_t max_pages)
{
    struct cqsim_buf state = {0}, body = {0};
    struct cqsim_envelope e;
    size_t n_rows = 0;
    *n_pages = 0;
    for (;;) {
        sim_ask(o, 5, text, size, cqsim_buf_slice(&state));
        sim_drain(o, 0);
        assert_true(sim_take(o, &e, &body));
        assert_int_equal(e.opcode, CQSIM_OP_RESULT);
        struct page_head h = sim_read_head(e.body);
        assert_true(h.n_rows <= size);
        n_rows += h.n_rows;
        *n_last = h.n_rows;
        ++*n_pages;
        if ((h.flags & 2) == 0 || *n_pages == max_pages) break;
        cqsim_buf_clear(&state);
        cqsim_put(&state, h.state.p, h.state.n);
    }
    cqsim_buf_fini(&state);
    cqsim_buf_fini(&body);
    return n_rows;
}
