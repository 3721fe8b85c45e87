/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads recorded conversations (recording.h). A stream is walked envelope by envelope: bare ones
 * until READY or AUTHENTICATE in version 5, segments after it; whether those are lz4's is told by
 * which of the two header checksums holds.
 */
#include "sim/recording.h"

#include "sim/envelope.h"
#include "sim/segment.h"
#include "sim/statement.h"

#include <stdlib.h>
#include <string.h>

/* What was asked on each stream of the recorded client. */
struct asked {
    struct cqsim_recording *rec;
    struct cqsim_statement by_stream[CQSIM_MAX_RECORDED];
};

static void plain_body(const struct cqsim_envelope *e, struct cqsim_buf *scratch,
                       struct cqsim_envelope *out)
{
    *out = *e;
    if ((e->flags & CQSIM_FLAG_COMPRESSED) == 0 || (e->version & 0x7f) >= 5) return;
    cqsim_buf_clear(scratch);
    cqsim_body_unpack(e->body, scratch);
    out->body = cqsim_buf_slice(scratch);
}

static bool each_bare(struct cqsim_slice *in, cqsim_on_envelope fn, void *arg, bool until_ready)
{
    struct cqsim_buf scratch = {0};
    struct cqsim_envelope e, plain;
    size_t used;
    bool ready = false;
    while (!ready && cqsim_envelope_next(*in, &e, &used) == 1) {
        plain_body(&e, &scratch, &plain);
        fn(arg, &plain);
        in->p += used;
        in->n -= used;
        ready = until_ready && (e.version & 0x7f) >= 5 &&
                (e.opcode == CQSIM_OP_READY || e.opcode == CQSIM_OP_AUTHENTICATE ||
                 e.opcode == CQSIM_OP_STARTUP);
    }
    cqsim_buf_fini(&scratch);
    return ready;
}

static bool is_lz4_segment(struct cqsim_slice in)
{
    if (in.n < 8) return false;
    uint32_t crc = (uint32_t)in.p[5] | (uint32_t)in.p[6] << 8 | (uint32_t)in.p[7] << 16;
    return cqsim_crc24((struct cqsim_slice){in.p, 5}) == crc;
}

bool cqsim_each_envelope(struct cqsim_slice in, cqsim_on_envelope fn, void *arg)
{
    if (!each_bare(&in, fn, arg, true)) return in.n == 0;
    struct cqsim_buf scratch = {0}, joined = {0};
    struct cqsim_segment seg;
    size_t used;
    bool lz4 = is_lz4_segment(in);
    while (cqsim_segment_next(in, lz4, &scratch, &seg, &used) == CQSIM_SEGMENT_ONE) {
        in.p += used;
        in.n -= used;
        cqsim_put(&joined, seg.payload.p, seg.payload.n);
        struct cqsim_slice whole = cqsim_buf_slice(&joined);
        size_t before = whole.n;
        each_bare(&whole, fn, arg, false);
        cqsim_buf_eat(&joined, before - whole.n);
    }
    bool clean = in.n == 0 && cqsim_buf_len(&joined) == 0;
    cqsim_buf_fini(&scratch);
    cqsim_buf_fini(&joined);
    return clean;
}

static void note_request(void *arg, const struct cqsim_envelope *e)
{
    struct asked *asked = arg;
    if (e->opcode != CQSIM_OP_QUERY || e->stream < 0 || e->stream >= CQSIM_MAX_RECORDED) return;
    struct cqsim_reader r = cqsim_reader(e->body);
    struct cqsim_error error;
    cqsim_statement_parse(cqsim_get_long_string(&r), &asked->by_stream[e->stream], &error);
}

static struct cqsim_table *new_table(struct cqsim_recording *rec, struct cqsim_slice keyspace,
                                     struct cqsim_slice name)
{
    char ks[CQSIM_MAX_NAME], table[CQSIM_MAX_NAME];
    cqsim_copy_text(ks, sizeof ks, keyspace);
    cqsim_copy_text(table, sizeof table, name);
    struct cqsim_table *t = cqsim_recording_find(rec, ks, table);
    if (t != NULL) return t;
    if (rec->n_tables == CQSIM_MAX_RECORDED) return NULL;
    t = &rec->tables[rec->n_tables++];
    *t = (struct cqsim_table){0};
    memcpy(t->keyspace, ks, sizeof ks);
    memcpy(t->name, table, sizeof table);
    return t;
}

