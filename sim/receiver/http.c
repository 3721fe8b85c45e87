/* SPDX-License-Identifier: Apache-2.0 */
/* The request reader of http.h: a head is collected line by line, a body is passed through. */
#include "sim/receiver/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_CHUNK_LINE = 256 };

void cqsim_http_fini(struct cqsim_http *h)
{
    cqsim_buf_fini(&h->line);
}

static enum cqsim_http_event bad(struct cqsim_http *h, unsigned status)
{
    h->status = status;
    return CQSIM_HTTP_BAD;
}

static struct cqsim_slice eat(struct cqsim_slice *in, size_t n)
{
    struct cqsim_slice s = {in->p, n};
    in->p += n;
    in->n -= n;
    return s;
}

/* Moves bytes up to LF into h->line; 1 the line is whole, 0 more is needed, -1 it is too long. */
static int take_line(struct cqsim_http *h, struct cqsim_slice *in, size_t max)
{
    if (in->n == 0) return 0;
    const uint8_t *lf = memchr(in->p, '\n', in->n);
    size_t n = lf == NULL ? in->n : (size_t)(lf - in->p) + 1;
    if (cqsim_buf_len(&h->line) + n > max) return -1;
    struct cqsim_slice s = eat(in, n);
    cqsim_put(&h->line, s.p, s.n);
    return lf != NULL;
}

/* Moves a head up to its empty line. */
static int take_head(struct cqsim_http *h, struct cqsim_slice *in)
{
    for (;;) {
        size_t before = cqsim_buf_len(&h->line);
        int got = take_line(h, in, CQSIM_HTTP_MAX_HEAD);
        if (got != 1) return got;
        const uint8_t *p = cqsim_buf_head(&h->line);
        size_t n = cqsim_buf_len(&h->line);
        bool empty =
            p[n - 1] == '\n' && (n == 1 || p[n - 2] == '\n' || (p[n - 2] == '\r' && n == 2) ||
                                 (p[n - 2] == '\r' && p[n - 3] == '\n'));
        if (!empty) continue;
        if (before > 0) return 1;
        cqsim_buf_clear(&h->line); /* RFC 9112 section 2.2: an empty line before a request */
    }
}

static void copy_trimmed(char *out, size_t cap, const char *from, const char *end)
{
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    cqsim_copy_text(out, cap, (struct cqsim_slice){(const uint8_t *)from, (size_t)(end - from)});
}

static bool read_length(struct cqsim_request *r, const char *value)
{
    char *end;
    if (*value < '0' || *value > '9') return false;
    unsigned long long n = strtoull(value, &end, 10);
    if (*end != 0 || (r->has_length && r->length != n)) return false;
    r->length = n;
    r->has_length = true;
    return true;
}

/* One field; false when it makes the message unreadable. */
static bool read_field(struct cqsim_request *r, const char *name, size_t n, const char *end)
{
    char value[CQSIM_HTTP_MAX_VALUE];
    const struct {
        const char *name;
        char *out;
    } texts[] = {{"content-encoding", r->encoding},
                 {"content-type", r->type},
                 {"idempotency-key", r->key},
                 {"authorization", r->authorization}};
    copy_trimmed(value, sizeof value, name + n + 1, end);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strlen(texts[i].name) == n && strncasecmp(name, texts[i].name, n) == 0)
            memcpy(texts[i].out, value, sizeof value);
    if (n == 14 && strncasecmp(name, "content-length", n) == 0) return read_length(r, value);
    if (n == 17 && strncasecmp(name, "transfer-encoding", n) == 0)
        return r->chunked = strcasecmp(value, "chunked") == 0;
    if (n == 6 && strncasecmp(name, "expect", n) == 0)
        r->expects = strcasecmp(value, "100-continue") == 0;
    if (n == 10 && strncasecmp(name, "connection", n) == 0)
        r->close = r->close || strcasecmp(value, "close") == 0;
    return true;
}

static bool read_request_line(struct cqsim_request *r, const char *line, const char *end)
{
    const char *target = memchr(line, ' ', (size_t)(end - line));
    if (target == NULL || (size_t)(target - line) >= sizeof r->method) return false;
    const char *version = memchr(target + 1, ' ', (size_t)(end - target - 1));
    if (version == NULL || (size_t)(version - target) > sizeof r->target) return false;
    copy_trimmed(r->method, sizeof r->method, line, target);
    copy_trimmed(r->target, sizeof r->target, target, version);
    char text[16];
    copy_trimmed(text, sizeof text, version, end);
    r->close = strcmp(text, "HTTP/1.0") == 0;
    return r->close || strcmp(text, "HTTP/1.1") == 0;
}

