/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets under net/dial: asks the resolver, begins connections, waits for them, tells the dial
 * how it went. No decision of order or time is made here. The first descriptor that connects
 * becomes the connection; everything else on its way is closed at once.
 */
#include "net/sockint.h"

static void on_lookup(void *ctx, int err, const char *why, const struct cq_addr *a, size_t n)
{
    struct cq_asked *q = ctx;
    struct cq_sock *s = q->s;
    size_t e = (size_t)(q - s->asked);

    q->lookup = NULL;
    if (err)
        cq_dial_unresolved(s->dial, e, err, why);
    else
        (void)cq_dial_addresses(s->dial, e, a, n, uv_hrtime()); /* no memory: the dial fails */
    if (!s->busy) cq_sock_advance(s);
}

static const char *words_of(int err)
{
    if (err == CQ_EDNS) return "the resolver could not be started";
    if (err == CQ_ENO_LIBRARY) return CQ_NEEDS_ARES;
    return cq_err_text(err);
}

static void ask(struct cq_sock *s, size_t e, uint64_t now)
{
    const struct cq_endpoint *p = &s->endpoints[e];
    struct cq_addr a;
    int err;

    s->asked[e].s = s;
    if (cq_addr_parse(p->host, p->port, &a)) {
        (void)cq_dial_addresses(s->dial, e, &a, 1, now);
        return;
    }
    err = cq_resolver_lookup(s->resolver, p->host, p->port, on_lookup, &s->asked[e],
                             &s->asked[e].lookup);
    if (!err) return;
    cq_dial_unresolved(s->dial, e, err, words_of(err));
}

void cq_sock_resolve(struct cq_sock *s)
{
    uint64_t now = uv_hrtime();

    cq_sock_set_state(s, CQ_SOCK_RESOLVE);
    s->step_began = now;
    s->dial = cq_alloc(s->mem, sizeof *s->dial);
    if (!s->dial) {
        cq_blame_set(&s->fault, CQ_ENOMEM, "no memory to connect with");
        cq_sock_step_failed(s, CQ_STEP_RESOLVE);
        return;
    }
    cq_dial_init(s->dial, s->mem, &s->fault, s->timeout, now);
    for (size_t e = 0; e < s->n_endpoints; e++)
        cq_dial_name(s->dial, s->endpoints[e].host);
    s->busy = true;
    for (size_t e = 0; e < s->n_endpoints; e++)
        ask(s, e, now);
    s->busy = false;
    cq_sock_advance(s);
}

void cq_sock_free_dial(struct cq_sock *s)
{
    if (!s->dial) return;
    cq_dial_fini(s->dial);
    cq_free(s->mem, s->dial);
    s->dial = NULL;
}

void cq_sock_forget_dial(struct cq_sock *s, const struct cq_attempt *but)
{
    struct cq_attempt *next;

    for (size_t e = 0; e < s->n_endpoints; e++) {
        if (s->asked[e].lookup) cq_lookup_cancel(s->asked[e].lookup);
        s->asked[e].lookup = NULL;
    }
    for (struct cq_attempt *a = s->attempts; a; a = next) {
        next = a->next;
        if (a != but) cq_sock_drop(s, a);
    }
}

static void on_connectable(struct cq_hub_place *m)
{
    struct cq_attempt *a = CQ_RING_OF(m, struct cq_attempt, place);
    struct cq_sock *s = a->s;
    const char *why = NULL;
    int err = cq_fd_connected(&s->dial->addrs[a->index].addr, a->fd, &why);

    if (err) {
        size_t index = a->index;

        cq_sock_drop(s, a);
        cq_dial_failed(s->dial, index, err, why);
        cq_sock_advance(s);
        return;
    }
    s->conn = a;
    cq_sock_forget_dial(s, a);
    cq_sock_connected(s);
}

/* 0, or why this address cannot even be tried. */
static int begin(struct cq_sock *s, size_t index, const char **why)
{
    struct cq_attempt *a;
    int fd = -1;
    int err = cq_fd_connect(&s->dial->addrs[index].addr, &fd, why);

    if (err) return err;
    *why = NULL;
    a = cq_calloc(s->mem, 1, sizeof *a);
    if (a) a->place = (struct cq_hub_place){.ready = on_connectable, .fd = fd};
    if (!a || cq_hub_watch(s->hub, &a->place, CQ_WANT_OUT) != 0) {
        err = a ? CQ_EDESCRIPTORS : CQ_ENOMEM;
        cq_free(s->mem, a);
        cq_fd_close(fd);
        return err;
    }
    a->s = s;
    a->index = index;
    a->fd = fd;
    a->next = s->attempts;
    s->attempts = a;
    return 0;
}

static bool resolved(struct cq_sock *s)
{
    char text[256];

    cq_dial_print(s->dial, text, sizeof text);
    cq_sock_set_state(s, CQ_SOCK_CONNECT);
    return cq_sock_step_done(s, CQ_STEP_RESOLVE, text);
}

void cq_sock_advance(struct cq_sock *s)
{
    for (;;) {
        size_t i = 0;
        const char *why = NULL;
        int err;

        switch (cq_dial_next(s->dial, uv_hrtime(), &i)) {
        case CQ_DIAL_WAIT:
            cq_sock_arm(s, cq_dial_deadline(s->dial));
            return;
        case CQ_DIAL_RESOLVED:
            if (!resolved(s)) return;
            break;
        case CQ_DIAL_CONNECT:
            err = begin(s, i, &why);
            if (err) cq_dial_failed(s->dial, i, err, why);
            break;
        case CQ_DIAL_FAILED:
            cq_sock_step_failed(s, s->state == CQ_SOCK_RESOLVE ? CQ_STEP_RESOLVE : CQ_STEP_CONNECT);
            return;
        }
    }
}
