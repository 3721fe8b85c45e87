/* SPDX-License-Identifier: Apache-2.0 */
/* TARGETs (cli/target.h). */
#include "cli/target.h"

#include <string.h>

#include "cli/words.h"

enum { LONGEST_HOST = 253 };

#define SCHEME "cassandra://"

const char *const cq_tls_words[] = {"disable", "require", "verify-ca", "verify-full", NULL};

static bool parse_port(struct cq_diags *d, struct cq_place at, const char *s, uint16_t *port)
{
    uint64_t v;

    if (!cq_parse_uint(s, 1, 65535, &v)) {
        cq_diag(d, at, "'%s' is not a port (1 to 65535)", s);
        return false;
    }
    *port = (uint16_t)v;
    return true;
}

static bool is_name(const char *s, size_t n)
{
    if (n == 0 || n > LONGEST_HOST) return false;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '.' || c == '_')) {
            return false;
        }
    }
    return s[0] != '.' && s[0] != '-';
}

/* Hexadecimal digits, colons, dots; a zone after %. Whether it is an address is for the dialler to
 * see. */
static bool is_v6(const char *s, size_t n)
{
    size_t digits = strspn(s, "0123456789abcdefABCDEF:.");

    if (n == 0 || n > LONGEST_HOST || !memchr(s, ':', n)) return false;
    if (digits >= n) return true;
    return s[digits] == '%' && is_name(s + digits + 1, n - digits - 1);
}

static bool bracketed(struct cq_pool *pool, struct cq_diags *d, struct cq_place at,
                      const char *text, struct cqlcrawl_endpoint *out)
{
    const char *end = strchr(text, ']');

    if (!end || !is_v6(text + 1, (size_t)(end - text - 1)) || (end[1] && end[1] != ':')) {
        cq_diag(d, at, "'%s' is not of the form [IPv6 address]:port", text);
        return false;
    }
    out->host = cq_pool_dup(pool, text + 1, (size_t)(end - text - 1));
    return out->host && (!end[1] || parse_port(d, at, end + 2, &out->port));
}

bool cq_parse_endpoint(struct cq_pool *pool, struct cq_diags *d, struct cq_place at,
                       const char *text, struct cqlcrawl_endpoint *out)
{
    const char *colon = strchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : strlen(text);

    *out = (struct cqlcrawl_endpoint){NULL, 0};
    if (strchr(text, '@')) { /* what stands before it may be a secret */
        cq_diag(d, at, "a contact point is host:port, without a user");
        return false;
    }
    if (text[0] == '[') return bracketed(pool, d, at, text, out);
    if (colon && strchr(colon + 1, ':')) {
        if (is_v6(text, strlen(text))) {
            cq_diag(d, at, "write an IPv6 address in brackets: [%s]", text);
        } else {
            cq_diag(d, at, "'%s' is not of the form host:port", text);
        }
        return false;
    }
    if (!is_name(text, n)) {
        cq_diag(d, at, "'%s' is neither a host name nor an address", text);
        return false;
    }
    out->host = cq_pool_dup(pool, text, n);
    return out->host && (!colon || parse_port(d, at, colon + 1, &out->port));
}

/* ---- cassandra:// ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Takes percent escapes out, in place. False: a broken one, or a control character. */
static bool decode(char *s)
{
    char *to = s;

    for (; *s; s++) {
        int c = (unsigned char)*s;

        if (c == '%') {
            int high = hex(s[1]), low = high < 0 ? -1 : hex(s[2]);

            if (low < 0) return false;
            c = high * 16 + low;
            s += 2;
        }
        if (c < 0x20 || c == 0x7f) return false;
        *to++ = (char)c;
    }
    *to = 0;
    return true;
}

static bool set_user(struct cq_diags *d, struct cq_place at, char *user, struct cq_cluster *c)
{
    if (strchr(user, ':')) {
        cq_diag(d, at,
                "a password in a target would be seen by everybody (ps, shell history): leave it "
                "out and use --password-file FILE, or auth.password of the configuration");
        return false;
    }
    if (!*user || !decode(user)) {
        cq_diag(d, at, "the user of the target is not valid");
        return false;
    }
    c->spec->t.user = user;
    CQ_SAY(c->spec, CQ_KEY_USER);
    return true;
}

