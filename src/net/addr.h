/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An address of a contact point: IPv4 or IPv6 with a port, small enough to keep by the dozen. Made
 * from text without asking anybody (literals, zone ids included) or from what a resolver answered.
 */
#ifndef CQ_NET_ADDR_H
#define CQ_NET_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct cq_addr {
    union {
        struct sockaddr sa;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } u;
};

#define CQ_ADDR_TEXT                                                                               \
    64 /* "[v6%zone]:port" and NUL: at most 63, for only link-local addresses have zones */

/* Is host an address, not a name? "127.0.0.1", "::1", "fe80::1%eth0". out may be NULL. */
bool cq_addr_parse(const char *host, uint16_t port, struct cq_addr *out);
/* From a resolver's sockaddr; false for other families. */
bool cq_addr_from(const struct sockaddr *sa, uint16_t port, struct cq_addr *out);
socklen_t cq_addr_len(const struct cq_addr *a);
/* "127.0.0.1:9042", "[::1]:9042"; without the port "127.0.0.1", "::1". */
void cq_addr_print(const struct cq_addr *a, bool with_port, char out[CQ_ADDR_TEXT]);

#endif
