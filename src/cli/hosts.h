/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hosts` of a group: the contact points that its credentials may go to when somebody else's list
 * names them. A name is matched as text and never looked up (who runs DNS does not decide who gets
 * a password); an address is matched as a number, an IPv4-mapped IPv6 address as the IPv4 one.
 *
 *   .prod.example     every name below it, not prod.example itself
 *   db1.prod.example  this name
 *   10.0.0.0/8, fd00::/8, 10.1.2.3, ::1
 */
#ifndef CQ_CLI_HOSTS_H
#define CQ_CLI_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

struct cq_host_rule {
    const char *text; /* as written */
    bool address;     /* else a name, or a suffix where it begins with a dot */
    unsigned bits;    /* of the address that must be equal, of 128 */
    unsigned char bytes[16];
};

/* NULL, or what is wrong. text is kept. */
const char *cq_host_rule_parse(const char *text, struct cq_host_rule *out);
bool cq_host_matches(const struct cq_host_rule *rules, size_t n, const char *host);

#endif
