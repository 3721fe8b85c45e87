/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in's answers (tests/replay/standin.h). */
#include "replay/standin.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/cql.h"
#include "proto/envelope.h"
#include "proto/lz4.h"
#include "proto/segment.h"
#include "proto/wire.h"

enum { BIG = 64 << 20 };

void standin_init(struct standin *s, const struct recording *rec)
{
    *s = (struct standin){.rec = rec, .random = 1};
    s->v5 = rec->has_v5;
    cq_buf_init(&s->in, &cq_mem_libc, BIG);
    cq_buf_init(&s->out, &cq_mem_libc, BIG);
    cq_buf_init(&s->answers, &cq_mem_libc, BIG);
    cq_buf_init(&s->body, &cq_mem_libc, BIG);
    cq_buf_init(&s->packed, &cq_mem_libc, BIG);
    standin_connect(s);
}

void standin_fini(struct standin *s)
{
    cq_buf_fini(&s->in);
    cq_buf_fini(&s->out);
    cq_buf_fini(&s->answers);
    cq_buf_fini(&s->body);
    cq_buf_fini(&s->packed);
}

void standin_connect(struct standin *s)
{
    cq_buf_clear(&s->in);
    cq_buf_clear(&s->out);
    cq_buf_clear(&s->answers);
    s->n_answers = 0;
    s->version = 4;
    s->started = s->segmented = s->compressed = s->burst_open = false;
}

/* One envelope into answers, from s->body. */
static void answer(struct standin *s, int version, int stream, int opcode)
{
    cq_bytes body = cq_buf_view(&s->body);
    int flags = 0;

    if (s->compressed && version == 4) {
        cq_buf_clear(&s->packed);
        cql_write_u32(&s->packed, (uint32_t)body.n);
        cql_lz4_pack(body, &s->packed);
        body = cq_buf_view(&s->packed);
        flags = CQL_FLAG_COMPRESSED;
    }
    cql_write_u8(&s->answers, (unsigned)version | 0x80);
    cql_write_u8(&s->answers, (unsigned)flags);
    cql_write_u16(&s->answers, (unsigned)stream);
    cql_write_u8(&s->answers, (unsigned)opcode);
    cql_write_u32(&s->answers, (uint32_t)body.n);
    cq_buf_put(&s->answers, body.p, body.n);
    assert(s->n_answers < 128);
    s->ends[s->n_answers++] = s->answers.n;
}

static void error(struct standin *s, int stream, int code, cq_bytes text)
{
    cq_buf_clear(&s->body);
    cql_write_u32(&s->body, (uint32_t)code);
    cql_write_string(&s->body, text);
    answer(s, s->version, stream, CQL_ERROR);
}

static void list(struct cq_buf *b, const char *key, const char *const *values, unsigned n)
{
    cql_write_string(b, cq_str(key));
    cql_write_u16(b, n);
    for (unsigned i = 0; i < n; i++)
        cql_write_string(b, cq_str(values[i]));
}

static void supported(struct standin *s, int stream)
{
    static const char *const versions[] = {"3/v3", "4/v4", "5/v5", "6/v6-beta"};
    static const char *const beta[] = {"3/v3", "4/v4", "5/v5-beta"};
    static const char *const compressions[] = {"snappy", "lz4"}, *const cql[] = {"3.4.5"};

    cq_buf_clear(&s->body);
    cql_write_u16(&s->body, 3);
    if (s->v5)
        list(&s->body, "PROTOCOL_VERSIONS", versions, 4);
    else
        list(&s->body, "PROTOCOL_VERSIONS", beta, 3);
    list(&s->body, "COMPRESSION", compressions, s->lz4 || s->refuse_compression ? 2 : 1);
    list(&s->body, "CQL_VERSION", cql, 1);
    answer(s, 4, stream, CQL_SUPPORTED);
}

static bool holds(cq_bytes b, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i + n <= b.n; i++)
        if (memcmp(b.p + i, word, n) == 0) return true;
    return false;
}

static void startup(struct standin *s, const struct cql_header *h, cq_bytes body)
{
    bool lz4 = holds(body, "COMPRESSION") && holds(body, "lz4");

    s->version = h->version;
    if (lz4 && s->refuse_compression) {
        error(s, h->stream, CQL_ERR_PROTOCOL,
              CQ_LIT("Cql request had unsupported headers Compression"));
        return;
    }
    if (h->version == 5 && s->refuses_v5) { /* in the words of 3.11 */
        s->version = 4;
        error(s, h->stream, CQL_ERR_PROTOCOL,
              CQ_LIT("Beta version of the protocol used (5/v5-beta), but USE_BETA flag is unset"));
        return;
    }
    cq_buf_clear(&s->body);
    if (s->authenticator) cql_write_string(&s->body, cq_str(s->authenticator));
    answer(s, s->version, h->stream, s->authenticator ? CQL_AUTHENTICATE : CQL_READY);
    s->started = true;
    s->compressed = lz4;
}

