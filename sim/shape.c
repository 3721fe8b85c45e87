/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of the output (shape.h): an end behind so many bytes, bytes per second, small pieces. */
#include "sim/shape.h"

enum { TICK_MS = 20, LEAST_BURST = 1500, BURSTS_PER_SECOND = 50 };

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A bucket that holds 1/50 of a second, so that silence earns nothing. */
static uint64_t credit(struct cqsim_conn *conn, uint64_t rate, uint64_t now_ms)
{
    uint64_t most = rate / BURSTS_PER_SECOND;
    if (most < LEAST_BURST) most = LEAST_BURST;
    uint64_t earned = (now_ms - conn->credit_at_ms) * rate / 1000;
    if (earned > 0) {
        conn->credit = least(conn->credit + earned, most);
        conn->credit_at_ms = now_ms;
    }
    return conn->credit;
}

size_t cqsim_shape(struct cqsim_conn *conn, size_t n, uint64_t now_ms)
{
    const struct cqsim_faults *f = &conn->cluster->faults;
    uint64_t may = n, limit = f->reset_after ? f->reset_after : f->close_after;
    if (limit > 0) {
        may = least(may, limit - least(limit, conn->n_sent));
        if (conn->n_sent >= limit) conn->end = f->reset_after ? CQSIM_RESET : CQSIM_CLOSE;
    }
    if (f->trickle > 0) {
        uint64_t allowed = (now_ms - conn->started_ms) * f->trickle / 1000 + 1;
        may = least(may, allowed - least(allowed, conn->n_sent));
    }
    if (f->bandwidth > 0) may = least(may, credit(conn, f->bandwidth, now_ms));
    if (f->split > 0 && may > 0) {
        if (conn->piece == 0) conn->piece = 1 + cqsim_rng_below(&conn->rng, (size_t)f->split);
        may = least(may, conn->piece);
    }
    return (size_t)may;
}

uint64_t cqsim_shape_deadline(const struct cqsim_conn *conn, uint64_t now_ms)
{
    const struct cqsim_faults *f = &conn->cluster->faults;
    return f->trickle > 0 || f->bandwidth > 0 ? now_ms + TICK_MS : UINT64_MAX;
}
