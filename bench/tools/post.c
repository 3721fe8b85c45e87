/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cq-post ADDRESS PORT N BYTES: the floor of delivery. One connection, N requests of BYTES each,
 * every answer read and not looked at; no library between send() and the kernel, no event loop, no
 * copy of its own. What a crawl pays for an HTTP receiver beyond this is libcurl, batches, keys and
 * retries.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool send_all(int fd, const char *p, size_t n, int flags)
{
    while (n > 0) {
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL | flags);

        if (done <= 0) return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static bool post(int fd, const char *body, size_t n)
{
    char head[256], answer[4096];
    int length = snprintf(head, sizeof(head),
                          "POST /ingest HTTP/1.1\r\nHost: sink\r\nContent-Type: "
                          "application/x-ndjson\r\nContent-Length: %zu\r\n\r\n",
                          n);

    return send_all(fd, head, (size_t)length, MSG_MORE) && send_all(fd, body, n, 0) &&
           recv(fd, answer, sizeof(answer), 0) > 0;
}

static int connected(const char *address, const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    if (fd < 0 || inet_pton(AF_INET, address, &a.sin_addr) != 1) return -1;
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

int main(int argc, char **argv)
{
    int fd = argc == 5 ? connected(argv[1], argv[2]) : -1;
    unsigned long requests = argc == 5 ? strtoul(argv[3], NULL, 10) : 0;
    size_t n = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
    char *body = malloc(n + 1);

    if (fd < 0 || !body) {
        fputs("usage: cq-post ADDRESS PORT N BYTES (or nobody listens there)\n", stderr);
        return 2;
    }
    memset(body, 'x', n);
    for (unsigned long i = 0; i < requests; i++) {
        if (post(fd, body, n)) continue;
        fputs("cq-post: the receiver closed\n", stderr);
        return 1;
    }
    free(body);
    close(fd);
    return 0;
}
