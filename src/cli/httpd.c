/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server of `serve` (cli/httpd.h): libmicrohttpd with its epoll descriptor in our poll().
 * Its own timeout knows silence only; whoever trickles is shut down here, by the age of the
 * request.
 */
#include "cli/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/mhd.h"

struct cq_caller {
    struct cq_caller *next, **at;
    int fd;
    uint64_t since; /* of the connection, or of the last answer */
};

static struct cq_caller *caller_of(struct cq_httpd *h, struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        h->mhd->get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

/* ---- from the library ---- */

static void on_connection(void *ctx, struct MHD_Connection *c, void **socket_ctx,
                          enum MHD_ConnectionNotificationCode code)
{
    struct cq_httpd *h = ctx;
    struct cq_caller *caller = *socket_ctx;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            h->mhd->get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

        caller = calloc(1, sizeof(*caller));
        *socket_ctx = caller;
        if (!caller || !info) return; /* without an age: its silence still ends it */
        *caller = (struct cq_caller){.next = h->callers, .at = &h->callers, .since = h->now};
        caller->fd = info->connect_fd;
        if (caller->next) caller->next->at = &caller->next;
        h->callers = caller;
    } else if (caller) {
        if (caller->at) *caller->at = caller->next;
        if (caller->next) caller->next->at = caller->at;
        free(caller);
        *socket_ctx = NULL;
    }
}

static void on_completed(void *ctx, struct MHD_Connection *c, void **request_ctx,
                         enum MHD_RequestTerminationCode code)
{
    struct cq_httpd *h = ctx;
    struct cq_caller *caller = caller_of(h, c);

    (void)code;
    *request_ctx = NULL;
    if (caller) caller->since = h->now;
}

static ssize_t on_more(void *ctx, uint64_t at, char *p, size_t max)
{
    struct cq_answer *a = ctx;
    ssize_t n = a->more(a->source, p, max);

    (void)at;
    if (n > 0) return n;
    return n ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
}

static void on_end(void *ctx)
{
    struct cq_answer *a = ctx;

    if (a->end) a->end(a->source);
    free(a);
}

/* ---- answers ---- */

static struct MHD_Response *streamed(struct cq_httpd *h, const struct cq_answer *a)
{
    struct cq_answer *kept = malloc(sizeof(*kept));
    struct MHD_Response *r = NULL;

    if (kept) {
        *kept = *a;
        r = h->mhd->response_from_callback(MHD_SIZE_UNKNOWN, CQ_HTTPD_CHUNK, on_more, kept, on_end);
    }
    if (r) return r;
    if (a->end) a->end(a->source);
    free(kept);
    return NULL;
}

static struct MHD_Response *response_of(struct cq_httpd *h, const struct cq_answer *a)
{
    struct MHD_Response *r;

    if (a->more) return streamed(h, a);
    r = h->mhd->response_from_buffer(a->text ? a->n : 0, a->text, MHD_RESPMEM_MUST_FREE);
    if (!r) free(a->text);
    return r;
}

static enum MHD_Result send_answer(struct cq_httpd *h, struct MHD_Connection *c,
                                   const struct cq_answer *a, const char *allow)
{
    const char *type = a->type ? a->type : "text/plain; charset=utf-8";
    struct MHD_Response *r = response_of(h, a);
    enum MHD_Result ok;

    if (!r) return MHD_NO;
    (void)h->mhd->add_header(r, "Content-Type", type);
    (void)h->mhd->add_header(r, "Cache-Control", "no-store");
    (void)h->mhd->add_header(r, "X-Content-Type-Options", "nosniff");
    if (allow) (void)h->mhd->add_header(r, "Allow", allow);
    ok = h->mhd->queue(c, a->status, r);
    h->mhd->destroy(r);
    return ok;
}

static void refuse(struct cq_answer *a, unsigned status, const char *words)
{
    a->status = status;
    a->text = strdup(words);
    a->n = a->text ? strlen(words) : 0;
}

/* The answer of a page, or why there is none. Returns what is allowed, where that is the reason. */
static const char *fill(struct cq_httpd *h, struct MHD_Connection *c, const char *path,
                        const char *method, struct cq_answer *a)
{
    const struct cq_page *page = h->pages;

    while (page->path && strcmp(page->path, path) != 0)
        page++;
    if (!page->path) {
        refuse(a, MHD_HTTP_NOT_FOUND, "no such page\n");
    } else if (page->post && strcmp(method, "POST") != 0) {
        refuse(a, MHD_HTTP_METHOD_NOT_ALLOWED, "this wants POST\n");
        return "POST";
    } else if (!page->post && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        refuse(a, MHD_HTTP_METHOD_NOT_ALLOWED, "this wants GET\n");
        return "GET, HEAD";
    } else if (page->post && h->mhd->lookup(c, MHD_HEADER_KIND, "Origin")) {
        refuse(a, MHD_HTTP_FORBIDDEN, "not from a web page\n");
    } else {
        page->answer(h->ctx, a);
    }
    return NULL;
}

