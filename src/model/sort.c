/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Insertion sort for the handful of columns that a table has, heap sort (n log n whatever a
 * stranger sends) beyond.
 */
#include "model/sort.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum { FEW = 24 };

struct array {
    char *p;
    size_t size;
    int (*cmp)(const void *, const void *);
};

static char *at(const struct array *a, size_t i)
{
    return a->p + i * a->size;
}

static bool is_sorted(const struct array *a, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (a->cmp(at(a, i - 1), at(a, i)) > 0) return false;
    return true;
}

static void insertion(const struct array *a, size_t n)
{
    char one[CQ_SORT_MAX_ELEMENT];

    for (size_t i = 1; i < n; i++) {
        size_t to = i;

        while (to > 0 && a->cmp(at(a, to - 1), at(a, i)) > 0)
            to--;
        if (to == i) continue;
        memcpy(one, at(a, i), a->size);
        memmove(at(a, to + 1), at(a, to), (i - to) * a->size);
        memcpy(at(a, to), one, a->size);
    }
}

static void swap(const struct array *a, size_t i, size_t k)
{
    char one[CQ_SORT_MAX_ELEMENT];

    memcpy(one, at(a, i), a->size);
    memcpy(at(a, i), at(a, k), a->size);
    memcpy(at(a, k), one, a->size);
}

static void sift(const struct array *a, size_t root, size_t n)
{
    for (;;) {
        size_t child = 2 * root + 1;

        if (child >= n) return;
        if (child + 1 < n && a->cmp(at(a, child), at(a, child + 1)) < 0) child++;
        if (a->cmp(at(a, root), at(a, child)) >= 0) return;
        swap(a, root, child);
        root = child;
    }
}

void cq_sort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
    struct array a = {base, size, cmp};

    assert(size <= CQ_SORT_MAX_ELEMENT);
    if (is_sorted(&a, n)) return;
    if (n <= FEW) {
        insertion(&a, n);
        return;
    }
    for (size_t i = n / 2; i-- > 0;)
        sift(&a, i, n);
    for (size_t i = n - 1; i > 0; i--) {
        swap(&a, 0, i);
        sift(&a, 0, i);
    }
}
