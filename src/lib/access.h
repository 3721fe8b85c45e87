/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom an HTTP request goes to, as whom, and whom it trusts: what sinks and fetches have in common.
 * Sources are copied and checked once; their secrets are read by cq_access_read, which may be
 * called again when a receiver no longer takes them.
 */
#ifndef CQ_LIB_ACCESS_H
#define CQ_LIB_ACCESS_H

#include "cqlcrawl.h"

#include "base/arena.h"
#include "cred/secret.h"
#include "net/http.h"

enum cq_access_part {
    CQ_ACCESS_TOKEN,
    CQ_ACCESS_PASSWORD,
    CQ_ACCESS_CACERT,
    CQ_ACCESS_CERT,
    CQ_ACCESS_KEY,
    CQ_ACCESS_PARTS
};

struct cq_access {
    const char *url, *user;
    struct cqlcrawl_text from[CQ_ACCESS_PARTS]; /* texts: in the arena; not those of BYTES */
    struct cq_secret *given[CQ_ACCESS_PARTS];   /* BYTES */
    struct cq_secret *read[CQ_ACCESS_PARTS];    /* certificates and key as they are now */
    struct cq_secret *auth;                     /* the whole header line, NUL at its end; or NULL */
    unsigned generation;                        /* of auth */
    struct cq_http_url at;
};

struct cq_access_options {
    const struct cq_http *http;
    const char *url, *user;
    const struct cqlcrawl_text *from[CQ_ACCESS_PARTS];
};

/* 0, CQ_EINVALID, CQ_ESECRET, CQ_ENOMEM with words. Reads no file. fini in any case. */
int cq_access_init(struct cq_access *a, struct cq_arena *arena, const struct cq_access_options *o,
                   struct cq_fault *f);
void cq_access_fini(struct cq_access *a);
/* Reads the credentials; where `trust` is set also certificates and key, which nobody may be using
 * (libcurl keeps no copies). Failure leaves everything as it was. */
int cq_access_read(struct cq_access *a, bool trust, struct cq_fault *f);
#endif