static bool set_option(struct cq_diags *d, struct cq_place at, const char *name, char *value,
                       struct cq_cluster *c)
{
    static const char *const names[] = {"tls", "name", "sni", NULL};
    static const enum cq_key keys[] = {CQ_KEY_TLS_MODE, CQ_KEY_TLS_NAME, CQ_KEY_TLS_SNI};
    int i = cq_parse_word(name, names), mode;

    if (i < 0) {
        cq_diag(d, at, "'%s' is not an option of a target: tls, name and sni are", name);
        return false;
    }
    if (CQ_SAID(c->spec, keys[i])) {
        cq_diag(d, at, "option '%s' of the target is there twice", name);
        return false;
    }
    if (!decode(value) || !*value) {
        cq_diag(d, at, "option '%s' of the target has no valid value", name);
        return false;
    }
    CQ_SAY(c->spec, keys[i]);
    if (i == 1) c->spec->t.tls_name = value;
    if (i == 2) c->spec->t.tls_sni = value;
    if (i != 0) return true;
    mode = cq_parse_word(value, cq_tls_words);
    if (mode < 0) {
        cq_diag(d, at, "tls=%s: disable, require, verify-ca or verify-full", value);
        return false;
    }
    c->spec->t.tls_mode = (enum cqlcrawl_tls_mode)mode;
    return true;
}

static bool set_options(struct cq_diags *d, struct cq_place at, char *query, struct cq_cluster *c)
{
    while (query && *query) {
        char *next = strchr(query, '&'), *value;

        if (next) *next++ = 0;
        value = strchr(query, '=');
        if (!value) {
            cq_diag(d, at, "option '%s' of the target has no value", query);
            return false;
        }
        *value++ = 0;
        if (!set_option(d, at, query, value, c)) return false;
        query = next;
    }
    return true;
}

static bool set_hosts(struct cq_pool *pool, struct cq_diags *d, struct cq_place at, char *hosts,
                      struct cq_cluster *c)
{
    struct cqlcrawl_endpoint *e;
    size_t n = 1;

    for (const char *p = hosts; *p; p++)
        n += *p == ',';
    if (n > CQ_MOST_POINTS) {
        cq_diag(d, at, "a target of more than %d contact points", CQ_MOST_POINTS);
        return false;
    }
    e = cq_pool_alloc(pool, n * sizeof(*e));
    if (!e) return false;
    for (size_t i = 0; i < n; i++) {
        char *next = strchr(hosts, ',');

        if (next) *next++ = 0;
        if (!cq_parse_endpoint(pool, d, at, hosts, &e[i])) return false;
        hosts = next;
    }
    c->endpoints = e;
    c->n_endpoints = (unsigned short)n;
    return true;
}

static bool parse_url(struct cq_pool *pool, struct cq_diags *d, struct cq_place at, char *s,
                      struct cq_cluster *c)
{
    char *query = strchr(s, '?'), *user = s, *hosts;

    if (query) *query++ = 0;
    hosts = strrchr(s, '@');
    if (hosts) {
        *hosts++ = 0;
        if (!set_user(d, at, user, c)) return false;
    } else {
        hosts = s;
    }
    if (strchr(hosts, '/')) {
        cq_diag(d, at, "a target has no path: a whole cluster is read (--include chooses)");
        return false;
    }
    return set_hosts(pool, d, at, hosts, c) && set_options(d, at, query, c);
}

bool cq_parse_target(struct cq_pool *pool, struct cq_diags *d, struct cq_place at, const char *text,
                     struct cq_cluster *c)
{
    struct cqlcrawl_endpoint *e;
    char *copy;

    c->at = at;
    if (strlen(text) > CQ_LONGEST_TARGET) {
        cq_diag(d, at, "a target of more than %d bytes", CQ_LONGEST_TARGET);
        return false;
    }
    if (strncmp(text, SCHEME, strlen(SCHEME)) == 0) {
        copy = cq_pool_dup(pool, text + strlen(SCHEME), strlen(text + strlen(SCHEME)));
        c->spec = cq_pool_alloc(pool, sizeof(*c->spec));
        return copy && c->spec && parse_url(pool, d, at, copy, c);
    }
    if (strchr(text, '@') || strstr(text, "://")) {
        cq_diag(d, at, "a target is a host, host:port, [v6]:port or cassandra://[user@]host...");
        return false;
    }
    e = cq_pool_alloc(pool, sizeof(*e));
    c->endpoints = e;
    c->n_endpoints = 1;
    return e && cq_parse_endpoint(pool, d, at, text, e);
}
