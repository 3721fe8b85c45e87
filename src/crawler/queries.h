/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of a server, and what its refusals mean. One statement per system table,
 * unprepared, paged. Columns are named only where a table can hold megabytes that nobody needs (the
 * tokens of peers); where a server refuses that list, the same table is asked with `SELECT *` once
 * more.
 */
#ifndef CQ_CRAWLER_QUERIES_H
#define CQ_CRAWLER_QUERIES_H

#include "base/bytes.h"
#include "model/tables.h"

enum cq_form {
    CQ_FORM_NAMED,   /* the columns that we know, by name, where that is worth it; else as ALL */
    CQ_FORM_ALL,     /* SELECT * */
    CQ_FORM_VERSION, /* system.local only: its schema version */
};

cq_bytes cq_query_text(enum cq_table t, enum cq_form form);

/* Rows per page, from the bytes per row as measured (0: as assumed), so that a page holds about
 * page_bytes. */
uint32_t cq_query_page_rows(enum cq_table t, size_t bytes_per_row, size_t page_bytes);

/*
 * Key columns of a table, as slots: keyspace, the object's name, what tells rows of one object
 * apart. third_is_text: the server sorts by it bytewise (a function's argument types it does not).
 */
struct cq_key_slots {
    int slot[3];
    int n;
    bool third_is_text;
};
struct cq_key_slots cq_query_key(enum cq_table t);

/* What an ERROR instead of rows means (protocol.md 1.12). */
enum cq_refusal {
    CQ_REFUSAL_ABSENT,     /* no such table here */
    CQ_REFUSAL_DENIED,     /* not for this user */
    CQ_REFUSAL_FORM,       /* a column named does not exist: ask with SELECT * */
    CQ_REFUSAL_OVERLOADED, /* ask again a little later */
    CQ_REFUSAL_FAILED,
};
/* later_page: the table was there a moment ago, so that 0x2200 says nothing about its existence. */
enum cq_refusal cq_query_refusal(int code, cq_bytes text, enum cq_form form, bool later_page);

/* How long to wait before an overloaded server is asked again: what it says (RetryAfterMs=, Cosmos
 * DB), else growing. */
uint64_t cq_query_retry_ns(cq_bytes text, unsigned tries);

#endif
