/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/retry.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/bounds.h"

static uint64_t most_of(unsigned level, uint64_t base_ns, uint64_t cap_ns)
{
    uint64_t most = base_ns;

    while (--level > 0 && most < cap_ns)
        most *= 2;
    return most < cap_ns ? most : cap_ns;
}

uint64_t cq_sink_jitter(struct cq_rand *r, unsigned level, uint64_t base_ns, uint64_t cap_ns)
{
    return cq_rand_below(r, most_of(level, base_ns, cap_ns) + 1);
}

uint64_t cq_sink_pause(struct cq_rand *r, unsigned level, uint64_t base_ns, uint64_t cap_ns)
{
    uint64_t half = most_of(level, base_ns, cap_ns) / 2;

    return half + cq_rand_below(r, half + 1);
}

static int month_of(const char *name)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int m = 0; m < 12; m++) {
        if (memcmp(months + (size_t)m * 3, name, 3) == 0) return m + 1;
    }
    return 0;
}

/* Days since 1970-01-01 in the Gregorian calendar; the year begins in March, so that the leap day
 * is its last. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;

    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

struct date {
    int year, month, day, hour, minute, second;
};

/* IMF-fixdate "Sun, 06 Nov 1994 08:49:37 GMT", RFC 850 "Sunday, 06-Nov-94 08:49:37 GMT", asctime
 * "Sun Nov  6 08:49:37 1994". */
static bool read_date(const char *s, struct date *d)
{
    char name[4] = "";

    if (sscanf(s, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d", &d->day, name, &d->year, &d->hour,
               &d->minute, &d->second) != 6 &&
        sscanf(s, "%*9[A-Za-z], %2d-%3[A-Za-z]-%4d %2d:%2d:%2d", &d->day, name, &d->year, &d->hour,
               &d->minute, &d->second) != 6 &&
        sscanf(s, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d", name, &d->day, &d->hour, &d->minute,
               &d->second, &d->year) != 6) {
        return false;
    }
    if (d->year < 100) d->year += d->year < 70 ? 2000 : 1900;
    d->month = strlen(name) == 3 ? month_of(name) : 0;
    return d->month && d->year >= 1970 && d->day >= 1 && d->day <= 31 && d->hour >= 0 &&
           d->hour < 24 && d->minute >= 0 && d->minute < 60 && d->second >= 0 && d->second <= 60;
}

static uint64_t of_seconds(const char *s)
{
    uint64_t n = 0;

    for (; *s >= '0' && *s <= '9'; s++) {
        n = n * 10 + (uint64_t)(*s - '0');
        if (CQ_SEC(n) > CQ_MAX_RETRY_AFTER) return CQ_MAX_RETRY_AFTER;
    }
    while (*s == ' ' || *s == '\t')
        s++;
    return *s ? 0 : CQ_SEC(n);
}

uint64_t cq_sink_retry_after(const char *text, int64_t wall_ms)
{
    struct date d = {0};
    int64_t ms;

    if (!text) return 0;
    while (*text == ' ' || *text == '\t')
        text++;
    if (*text >= '0' && *text <= '9') return of_seconds(text);
    if (!read_date(text, &d)) return 0;
    ms = ((days_of(d.year, d.month, d.day) * 24 + d.hour) * 60 + d.minute) * 60000 +
         d.second * 1000 - wall_ms;
    if (ms <= 0) return 0;
    if (ms > (int64_t)(CQ_MAX_RETRY_AFTER / CQ_MS(1))) return CQ_MAX_RETRY_AFTER;
    return CQ_MS((uint64_t)ms);
}
