/* SPDX-License-Identifier: Apache-2.0 */
/* When to ask again: full jitter, and what a receiver says with Retry-After (RFC 9110, 10.2.3). */
#ifndef CQ_SINK_RETRY_H
#define CQ_SINK_RETRY_H

#include "base/rand.h"

/* Any time from 0 to base * 2^(level - 1), at most to cap. level >= 1. */
uint64_t cq_sink_jitter(struct cq_rand *r, unsigned level, uint64_t base_ns, uint64_t cap_ns);
/* The same, but never less than the half: for what must not be asked often. */
uint64_t cq_sink_pause(struct cq_rand *r, unsigned level, uint64_t base_ns, uint64_t cap_ns);
/* Seconds, or a date in one of HTTP's three forms; a date that is past, nothing and nonsense are 0;
 * never more than CQ_MAX_RETRY_AFTER. */
uint64_t cq_sink_retry_after(const char *text, int64_t wall_ms);

#endif
