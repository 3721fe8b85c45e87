#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""peer.py HOST PORT seq|conc|hold N: the schema as the Python cassandra-driver models it.

What is printed and what is measured: ../README.md. PEER_NOWALK=1: the driver's work alone.
"""
import concurrent.futures
import json
import logging
import os
import sys
import time

import figures
from cassandra.cluster import Cluster

WALK = "PEER_NOWALK" not in os.environ
TIMEOUT_S = 120  # with the defaults of 5 and 2 s, 50 at once fail on a busy machine


def plain(value):
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    return dict(value) if hasattr(value, "items") else str(value)


def relation(table):
    keys = {column.name: "partition_key" for column in table.partition_key}
    keys.update({column.name: "clustering" for column in table.clustering_key})
    return {
        "columns": [{"name": column.name, "type": column.cql_type,
                     "kind": keys.get(column.name, "static" if column.is_static else "regular")}
                    for column in table.columns.values()],
        "partition_key": [column.name for column in table.partition_key],
        "clustering_key": [column.name for column in table.clustering_key],
        "options": {name: plain(value) for name, value in table.options.items()},
    }


def table_of(table):
    return {**relation(table), "triggers": list(table.triggers),
            "indexes": {index.name: {"kind": index.kind, "options": dict(index.index_options)}
                        for index in table.indexes.values()}}


def signature(one):
    return {"name": one.name, "arguments": list(one.argument_types)}


def keyspace_of(keyspace):
    strategy = keyspace.replication_strategy
    return {
        "durable_writes": keyspace.durable_writes, "virtual": keyspace.virtual,
        "replication": strategy and strategy.export_for_schema(),
        "tables": {table.name: table_of(table) for table in keyspace.tables.values()},
        "views": {view.name: {**relation(view), "base": view.base_table_name,
                              "where": view.where_clause} for view in keyspace.views.values()},
        "types": {one.name: list(zip(one.field_names, one.field_types))
                  for one in keyspace.user_types.values()},
        "functions": {one.signature: {**signature(one), "returns": one.return_type,
                                      "language": one.language, "body": one.body}
                      for one in keyspace.functions.values()},
        "aggregates": {one.signature: {**signature(one), "state_function": one.state_func,
                                       "state": one.state_type, "final_function": one.final_func,
                                       "initial": plain(one.initial_condition)}
                       for one in keyspace.aggregates.values()},
    }


def counts(model):
    spaces = model.values()
    tables = [table for space in spaces for table in space["tables"].values()]
    found = {"keyspaces": len(model), "tables": len(tables),
             "columns": sum(len(table["columns"]) for table in tables),
             "indexes": sum(len(table["indexes"]) for table in tables)}
    for kind in ("views", "types", "functions", "aggregates"):
        found[kind] = sum(len(space[kind]) for space in spaces)
    return found


def crawl(host, port, keep):
    """(counts, what is to be kept)"""
    cluster = Cluster([host], port=port, connect_timeout=TIMEOUT_S,
                      control_connection_timeout=TIMEOUT_S)
    session = cluster.connect()
    model = {}
    if WALK:
        model = {one.name: keyspace_of(one) for one in cluster.metadata.keyspaces.values()}
        sys.stdout.write(json.dumps(model, ensure_ascii=False) + "\n")
    if keep:  # the session too: a cluster holds it weakly, and one that is collected closes its pool
        return counts(model), (cluster, session)
    cluster.shutdown()
    return counts(model), None


def main():
    logging.getLogger("cassandra").setLevel(logging.ERROR)
    host, port, mode, n = figures.arguments(("seq", "conc", "hold"))
    started = time.monotonic()
    if mode == "seq":
        done = [crawl(host, port, False) for _ in range(n)]
    else:
        with concurrent.futures.ThreadPoolExecutor(n) as pool:
            done = list(pool.map(lambda _: crawl(host, port, mode == "hold"), range(n)))
    wall = time.monotonic() - started
    if mode == "hold":
        time.sleep(1)
    figures.report("python", mode, n, wall, port, done[-1][0])
    for _, kept in done:
        if kept:
            kept[0].shutdown()


if __name__ == "__main__":
    main()
