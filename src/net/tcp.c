/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP by the system's own calls: connect, send and receive without ever blocking or raising SIGPIPE
 * (libuv's streams write without MSG_NOSIGNAL, and the host's signals are not ours to touch).
 *
 * A reset is how Cassandra closes (SO_LINGER 0): it is an end of the stream like any other, met
 * only after everything received before it has been read, and remembered as `how`. A send that
 * fails tells nothing that reading will not tell better, so it only ends the sending.
 */
#include "net/transport.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include <uv.h>

#include "net/sock.h"

/* The class of the system's word for it. EADDRNOTAVAIL: no local port left (IPv4), no address
 * (IPv6). */
static int err_of(int sys, const struct cq_addr *a)
{
    switch (sys) {
    case ECONNREFUSED:
        return CQ_EREFUSED;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
        return CQ_ERESET;
    case ETIMEDOUT:
        return CQ_ECONNECT_TIMEOUT;
    case EADDRNOTAVAIL:
        return a->u.sa.sa_family == AF_INET ? CQ_EPORTS : CQ_EUNREACHABLE;
    case EMFILE:
    case ENFILE:
    case EAGAIN:
        return CQ_EDESCRIPTORS;
    case ENOMEM:
    case ENOBUFS:
        return CQ_ENOMEM;
    default: /* ENETUNREACH, EHOSTUNREACH, ENETDOWN, EACCES, EPERM (a local filter), EAFNOSUPPORT */
        return CQ_EUNREACHABLE;
    }
}

static const char *words_of(int sys)
{
    return uv_strerror(uv_translate_sys_error(sys));
}

int cq_fd_connect(const struct cq_addr *a, int *fd, const char **why)
{
    int on = 1;
    int s = socket(a->u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc;

    if (s < 0) {
        *why = words_of(errno);
        return err_of(errno, a);
    }
    /* Not worth failing for. No keep-alive: any deadline of ours ends before its two hours. */
    (void)setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    do {
        rc = connect(s, &a->u.sa, cq_addr_len(a));
    } while (rc < 0 && errno == EINTR);
    if (rc < 0 && errno != EINPROGRESS) {
        rc = errno;
        cq_fd_close(s);
        *why = words_of(rc);
        return err_of(rc, a);
    }
    *fd = s;
    return 0;
}

int cq_fd_connected(const struct cq_addr *a, int fd, const char **why)
{
    int sys = 0;
    socklen_t n = sizeof sys;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &n) < 0) sys = errno;
    if (sys == 0) return 0;
    *why = words_of(sys);
    return err_of(sys, a);
}

void cq_fd_close(int fd)
{
    if (fd >= 0) (void)close(fd);
}

static enum cq_io failed(struct cq_transport *t, int sys, const char *doing)
{
    cq_blame_set(t->fault, CQ_ECLOSED, "%s: %s", doing, words_of(sys));
    return CQ_IO_FAILED;
}

static enum cq_io ended(struct cq_transport *t, enum cq_end how)
{
    if (t->how != CQ_END_RESET) t->how = how; /* a send may have met the reset first */
    return CQ_IO_END;
}

enum cq_io cq_fd_recv(struct cq_transport *t, uint8_t *p, size_t n, size_t *got)
{
    ssize_t r;

    assert(n > 0);
    do {
        r = recv(t->fd, p, n, 0);
    } while (r < 0 && errno == EINTR);
    *got = r > 0 ? (size_t)r : 0;
    if (r > 0) return CQ_IO_OK;
    if (r == 0) return ended(t, CQ_END_ORDERLY);
    if (errno == EAGAIN || errno == EWOULDBLOCK) return CQ_IO_AGAIN;
    if (errno == ECONNRESET || errno == EPIPE) return ended(t, CQ_END_RESET);
    return failed(t, errno, "receiving");
}

enum cq_io cq_fd_send(struct cq_transport *t, cq_bytes b, size_t *taken)
{
    ssize_t r;

    do {
        r = send(t->fd, b.p, b.n, MSG_NOSIGNAL);
    } while (r < 0 && errno == EINTR);
    *taken = r > 0 ? (size_t)r : 0;
    if (r >= 0) return CQ_IO_OK;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return CQ_IO_AGAIN;
    return ended(t, CQ_END_RESET);
}

static enum cq_io tcp_open(struct cq_transport *t)
{
    (void)t;
    return CQ_IO_OK;
}

static unsigned tcp_want(const struct cq_transport *t, bool reading, bool writing)
{
    (void)t;
    return (reading ? CQ_WANT_IN : 0u) | (writing ? CQ_WANT_OUT : 0u);
}

static void tcp_close(struct cq_transport *t)
{
    cq_fd_close(t->fd);
    t->fd = -1;
}

static void tcp_describe(const struct cq_transport *t, struct cq_sock_facts *facts)
{
    (void)t;
    facts->tls = false;
    facts->not_after_ms = -1;
}

const struct cq_transport_ops cq_tcp_ops = {
    .open = tcp_open,
    .read = cq_fd_recv,
    .write = cq_fd_send,
    .want = tcp_want,
    .close = tcp_close,
    .describe = tcp_describe,
};