static bool read_head(struct cqsim_http *h)
{
    struct cqsim_request *r = &h->request;
    *r = (struct cqsim_request){0};
    cqsim_put_u8(&h->line, 0);
    const char *p = (const char *)cqsim_buf_head(&h->line);
    const char *lf = strchr(p, '\n');
    if (lf == NULL || !read_request_line(r, p, lf)) return false;
    for (p = lf + 1; *p != 0 && *p != '\r' && *p != '\n'; p = lf + 1) {
        lf = strchr(p, '\n');
        const char *colon = lf == NULL ? NULL : memchr(p, ':', (size_t)(lf - p));
        if (colon == NULL || !read_field(r, p, (size_t)(colon - p), lf)) return false;
    }
    return !(r->chunked && r->has_length); /* RFC 9112 section 6.1: smuggling */
}

static enum cqsim_http_event next_head(struct cqsim_http *h, struct cqsim_slice *in)
{
    int got = take_head(h, in);
    if (got < 0) return bad(h, 431);
    if (got == 0) return CQSIM_HTTP_MORE;
    bool ok = read_head(h);
    cqsim_buf_clear(&h->line);
    if (!ok) return bad(h, 400);
    h->left = h->request.length;
    h->state = h->request.chunked ? CQSIM_HTTP_IN_SIZE : CQSIM_HTTP_IN_BODY;
    return CQSIM_HTTP_HEAD;
}

static enum cqsim_http_event next_bytes(struct cqsim_http *h, struct cqsim_slice *in,
                                        struct cqsim_slice *body)
{
    if (in->n == 0) return CQSIM_HTTP_MORE;
    *body = eat(in, in->n < h->left ? in->n : (size_t)h->left);
    h->left -= body->n;
    if (h->left == 0) h->state = h->request.chunked ? CQSIM_HTTP_IN_GAP : CQSIM_HTTP_AT_END;
    return CQSIM_HTTP_BODY;
}

/* A line of the chunked coding: a size, nothing behind a chunk, or a trailer. */
static enum cqsim_http_event next_line(struct cqsim_http *h, struct cqsim_slice *in)
{
    int got = take_line(h, in, MAX_CHUNK_LINE);
    if (got < 0) return bad(h, 400);
    if (got == 0) return CQSIM_HTTP_MORE;
    cqsim_put_u8(&h->line, 0);
    const char *text = (const char *)cqsim_buf_head(&h->line);
    bool empty = *text == '\r' || *text == '\n';
    enum cqsim_http_state state = h->state;
    char *end = NULL;
    if (state == CQSIM_HTTP_IN_SIZE) h->left = strtoull(text, &end, 16);
    bool wrong = state == CQSIM_HTTP_IN_SIZE ? end == text || strchr("\r\n; ", *end) == NULL
                                             : state == CQSIM_HTTP_IN_GAP && !empty;
    cqsim_buf_clear(&h->line);
    if (wrong) return bad(h, 400);
    if (state == CQSIM_HTTP_IN_SIZE)
        h->state = h->left > 0 ? CQSIM_HTTP_IN_CHUNK : CQSIM_HTTP_IN_TRAILER;
    else if (state == CQSIM_HTTP_IN_GAP)
        h->state = CQSIM_HTTP_IN_SIZE;
    else if (empty)
        h->state = CQSIM_HTTP_AT_END;
    return CQSIM_HTTP_HEAD; /* only: it went on */
}

enum cqsim_http_event cqsim_http_next(struct cqsim_http *h, struct cqsim_slice *in,
                                      struct cqsim_slice *body)
{
    for (;;) {
        enum cqsim_http_event event;
        if (h->state == CQSIM_HTTP_IN_HEAD) return next_head(h, in);
        if (h->state == CQSIM_HTTP_IN_BODY && h->left == 0) h->state = CQSIM_HTTP_AT_END;
        if (h->state == CQSIM_HTTP_AT_END) {
            h->state = CQSIM_HTTP_IN_HEAD;
            return CQSIM_HTTP_END;
        }
        if (h->state == CQSIM_HTTP_IN_BODY || h->state == CQSIM_HTTP_IN_CHUNK)
            return next_bytes(h, in, body);
        event = next_line(h, in);
        if (event != CQSIM_HTTP_HEAD) return event;
    }
}
