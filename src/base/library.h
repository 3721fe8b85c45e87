/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that are loaded when something wants them, so that whoever does not want it does not
 * pay for it at every start (docs/design.md, "The start"). A list of functions is a macro of
 * X(ours, theirs); the table made of it has nothing else in it:
 *
 *   struct cq_zlib { CQ_ZLIB_FUNCTIONS(CQ_LIBRARY_POINTER) };
 *   static const char *const names[] = {CQ_ZLIB_FUNCTIONS(CQ_LIBRARY_NAME)};
 */
#ifndef CQ_BASE_LIBRARY_H
#define CQ_BASE_LIBRARY_H

#include <stddef.h>

#include "base/err.h"

#define CQ_LIBRARY_POINTER(ours, theirs) __typeof__(theirs) *ours;
#define CQ_LIBRARY_NAME(ours, theirs) #theirs,

/* Fills the table of n functions; soname carries the ABI that the header was compiled for. 0, or
 * CQ_ENO_LIBRARY with the words `needs` (what needs which package) and the loader's. Again and
 * again: it is one library, that of the host if it is linked with it. It is never closed: some
 * leave destructors and keys of threads behind. */
int cq_library_load(const char *soname, const char *const *names, size_t n, void *table,
                    const char *needs, struct cq_fault *f);

#endif
