/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a cluster has to deliver while it holds memory that others wait for: CQ_MIN_RATE
 * over CQ_RATE_WINDOW. Without it a few that trickle would keep a fleet from its memory until their
 * own deadlines. Only time in which we wait for the server counts (the inner clock; a window begins
 * with a write), and only a window at both ends of which somebody starves.
 */
#include "crawler/crawl_impl.h"

static bool is_measured(const struct cq_crawl *c)
{
    return c->budget.account && c->n_sent && c->state >= CQ_CRAWL_BEFORE &&
           c->state != CQ_CRAWL_OVER;
}

void cq_crawl_rate_begin(struct cq_crawl *c)
{
    if (!c->budget.account) return;
    c->rate_since_ns = cq_crawl_inner(c);
    c->rate_bytes = cql_conn_counts(c->conn).bytes_in;
    c->rate_counts = cq_account_is_short(c->budget.account);
}

uint64_t cq_crawl_rate_deadline(const struct cq_crawl *c)
{
    return is_measured(c) ? c->rate_since_ns + CQ_RATE_WINDOW : CQ_NEVER;
}

void cq_crawl_rate_check(struct cq_crawl *c)
{
    uint64_t took, bytes;

    if (cq_crawl_rate_deadline(c) > cq_crawl_inner(c)) return;
    took = cq_crawl_inner(c) - c->rate_since_ns;
    bytes = cql_conn_counts(c->conn).bytes_in - c->rate_bytes;
    if (c->rate_counts && cq_account_is_short(c->budget.account) &&
        bytes / (CQ_RATE_WINDOW / CQ_SEC(1)) < CQ_MIN_RATE)
        cq_crawl_fail(c, CQ_ETOO_SLOW, "%llu bytes in %llu ms while others waited for memory",
                      (unsigned long long)bytes, (unsigned long long)(took / 1000000));
    else
        cq_crawl_rate_begin(c);
}
