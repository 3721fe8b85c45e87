/* SPDX-License-Identifier: Apache-2.0 */
/* What the node answers to one request: the meaning of opcodes, apart from bytes and buffers. */
#ifndef CQSIM_REPLY_H
#define CQSIM_REPLY_H

#include "sim/node.h"

/* The answer to one request, written into body; state, version and login of the connection move on.
 */
struct cqsim_reply {
    unsigned opcode;
    unsigned flags;
    bool segments_after; /* v5: the unit after this answer is a segment */
    bool stream_0;       /* errors before READY that 4.x does not attribute */
    bool reset_after;
};

void cqsim_reply(struct cqsim_conn *conn, const struct cqsim_job *job, struct cqsim_buf *body,
                 struct cqsim_reply *out);
/* Whether an envelope that begins so is acceptable here (stream as its header has it); else the
   error and the header that it goes out with. */
bool cqsim_check_version(const struct cqsim_conn *conn, const struct cqsim_envelope *begin,
                         struct cqsim_envelope *header, struct cqsim_error *error);

#endif
