/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the receiver does wrong, request by request. A script is steps between commas, each taken by
 * one POST, over and over; random faults are the same steps with a chance: STEP@PERCENT%.
 *
 * A step is attributes between colons, and *N behind it repeats it. script.c has the list; the
 * first is usually a status or a verb. Whatever a step does not say is as in a good answer.
 */
#ifndef CQSIM_RECEIVER_SCRIPT_H
#define CQSIM_RECEIVER_SCRIPT_H

#include "sim/bytes.h"
#include "sim/rng.h"

enum { CQSIM_MAX_STEPS = 64, CQSIM_MAX_STEP_TEXT = 128 };

enum cqsim_act {
    CQSIM_ACT_ANSWER,
    CQSIM_ACT_RESET_REQUEST, /* RST behind `bytes` of the request's body */
    CQSIM_ACT_RESET_ANSWER,  /* RST behind `bytes` of the answer */
    CQSIM_ACT_CLOSE,         /* FIN instead of an answer */
    CQSIM_ACT_NEVER,         /* no answer, and the connection stays */
    CQSIM_ACT_GARBAGE,       /* something that is no HTTP */
    CQSIM_ACT_SHORT          /* less than Content-Length says, then FIN */
};

struct cqsim_step {
    char name[CQSIM_MAX_STEP_TEXT]; /* as it was written */
    enum cqsim_act act;
    unsigned status;
    bool stored;                     /* its lines are accepted whatever the answer */
    bool early;                      /* answered at the head, then closed */
    uint64_t over;                   /* only for larger bodies; 0 = all */
    char match[CQSIM_MAX_STEP_TEXT]; /* only if the body has this text; empty = all */
    bool has_retry, retry_date;
    uint64_t retry_s;
    char location[CQSIM_MAX_STEP_TEXT];
    uint64_t bytes;
    uint64_t delay_ms;
    uint64_t slow;       /* bytes per second of the body; 0 = as fast as it comes */
    uint64_t dribble_ms; /* a byte of the answer each so many; 0 = at once */
    uint64_t huge;       /* bytes of the answer's body; 0 = as usual */
    uint32_t times;
    uint32_t chance; /* of 100,000 */
    uint64_t taken;
};

struct cqsim_script {
    struct cqsim_step steps[CQSIM_MAX_STEPS];
    size_t n;
    bool once; /* good answers behind the last step */
    bool random;
    struct cqsim_rng rng;
    size_t at;
    uint32_t times; /* of steps[at] */
};

/* false and a text when it cannot be read. `random` wants SEED:STEP@PERCENT%,... */
bool cqsim_script_parse(struct cqsim_script *s, const char *text, bool random, char *error,
                        size_t n_error);
/* The step of the next POST; NULL = nothing goes wrong. */
struct cqsim_step *cqsim_script_next(struct cqsim_script *s);
/* Line i of the help; NULL behind the last. */
const char *cqsim_script_help(size_t i);

#endif
