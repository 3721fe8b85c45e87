/* SPDX-License-Identifier: Apache-2.0 */
/* Three digits at most, four times (base/inet4.h). */
#include "base/inet4.h"

size_t cq_inet4_text(const uint8_t a[4], char out[CQ_INET4_TEXT])
{
    char *p = out;

    for (int i = 0; i < 4; i++) {
        unsigned v = a[i];

        if (i) *p++ = '.';
        if (v >= 100) *p++ = (char)('0' + v / 100);
        if (v >= 10) *p++ = (char)('0' + v / 10 % 10);
        *p++ = (char)('0' + v % 10);
    }
    *p = 0;
    return (size_t)(p - out);
}
