/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite (state/store.h). Two tables: `cluster` is small, and the only one that every begin writes;
 * `detail` has the rest, a row per cluster that was reached. Both are found by their primary key,
 * so that a million clusters cost what a thousand do.
 */
#include "state/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "state/dir.h"
#include "state/store_row.h"

enum { APPLICATION_ID = 0x63716c63 /* "cqlc" */, SCHEMA_VERSION = 2 };

/* What brings version i to version i + 1. */
static const char *const steps[SCHEMA_VERSION] = {
    "CREATE TABLE cluster (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL,"
    " open INTEGER NOT NULL, seen_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE detail (name TEXT PRIMARY KEY,"
    " epoch INTEGER NOT NULL DEFAULT 0, finished_ms INTEGER NOT NULL DEFAULT 0,"
    " proof INTEGER NOT NULL DEFAULT 0, hash_v INTEGER NOT NULL DEFAULT 0,"
    " schema_version TEXT NOT NULL DEFAULT '', digest TEXT NOT NULL DEFAULT '',"
    " filters TEXT NOT NULL DEFAULT '', settings TEXT NOT NULL DEFAULT '',"
    " counts TEXT NOT NULL DEFAULT '', beat_ms INTEGER NOT NULL DEFAULT 0,"
    " cluster_name TEXT NOT NULL DEFAULT '', partitioner TEXT NOT NULL DEFAULT '',"
    " hosts BLOB NOT NULL DEFAULT x'', hosts_whole INTEGER NOT NULL DEFAULT 0,"
    " memory INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;",
    "ALTER TABLE detail ADD COLUMN greeting BLOB NOT NULL DEFAULT x'';" /* the body of SUPPORTED */
    "ALTER TABLE detail ADD COLUMN release TEXT NOT NULL DEFAULT '';"   /* release_version then */
    "ALTER TABLE detail ADD COLUMN greeted_ms INTEGER NOT NULL DEFAULT 0;",
};

enum statement {
    GROUP,
    COMMIT,
    ABANDON,
    BEGIN_FIRST,
    BEGIN,
    LOOK,
    CLOSE,
    CLOSE_FIRST,
    MEET,
    GREET,
    FORGET,
    COMPLETE,
    DOUBT,
    N_STATEMENTS
};

static const char *const texts[N_STATEMENTS] = {
    [GROUP] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ABANDON] = "ROLLBACK",
    /* No RETURNING: it makes a statement a group of its own, with a copy of every page that it
     * writes (a journal in memory), and that costs more than the statement. */
    [BEGIN_FIRST] = "INSERT INTO cluster VALUES (?1, ?2, ?4, ?3)",
    [BEGIN] = "UPDATE cluster SET epoch = ?2, open = ?4, seen_ms = ?3 WHERE name = ?1",
    /* read by store_row.c, in this order; the last two are `begin`'s */
    [LOOK] = "SELECT d.epoch, finished_ms, proof, hash_v, schema_version, digest, filters,"
             " settings, counts, cluster_name, partitioner, hosts, hosts_whole, memory,"
             " greeting, release, greeted_ms, c.epoch, open"
             " FROM cluster c LEFT JOIN detail d ON d.name = c.name WHERE c.name = ?1",
    [CLOSE] = "UPDATE cluster SET open = 0, epoch = max(epoch, ?2) WHERE name = ?1",
    [CLOSE_FIRST] = "INSERT INTO cluster VALUES (?1, ?2, 0, 0)",
    [MEET] = "INSERT INTO detail (name, cluster_name, partitioner, hosts, hosts_whole, memory)"
             " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (name) DO UPDATE SET"
             " cluster_name = ?2, partitioner = ?3, hosts = ?4, hosts_whole = ?5,"
             " memory = iif(?6, ?6, memory)",
    [GREET] = "UPDATE detail SET greeting = ?2, release = ?3, greeted_ms = ?4 WHERE name = ?1",
    [FORGET] = "UPDATE detail SET epoch = 0 WHERE name = ?1 AND epoch <> 0",
    [COMPLETE] = "INSERT INTO detail (name, epoch, finished_ms, proof, hash_v, schema_version,"
                 " digest, filters, settings, counts) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                 " ?10) ON CONFLICT (name) DO UPDATE SET epoch = ?2, finished_ms = ?3, proof = ?4,"
                 " hash_v = ?5, schema_version = ?6, digest = ?7, filters = ?8, settings = ?9,"
                 " counts = ?10",
    [DOUBT] = "UPDATE detail SET epoch = 0 WHERE epoch <> 0",
};

