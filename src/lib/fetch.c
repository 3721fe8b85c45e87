/* SPDX-License-Identifier: Apache-2.0 */
/* One document over HTTP (cqlcrawl_fetch): asked once, no retries, the answer or why there is none.
 */
#include "lib/sinks_impl.h"

static void fetch_free(struct cq_fetch *f)
{
    cqlcrawl *c = f->c;

    cq_ring_remove(&f->node);
    cq_http_call_free(f->lane.call);
    cq_http_peer_free(f->peer);
    cq_access_fini(&f->access);
    cq_arena_fini(&f->arena);
    cq_free(&c->mem, f);
}

static void begin(struct cq_fetch *f)
{
    struct cq_http_request r = {
        .strict = true,
        .headers = f->headers,
        .n_headers = f->n_headers,
        .timeout_ns = f->o.timeout_ms ? CQ_MS(f->o.timeout_ms) : CQ_DEFAULT_FETCH_TIMEOUT,
        .max_answer = f->o.max ? f->o.max : CQ_DEFAULT_FETCH,
    };

    if (r.max_answer > CQ_MAX_FETCH) r.max_answer = CQ_MAX_FETCH;
    cq_http_send(f->lane.call, &r, (const char *)cq_secret_bytes(f->access.auth).p);
}

void cq_fetch_done(struct cq_fetch *f, const struct cq_http_response *r)
{
    struct cq_sinks *s = f->c->sinks;

    if (r->stale && !f->again) { /* the connection was an old one: asking twice does no harm */
        f->again = true;
        begin(f);
        return;
    }
    s->n_fetches--;
    cq_ring_remove(&f->node);
    f->o.done(f->o.ctx, r->err, r->err ? r->text : "", r->status, r->content_type,
              r->body.p ? (const char *)r->body.p : "", r->body.n);
    fetch_free(f);
}

void cq_fetch_stop(struct cq_fetch *f)
{
    cq_http_call_cancel(f->lane.call);
    cq_http_peer_cancel(f->peer);
}

void cq_fetch_cancel(struct cq_fetch *f)
{
    struct cq_http_response r = {.err = CQ_ECANCELLED, .text = cq_err_text(CQ_ECANCELLED)};

    cq_fetch_done(f, &r);
}

/* ---- beginning ---- */

static bool is_line(const char *s)
{
    return s && *s && !strpbrk(s, "\r\n");
}

static const char *header_of(struct cq_fetch *f, const struct cqlcrawl_pair *h)
{
    size_t name = strlen(h->name), value = strlen(h->value);
    char *line = cq_arena_alloc(&f->arena, name + value + 3);

    if (!line) return NULL;
    memcpy(line, h->name, name);
    memcpy(line + name, ": ", 2);
    memcpy(line + name + 2, h->value, value + 1);
    return line;
}

static int copy_headers(struct cq_fetch *f, const struct cqlcrawl_fetch *o, struct cq_fault *fault)
{
    if (o->n_headers > CQ_MAX_FETCH_HEADERS)
        return cq_fault_set(fault, CQ_EINVALID, "headers: more than %u", CQ_MAX_FETCH_HEADERS);
    f->headers = cq_arena_alloc(&f->arena, (o->n_headers + 1) * sizeof(*f->headers));
    if (!f->headers) return cq_fault_set(fault, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    for (size_t i = 0; i < o->n_headers; i++) {
        if (!is_line(o->headers[i].name) || !is_line(o->headers[i].value))
            return cq_fault_set(fault, CQ_EINVALID, "headers: one is empty or holds a line end");
        f->headers[i] = header_of(f, &o->headers[i]);
        if (!f->headers[i]) return cq_fault_set(fault, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
        f->n_headers++;
    }
    return 0;
}

static int make(cqlcrawl *c, struct cq_fetch *f)
{
    struct cqlcrawl_fetch *o = &f->o;
    struct cq_access_options a = {
        .http = c->sinks->http,
        .url = o->url,
        .user = o->user,
        .from = {&o->token, &o->password, &o->cacert, &o->cert, &o->key},
    };
    int err = cq_access_init(&f->access, &f->arena, &a, &c->last);

    if (!err) err = copy_headers(f, o, &c->last);
    if (!err) err = cq_access_begin(c, &f->access, &f->peer, &c->last);
    if (!err) err = cq_http_call_new(&f->lane.call, f->peer, CQ_KIB(16), &f->lane);
    if (err) (void)cq_fault_set(&c->last, err, "%s", cq_err_text(err));
    return err;
}

int cqlcrawl_fetch(cqlcrawl *c, const struct cqlcrawl_fetch *fetch)
{
    struct cq_fetch *f;
    int err;

    c->last = (struct cq_fault){0};
    if (!fetch || !fetch->size || c->closing)
        return cq_fault_set(&c->last, CQ_EINVALID, "fetch: %s",
                            c->closing ? "the handle is being closed" : "it has no size");
    err = cq_sinks_open(c);
    if (err) return err;
    f = cq_calloc(&c->mem, 1, sizeof(*f));
    if (!f) return cq_fault_set(&c->last, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    memcpy(&f->o, fetch, fetch->size < sizeof(f->o) ? fetch->size : sizeof(f->o));
    f->c = c;
    cq_ring_init(&f->node);
    cq_arena_init(&f->arena, &c->mem);
    err = f->o.done ? make(c, f) : cq_fault_set(&c->last, CQ_EINVALID, "fetch: done is missing");
    if (err) {
        fetch_free(f);
        return err;
    }
    cq_ring_push(&c->sinks->fetches, &f->node);
    c->sinks->n_fetches++;
    begin(f);
    return 0;
}

size_t cq_sinks_fetching(const cqlcrawl *c)
{
    return c->sinks ? c->sinks->n_fetches : 0;
}
