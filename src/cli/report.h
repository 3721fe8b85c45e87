/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says while it goes on and at its end, as text or as JSON lines, on standard error. */
#ifndef CQ_CLI_REPORT_H
#define CQ_CLI_REPORT_H

#include "cli/session.h"

/* One target ended. */
void cq_report_target(struct cq_session *s, const struct cq_outcome *o);
void cq_report_retry(struct cq_session *s, const struct cq_outcome *o,
                     const struct cqlcrawl_event *ev);
/* Fewer at once than was asked for; NULL: nothing to say. */
void cq_report_limit(struct cq_session *s, const char *why);
/* summary.c: the end of `crawl`; where: what is said of the records. */
void cq_report_summary(struct cq_session *s, const char *where);
/* On standard output, instead of records: what was found, a line per cluster. */
void cq_report_table(struct cq_session *s);
/* A message of the program itself. */
void cq_report_message(struct cq_text *t, bool json, const char *level, const char *message);

#endif
