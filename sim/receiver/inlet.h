/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection of the receiver, sans-I/O. The shell's order of calls:
 *
 *   new -> { room -> feed -> pending/sent until pending is empty -> end? -> deadline } ... -> free
 *
 *   READING -- body whole, or an early answer --> ANSWERING -- sent --> READING
 *                                                     +--- close, reset, early ---> end
 *
 * One request at a time; what comes behind it waits. The time is receiver->now_ms.
 */
#ifndef CQSIM_RECEIVER_INLET_H
#define CQSIM_RECEIVER_INLET_H

#include "sim/receiver/receiver.h"

enum cqsim_inlet_end { CQSIM_INLET_OPEN, CQSIM_INLET_CLOSE, CQSIM_INLET_RESET };

struct cqsim_inlet {
    struct cqsim_receiver *receiver;
    struct cqsim_http http;
    struct cqsim_unpack unpack;
    struct cqsim_buf in;   /* came while an answer was under way */
    struct cqsim_buf body; /* unpacked */
    struct cqsim_buf out;
    struct cqsim_step *step;  /* of the request under way, if it is a POST */
    struct cqsim_step *fault; /* of the answer under way */
    enum cqsim_inlet_end end; /* once the output is gone */
    bool known_coding;
    bool is_post;
    bool answering;
    bool deaf;         /* whatever comes is thrown away */
    bool close_after;  /* the answer under way is the last */
    uint64_t n_body;   /* bytes of the body, as they come */
    uint64_t begun_ms; /* of the request */
    uint64_t due_ms;   /* of the answer */
    uint64_t n_sent;   /* bytes of the answer */
};

struct cqsim_inlet *cqsim_inlet_new(struct cqsim_receiver *receiver);
void cqsim_inlet_free(struct cqsim_inlet *c);
/* How many bytes the shell may read now; 0 = not now, ask at the deadline or after sent. */
size_t cqsim_inlet_room(const struct cqsim_inlet *c);
void cqsim_inlet_feed(struct cqsim_inlet *c, struct cqsim_slice in);
struct cqsim_slice cqsim_inlet_pending(struct cqsim_inlet *c);
void cqsim_inlet_sent(struct cqsim_inlet *c, size_t n);
enum cqsim_inlet_end cqsim_inlet_end(const struct cqsim_inlet *c);
/* When room or pending is worth asking again without new input; UINT64_MAX = never. */
uint64_t cqsim_inlet_deadline(const struct cqsim_inlet *c);

#endif
