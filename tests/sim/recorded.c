/* SPDX-License-Identifier: Apache-2.0 */
/* The helpers of recorded.h. */
#include "recorded.h"

#include "sim/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DIR CQ_TEST_DATA "/transcripts/"

void recorded_read(const char *name, struct cqsim_recording *rec)
{
    char path[512];
    struct cqsim_buf server = {0}, client = {0};
    snprintf(path, sizeof path, DIR "%s.s2c.bin", name);
    assert_true(cqsim_file_read(path, &server));
    snprintf(path, sizeof path, DIR "%s.c2s.bin", name);
    assert_true(cqsim_file_read(path, &client));
    assert_true(cqsim_recording_read(rec, cqsim_buf_slice(&server), cqsim_buf_slice(&client)));
    cqsim_buf_fini(&server);
    cqsim_buf_fini(&client);
}

void recorded_check_columns(const struct cqsim_table *ours, const struct cqsim_table *theirs)
{
    assert_int_equal(ours->n_columns, theirs->n_columns);
    for (unsigned i = 0; i < ours->n_columns; i++) {
        assert_string_equal(ours->columns[i].name, theirs->columns[i].name);
        assert_int_equal(ours->columns[i].n_option, theirs->columns[i].n_option);
        assert_memory_equal(ours->columns[i].option, theirs->columns[i].option,
                            ours->columns[i].n_option);
    }
}

void recorded_check_rows(const struct cqsim_rows *ours, const struct cqsim_rows *theirs)
{
    assert_int_equal(ours->n, theirs->n);
    for (size_t i = 0; i < ours->n; i++) {
        struct cqsim_slice a = cqsim_rows_get(ours, i), b = cqsim_rows_get(theirs, i);
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.p, b.p, a.n);
    }
}
