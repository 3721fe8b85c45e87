/* SPDX-License-Identifier: Apache-2.0 */
/* Reads "0.5" whatever the locale's decimal point: these tests also run in German (scripts/suites).
 */
#ifndef TESTS_RECORD_POINT_H
#define TESTS_RECORD_POINT_H

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static inline double point_strtod(const char *text)
{
    char copy[400] = "", *point;

    strncpy(copy, text, sizeof(copy) - 1);
    point = strchr(copy, '.');
    if (point) *point = localeconv()->decimal_point[0];
    return strtod(copy, NULL);
}

#endif
