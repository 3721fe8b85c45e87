/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records-of CLUSTER TRANSCRIPT.s2c.bin: the records of a recorded server on standard output, made
 * by the model alone: no connection, no cursors, no merge. What a whole crawl makes of the same
 * bytes is tested elsewhere; here the rows go in as they are.
 */
#include <stdio.h>
#include <stdlib.h>

#include "proto/value.h"
#include "records/loader.h"

struct feed {
    struct loaded l;
    struct cq_rec rec;
    struct cq_model model;
    struct cq_udts *udts;
    struct cq_scope scope;
    cq_bytes *room[CQ_N_TABLES];
    bool damaged; /* rows whose lists or maps are cut short make no record */
    bool beats;   /* a heartbeat follows */
    int err;
};

static void out(struct feed *f, int err, cq_bytes line)
{
    if (err == CQ_EPROTOCOL && f->damaged) return;
    if (err) {
        fprintf(stderr, "record refused: %s\n", cq_err_code(err));
        f->err = err;
        return;
    }
    fwrite(line.p, 1, line.n, stdout);
}

static struct cq_rowset children(struct feed *f, const struct cq_object *o, enum cq_table t)
{
    return rows_of(&f->l, t, o->keyspace, o->name, f->room[t]);
}

static void put_object(struct feed *f, enum cq_kind kind, enum cq_table t, size_t i)
{
    const struct loaded_table *table = &f->l.tables[t];
    cq_bytes cells[CQ_MAX_CELLS];
    struct cq_object o = {.kind = kind,
                          .virtual_ = t >= CQ_T_VKEYSPACES,
                          .keyspace = cell_of(&f->l, t, i, 0),
                          .name = CQ_NULL,
                          .shape = &table->shape,
                          .cells = cells_of(&f->l, t, i, cells),
                          .udts = f->udts};
    cq_bytes line = CQ_NULL;
    int err;

    if (kind != CQ_KIND_KEYSPACE) o.name = cell_of(&f->l, t, i, 1);
    o.system = cq_is_system_keyspace(o.keyspace);
    if (kind == CQ_KIND_TABLE || kind == CQ_KIND_VIEW) {
        o.columns = children(f, &o, o.virtual_ ? CQ_T_VCOLUMNS : CQ_T_COLUMNS);
        if (!o.virtual_) {
            o.indexes = children(f, &o, CQ_T_INDEXES);
            o.triggers = children(f, &o, CQ_T_TRIGGERS);
            o.dropped = children(f, &o, CQ_T_DROPPED);
            o.masks = children(f, &o, CQ_T_MASKS);
        }
    }
    err = cq_model_object(&f->model, &o, &line);
    out(f, err, line);
}

static void put_all(struct feed *f, enum cq_kind kind, enum cq_table t, cq_bytes keyspace)
{
    for (size_t i = 0; i < f->l.tables[t].n; i++)
        if (cq_eq(cell_of(&f->l, t, i, 0), keyspace)) put_object(f, kind, t, i);
}

static void put_keyspace(struct feed *f, enum cq_table t, size_t i)
{
    cq_bytes keyspace = cell_of(&f->l, t, i, 0);
    struct cq_rowset types = rows_of(&f->l, CQ_T_TYPES, keyspace, CQ_NULL, f->room[CQ_T_TYPES]);

    put_object(f, CQ_KIND_KEYSPACE, t, i);
    if (t == CQ_T_VKEYSPACES) {
        put_all(f, CQ_KIND_TABLE, CQ_T_VTABLES, keyspace);
        return;
    }
    cq_udts_reset(f->udts);
    for (size_t k = 0; k < types.n; k++)
        if (cq_udts_add(f->udts, cq_rowset_at(&types, k))) f->err = CQ_ENOMEM;
    put_all(f, CQ_KIND_TYPE, CQ_T_TYPES, keyspace);
    put_all(f, CQ_KIND_FUNCTION, CQ_T_FUNCTIONS, keyspace);
    put_all(f, CQ_KIND_AGGREGATE, CQ_T_AGGREGATES, keyspace);
    put_all(f, CQ_KIND_TABLE, CQ_T_TABLES, keyspace);
    put_all(f, CQ_KIND_VIEW, CQ_T_VIEWS, keyspace);
}

static void put_nodes(struct feed *f)
{
    static const enum cq_table sources[] = {CQ_T_LOCAL, CQ_T_PEERS_V2, CQ_T_PEERS};

    for (size_t s = 0; s < 3; s++) {
        const struct loaded_table *t = &f->l.tables[sources[s]];

        if (s == 2 && f->l.tables[CQ_T_PEERS_V2].present) continue;
        for (size_t i = 0; i < t->n; i++) {
            cq_bytes cells[CQ_MAX_CELLS], line = CQ_NULL;
            int err = cq_model_node(&f->model, &t->shape, cells_of(&f->l, sources[s], i, cells),
                                    9042, &line);

            out(f, err, line);
        }
    }
}

static void put_cluster(struct feed *f)
{
    static const cq_bytes offered[] = {{(const uint8_t *)"3/v3", 4}, {(const uint8_t *)"4/v4", 4}};
    static const struct cq_product product = {"Apache Cassandra", "", "release_version"};
    const struct loaded_table *t = &f->l.tables[CQ_T_LOCAL];
    cq_bytes cells[CQ_MAX_CELLS];
    struct cq_cluster_facts facts = {.shape = &t->shape,
                                     .cells = cells_of(&f->l, CQ_T_LOCAL, 0, cells),
                                     .protocol = 4,
                                     .offered = offered,
                                     .n_offered = 2,
                                     .compression = "none",
                                     .authenticator = "",
                                     .product = &product};
    cq_bytes line = CQ_NULL;
    int err = cq_model_cluster(&f->model, &facts, &line);

    out(f, err, line);
}

