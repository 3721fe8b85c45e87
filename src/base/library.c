/* SPDX-License-Identifier: Apache-2.0 */
/* A library's functions into a table (base/library.h). */
#include "base/library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

int cq_library_load(const char *soname, const char *const *names, size_t n, void *table,
                    const char *needs, struct cq_fault *f)
{
    void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    bool ok = library != NULL;

    for (size_t i = 0; ok && i < n; i++) {
        void *p = dlsym(library, names[i]);

        ok = p != NULL;
        /* POSIX: a function's address fits */
        (void)memcpy((char *)table + i * sizeof(p), &p, sizeof(p));
    }
    return ok ? 0 : cq_fault_set(f, CQ_ENO_LIBRARY, "%s: %s", needs, dlerror());
}
