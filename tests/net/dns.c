/* SPDX-License-Identifier: Apache-2.0 */
/* A name server of one thread (RFC 1035 4.1): header, the question back, A or AAAA records. */
#include "net/dns.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 12, TYPE_A = 1, TYPE_AAAA = 28 };

/* The question's name in text; the offset behind it, or 0. */
static size_t read_name(const uint8_t *q, size_t n, char *out, size_t max)
{
    size_t at = HEADER;
    size_t len = 0;

    while (at < n && q[at] != 0) {
        size_t label = q[at++];

        if (at + label > n || len + label + 1 >= max) return 0;
        memcpy(out + len, q + at, label);
        len += label;
        out[len++] = '.';
        at += label;
    }
    out[len ? len - 1 : 0] = 0;
    return at + 1;
}

static size_t put_record(uint8_t *to, int type, const void *addr, size_t n)
{
    const uint8_t head[] = {0xc0, HEADER, 0, (uint8_t)type, 0, 1, 0, 0, 0, 60, 0, (uint8_t)n};

    memcpy(to, head, sizeof head);
    memcpy(to + sizeof head, addr, n);
    return sizeof head + n;
}

static size_t put_all(uint8_t *to, int type, const struct dns_zone *z, unsigned *count)
{
    const char *list = type == TYPE_A ? z->v4 : type == TYPE_AAAA ? z->v6 : NULL;
    char copy[200];
    char *save = NULL;
    size_t n = 0;

    snprintf(copy, sizeof copy, "%s", list ? list : "");
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        uint8_t addr[16];
        unsigned times = z->repeat ? z->repeat : 1;

        if (inet_pton(type == TYPE_A ? AF_INET : AF_INET6, w, addr) != 1) abort();
        for (unsigned i = 0; i < times; i++, ++*count) {
            n += put_record(to + n, type, addr, type == TYPE_A ? 4 : 16);
            addr[type == TYPE_A ? 3 : 15]++;
        }
    }
    return n;
}

static size_t answer(const struct dns_zone *zones, uint8_t *b, size_t n)
{
    static const struct dns_zone unknown = {.rcode = 3};
    const struct dns_zone *z = zones;
    char name[256];
    unsigned count = 0;
    size_t end = n > HEADER ? read_name(b, n, name, sizeof name) : 0;
    int type;

    if (end == 0 || end + 4 > n) return 0;
    while (z->name && strcasecmp(z->name, name) != 0)
        z++;
    if (!z->name) z = &unknown;
    if (z->silent) return 0;
    if (z->delay_ms) usleep((unsigned)z->delay_ms * 1000);
    type = b[end] << 8 | b[end + 1];
    b[2] = 0x81; /* an answer */
    b[3] = (uint8_t)(0x80 | z->rcode);
    n = end + 4;
    memset(b + 6, 0, 6);
    n += put_all(b + n, type, z, &count);
    b[6] = (uint8_t)(count >> 8);
    b[7] = (uint8_t)count;
    if (z->broken) b[7] = 200; /* more answers than there are */
    return n;
}

static void *serve(void *arg)
{
    struct dns *d = arg;
    uint8_t b[8192];

    for (;;) {
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        ssize_t n = recvfrom(d->fd, b, 512, 0, (struct sockaddr *)&from, &len);

        if (n <= 1) return NULL; /* dns_stop */
        d->asked++;
        n = (ssize_t)answer(d->zones, b, (size_t)n);
        if (n > 512) { /* RFC 1035 4.2.1: cut, ask again over TCP */
            char name[256];

            n = (ssize_t)read_name(b, (size_t)n, name, sizeof name) + 4;
            b[2] |= 2;
            memset(b + 6, 0, 6);
        }
        if (n > 0) (void)sendto(d->fd, b, (size_t)n, 0, (struct sockaddr *)&from, len);
    }
}

/* RFC 1035 4.2.2: two bytes of length before each message; one question per connection will do. */
static void *serve_tcp(void *arg)
{
    struct dns *d = arg;
    uint8_t b[8192];

    for (;;) {
        int fd = accept(d->tcp, NULL, NULL);
        ssize_t n;
        size_t out;

        if (fd < 0) return NULL;
        n = recv(fd, b, 2, MSG_WAITALL);
        if (n == 2) n += recv(fd, b + 2, (size_t)(b[0] << 8 | b[1]) % 512, MSG_WAITALL);
        out = n > 2 ? answer(d->zones, b + 2, (size_t)n - 2) : 0;
        d->tcp_asked += out > 0;
        b[0] = (uint8_t)(out >> 8);
        b[1] = (uint8_t)out;
        if (out > 0) (void)send(fd, b, out + 2, MSG_NOSIGNAL);
        if (recv(fd, b, 1, 0) > 0) abort(); /* until the asker has closed */
        close(fd);
    }
}

bool dns_start(struct dns *d, const char *host, const struct dns_zone *zones)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof a;

    memset(d, 0, sizeof *d);
    d->zones = zones;
    d->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, host, &a.sin_addr);
    if (bind(d->fd, (struct sockaddr *)&a, n) || getsockname(d->fd, (struct sockaddr *)&a, &n))
        return false;
    d->port = ntohs(a.sin_port);
    d->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(d->tcp, (struct sockaddr *)&a, n) || listen(d->tcp, 8)) return false;
    if (pthread_create(&d->tcp_thread, NULL, serve_tcp, d) != 0) return false;
    snprintf(d->servers, sizeof d->servers, "%s:%u", host, d->port);
    return pthread_create(&d->thread, NULL, serve, d) == 0;
}

/* One byte is no question: the thread takes it as the end. */
void dns_stop(struct dns *d)
{
    struct sockaddr_in a;
    socklen_t n = sizeof a;

    if (getsockname(d->fd, (struct sockaddr *)&a, &n) != 0) abort();
    if (sendto(d->fd, "", 1, 0, (struct sockaddr *)&a, n) != 1) abort();
    pthread_join(d->thread, NULL);
    (void)shutdown(d->tcp, SHUT_RDWR);
    pthread_join(d->tcp_thread, NULL);
    close(d->tcp);
    close(d->fd);
}
