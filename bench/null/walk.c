/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A RESULT of rows, walked cell by cell (native_protocol 4.2.5.2): metadata, then the row count,
 * then for each cell its length and its bytes. What a cell holds is not looked at.
 */
#include <string.h>

#include "null/conn.h"

enum { ROWS = 2, GLOBAL_SPEC = 1, MORE_PAGES = 2, NO_METADATA = 4 };

struct reader {
    const uint8_t *p, *end;
};

static const uint8_t *take(struct reader *r, size_t n)
{
    const uint8_t *p = r->p;

    if (n > (size_t)(r->end - r->p)) null_die("a result that ends too early");
    r->p += n;
    return p;
}

static uint32_t u32(struct reader *r)
{
    return null_u32(take(r, 4));
}

static uint32_t u16(struct reader *r)
{
    const uint8_t *p = take(r, 2);

    return (uint32_t)p[0] << 8 | p[1];
}

static void skip_string(struct reader *r)
{
    take(r, u16(r));
}

/* [option]s that are still to come; system tables have no user types. */
static void skip_type(struct reader *r)
{
    for (unsigned left = 1; left > 0; left--) {
        unsigned id = u16(r);

        if (id == 0x0000) skip_string(r);
        if (id == 0x0020 || id == 0x0022) left++;
        if (id == 0x0021) left += 2;
        if (id == 0x0031) left += u16(r);
        if (id == 0x0030) null_die("a user type in a system table");
    }
}

static uint32_t skip_metadata(struct reader *r)
{
    uint32_t flags = u32(r), n = u32(r);

    if (flags & MORE_PAGES) take(r, u32(r));
    if (flags & NO_METADATA) return n;
    for (int i = 0; flags & GLOBAL_SPEC && i < 2; i++)
        skip_string(r);
    for (uint32_t i = 0; i < n; i++) {
        for (int k = flags & GLOBAL_SPEC ? 2 : 0; k < 3; k++)
            skip_string(r);
        skip_type(r);
    }
    return n;
}

void null_walk(const uint8_t *p, size_t n, struct null_counts *counts)
{
    struct reader r = {p, p + n};
    uint32_t columns, rows;
    uint64_t sum = 0;

    if (u32(&r) != ROWS) return;
    columns = skip_metadata(&r);
    rows = u32(&r);
    for (uint64_t cells = (uint64_t)rows * columns; cells > 0; cells--) {
        uint32_t length = u32(&r);

        if (length <= INT32_MAX) take(&r, length);
        sum += length;
    }
    counts->rows += rows;
    counts->cells += (uint64_t)rows * columns;
    counts->sum += sum;
}
