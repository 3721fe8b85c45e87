/* SPDX-License-Identifier: Apache-2.0 */
/* The owners of fuzz/drive.h: blocks grow as they are asked for, up to a bound. */
#include "fuzz/drive.h"

#include <stdlib.h>

#include "base/bounds.h"

enum { MOST = 1 << 24 };

static size_t put(cq_bytes *b, uint8_t *p, size_t room, size_t step)
{
    size_t n = room < step ? room : step;

    if (n > b->n) n = b->n;
    if (n) memcpy(p, b->p, n);
    *b = (cq_bytes){b->p + n, b->n - n};
    return n;
}

void drive_inflow(struct cql_inflow *in, cq_bytes b, size_t step)
{
    uint8_t *block = NULL, *p;
    size_t n = 1;
    int rc;

    while (n && (rc = cql_inflow_next(in)) >= 0) {
        if (rc == CQL_IN_HEAD && in->h.opcode % 2 == 0)
            cql_inflow_block(in);
        else if (rc == CQL_IN_HEAD)
            cql_inflow_small(in);
        if (rc == CQL_IN_WANT) {
            n = cql_inflow_need(in);
            if (n > MOST) break;
            block = realloc(block, n);
            cql_inflow_give(in, block, n);
        }
        if (rc != CQL_IN_MORE) continue;
        cql_inflow_space(in, &p, &n);
        n = put(&b, p, n, step);
        cql_inflow_commit(in, n);
    }
    free(block);
    in->block = NULL;
}

static void pull(struct cql_conn *c, uint8_t **block)
{
    for (struct cql_event ev; cql_conn_next(c, &ev);) {
        for (int i = 0; ev.kind == CQL_EV_READY && i < 20; i++)
            cql_conn_query(c, CQ_LIT("select"), 100, CQ_NULL, 0);
        if (ev.kind == CQL_EV_AUTHENTICATE || ev.kind == CQL_EV_AUTH_CHALLENGE)
            cql_conn_auth(c, CQ_LIT("\0u\0p"), 0);
        if (ev.kind == CQL_EV_BODY && ev.need < MOST) {
            *block = realloc(*block, ev.need);
            cql_conn_give(c, *block, ev.need);
        }
        cql_conn_sent(c, cql_conn_pending(c).n);
    }
}

void drive_conn(struct cql_conn *c, cq_bytes b, size_t step)
{
    uint8_t *block = NULL, *p;
    uint64_t now = 0;

    for (size_t n = 1; n && b.n;) {
        cql_conn_space(c, &p, &n);
        n = put(&b, p, n, step);
        cql_conn_commit(c, n, ++now);
        pull(c, &block);
    }
    cql_conn_tick(c, now + CQ_SEC(1));
    pull(c, &block);
    cql_conn_end(c, 0);
    pull(c, &block);
    cql_conn_free(c, NULL);
    free(block);
}