struct cq_store {
    struct cq_sql sql;
    sqlite3 *db;
    sqlite3_stmt *statement[N_STATEMENTS];
    char path[CQ_MAX_PATH];
    struct stat file; /* as it was opened */
    uint64_t floor;   /* of epochs */
};

static int failed(struct cq_store *s, struct cq_fault *f)
{
    return cq_fault_set(f, CQ_ESTATE, "%s: %s", s->path,
                        s->db ? s->sql.errmsg(s->db) : s->sql.errstr(SQLITE_NOMEM));
}

/* ---- open ---- */

static int run(struct cq_store *s, const char *sql, struct cq_fault *f)
{
    return s->sql.exec(s->db, sql, NULL, NULL, NULL) ? failed(s, f) : 0;
}

static int number(struct cq_store *s, const char *sql, int *out, struct cq_fault *f)
{
    sqlite3_stmt *q = NULL;
    int err = 0;

    if (s->sql.prepare(s->db, sql, -1, 0, &q, NULL) || s->sql.step(q) != SQLITE_ROW)
        err = failed(s, f);
    else
        *out = s->sql.column_int(q, 0);
    (void)s->sql.finalize(q);
    return err;
}

static int migrate(struct cq_store *s, int version, struct cq_fault *f)
{
    char sql[96];
    int err = run(s, "BEGIN IMMEDIATE", f);

    for (; !err && version < SCHEMA_VERSION; version++)
        err = run(s, steps[version], f);
    (void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                   APPLICATION_ID, SCHEMA_VERSION);
    return err ? err : run(s, sql, f);
}

static int check_version(struct cq_store *s, struct cq_fault *f)
{
    int id = 0, version = 0, tables = 0;
    int err = number(s, "PRAGMA application_id", &id, f);

    if (!err) err = number(s, "PRAGMA user_version", &version, f);
    if (!err) err = number(s, "SELECT count(*) FROM sqlite_schema", &tables, f);
    if (err) return err;
    if (id != APPLICATION_ID && (id || version || tables))
        return cq_fault_set(f, CQ_ESTATE, "%s: a database, but none of cqlcrawl's", s->path);
    if (version > SCHEMA_VERSION)
        return cq_fault_set(f, CQ_ESTATE_NEWER, "%s: of version %d, this release knows %d", s->path,
                            version, SCHEMA_VERSION);
    return version < SCHEMA_VERSION ? migrate(s, version, f) : 0;
}

static int prepare(struct cq_store *s, struct cq_fault *f)
{
    for (int i = 0; i < N_STATEMENTS; i++)
        if (s->sql.prepare(s->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &s->statement[i], NULL))
            return failed(s, f);
    return 0;
}

