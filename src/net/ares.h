/* SPDX-License-Identifier: Apache-2.0 */
/* c-ares's functions, loaded for the first name (base/library.h); addresses need none of it. */
#ifndef CQ_NET_ARES_H
#define CQ_NET_ARES_H

#include <ares.h>

#include "base/library.h"

/* Ours, theirs. */
#define CQ_ARES_FUNCTIONS(X)                                                                       \
    X(destroy, ares_destroy)                                                                       \
    X(freeaddrinfo, ares_freeaddrinfo)                                                             \
    X(getaddrinfo, ares_getaddrinfo)                                                               \
    X(init_options, ares_init_options)                                                             \
    X(process_fd, ares_process_fd)                                                                 \
    X(set_servers_ports_csv, ares_set_servers_ports_csv)                                           \
    X(strerror, ares_strerror)                                                                     \
    X(timeout, ares_timeout)                                                                       \
    X(version, ares_version)

struct cq_ares {
    CQ_ARES_FUNCTIONS(CQ_LIBRARY_POINTER)
};

int cq_ares_load(struct cq_ares *a, struct cq_fault *f); /* 0 or CQ_ENO_LIBRARY */

#endif
