/* SPDX-License-Identifier: Apache-2.0 */
/* The table of net/trust.h, on the side that is linked with OpenSSL. */
#ifndef CQ_NET_TLSTABLE_H
#define CQ_NET_TLSTABLE_H

#include "net/trust.h"

extern const struct cq_tls_functions cq_tls_functions;

#endif
