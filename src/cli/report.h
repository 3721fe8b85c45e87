/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says while it goes on and at its end, as text or as JSON lines, on standard error.
 * The JSON events and their keys are a contract: docs/operations.md. */
#ifndef CQ_CLI_REPORT_H
#define CQ_CLI_REPORT_H

#include "cli/session.h"

/* One target ended. */
void cq_report_target(struct cq_session *s, const struct cq_outcome *o);
/* An attempt ended, another one follows. */
void cq_report_retry(struct cq_session *s, const struct cq_outcome *o,
                     const struct cqlcrawl_event *ev);
/* A sink goes on, cools down or parks. */
void cq_report_sink(struct cq_session *s, const struct cqlcrawl_event *ev);
/* Fewer at once than was asked for; NULL: nothing to say. */
void cq_report_limit(struct cq_session *s, const char *why, const char *remedy);
/* The first signal came: what goes on, and for how long. */
void cq_report_stopping(struct cq_session *s);
/* JSON only. */
void cq_report_progress(struct cq_session *s, const struct cq_figures *f);
/* show.c: all that there is to know now (SIGUSR1). */
void cq_report_state(struct cq_session *s);
/* summary.c: the end of `crawl`; where: what is said of the records of an output. */
void cq_report_summary(struct cq_session *s, const char *where);
/* table.c: on standard output, instead of records: what was found, a line per cluster. */
void cq_report_table(struct cq_session *s);
/* A message of the program itself. */
void cq_report_message(struct cq_text *t, bool json, const char *level, const char *message);

/* ---- JSON lines: {"time":...,"level":...,"event":... ---- */

void cq_log_begin(struct cq_text *t, const char *level, const char *event);
void cq_log_text(struct cq_text *t, const char *key, const char *value);
void cq_log_number(struct cq_text *t, const char *key, uint64_t v);
void cq_log_bool(struct cq_text *t, const char *key, bool v);

#endif
