/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords that the program itself reads, into memory that no core dump holds: the one of
 * `--password-file -`, once from standard input by read(2), and those of variables, which are then
 * taken out of the environment, where cores and /proc/PID/environ would show them. One trailing LF
 * or CRLF is removed.
 */
#ifndef CQ_CLI_PASSWORD_H
#define CQ_CLI_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

struct cq_password {
    char *p; /* NULL: none */
    size_t n, mapped;
};

/* NULL, or why not. */
const char *cq_password_read(struct cq_password *out, int fd);
/* False: no such variable, or no memory; the environment is as it was. */
bool cq_password_take_env(struct cq_password *out, const char *name);
void cq_password_wipe(struct cq_password *p);

#endif
