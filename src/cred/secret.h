/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret (a password, a PEM key) in memory of its own: mapped alone, left out of core dumps,
 * locked where the limit allows it, wiped before it is unmapped, never printed. Bytes of a file go
 * there by read(2) straight away, no stdio buffer in between. Counted by reference, so that ten
 * thousand targets may share one.
 *
 *   cq_secret_from_* -> cq_secret_bytes -> cq_secret_release      failure: CQ_ESECRET with words
 * that name the source only
 */
#ifndef CQ_CRED_SECRET_H
#define CQ_CRED_SECRET_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/stamp.h"

struct cq_secret;

/* What is asked of the bytes. */
enum cq_secret_kind {
    CQ_SECRET_PASSWORD, /* of files and variables one trailing LF or CRLF is removed; empty and NUL
                         * refused; CQ_MAX_SECRET
                         */
    CQ_SECRET_PEM,      /* as it is; empty refused; CQ_MAX_PEM */
    CQ_SECRET_PUBLIC,   /* the same, but no secret (CA certificates): in memory like any other */
};

int cq_secret_from_bytes(struct cq_secret **out, enum cq_secret_kind kind, cq_bytes b,
                         struct cq_fault *f);
/* A regular file (links are followed, as Kubernetes mounts them) that not everybody may write.
 * CQ_EDESCRIPTORS: there was no descriptor to look at it with. */
int cq_secret_from_file(struct cq_secret **out, enum cq_secret_kind kind, const char *path,
                        struct cq_fault *f);
int cq_secret_from_env(struct cq_secret **out, enum cq_secret_kind kind, const char *name,
                       struct cq_fault *f);

/* False: there is no such file, or it was changed within the last seconds, so that one more change
 * may not show (clocks of file systems tick, some once in two seconds). */
bool cq_secret_stamp(struct cq_stamp *out, const char *path, int64_t wall_s);

cq_bytes cq_secret_bytes(const struct cq_secret *s); /* null for NULL */
struct cq_secret *cq_secret_retain(struct cq_secret *s);
void cq_secret_release(struct cq_secret *s); /* NULL is allowed; the last one wipes */

#endif
