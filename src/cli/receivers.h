/* SPDX-License-Identifier: Apache-2.0 */
/* The sinks of a run: given to the library, their dead letters kept, their figures at hand. */
#ifndef CQ_CLI_RECEIVERS_H
#define CQ_CLI_RECEIVERS_H

#include "cli/session.h"

/* Where dead letters go: what was said, else into the state's folder, else here. */
const char *cq_letters_path(struct cq_pool *pool, const struct cq_settings *settings);
/* Requests that all sinks may have under way. */
unsigned cq_receivers_requests(const struct cq_settings *settings);
/* 0, or a code with a message in *why. */
int cq_receivers_open(struct cq_session *s, const struct cq_settings *settings, const char **why);
/* Takes what the sinks say now. */
void cq_receivers_look(struct cq_session *s);
/* Before the library goes: what they said last stays. */
void cq_receivers_keep(struct cq_session *s);
/* Records that were given to a sink and neither accepted nor kept as dead letters. */
uint64_t cq_receivers_pending(const struct cq_session *s);

#endif
