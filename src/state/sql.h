/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's functions, loaded for the first state directory (base/library.h). */
#ifndef CQ_STATE_SQL_H
#define CQ_STATE_SQL_H

#include <sqlite3.h>

#include "base/library.h"

/* Ours, theirs. */
#define CQ_SQL_FUNCTIONS(X)                                                                        \
    X(open, sqlite3_open_v2)                                                                       \
    X(close, sqlite3_close)                                                                        \
    X(busy_timeout, sqlite3_busy_timeout)                                                          \
    X(errmsg, sqlite3_errmsg)                                                                      \
    X(errstr, sqlite3_errstr)                                                                      \
    X(exec, sqlite3_exec)                                                                          \
    X(prepare, sqlite3_prepare_v3)                                                                 \
    X(step, sqlite3_step)                                                                          \
    X(reset, sqlite3_reset)                                                                        \
    X(finalize, sqlite3_finalize)                                                                  \
    X(changes, sqlite3_changes)                                                                    \
    X(get_autocommit, sqlite3_get_autocommit)                                                      \
    X(bind_blob, sqlite3_bind_blob)                                                                \
    X(bind_int64, sqlite3_bind_int64)                                                              \
    X(bind_text64, sqlite3_bind_text64)                                                            \
    X(column_blob, sqlite3_column_blob)                                                            \
    X(column_bytes, sqlite3_column_bytes)                                                          \
    X(column_int, sqlite3_column_int)                                                              \
    X(column_int64, sqlite3_column_int64)                                                          \
    X(column_text, sqlite3_column_text)

struct cq_sql {
    CQ_SQL_FUNCTIONS(CQ_LIBRARY_POINTER)
};

int cq_sql_load(struct cq_sql *sql, struct cq_fault *f); /* 0 or CQ_ENO_LIBRARY */

#endif
