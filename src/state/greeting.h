/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What servers said in SUPPORTED, by cluster: so that the next connection begins with STARTUP
 * (proto/conn.h, options.supported). Within a process; the state directory keeps the same over
 * restarts. Pure.
 *
 * A greeting that is wrong costs one connection, never more, so that names are found by a 64-bit
 * hash and may push one another out. Most clusters of a fleet say the same bytes: each text is
 * kept once and stays until the end, and of more than CQ_MAX_GREETINGS texts the later ones are
 * not kept.
 */
#ifndef CQ_STATE_GREETING_H
#define CQ_STATE_GREETING_H

#include "base/mem.h"
#include "state/known.h"

struct cq_greetings;

int cq_greetings_new(struct cq_greetings **out, const struct cq_mem *mem); /* 0 or CQ_ENOMEM */
void cq_greetings_free(struct cq_greetings *g);                            /* NULL is allowed */

/* NULL: none, or it was learnt before since_ms. Lives as long as g. */
const struct cq_greeting *cq_greetings_find(const struct cq_greetings *g, cq_bytes name,
                                            int64_t since_ms);
/* Without memory it is not kept. */
void cq_greetings_put(struct cq_greetings *g, cq_bytes name, const struct cq_greeting *what);
void cq_greetings_drop(struct cq_greetings *g, cq_bytes name);

#endif
