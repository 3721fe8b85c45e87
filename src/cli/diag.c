/* SPDX-License-Identifier: Apache-2.0 */
/* Messages with their place (cli/diag.h). */
#include "cli/diag.h"

#include <stdio.h>

const char *cq_place_words(struct cq_pool *pool, struct cq_place at)
{
    const char *s;

    if (!at.file) return "on the command line";
    if (!at.line) return at.file;
    if (at.column) {
        s = cq_pool_printf(pool, "%s:%u:%u", at.file, at.line, at.column);
    } else {
        s = cq_pool_printf(pool, "%s:%u", at.file, at.line);
    }
    return s ? s : at.file;
}

void cq_diag(struct cq_diags *d, struct cq_place at, const char *fmt, ...)
{
    char words[1024];
    const char *message;
    va_list ap;

    if (d->n++ >= CQ_MAX_DIAGS) return;
    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    if (at.file) {
        message = cq_pool_printf(d->pool, "%s: %s", cq_place_words(d->pool, at), words);
    } else {
        message = cq_pool_printf(d->pool, "%s", words);
    }
    d->messages[d->n - 1] = message ? message : "out of memory";
}
