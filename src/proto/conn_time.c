/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines of the connection: of each step of the handshake, of each statement, and of the body in
 * hand. Time that the owner takes to give a block, or memory, counts against nobody; while a body
 * arrives the other statements' clocks stand still, since their answers can only come behind it,
 * and the body itself may be silent for one timeout. A statement given up keeps its stream as an
 * orphan until it is answered; too many of them end the connection.
 */
#include "proto/conn_impl.h"

bool cql_conn_is_in_body(const struct cql_conn *c)
{
    return c->in.dest == CQL_DEST_BLOCK && !c->in.whole;
}

/* We are the ones who wait: for a block, or for memory. */
static bool is_ours_to_move(const struct cql_conn *c)
{
    return c->wants_block || c->in.is_refused;
}

void cql_conn_set_now(struct cql_conn *c, uint64_t now_ns)
{
    if (now_ns <= c->now_ns) return;
    if (cql_conn_is_in_body(c) || is_ours_to_move(c)) c->credit_ns += now_ns - c->now_ns;
    if (is_ours_to_move(c)) c->progress_ns = now_ns;
    c->now_ns = now_ns;
}

static uint64_t statement_deadline(const struct cql_conn *c, int stream)
{
    return c->asked_ns[stream] + c->credit_ns + c->o.request_timeout_ns;
}

uint64_t cql_conn_deadline(const struct cql_conn *c)
{
    uint64_t earliest = CQ_NEVER;

    if (!c->o.request_timeout_ns || is_ours_to_move(c)) return CQ_NEVER;
    if (c->state == CQL_CONN_FAILED || c->state == CQL_AWAIT_TOKEN) return CQ_NEVER;
    if (c->state != CQL_CONN_READY || cql_conn_is_in_body(c))
        return c->progress_ns + c->o.request_timeout_ns;
    for (uint64_t left = c->in_flight; left; left &= left - 1) {
        uint64_t deadline = statement_deadline(c, __builtin_ctzll(left));

        if (deadline < earliest) earliest = deadline;
    }
    return earliest;
}

static void expire_statements(struct cql_conn *c)
{
    for (uint64_t left = c->in_flight; left; left &= left - 1) {
        uint64_t bit = left & (0 - left);

        if (statement_deadline(c, __builtin_ctzll(left)) > c->now_ns) continue;
        c->in_flight &= ~bit;
        c->orphans |= bit;
        c->timed_out |= bit;
    }
    if (__builtin_popcountll(c->orphans) > CQ_MAX_ORPHANS)
        cql_conn_fail(c, CQ_ETIMEOUT, "%d statements were never answered",
                      __builtin_popcountll(c->orphans));
}

void cql_conn_tick(struct cql_conn *c, uint64_t now_ns)
{
    cql_conn_set_now(c, now_ns);
    if (cql_conn_deadline(c) > c->now_ns) return;
    if (c->state == CQL_CONN_READY && !cql_conn_is_in_body(c))
        expire_statements(c);
    else if (c->counts.bytes_in == 0)
        cql_conn_fail(c, CQ_ESILENT, "connected, and no answer to OPTIONS");
    else if (c->state == CQL_CONN_READY)
        cql_conn_fail(c, CQ_ETIMEOUT, "silence in the middle of an answer");
    else
        cql_conn_fail(c, CQ_ETIMEOUT, "no answer to %s",
                      c->state == CQL_AWAIT_SUPPORTED ? "OPTIONS"
                      : c->state == CQL_AWAIT_READY   ? "STARTUP"
                                                      : "AUTH_RESPONSE");
}
