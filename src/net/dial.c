/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of dialling (net/dial.h). Happy path: one address, known at once: RESOLVED, CONNECT 0,
 * and the owner is connected. Failure: every address says why; the fault names them all, and its
 * code is the one that tells most: refused (a host is there), silence, no route, no name.
 */
#include "net/dial.h"

#include <assert.h>
#include <stdio.h>

void cq_dial_init(struct cq_dial *d, const struct cq_mem *mem, struct cq_blame *fault,
                  uint64_t timeout_ns, uint64_t now)
{
    *d = (struct cq_dial){
        .mem = mem,
        .fault = fault,
        .timeout = timeout_ns,
        .resolve_deadline = now + timeout_ns,
        .grace = CQ_NEVER,
        .connect_deadline = CQ_NEVER,
    };
}

void cq_dial_fini(struct cq_dial *d)
{
    if (d->mem) cq_free(d->mem, d->addrs);
    d->addrs = NULL;
    d->n = 0;
}

void cq_dial_name(struct cq_dial *d, const char *host)
{
    assert(d->n_names < CQ_MAX_CONTACT_POINTS);
    d->names[d->n_names++] = (struct cq_dial_name){.host = host};
}

static size_t pending_names(const struct cq_dial *d)
{
    size_t n = 0;

    for (size_t i = 0; i < d->n_names; i++)
        n += !d->names[i].answered;
    return n;
}

static size_t count(const struct cq_dial *d, enum cq_try state)
{
    size_t n = 0;

    for (size_t i = 0; i < d->n; i++)
        n += d->addrs[i].state == state;
    return n;
}

/* The k-th address of the other family than `first`, or of the same. */
static const struct cq_addr *pick(const struct cq_addr *a, size_t n, bool same, size_t k)
{
    for (size_t i = 0; i < n; i++) {
        if ((a[i].u.sa.sa_family == a[0].u.sa.sa_family) != same) continue;
        if (k-- == 0) return &a[i];
    }
    return NULL;
}

/* Families take turns, beginning with that of the first (the resolver has sorted: RFC 6724). */
static void append_in_turns(struct cq_dial *d, size_t e, const struct cq_addr *a, size_t n)
{
    size_t end = d->n + n;

    for (size_t k = 0; d->n < end; k++) {
        const struct cq_addr *own = pick(a, n, true, k);
        const struct cq_addr *other = pick(a, n, false, k);

        if (own) d->addrs[d->n++] = (struct cq_dial_addr){.addr = *own, .endpoint = (uint16_t)e};
        if (other)
            d->addrs[d->n++] = (struct cq_dial_addr){.addr = *other, .endpoint = (uint16_t)e};
    }
}

int cq_dial_addresses(struct cq_dial *d, size_t e, const struct cq_addr *a, size_t n, uint64_t now)
{
    struct cq_dial_addr *grown;

    assert(e < d->n_names && n > 0);
    if (n > CQ_MAX_ADDRESSES) n = CQ_MAX_ADDRESSES;
    grown = cq_realloc(d->mem, d->addrs, (d->n + n) * sizeof *grown);
    if (!grown) return cq_blame_set(d->fault, CQ_ENOMEM, "no memory for addresses");
    d->addrs = grown;
    append_in_turns(d, e, a, n);
    d->names[e].answered = true;
    if (d->grace == CQ_NEVER) d->grace = now + CQ_STAGGER;
    return 0;
}

void cq_dial_unresolved(struct cq_dial *d, size_t e, int err, const char *why)
{
    assert(e < d->n_names && !d->names[e].answered);
    d->names[e].answered = true;
    d->names[e].err = err;
    d->names[e].why = why;
}

void cq_dial_failed(struct cq_dial *d, size_t i, int err, const char *why)
{
    assert(i < d->n && d->addrs[i].state == CQ_TRY_RUNNING);
    d->addrs[i].state = CQ_TRY_FAILED;
    d->addrs[i].err = err;
    d->addrs[i].why = why;
    d->next_at = 0; /* the next one at once */
}

static bool resolve_over(const struct cq_dial *d, uint64_t now)
{
    return pending_names(d) == 0 || now >= d->resolve_deadline || now >= d->grace;
}

static size_t first_new(const struct cq_dial *d)
{
    size_t best = d->n;

    for (size_t i = 0; i < d->n; i++) {
        if (d->addrs[i].state != CQ_TRY_NEW) continue;
        if (best == d->n || d->addrs[i].endpoint < d->addrs[best].endpoint) best = i;
    }
    return best;
}

