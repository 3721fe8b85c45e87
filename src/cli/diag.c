/* SPDX-License-Identifier: Apache-2.0 */
/* Messages with their place (cli/diag.h). */
#include "cli/diag.h"

#include <stdio.h>

void cq_diag(struct cq_diags *d, struct cq_place at, const char *fmt, ...)
{
    char words[1024];
    const char *message;
    va_list ap;

    if (d->n++ >= CQ_MAX_DIAGS) return;
    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    if (!at.file) {
        message = cq_pool_printf(d->pool, "%s", words);
    } else if (!at.line) {
        message = cq_pool_printf(d->pool, "%s: %s", at.file, words);
    } else if (!at.column) {
        message = cq_pool_printf(d->pool, "%s:%u: %s", at.file, at.line, words);
    } else {
        message = cq_pool_printf(d->pool, "%s:%u:%u: %s", at.file, at.line, at.column, words);
    }
    d->messages[d->n - 1] = message ? message : "out of memory";
}
