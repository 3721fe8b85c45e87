/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP by libcurl's multi interface on a libuv loop (curl_multi_socket_action). It carries out
 * requests (base/http.h) and decides nothing: no retries, no redirects, no proxy, no waiting for a
 * place (a call is one connection's worth; its owner counts them).
 *
 *   cq_http_new -> cq_http_peer_new -> cq_http_call_new -> cq_http_send -> ready() -> cq_http_next
 *   -> cq_http_send again, or cq_http_call_free -> cq_http_peer_free -> cq_http_close -> closed()
 *
 * HTTP/1.1 with a known length and without `Expect`; names are resolved by net/resolver (libcurl's
 * own resolver is a thread that removing a transfer waits for). Whatever went wrong comes as a
 * response with err.
 */
#ifndef CQ_NET_HTTP_H
#define CQ_NET_HTTP_H

#include <uv.h>

#include "base/err.h"
#include "base/http.h"
#include "base/mem.h"
#include "net/sock.h"

struct cq_http;
struct cq_http_peer;
struct cq_http_call;

/* What a URL says. */
struct cq_http_url {
    char host[256]; /* without brackets */
    uint16_t port;
    bool tls;
    bool address;  /* the host is one, not a name */
    bool loopback; /* it never leaves this machine: 127.0.0.0/8, ::1, localhost */
};

/* 0 or CQ_EINVALID with words that never repeat the URL: it may hold a password. */
int cq_http_url(const struct cq_http *h, struct cq_http_url *out, const char *url,
                struct cq_fault *f);

/* ready: cq_http_next has something; it must only take note of that. 0, CQ_ENOMEM, or
 * CQ_ENO_LIBRARY where libcurl is not there, with words. */
int cq_http_new(struct cq_http **out, uv_loop_t *loop, const struct cq_mem *mem,
                struct cq_resolver *resolver, void (*ready)(void *ctx), void *ctx,
                struct cq_fault *f);
/* All peers and calls are gone before. */
void cq_http_close(struct cq_http *h, void (*closed)(void *ctx), void *ctx);

struct cq_http_peer_options {
    const char *url; /* copied */
    const char *agent;
    /* PEM, not copied: they live as long as the peer, or until cq_http_peer_trust gives others.
     * Null ca: the system's. */
    cq_bytes ca, cert, key;
};

int cq_http_peer_new(struct cq_http_peer **out, struct cq_http *h,
                     const struct cq_http_peer_options *o, struct cq_fault *f);
void cq_http_peer_trust(struct cq_http_peer *p, cq_bytes ca, cq_bytes cert, cq_bytes key);
void cq_http_peer_free(struct cq_http_peer *p); /* NULL is allowed */

/* upload: bytes handed to the socket at once, 16 KiB to 2 MiB. ctx is the owner's. 0, CQ_ENOMEM. */
int cq_http_call_new(struct cq_http_call **out, struct cq_http_peer *p, size_t upload, void *ctx);
/* The call is idle. auth: one more header line, or NULL; it lives until the answer. */
void cq_http_send(struct cq_http_call *c, const struct cq_http_request *r, const char *auth);
/* The next call that has its answer: idle again; NULL. */
struct cq_http_call *cq_http_next(struct cq_http *h);
void *cq_http_ctx(const struct cq_http_call *c);
/* Until the next send. */
const struct cq_http_response *cq_http_response(const struct cq_http_call *c);
/* No answer will come; the last one's views stay. The peer: its names are not waited for either. */
void cq_http_call_cancel(struct cq_http_call *c);
void cq_http_peer_cancel(struct cq_http_peer *p);
void cq_http_call_free(struct cq_http_call *c); /* under way or not; NULL is allowed */

#endif
