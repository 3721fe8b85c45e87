# SPDX-License-Identifier: Apache-2.0
"""What holds for every line whatever the schema: keys and their order, versions that grow,
begin and end of the scope, counts and outcomes that add up, the JSON Schema."""
import json
import pathlib
import re
from collections import Counter

import jsonschema

from raw_side import COMMON, OBJECTS

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "schema" / "cqlcrawl-1.schema.json"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
HASH = re.compile(r"[0-9a-f]{32}")
SIDE = "lines"
SEQUENCE_BITS = 22


def check(tally, records, raw, cluster):
    if not records:
        tally.fail(SIDE, cluster, "records", 0, "some")
        return
    last = -1
    for record in records:
        last = common(tally, record, cluster, last)
    begin, end = records[0], records[-1]
    tally.same(SIDE, cluster, "first line", begin["kind"], "scope_begin")
    tally.same(SIDE, cluster, "last line", end["kind"], "scope_end")
    tally.same(SIDE, cluster, "scopes", [r["kind"] for r in records if "scope" in r["kind"]],
               ["scope_begin", "scope_end"])
    if end["kind"] == "scope_end":
        scope_end(tally, end, records, raw)


def common(tally, record, cluster, last):
    where = record.get("id", "?")
    tally.same(SIDE, where, "keys in order", list(record)[:len(COMMON)], COMMON)
    tally.same(SIDE, where, "schema", record["schema"], "cqlcrawl/1")
    tally.same(SIDE, where, "op", record["op"], "upsert")
    tally.same(SIDE, where, "cluster", record["cluster"], cluster)
    tally.same(SIDE, where, "version of the epoch", record["version"] >> SEQUENCE_BITS,
               record["epoch"])
    tally.same(SIDE, where, "version grows", record["version"] > last, True)
    tally.same(SIDE, where, "observed_at", bool(TIME.fullmatch(record["observed_at"])), True)
    hashed = record["kind"] in OBJECTS + ("cluster", "node")
    structured = record["kind"] in ("table", "view", "type", "function", "aggregate")
    for key, wanted in (("hash", hashed), ("structure_hash", structured)):
        value = record[key]
        good = bool(HASH.fullmatch(value or "")) if wanted else value is None
        tally.same(SIDE, where, f"{key} of its form", good, True)
    return record["version"]


def scope_end(tally, end, records, raw):
    where = end["id"]
    tally.seen("scope_end")
    tally.same(SIDE, where, "read", end["read"], "complete")
    tally.same(SIDE, where, "reasons", end["reasons"], [])
    lines = Counter(record["kind"] for record in records)
    for kind in OBJECTS + ("cluster", "node", "anomaly"):
        tally.same(SIDE, where, f"counts.{kind}", end["counts"].get(kind, 0), lines[kind])
    outcomes = {table["name"]: table for table in end["tables"]}
    for name, rows in raw.items():
        if name == "system.peers" and raw["system.peers_v2"] is not None:
            continue
        found = outcomes.get(name, {})
        tally.same(SIDE, where, f"tables[{name}].outcome", found.get("outcome"),
                   "absent" if rows is None else "rows")
        if rows is not None:
            tally.same(SIDE, where, f"tables[{name}].rows", found.get("rows"), len(rows))
    local = raw["system.local"][0]
    tally.same(SIDE, where, "schema_version.before", end["schema_version"]["before"],
               str(local["schema_version"]))
    tally.same(SIDE, where, "schema_version.after", end["schema_version"]["after"],
               str(local["schema_version"]))


def by_schema(tally, records):
    """Every line by the published JSON Schema; one failure a line is enough."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    check_one = jsonschema.validators.validator_for(schema)(schema)
    for record in records:
        error = next(iter(check_one.iter_errors(record)), None)
        at = "" if error is None else "/".join(str(p) for p in error.absolute_path)
        tally.same(SIDE, record["id"], f"schema {at}", error and error.message[:300], None)
