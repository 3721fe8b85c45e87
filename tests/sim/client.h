/* SPDX-License-Identifier: Apache-2.0 */
/* A small client for tests of the simulated connection: requests written by hand, answers read
 * back. */
#ifndef CQSIM_TEST_CLIENT_H
#define CQSIM_TEST_CLIENT_H

#include "sim/fleet.h"
#include "sim/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct one {
    struct cqsim_config config;
    struct cqsim_fleet *fleet;
    struct cqsim_conn *conn;
    unsigned version;
    bool segments;
    struct cqsim_buf raw;    /* everything that came out */
    struct cqsim_buf opened; /* payloads of segments */
};

struct page_head {
    uint32_t flags, n_columns, n_rows;
    struct cqsim_slice state;
    struct cqsim_reader rows;
};

/* One cluster of 2 x 3 tables with 6 columns and the rich keyspace, three nodes, seed 3. */
void sim_open(struct one *o, const char *release, const char *fault);
void sim_close(struct one *o);
/* Moves what the node has to say at that time into raw. */
void sim_drain(struct one *o, uint64_t now);
/* The next answer; its body is copied into `body`. */
bool sim_take(struct one *o, struct cqsim_envelope *e, struct cqsim_buf *body);
void sim_send_at(struct one *o, unsigned opcode, int stream, struct cqsim_slice body, uint64_t now);
void sim_send(struct one *o, unsigned opcode, int stream, struct cqsim_slice body);
void sim_startup_body(struct cqsim_buf *b, const char *compression);
/* Until READY, without login. */
void sim_start(struct one *o, unsigned version, const char *compression);
void sim_query_body(struct cqsim_buf *b, unsigned version, const char *text, uint32_t page_size,
                    struct cqsim_slice state);
void sim_ask(struct one *o, int stream, const char *text, uint32_t page_size,
             struct cqsim_slice state);
/* Reads a RESULT Rows up to its rows. */
struct page_head sim_read_head(struct cqsim_slice body);
void sim_check_error(struct one *o, uint32_t code, const char *text);
/* Walks the pages of a statement; returns rows, counts pages and the last page's rows. */
size_t sim_walk(struct one *o, const char *text, uint32_t size, size_t *n_pages, size_t *n_last,
                size_t max_pages);

#endif
