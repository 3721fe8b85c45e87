/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bodies of QUERY, PREPARE and EXECUTE (CQL v4 and v5, sections 4.1.4 to 4.1.6). The id of a
 * prepared statement is its text: nothing has to be kept, and no id is ever unknown.
 */
#ifndef CQSIM_QUERY_H
#define CQSIM_QUERY_H

#include "sim/bytes.h"

struct cqsim_query {
    struct cqsim_slice text;
    unsigned consistency;
    bool skip_metadata;
    uint32_t page_size; /* 0 = all at once */
    struct cqsim_slice state;
    unsigned n_values;
    struct cqsim_slice value; /* the first one */
};

/* false when the body is none of that version. */
bool cqsim_query_parse(struct cqsim_slice body, unsigned version, struct cqsim_query *out);
bool cqsim_execute_parse(struct cqsim_slice body, unsigned version, struct cqsim_query *out);
bool cqsim_prepare_parse(struct cqsim_slice body, unsigned version, struct cqsim_slice *text);

#endif
