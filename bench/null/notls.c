/* SPDX-License-Identifier: Apache-2.0 */
/* cq-null without TLS: loading OpenSSL costs more than many crawls, and would stand in every floor.
 */
#include <stdlib.h>

#include "null/conn.h"
#include "null/tls.h"

struct null_tls *null_tls_new(const char *ca_file, const char *name, bool resume, bool hold)
{
    (void)ca_file;
    (void)name;
    (void)resume;
    (void)hold;
    null_die("this one has no TLS: cq-null-tls");
}

void null_tls_free(struct null_tls *t)
{
    (void)t;
}

void null_tls_open(struct null_tls *t, int fd)
{
    (void)t;
    (void)fd;
    abort();
}

void null_tls_write(struct null_tls *t, const uint8_t *p, size_t n)
{
    (void)t;
    (void)p;
    (void)n;
    abort();
}

ssize_t null_tls_read(struct null_tls *t, uint8_t *p, size_t n)
{
    (void)t;
    (void)p;
    (void)n;
    abort();
}

void null_tls_close(struct null_tls *t)
{
    (void)t;
    abort();
}

void null_tls_keep(struct null_tls *t)
{
    (void)t;
    abort();
}

unsigned null_tls_resumed(const struct null_tls *t)
{
    (void)t;
    return 0;
}
