/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peers and calls. A call has one easy handle for life, so that its TLS session and its place in
 * the connection cache stay. The body is handed out by a read function without a way back: libcurl
 * would otherwise send it again by itself when a connection that it had used before dies, and who
 * counts attempts would count less than the server saw (CURLE_SEND_FAIL_REWIND instead: `stale`).
 */
#include "net/http_impl.h"

#include <assert.h>
#include <stdio.h>

/* ---- what libcurl calls ---- */

static size_t on_read(char *to, size_t size, size_t n, void *ctx)
{
    struct cq_http_call *c = ctx;
    size_t left = c->request.body.n - c->at;

    n *= size;
    if (n > left) n = left;
    memcpy(to, c->request.body.p + c->at, n);
    c->at += n;
    c->peer->h->handed += n;
    return n;
}

static size_t on_write(char *from, size_t size, size_t n, void *ctx)
{
    struct cq_http_call *c = ctx;
    size_t room = c->request.max_answer - cq_buf_view(&c->answer).n;

    n *= size;
    c->answer_total += n;
    if (c->request.strict && n > room) {
        c->oversized = true;
        return 0;
    }
    cq_buf_put(&c->answer, from, n < room ? n : room);
    c->cut = c->answer_total > c->request.max_answer + CQ_HTTP_DROPPED;
    return c->cut || c->answer.err ? 0 : n;
}

static size_t on_header(char *from, size_t size, size_t n, void *ctx)
{
    struct cq_http_call *c = ctx;

    (void)from;
    c->header_bytes += n * size;
    return c->header_bytes > CQ_MAX_HTTP_HEADER ? 0 : n * size;
}

/* ---- the end of a call ---- */

static void finish(struct cq_http_call *c)
{
    struct cq_http *h = c->peer->h;

    c->state = CQ_CALL_FINISHED;
    cq_ring_push(&h->finished, &c->node);
    h->ready(h->ctx);
}

void cq_http_fail(struct cq_http_call *c, int err, const char *why)
{
    (void)snprintf(c->why, sizeof(c->why), "%s:%u: %s", c->peer->at.host,
                   (unsigned)c->peer->at.port, why);
    c->response = (struct cq_http_response){.err = err, .text = c->why};
    finish(c);
}

static const char *header(const struct cq_http_call *c, const char *name)
{
    const struct cq_curl *curl = &c->peer->h->curl;
    struct curl_header *h = NULL;

    return curl->easy_header(c->easy, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : NULL;
}

void cq_http_finish(struct cq_http_call *c, CURLcode rc)
{
    const struct cq_curl *curl = &c->peer->h->curl;
    struct cq_http_response *r = &c->response;

    if (c->oversized) {
        cq_http_fail(c, CQ_ETOO_LARGE, "the answer is larger than allowed");
        return;
    }
    if (c->answer.err) {
        cq_http_fail(c, c->answer.err, cq_err_text(c->answer.err));
        return;
    }
    if (rc != CURLE_OK && !c->cut) {
        cq_http_fail(c, cq_http_error(curl, c->easy, rc),
                     c->words[0] ? c->words : curl->easy_strerror(rc));
        r->stale = cq_http_is_stale(curl, c->easy, rc);
        return;
    }
    *r = (struct cq_http_response){.text = "", .body_total = c->answer_total};
    (void)curl->easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &r->status);
    r->retry_after = header(c, "Retry-After");
    r->content_type = header(c, "Content-Type");
    r->body = cq_buf_view(&c->answer);
    finish(c);
}

/* ---- a request ---- */

static char *text_of(const char *s) /* libcurl's lists are not const, and it does not write them */
{
    union {
        const char *p;
        char *q;
    } u = {s};

    return u.q;
}

static struct curl_slist *lines_of(struct cq_http_call *c)
{
    unsigned n = 0;

    assert(c->request.n_headers + 3 <= CQ_HTTP_HEADERS);
    for (unsigned i = 0; i < c->request.n_headers; i++)
        c->lines[n++].data = text_of(c->request.headers[i]);
    if (c->auth) c->lines[n++].data = text_of(c->auth);
    c->lines[n++].data = text_of("Expect:"); /* a server that ignores it costs a second each */
    for (unsigned i = 0; i < n; i++)
        c->lines[i].next = i + 1 < n ? &c->lines[i + 1] : NULL;
    return c->lines;
}

static void trust(CURL *e, const struct cq_http_peer *p)
{
    const struct cq_curl *curl = &p->h->curl;

    if (!p->at.tls) return;
    if (p->ca.data) (void)curl->easy_setopt(e, CURLOPT_CAINFO_BLOB, &p->ca);
    if (!p->cert.data) return;
    (void)curl->easy_setopt(e, CURLOPT_SSLCERT_BLOB, &p->cert);
    (void)curl->easy_setopt(e, CURLOPT_SSLKEY_BLOB, &p->key);
    (void)curl->easy_setopt(e, CURLOPT_KEYPASSWD, ""); /* else OpenSSL asks on the terminal */
}

