/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between a handle and HTTP: its sinks (src/sink decides, src/net/http carries out) and its
 * fetches. Everything happens in a turn of its own at the end of the loop's turn, where the host's
 * callbacks may be called. A build without HTTP has nosinks.c in the place of all of it.
 */
#ifndef CQ_LIB_SINKS_H
#define CQ_LIB_SINKS_H

#include "cqlcrawl.h"

#include "base/bytes.h"

struct cq_target;
struct cq_sinks; /* of a handle; NULL until the first sink or fetch */

/* ---- for the handle ---- */

/* Before the first target: the sinks share their part of the memory. 0 or CQ_ENOMEM. */
int cq_sinks_begin(cqlcrawl *c);
/* From now on nothing is sent and nobody is called; fetches end with CQ_ECANCELLED. */
void cq_sinks_stop(cqlcrawl *c);
/* After cq_sinks_stop and the driver's end: handles are closed, then closed(ctx), perhaps before
 * this returns. */
void cq_sinks_close(cqlcrawl *c, void (*closed)(void *ctx), void *ctx);
/* Something happened elsewhere that sinks go by: a turn of theirs comes. */
void cq_sinks_kick(cqlcrawl *c);
size_t cq_sinks_fetching(const cqlcrawl *c);

/* ---- for a target ---- */

/* What each sink knows of it; in its arena. 0 or CQ_ENOMEM. */
int cq_sinks_attach(cqlcrawl *c, struct cq_target *t);
void cq_sinks_detach(struct cq_target *t);
/* To every sink. False: some lane is full, the target waits (lib/report.c resumes it). */
bool cq_sinks_offer(cqlcrawl *c, struct cq_target *t, cq_bytes line);
bool cq_sinks_have_answered(const cqlcrawl *c, const struct cq_target *t); /* for all it offered */
enum cqlcrawl_delivery cq_sinks_delivery(const cqlcrawl *c, const struct cq_target *t,
                                         uint64_t *dead_letters);

#endif
