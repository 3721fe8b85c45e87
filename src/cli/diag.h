/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with arguments and configuration: kept in order, at most MAX_DIAGS of them, said at
 * the end all at once, so that one run shows every mistake. A message never repeats a line of the
 * file: there may be a secret on it.
 */
#ifndef CQ_CLI_DIAG_H
#define CQ_CLI_DIAG_H

#include <stdarg.h>
#include <stdbool.h>

#include "cli/pool.h"

enum { CQ_MAX_DIAGS = 20 };

/* A place: file NULL is the command line; column 0: the line; line 0: the file. */
struct cq_place {
    const char *file;
    unsigned line, column;
};

struct cq_diags {
    struct cq_pool *pool;
    const char *messages[CQ_MAX_DIAGS]; /* "file:line:column: words" */
    unsigned n;                         /* all that were found, those beyond the maximum too */
};

void cq_diag(struct cq_diags *d, struct cq_place at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "FILE:LINE:COLUMN", or "on the command line". */
const char *cq_place_words(struct cq_pool *pool, struct cq_place at);

#endif
