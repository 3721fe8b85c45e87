/* SPDX-License-Identifier: Apache-2.0 */
/* The error list of base/err.h as tables, and faults in words. */
#include "base/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct entry {
    const char *code;
    const char *text;
    const char *remedy;
    enum cq_class class_;
};

static const struct entry entries[] = {
#define ENTRY(name, code, class, text, remedy) {code, text, remedy, CQ_CLASS_##class},
    CQ_ERRORS(ENTRY)
#undef ENTRY
};

static const struct entry *find(int err)
{
    if (err <= CQ_ERR_FIRST_ || err >= CQ_ERR_LAST_) err = CQ_EINTERNAL;
    return &entries[err - CQ_ERR_FIRST_ - 1];
}

const char *cq_err_code(int err)
{
    return find(err)->code;
}

const char *cq_err_text(int err)
{
    return find(err)->text;
}

const char *cq_err_remedy(int err)
{
    return find(err)->remedy;
}

enum cq_class cq_err_class(int err)
{
    return find(err)->class_;
}

const char *cq_class_name(enum cq_class c)
{
    switch (c) {
    case CQ_CLASS_INTERNAL:
        return "internal";
    case CQ_CLASS_USAGE:
        return "usage";
    case CQ_CLASS_NETWORK:
        return "network";
    case CQ_CLASS_TLS:
        return "tls";
    case CQ_CLASS_PROTOCOL:
        return "protocol";
    case CQ_CLASS_AUTH:
        return "auth";
    case CQ_CLASS_SERVER:
        return "server";
    case CQ_CLASS_RESOURCE:
        return "resource";
    case CQ_CLASS_LIMIT:
        return "limit";
    case CQ_CLASS_CANCELLED:
        return "cancelled";
    }
    return "internal";
}

int cq_fault_set(struct cq_fault *f, int err, const char *fmt, ...)
{
    va_list ap;

    if (f->err) return f->err;
    f->err = err;
    va_start(ap, fmt);
    vsnprintf(f->text, sizeof(f->text), fmt, ap);
    va_end(ap);
    return err;
}

void cq_fault_wrap(struct cq_fault *f, const char *prefix)
{
    char old[CQ_MAX_ERRMSG];

    memcpy(old, f->text, sizeof(old));
    snprintf(f->text, sizeof(f->text), "%s: %.*s", prefix, (int)(sizeof(old) - 64), old);
}
