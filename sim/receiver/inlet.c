/* SPDX-License-Identifier: Apache-2.0 */
/* Requests in, answers out, and what the script does to both (inlet.h). */
#include "sim/receiver/inlet.h"

#include "sim/receiver/queries.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_WAITING = 256 << 10, READ_MOST = 64 << 10, SLOW_TICK_MS = 20 };

static void advance(struct cqsim_inlet *c, struct cqsim_slice *in);

struct cqsim_inlet *cqsim_inlet_new(struct cqsim_receiver *receiver)
{
    struct cqsim_inlet *c = cqsim_alloc(sizeof *c);
    c->receiver = receiver;
    receiver->counts.connections++;
    receiver->counts.open++;
    return c;
}

static void leave(struct cqsim_inlet *c)
{
    if (c->is_post) c->receiver->counts.in_flight--;
    c->is_post = false;
}

void cqsim_inlet_free(struct cqsim_inlet *c)
{
    leave(c);
    c->receiver->counts.open--;
    cqsim_http_fini(&c->http);
    cqsim_unpack_fini(&c->unpack);
    cqsim_buf_fini(&c->in);
    cqsim_buf_fini(&c->body);
    cqsim_buf_fini(&c->out);
    free(c);
}

static void put_text(struct cqsim_buf *b, const char *text)
{
    cqsim_put(b, text, strlen(text));
}

static const char *reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *text;
    } list[] = {{200, "OK"},
                {204, "No Content"},
                {307, "Temporary Redirect"},
                {400, "Bad Request"},
                {401, "Unauthorized"},
                {403, "Forbidden"},
                {404, "Not Found"},
                {413, "Content Too Large"},
                {415, "Unsupported Media Type"},
                {422, "Unprocessable Content"},
                {429, "Too Many Requests"},
                {500, "Internal Server Error"},
                {502, "Bad Gateway"},
                {503, "Service Unavailable"}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i].status == status) return list[i].text;
    return "Simulated";
}

static void put_fields(struct cqsim_inlet *c, unsigned status)
{
    char text[128], date[64];
    const struct cqsim_step *f = c->fault;
    if (status == 401) put_text(&c->out, "WWW-Authenticate: Bearer, Basic realm=\"cqlsim\"\r\n");
    if (c->close_after) put_text(&c->out, "Connection: close\r\n");
    if (f == NULL) return;
    if (f->has_retry) {
        time_t at = (time_t)(c->receiver->wall_s + f->retry_s);
        struct tm tm;
        gmtime_r(&at, &tm);
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        snprintf(text, sizeof text, "%" PRIu64, f->retry_s);
        put_text(&c->out, "Retry-After: ");
        put_text(&c->out, f->retry_date ? date : text);
        put_text(&c->out, "\r\n");
    }
    if (f->location[0] == 0) return;
    put_text(&c->out, "Location: ");
    put_text(&c->out, f->location);
    put_text(&c->out, "\r\n");
}

static void put_huge(struct cqsim_buf *b, uint64_t n)
{
    uint8_t *p = cqsim_buf_space(b, (size_t)n);
    memset(p, 'x', (size_t)n);
    b->end += (size_t)n;
}

/* Puts a whole answer into the output; the fault of the request decides what becomes of it. */
static void answer(struct cqsim_inlet *c, unsigned status, const char *type,
                   struct cqsim_slice text)
{
    char line[160];
    const struct cqsim_step *f = c->fault;
    uint64_t n = f != NULL && f->huge > 0 ? f->huge : text.n;
    bool cut = f != NULL && f->act == CQSIM_ACT_SHORT;
    if (cut) c->close_after = true;
    if (status == 204) n = 0;
    snprintf(line, sizeof line,
             "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %" PRIu64 "\r\n", status,
             reason(status), type, n + (cut ? 100 : 0));
    put_text(&c->out, line);
    put_fields(c, status);
    put_text(&c->out, "\r\n");
    if (f != NULL && f->huge > 0)
        put_huge(&c->out, n);
    else if (n > 0 && strcmp(c->http.request.method, "HEAD") != 0)
        cqsim_put(&c->out, text.p, text.n);
    c->receiver->counts.by_status[status < CQSIM_N_STATUS ? status : 0]++;
}

static void answer_text(struct cqsim_inlet *c, unsigned status, const char *text, uint64_t n_lines)
{
    char body[CQSIM_VERDICT_TEXT + 64];
    if (text[0] == 0)
        snprintf(body, sizeof body, "{\"accepted\":%" PRIu64 "}\n", n_lines);
    else
        snprintf(body, sizeof body, "{\"error\":\"%s\"}\n", text);
    answer(c, status, "application/json", cqsim_text(body));
}

static void begin_answer(struct cqsim_inlet *c)
{
    const struct cqsim_step *f = c->fault;
    c->answering = true;
    c->n_sent = 0;
    c->due_ms = c->receiver->now_ms + (f == NULL ? 0 : f->delay_ms);
    uint64_t slowest = f == NULL || f->slow == 0 ? 0 : c->begun_ms + c->n_body * 1000 / f->slow;
    if (slowest > c->due_ms) c->due_ms = slowest; /* what came with the head counts too */
}

