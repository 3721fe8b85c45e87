/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cq-sink ADDRESS PORT: an HTTP receiver that reads every body, forgets it and answers 200, so that
 * a crawl's delivery can be measured without anybody's work behind it. Bodies have a
 * Content-Length. GET anything: {"requests", "bytes"} so far, as JSON. Ends by SIGTERM. Prints
 * "ready PORT" once it listens. One thread, level-triggered epoll.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECEIVE = 256 << 10, HEAD = 16384, EVENTS = 64 };

struct connection {
    int fd;
    char head[HEAD];
    size_t head_n;
    unsigned long long left; /* of the body */
    bool in_body;
};

struct sink {
    int listener, epoll;
    char *buf;
    unsigned long long requests, bytes;
};

static void say(const struct connection *c, const char *body)
{
    char answer[512];
    int n = snprintf(answer, sizeof(answer),
                     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                     "%zu\r\n\r\n%s",
                     strlen(body), body);

    if (send(c->fd, answer, (size_t)n, MSG_NOSIGNAL) != n) perror("cq-sink: send");
}

static void answer(struct sink *s, struct connection *c)
{
    char body[128] = "";

    if (!strncmp(c->head, "GET ", 4))
        snprintf(body, sizeof(body), "{\"requests\":%llu,\"bytes\":%llu}", s->requests, s->bytes);
    else
        s->requests++;
    say(c, body);
    c->head_n = 0;
    c->in_body = false;
}

/* The head is whole: how long the body is. */
static void begin_body(struct connection *c)
{
    c->left = 0;
    for (char *line = strstr(c->head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (!strncasecmp(line + 2, "content-length:", 15)) c->left = strtoull(line + 17, NULL, 10);
    c->in_body = true;
}

/* How many bytes belong to the head; -1: it never ends. */
static ssize_t take_head(struct connection *c, const char *p, size_t n)
{
    size_t room = sizeof(c->head) - 1 - c->head_n, k = n < room ? n : room, before = c->head_n;
    const char *end;

    memcpy(c->head + before, p, k);
    c->head_n += k;
    c->head[c->head_n] = 0;
    end = strstr(c->head, "\r\n\r\n");
    if (!end) return k < n ? -1 : (ssize_t)k;
    k = (size_t)(end - c->head) + 4 - before;
    c->head[before + k] = 0;
    begin_body(c);
    return (ssize_t)k;
}

static bool feed(struct sink *s, struct connection *c, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k;

        if (c->in_body) {
            k = (ssize_t)(c->left < n ? c->left : n);
            c->left -= (unsigned long long)k;
            s->bytes += (unsigned long long)k;
        } else {
            k = take_head(c, p, n);
            if (k < 0) return false;
        }
        p += k;
        n -= (size_t)k;
        if (c->in_body && !c->left) answer(s, c);
    }
    return true;
}

static void on_readable(struct sink *s, struct connection *c)
{
    ssize_t n = recv(c->fd, s->buf, RECEIVE, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0 && feed(s, c, s->buf, (size_t)n)) return;
    close(c->fd);
    free(c);
}

static void on_connection(struct sink *s)
{
    struct connection *c = calloc(1, sizeof(*c));
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

    if (!c) abort();
    c->fd = accept(s->listener, NULL, NULL);
    if (c->fd < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fd, &e) != 0) {
        perror("cq-sink: accept");
        free(c);
    }
}

static int listen_at(const char *address, const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof(a);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    if (fd < 0 || inet_pton(AF_INET, address, &a.sin_addr) != 1) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&a, n) != 0 || listen(fd, SOMAXCONN) != 0) return -1;
    getsockname(fd, (struct sockaddr *)&a, &n);
    printf("ready %u\n", ntohs(a.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS], e = {.events = EPOLLIN, .data.ptr = NULL};
    struct sink s = {.buf = malloc(RECEIVE), .epoll = epoll_create1(EPOLL_CLOEXEC)};

    s.listener = argc == 3 ? listen_at(argv[1], argv[2]) : -1;
    if (s.listener < 0 || !s.buf || epoll_ctl(s.epoll, EPOLL_CTL_ADD, s.listener, &e) != 0) {
        fputs("usage: cq-sink ADDRESS PORT (or nothing can listen there)\n", stderr);
        return 2;
    }
    for (;;) {
        int n = epoll_wait(s.epoll, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr)
                on_readable(&s, events[i].data.ptr);
            else
                on_connection(&s);
        }
    }
}
