/* SPDX-License-Identifier: Apache-2.0 */
/* The small grammars of cli/words.h; no locale, no strtol that forgives. */
#include "cli/words.h"

#include <string.h>

enum { LONGEST_WORD = 32 };

static const char *digits(const char *s, uint64_t *v)
{
    const char *from = s;

    *v = 0;
    for (; *s >= '0' && *s <= '9'; s++) {
        if (*v > (UINT64_MAX - 9) / 10) return NULL;
        *v = *v * 10 + (uint64_t)(*s - '0');
    }
    return s == from ? NULL : s;
}

bool cq_parse_uint(const char *s, uint64_t min, uint64_t max, uint64_t *v)
{
    const char *end = digits(s, v);

    return end && !*end && *v >= min && *v <= max;
}

bool cq_parse_percent(const char *s, unsigned *percent)
{
    uint64_t v;
    const char *end = digits(s, &v);

    if (!end || strcmp(end, "%") != 0 || v > 100) return false;
    *percent = (unsigned)v;
    return true;
}

struct unit {
    const char *name;
    uint64_t factor;
};

static bool scaled(const char *s, const struct unit *units, uint64_t max, uint64_t *v)
{
    const char *end = digits(s, v);

    if (!end) return false;
    for (; units->name; units++) {
        if (strcmp(end, units->name) != 0) continue;
        if (*v > max / units->factor) return false;
        *v *= units->factor;
        return true;
    }
    return false;
}

bool cq_parse_duration(const char *s, uint64_t *ms)
{
    static const struct unit units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};

    return scaled(s, units, 86400000, ms) && *ms > 0;
}

bool cq_parse_size(const char *s, uint64_t *bytes)
{
    static const struct unit units[] = {
        {"", 1},           {"B", 1},        {"K", 1u << 10},   {"KiB", 1u << 10}, {"M", 1u << 20},
        {"MiB", 1u << 20}, {"G", 1u << 30}, {"GiB", 1u << 30}, {NULL, 0},
    };

    return scaled(s, units, (uint64_t)1 << 50, bytes) && *bytes > 0;
}

int cq_parse_word(const char *s, const char *const *words)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(s, words[i]) == 0) return i;
    }
    return -1;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;

    return m < c ? m : c;
}

/* Insertions, deletions, exchanges and swaps of neighbours that lead from a to b. */
static unsigned distance(const char *a, const char *b)
{
    unsigned d[LONGEST_WORD + 1][LONGEST_WORD + 1];
    size_t na = strlen(a), nb = strlen(b);

    if (na > LONGEST_WORD || nb > LONGEST_WORD) return LONGEST_WORD;
    for (unsigned i = 0; i <= na; i++)
        d[i][0] = i;
    for (unsigned k = 0; k <= nb; k++)
        d[0][k] = k;
    for (size_t i = 1; i <= na; i++) {
        for (size_t k = 1; k <= nb; k++) {
            d[i][k] =
                least(d[i - 1][k] + 1, d[i][k - 1] + 1, d[i - 1][k - 1] + (a[i - 1] != b[k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
                d[i][k] = least(d[i][k], d[i - 2][k - 2] + 1, LONGEST_WORD);
            }
        }
    }
    return d[na][nb];
}

const char *cq_nearest(const char *s, const char *const *words)
{
    const char *found = NULL;
    unsigned best = (unsigned)(strlen(s) < 4 ? 2 : 1 + strlen(s) / 3);

    for (; *words; words++) {
        unsigned d = distance(s, *words);

        if (d < best || (strlen(s) >= 4 && strncmp(s, *words, strlen(s)) == 0 && !found)) {
            found = *words;
            if (d < best) best = d;
        }
    }
    return found;
}
