/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to addresses by c-ares, on the loop's own handles: no thread of the host's pool is held by
 * a dead name server. One resolver for all socks of a crawler (net/sock.h has new and close); it
 * reads /etc/hosts and /etc/resolv.conf as the system does, when the first name is asked for.
 *
 *   lookup -> callback, once (perhaps before lookup returns), or cancel: no callback, a late answer
 * is dropped
 */
#ifndef CQ_NET_RESOLVER_H
#define CQ_NET_RESOLVER_H

#include "net/addr.h"
#include "net/sock.h"

struct cq_lookup;

/* err 0: n >= 1 addresses, gone after the call. Else CQ_EDNS, CQ_ENOMEM,
 * CQ_EDESCRIPTORS and why, static words. */
typedef void cq_lookup_cb(void *ctx, int err, const char *why, const struct cq_addr *a, size_t n);

/* *out is set before the callback may run and is void after it. 0; or CQ_ENOMEM, CQ_EDNS,
 * CQ_EDESCRIPTORS, CQ_ENO_LIBRARY: no callback. */
int cq_resolver_lookup(struct cq_resolver *r, const char *host, uint16_t port, cq_lookup_cb *cb,
                       void *ctx, struct cq_lookup **out);
void cq_lookup_cancel(struct cq_lookup *l);

/* For tests: other name servers than the system's, "127.0.0.1:5353,...". Before the first lookup.
 */
void cq_resolver_servers(struct cq_resolver *r, const char *csv);
/* What is said where c-ares is missing. */
#define CQ_NEEDS_ARES "names need c-ares 1.18 or later (Debian: libc-ares2)"
const char *cq_resolver_library(void); /* the version of c-ares, which is loaded for that */

#endif
