/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small HTTP server of `serve`: a fixed list of pages, in the program's own poll(), without a
 * thread. Shell around libmicrohttpd; what a page says is its owner's business.
 *
 *   open -> { poll(fd, timeout); turn } ... -> close
 *
 * libmicrohttpd is loaded when the first server opens, by dlopen: linked, its start-up (GnuTLS sets
 * itself up) would cost every run of the program 1.5 ms and there are runs of 5 ms.
 *
 * Bounds: CQ_HTTPD_CONNECTIONS at once, the head of a request in CQ_HTTPD_HEAD bytes, silence for
 * CQ_HTTPD_IDLE_S, a request and its answer within CQ_HTTPD_REQUEST_NS. Bodies of requests are
 * thrown away. A request that a page of another origin made in a browser (Origin) may look but not
 * touch.
 */
#ifndef CQ_CLI_HTTPD_H
#define CQ_CLI_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CQ_HTTPD_CONNECTIONS 64u
#define CQ_HTTPD_HEAD 16384u
#define CQ_HTTPD_CHUNK 32768u
#define CQ_HTTPD_IDLE_S 30u
#define CQ_HTTPD_REQUEST_NS 60000000000u

/* An answer: a text, or a source that is asked for more until it gives 0. */
struct cq_answer {
    unsigned status;
    const char *type; /* NULL: plain text */
    char *text;       /* malloc; freed by the server */
    size_t n;
    /* Fills up to max bytes (at least 1024), returns how many; 0: the end; negative: it broke, the
     * connection is cut. */
    ssize_t (*more)(void *source, char *p, size_t max);
    void (*end)(void *source);
    void *source;
};

struct cq_page {
    const char *path; /* NULL ends the list */
    bool post;        /* POST only; else GET and HEAD */
    void (*answer)(void *ctx, struct cq_answer *a);
};

struct cq_httpd {
    const struct cq_page *pages;
    void *ctx;
    struct MHD_Daemon *daemon; /* NULL: closed */
    struct cq_caller *callers; /* connections, the newest first */
    struct cq_mhd *mhd;
    int fd;        /* readable: there is something to do; -1: closed */
    unsigned port; /* that it listens on */
    bool is_loopback;
    uint64_t now;
};

/* host is a numeric address; port 0 takes a free one. False: *why says what is wrong (literal or in
 * the buffer). */
bool cq_httpd_open(struct cq_httpd *h, const char *host, unsigned port, const struct cq_page *pages,
                   void *ctx, char *why, size_t n_why);
/* Milliseconds until a turn is wanted even if fd stays silent; -1: never. */
int cq_httpd_timeout(const struct cq_httpd *h);
void cq_httpd_turn(struct cq_httpd *h, uint64_t now);
/* Answers under way are cut. */
void cq_httpd_close(struct cq_httpd *h);

#endif
