/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a cq_sock: opening, states, ending, closing. Happy path and states: net/sockint.h;
 * what the owner sees: net/sock.h. Every failure is told once by `ended`; the sock then waits to be
 * closed. Closing leaves the hub and closes the timer, whose callback frees the sock and tells the
 * owner.
 */
#include "net/sock.h"

#include <assert.h>

#include "net/sockint.h"
#include "net/trust.h"

static const struct {
    const char *name;
    unsigned next; /* legal edges, a bit per state */
} states[] = {
#define TO(s) (1u << CQ_SOCK_##s)
    [CQ_SOCK_START] = {"start", TO(RESOLVE) | TO(CLOSING)},
    [CQ_SOCK_RESOLVE] = {"resolve", TO(CONNECT) | TO(ENDED) | TO(CLOSING)},
    [CQ_SOCK_CONNECT] = {"connect", TO(TLS) | TO(OPEN) | TO(ENDED) | TO(CLOSING)},
    [CQ_SOCK_TLS] = {"tls", TO(OPEN) | TO(ENDED) | TO(CLOSING)},
    [CQ_SOCK_OPEN] = {"open", TO(ENDED) | TO(CLOSING)},
    [CQ_SOCK_ENDED] = {"ended", TO(CLOSING)},
    [CQ_SOCK_CLOSING] = {"closing", 0},
#undef TO
};

void cq_sock_set_state(struct cq_sock *s, enum cq_sock_state to)
{
    bool legal = states[s->state].next & (1u << to);

    assert(legal);
    (void)legal;
    s->state = to;
}

static void free_sock(struct cq_sock *s)
{
    const struct cq_mem *m = s->mem;

    cq_sock_free_dial(s);
    cq_buf_fini(&s->out);
    cq_blame_fini(&s->fault);
    cq_trust_release(s->tls);
    cq_free(m, s->endpoints);
    cq_free(m, s->sni);
    cq_free(m, s->verify_name);
    cq_free(m, s);
}

static void on_timer_closed(uv_handle_t *h)
{
    struct cq_sock *s = h->data;
    void (*closed)(void *) = s->on.closed;
    void *ctx = s->ctx;

    free_sock(s);
    if (closed) closed(ctx);
}

void cq_sock_drop(struct cq_sock *s, struct cq_attempt *a)
{
    for (struct cq_attempt **at = &s->attempts; *at; at = &(*at)->next) {
        if (*at != a) continue;
        *at = a->next;
        break;
    }
    (void)cq_hub_watch(s->hub, &a->place, 0); /* before its descriptor goes */
    cq_fd_close(a->fd);
    cq_free(s->mem, a);
}

static void on_timer(uv_timer_t *t)
{
    struct cq_sock *s = t->data;

    s->in_timer = true;
    switch (s->state) {
    case CQ_SOCK_START:
        cq_sock_resolve(s);
        break;
    case CQ_SOCK_RESOLVE:
    case CQ_SOCK_CONNECT:
        cq_sock_advance(s);
        break;
    case CQ_SOCK_TLS:
    case CQ_SOCK_OPEN:
        cq_sock_drive(s);
        break;
    case CQ_SOCK_ENDED:
    case CQ_SOCK_CLOSING:
        break;
    }
    s->in_timer = false;
}

void cq_sock_arm(struct cq_sock *s, uint64_t deadline)
{
    uint64_t now = uv_hrtime();
    uint64_t left = deadline > now ? deadline - now : 0;
    uint64_t ms = (left + CQ_MS(1) - 1) / CQ_MS(1);

    /* libuv runs a timer of 0 ms that a timer sets in the same pass, for ever: nothing else would.
     */
    if (ms == 0 && s->in_timer) ms = 1;
    if (deadline == CQ_NEVER)
        uv_timer_stop(&s->timer);
    else
        uv_timer_start(&s->timer, on_timer, ms, 0);
}

bool cq_sock_step_done(struct cq_sock *s, enum cq_step step, const char *text)
{
    uint64_t now = uv_hrtime();
    struct cq_sock_step done = {step, 0, now - s->step_began, text};

    s->step_began = now;
    if (s->on.step) s->on.step(s->ctx, &done);
    return s->state != CQ_SOCK_CLOSING;
}

