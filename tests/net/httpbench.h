/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of net/http: a client on a loop of its own (ends with the proof that nothing is
 * left), and what scripted servers (harness.h) have in common. */
#ifndef CQ_TESTS_NET_HTTPBENCH_H
#define CQ_TESTS_NET_HTTPBENCH_H

#include "net/certs.h"
#include "net/harness.h"
#include "net/http.h"

#define HOST "127.63.4.1"

enum { MAX_CALLS = 32 };

struct bench {
    uv_loop_t loop;
    uv_timer_t guard;
    struct count_mem m;
    struct cq_resolver *resolver;
    struct cq_http *http;
    struct cq_http_peer *peer;
    struct cq_http_call *calls[MAX_CALLS];
    unsigned closed;
    bool ready;
};

struct script {
    unsigned requests; /* that came whole */
    const char *answer;
    char head[2048]; /* of the last request */
    SSL_CTX *tls;
    int fds[MAX_CALLS];
    unsigned n_fds, wanted;
};

#define OK "HTTP/1.1 204 No Content\r\n\r\n"
#define OK_CLOSE "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

/* servers: NULL, or of names. */
void bench_open(struct bench *b, const char *servers);
void bench_trusting(struct bench *b, const char *url, const char *ca, const struct cert *mine);
void bench_to(struct bench *b, const char *scheme, const char *host, uint16_t port);
struct cq_http_call *bench_call(struct bench *b, int i);
struct cq_http_request bench_post(cq_bytes body);
const struct cq_http_response *bench_wait(struct bench *b, struct cq_http_call *c);
/* The answer lives until the next one. */
const struct cq_http_response *bench_ask(struct bench *b, const struct cq_http_request *r);
void expect_204(const struct cq_http_response *r);
const struct cq_http_response *bench_ask_small(struct bench *b);
void bench_close(struct bench *b);
/* One request read whole: its head in s->head. False: the connection ended. */
bool script_read(struct script *s, int fd);
void script_answer(int fd, const char *text);
void script_many(struct peer *p, int fd);
void script_one(struct peer *p, int fd);
struct peer *script_start(struct peer *p, size_t n, void (*serve)(struct peer *, int), void *ctx);
/* A server of n connections, and the client of it by http; and both of them ended. */
void bench_begin(struct bench *b, struct peer *p, size_t n, void (*serve)(struct peer *, int),
                 void *ctx);
void bench_end(struct bench *b, struct peer *p);
/* n connections that say nothing: for a peer that waits for more than have come. */
void script_poke(uint16_t port, int n);

#endif
