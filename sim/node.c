/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection machine (node.h): bytes -> jobs -> answers -> bytes. Input is walked as bare
 * envelopes until v5's segments begin; a STARTUP holds the parser until it is answered, because it
 * decides what the bytes behind it are.
 */
#include "sim/node.h"

#include "sim/reply.h"
#include "sim/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEEP = 4 << 10 }; /* of an empty buffer */

static void put_garbage(struct cqsim_conn *conn)
{
    const char *kind = conn->cluster->faults.garbage;
    const char *text = kind;
    if (strcmp(kind, "ssh") == 0) text = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n";
    if (strcmp(kind, "http") == 0)
        text = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
               "Content-Length: 12\r\n\r\nBad Request\n";
    cqsim_put(&conn->out, text, strlen(text));
}

struct cqsim_conn *cqsim_conn_new(struct cqsim_cluster *c, uint64_t now_ms)
{
    struct cqsim_conn *conn = cqsim_alloc(sizeof *conn);
    conn->cluster = c;
    conn->work = c->work;
    conn->packer.memo = &c->work->memo;
    conn->number = c->n_connections++;
    c->n_open++;
    conn->rng = cqsim_rng_for(c->config->seed, c->index, conn->number);
    conn->started_ms = conn->credit_at_ms = now_ms;
    conn->deaf = c->faults.silent || c->faults.garbage != NULL;
    if (c->faults.connections > 0 && c->n_open > c->faults.connections) {
        conn->end = CQSIM_RESET;
        conn->deaf = true;
    }
    if (c->faults.garbage != NULL && strcmp(c->faults.garbage, "http") != 0) put_garbage(conn);
    return conn;
}

void cqsim_conn_free(struct cqsim_conn *conn)
{
    struct cqsim_cluster *c = conn->cluster;
    c->n_open--;
    cqsim_counts_add(&c->total, &conn->counts);
    if (c->kept == NULL) c->kept = cqsim_alloc(CQSIM_MAX_KEPT * sizeof *c->kept);
    if (conn->number < CQSIM_MAX_KEPT) c->kept[conn->number] = conn->counts;
    for (size_t i = 0; i < conn->n_jobs; i++)
        free(conn->jobs[conn->first_job + i].body);
    free(conn->jobs);
    cqsim_buf_fini(&conn->in);
    cqsim_buf_fini(&conn->joined);
    cqsim_buf_fini(&conn->stuck);
    cqsim_buf_fini(&conn->packer.whole);
    cqsim_buf_fini(&conn->out);
    free(conn);
}

static bool is_idle(const struct cqsim_conn *conn)
{
    return conn->n_jobs == 0 && cqsim_buf_len(&conn->out) == 0 && cqsim_buf_len(&conn->in) == 0 &&
           cqsim_buf_len(&conn->joined) == 0;
}

static void add_job(struct cqsim_conn *conn, const struct cqsim_envelope *e, uint64_t now_ms)
{
    if (conn->first_job > 0 && conn->first_job + conn->n_jobs == conn->cap_jobs) {
        memmove(conn->jobs, conn->jobs + conn->first_job, conn->n_jobs * sizeof *conn->jobs);
        conn->first_job = 0;
    }
    if (conn->first_job + conn->n_jobs == conn->cap_jobs) {
        conn->cap_jobs = conn->cap_jobs ? 2 * conn->cap_jobs : 8;
        conn->jobs = cqsim_grow(conn->jobs, conn->cap_jobs * sizeof *conn->jobs);
    }
    struct cqsim_job *job = &conn->jobs[conn->first_job + conn->n_jobs++];
    *job = (struct cqsim_job){.due_ms = now_ms + conn->cluster->faults.latency_ms,
                              .version = e->version & 0x7f,
                              .flags = e->flags,
                              .opcode = e->opcode,
                              .stream = e->stream};
    struct cqsim_slice body = e->body;
    if ((e->flags & CQSIM_FLAG_COMPRESSED) && job->version < 5) {
        cqsim_buf_clear(&conn->work->scratch);
        cqsim_body_unpack(body, &conn->work->scratch);
        body = cqsim_buf_slice(&conn->work->scratch);
    }
    job->n_body = body.n;
    job->body = cqsim_alloc(body.n + 1);
    if (body.n > 0) memcpy(job->body, body.p, body.n);
    if (e->opcode < CQSIM_N_OPCODES) conn->counts.requests[e->opcode]++;
}

