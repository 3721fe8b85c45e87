/* SPDX-License-Identifier: Apache-2.0 */
/* Small things with files that several writers share. */
#ifndef CQ_CLI_FILES_H
#define CQ_CLI_FILES_H

#include <stddef.h>

/* All n bytes, in as many writes as it takes. 0 or an errno. */
int cq_write_all(int fd, const char *p, size_t n);

#endif
