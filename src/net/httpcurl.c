/* SPDX-License-Identifier: Apache-2.0 */
/* Loads libcurl (net/httpcurl.h). */
#include "net/httpcurl.h"

int cq_curl_load(struct cq_curl *c, struct cq_fault *f)
{
    static const char *const names[] = {CQ_CURL_FUNCTIONS(CQ_LIBRARY_NAME)};

    return cq_library_load("libcurl.so.4", names, sizeof(names) / sizeof(*names), c,
                           "HTTP needs libcurl 7.85 or later (Debian: libcurl4)", f);
}
