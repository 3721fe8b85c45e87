/* SPDX-License-Identifier: Apache-2.0 */
/* Which product answers (crawler/product.h; protocol.md 3). */
#include "crawler/product.h"

struct local {
    cq_bytes release, dse, partitioner;
};

static void read_local(const struct cq_shape *shape, const cq_bytes *cells, struct local *l)
{
    *l = (struct local){0};
    if (!shape) return;
    l->release = cells[CQ_LOCAL_release_version];
    l->dse = cells[CQ_LOCAL_dse_version];
    l->partitioner = cells[CQ_LOCAL_partitioner];
}

static cq_bytes cql_version(const struct cql_conn *conn)
{
    struct cql_offers o = cql_conn_supported(conn, CQ_LIT("CQL_VERSION"));

    return cql_offers_next(&o);
}

static void set(struct cq_product *p, const char *name, cq_bytes version, const char *source)
{
    *p = (struct cq_product){.name = name, .source = source};
    cq_copy_text(p->version, sizeof(p->version), version);
}

void cq_product_detect(const struct cql_conn *conn, const struct cq_shape *shape,
                       const cq_bytes *cells, struct cq_product *product)
{
    const char *authenticator = cql_conn_authenticator(conn);
    struct local l;

    read_local(shape, cells, &l);
    if (cql_conn_supported_has(conn, CQ_LIT("SCYLLA_")))
        set(product, "ScyllaDB", CQ_NULL, "SUPPORTED"); /* release_version is always 3.0.8 */
    else if (l.dse.p)
        set(product, "DataStax Enterprise", l.dse, "dse_version");
    else if (cq_has_prefix(l.partitioner, CQ_LIT("com.amazonaws.")))
        set(product, "Amazon Keyspaces", CQ_NULL, "partitioner");
    else if (strcmp(authenticator, "com.amazon.helenus.auth.HelenusAuthenticator") == 0)
        set(product, "Amazon Keyspaces", CQ_NULL, "authenticator");
    else if (cq_eq(l.release, CQ_LIT("3.9-SNAPSHOT")) && cq_eq(cql_version(conn), CQ_LIT("3.0.0")))
        set(product, "YugabyteDB", CQ_NULL, "SUPPORTED");
    else if (l.release.p)
        set(product, "Apache Cassandra", l.release, "release_version");
    else
        set(product, "unknown", CQ_NULL, "nothing said");
}
