/* SPDX-License-Identifier: Apache-2.0 */
/* The password of `--password-file -`: read once from standard input, by read(2), into memory that
 * no core dump holds. */
#ifndef CQ_CLI_PASSWORD_H
#define CQ_CLI_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

struct cq_password {
    char *p; /* NULL: none */
    size_t n;
};

/* NULL, or why not. */
const char *cq_password_read(struct cq_password *out, int fd);
void cq_password_wipe(struct cq_password *p);

#endif
