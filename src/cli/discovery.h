/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where lists of targets come from besides the configuration itself: files and HTTP, in the format
 * of Prometheus (file_sd, http_sd). The keys of `discovery`, checked; reading them is file_sd.h's
 * and http_sd.h's.
 */
#ifndef CQ_CLI_DISCOVERY_H
#define CQ_CLI_DISCOVERY_H

#include "cqlcrawl.h"

#include "cli/diag.h"

enum cq_discovery_kind { CQ_FILE_SD, CQ_HTTP_SD };

#define CQ_DEFAULT_REFRESH_MS 60000u

struct cq_discovery {
    enum cq_discovery_kind kind;
    struct cq_place at;
    const char *group;           /* of targets that name none; NULL: none */
    uint64_t refresh_ms;         /* never 0 */
    const char *const *files;    /* FILE_SD: paths or patterns of glob(7), ends with NULL */
    struct cqlcrawl_fetch fetch; /* HTTP_SD: url, credentials, certificates */
    /* HTTP_SD: the list itself, once it was asked for (http_sd.h); NULL: it was not. */
    const char *body;
    size_t n_body;
};

#endif
