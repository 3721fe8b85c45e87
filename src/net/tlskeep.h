/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS sessions that may be resumed, as bytes, by key: 32 bytes that say everything which has to be
 * the same again (net/tlsresume.c makes them). Pure but for the mapping that they live in: it is
 * left out of core dumps, touched page by page as sessions come, and every session is wiped when
 * it is dropped.
 *
 *   put -> find -> (use it) -> drop -> put ...       a session serves once (RFC 8446 C.4)
 *
 * At most CQ_MAX_TLS_SESSIONS; one more and the one kept longest goes. One larger than a slot
 * (CQ_TLS_SESSION_SLOT) is not kept.
 */
#ifndef CQ_NET_TLSKEEP_H
#define CQ_NET_TLSKEEP_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

enum { CQ_TLS_KEY = 32 };

struct cq_tls_keep;

struct cq_tls_kept {
    int64_t since_ms;     /* of the full handshake that it goes back to, since 1970 */
    int64_t until_ms;     /* the first instant at which it must not be used any more */
    int64_t not_after_ms; /* of the peer's certificate; -1: unreadable */
    int64_t trusted_ms;   /* the certificates that were verified then are valid until here */
    size_t n;
};

int cq_tls_keep_new(struct cq_tls_keep **out, const struct cq_mem *mem); /* 0 or CQ_ENOMEM */
void cq_tls_keep_free(struct cq_tls_keep *k);                            /* NULL is allowed */

/* *out with the bytes; views into the slot, until it is dropped. Null: there is none that may be
 * used at that time (one that is too old is dropped). */
cq_bytes cq_tls_keep_find(struct cq_tls_keep *k, const uint8_t key[CQ_TLS_KEY], int64_t wall_ms,
                          struct cq_tls_kept *out);
void cq_tls_keep_drop(struct cq_tls_keep *k, const uint8_t key[CQ_TLS_KEY]);
/* In place of what is there under that key: where its kept->n bytes are to be written; NULL: it is
 * too large. */
uint8_t *cq_tls_keep_put(struct cq_tls_keep *k, const uint8_t key[CQ_TLS_KEY],
                         const struct cq_tls_kept *kept);
size_t cq_tls_keep_count(const struct cq_tls_keep *k);

#endif