/* 8 MiB of pages; a checkpoint (which waits for the disk) each 16 MiB of log. */
static const char tuning[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                             "PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4096;"
                             "PRAGMA journal_size_limit = 67108864";

static int open_database(struct cq_store *s, struct cq_fault *f)
{
    int err;

    if (s->sql.open(s->path, &s->db,
                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL))
        return failed(s, f);
    (void)s->sql.busy_timeout(s->db, CQ_STATE_BUSY_MS);
    err = run(s, tuning, f);
    if (!err) err = check_version(s, f);
    return err ? err : prepare(s, f);
}

int cq_store_open(struct cq_store **out, const char *dir, struct cq_fault *f)
{
    struct cq_store *s = calloc(1, sizeof(*s)); /* SQLite takes its memory there, too */
    int err;

    *out = NULL;
    if (!s) return cq_fault_set(f, CQ_ENOMEM, "%s", cq_err_text(CQ_ENOMEM));
    err = cq_sql_load(&s->sql, f);
    if (err) {
        free(s);
        return err;
    }
    err = cq_dir_path(dir, "state.db", s->path, f);
    if (!err) err = open_database(s, f);
    if (!err && stat(s->path, &s->file))
        err = cq_fault_set(f, CQ_ESTATE, "%s: %s", s->path, strerror(errno));
    if (err) {
        cq_store_close(s);
        return err;
    }
    *out = s;
    return 0;
}

bool cq_store_is_there(const struct cq_store *s)
{
    struct stat st;

    return !stat(s->path, &st) && st.st_dev == s->file.st_dev && st.st_ino == s->file.st_ino;
}

void cq_store_close(struct cq_store *s)
{
    if (!s) return;
    for (int i = 0; i < N_STATEMENTS; i++)
        (void)s->sql.finalize(s->statement[i]);
    (void)s->sql.close(s->db);
    free(s);
}

/* ---- statements ---- */

static void put_text(struct cq_store *s, sqlite3_stmt *q, int at, cq_bytes text)
{
    (void)s->sql.bind_text64(q, at, text.p ? (const char *)text.p : "", text.n, SQLITE_STATIC,
                             SQLITE_UTF8);
}

static void put_number(struct cq_store *s, sqlite3_stmt *q, int at, uint64_t v)
{
    (void)s->sql.bind_int64(q, at, (sqlite3_int64)v);
}

/* A statement that gives no row: 0 when it did its work. Parameters that could not be bound (no
 * memory) are null, and no column takes a null. */
static int done(struct cq_store *s, enum statement which, struct cq_fault *f)
{
    int r = s->sql.step(s->statement[which]);
    int err = r == SQLITE_DONE ? 0 : failed(s, f);

    (void)s->sql.reset(s->statement[which]);
    return err;
}

void cq_store_floor(struct cq_store *s, uint64_t epoch)
{
    s->floor = epoch;
}

int cq_store_group(struct cq_store *s, struct cq_fault *f)
{
    return done(s, GROUP, f);
}

int cq_store_commit(struct cq_store *s, struct cq_fault *f)
{
    return done(s, COMMIT, f);
}

void cq_store_abandon(struct cq_store *s)
{
    struct cq_fault ignored = {0};

    if (!s->sql.get_autocommit(s->db)) (void)done(s, ABANDON, &ignored);
}

int cq_store_doubt(struct cq_store *s, struct cq_fault *f)
{
    return done(s, DOUBT, f);
}

/* ---- begin ---- */

static int by_name(struct cq_store *s, enum statement which, cq_bytes name, struct cq_fault *f)
{
    put_text(s, s->statement[which], 1, name);
    return done(s, which, f);
}

/* The row of `cluster` as it was: all zero where there is none. */
struct row {
    bool is_there;
    uint64_t epoch, open;
};

static int look(struct cq_store *s, cq_bytes name, struct row *row, struct cq_known *known,
                struct cq_fault *f)
{
    sqlite3_stmt *q = s->statement[LOOK];
    int err = 0, r;

    put_text(s, q, 1, name);
    r = s->sql.step(q);
    if (r == SQLITE_ROW) {
        cq_store_get(&s->sql, q, known);
        row->is_there = true;
        row->epoch = (uint64_t)s->sql.column_int64(q, CQ_STORE_COLUMNS);
        row->open = (uint64_t)s->sql.column_int64(q, CQ_STORE_COLUMNS + 1);
    } else if (r != SQLITE_DONE) {
        err = failed(s, f);
    }
    (void)s->sql.reset(q);
    return err;
}

int cq_store_begin(struct cq_store *s, cq_bytes name, int64_t wall_ms, uint64_t *epoch,
                   struct cq_known *known, struct cq_fault *f)
{
    struct row row = {0};
    enum statement which;
    sqlite3_stmt *q;
    int err;

    *known = (struct cq_known){0};
    err = look(s, name, &row, known, f);
    if (err) return err;
    *epoch = cq_known_epoch(row.epoch, wall_ms);
    if (*epoch < s->floor) *epoch = s->floor;
    which = row.is_there ? BEGIN : BEGIN_FIRST;
    q = s->statement[which];
    put_number(s, q, 2, *epoch);
    put_number(s, q, 3, (uint64_t)wall_ms);
    put_number(s, q, 4, row.open + 1);
    err = by_name(s, which, name, f);
    if (err || !row.open) return err;
    known->complete.epoch = 0;
    return by_name(s, FORGET, name, f);
}

/* ---- end ---- */

static int remember(struct cq_store *s, cq_bytes name, const struct cq_complete *c,
                    struct cq_fault *f)
{
    sqlite3_stmt *q = s->statement[COMPLETE];
    char counts[CQ_KNOWN_COUNTS * 21];
    size_t n = 0;

    for (int i = 0; i < CQ_KNOWN_COUNTS; i++)
        n += (size_t)snprintf(counts + n, sizeof(counts) - n, "%s%" PRIu64, i ? " " : "",
                              c->counts[i]);
    put_text(s, q, 1, name);
    put_number(s, q, 2, c->epoch);
    put_number(s, q, 3, (uint64_t)c->finished_ms);
    put_number(s, q, 4, (uint64_t)c->proof);
    put_number(s, q, 5, c->hash_v);
    put_text(s, q, 6, cq_str(c->schema_version));
    put_text(s, q, 7, cq_str(c->digest));
    put_text(s, q, 8, cq_str(c->filters_hash));
    put_text(s, q, 9, cq_str(c->settings));
    put_text(s, q, 10, (cq_bytes){(const uint8_t *)counts, n});
    return done(s, COMPLETE, f);
}

static int meet(struct cq_store *s, cq_bytes name, const struct cq_known *k, struct cq_fault *f)
{
    sqlite3_stmt *q = s->statement[MEET];
    const struct cq_identity *i = &k->identity;

    put_text(s, q, 1, name);
    put_text(s, q, 2, cq_str(i->cluster_name));
    put_text(s, q, 3, cq_str(i->partitioner));
    (void)s->sql.bind_blob(q, 4, i->hosts, (int)(i->n_hosts * sizeof(i->hosts[0])), SQLITE_STATIC);
    put_number(s, q, 5, i->whole);
    put_number(s, q, 6, k->memory);
    return done(s, MEET, f);
}

static int greet(struct cq_store *s, cq_bytes name, const struct cq_greeting *g, struct cq_fault *f)
{
    sqlite3_stmt *q = s->statement[GREET];

    put_text(s, q, 1, name);
    (void)s->sql.bind_blob(q, 2, g->body, g->n, SQLITE_STATIC);
    put_text(s, q, 3, cq_str(g->release));
    put_number(s, q, 4, (uint64_t)g->learnt_ms);
    return done(s, GREET, f);
}

int cq_store_end(struct cq_store *s, cq_bytes name, enum cq_ending ending,
                 const struct cq_known *known, struct cq_fault *f)
{
    int err;

    put_number(s, s->statement[CLOSE], 2, known->complete.epoch);
    err = by_name(s, CLOSE, name, f);
    if (!err && s->sql.changes(s->db) == 0) {
        put_number(s, s->statement[CLOSE_FIRST], 2, known->complete.epoch);
        err = by_name(s, CLOSE_FIRST, name, f);
    }
    if (!err && ending == CQ_ENDING_SPOILED) err = by_name(s, FORGET, name, f);
    if (!err && ending == CQ_ENDING_COMPLETE) err = remember(s, name, &known->complete, f);
    if (!err && known->identity.cluster_name[0]) err = meet(s, name, known, f);
    if (!err && known->greeting.learnt_ms) err = greet(s, name, &known->greeting, f);
    return err;
}