static void transfer(struct cq_http_call *c)
{
    struct cq_http_peer *p = c->peer;
    const struct cq_curl *curl = &p->h->curl;
    uint64_t spent = uv_hrtime() - c->began_ns;
    uint64_t left = c->request.timeout_ns > spent ? c->request.timeout_ns - spent : CQ_MS(1);
    CURL *e = c->easy;
    CURLMcode rc;

    c->state = CQ_CALL_SENT;
    c->pinned.data = p->pinned;
    (void)curl->easy_setopt(e, CURLOPT_RESOLVE, p->pinned ? &c->pinned : NULL);
    (void)curl->easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(left / CQ_MS(1) + 1));
    (void)curl->easy_setopt(e, CURLOPT_HTTPHEADER, lines_of(c));
    if (c->request.post) {
        (void)curl->easy_setopt(e, CURLOPT_POST, 1L);
        (void)curl->easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->request.body.n);
    } else {
        (void)curl->easy_setopt(e, CURLOPT_HTTPGET, 1L);
    }
    trust(e, p);
    rc = cq_http_add(p->h, c);
    if (rc != CURLM_OK) cq_http_fail(c, CQ_ENOMEM, curl->multi_strerror(rc));
}

/* ---- names ---- */

/* "+host:port:a,b": the + makes it end with the DNS cache's time, and the next one replaces it. */
static char *pin(const struct cq_http_peer *p, const struct cq_addr *a, size_t n)
{
    struct cq_buf b;
    char text[CQ_ADDR_TEXT];

    cq_buf_init(&b, p->h->mem, CQ_KIB(4));
    cq_buf_printf(&b, "+%s:%u:", p->at.host, (unsigned)p->at.port);
    for (size_t i = 0; i < n; i++) {
        cq_addr_print(&a[i], false, text);
        cq_buf_printf(&b, strchr(text, ':') ? "%s[%s]" : "%s%s", i ? "," : "", text);
    }
    cq_buf_putc(&b, 0);
    if (b.err) {
        cq_buf_fini(&b);
        return NULL;
    }
    return (char *)b.p;
}

static void on_names(void *ctx, int err, const char *why, const struct cq_addr *a, size_t n)
{
    struct cq_http_peer *p = ctx;
    struct cq_ring now;

    p->lookup = NULL;
    if (!err) {
        cq_free(p->h->mem, p->pinned);
        p->pinned = pin(p, a, n);
        p->pinned_until_ns = uv_hrtime() + CQ_HTTP_NAMES;
        if (!p->pinned) err = CQ_ENOMEM, why = cq_err_text(CQ_ENOMEM);
    }
    cq_ring_move(&now, &p->asking);
    while (!cq_ring_is_empty(&now)) {
        struct cq_http_call *c = CQ_RING_OF(now.next, struct cq_http_call, node);

        cq_ring_remove(&c->node);
        if (err) {
            cq_http_fail(c, err, why);
        } else {
            transfer(c);
        }
    }
}

static void ask(struct cq_http_call *c)
{
    struct cq_http_peer *p = c->peer;
    int err;

    c->state = CQ_CALL_ASKING;
    cq_ring_push(&p->asking, &c->node);
    if (p->lookup) return;
    err = cq_resolver_lookup(p->h->resolver, p->at.host, p->at.port, on_names, p, &p->lookup);
    if (!err) return;
    cq_ring_remove(&c->node);
    cq_http_fail(c, err, cq_err_text(err));
}

void cq_http_send(struct cq_http_call *c, const struct cq_http_request *r, const char *auth)
{
    struct cq_http_peer *p = c->peer;

    assert(c->state == CQ_CALL_IDLE);
    c->request = *r;
    c->auth = auth;
    c->began_ns = uv_hrtime();
    c->at = c->header_bytes = 0;
    c->answer_total = 0;
    c->cut = c->oversized = false;
    c->words[0] = 0;
    cq_buf_clear(&c->answer);
    if (p->at.address || p->at.loopback || (p->pinned && c->began_ns < p->pinned_until_ns)) {
        transfer(c);
    } else {
        ask(c);
    }
}

/* ---- life ---- */

