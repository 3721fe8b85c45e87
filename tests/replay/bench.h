/* SPDX-License-Identifier: Apache-2.0 */
/* A recording, a stand-in and a drive in one, for tests: bench_begin, change what you like,
 * bench_run, look, bench_end. */
#ifndef TESTS_REPLAY_BENCH_H
#define TESTS_REPLAY_BENCH_H

#include "replay/drive.h"

struct bench {
    struct recording rec;
    struct standin s;
    struct drive d;
};

#define RICH "4.0.19-v4" /* every kind of object */
#define OLD "3.11.19-v4"
#define TRIO "5.0.9-v5-lz4-trio"

void bench_begin(struct bench *b, const char *name);
void bench_run(struct bench *b);
/* The same server once more: another attempt, with what the first one saw. */
void bench_again(struct bench *b);
void bench_end(struct bench *b);

bool bench_has(const struct bench *b, const char *text); /* somewhere in the records */
unsigned bench_count(const struct bench *b, const char *text);
/* One reason, of that code and table (NULL: any). */
void bench_assert_reason(const struct bench *b, const char *code, const char *table);
void bench_assert_complete(const struct bench *b);
/* Every object of `got` is one of `all`, with the same hash: nothing was written wrong. */
void bench_assert_part(const struct bench *got, const struct bench *all);

#endif
