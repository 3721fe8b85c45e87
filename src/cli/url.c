/* SPDX-License-Identifier: Apache-2.0 */
/* URLs that records go to and lists come from (cli/settings.h): who is meant, and whether
 * credentials may travel there. RFC 3986 3.2. */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "cli/settings.h"
#include "cli/words.h"

enum { LONGEST_URL = 4096 };

static bool is_loopback(const char *host)
{
    unsigned char a[16];

    if (strcasecmp(host, "localhost") == 0) return true;
    if (inet_pton(AF_INET, host, a) == 1) return a[0] == 127;
    if (inet_pton(AF_INET6, host, a) != 1) return false;
    return memcmp(a, &in6addr_loopback, sizeof(a)) == 0;
}

static const char *scheme(const char *s, struct cq_url *out)
{
    out->https = strncasecmp(s, "https://", 8) == 0;
    out->port = out->https ? 443 : 80;
    if (out->https) return s + 8;
    return strncasecmp(s, "http://", 7) == 0 ? s + 7 : NULL;
}

static const char *authority(struct cq_pool *pool, const char *s, size_t n, struct cq_url *out)
{
    const char *end = s[0] == '[' ? memchr(s, ']', n) : memchr(s, ':', n);
    const char *port = end;
    uint64_t v;

    if (s[0] == '[') {
        if (!end) return "a bracket is not closed";
        out->host = cq_pool_dup(pool, s + 1, (size_t)(end - s - 1));
        port = end + 1 < s + n ? end + 1 : NULL;
    } else {
        out->host = cq_pool_dup(pool, s, end ? (size_t)(end - s) : n);
    }
    if (!out->host) return "out of memory";
    if (!*out->host) return "the host is missing";
    if (!port) return NULL;
    port = cq_pool_dup(pool, port, (size_t)(s + n - port));
    if (!port || port[0] != ':' || !cq_parse_uint(port + 1, 1, 65535, &v)) {
        return "the port is not a number from 1 to 65535";
    }
    out->port = (unsigned)v;
    return NULL;
}

const char *cq_parse_url(struct cq_pool *pool, const char *s, struct cq_url *out)
{
    const char *rest = scheme(s, out), *why;
    size_t n;

    out->host = NULL;
    if (!rest) return "a URL that begins with https:// or http:// is expected";
    if (strlen(s) > LONGEST_URL) return "the URL is longer than 4096 bytes";
    for (const char *p = s; *p; p++) {
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p == 0x7f) {
            return "there is a space or a control character in the URL";
        }
    }
    n = strcspn(rest, "/?#");
    if (memchr(rest, '@', n)) {
        return "a user or password in a URL would be shown: say them as user and password";
    }
    if (strchr(rest, '#')) return "a URL of a service has no fragment (#)";
    why = authority(pool, rest, n, out);
    if (!why) out->loopback = is_loopback(out->host);
    return why;
}

static const char *login_fault(const struct cq_http_login *l, const struct cq_url *url)
{
    bool token = l->token->source, password = l->password->source;

    if (token && (l->user || password)) return "a token or a user with a password, not both";
    if (l->user && !password) return "the user has no password";
    if (password && !l->user) return "the password has no user";
    if (!l->cert->source != !l->key->source) return "cert and key belong together";
    if (!url->https && (l->cacert->source || l->cert->source)) {
        return "cacert, cert and key are for https";
    }
    if ((token || password) && !url->https && !url->loopback) {
        return "a token or password would cross the network in clear text: use https";
    }
    return NULL;
}

bool cq_check_http(struct cq_pool *pool, struct cq_diags *d, struct cq_place at, const char *what,
                   const struct cq_http_login *l, struct cq_url *url)
{
    const char *why = cq_parse_url(pool, l->url, url);

    if (!why) why = login_fault(l, url);
    if (why) cq_diag(d, at, "%s: %s", what, why);
    return !why;
}
