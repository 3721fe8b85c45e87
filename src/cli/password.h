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

#include "cqlcrawl.h"

struct cq_password {
    char *p; /* NULL: none */
    size_t n, mapped;
};

/* NULL, or why not. */
const char *cq_password_read(struct cq_password *out, int fd);
/* False: no such variable, or no memory; the environment is as it was. */
bool cq_password_take_env(struct cq_password *out, const char *name);
void cq_password_wipe(struct cq_password *p);

/* All of them, for as long as the program runs: neither can be read a second time. */
struct cq_secrets {
    struct cq_password input; /* of standard input */
    struct cq_taken *taken;   /* of variables, by name */
    size_t n_taken;
};

/* A variable's name becomes its bytes, which live as long as s. A variable that is not there stays
 * what it is: the library says so when it is needed. */
void cq_secrets_place(struct cq_secrets *s, struct cqlcrawl_text *x);
void cq_secrets_fini(struct cq_secrets *s);

#endif
