/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's functions, looked up in the library when the first sink or list over HTTP wants them:
 * linked, libcurl and the thirty libraries behind it (GnuTLS, Kerberos, LDAP ...) cost every start
 * of a program 4 ms of CPU and 5 MiB (docs/design.md, "The start").
 */
#ifndef CQ_NET_HTTPCURL_H
#define CQ_NET_HTTPCURL_H

#include <curl/curl.h>

#include "base/library.h"

/* gcc's checks of types are macros around the functions; the table has the functions. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

/* Ours, theirs. */
#define CQ_CURL_FUNCTIONS(X)                                                                       \
    X(global_init, curl_global_init)                                                               \
    X(global_cleanup, curl_global_cleanup)                                                         \
    X(free, curl_free)                                                                             \
    X(easy_init, curl_easy_init)                                                                   \
    X(easy_cleanup, curl_easy_cleanup)                                                             \
    X(easy_setopt, curl_easy_setopt)                                                               \
    X(easy_getinfo, curl_easy_getinfo)                                                             \
    X(easy_header, curl_easy_header)                                                               \
    X(easy_strerror, curl_easy_strerror)                                                           \
    X(multi_init, curl_multi_init)                                                                 \
    X(multi_cleanup, curl_multi_cleanup)                                                           \
    X(multi_setopt, curl_multi_setopt)                                                             \
    X(multi_add_handle, curl_multi_add_handle)                                                     \
    X(multi_remove_handle, curl_multi_remove_handle)                                               \
    X(multi_info_read, curl_multi_info_read)                                                       \
    X(multi_socket_action, curl_multi_socket_action)                                               \
    X(multi_strerror, curl_multi_strerror)                                                         \
    X(url, curl_url)                                                                               \
    X(url_cleanup, curl_url_cleanup)                                                               \
    X(url_get, curl_url_get)                                                                       \
    X(url_set, curl_url_set)

struct cq_curl {
    CQ_CURL_FUNCTIONS(CQ_LIBRARY_POINTER)
};

/* 0, or CQ_ENO_LIBRARY with words that say what to install. Again and again: it is one library. */
int cq_curl_load(struct cq_curl *c, struct cq_fault *f);

#endif
