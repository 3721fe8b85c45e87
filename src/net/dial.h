/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which address is tried when: pure, in virtual time. The owner resolves names and connects sockets
 * and says how that went; the dial says what to begin, when to look again, and when it is over.
 *
 *   init -> addresses | unresolved (per endpoint) -> next until WAIT -> failed | next (at deadline)
 * ... -> fini
 *
 * Rules. Contact points in their order, the addresses of one with the families taking turns (RFC
 * 8305 4). Resolving is over when every name has answered, CQ_STAGGER after the first address is
 * known, or at its deadline; a name that answers later still adds its addresses. Attempts begin
 * CQ_STAGGER apart, at once when nothing else is on its way, and closer together where all would
 * not fit into half of the time for connecting. The owner stops at the first attempt that connects.
 */
#ifndef CQ_NET_DIAL_H
#define CQ_NET_DIAL_H

#include "base/blame.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/addr.h"

enum cq_dial_act {
    CQ_DIAL_WAIT,     /* until cq_dial_deadline, or until there is news */
    CQ_DIAL_RESOLVED, /* once: the resolve step is over, connecting begins */
    CQ_DIAL_CONNECT,  /* begin to connect to address *i */
    CQ_DIAL_FAILED,   /* it is over: no address is left, or no time; *fault says what */
};

enum cq_try { CQ_TRY_NEW, CQ_TRY_RUNNING, CQ_TRY_FAILED };

struct cq_dial_addr {
    struct cq_addr addr;
    uint16_t endpoint;
    enum cq_try state;
    int err;         /* FAILED */
    const char *why; /* FAILED: static words */
};

struct cq_dial_name {
    const char *host; /* the owner's */
    bool answered;
    int err; /* of resolving */
    const char *why;
};

struct cq_dial {
    const struct cq_mem *mem;
    struct cq_dial_addr *addrs; /* as they became known; an index stays valid */
    size_t n;
    struct cq_dial_name names[CQ_MAX_CONTACT_POINTS];
    size_t n_names;
    uint64_t timeout;
    uint64_t resolve_deadline;
    uint64_t grace;            /* resolving is over then, if there is an address */
    uint64_t connect_deadline; /* CQ_NEVER while resolving */
    uint64_t next_at;          /* the earliest time of the next attempt */
    bool resolved;
    struct cq_blame *fault;
};

void cq_dial_init(struct cq_dial *d, const struct cq_mem *mem, struct cq_blame *fault,
                  uint64_t timeout_ns, uint64_t now);
void cq_dial_fini(struct cq_dial *d);
/* One contact point; call before all else. host lives as long as the dial. */
void cq_dial_name(struct cq_dial *d, const char *host);
/* Endpoint e has n addresses (put in order here; over CQ_MAX_ADDRESSES are left out). 0 or
 * CQ_ENOMEM. */
int cq_dial_addresses(struct cq_dial *d, size_t e, const struct cq_addr *a, size_t n, uint64_t now);
void cq_dial_unresolved(struct cq_dial *d, size_t e, int err, const char *why);
/* Attempt i ended without a connection. */
void cq_dial_failed(struct cq_dial *d, size_t i, int err, const char *why);

enum cq_dial_act cq_dial_next(struct cq_dial *d, uint64_t now, size_t *i);
uint64_t cq_dial_deadline(const struct cq_dial *d);
/* The addresses known, "127.0.0.1, ::1", cut with "..." where out is full. */
void cq_dial_print(const struct cq_dial *d, char *out, size_t n);

#endif
