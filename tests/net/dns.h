/* SPDX-License-Identifier: Apache-2.0 */
/* A name server for the tests: a thread, UDP and TCP on loopback, answers by the name asked for
 * (tests/net/dns.c). */
#ifndef CQ_TESTS_NET_DNS_H
#define CQ_TESTS_NET_DNS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct dns_zone {
    const char *name;
    int rcode;      /* 0; 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED */
    bool silent;    /* never answers */
    bool broken;    /* answers with bytes that are no answer */
    const char *v4; /* addresses with blanks between them */
    const char *v6;
    int delay_ms;
    unsigned repeat; /* the addresses of v4 that often, the last byte counted up; 0: once */
};

struct dns {
    const struct dns_zone *zones; /* until name is NULL; what is not there is NXDOMAIN */
    int fd;
    uint16_t port;
    char servers[80]; /* for cq_resolver_servers */
    unsigned asked;
    unsigned tcp_asked;
    int tcp;
    pthread_t thread;
    pthread_t tcp_thread;
};

bool dns_start(struct dns *d, const char *host, const struct dns_zone *zones);
void dns_stop(struct dns *d);

#endif
