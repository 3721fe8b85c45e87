# SPDX-License-Identifier: Apache-2.0
"""Records against raw rows: nothing missing, nothing extra, every field of every object."""
import expected
from compare import EMPTY_WHEN_ABSENT, MISSING

COMMON = ["schema", "kind", "op", "id", "epoch", "version", "observed_at", "hash",
          "structure_hash", "cluster", "labels", "system", "virtual"]
OBJECTS = ("keyspace", "table", "view", "type", "function", "aggregate")
HASHED_ONLY = ("keyspace", "cluster", "node")
SIDE = "rows"


def check(tally, records, raw, cluster, port, with_system):
    wanted = {key: body for key, body in expected.bodies(raw, cluster).items()
              if with_system or not body.system}
    wanted.update(expected.nodes(raw, cluster, port))
    found = {}
    for record in records:
        if record["kind"] in OBJECTS + ("node",):
            if record["id"] in found:
                tally.fail(SIDE, record["id"], "record", "twice", "once")
            found[record["id"]] = record
    for key in wanted:
        if key not in found:
            tally.fail(SIDE, key, "record", MISSING, wanted[key].kind)
    for key, record in found.items():
        if key not in wanted:
            tally.fail(SIDE, key, "record", record["kind"], MISSING)
        else:
            one(tally, record, wanted[key])
    check_cluster(tally, records, raw, cluster)


def one(tally, record, body):
    where = record["id"]
    tally.seen(body.kind)
    tally.same(SIDE, where, "kind", record["kind"], body.kind)
    tally.same(SIDE, where, "system", record["system"], body.system)
    tally.same(SIDE, where, "virtual", record["virtual"], body.virtual)
    fields = {key: value for key, value in record.items() if key not in COMMON}
    wanted = dict(body.fields)
    for key in EMPTY_WHEN_ABSENT:
        if key not in fields and wanted.get(key) in ([], {}):
            fields[key] = wanted[key]
        if key not in wanted and fields.get(key) == []:
            del fields[key]
    given = fields.get("extra")
    if isinstance(given, list):
        fields["extra"] = {e["name"]: e["value"] for e in given}
        wanted["extra"] = {name: None if value is None else str(value)
                           for name, value in wanted.get("extra", {}).items()}
    tally.deep(SIDE, where, "", fields, wanted)


def check_cluster(tally, records, raw, cluster):
    found = [record for record in records if record["kind"] == "cluster"]
    where = expected.record_id(cluster, "cluster")
    tally.same(SIDE, where, "records", len(found), 1)
    for record in found:
        tally.seen("cluster")
        tally.same(SIDE, where, "id", record["id"], where)
        for key, value in expected.cluster_facts(raw).items():
            tally.same(SIDE, where, key, record.get(key, MISSING), value)
        tally.same(SIDE, where, "product.name", record["product"]["name"], "Apache Cassandra")
        tally.same(SIDE, where, "product.version", record["product"]["version"],
                   raw["system.local"][0]["release_version"])
