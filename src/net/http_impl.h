/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of net/http.h: http.c (the multi handle on the loop), httpcall.c (peers, names, calls)
 * and httperr.c (libcurl's words for what went wrong). */
#ifndef CQ_NET_HTTP_IMPL_H
#define CQ_NET_HTTP_IMPL_H

#include "base/bounds.h"
#include "base/buf.h"
#include "base/ring.h"
#include "net/http.h"
#include "net/httpcurl.h"
#include "net/resolver.h"

enum {
    CQ_HTTP_HEADERS = 24,
    CQ_HTTP_WHY = sizeof((struct cq_http_url){0}.host) + CURL_ERROR_SIZE + sizeof(":65535: "),
};

struct cq_http {
    struct cq_curl curl;
    uv_loop_t *loop;
    const struct cq_mem *mem;
    struct cq_resolver *resolver;
    CURLM *multi;
    uv_timer_t timer;
    size_t handles; /* not closed yet */
    struct cq_ring sent, finished;
    struct cq_ring watches, changed; /* of descriptors: http.c's */
    uint64_t handed;                 /* bytes of bodies, to libcurl */
    void (*ready)(void *ctx);
    void (*closed)(void *ctx);
    void *ctx, *closed_ctx;
};

struct cq_http_peer {
    struct cq_http *h;
    char *url;
    const char *agent;
    struct cq_http_url at;
    struct curl_blob ca, cert, key;
    struct cq_lookup *lookup;
    struct cq_ring asking; /* calls that wait for it */
    char *pinned;          /* "+host:port:address,..." for CURLOPT_RESOLVE; NULL */
    uint64_t pinned_until_ns;
};

enum cq_call_state { CQ_CALL_IDLE, CQ_CALL_ASKING, CQ_CALL_SENT, CQ_CALL_FINISHED };

struct cq_http_call {
    struct cq_ring node; /* asking, sent or finished */
    struct cq_http_peer *peer;
    enum cq_call_state state;
    CURL *easy;
    void *ctx;
    struct cq_http_request request;
    const char *auth;
    uint64_t began_ns;
    size_t at; /* of the body, handed out */
    struct curl_slist lines[CQ_HTTP_HEADERS], pinned;
    struct cq_buf answer;
    uint64_t answer_total;
    size_t header_bytes;
    bool cut, oversized;
    struct cq_http_response response;
    char words[CURL_ERROR_SIZE]; /* libcurl's */
    char why[CQ_HTTP_WHY];       /* host:port: words */
};

/* http.c: into the multi handle and out of it. add: 0 or a CURLMcode. */
CURLMcode cq_http_add(struct cq_http *h, struct cq_http_call *c);
void cq_http_remove(struct cq_http *h, struct cq_http_call *c);
int cq_http_on_close(void *h, curl_socket_t fd); /* CURLOPT_CLOSESOCKETFUNCTION */
/* httpcall.c: the transfer is over and out of the multi handle. */
void cq_http_finish(struct cq_http_call *c, CURLcode rc);
void cq_http_fail(struct cq_http_call *c, int err, const char *why);
/* httperr.c: the CQ_E* of a transfer that failed. */
int cq_http_error(const struct cq_curl *curl, CURL *easy, CURLcode rc);
bool cq_http_is_stale(const struct cq_curl *curl, CURL *easy, CURLcode rc);

#endif
