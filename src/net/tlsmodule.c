/* SPDX-License-Identifier: Apache-2.0 */
/* The one name that cqlcrawl-tls.so shows (net/trust.h). */
#include "net/tlstable.h"

__attribute__((visibility("default"))) const struct cq_tls_functions *cqlcrawl_tls(void);

const struct cq_tls_functions *cqlcrawl_tls(void)
{
    return &cq_tls_functions;
}