static uint64_t stagger(const struct cq_dial *d)
{
    uint64_t fit = d->timeout / 2 / (d->n ? d->n : 1);

    return fit < CQ_STAGGER ? fit : CQ_STAGGER;
}

static int telling(int err)
{
    switch (err) {
    case CQ_EREFUSED:
        return 5;
    case CQ_EDESCRIPTORS:
    case CQ_EPORTS:
    case CQ_ENOMEM:
        return 4;
    case CQ_ECONNECT_TIMEOUT:
        return 3;
    case CQ_EDNS:
        return 1;
    default:
        return 2;
    }
}

struct words {
    char text[CQ_MAX_ERRMSG];
    size_t n;
    int err;
};

static void say(struct words *w, const char *what, int err, const char *why)
{
    int n;

    if (w->err == 0 || telling(err) > telling(w->err)) w->err = err;
    if (w->n >= sizeof w->text) return;
    n = snprintf(w->text + w->n, sizeof w->text - w->n, "%s%s: %s", w->n ? "; " : "", what,
                 why ? why : cq_err_text(err));
    w->n += n > 0 ? (size_t)n : 0;
}

static enum cq_dial_act give_up(struct cq_dial *d)
{
    struct words w = {.n = 0};
    char text[CQ_ADDR_TEXT];
    char silence[64];

    snprintf(silence, sizeof silence, "no answer within %llu ms",
             (unsigned long long)(d->timeout / CQ_MS(1)));
    for (size_t i = 0; i < d->n; i++) {
        const struct cq_dial_addr *a = &d->addrs[i];
        bool said = a->state == CQ_TRY_FAILED;

        cq_addr_print(&a->addr, true, text);
        say(&w, text, said ? a->err : CQ_ECONNECT_TIMEOUT, said ? a->why : silence);
    }
    for (size_t i = 0; i < d->n_names; i++) {
        const struct cq_dial_name *m = &d->names[i];

        if (!m->answered) say(&w, m->host, CQ_EDNS, silence);
        if (m->err) say(&w, m->host, m->err, m->why);
    }
    cq_blame_set(d->fault, w.err ? w.err : CQ_EDNS, "%s", w.text);
    return CQ_DIAL_FAILED;
}

static enum cq_dial_act next_attempt(struct cq_dial *d, uint64_t now, size_t *i)
{
    size_t k = first_new(d);
    bool running = count(d, CQ_TRY_RUNNING) > 0;

    if (now >= d->connect_deadline) return give_up(d);
    if (k == d->n) {
        bool more = pending_names(d) > 0 && now < d->resolve_deadline;

        return running || more ? CQ_DIAL_WAIT : give_up(d);
    }
    if (running && now < d->next_at) return CQ_DIAL_WAIT;
    d->addrs[k].state = CQ_TRY_RUNNING;
    d->next_at = now + stagger(d);
    *i = k;
    return CQ_DIAL_CONNECT;
}

enum cq_dial_act cq_dial_next(struct cq_dial *d, uint64_t now, size_t *i)
{
    if (d->fault->err) return CQ_DIAL_FAILED;
    if (d->resolved) return next_attempt(d, now, i);
    if (!resolve_over(d, now)) return CQ_DIAL_WAIT;
    if (d->n == 0) return give_up(d);
    d->resolved = true;
    d->connect_deadline = now + d->timeout;
    return CQ_DIAL_RESOLVED;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t cq_dial_deadline(const struct cq_dial *d)
{
    uint64_t t = d->connect_deadline;

    if (!d->resolved) return least(d->resolve_deadline, d->grace);
    if (first_new(d) < d->n) t = least(t, d->next_at);
    if (pending_names(d) > 0 && count(d, CQ_TRY_RUNNING) == 0) t = least(t, d->resolve_deadline);
    return t;
}

void cq_dial_print(const struct cq_dial *d, char *out, size_t n)
{
    char text[CQ_ADDR_TEXT];
    size_t at = 0;

    out[0] = 0;
    for (size_t i = 0; i < d->n; i++) {
        size_t before = i ? 2 : 0, k;

        cq_addr_print(&d->addrs[i].addr, false, text);
        k = strlen(text);
        if (before + k >= n - at) {
            cq_copy_text(out + at, n - at, n - at > 3 ? CQ_LIT("...") : CQ_NULL);
            return;
        }
        memcpy(out + at, ", ", before);
        memcpy(out + at + before, text, k + 1);
        at += before + k;
    }
}