/* The fault huge_body: the header's length is not the body's. */
static bool is_huge(const struct cqsim_buf *answer)
{
    const uint8_t *p = cqsim_buf_head(answer);
    return cqsim_buf_len(answer) >= CQSIM_HEADER && p[5] >= CQSIM_HUGE_BODY >> 24;
}

/* An envelope that stands in conn->work->answer goes out, bare or by the packer. */
static void put_answer(struct cqsim_conn *conn, bool spoil)
{
    if (!conn->segments) {
        cqsim_put(&conn->out, cqsim_buf_head(&conn->work->answer),
                  cqsim_buf_len(&conn->work->answer));
        return;
    }
    if (is_huge(&conn->work->answer))
        cqsim_packer_cut(&conn->packer, cqsim_buf_slice(&conn->work->answer), &conn->out);
    else
        cqsim_packer_add(&conn->packer, cqsim_buf_slice(&conn->work->answer), &conn->out);
    if (!spoil) return;
    cqsim_packer_flush(&conn->packer, &conn->out);
    conn->out.p[conn->out.end - 1] ^= 0x40;
}

/* An error that belongs to no request; v1 and v2 have a header of eight bytes. */
static void put_error(struct cqsim_conn *conn, unsigned asked_version,
                      const struct cqsim_envelope *header, const struct cqsim_error *error)
{
    struct cqsim_envelope e = *header;
    struct cqsim_buf *b = &conn->work->answer;
    conn->counts.errors++;
    struct cqsim_buf *body = &conn->work->scratch;
    cqsim_buf_clear(body);
    cqsim_buf_clear(b);
    cqsim_error_body(error, body);
    e.body = cqsim_buf_slice(body);
    if (asked_version != 1 && asked_version != 2) {
        cqsim_envelope_put(b, &e);
    } else {
        cqsim_put_u8(b, 0x80 | asked_version);
        cqsim_put_u16(b, 0);
        cqsim_put_u8(b, CQSIM_OP_ERROR);
        cqsim_put_bytes(b, e.body);
    }
    put_answer(conn, false);
}

/* How each line goes on after an error about the version (measured): 5.0 resets what speaks v1 or
   v2, 3.x and 4.0 repeat the error whatever comes, 4.1 and 5.0 forget it. */
static void refuse_version(struct cqsim_conn *conn, unsigned asked_version,
                           const struct cqsim_envelope *header, const struct cqsim_error *error)
{
    enum cqsim_line line = conn->cluster->release->line;
    if (line >= CQSIM_50 && asked_version < 3) {
        conn->end = CQSIM_RESET;
        conn->deaf = true;
        return;
    }
    put_error(conn, asked_version, header, error);
    if (line > CQSIM_40 || conn->version != 0) return;
    cqsim_put(&conn->stuck, cqsim_buf_head(&conn->work->answer),
              cqsim_buf_len(&conn->work->answer));
}

/* Until READY one request at a time is taken up; later all that are there. */
static bool may_parse(const struct cqsim_conn *conn)
{
    return conn->state == CQSIM_READY || conn->n_jobs == 0;
}

static void parse_envelopes(struct cqsim_conn *conn, struct cqsim_buf *from, uint64_t now_ms)
{
    struct cqsim_envelope e, header;
    struct cqsim_error error = {0};
    size_t used;
    while (may_parse(conn) && cqsim_buf_len(from) >= 4) {
        const uint8_t *p = cqsim_buf_head(from);
        e = (struct cqsim_envelope){.version = p[0], .flags = p[1]};
        e.stream = (int16_t)(p[2] << 8 | p[3]);
        if (!cqsim_check_version(conn, &e, &header, &error)) {
            refuse_version(conn, e.version & 0x7f, &header, &error);
            cqsim_buf_clear(from);
            return;
        }
        if (cqsim_envelope_next(cqsim_buf_slice(from), &e, &used) != 1) return;
        add_job(conn, &e, now_ms);
        cqsim_buf_eat(from, used);
        if (conn->state != CQSIM_READY) return;
    }
}

