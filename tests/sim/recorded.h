/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded conversations for tests, and exact comparison of tables with them. */
#ifndef CQSIM_TEST_RECORDED_H
#define CQSIM_TEST_RECORDED_H

#include "sim/recording.h"

/* By the name of its files in tests/data/transcripts; fails the test when they cannot be read. */
void recorded_read(const char *name, struct cqsim_recording *rec);
void recorded_check_columns(const struct cqsim_table *ours, const struct cqsim_table *theirs);
void recorded_check_rows(const struct cqsim_rows *ours, const struct cqsim_rows *theirs);

#endif
