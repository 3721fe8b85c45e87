/* SPDX-License-Identifier: Apache-2.0 */
/* Loads libcurl (net/httpcurl.h). Its name carries the ABI that curl.h was compiled for. A host
 * that is linked with it has one and the same library. */
#include "net/httpcurl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#define SONAME "libcurl.so.4"

static bool look_up(void *library, const char *name, void *function, size_t n)
{
    void *p = dlsym(library, name);

    (void)memcpy(function, &p, n); /* POSIX: a function's address fits */
    return p != NULL;
}

int cq_curl_load(struct cq_curl *c, struct cq_fault *f)
{
    bool ok;

    c->library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
    ok = c->library != NULL;
#define X(ours, theirs) ok = ok && look_up(c->library, #theirs, &c->ours, sizeof(c->ours));
    CQ_CURL_FUNCTIONS(X)
#undef X
    if (ok) return 0;
    return cq_fault_set(f, CQ_ENO_LIBRARY,
                        "HTTP needs libcurl 7.85 or later (Debian: libcurl4): %s", dlerror());
}
