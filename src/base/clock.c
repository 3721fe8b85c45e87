/* SPDX-License-Identifier: Apache-2.0 */
/* Dates without the C library's locale, time zone or static buffers (days-from-civil, proleptic
 * Gregorian). */
#include "base/clock.h"

#define MS_PER_DAY 86400000
#define YEAR_2200_MS 7258118400000ll

static void put_two(char *to, unsigned v)
{
    to[0] = (char)('0' + v / 10);
    to[1] = (char)('0' + v % 10);
}

bool cq_rfc3339(int64_t wall_ms, char out[25])
{
    int64_t days, era;
    unsigned ms, doe, yoe, doy, mp, day, month, year;

    if (wall_ms < 0 || wall_ms >= YEAR_2200_MS) return false;
    days = wall_ms / MS_PER_DAY + 719468; /* since 0000-03-01 */
    ms = (unsigned)(wall_ms % MS_PER_DAY);
    era = days / 146097;
    doe = (unsigned)(days - era * 146097);
    yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    mp = (5 * doy + 2) / 153;
    day = doy - (153 * mp + 2) / 5 + 1;
    month = mp < 10 ? mp + 3 : mp - 9;
    year = yoe + (unsigned)era * 400 + (month <= 2);
    memcpy(out, "0000-00-00T00:00:00.000Z", 25);
    put_two(out, year / 100);
    put_two(out + 2, year % 100);
    put_two(out + 5, month);
    put_two(out + 8, day);
    put_two(out + 11, ms / 3600000);
    put_two(out + 14, ms / 60000 % 60);
    put_two(out + 17, ms / 1000 % 60);
    out[20] = (char)('0' + ms / 100 % 10);
    put_two(out + 21, ms % 100);
    return true;
}
