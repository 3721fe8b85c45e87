/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time as data: cores are told what time it is and never ask. Two clocks: `now_ns`, monotonic, for
 * deadlines and durations; `wall_ms`, milliseconds since 1970, for what is written into records.
 */
#ifndef CQ_BASE_CLOCK_H
#define CQ_BASE_CLOCK_H

#include <stdint.h>

#include "base/bytes.h"

#define CQ_NEVER UINT64_MAX /* a deadline that never comes */
#define CQ_EPOCH_2020_MS 1577836800000ull

/* "2026-11-21T04:40:00.123Z" into out (24 characters and NUL). False outside 1970..2200: out is
 * untouched. */
bool cq_rfc3339(int64_t wall_ms, char out[25]);

#endif
