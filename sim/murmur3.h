/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token of a partition key under Murmur3Partitioner: the first half of MurmurHash3 x64 128 with
 * seed 0, in Cassandra's variant (the bytes of the tail are signed). It decides the order of
 * partitions, and with it the order of rows in every system_schema table. Never fails.
 */
#ifndef CQSIM_MURMUR3_H
#define CQSIM_MURMUR3_H

#include "sim/bytes.h"

int64_t cqsim_murmur3_token(struct cqsim_slice key);

#endif
