/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the receiver reads of a record (docs/records.md): some keys of the outermost object. Values
 * are the raw bytes between the quotes, views into the line.
 */
#ifndef CQSIM_RECEIVER_LINE_H
#define CQSIM_RECEIVER_LINE_H

#include "sim/bytes.h"

struct cqsim_record_line {
    struct cqsim_slice kind, id, cluster;
    struct cqsim_slice read; /* of a scope_end */
    uint64_t version;
    bool has_version;
};

/* false: not one whole JSON object with kind, id, cluster and version. Brackets, strings and
   separators of the outermost object are checked, numbers and literals are not. */
bool cqsim_record_line_read(struct cqsim_slice text, struct cqsim_record_line *out);

#endif
