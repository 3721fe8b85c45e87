/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of HTTP/1.1 out of a stream of bytes (RFC 9112), sans-I/O. The caller pulls events:
 *
 *   HEAD -> BODY* -> END -> HEAD ...        MORE = feed more bytes, BAD = answer h->status and end
 *
 * Body slices are views into the input, chunked ones without their framing lines. A head is at most
 * CQSIM_HTTP_MAX_HEAD bytes; fields that the receiver does not care for are skipped.
 */
#ifndef CQSIM_RECEIVER_HTTP_H
#define CQSIM_RECEIVER_HTTP_H

#include "sim/bytes.h"

enum { CQSIM_HTTP_MAX_HEAD = 16 << 10, CQSIM_HTTP_MAX_VALUE = 1024 };

struct cqsim_request {
    char method[16];
    char target[CQSIM_HTTP_MAX_VALUE];
    char encoding[CQSIM_HTTP_MAX_VALUE]; /* of the content; empty = identity */
    char type[CQSIM_HTTP_MAX_VALUE];
    char key[CQSIM_HTTP_MAX_VALUE]; /* Idempotency-Key as it stands; empty = none */
    char authorization[CQSIM_HTTP_MAX_VALUE];
    uint64_t length; /* of the body, 0 when chunked */
    bool has_length;
    bool chunked;
    bool expects; /* 100-continue */
    bool close;   /* Connection: close, or HTTP/1.0 */
};

enum cqsim_http_state {
    CQSIM_HTTP_IN_HEAD,
    CQSIM_HTTP_IN_BODY,
    CQSIM_HTTP_IN_SIZE, /* the line before a chunk */
    CQSIM_HTTP_IN_CHUNK,
    CQSIM_HTTP_IN_GAP, /* CRLF behind a chunk */
    CQSIM_HTTP_IN_TRAILER,
    CQSIM_HTTP_AT_END
};

enum cqsim_http_event {
    CQSIM_HTTP_MORE,
    CQSIM_HTTP_HEAD,
    CQSIM_HTTP_BODY,
    CQSIM_HTTP_END,
    CQSIM_HTTP_BAD
};

struct cqsim_http {
    enum cqsim_http_state state;
    struct cqsim_buf line; /* head or chunk line in the making */
    uint64_t left;         /* of body or chunk */
    unsigned status;       /* after BAD: what to answer */
    struct cqsim_request request;
};

void cqsim_http_fini(struct cqsim_http *h);
/* Eats from in; body is set on BODY only and valid as long as the input is. */
enum cqsim_http_event cqsim_http_next(struct cqsim_http *h, struct cqsim_slice *in,
                                      struct cqsim_slice *body);

#endif
