/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a fault, kept once there are any (base/blame.h). */
#include "base/blame.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int cq_blame_set(struct cq_blame *b, int err, const char *fmt, ...)
{
    char text[CQ_MAX_ERRMSG];
    va_list ap;

    if (b->err) return b->err;
    b->err = err;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    b->own = cq_strndup(b->mem, text, strlen(text));
    return err;
}

const char *cq_blame_text(const struct cq_blame *b)
{
    if (b->own) return b->own;
    return b->err ? cq_err_text(b->err) : "";
}

void cq_blame_fini(struct cq_blame *b)
{
    if (b->own) cq_free(b->mem, b->own);
    *b = (struct cq_blame){.mem = b->mem};
}
