/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of targets over HTTP (prometheus.io/docs/prometheus/latest/http_sd): the whole list each
 * time, as application/json with status 200; [] is an empty one. Whoever has a loop asks with
 * cqlcrawl_fetch by cq_http_sd_request and hands the answer to cq_http_sd_take, between
 * cq_inventory_begin and cq_inventory_finish; cq_http_sd_get does it for all and waits.
 */
#ifndef CQ_CLI_HTTP_SD_H
#define CQ_CLI_HTTP_SD_H

#include "cli/inventory.h"

/* done and ctx are the caller's to set. In the inventory's pool. False: out of memory. */
bool cq_http_sd_request(struct cq_inventory *inv, const struct cq_discovery *x,
                        struct cqlcrawl_fetch *out);
/* The arguments of cqlcrawl_fetch.done. False with a diagnostic: this is not a list. */
bool cq_http_sd_take(struct cq_inventory *inv, struct cq_diags *d, struct cq_discovery *x, int err,
                     const char *text, long status, const char *content_type, const char *body,
                     size_t n);
/* The answer that an older inventory had from the same URL. False: it had none. */
bool cq_http_sd_keep(struct cq_inventory *inv, struct cq_discovery *x,
                     const struct cq_inventory *old);
/* Asks for all of them, on a loop of its own. False with diagnostics. */
bool cq_http_sd_get(struct cq_inventory *inv, struct cq_diags *d);

#endif