static void login(struct standin *s, int stream, cq_bytes body)
{
    struct cql_reader r = cql_reader_of(body);
    cq_bytes token = cql_read_bytes(&r);
    size_t n = s->token_bytes;

    cq_buf_clear(&s->body);
    if (s->challenges || (s->dse && cq_eq(token, CQ_LIT("PLAIN")))) {
        cql_write_bytes(&s->body, CQ_LIT("PLAIN-START"));
        answer(s, s->version, stream, CQL_AUTH_CHALLENGE);
    } else if (!s->token ? token.p && token.n == 0
                         : token.n == n + 1 && memcmp(token.p + 1, s->token, n) == 0) {
        cql_write_bytes(&s->body, CQ_NULL);
        answer(s, s->version, stream, CQL_AUTH_SUCCESS);
    } else {
        error(s, stream, CQL_ERR_AUTH, CQ_LIT("Provided username x and/or password are incorrect"));
    }
}

static int table_of(cq_bytes text)
{
    for (int t = CQ_N_TABLES - 1; t >= 0; t--) {
        const char *name = cq_table_info((enum cq_table)t)->name;
        size_t n = strlen(name);

        for (size_t i = 0; i + n <= text.n; i++)
            if (memcmp(text.p + i, name, n) == 0 && (i + n == text.n || text.p[i + n] == ' '))
                return t;
    }
    return -1;
}

/* A page's place: how many rows came before it, and which of the empty pages it is. */
struct place {
    uint32_t table, row, empty;
};

static void put_row(struct standin *s, int t, size_t i)
{
    const struct recorded_table *table = &s->rec->tables[t];
    unsigned n = s->asked[t] - 1;
    cq_bytes row = table->rows[i], cell;

    if (t != CQ_T_LOCAL || n >= 8 || !s->versions[n]) {
        cq_buf_put(&s->body, row.p, row.n);
        return;
    }
    for (uint32_t c = 0; c < table->n_columns; c++) {
        struct cql_reader r = cql_reader_of(table->metadata);
        cq_bytes name = CQ_NULL;

        cql_read_string(&r);
        cql_read_string(&r);
        (void)name;
        cell = recording_cell(table, row, c);
        /* the only uuid besides host_id that stands behind it is schema_version */
        if (cell.n == 16 && c > 12) cell = (cq_bytes){s->versions[n], 16};
        cql_write_bytes(&s->body, cell);
    }
}

