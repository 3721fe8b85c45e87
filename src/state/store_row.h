/* SPDX-License-Identifier: Apache-2.0 */
/* Between store.c and store_row.c: columns to what is known. */
#ifndef CQ_STATE_STORE_ROW_H
#define CQ_STATE_STORE_ROW_H

#include "state/known.h"
#include "state/sql.h"

enum { CQ_STORE_COLUMNS = 17 }; /* of the row that are read here */

/* The row that q stands on. *k is all zero before. */
void cq_store_get(const struct cq_sql *sql, sqlite3_stmt *q, struct cq_known *k);

#endif
