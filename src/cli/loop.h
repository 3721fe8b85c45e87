/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program waits for beside the library: descriptors and times, in one wait with the
 * library's own. A source is its owner's memory; its fields may change at any time, by its own
 * callbacks, too. Removing one inside a callback, even one that is ready in the same turn, is
 * legal. A descriptor is closed after a turn without it, or after the library.
 */
#ifndef CQ_CLI_LOOP_H
#define CQ_CLI_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CQ_NEVER UINT64_MAX

struct cq_source {
    int fd;          /* -1: none */
    short events;    /* POLLIN, POLLOUT; 0: not now */
    uint64_t due_ns; /* of cq_now_ns; CQ_NEVER: no time */
    void (*ready)(void *ctx, short revents);
    /* due_ns is reached; it is CQ_NEVER from here on unless the callback sets it. */
    void (*due)(void *ctx, uint64_t now_ns);
    void *ctx;
};

struct pollfd;
struct cqlcrawl;

struct cq_loop {
    struct cqlcrawl *library;   /* has its turns while we wait; NULL: there is none */
    struct cq_source **sources; /* NULL: removed in this turn */
    struct pollfd *polls;
    size_t n, cap;
};

#define CQ_SOURCE(f, c) ((struct cq_source){.fd = (f), .due_ns = CQ_NEVER, .ctx = (c)})

uint64_t cq_now_ns(void); /* monotonic */
int64_t cq_unix_ms(void); /* since 1970 */
/* A `ready` for a source that shall only end the waiting. */
void cq_source_ignore(void *ctx, short revents);
bool cq_loop_add(struct cq_loop *l, struct cq_source *s); /* false: no memory */
void cq_loop_remove(struct cq_loop *l, struct cq_source *s);
/* Waits for anything, at most `ms` (-1: no limit), and calls whom it concerns. */
void cq_loop_turn(struct cq_loop *l, int ms);
void cq_loop_fini(struct cq_loop *l);

#endif