static bool set_up(CURL *e, struct cq_http_call *c, size_t upload)
{
    const struct cq_http_peer *p = c->peer;
    const struct cq_curl *curl = &p->h->curl;
    CURLcode rc = curl->easy_setopt(e, CURLOPT_URL, p->url);

    if (!rc) rc = curl->easy_setopt(e, CURLOPT_USERAGENT, p->agent);
    if (!rc) rc = curl->easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    /* Records go where the configuration says, not where an environment does. */
    if (!rc) rc = curl->easy_setopt(e, CURLOPT_PROXY, "");
    if (rc) return false;
    (void)curl->easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl->easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl->easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    (void)curl->easy_setopt(e, CURLOPT_CAPATH, NULL); /* with it libcurl reads 140 CAs each time */
    (void)curl->easy_setopt(e, CURLOPT_MAXAGE_CONN, (long)(CQ_HTTP_IDLE / CQ_SEC(1)));
    (void)curl->easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, (long)upload);
    (void)curl->easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
                            (long)(CQ_HTTP_CONNECT_TIMEOUT / CQ_MS(1)));
    (void)curl->easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl->easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, cq_http_on_close);
    (void)curl->easy_setopt(e, CURLOPT_CLOSESOCKETDATA, p->h);
    (void)curl->easy_setopt(e, CURLOPT_READFUNCTION, on_read);
    (void)curl->easy_setopt(e, CURLOPT_READDATA, c);
    (void)curl->easy_setopt(e, CURLOPT_WRITEFUNCTION, on_write);
    (void)curl->easy_setopt(e, CURLOPT_WRITEDATA, c);
    (void)curl->easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl->easy_setopt(e, CURLOPT_HEADERDATA, c);
    (void)curl->easy_setopt(e, CURLOPT_ERRORBUFFER, c->words);
    (void)curl->easy_setopt(e, CURLOPT_PRIVATE, c);
    return true;
}

int cq_http_call_new(struct cq_http_call **out, struct cq_http_peer *p, size_t upload, void *ctx)
{
    struct cq_http_call *c = cq_calloc(p->h->mem, 1, sizeof(*c));

    *out = NULL;
    if (!c) return CQ_ENOMEM;
    c->peer = p;
    c->ctx = ctx;
    cq_ring_init(&c->node);
    cq_buf_init(&c->answer, p->h->mem, CQ_MAX_ENVELOPE_BODY);
    c->easy = p->h->curl.easy_init();
    if (!c->easy || !set_up(c->easy, c, upload)) {
        cq_http_call_free(c);
        return CQ_ENOMEM;
    }
    *out = c;
    return 0;
}

void cq_http_call_cancel(struct cq_http_call *c)
{
    if (c->state == CQ_CALL_SENT) cq_http_remove(c->peer->h, c);
    cq_ring_remove(&c->node);
    c->state = CQ_CALL_IDLE;
}

void cq_http_call_free(struct cq_http_call *c)
{
    if (!c) return;
    cq_http_call_cancel(c);
    c->peer->h->curl.easy_cleanup(c->easy);
    cq_buf_fini(&c->answer);
    cq_free(c->peer->h->mem, c);
}

void *cq_http_ctx(const struct cq_http_call *c)
{
    return c->ctx;
}

const struct cq_http_response *cq_http_response(const struct cq_http_call *c)
{
    return &c->response;
}

static struct curl_blob blob_of(cq_bytes b)
{
    union {
        const uint8_t *p;
        void *q;
    } u = {b.p};

    return (struct curl_blob){u.q, b.n, CURL_BLOB_NOCOPY};
}

void cq_http_peer_trust(struct cq_http_peer *p, cq_bytes ca, cq_bytes cert, cq_bytes key)
{
    p->ca = blob_of(ca);
    p->cert = blob_of(cert);
    p->key = blob_of(key);
}

int cq_http_peer_new(struct cq_http_peer **out, struct cq_http *h,
                     const struct cq_http_peer_options *o, struct cq_fault *f)
{
    struct cq_http_peer *p = cq_calloc(h->mem, 1, sizeof(*p));
    int err;

    *out = NULL;
    if (!p) return cq_fault_set(f, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    p->h = h;
    p->agent = o->agent;
    cq_ring_init(&p->asking);
    cq_http_peer_trust(p, o->ca, o->cert, o->key);
    err = cq_http_url(h, &p->at, o->url, f);
    p->url = err ? NULL : cq_strndup(h->mem, o->url, strlen(o->url));
    if (p->url) {
        *out = p;
        return 0;
    }
    cq_free(h->mem, p);
    return err ? err : cq_fault_set(f, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
}

void cq_http_peer_cancel(struct cq_http_peer *p)
{
    if (p->lookup) cq_lookup_cancel(p->lookup);
    p->lookup = NULL;
}

void cq_http_peer_free(struct cq_http_peer *p)
{
    const struct cq_mem *mem;

    if (!p) return;
    mem = p->h->mem;
    cq_http_peer_cancel(p);
    cq_free(mem, p->pinned);
    cq_free(mem, p->url);
    cq_free(mem, p);
}
