/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ares.h"

#include "net/resolver.h"

int cq_ares_load(struct cq_ares *a, struct cq_fault *f)
{
    static const char *const names[] = {CQ_ARES_FUNCTIONS(CQ_LIBRARY_NAME)};

    return cq_library_load("libcares.so.2", names, sizeof(names) / sizeof(*names), a, CQ_NEEDS_ARES,
                           f);
}
