/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small grammars that arguments and configuration share: durations, sizes, numbers, words of a
 * list, and the nearest known word for a wrong one.
 */
#ifndef CQ_CLI_WORDS_H
#define CQ_CLI_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "500ms", "30s", "5m", "1h"; a unit is required; 1 ms to a day. */
bool cq_parse_duration(const char *s, uint64_t *ms);
/* "64MiB", "16M" (the same), "512KiB", "1GiB", "4096". */
bool cq_parse_size(const char *s, uint64_t *bytes);
bool cq_parse_percent(const char *s, unsigned *percent); /* "10%", 0 to 100 */
bool cq_parse_uint(const char *s, uint64_t min, uint64_t max, uint64_t *v);
/* Index of s in words (NULL-terminated), or -1. */
int cq_parse_word(const char *s, const char *const *words);
/* The word that is most like s, or NULL where none is like it. */
const char *cq_nearest(const char *s, const char *const *words);

#endif
