/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tlstable.h"

#include "net/tls.h"

const struct cq_tls_functions cq_tls_functions = {
    .release = CQ_RELEASE,
    .cache_new = cq_tls_cache_new,
    .cache_free = cq_tls_cache_free,
    .cache_get = cq_tls_cache_get,
    .retain = cq_tls_ctx_retain,
    .let_go = cq_tls_ctx_release,
    .attach = cq_tls_attach,
    .library = cq_tls_library,
};
