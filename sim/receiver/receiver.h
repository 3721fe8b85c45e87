/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all connections of the receiver share: what it was told, what it has accepted, what it
 * counted, and the verdict on a body. The shell sets the clocks before it calls into a connection.
 */
#ifndef CQSIM_RECEIVER_RECEIVER_H
#define CQSIM_RECEIVER_RECEIVER_H

#include "sim/config.h"
#include "sim/receiver/http.h"
#include "sim/receiver/ledger.h"
#include "sim/receiver/script.h"
#include "sim/receiver/unpack.h"

#include <stdio.h>

enum { CQSIM_N_STATUS = 600, CQSIM_MAX_CREDENTIALS = 1024, CQSIM_VERDICT_TEXT = 256 };

struct cqsim_receiver_config {
    uint8_t ip[4];
    uint16_t port;
    struct cqsim_script script, faults;        /* first one, then the other */
    uint64_t max_body;                         /* as it comes over the wire; 0 = any */
    const char *poison;                        /* 400 for a body with this text; NULL = none */
    char authorization[CQSIM_MAX_CREDENTIALS]; /* that every POST must bring; empty = none */
    const char *user;
    bool tls;
    struct cqsim_tls_files tls_files;
    const char *store_file, *log_file, *stats_file, *url_file, *pid_file;
    uint64_t duration_s;
};

struct cqsim_receiver_counts {
    uint64_t by_status[CQSIM_N_STATUS]; /* answers that were made */
    uint64_t posts, others, unanswered, expects, chunked;
    uint64_t by_coding[CQSIM_N_CODINGS];
    uint64_t wire_in;                  /* bytes of sockets, inside TLS */
    uint64_t bodies, body_bytes;       /* of POSTs that came whole, as they came */
    uint64_t accepted, accepted_bytes; /* bodies, uncompressed */
    uint64_t bad_bodies;               /* not their coding, or no whole lines */
    uint64_t connections, open, in_flight, most_in_flight;
};

struct cqsim_receiver {
    struct cqsim_receiver_config *config;
    struct cqsim_ledger ledger;
    struct cqsim_receiver_counts counts;
    FILE *store, *log;
    uint64_t store_bytes;
    uint64_t now_ms, started_ms; /* of the loop */
    uint64_t wall_s;             /* since 1970 */
    uint64_t outage_ms;          /* asked for, taken by the shell */
    bool store_failed;
};

struct cqsim_verdict {
    unsigned status;
    struct cqsim_step *step; /* NULL: nothing goes wrong */
    uint64_t n_lines;        /* accepted */
    char text[CQSIM_VERDICT_TEXT];
};

/* false and a text when a file cannot be opened. */
bool cqsim_receiver_open(struct cqsim_receiver *r, char *error, size_t n_error);
void cqsim_receiver_close(struct cqsim_receiver *r);
/* Forgets everything that came, on disk too. */
void cqsim_receiver_reset(struct cqsim_receiver *r);
/* The step of a POST that begins now; NULL = none. */
struct cqsim_step *cqsim_receiver_step(struct cqsim_receiver *r);
/* The step refuses bodies, but this one was accepted before under its key: who keeps keys answers
 * with success. */
bool cqsim_receiver_spares(const struct cqsim_receiver *r, const struct cqsim_request *request,
                           const struct cqsim_step *step);
/* A whole body: `wire` bytes of it came, `text` is what they say; `whole`: it was of its coding. */
void cqsim_receiver_judge(struct cqsim_receiver *r, const struct cqsim_request *request,
                          uint64_t wire, struct cqsim_slice text, bool whole,
                          struct cqsim_step *step, struct cqsim_verdict *out);
/* "Basic ..." of user and password. */
void cqsim_basic(const char *user, const char *password, char out[CQSIM_MAX_CREDENTIALS]);

#endif
