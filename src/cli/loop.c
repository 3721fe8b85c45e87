/* SPDX-License-Identifier: Apache-2.0 */
/* One wait for all that the program waits for (cli/loop.h). */
#include "cli/loop.h"

#include "cqlcrawl.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint64_t cq_now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int64_t cq_unix_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void cq_source_ignore(void *ctx, short revents)
{
    (void)ctx;
    (void)revents;
}

bool cq_loop_add(struct cq_loop *l, struct cq_source *s)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct cq_source **sources = realloc(l->sources, cap * sizeof(struct cq_source *));
        struct pollfd *polls;

        if (!sources) return false;
        l->sources = sources;
        polls = realloc(l->polls, cap * sizeof(*polls));
        if (!polls) return false;
        l->polls = polls;
        l->cap = cap;
    }
    l->sources[l->n++] = s;
    return true;
}

void cq_loop_remove(struct cq_loop *l, struct cq_source *s)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->sources[i] == s) l->sources[i] = NULL;
    }
}

static void sweep(struct cq_loop *l)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->n; i++) {
        if (l->sources[i]) l->sources[kept++] = l->sources[i];
    }
    l->n = kept;
}

/* The earlier of ms from now and the next time of a source. */
static int until(const struct cq_loop *l, int ms)
{
    uint64_t first = CQ_NEVER, now, wait;

    for (size_t i = 0; i < l->n; i++) {
        if (l->sources[i]->due_ns < first) first = l->sources[i]->due_ns;
    }
    if (first == CQ_NEVER) return ms;
    now = cq_now_ns();
    wait = first > now ? (first - now + 999999) / 1000000 : 0;
    if (wait > 3600000) wait = 3600000;
    return ms < 0 || wait < (uint64_t)ms ? (int)wait : ms;
}

static void dispatch(struct cq_loop *l, size_t n)
{
    uint64_t now = cq_now_ns();

    for (size_t i = 0; i < n; i++) {
        struct cq_source *s = l->sources[i];

        if (s && l->polls[i].revents) s->ready(s->ctx, l->polls[i].revents);
        s = l->sources[i]; /* it may have gone */
        if (s && s->due_ns <= now) {
            s->due_ns = CQ_NEVER;
            s->due(s->ctx, now);
        }
    }
}

void cq_loop_turn(struct cq_loop *l, int ms)
{
    size_t n;

    sweep(l);
    n = l->n; /* those that callbacks add have their turn next time */
    for (size_t i = 0; i < n; i++) {
        const struct cq_source *s = l->sources[i];

        l->polls[i] = (struct pollfd){.fd = s->events ? s->fd : -1, .events = s->events};
    }
    ms = until(l, ms);
    if ((l->library ? cqlcrawl_poll(l->library, l->polls, n, ms) : poll(l->polls, (nfds_t)n, ms)) <
        0) {
        for (size_t i = 0; i < n; i++)
            l->polls[i].revents = 0;
    }
    dispatch(l, n);
}

void cq_loop_fini(struct cq_loop *l)
{
    free(l->sources);
    free(l->polls);
    *l = (struct cq_loop){0};
}
