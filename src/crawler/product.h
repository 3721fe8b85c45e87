/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of server it is, from what it says of itself: keys of SUPPORTED first, since
 * release_version lies. */
#ifndef CQ_CRAWLER_PRODUCT_H
#define CQ_CRAWLER_PRODUCT_H

#include "model/model.h"
#include "proto/conn.h"

/* shape NULL: system.local could not be read. */
void cq_product_detect(const struct cql_conn *conn, const struct cq_shape *shape,
                       const cq_bytes *cells, struct cq_product *product);

#endif
