/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/receiver.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"

uint64_t cq_receiver_seed(const char *url, uint64_t seed)
{
    return cq_xxh3_64_seeded((cq_bytes){(const uint8_t *)url, strlen(url)}, seed);
}

/* Of the number and a seed that is random in each run. Not of the body: that would be read once
 * more, and whoever names tables in a cluster has no hand in it. */
void cq_receiver_head(struct cq_receiver_head *h, uint64_t number, enum cq_encoding encoding,
                      uint64_t seed, bool plain_key)
{
    struct cq_hash128 key =
        cq_xxh3_128_seeded((cq_bytes){(const uint8_t *)&number, sizeof(number)}, seed);
    char hex[CQ_KEY_HEX];
    const char *quote = plain_key ? "" : "\"";

    cq_hash128_hex(key, hex);
    (void)snprintf(h->key, sizeof(h->key), "Idempotency-Key: %s%.*s%s", quote, CQ_KEY_HEX, hex,
                   quote);
    h->n = 0;
    h->lines[h->n++] = "Content-Type: application/x-ndjson";
    h->lines[h->n++] = h->key;
    if (encoding == CQ_ENCODING_GZIP) h->lines[h->n++] = "Content-Encoding: gzip";
    if (encoding == CQ_ENCODING_ZSTD) h->lines[h->n++] = "Content-Encoding: zstd";
}

static enum cq_received of_client_error(long status, enum cq_encoding encoding)
{
    switch (status) {
    case 413:
        return CQ_RECEIVED_TOO_LARGE;
    case 415:
        return encoding == CQ_ENCODING_IDENTITY ? CQ_RECEIVED_PARK : CQ_RECEIVED_PLAIN;
    case 408: /* it did not see the whole body in time */
    case 409: /* the same key is still being worked on (Idempotency-Key draft, 2.7) */
    case 425:
    case 429:
        return CQ_RECEIVED_RETRY;
    case 401:
    case 402:
    case 403:
    case 404:
    case 405:
    case 407:
    case 410:
    case 426:
    case 431:
        return CQ_RECEIVED_PARK;
    default:
        return CQ_RECEIVED_REFUSED;
    }
}

enum cq_received cq_receiver_outcome(long status, enum cq_encoding encoding)
{
    switch (status) {
    case 200:
    case 201:
    case 202:
    case 204:
        return CQ_RECEIVED_ACCEPTED;
    case 501: /* it will not do that, today or tomorrow */
    case 505:
        return CQ_RECEIVED_PARK;
    default:
        break;
    }
    if (status >= 400 && status < 500) return of_client_error(status, encoding);
    if (status >= 500 && status < 600) return CQ_RECEIVED_RETRY;
    return CQ_RECEIVED_PARK; /* 3xx; a 2xx that promises less than all (203, 206, 207) */
}
