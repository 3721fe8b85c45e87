/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS 1.3 under the null client, one session after another on blocking sockets: the chain and the
 * name are verified, as a crawl does. With resume the ticket of the last session is offered to the
 * next one. Sessions that are to be held give their buffers back while they idle.
 */
#ifndef NULL_TLS_H
#define NULL_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct null_tls;

struct null_tls *null_tls_new(const char *ca_file, const char *name, bool resume, bool hold);
void null_tls_free(struct null_tls *t);

/* Shakes hands on a connected socket; null_tls_close is for the session and not for the socket.
 * null_tls_keep instead leaves both open until null_tls_free. */
void null_tls_open(struct null_tls *t, int fd);
void null_tls_write(struct null_tls *t, const uint8_t *p, size_t n);
ssize_t null_tls_read(struct null_tls *t, uint8_t *p, size_t n);
void null_tls_close(struct null_tls *t);
void null_tls_keep(struct null_tls *t);
unsigned null_tls_resumed(const struct null_tls *t);

#endif
