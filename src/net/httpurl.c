/* SPDX-License-Identifier: Apache-2.0 */
/* What a URL says, by libcurl's own parser, so that both read the same host in it. */
#include "net/http_impl.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static int refuse(struct cq_fault *f, const char *why)
{
    return cq_fault_set(f, CQ_EINVALID, "url: %s", why);
}

static bool is_plain(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f) return false;
    }
    return true;
}

/* The part's text goes into out; false: the URL has none, or it is too long. */
static bool part(const struct cq_curl *curl, CURLU *u, CURLUPart what, char *out, size_t n)
{
    char *text = NULL;
    bool fits;

    if (curl->url_get(u, what, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return false;
    fits = snprintf(out, n, "%s", text) < (int)n;
    curl->free(text);
    return fits;
}

static bool has(const struct cq_curl *curl, CURLU *u, CURLUPart what)
{
    char *text = NULL;
    bool is = curl->url_get(u, what, &text, 0) == CURLUE_OK;

    curl->free(text);
    return is;
}

static bool is_loopback(const char *host)
{
    struct cq_addr a;

    if (strcasecmp(host, "localhost") == 0) return true; /* libcurl asks no resolver for it */
    if (!cq_addr_parse(host, 0, &a)) return false;
    if (a.u.sa.sa_family == AF_INET) return ntohl(a.u.v4.sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&a.u.v6.sin6_addr);
}

static int read_url(const struct cq_curl *curl, CURLU *u, struct cq_http_url *out, const char *url,
                    struct cq_fault *f)
{
    char scheme[8], port[8];
    size_t n;

    if (curl->url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        return refuse(f, "it is none that can be read (https://host:port/path)");
    if (!part(curl, u, CURLUPART_SCHEME, scheme, sizeof(scheme)) ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        return refuse(f, "it begins neither with http:// nor with https://");
    if (has(curl, u, CURLUPART_USER) || has(curl, u, CURLUPART_PASSWORD))
        return refuse(f, "it holds a user or password: those have keys of their own");
    if (has(curl, u, CURLUPART_FRAGMENT)) return refuse(f, "it has a fragment (#)");
    if (!part(curl, u, CURLUPART_HOST, out->host, sizeof(out->host)))
        return refuse(f, "its host is missing or too long");
    if (!part(curl, u, CURLUPART_PORT, port, sizeof(port))) return refuse(f, "its port is none");
    n = strlen(out->host);
    if (out->host[0] == '[') { /* an IPv6 address: without its brackets */
        memmove(out->host, out->host + 1, n - 2);
        out->host[n - 2] = 0;
    }
    out->port = (uint16_t)strtoul(port, NULL, 10);
    out->tls = strcmp(scheme, "https") == 0;
    out->address = cq_addr_parse(out->host, 0, NULL);
    out->loopback = is_loopback(out->host);
    return 0;
}

int cq_http_url(const struct cq_http *h, struct cq_http_url *out, const char *url,
                struct cq_fault *f)
{
    const struct cq_curl *curl = &h->curl;
    CURLU *u;
    int err;

    *out = (struct cq_http_url){0};
    if (!url || !*url) return refuse(f, "is missing");
    if (strlen(url) > CQ_MAX_URL) return refuse(f, "it is too long");
    if (!is_plain(url)) return refuse(f, "it holds spaces, controls or letters that are not ASCII");
    u = curl->url();
    if (!u) return cq_fault_set(f, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    err = read_url(curl, u, out, url, f);
    curl->url_cleanup(u);
    return err;
}
