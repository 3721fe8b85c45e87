/* SPDX-License-Identifier: Apache-2.0 */
/* The faults that decide how many bytes of a connection's output may go, and when. */
#ifndef CQSIM_SHAPE_H
#define CQSIM_SHAPE_H

#include "sim/node.h"

/* Of n bytes of output, those that may go now; may end the connection. */
size_t cqsim_shape(struct cqsim_conn *conn, size_t n, uint64_t now_ms);
/* When more may go without new input; UINT64_MAX = nothing holds them. */
uint64_t cqsim_shape_deadline(const struct cqsim_conn *conn, uint64_t now_ms);

#endif