void cq_sock_end(struct cq_sock *s, int err, const char *text)
{
    cq_sock_set_state(s, CQ_SOCK_ENDED);
    uv_timer_stop(&s->timer);
    if (s->conn) (void)cq_hub_watch(s->hub, &s->conn->place, 0);
    if (s->on.ended) s->on.ended(s->ctx, err, text);
}

void cq_sock_step_failed(struct cq_sock *s, enum cq_step step)
{
    struct cq_sock_step failed = {step, s->fault.err, uv_hrtime() - s->step_began,
                                  cq_blame_text(&s->fault)};

    cq_sock_forget_dial(s, s->conn);
    if (s->on.step) s->on.step(s->ctx, &failed);
    if (s->state != CQ_SOCK_CLOSING) cq_sock_end(s, s->fault.err, cq_blame_text(&s->fault));
}

static bool valid(const struct cq_sock_options *o)
{
    if (!o->loop || !o->hub || !o->mem || !o->handler.space || !o->handler.received) return false;
    if (o->n_endpoints == 0 || o->n_endpoints > CQ_MAX_CONTACT_POINTS) return false;
    for (size_t i = 0; i < o->n_endpoints; i++) {
        const struct cq_endpoint *e = &o->endpoints[i];

        if (!e->host || !e->host[0] || e->port == 0) return false;
        if (!o->resolver && !cq_addr_parse(e->host, 0, NULL)) return false;
    }
    return true;
}

/* Endpoints, what is asked about each, and their texts: one block. */
static bool copy_endpoints(struct cq_sock *s, const struct cq_endpoint *e, size_t n)
{
    size_t size = n * (sizeof *s->endpoints + sizeof *s->asked);
    char *text;

    for (size_t i = 0; i < n; i++)
        size += strlen(e[i].host) + 1;
    s->endpoints = cq_calloc(s->mem, 1, size);
    if (!s->endpoints) return false;
    s->n_endpoints = n;
    s->asked = (struct cq_asked *)(void *)(s->endpoints + n);
    text = (char *)(s->asked + n);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(e[i].host) + 1;

        s->endpoints[i] = (struct cq_endpoint){text, e[i].port};
        memcpy(text, e[i].host, len);
        text += len;
    }
    return true;
}

static char *copy_text(const struct cq_mem *m, const char *text, bool *ok)
{
    char *copy = text ? cq_strndup(m, text, strlen(text)) : NULL;

    if (text && !copy) *ok = false;
    return copy;
}

static bool copy_options(struct cq_sock *s, const struct cq_sock_options *o)
{
    bool ok = true;

    s->loop = o->loop;
    s->mem = o->mem;
    s->hub = o->hub;
    s->resolver = o->resolver;
    s->on = o->handler;
    s->ctx = o->ctx;
    s->timeout = o->connect_timeout_ns ? o->connect_timeout_ns : CQ_DEFAULT_CONNECT_TIMEOUT;
    s->sni = copy_text(o->mem, o->sni, &ok);
    s->verify_name = copy_text(o->mem, o->verify_name, &ok);
    s->tls = cq_trust_retain(o->tls);
    s->fault.mem = o->mem;
    s->t = (struct cq_transport){.fd = -1, .fault = &s->fault};
    cq_buf_init(&s->out, &cq_mem_secret, CQ_MAX_SEND); /* a login may have to wait in it */
    return copy_endpoints(s, o->endpoints, o->n_endpoints) && ok;
}

int cq_sock_open(struct cq_sock **out, const struct cq_sock_options *o)
{
    struct cq_sock *s;

    if (!valid(o)) return CQ_EINVALID;
    s = cq_calloc(o->mem, 1, sizeof *s);
    if (!s) return CQ_ENOMEM;
    if (!copy_options(s, o)) {
        free_sock(s);
        return CQ_ENOMEM;
    }
    uv_timer_init(s->loop, &s->timer);
    s->timer.data = s;
    s->step_began = uv_hrtime();
    uv_timer_start(&s->timer, on_timer, 0, 0);
    *out = s;
    return 0;
}

void cq_sock_close(struct cq_sock *s)
{
    cq_sock_set_state(s, CQ_SOCK_CLOSING);
    cq_sock_forget_dial(s, s->conn);
    if (s->conn) {
        cq_sock_drop(s, s->conn);
        s->conn = NULL;
        if (s->t.ops) s->t.ops->close(&s->t);
    }
    uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}
