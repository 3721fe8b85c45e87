/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds bytes to the machines of src/proto, some at a time, and obeys every answer. */
#ifndef FUZZ_DRIVE_H
#define FUZZ_DRIVE_H

#include "proto/conn.h"
#include "proto/inflow.h"

void drive_inflow(struct cql_inflow *in, cq_bytes b, size_t step);
void drive_conn(struct cql_conn *c, cq_bytes b, size_t step);

#endif
