/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorting in place without an allocation (the C library's qsort takes memory for large arrays).
 * Meant for what almost always comes sorted: that is checked first. Not stable.
 */
#ifndef CQ_MODEL_SORT_H
#define CQ_MODEL_SORT_H

#include <stddef.h>

enum { CQ_SORT_MAX_ELEMENT = 64 };

void cq_sort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *));

#endif