/* A checksum that does not hold: an error in the servers' words, then a reset. */
static void corrupt(struct cqsim_conn *conn, const struct cqsim_segment *seg, bool in_header)
{
    struct cqsim_error error = {.code = CQSIM_E_PROTOCOL};
    struct cqsim_envelope header = {.version = 0x80 | conn->version, .opcode = CQSIM_OP_ERROR};
    snprintf(error.text, sizeof error.text,
             "%08x invalid, unrecoverable CRC mismatch detected in frame %s. Read %d, Computed %d",
             (unsigned)cqsim_rng_next(&conn->rng), in_header ? "header" : "body", (int)seg->read,
             (int)seg->computed);
    put_error(conn, conn->version, &header, &error);
    conn->end = CQSIM_RESET;
    conn->deaf = true;
}

static void parse_segments(struct cqsim_conn *conn, uint64_t now_ms)
{
    struct cqsim_segment seg;
    size_t used;
    while (!conn->deaf) {
        parse_envelopes(conn, &conn->joined, now_ms);
        if (!may_parse(conn)) return;
        enum cqsim_segment_result got = cqsim_segment_next(cqsim_buf_slice(&conn->in), conn->lz4,
                                                           &conn->work->scratch, &seg, &used);
        if (got == CQSIM_SEGMENT_MORE) return;
        if (got != CQSIM_SEGMENT_ONE) {
            corrupt(conn, &seg, got == CQSIM_SEGMENT_BAD_HEADER);
            return;
        }
        cqsim_put(&conn->joined, seg.payload.p, seg.payload.n);
        cqsim_buf_eat(&conn->in, used);
    }
}

static void parse(struct cqsim_conn *conn, uint64_t now_ms)
{
    if (cqsim_buf_len(&conn->stuck) > 0 && cqsim_buf_len(&conn->in) > 0)
        cqsim_put(&conn->out, cqsim_buf_head(&conn->stuck), cqsim_buf_len(&conn->stuck));
    if (conn->deaf || cqsim_buf_len(&conn->stuck) > 0) {
        cqsim_buf_clear(&conn->in);
        return;
    }
    if (conn->segments)
        parse_segments(conn, now_ms);
    else
        parse_envelopes(conn, &conn->in, now_ms);
}

static void put_event(struct cqsim_conn *conn)
{
    struct cqsim_envelope e = {
        .version = 0x80 | conn->version, .stream = -1, .opcode = CQSIM_OP_EVENT};
    struct cqsim_buf *body = &conn->work->scratch;
    cqsim_buf_clear(body);
    cqsim_put_string(body, "SCHEMA_CHANGE");
    cqsim_put_string(body, "UPDATED");
    cqsim_put_string(body, "TABLE");
    cqsim_put_string(body, "ref_ks00");
    cqsim_put_string(body, "table_00");
    e.body = cqsim_buf_slice(body);
    cqsim_buf_clear(&conn->work->answer);
    cqsim_envelope_put(&conn->work->answer, &e);
    conn->counts.events++;
}

/* The body stands in answer behind room for its header. */
static void finish_envelope(struct cqsim_conn *conn, const struct cqsim_job *job,
                            const struct cqsim_reply *reply, bool lz4_body)
{
    struct cqsim_buf *answer = &conn->work->answer, *packed = &conn->work->scratch;
    struct cqsim_envelope e = {.version = 0x80 | job->version,
                               .flags = reply->flags,
                               .stream = reply->stream_0 ? 0 : job->stream,
                               .opcode = reply->opcode};
    if (lz4_body) {
        struct cqsim_slice body = {answer->p + CQSIM_HEADER, answer->end - CQSIM_HEADER};
        cqsim_buf_clear(packed);
        cqsim_body_pack(body, &conn->work->memo, packed);
        answer->end = CQSIM_HEADER;
        cqsim_put(answer, cqsim_buf_head(packed), cqsim_buf_len(packed));
        e.flags |= CQSIM_FLAG_COMPRESSED;
    }
    bool huge = conn->cluster->faults.huge_body && job->opcode == CQSIM_OP_QUERY;
    uint32_t n = (uint32_t)(answer->end - CQSIM_HEADER);
    cqsim_header_write(answer->p, &e, huge ? CQSIM_HUGE_BODY : n);
}

