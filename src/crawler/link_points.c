/* SPDX-License-Identifier: Apache-2.0 */
/* Whom an attempt dials, in which order (crawler/link.h). */
#include "crawler/link.h"

size_t cq_link_points(const struct cq_link_options *o, struct cq_endpoint to[CQ_MAX_CONTACT_POINTS],
                      uint8_t which[CQ_MAX_CONTACT_POINTS])
{
    size_t n = 0;

    for (size_t i = 0; i < o->n_endpoints; i++) {
        size_t k = (o->first_point + i) % o->n_endpoints;

        if (o->points_out & 1u << k) continue;
        to[n] = o->endpoints[k];
        which[n++] = (uint8_t)k;
    }
    return n;
}
