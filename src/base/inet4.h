/* SPDX-License-Identifier: Apache-2.0 */
/* An IPv4 address in text: what each record of a node has some of, and the C library takes a
 * thousand instructions for. */
#ifndef CQ_BASE_INET4_H
#define CQ_BASE_INET4_H

#include <stddef.h>
#include <stdint.h>

enum { CQ_INET4_TEXT = 16 };

/* "127.0.0.1", with a NUL; how long that is without it. */
size_t cq_inet4_text(const uint8_t a[4], char out[CQ_INET4_TEXT]);

#endif