static void stop(struct cqsim_inlet *c, enum cqsim_inlet_end end)
{
    c->deaf = true;
    c->end = end;
    cqsim_buf_clear(&c->in);
}

/* An answer that does not wait for the body: the rest of it is thrown away. */
static void answer_early(struct cqsim_inlet *c, struct cqsim_step *step, unsigned status)
{
    c->fault = step;
    c->close_after = true;
    begin_answer(c);
    answer_text(c, status, "answered before the body", 0);
    c->deaf = true;
}

static void begin_request(struct cqsim_inlet *c)
{
    const struct cqsim_request *request = &c->http.request;
    struct cqsim_receiver *r = c->receiver;
    c->is_post = strcmp(request->method, "POST") == 0;
    c->step = c->fault = NULL;
    c->n_body = 0;
    c->begun_ms = r->now_ms;
    c->close_after = request->close;
    cqsim_buf_clear(&c->body);
    c->known_coding = cqsim_unpack_begin(&c->unpack, request->encoding);
    if (request->expects) {
        r->counts.expects++;
        put_text(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (!c->is_post) {
        r->counts.others++;
        return;
    }
    r->counts.posts++;
    r->counts.chunked += request->chunked;
    r->counts.by_coding[c->unpack.coding]++;
    if (++r->counts.in_flight > r->counts.most_in_flight)
        r->counts.most_in_flight = r->counts.in_flight;
    c->step = cqsim_receiver_step(r);
    if (c->step != NULL && c->step->early && !cqsim_receiver_spares(r, request, c->step))
        answer_early(c, c->step, c->step->status);
    else if (r->config->max_body > 0 && request->length > r->config->max_body)
        answer_early(c, NULL, 413);
}

static void take_body(struct cqsim_inlet *c, struct cqsim_slice bytes)
{
    const struct cqsim_step *step = c->step;
    c->n_body += bytes.n;
    if (c->known_coding) cqsim_unpack_feed(&c->unpack, bytes, &c->body);
    uint64_t most = c->receiver->config->max_body;
    if (c->is_post && most > 0 && c->n_body > most) answer_early(c, NULL, 413);
    if (step == NULL || step->act != CQSIM_ACT_RESET_REQUEST || c->n_body < step->bytes) return;
    c->receiver->counts.unanswered++;
    stop(c, CQSIM_INLET_RESET);
}

/* What the script does to a request whose answer stands in the output. */
static void spoil(struct cqsim_inlet *c)
{
    static const char garbage[] = "220 mail.example ESMTP Postfix\r\n";
    if (c->fault == NULL) return;
    enum cqsim_act act = c->fault->act;
    if (act == CQSIM_ACT_RESET_ANSWER && c->fault->bytes == 0) act = CQSIM_ACT_RESET_REQUEST;
    if (act == CQSIM_ACT_ANSWER || act == CQSIM_ACT_RESET_ANSWER || act == CQSIM_ACT_SHORT) return;
    cqsim_buf_clear(&c->out);
    c->receiver->counts.unanswered++;
    if (act == CQSIM_ACT_RESET_REQUEST) stop(c, CQSIM_INLET_RESET);
    if (act == CQSIM_ACT_CLOSE) stop(c, CQSIM_INLET_CLOSE);
    if (act != CQSIM_ACT_GARBAGE) return;
    cqsim_put(&c->out, garbage, sizeof garbage - 1);
    c->close_after = true;
}

static void log_post(const struct cqsim_inlet *c, const struct cqsim_verdict *v)
{
    const struct cqsim_receiver *r = c->receiver;
    if (r->log == NULL) return;
    fprintf(r->log,
            "{\"ms\":%" PRIu64 ",\"status\":%u,\"step\":\"%s\",\"records\":%" PRIu64
            ",\"bytes\":%" PRIu64 ",\"wire\":%" PRIu64 ",\"key\":\"",
            r->now_ms - r->started_ms, v->status, v->step ? v->step->name : "", v->n_lines,
            (uint64_t)cqsim_buf_len(&c->body), c->n_body);
    for (const char *p = c->http.request.key; *p != 0; p++)
        if (*p != '"' && *p != '\\' && (uint8_t)*p >= ' ') fputc(*p, r->log);
    fputs("\"}\n", r->log);
    fflush(r->log);
}

static void finish_post(struct cqsim_inlet *c)
{
    struct cqsim_verdict v = {.status = 415, .text = "Content-Encoding: gzip, zstd or none"};
    if (c->known_coding)
        cqsim_receiver_judge(c->receiver, &c->http.request, c->n_body, cqsim_buf_slice(&c->body),
                             cqsim_unpack_done(&c->unpack), c->step, &v);
    c->fault = v.step;
    log_post(c, &v);
    begin_answer(c);
    answer_text(c, v.status, v.text, v.n_lines);
    spoil(c);
}

static void finish_other(struct cqsim_inlet *c)
{
    struct cqsim_buf text = {0};
    const char *type = "application/json";
    unsigned status =
        cqsim_query_answer(c->receiver, &c->http.request, cqsim_buf_slice(&c->body), &text, &type);
    begin_answer(c);
    answer(c, status, type, cqsim_buf_slice(&text));
    cqsim_buf_fini(&text);
}

static void advance(struct cqsim_inlet *c, struct cqsim_slice *in)
{
    while (!c->answering && !c->deaf) {
        struct cqsim_slice bytes;
        enum cqsim_http_event event = cqsim_http_next(&c->http, in, &bytes);
        if (event == CQSIM_HTTP_MORE) return;
        if (event == CQSIM_HTTP_HEAD) begin_request(c);
        if (event == CQSIM_HTTP_BODY) take_body(c, bytes);
        if (event == CQSIM_HTTP_END && c->is_post) finish_post(c);
        if (event == CQSIM_HTTP_END && !c->answering && !c->deaf) finish_other(c);
        if (event == CQSIM_HTTP_BAD) answer_early(c, NULL, c->http.status);
    }
}

void cqsim_inlet_feed(struct cqsim_inlet *c, struct cqsim_slice in)
{
    c->receiver->counts.wire_in += in.n;
    if (!c->answering) advance(c, &in);
    if (!c->deaf) cqsim_put(&c->in, in.p, in.n);
}

static bool is_slow(const struct cqsim_inlet *c)
{
    return c->step != NULL && c->step->slow > 0 && !c->answering && !c->deaf &&
           c->http.state != CQSIM_HTTP_IN_HEAD;
}

size_t cqsim_inlet_room(const struct cqsim_inlet *c)
{
    if (c->deaf) return READ_MOST;
    if (is_slow(c)) {
        uint64_t allowed = (c->receiver->now_ms - c->begun_ms) * c->step->slow / 1000 + 1;
        uint64_t n = allowed > c->n_body ? allowed - c->n_body : 0;
        return n < READ_MOST ? (size_t)n : READ_MOST;
    }
    return cqsim_buf_len(&c->in) < MAX_WAITING ? READ_MOST : 0;
}

/* Bytes of the answer that the fault lets out now. */
static uint64_t let_out(const struct cqsim_inlet *c, uint64_t n)
{
    const struct cqsim_step *f = c->fault;
    if (f == NULL) return n;
    if (f->act == CQSIM_ACT_RESET_ANSWER) {
        uint64_t left = f->bytes > c->n_sent ? f->bytes - c->n_sent : 0;
        n = n < left ? n : left;
    }
    if (f->dribble_ms > 0) {
        uint64_t allowed = (c->receiver->now_ms - c->due_ms) / f->dribble_ms + 1;
        uint64_t left = allowed > c->n_sent ? allowed - c->n_sent : 0;
        n = n < left ? n : left;
    }
    return n;
}

struct cqsim_slice cqsim_inlet_pending(struct cqsim_inlet *c)
{
    struct cqsim_slice s = cqsim_buf_slice(&c->out);
    if (c->answering && c->receiver->now_ms < c->due_ms) s.n = 0;
    if (c->answering) s.n = (size_t)let_out(c, s.n);
    return s;
}

static void end_answer(struct cqsim_inlet *c)
{
    leave(c);
    c->answering = false;
    c->step = c->fault = NULL;
    if (c->close_after || c->deaf) {
        stop(c, CQSIM_INLET_CLOSE);
        return;
    }
    struct cqsim_buf waiting = c->in;
    struct cqsim_slice in = cqsim_buf_slice(&waiting);
    c->in = (struct cqsim_buf){0};
    advance(c, &in);
    if (!c->deaf) cqsim_put(&c->in, in.p, in.n);
    cqsim_buf_fini(&waiting);
}

void cqsim_inlet_sent(struct cqsim_inlet *c, size_t n)
{
    const struct cqsim_step *f = c->fault;
    cqsim_buf_eat(&c->out, n);
    if (!c->answering || c->end != CQSIM_INLET_OPEN) return;
    c->n_sent += n;
    bool left = cqsim_buf_len(&c->out) > 0;
    if (f != NULL && f->act == CQSIM_ACT_RESET_ANSWER && (c->n_sent >= f->bytes || !left))
        stop(c, CQSIM_INLET_RESET);
    else if (!left)
        end_answer(c);
}

enum cqsim_inlet_end cqsim_inlet_end(const struct cqsim_inlet *c)
{
    return c->end;
}

uint64_t cqsim_inlet_deadline(const struct cqsim_inlet *c)
{
    uint64_t now = c->receiver->now_ms;
    if (is_slow(c)) return now + SLOW_TICK_MS;
    if (!c->answering || cqsim_buf_len(&c->out) == 0) return UINT64_MAX;
    if (now < c->due_ms) return c->due_ms;
    return c->fault != NULL && c->fault->dribble_ms > 0 ? now + c->fault->dribble_ms : UINT64_MAX;
}
