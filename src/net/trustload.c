/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS from cqlcrawl-tls.so (net/trust.h): beside the program, as it is built, or in the folder of
 * libraries, as it is installed; nowhere else, so that no search path decides what holds the keys.
 * It is never closed: OpenSSL leaves destructors behind.
 */
#include "net/trust.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MODULE "cqlcrawl-tls.so"

enum { MAX_PATH = PATH_MAX + sizeof(CQ_LIBRARIES) + sizeof(MODULE) + 2 };

/* The folder of the running program, with the slash. */
static int own_folder(char *to, size_t n)
{
    ssize_t got = readlink("/proc/self/exe", to, n - 1);
    char *slash;

    to[got < 0 ? 0 : got] = 0;
    slash = strrchr(to, '/');
    if (!slash) return -1;
    slash[1] = 0;
    return 0;
}

static void *load(char *path, size_t n)
{
    char folder[PATH_MAX];

    if (own_folder(folder, sizeof(folder))) (void)snprintf(folder, sizeof(folder), "./");
    (void)snprintf(path, n, "%s" MODULE, folder);
    if (access(path, F_OK)) (void)snprintf(path, n, "%s" CQ_LIBRARIES "/" MODULE, folder);
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

int cq_tls_find(const struct cq_tls_functions **out, struct cq_fault *f)
{
    char path[MAX_PATH];
    void *library = load(path, sizeof(path)), *symbol = NULL;
    cq_tls_entry entry;

    if (library) symbol = dlsym(library, CQ_TLS_SYMBOL);
    if (!symbol)
        return cq_fault_set(f, CQ_ENO_LIBRARY,
                            "TLS needs " MODULE ", which is installed with this program, and "
                            "OpenSSL 3 (Debian: libssl3): %s",
                            dlerror());
    (void)memcpy(&entry, &symbol, sizeof(entry)); /* POSIX: a function's address fits */
    *out = entry();
    if (strcmp((*out)->release, CQ_RELEASE) == 0) return 0;
    return cq_fault_set(f, CQ_ENO_LIBRARY, "%s is of release %s, this program of " CQ_RELEASE, path,
                        (*out)->release);
}
