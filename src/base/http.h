/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP request and its answer as values: who decides what to ask and what an answer means (sink,
 * pure) does not know who carries it (net/http).
 */
#ifndef CQ_BASE_HTTP_H
#define CQ_BASE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct cq_http_request {
    bool post; /* else GET, without a body */
    bool
        strict; /* an answer longer than max_answer is a fault; else the rest is read and dropped */
    const char *const *headers; /* "Name: value", n_headers of them; they live until the answer */
    unsigned n_headers;
    cq_bytes body; /* lives until the answer */
    uint64_t timeout_ns;
    size_t max_answer; /* bytes of the answer's body that are kept */
};

/* All texts and views are the carrier's and live until the call is let go. */
struct cq_http_response {
    /* 0: an answer came, whatever its status. Else CQ_E*, and whether the request has taken effect
     * is not known. */
    int err;
    const char *text; /* of err, in words; "" */
    /* The connection had been used before and died before any answer: the usual end of a connection
     * that the server had already given up. Says nothing about the server's health. */
    bool stale;
    long status;
    const char *retry_after;  /* the header as it came; NULL */
    const char *content_type; /* NULL */
    cq_bytes body;
    uint64_t body_total; /* of the whole answer, dropped bytes included */
};

#endif
