/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials and trust of HTTP (lib/access.h). The header line is put together in a secret's own
 * memory. libcurl copies it into the head of each request, which it frees without wiping: that copy
 * is out of our hands.
 */
#include "lib/access.h"

#include <stdio.h>

#include "lib/handle.h"

static const char *const keys[CQ_ACCESS_PARTS] = {"token", "password", "cacert", "cert", "key"};

static enum cq_secret_kind kind_of(int part)
{
    return part <= CQ_ACCESS_PASSWORD ? CQ_SECRET_PASSWORD : CQ_SECRET_PEM;
}

/* ---- checks ---- */

static int refuse(struct cq_fault *f, const char *why)
{
    return cq_fault_set(f, CQ_EINVALID, "%s", why);
}

static int check(const struct cq_access *a, const struct cq_access_options *o, struct cq_fault *f)
{
    bool has[CQ_ACCESS_PARTS];

    for (int i = 0; i < CQ_ACCESS_PARTS; i++) {
        int err = cq_check_source(o->from[i], keys[i], f);

        if (err) return err;
        has[i] = o->from[i]->source != CQLCRAWL_UNSET;
    }
    if (has[CQ_ACCESS_TOKEN] && (o->user || has[CQ_ACCESS_PASSWORD]))
        return refuse(f, "token: a user or password beside it: one of the two");
    if ((o->user != NULL) != has[CQ_ACCESS_PASSWORD])
        return refuse(f, "user and password belong together: one of them is missing");
    if (o->user && strpbrk(o->user, ":\r\n")) return refuse(f, "user: holds a colon or line end");
    if (has[CQ_ACCESS_CERT] != has[CQ_ACCESS_KEY])
        return refuse(f, "cert and key belong together: one of them is missing");
    if (!a->at.tls && (has[CQ_ACCESS_CACERT] || has[CQ_ACCESS_CERT]))
        return refuse(f, "url: a CA or certificate, but it begins with http://");
    if (!a->at.tls && !a->at.loopback && (has[CQ_ACCESS_TOKEN] || has[CQ_ACCESS_PASSWORD]))
        return refuse(f, "url: the credentials would cross the network unencrypted: say https://");
    return 0;
}

/* ---- life ---- */

static const char *dup_text(struct cq_arena *arena, const char *s, bool *ok)
{
    cq_bytes copy;

    if (!s) return NULL;
    copy = cq_arena_dup(arena, (cq_bytes){(const uint8_t *)s, strlen(s) + 1});
    if (cq_is_null(copy)) *ok = false;
    return (const char *)copy.p;
}

