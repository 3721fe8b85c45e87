/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says while it goes on and at its end, as text or as JSON lines, on standard error. */
#ifndef CQ_CLI_REPORT_H
#define CQ_CLI_REPORT_H

#include "cli/session.h"

struct cq_tally {
    uint64_t complete, incomplete, failed;
    uint64_t keyspaces, tables, views, types, functions, aggregates, anomalies, nodes, records;
    uint64_t bytes_in, bytes_out;
};

void cq_tally(const struct cq_session *s, struct cq_tally *t);
const char *cq_read_name(const struct cq_outcome *o);
/* One target ended. */
void cq_report_target(struct cq_session *s, const struct cq_outcome *o);
void cq_report_retry(struct cq_session *s, const struct cq_outcome *o,
                     const struct cqlcrawl_event *ev);
/* summary.c: the end of `crawl`; where: what is said of the records. */
void cq_report_summary(struct cq_session *s, const char *where);
/* On standard output, instead of records: what was found, a line per cluster. */
void cq_report_table(struct cq_session *s);
/* A message of the program itself. */
void cq_report_message(struct cq_text *t, bool json, const char *level, const char *message);

#endif
