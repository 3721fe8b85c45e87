/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's codes as ours. What a certificate was refused for is OpenSSL's verify result
 * (X509_verify_cert(3)): numbers that are part of its API. */
#include "net/http_impl.h"

#include <errno.h>

enum { NOT_LOOKED_AT = 1, NOT_YET_VALID = 9, EXPIRED = 10 };

static int of_connect(const struct cq_curl *curl, CURL *easy)
{
    long number = 0;

    (void)curl->easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    if (number == EMFILE || number == ENFILE) return CQ_EDESCRIPTORS;
    if (number == EADDRNOTAVAIL) return CQ_EPORTS;
    return number == ECONNREFUSED ? CQ_EREFUSED : CQ_EUNREACHABLE;
}

static int of_timeout(const struct cq_curl *curl, CURL *easy)
{
    curl_off_t connected = 0;

    (void)curl->easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    return connected > 0 ? CQ_ETIMEOUT : CQ_ECONNECT_TIMEOUT;
}

static int of_certificate(const struct cq_curl *curl, CURL *easy)
{
    long result = 0;

    (void)curl->easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
    if (result == NOT_YET_VALID || result == EXPIRED) return CQ_ETLS_EXPIRED;
    /* libcurl compares names before it asks OpenSSL for its verdict. */
    return result <= NOT_LOOKED_AT ? CQ_ETLS_NAME : CQ_ETLS_UNTRUSTED;
}

int cq_http_error(const struct cq_curl *curl, CURL *easy, CURLcode rc)
{
    switch ((int)rc) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return CQ_EDNS;
    case CURLE_COULDNT_CONNECT:
        return of_connect(curl, easy);
    case CURLE_OPERATION_TIMEDOUT:
        return of_timeout(curl, easy);
    case CURLE_PEER_FAILED_VERIFICATION:
        return of_certificate(curl, easy);
    case CURLE_SSL_CONNECT_ERROR:
        return CQ_ETLS_HANDSHAKE;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
        return CQ_ETLS_CONFIG;
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9 */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_WRITE_ERROR: /* its header had no end */
        return CQ_ENOT_HTTP;
    case CURLE_OUT_OF_MEMORY:
        return CQ_ENOMEM;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_FAIL_REWIND:
        return CQ_ECLOSED;
    default:
        return CQ_ERESET;
    }
}

bool cq_http_is_stale(const struct cq_curl *curl, CURL *easy, CURLcode rc)
{
    long made = 0, status = 0;

    (void)curl->easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &made);
    (void)curl->easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 0) return false;
    if (rc == CURLE_SEND_FAIL_REWIND) return true;
    return made == 0 &&
           (rc == CURLE_SEND_ERROR || rc == CURLE_RECV_ERROR || rc == CURLE_GOT_NOTHING);
}