static void rows(struct standin *s, int stream, int t, uint32_t page_rows, struct place at)
{
    const struct recorded_table *table = &s->rec->tables[t];
    bool gone = t == CQ_T_LOCAL && s->rowless_from && s->asked[t] >= s->rowless_from;
    size_t all = gone ? 0 : table->n_rows, n = all - at.row;
    bool more;

    if (page_rows && n > page_rows) n = page_rows;
    if (at.empty) n = 0;
    more = at.row + n < all || s->never_ends;
    /* a count that is a multiple of the page size ends with an empty page, as real servers do */
    if (page_rows && n == page_rows && at.row + n == all) more = true;
    if (n > s->max_page) s->max_page = (unsigned)n;
    cq_buf_clear(&s->body);
    cql_write_u32(&s->body, CQL_RESULT_ROWS);
    cql_write_u32(&s->body, CQL_ROWS_GLOBAL_SPEC | (more ? (uint32_t)CQL_ROWS_MORE_PAGES : 0));
    cql_write_u32(&s->body, table->n_columns);
    if (more) {
        struct place next = {(uint32_t)t, at.row + (uint32_t)n, s->empty_pages};

        if (at.empty) next = (struct place){(uint32_t)t, at.row, at.empty - 1};
        if (s->never_ends) next.empty = at.empty + 1;
        if (s->repeats_state) next = at.row ? at : (struct place){(uint32_t)t, 1, 0};
        cql_write_bytes(&s->body, (cq_bytes){(const uint8_t *)&next, sizeof(next)});
    }
    cq_buf_put(&s->body, table->metadata.p, table->metadata.n);
    cql_write_u32(&s->body, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        put_row(s, t, at.row + i);
    if (s->truncate_table == (unsigned)t + 1) s->body.n -= 3;
    answer(s, s->version, stream, CQL_RESULT);
}

static void query(struct standin *s, int stream, cq_bytes body)
{
    struct cql_reader r = cql_reader_of(body);
    cq_bytes text = cql_read_long_string(&r), state = CQ_NULL;
    unsigned consistency = cql_read_u16(&r);
    unsigned flags = s->version == 5 ? cql_read_u32(&r) : cql_read_u8(&r);
    uint32_t page = flags & 4 ? cql_read_u32(&r) : 0;
    const struct standin_fault *f;
    struct place at = {0};
    int t = table_of(text);
    unsigned n;

    assert(t >= 0 && consistency == 1 && !r.bad);
    if (flags & 8)
        state = cql_read_bytes(&r);
    else if (s->empty_first)
        at.empty = 1;
    n = s->asked[t]++;
    f = &s->fault[t];
    if (s->silent_from[t] && n + 1 >= s->silent_from[t]) return;
    if (f->code && n >= f->from && (!f->times || n < f->from + f->times)) {
        error(s, stream, f->code - 1, cq_str(f->text));
        return;
    }
    if (s->rec->tables[t].error) {
        error(s, stream, s->rec->tables[t].error, s->rec->tables[t].error_text);
        return;
    }
    if (state.p) {
        assert(state.n == sizeof(at));
        memcpy(&at, state.p, sizeof(at));
        assert(at.table == (uint32_t)t);
    }
    rows(s, stream, t, s->page_rows ? s->page_rows : page, at);
}

static void request(struct standin *s, cq_bytes envelope)
{
    struct cql_header h = cql_header_read(envelope.p);
    cq_bytes body = {envelope.p + 9, h.length};
    uint8_t *plain = NULL;

    s->requests++;
    if (h.flags & CQL_FLAG_COMPRESSED && h.version == 4) {
        size_t n;
        cq_bytes block;
        int err = cql_lz4_body(body, &n, &block);

        assert(err == 0);
        plain = malloc(n + 1);
        if (n) err = cql_lz4_unpack(block, plain, n);
        assert(err == 0);
        body = (cq_bytes){plain, n};
    }
    if (h.opcode == CQL_OPTIONS)
        supported(s, h.stream);
    else if (h.opcode == CQL_STARTUP)
        startup(s, &h, body);
    else if (h.opcode == CQL_AUTH_RESPONSE)
        login(s, h.stream, body);
    else if (h.opcode == CQL_QUERY)
        query(s, h.stream, body);
    else
        assert(false && "a request that a crawl never makes");
    free(plain);
}

/* The answers made, in some order, out. */
static void flush(struct standin *s)
{
    unsigned order[128], n = s->n_answers;
    struct cq_buf all;

    if (!n) return;
    cq_buf_init(&all, &cq_mem_libc, BIG);
    for (unsigned i = 0; i < n; i++)
        order[i] = i;
    for (unsigned i = n; s->shuffle && i > 1; i--) {
        unsigned j, x;

        s->random = s->random * 1103515245u + 12345u + s->shuffle;
        j = (s->random >> 16) % i;
        x = order[i - 1];
        order[i - 1] = order[j];
        order[j] = x;
    }
    for (unsigned i = 0; i < n; i++) {
        size_t from = order[i] ? s->ends[order[i] - 1] : 0;

        cq_buf_put(&all, s->answers.p + from, s->ends[order[i]] - from);
    }
    if (s->segmented)
        cql_segments_put(&s->out, cq_buf_view(&all), s->compressed, true);
    else
        cq_buf_put(&s->out, all.p, all.n);
    cq_buf_fini(&all);
    cq_buf_clear(&s->answers);
    s->n_answers = 0;
    s->burst_open = false;
}

static void envelopes(struct standin *s, struct cq_buf *from)
{
    for (;;) {
        cq_bytes b = cq_buf_view(from);
        size_t n;

        if (b.n < 9) return;
        n = 9 + (size_t)cql_header_read(b.p).length;
        if (b.n < n) return;
        request(s, (cq_bytes){b.p, n});
        cq_buf_consume(from, n);
        if (s->started && s->version == 5 && !s->segmented) {
            flush(s);
            s->segmented = true;
        }
    }
}

static void segments(struct standin *s)
{
    size_t head = cql_segment_header_bytes(s->compressed);
    struct cq_buf plain;

    cq_buf_init(&plain, &cq_mem_libc, BIG);
    for (;;) {
        cq_bytes b = cq_buf_view(&s->in);
        struct cql_segment g;
        uint8_t *room;

        if (b.n < head || cql_segment_read(&g, b.p, s->compressed) || b.n < cql_segment_bytes(&g))
            break;
        room = cq_buf_room(&plain, g.plain + g.wire);
        if (g.stored)
            memcpy(room, b.p + head, g.wire);
        else
            cql_lz4_unpack((cq_bytes){b.p + head, g.wire}, room, g.plain);
        plain.n += g.stored ? g.wire : g.plain;
        cq_buf_consume(&s->in, cql_segment_bytes(&g));
        envelopes(s, &plain);
    }
    cq_buf_fini(&plain);
}

void standin_feed(struct standin *s, cq_bytes b)
{
    if (!b.n) return;
    if (!s->burst_open) s->bursts++;
    s->burst_open = true;
    s->bytes_in += b.n;
    cq_buf_put(&s->in, b.p, b.n);
    if (s->segmented)
        segments(s);
    else
        envelopes(s, &s->in);
    flush(s);
}

cq_bytes standin_pending(struct standin *s)
{
    return cq_buf_view(&s->out);
}

void standin_sent(struct standin *s, size_t n)
{
    s->bytes_out += n;
    cq_buf_consume(&s->out, n);
}
