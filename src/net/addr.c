/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses to text and back, for net/dial and net/resolver. Nothing is asked over the network: a
 * zone id is looked up among this host's own interfaces (RFC 4007 11), and one that does not exist
 * makes the text a name, which then fails to resolve.
 */
#include "net/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/inet4.h"

static bool parse_v6(const char *host, struct cq_addr *out)
{
    char text[INET6_ADDRSTRLEN];
    const char *zone = strchr(host, '%');
    size_t n = zone ? (size_t)(zone - host) : strlen(host);

    if (n >= sizeof text) return false;
    memcpy(text, host, n);
    text[n] = 0;
    if (inet_pton(AF_INET6, text, &out->u.v6.sin6_addr) != 1) return false;
    out->u.v6.sin6_family = AF_INET6;
    if (!zone) return true;
    out->u.v6.sin6_scope_id = if_nametoindex(zone + 1);
    if (out->u.v6.sin6_scope_id == 0)
        out->u.v6.sin6_scope_id = (uint32_t)strtoul(zone + 1, NULL, 10);
    return out->u.v6.sin6_scope_id != 0;
}

bool cq_addr_parse(const char *host, uint16_t port, struct cq_addr *out)
{
    struct cq_addr a;

    memset(&a, 0, sizeof a);
    if (inet_pton(AF_INET, host, &a.u.v4.sin_addr) == 1) {
        a.u.v4.sin_family = AF_INET;
        a.u.v4.sin_port = htons(port);
    } else if (parse_v6(host, &a)) {
        a.u.v6.sin6_port = htons(port);
    } else {
        return false;
    }
    if (out) *out = a;
    return true;
}

bool cq_addr_from(const struct sockaddr *sa, uint16_t port, struct cq_addr *out)
{
    memset(out, 0, sizeof *out);
    if (sa->sa_family == AF_INET) {
        memcpy(&out->u.v4, sa, sizeof out->u.v4);
        out->u.v4.sin_port = htons(port);
        return true;
    }
    if (sa->sa_family == AF_INET6) {
        memcpy(&out->u.v6, sa, sizeof out->u.v6);
        out->u.v6.sin6_port = htons(port);
        return true;
    }
    return false;
}

socklen_t cq_addr_len(const struct cq_addr *a)
{
    return a->u.sa.sa_family == AF_INET ? sizeof a->u.v4 : sizeof a->u.v6;
}

void cq_addr_print(const struct cq_addr *a, bool with_port, char out[CQ_ADDR_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";
    char zone[12] = "";
    int n;

    if (a->u.sa.sa_family == AF_INET) {
        n = (int)cq_inet4_text((const uint8_t *)&a->u.v4.sin_addr, out);
        if (with_port)
            n += snprintf(out + n, CQ_ADDR_TEXT - (size_t)n, ":%u", ntohs(a->u.v4.sin_port));
        assert(n < CQ_ADDR_TEXT);
        return;
    }
    inet_ntop(AF_INET6, &a->u.v6.sin6_addr, host, sizeof host);
    if (a->u.v6.sin6_scope_id) snprintf(zone, sizeof zone, "%%%u", (unsigned)a->u.v6.sin6_scope_id);
    if (with_port)
        n = snprintf(out, CQ_ADDR_TEXT, "[%s%s]:%u", host, zone, ntohs(a->u.v6.sin6_port));
    else
        n = snprintf(out, CQ_ADDR_TEXT, "%s%s", host, zone);
    assert(n > 0 && n < CQ_ADDR_TEXT);
    (void)n;
}