static int take(struct cq_access *a, struct cq_arena *arena, int part,
                const struct cqlcrawl_text *from, struct cq_fault *f)
{
    bool ok = true;

    a->from[part] = *from;
    if (from->source == CQLCRAWL_BYTES) {
        cq_bytes b = {(const uint8_t *)from->text, from->n};

        a->from[part].text = NULL;
        return cq_secret_from_bytes(&a->given[part], kind_of(part), b, f);
    }
    a->from[part].text = dup_text(arena, from->text, &ok);
    return ok ? 0 : cq_fault_set(f, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
}

int cq_access_init(struct cq_access *a, struct cq_arena *arena, const struct cq_access_options *o,
                   struct cq_fault *f)
{
    bool ok = true;
    int err;

    *a = (struct cq_access){0};
    err = cq_http_url(o->http, &a->at, o->url, f);
    if (!err) err = check(a, o, f);
    for (int i = 0; !err && i < CQ_ACCESS_PARTS; i++)
        err = take(a, arena, i, o->from[i], f);
    if (err) return err;
    a->url = dup_text(arena, o->url, &ok);
    a->user = dup_text(arena, o->user, &ok);
    return ok ? 0 : cq_fault_set(f, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
}

void cq_access_fini(struct cq_access *a)
{
    for (int i = 0; i < CQ_ACCESS_PARTS; i++) {
        cq_secret_release(a->given[i]);
        cq_secret_release(a->read[i]);
        a->given[i] = a->read[i] = NULL;
    }
    cq_secret_release(a->auth);
    a->auth = NULL;
}

/* ---- reading ---- */

static int read_part(const struct cq_access *a, int part, struct cq_secret **out,
                     struct cq_fault *f)
{
    if (a->from[part].source != CQLCRAWL_BYTES)
        return cq_read_text(out, kind_of(part), &a->from[part], keys[part], f);
    *out = cq_secret_retain(a->given[part]);
    return 0;
}

static size_t base64(uint8_t *to, cq_bytes b)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;

    for (size_t i = 0; i < b.n; i += 3) {
        uint32_t v = (uint32_t)b.p[i] << 16;

        if (i + 1 < b.n) v |= (uint32_t)b.p[i + 1] << 8;
        if (i + 2 < b.n) v |= b.p[i + 2];
        to[n++] = (uint8_t)digits[v >> 18];
        to[n++] = (uint8_t)digits[v >> 12 & 63];
        to[n++] = i + 1 < b.n ? (uint8_t)digits[v >> 6 & 63] : '=';
        to[n++] = i + 2 < b.n ? (uint8_t)digits[v & 63] : '=';
    }
    return n;
}

static bool is_printable(cq_bytes b)
{
    for (size_t i = 0; i < b.n; i++) {
        if (b.p[i] < 0x20 || b.p[i] == 0x7f) return false;
    }
    return true;
}

/* The header line, NUL included; the room is the caller's to wipe. */
static void write_line(const struct cq_access *a, cq_bytes secret, uint8_t *to, size_t *n)
{
    static const char bearer[] = "Authorization: Bearer ", basic[] = "Authorization: Basic ";
    size_t user = a->user ? strlen(a->user) : 0;
    uint8_t *pair = to + *n / 2; /* the line is shorter than half of the room */

    if (!a->user) {
        memcpy(to, bearer, sizeof(bearer) - 1);
        memcpy(to + sizeof(bearer) - 1, secret.p, secret.n);
        *n = sizeof(bearer) - 1 + secret.n;
    } else {
        memcpy(pair, a->user, user);
        pair[user] = ':';
        memcpy(pair + user + 1, secret.p, secret.n);
        memcpy(to, basic, sizeof(basic) - 1);
        *n = sizeof(basic) - 1 +
             base64(to + sizeof(basic) - 1, (cq_bytes){pair, user + 1 + secret.n});
    }
    to[(*n)++] = 0;
}

/* A secret that holds the line; NULL in *out where there are no credentials. */
static int line_of(const struct cq_access *a, struct cq_secret **out, struct cq_fault *f)
{
    int part = a->user ? CQ_ACCESS_PASSWORD : CQ_ACCESS_TOKEN;
    size_t user = a->user ? strlen(a->user) : 0, n, all;
    struct cq_secret *secret = NULL;
    uint8_t *room;
    cq_bytes b;
    int err = read_part(a, part, &secret, f);

    *out = NULL;
    if (err || !secret) return err;
    b = cq_secret_bytes(secret);
    n = all = 2 * (64 + (user + b.n + 3) * 4 / 3);
    room = is_printable(b) ? cq_alloc(&cq_mem_libc, n) : NULL;
    if (room) {
        write_line(a, b, room, &n);
        err = cq_secret_from_bytes(out, CQ_SECRET_PEM, (cq_bytes){room, n}, f);
        cq_wipe(room, all);
        cq_wipe_registers();
    } else {
        err = cq_fault_set(f, CQ_ESECRET, "%s: holds control characters", keys[part]);
    }
    cq_free(&cq_mem_libc, room);
    cq_secret_release(secret);
    return err;
}

static bool same(const struct cq_secret *a, const struct cq_secret *b)
{
    return cq_eq(cq_secret_bytes(a), cq_secret_bytes(b));
}

static int read_trust(struct cq_access *a, struct cq_fault *f)
{
    struct cq_secret *now[CQ_ACCESS_PARTS] = {NULL};
    int err = 0;

    for (int i = CQ_ACCESS_CACERT; i < CQ_ACCESS_PARTS && !err; i++)
        err = read_part(a, i, &now[i], f);
    for (int i = CQ_ACCESS_CACERT; i < CQ_ACCESS_PARTS; i++) {
        cq_secret_release(err ? now[i] : a->read[i]);
        if (!err) a->read[i] = now[i];
    }
    return err;
}

int cq_access_read(struct cq_access *a, bool trust, struct cq_fault *f)
{
    struct cq_secret *line;
    int err = line_of(a, &line, f);

    if (!err && trust) err = read_trust(a, f);
    if (err || same(line, a->auth)) {
        cq_secret_release(line);
        return err;
    }
    cq_secret_release(a->auth);
    a->auth = line;
    a->generation++;
    return 0;
}
