#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""peer.py HOST PORT seq N: OpenMetadata's CassandraSource, its entities as JSON on standard output.

There is no OpenMetadata server here: a stand-in in the same process answers the source's questions
(the service exists, nothing else does yet), the connection test, which wants definitions from that
server, is left out, and every request that the source yields is written by its own model_dump_json.
A deployment pays one GET and one PUT for each entity on top. What is measured: ../README.md.
"""
import collections
import logging
import sys
import time
import types

import figures
from metadata.generated.schema.entity.services.databaseService import DatabaseService
from metadata.ingestion.ometa.ometa_api import OpenMetadata
from metadata.ingestion.source.database.cassandra.metadata import CassandraSource

NO_ID = "00000000-0000-0000-0000-000000000000"


class StandIn(OpenMetadata):
    """Answers as a server would on which nothing but the service was ever written."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self.asked = set()
        self.config = types.SimpleNamespace(storeServiceConnection=False,
                                            forceEntityOverwriting=False)

    def get_by_name(self, entity, fqn, *_args, **_named):
        there = types.SimpleNamespace(name=str(fqn).rsplit(".", 1)[-1], id=NO_ID,
                                      fullyQualifiedName=fqn)
        if entity is DatabaseService or (entity, fqn) in self.asked:
            return there
        self.asked.add((entity, fqn))  # asked again, it has been written meanwhile
        return None

    def list_all_entities(self, *_args, **_named):
        return iter(())

    def list_entities(self, *_args, **_named):
        return types.SimpleNamespace(entities=[], after=None, total=0)

    def health_check(self):
        return True

    def close(self):
        pass

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_args, **_named: None


def source(host, port):
    return CassandraSource.create({
        "type": "cassandra", "serviceName": "bench",
        "serviceConnection": {"config": {"type": "Cassandra", "hostPort": f"{host}:{port}"}},
        "sourceConfig": {"config": {"type": "DatabaseMetadata", "markDeletedTables": False,
                                    "markDeletedSchemas": False, "includeTags": True}},
    }, StandIn())


def crawl(host, port):
    found = collections.Counter()
    crawler = source(host, port)
    for one in crawler._iter():  # pylint: disable=protected-access
        if one.left is not None:
            found["failures"] += 1
            print(str(one.left.error)[:300], file=sys.stderr)
        elif one.right is not None:
            found[type(one.right).__name__] += 1
            found["columns"] += len(getattr(one.right, "columns", None) or ())
            sys.stdout.write(one.right.model_dump_json() + "\n")
    crawler.close()
    crawler.connection_obj.cluster.shutdown()
    return found


def main():
    host, port, mode, n = figures.arguments(("seq",))
    logging.disable(logging.WARNING)
    CassandraSource.test_connection = lambda self, *_args, **_named: None
    started = time.monotonic()
    for _ in range(n):
        found = crawl(host, port)
    wall = time.monotonic() - started
    figures.report("openmetadata", mode, n, wall, port, {
        "keyspaces": found["CreateDatabaseSchemaRequest"], "tables": found["CreateTableRequest"],
        "columns": found["columns"], "failures": found["failures"]})


if __name__ == "__main__":
    main()
