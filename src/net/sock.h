/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection of a crawler: names resolved, addresses tried, TCP, TLS if wanted, then a stream
 * of bytes, on a libuv loop. No word of CQL here, no policy beyond what the options say.
 *
 *   cq_sock_open -> step(resolve) -> step(connect) -> [step(tls)] -> opened -> space/received ...
 * -> ended cq_sock_close (at any time, once) -> closed: no handle is left and the memory may go
 *
 * Contact points are tried in order; the addresses of all of them are tried staggered (CQ_STAGGER;
 * the next one at once when one is refused), the first that connects wins. Each of resolve,
 * connect, TLS has its own deadline (connect_timeout_ns). Every callback fires last, when the sock
 * is consistent: any call, close included, is legal in it. Two tables of functions
 * (net/transport.h) make TCP and TLS alike; TLS is a pump between two queues (net/tls.h, pure).
 */
#ifndef CQ_NET_SOCK_H
#define CQ_NET_SOCK_H

#include <uv.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

struct cq_sock;
struct cq_tls_ctx;
struct cq_resolver;
struct cq_hub;

struct cq_endpoint {
    const char *host; /* a name, an IPv4 or IPv6 address (no brackets, a zone id allowed) */
    uint16_t port;
};

enum cq_step {
    CQ_STEP_RESOLVE,
    CQ_STEP_CONNECT,
    CQ_STEP_TLS,
    CQ_STEP_PROTOCOL,
    CQ_STEP_LOGIN,
    CQ_STEP_READ
};

/* One step's end: for the log, for `check`, and for cost.ms in scope_end. */
struct cq_sock_step {
    enum cq_step step;
    int err;          /* 0 or CQ_E* */
    uint64_t ns;      /* it took */
    const char *text; /* what was seen: "127.0.0.1", "127.0.0.1:9042", "TLSv1.3
                         TLS_AES_256_GCM_SHA384"; or what failed */
};

struct cq_sock_facts {
    char peer[64]; /* "127.0.0.1:9042", "[::1]:9042": the address that answered */
    bool tls;
    const char *tls_version; /* "TLSv1.3"; NULL without TLS */
    const char *tls_cipher;
    const char *subject; /* of the peer's certificate, RFC 2253; NULL without */
    const char *issuer;
    int64_t not_after_ms; /* since 1970; -1 without a certificate */
};

struct cq_sock_handler {
    /* Where received bytes go. *n == 0: none wanted now; reading stops until cq_sock_resume. */
    void (*space)(void *ctx, uint8_t **p, size_t *n);
    void (*received)(void *ctx, size_t n);
    void (*unused)(void *ctx); /* nothing came into the space given last; may be NULL */
    void (*step)(void *ctx, const struct cq_sock_step *step);
    void (*opened)(void *ctx,
                   const struct cq_sock_facts *facts); /* facts live as long as the sock */
    /* Once, with or without opened before: 0 is an orderly end, else CQ_E* and words. Close the
     * sock then. */
    void (*ended)(void *ctx, int err, const char *text);
    void (*closed)(void *ctx);
};

struct cq_sock_options {
    uv_loop_t *loop;
    const struct cq_mem *mem;
    struct cq_hub *hub; /* of that loop: net/hub.h */
    struct cq_resolver *resolver;
    const struct cq_endpoint *endpoints; /* copied */
    size_t n_endpoints;
    uint64_t connect_timeout_ns;
    struct cq_tls_ctx *tls; /* NULL: plaintext. Shared, counted by reference. */
    const char *sni;        /* NULL: the endpoint's host where it is a name */
    const char
        *verify_name; /* mode full: the name or address expected; NULL: the endpoint's host */
    struct cq_sock_handler handler;
    void *ctx;
};

/* Returns 0, CQ_ENOMEM, CQ_EINVALID. No callback fires before it has returned. */
int cq_sock_open(struct cq_sock **out, const struct cq_sock_options *o);
/* Takes all of b (copied if the socket does not take it at once). 0 or CQ_ENOMEM, CQ_ETOO_LARGE
 * (CQ_MAX_SEND queued). */
int cq_sock_write(struct cq_sock *s, cq_bytes b);
void cq_sock_resume(struct cq_sock *s); /* space has room again */
void cq_sock_close(struct cq_sock *s);
size_t cq_sock_endpoint(const struct cq_sock *s); /* that connected: from step(connect) on */

/* Names to addresses by c-ares on the loop; one for a crawler. close finishes by the callback. */
int cq_resolver_new(struct cq_resolver **out, uv_loop_t *loop, const struct cq_mem *mem);
void cq_resolver_close(struct cq_resolver *r, void (*closed)(void *ctx), void *ctx);

#endif
