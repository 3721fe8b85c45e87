/* SPDX-License-Identifier: Apache-2.0 */
/* --metrics-file: a run's metrics, written whole every METRICS_S seconds and at the end. */
#ifndef CQ_CLI_METRICSFILE_H
#define CQ_CLI_METRICSFILE_H

#include "cli/session.h"

/* path NULL: nothing. 0, or an errno: it could not be written. */
int cq_metricsfile_open(struct cq_session *s, const char *path);
void cq_metricsfile_close(struct cq_session *s); /* the last one */

#endif
