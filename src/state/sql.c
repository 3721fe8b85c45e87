/* SPDX-License-Identifier: Apache-2.0 */
#include "state/sql.h"

int cq_sql_load(struct cq_sql *sql, struct cq_fault *f)
{
    static const char *const names[] = {CQ_SQL_FUNCTIONS(CQ_LIBRARY_NAME)};

    return cq_library_load("libsqlite3.so.0", names, sizeof(names) / sizeof(*names), sql,
                           "a state directory needs SQLite 3.34 or later (Debian: libsqlite3-0)",
                           f);
}
