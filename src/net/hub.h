/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One descriptor for all sockets of a loop: an epoll of our own, which stands in the loop as one
 * uv_poll_t. A uv_poll_t for each socket is eight system calls a connection (libuv 1.44 tries a
 * descriptor out, makes it non-blocking, and takes it out of the kernel's list and puts it in again
 * for each change); here they are three, at the price of one epoll_wait for all that are ready in a
 * turn, and of none where one socket is there alone.
 *
 *   cq_hub_init -> watch(IN or OUT) -> ready() ... -> watch(0) before the descriptor is closed
 *   -> cq_hub_close -> closed()
 *
 * Level-triggered: what is not read is told again in the next turn. Members may watch, change and
 * leave in any callback. Opened by the first member. While there are members the loop is alive.
 */
#ifndef CQ_NET_HUB_H
#define CQ_NET_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct cq_hub_place {
    void (*ready)(struct cq_hub_place *m); /* as watched for, or the descriptor is broken */
    int fd;
    unsigned want;    /* CQ_WANT_*, as the kernel knows; 0: not in the hub */
    bool is_tolerant; /* ready may also be called where nothing has come */
};

struct cq_hub {
    uv_loop_t *loop; /* NULL: closed */
    uv_poll_t poll;
    int fd;   /* -1: not opened yet */
    size_t n; /* members */
    struct cq_hub_place
        *first; /* one of them: where there is one alone, that one; else maybe NULL */
    struct epoll_event *batch; /* being told; NULL: none is */
    int n_batch;
    void (*closed)(void *ctx);
    void *ctx;
};

void cq_hub_init(struct cq_hub *h, uv_loop_t *loop);
/* want: CQ_WANT_IN, CQ_WANT_OUT or both; 0: not any more, which never fails. 0, or an error of the
 * system (errno): then it is not watched. */
int cq_hub_watch(struct cq_hub *h, struct cq_hub_place *m, unsigned want);
void cq_hub_close(struct cq_hub *h, void (*closed)(void *ctx), void *ctx); /* without members */

#endif
