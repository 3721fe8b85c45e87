/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd's functions, looked up in the library when they are needed (cli/httpd.h says why).
 */
#ifndef CQ_CLI_MHD_H
#define CQ_CLI_MHD_H

#include <stddef.h>

#include <microhttpd.h>

/* Ours, theirs. */
#define CQ_MHD_FUNCTIONS(X)                                                                        \
    X(start_daemon, MHD_start_daemon)                                                              \
    X(stop_daemon, MHD_stop_daemon)                                                                \
    X(get_daemon_info, MHD_get_daemon_info)                                                        \
    X(get_timeout, MHD_get_timeout)                                                                \
    X(run, MHD_run)                                                                                \
    X(get_connection_info, MHD_get_connection_info)                                                \
    X(lookup, MHD_lookup_connection_value)                                                         \
    X(response_from_buffer, MHD_create_response_from_buffer)                                       \
    X(response_from_callback, MHD_create_response_from_callback)                                   \
    X(add_header, MHD_add_response_header)                                                         \
    X(queue, MHD_queue_response)                                                                   \
    X(destroy, MHD_destroy_response)

struct cq_mhd {
    void *library;
#define X(ours, theirs) __typeof__(theirs) *ours;
    CQ_MHD_FUNCTIONS(X)
#undef X
};

/* NULL: `why` says what is missing. */
struct cq_mhd *cq_mhd_load(char *why, size_t n_why);
void cq_mhd_unload(struct cq_mhd *m);

#endif
