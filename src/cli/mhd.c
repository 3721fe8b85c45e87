/* SPDX-License-Identifier: Apache-2.0 */
/* Loads libmicrohttpd (cli/mhd.h). Its name carries the ABI that microhttpd.h was compiled for. */
#include "cli/mhd.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SONAME "libmicrohttpd.so.12"

static int look_up(void *library, const char *name, void *function, size_t n)
{
    void *p = dlsym(library, name);

    (void)memcpy(function, &p, n); /* POSIX: a function's address fits */
    return p != NULL;
}

struct cq_mhd *cq_mhd_load(char *why, size_t n_why)
{
    struct cq_mhd *m = calloc(1, sizeof(*m));
    int ok;

    if (!m) {
        (void)snprintf(why, n_why, "out of memory");
        return NULL;
    }
    m->library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
    ok = m->library != NULL;
#define X(ours, theirs) ok = ok && look_up(m->library, #theirs, &m->ours, sizeof(m->ours));
    CQ_MHD_FUNCTIONS(X)
#undef X
    if (ok) return m;
    (void)snprintf(why, n_why, "%s (Debian: the package libmicrohttpd12)", dlerror());
    cq_mhd_unload(m);
    return NULL;
}

void cq_mhd_unload(struct cq_mhd *m)
{
    if (m->library) (void)dlclose(m->library);
    free(m);
}
