#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""schema.py ADDRESS VERSION reference|small|large|rich|none: the schemas of the bench on a real server.

`reference` is the schema that cqlsim makes (sim/schema.c), in the same words, so that both carry the
same: a crawl of each gives equal structure hashes. Run by bench/server with the interpreter of
tests/real/setup.
"""
import pathlib
import sys
import uuid

REAL = pathlib.Path(__file__).resolve().parents[1] / "tests" / "real"
SHAPES = {"small": (1, 5, 8), "reference": (10, 20, 12), "large": (50, 100, 15)}  # k, t, c
WRITES_AT_ONCE = 64
FLAT = ["int", "bigint", "text", "uuid", "timestamp", "double", "boolean", "decimal", "inet",
        "blob", "date", "float", "smallint", "varint", "timeuuid"]
PARTITION = ["uuid", "text", "bigint", "int"]
CLUSTERING = ["timestamp", "timeuuid", "int", "text"]
LISTS = ["list<text>", "list<int>", "list<uuid>"]
MAPS = ["map<text, int>", "map<text, uuid>", "map<text, text>"]
MARSHAL = "org.apache.cassandra."
REPLICATION = {"class": MARSHAL + "locator.NetworkTopologyStrategy", "dc1": "1"}


def columns(number, count):
    """(name, type, kind, position, order) of table NUMBER"""
    yield "id", PARTITION[number % 4], "partition_key", 0, "none"
    yield "bucket", CLUSTERING[number % 4], "clustering", 0, "desc"
    yield "seq", CLUSTERING[(number + 1) % 4], "clustering", 1, "asc"
    for i in range(count - 5):
        yield f"col_{i:02}", FLAT[(number + i * 3) % len(FLAT)], "regular", -1, "none"
    yield "items", LISTS[number % 3], "regular", -1, "none"
    yield "attrs", MAPS[number % 3], "regular", -1, "none"


def tables(shape):
    """(keyspace, table, number) in order"""
    for k in range(shape[0]):
        for t in range(shape[1]):
            yield f"ref_ks{k:02}", f"table_{t:02}", k * shape[1] + t


def statements(shape):
    for k in range(shape[0]):
        yield f"CREATE KEYSPACE ref_ks{k:02} WITH replication = " \
              "{'class': 'NetworkTopologyStrategy', 'dc1': 1}"
    for keyspace, table, number in tables(shape):
        body = ", ".join(f"{name} {kind}" for name, kind, *_ in columns(number, shape[2]))
        yield f"CREATE TABLE {keyspace}.{table} ({body}, PRIMARY KEY (id, bucket, seq)) WITH " \
              f"CLUSTERING ORDER BY (bucket DESC, seq ASC) AND comment = 'reference table {number}'"


TABLE_ROW = {
    "additional_write_policy": "99p", "allow_auto_snapshot": None, "bloom_filter_fp_chance": 0.01,
    "caching": {"keys": "ALL", "rows_per_partition": "NONE"}, "cdc": None, "comment": "",
    "compaction": {"class": MARSHAL + "db.compaction.SizeTieredCompactionStrategy",
                   "max_threshold": "32", "min_threshold": "4"},
    "compression": {"chunk_length_in_kb": "16", "class": MARSHAL + "io.compress.LZ4Compressor"},
    "crc_check_chance": 1.0, "default_time_to_live": 0, "extensions": {}, "flags": {"compound"},
    "gc_grace_seconds": 864000, "id": None, "max_index_interval": 2048,
    "memtable_flush_period_in_ms": 0, "min_index_interval": 128, "read_repair": "BLOCKING",
    "speculative_retry": "99p",
}
COLUMN_ROW = ["clustering_order", "column_name_bytes", "kind", "position", "type"]


def write_rows(session, shape):
    """The schema as rows of system_schema: thousands of tables that no server has to open."""
    from cassandra.concurrent import execute_concurrent_with_args

    def insert(table, keys, rows):
        marks = ", ".join("?" * len(keys))
        prepared = session.prepare(f"INSERT INTO system_schema.{table} ({', '.join(keys)}) "
                                   f"VALUES ({marks})")
        execute_concurrent_with_args(session, prepared, rows, concurrency=WRITES_AT_ONCE)

    insert("keyspaces", ["keyspace_name", "durable_writes", "replication"],
           [(f"ref_ks{k:02}", True, REPLICATION) for k in range(shape[0])])
    fields = [name for name, value in TABLE_ROW.items() if value is not None] + ["id"]

    def table_row(keyspace, table, number):
        row = {**TABLE_ROW, "comment": f"reference table {number}",
               "id": uuid.uuid5(uuid.NAMESPACE_OID, f"{keyspace}.{table}")}
        return [keyspace, table] + [row[name] for name in fields]

    insert("tables", ["keyspace_name", "table_name"] + fields,
           [table_row(*one) for one in tables(shape)])
    insert("columns", ["keyspace_name", "table_name", "column_name"] + COLUMN_ROW,
           [(keyspace, table, name, order, name.encode(), kind, position, type_)
            for keyspace, table, number in tables(shape)
            for name, type_, kind, position, order in columns(number, shape[2])])


def load(session, version, name):
    import fixtures

    if name == "rich":
        print(f"bench/schema: {fixtures.load(session, version)} statements", file=sys.stderr)
    elif name == "large":
        write_rows(session, SHAPES[name])
    elif name != "none":
        for statement in statements(SHAPES[name]):
            session.execute(statement, timeout=fixtures.LONG_STATEMENT_S)


def main():
    address, version, name = sys.argv[1:]
    sys.path.insert(0, str(REAL))
    import rows

    cluster, session = rows.connect(rows.Access(address, version), metadata=False)
    try:
        load(session, version, name)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