/* First for the head, then for each piece of a body, then, with none left, for the answer. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *path,
                                  const char *method, const char *version, const char *upload,
                                  size_t *n_upload, void **request_ctx)
{
    struct cq_httpd *h = ctx;
    struct cq_answer a = {.status = MHD_HTTP_OK};
    const char *allow;

    (void)version;
    (void)upload;
    if (!*request_ctx) {
        *request_ctx = h;
        return MHD_YES;
    }
    if (*n_upload) {
        *n_upload = 0;
        return MHD_YES;
    }
    allow = fill(h, c, path, method, &a);
    return send_answer(h, c, &a, allow);
}

/* ---- life ---- */

static bool is_loopback(const struct sockaddr *a)
{
    const struct sockaddr_in6 *six = (const void *)a;
    const struct sockaddr_in *four = (const void *)a;

    if (a->sa_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    return ntohl(four->sin_addr.s_addr) >> 24 == 127;
}

static int listen_on(struct cq_httpd *h, const char *host, unsigned port)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct sockaddr_storage bound = {0};
    socklen_t n = sizeof(bound);
    struct addrinfo *a;
    char digits[16];
    int fd, on = 1;

    (void)snprintf(digits, sizeof(digits), "%u", port);
    errno = EADDRNOTAVAIL;
    if (getaddrinfo(host, digits, &hints, &a)) return -1;
    h->is_loopback = is_loopback(a->ai_addr);
    fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
                    bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, SOMAXCONN) ||
                    getsockname(fd, (struct sockaddr *)&bound, &n))) {
        int err = errno;

        (void)close(fd);
        errno = err;
        fd = -1;
    }
    freeaddrinfo(a);
    h->port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                : ((struct sockaddr_in *)&bound)->sin_port);
    return fd;
}

static bool start(struct cq_httpd *h, int listener)
{
    const union MHD_DaemonInfo *info;

    h->daemon = h->mhd->start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, h, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_LIMIT, CQ_HTTPD_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CQ_HTTPD_HEAD, MHD_OPTION_CONNECTION_TIMEOUT, CQ_HTTPD_IDLE_S,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        h, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    if (!h->daemon) {
        (void)close(listener);
        return false;
    }
    info = h->mhd->get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    h->fd = info ? info->epoll_fd : -1;
    return h->fd >= 0;
}

bool cq_httpd_open(struct cq_httpd *h, const char *host, unsigned port, const struct cq_page *pages,
                   void *ctx, char *why, size_t n_why)
{
    int listener;

    *h = (struct cq_httpd){.fd = -1, .pages = pages, .ctx = ctx};
    h->mhd = cq_mhd_load(why, n_why);
    if (!h->mhd) return false;
    listener = listen_on(h, host, port);
    if (listener < 0) {
        (void)snprintf(why, n_why, "%s", strerror(errno));
    } else if (start(h, listener)) {
        return true;
    } else {
        (void)snprintf(why, n_why, "the HTTP server does not start: %s", strerror(errno));
    }
    cq_httpd_close(h);
    return false;
}

int cq_httpd_timeout(const struct cq_httpd *h)
{
    MHD_UNSIGNED_LONG_LONG ms;

    if (!h->daemon || h->mhd->get_timeout(h->daemon, &ms) != MHD_YES) return h->callers ? 1000 : -1;
    return ms > 1000 ? 1000 : (int)ms;
}

void cq_httpd_turn(struct cq_httpd *h, uint64_t now)
{
    if (!h->daemon) return;
    h->now = now;
    for (struct cq_caller *c = h->callers; c; c = c->next)
        if (now - c->since > CQ_HTTPD_REQUEST_NS) (void)shutdown(c->fd, SHUT_RDWR);
    (void)h->mhd->run(h->daemon);
}

void cq_httpd_close(struct cq_httpd *h)
{
    if (h->daemon) h->mhd->stop_daemon(h->daemon);
    if (h->mhd) cq_mhd_unload(h->mhd);
    *h = (struct cq_httpd){.fd = -1};
}
