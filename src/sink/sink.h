/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One destination of records: what waits, what is under way, when to ask again. Pure: records,
 * answers and the time go in; requests, letters and a deadline come out.
 *
 *   init -> begin -> offer ...  next -> SEND: carry it out -> answer [-> LETTER: kept] -> next ...
 *
 *   records --hash of the cluster's name--> lane 0  [ open block ] -> [ head block ] -> one request
 *                                           lane 1  [ open block ] -> [ head block ] -> one request
 *                                           ...
 * A lane has one request under way and asks again, or splits, what is in front before anything
 * behind it: so a cluster's records keep their order, and the end of its scope leaves only after
 * everything before it was answered. What a request carried (bytes, encoding, key) stays the same
 * until an answer decides on it. Open block full and head not empty: the lane is full; offer still
 * takes the record, and asks for a pause.
 *
 * A request that fails for a while (no answer, 5xx, 429 ...) makes its lane wait, longer each time.
 * The whole destination cools where the receiver said Retry-After, or where as many requests failed
 * in a row as it has lanes, without a success of any between them; it parks where somebody has to
 * act. Requests that failed together count as one failure of it. While it is not open one request
 * at a time goes out, the probe; a success opens it.
 */
#ifndef CQ_SINK_SINK_H
#define CQ_SINK_SINK_H

#include "base/bounds.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/http.h"
#include "base/rand.h"
#include "sink/block.h"
#include "sink/receiver.h"

enum cq_sink_state { CQ_SINK_OPEN, CQ_SINK_COOLING, CQ_SINK_PARKED };

enum cq_lane_state {
    CQ_LANE_IDLE,
    CQ_LANE_ENCODING,
    CQ_LANE_READY,
    CQ_LANE_SENT,
    CQ_LANE_LETTER, /* its one record is refused; the owner has not yet said whether it is kept */
};

struct cq_lane {
    struct cq_block blocks[2];
    unsigned head; /* which of them; the other one is open */
    enum cq_lane_state state;
    uint32_t parts[CQ_MAX_PARTS]; /* records of the head's parts after splits, the first on top */
    unsigned n_parts;
    uint32_t records; /* of the request in hand, */
    cq_bytes plain;   /* and their lines: the front of the head */
    enum cq_encoding encoding;
    struct cq_buf encoded;
    struct cq_receiver_head request;
    unsigned tries;
    uint64_t not_before_ns; /* its own wait after a failure */
    bool stale;             /* it was sent again at once after a dead connection */
    uint64_t seq;           /* of its last sending */
    struct cq_ring waiting;
};

struct cq_sink_config {
    const struct cq_mem *mem;
    struct cq_account *account; /* NULL: none */
    const char *url;            /* the owner's */
    unsigned lanes;
    uint32_t batch_records;
    size_t batch_bytes;
    uint64_t batch_age_ns, timeout_ns;
    enum cq_encoding encoding;
    bool plain_key;
    uint64_t seed;     /* of delays */
    uint64_t key_seed; /* random in each run: a key must not come twice */
};

struct cq_sink_counts {
    uint64_t offered, accepted, dead; /* records */
    uint64_t requests, retries, bytes, bytes_encoded;
};

struct cq_sink {
    struct cq_sink_config o;
    struct cq_lane *lanes; /* NULL before begin */
    struct cq_encoder *encoder;
    struct cq_lane *encoding_lane;
    struct cq_block *emptied; /* the last one, while it is: its memory is in the caches; or NULL */
    enum cq_encoding encoding;
    size_t charged;
    size_t limit_bytes; /* of one request: batch_bytes, less after a 413 */
    unsigned good;      /* requests accepted since it shrank or grew */
    unsigned turn;      /* the lane that is looked at first */
    unsigned in_flight;
    bool hurry;

    enum cq_sink_state state;
    struct cq_fault why;    /* it is not open */
    uint64_t not_before_ns; /* nothing is sent before */
    unsigned failed;        /* requests in a row while it was open */
    unsigned level;         /* failed rounds in a row */
    uint64_t seq, round;    /* sent with a seq up to `round`: it failed with the others */
    struct cq_rand random;
    uint64_t key_seed;
    bool news;
    struct cq_ring settled;
    struct cq_sink_counts counts;
};

struct cq_sink_send {
    unsigned lane;
    struct cq_http_request request;
};

/* A record that will never be taken. Views: the record lives until kept, the rest is static or the
 * answer's. */
struct cq_sink_letter {
    struct cq_sink_client *who;
    cq_bytes line;
    const char *why;
    long status;
    cq_bytes answer;
};

struct cq_sink_now {
    uint64_t ns;
    int64_t wall_ms;
};

void cq_sink_init(struct cq_sink *s, const struct cq_sink_config *o);
/* What it may hold in memory: batch_bytes shrinks to fit. The blocks are allocated. 0, CQ_ENOMEM.
 */
int cq_sink_begin(struct cq_sink *s, size_t memory);
/* What to hand to the socket at once, of what it may hold. */
size_t cq_sink_upload(const struct cq_sink *s);
/* Clients are not touched: their owners may be gone. */
void cq_sink_fini(struct cq_sink *s);

/* name: of the cluster. */
void cq_sink_client_init(struct cq_sink_client *c, const struct cq_sink *s, void *owner,
                         cq_bytes name);
void cq_sink_client_fini(struct cq_sink_client *c); /* it waits for nothing any more */

enum cq_offer {
    CQ_OFFER_TAKEN,
    CQ_OFFER_FULL, /* taken, and the client waits until cq_sink_room gives it back */
    CQ_OFFER_LOST, /* there is no memory: a dead letter, already counted */
};
enum cq_offer cq_sink_offer(struct cq_sink *s, struct cq_sink_client *c, cq_bytes line,
                            uint64_t now_ns);
/* Nothing more is coming for now: batches do not wait for their age. */
void cq_sink_hurry(struct cq_sink *s, bool hurry);

enum cq_sink_act {
    CQ_SINK_WAIT, /* until cq_sink_deadline, an answer or an offer */
    CQ_SINK_WORK, /* call again in the next turn of the loop: a batch is being compressed */
    CQ_SINK_SEND, /* *out is to be carried out; call again */
};
enum cq_sink_act cq_sink_next(struct cq_sink *s, uint64_t now_ns, struct cq_sink_send *out);
uint64_t cq_sink_deadline(const struct cq_sink *s);

/* The lane's request is answered. rotated: the credentials have changed since it was sent. True: a
 * record is refused for good, *letter, and cq_sink_kept comes next. */
bool cq_sink_answer(struct cq_sink *s, unsigned lane, const struct cq_http_response *r,
                    bool rotated, struct cq_sink_now now, struct cq_sink_letter *letter);
/* The letter is safe; false: it could not be kept, the sink parks and asks again. */
void cq_sink_kept(struct cq_sink *s, unsigned lane, bool kept, struct cq_sink_now now);
/* Whatever waits for its time is tried at once. */
void cq_sink_wake(struct cq_sink *s, uint64_t now_ns);

/* Pulled after any of the above, until NULL: who may go on; whose records are all answered. */
struct cq_sink_client *cq_sink_room(struct cq_sink *s);
struct cq_sink_client *cq_sink_settled(struct cq_sink *s);
/* True once after the state has changed. */
bool cq_sink_news(struct cq_sink *s);
bool cq_sink_full(const struct cq_sink *s); /* some lane has no room */

#endif