static void put_scope_end(struct feed *f)
{
    struct cq_scope *s = &f->scope;
    cq_bytes line = CQ_NULL;
    int err;

    for (int t = 0; t < CQ_N_TABLES; t++) {
        const struct loaded_table *table = &f->l.tables[t];

        s->tables[t].outcome = table->present ? CQ_OUTCOME_ROWS : CQ_OUTCOME_ABSENT;
        s->tables[t].rows = table->n;
        s->tables[t].pages = table->present;
    }
    s->read = CQ_READ_COMPLETE;
    s->proof = CQ_PROOF_VERSION;
    s->finished_ms = s->started_ms + 12;
    s->agreement_known = s->agreed = true;
    s->n_nodes = 1;
    s->n_versions = 1;
    for (uint32_t c = 0; c < f->l.tables[CQ_T_LOCAL].shape.n_columns; c++)
        if (f->l.tables[CQ_T_LOCAL].shape.slot[c] == CQ_LOCAL_schema_version)
            cql_get_uuid(cell_of(&f->l, CQ_T_LOCAL, 0, c), s->versions[0]);
    memcpy(s->version_before, s->versions[0], sizeof(s->version_before));
    memcpy(s->version_after, s->versions[0], sizeof(s->version_after));
    cq_rec_digest(&f->rec, s->digest);
    err = cq_model_scope_end(&f->model, s, &line);
    out(f, err, line);
}

/* An unchanged cluster, one epoch later. */
static void put_heartbeat(struct feed *f, const char *cluster, const char *labels)
{
    struct cq_scope *s = &f->scope;
    uint64_t counts[CQ_N_KINDS];
    struct cq_heartbeat h = {217123456, s->finished_ms, counts};
    cq_bytes line = CQ_NULL;
    int err;

    memcpy(counts, f->rec.counts, sizeof(counts));
    counts[CQ_KIND_SCOPE_END] = 0;
    cq_rec_scope(&f->rec, cq_str(cluster), cq_str(labels), 217123457);
    put_cluster(f);
    put_nodes(f);
    s->started_ms = s->finished_ms = 1795236900123;
    err = cq_model_heartbeat(&f->model, s, &h, &line);
    out(f, err, line);
}

static int run(struct feed *f, const char *cluster, const char *labels)
{
    cq_bytes line = CQ_NULL;
    int err;

    cq_rec_init(&f->rec, &cq_mem_libc);
    cq_model_init(&f->model, &cq_mem_libc, &f->rec);
    for (int t = 0; t < CQ_N_TABLES; t++)
        f->room[t] = cq_arena_alloc(&f->l.arena, (f->l.tables[t].n + 1) * sizeof(cq_bytes) *
                                                     (cq_shape_cells(&f->l.tables[t].shape) + 1));
    cq_rec_scope(&f->rec, cq_str(cluster), cq_str(labels), 217123456);
    f->rec.wall_ms = 1795236000123;
    f->scope = (struct cq_scope){.attempt = 1, .started_ms = 1795236000123};
    memset(f->scope.filters_hash, '0', 32);
    err = cq_model_scope_begin(&f->model, &f->scope, &line);
    out(f, err, line);
    put_cluster(f);
    put_nodes(f);
    for (size_t i = 0; i < f->l.tables[CQ_T_KEYSPACES].n; i++)
        put_keyspace(f, CQ_T_KEYSPACES, i);
    for (size_t i = 0; i < f->l.tables[CQ_T_VKEYSPACES].n; i++)
        put_keyspace(f, CQ_T_VKEYSPACES, i);
    put_scope_end(f);
    if (f->beats) put_heartbeat(f, cluster, labels);
    return f->err;
}

/* Changes one byte in eight inside the cells from `first` on; their lengths stay. */
static void damage(cq_bytes row, uint32_t first, uint64_t *seed)
{
    uint8_t *p = (uint8_t *)(uintptr_t)row.p, *end = p + row.n;

    for (uint32_t cell = 0; end - p >= 4; cell++) {
        int32_t n = (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
                              (uint32_t)p[3]);

        for (p += 4; n > 0; n--, p++) {
            *seed = *seed * 6364136223846793005u + 1442695040888963407u;
            if (cell >= first && *seed >> 61 == 0) *p = (uint8_t)(*seed >> 32);
        }
    }
}

/* Names of keyspaces and tables are spared, so that children still find theirs. */
static void damage_all(struct loaded *l, uint64_t seed)
{
    for (int t = 0; t < CQ_N_TABLES; t++)
        for (size_t i = 0; i < l->tables[t].n; i++)
            damage(l->tables[t].rows[i], t < CQ_T_KEYSPACES ? 0 : 2, &seed);
}

int main(int argc, char **argv)
{
    struct feed f = {.err = 0};
    int err;

    if (argc < 3 || argc > 5) {
        fprintf(stderr,
                "usage: records-of CLUSTER TRANSCRIPT.s2c.bin [LABELS [SEED | heartbeat]]\n");
        return 2;
    }
    if (!load_transcript(&f.l, argv[2]) || cq_udts_new(&f.udts, &cq_mem_libc)) return 1;
    f.beats = argc > 4 && strcmp(argv[4], "heartbeat") == 0;
    f.damaged = argc > 4 && !f.beats;
    if (f.damaged) damage_all(&f.l, strtoull(argv[4], NULL, 10));
    err = run(&f, argv[1], argc > 3 ? argv[3] : "{}");
    cq_model_fini(&f.model);
    cq_rec_fini(&f.rec);
    cq_udts_free(f.udts);
    unload(&f.l);
    return err ? 1 : 0;
}