/* A type option of system tables: a plain id, or a collection of plain ids. */
static struct cqsim_slice take_option(struct cqsim_reader *r)
{
    const uint8_t *from = r->p;
    unsigned id = cqsim_get_u16(r);
    unsigned n_more = id == 0x21 ? 2 : id == 0x20 || id == 0x22 ? 1 : 0;
    for (unsigned i = 0; i < n_more; i++)
        if (cqsim_get_u16(r) >= 0x20) r->bad = true;
    return (struct cqsim_slice){from, (size_t)(r->p - from)};
}

static void read_rows(struct cqsim_recording *rec, struct cqsim_slice body)
{
    struct cqsim_reader r = cqsim_reader(body);
    if (cqsim_get_u32(&r) != 2) return;
    uint32_t flags = cqsim_get_u32(&r);
    uint32_t n_columns = cqsim_get_u32(&r);
    if (flags & 2) cqsim_get_bytes(&r);
    if ((flags & 1) == 0) return;
    struct cqsim_slice ks = cqsim_get_string(&r), name = cqsim_get_string(&r);
    struct cqsim_table *t = r.bad ? NULL : new_table(rec, ks, name);
    if (t == NULL) return;
    bool first = t->n_columns == 0;
    for (uint32_t i = 0; i < n_columns && !r.bad; i++) {
        char column[CQSIM_MAX_NAME];
        cqsim_copy_text(column, sizeof column, cqsim_get_string(&r));
        struct cqsim_slice option = take_option(&r);
        if (first) cqsim_table_add(t, column, option.p, option.n);
    }
    uint32_t n_rows = cqsim_get_u32(&r);
    for (uint32_t i = 0; i < n_rows && !r.bad; i++) {
        const uint8_t *from = r.p;
        for (uint32_t c = 0; c < n_columns; c++)
            cqsim_get_bytes(&r);
        if (!r.bad) cqsim_rows_add(&t->rows, (struct cqsim_slice){from, (size_t)(r.p - from)});
    }
}

static void note_answer(void *arg, const struct cqsim_envelope *e)
{
    struct asked *asked = arg;
    struct cqsim_recording *rec = asked->rec;
    rec->version = e->version & 0x7f;
    if (e->opcode == CQSIM_OP_SUPPORTED && cqsim_buf_len(&rec->supported) == 0)
        cqsim_put(&rec->supported, e->body.p, e->body.n);
    if (e->opcode == CQSIM_OP_RESULT) read_rows(rec, e->body);
    if (e->opcode != CQSIM_OP_ERROR || e->stream < 0 || e->stream >= CQSIM_MAX_RECORDED) return;
    const struct cqsim_statement *st = &asked->by_stream[e->stream];
    if (st->keyspace[0] == 0) return;
    struct cqsim_table *t = new_table(rec, cqsim_text(st->keyspace), cqsim_text(st->table));
    if (t == NULL) return;
    struct cqsim_reader r = cqsim_reader(e->body);
    t->error = cqsim_get_u32(&r);
    cqsim_copy_text(t->error_text, sizeof t->error_text, cqsim_get_string(&r));
}

bool cqsim_recording_read(struct cqsim_recording *rec, struct cqsim_slice server,
                          struct cqsim_slice client)
{
    struct asked *asked = cqsim_alloc(sizeof *asked);
    asked->rec = rec;
    bool ok = client.n == 0 || cqsim_each_envelope(client, note_request, asked);
    ok = ok && cqsim_each_envelope(server, note_answer, asked) && rec->n_tables > 0;
    free(asked);
    return ok;
}

void cqsim_recording_fini(struct cqsim_recording *rec)
{
    cqsim_buf_fini(&rec->supported);
    for (size_t i = 0; i < rec->n_tables; i++)
        cqsim_table_fini(&rec->tables[i]);
    rec->n_tables = 0;
}

struct cqsim_table *cqsim_recording_find(struct cqsim_recording *rec, const char *keyspace,
                                         const char *name)
{
    for (size_t i = 0; i < rec->n_tables; i++)
        if (strcmp(rec->tables[i].keyspace, keyspace) == 0 &&
            strcmp(rec->tables[i].name, name) == 0)
            return &rec->tables[i];
    return NULL;
}