static void answer_job(struct cqsim_conn *conn, const struct cqsim_job *job)
{
    struct cqsim_reply reply;
    struct cqsim_buf *answer = &conn->work->answer;
    bool was_ready = conn->state == CQSIM_READY;
    cqsim_buf_clear(answer);
    cqsim_buf_space(answer, CQSIM_HEADER);
    answer->end = CQSIM_HEADER;
    cqsim_reply(conn, job, answer, &reply);
    bool refused = !was_ready && reply.opcode == CQSIM_OP_ERROR && conn->version == 0;
    finish_envelope(conn, job, &reply, conn->lz4 && job->version < 5 && !refused);
    put_answer(conn, conn->cluster->faults.bad_crc && reply.opcode == CQSIM_OP_RESULT);
    if (reply.reset_after) {
        conn->end = CQSIM_RESET;
        conn->deaf = true;
    }
    if (reply.segments_after) {
        cqsim_packer_flush(&conn->packer, &conn->out);
        conn->segments = true;
    }
    if (conn->cluster->faults.events && conn->state == CQSIM_READY && was_ready) {
        put_event(conn);
        put_answer(conn, false);
    }
}

/* The fault held: what was asked stays asked. */
static bool is_held(const struct cqsim_conn *conn)
{
    return conn->cluster->faults.held && conn->state == CQSIM_READY;
}

/* Of the jobs that are due one is taken: the first, or once READY any. */
static bool take_job(struct cqsim_conn *conn, uint64_t now_ms, struct cqsim_job *out)
{
    struct cqsim_job *jobs = conn->jobs + conn->first_job;
    size_t n = 0;
    if (is_held(conn)) return false;
    while (n < conn->n_jobs && jobs[n].due_ms <= now_ms)
        n++;
    if (n == 0) return false;
    bool shuffle = conn->state == CQSIM_READY && !conn->cluster->config->in_order;
    size_t i = shuffle ? cqsim_rng_below(&conn->rng, n) : 0;
    *out = jobs[i];
    jobs[i] = jobs[0];
    conn->first_job++;
    conn->n_jobs--;
    if (conn->n_jobs == 0) conn->first_job = 0;
    return true;
}

static void advance(struct cqsim_conn *conn, uint64_t now_ms)
{
    struct cqsim_job job;
    parse(conn, now_ms);
    while (cqsim_buf_len(&conn->out) < CQSIM_HIGH_WATER && take_job(conn, now_ms, &job)) {
        answer_job(conn, &job);
        free(job.body);
        parse(conn, now_ms);
    }
    if (conn->segments) cqsim_packer_flush(&conn->packer, &conn->out);
}

void cqsim_conn_feed(struct cqsim_conn *conn, struct cqsim_slice in, uint64_t now_ms)
{
    if (in.n > 0 && is_idle(conn)) conn->counts.waits++;
    conn->counts.bytes_in += in.n;
    const char *garbage = conn->cluster->faults.garbage;
    if (garbage != NULL && strcmp(garbage, "http") == 0 && conn->end == CQSIM_OPEN) {
        put_garbage(conn);
        conn->end = CQSIM_CLOSE;
    }
    cqsim_put(&conn->in, in.p, in.n);
    advance(conn, now_ms);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

struct cqsim_slice cqsim_conn_pending(struct cqsim_conn *conn, uint64_t now_ms)
{
    advance(conn, now_ms);
    struct cqsim_slice s = cqsim_buf_slice(&conn->out);
    s.n = cqsim_shape(conn, s.n, now_ms);
    return s;
}

void cqsim_conn_sent(struct cqsim_conn *conn, size_t n)
{
    cqsim_buf_eat(&conn->out, n);
    cqsim_buf_trim(&conn->out, KEEP);
    conn->n_sent += n;
    if (conn->cluster->faults.bandwidth > 0) conn->credit -= least(conn->credit, n);
    conn->counts.bytes_out += n;
    conn->piece = 0;
}

enum cqsim_end cqsim_conn_end(const struct cqsim_conn *conn)
{
    return conn->end;
}

uint64_t cqsim_conn_deadline(const struct cqsim_conn *conn, uint64_t now_ms)
{
    uint64_t at = UINT64_MAX;
    /* where much waits to be sent no job is taken: its time, which is past, would be no time */
    if (conn->n_jobs > 0 && !is_held(conn) && cqsim_buf_len(&conn->out) < CQSIM_HIGH_WATER)
        at = conn->jobs[conn->first_job].due_ms;
    if (cqsim_buf_len(&conn->out) > 0) at = least(at, cqsim_shape_deadline(conn, now_ms));
    return at;
}
