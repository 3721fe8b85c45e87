# SPDX-License-Identifier: Apache-2.0
"""schema.py [--faults] FILE...: validates each record by schema/cqlcrawl-1.schema.json.

With --faults it then breaks records, one fault at a time, and wants every one refused. Prints each
difference and `N passed, N failed`.
"""
import copy
import json
import pathlib
import sys

import jsonschema

SCHEMA = pathlib.Path(__file__).parents[2] / "schema" / "cqlcrawl-1.schema.json"
GONE = object()


def put(*path, value):
    """A fault: the member at that path gets another value (GONE: is taken away)."""
    def apply(record):
        at = record
        for key in path[:-1]:
            at = at[key]
        if value is GONE:
            del at[path[-1]]
        else:
            at[path[-1]] = value
    return apply


def gone(*path):
    return put(*path, value=GONE)


FAULTS = [
    ("table", "another schema", put("schema", value="cqlcrawl/2")),
    ("table", "a kind never heard of", put("kind", value="tables")),
    ("table", "an op never heard of", put("op", value="insert")),
    ("table", "no id", gone("id")),
    ("table", "an id with a blank", put("id", value="c/table/a b")),
    ("table", "an id that is too long", put("id", value="n" * 434)),
    ("table", "a version that is a text", put("version", value="910681779994717")),
    ("table", "a version over 2^53", put("version", value=2 ** 53)),
    ("table", "no epoch", gone("epoch")),
    ("table", "a time without milliseconds", put("observed_at", value="2026-11-21T04:40:00Z")),
    ("table", "a time in a zone", put("observed_at", value="2026-11-21T04:40:00.123+01:00")),
    ("table", "no hash", put("hash", value=None)),
    ("table", "a hash in capitals", put("hash", value="0C98B1ADF94472F86E6F070248223104")),
    ("table", "a structure hash that is short", put("structure_hash", value="248c")),
    ("keyspace", "a structure hash of a keyspace", put("structure_hash", value="0" * 32)),
    ("scope_begin", "a hash of a scope", put("hash", value="0" * 32)),
    ("table", "labels that are a list", put("labels", value=[])),
    ("table", "a label that is a number", put("labels", value={"tier": 1})),
    ("table", "system that is a text", put("system", value="false")),
    ("table", "no virtual", gone("virtual")),
    ("table", "no columns", gone("columns")),
    ("table", "columns that are a map", put("columns", value={"a": "int"})),
    ("table", "a column without a type", gone("columns", 0, "type")),
    ("table", "a position that is a text", put("columns", 0, "position", value="0")),
    ("table", "an order never heard of", put("columns", 0, "order", value="up")),
    ("table", "uses that is empty", put("columns", 0, "uses", value=[])),
    ("table", "a table_id that is no uuid", put("table_id", value="1234")),
    ("table", "a comment that is a number", put("comment", value=7)),
    ("table", "a number that is a text", put("options", "gc_grace_seconds", value="864000")),
    ("table", "a fraction of seconds", put("options", "default_time_to_live", value=0.5)),
    ("table", "compaction as a free map", put("options", "compaction", value={"max": "32"})),
    ("table", "options as a free map", put("options", "compaction", "options", value={"a": "b"})),
    ("table", "an extension that is no hex", put("options", "extensions", value=[
        {"name": "a", "value": "abc"}])),
    ("table", "a table with a base table", put("base_table", value="t")),
    ("table", "an index without columns", put("indexes", value=[{"name": "i"}])),
    ("table", "an index of another kind", put("indexes", value=[
        {"name": "i", "kind": "CUSTOM", "target": "a", "class": None, "using": "lucene",
         "columns": ["a"], "options": []}])),
    ("table", "a dropped column with a number", put("dropped_columns", value=[
        {"name": "d", "type": "int", "kind": "regular", "dropped_at": 1795231022938,
         "dropped_at_raw": "1795231022938"}])),
    ("table", "extra as a map", put("extra", value={"new": "1"})),
    ("table", "an extra value that is a number", put("extra", value=[
        {"name": "n", "type": "int", "value": 1}])),
    ("table", "no extra", gone("extra")),
    ("view", "a view without a base table", gone("base_table")),
    ("keyspace", "replication as a free map", put("replication", value={"class": "S", "dc1": "3"})),
    ("keyspace", "no name", gone("name")),
    ("type", "a field without a name", gone("fields", 0, "name")),
    ("function", "no arguments", gone("arguments")),
    ("aggregate", "argument types that are texts in a text", put("argument_types", value="int")),
    ("cluster", "a protocol as text", put("protocol", "chosen", value="5/v5")),
    ("cluster", "a compression never offered", put("compression", value="snappy")),
    ("cluster", "tls without a cipher", put("tls", value={"version": "TLSv1.3"})),
    ("node", "an address that is a name", put("addresses", "rpc", value="localhost")),
    ("node", "a port over 65535", put("port", value=65536)),
    ("node", "no observed", gone("observed")),
    ("scope_end", "a verdict never heard of", put("read", value="ok")),
    ("scope_end", "a failure without a code", put("read", value="failed")),
    ("scope_end", "a code without a failure", put("code", value="timeout")),
    ("scope_end", "incomplete without a reason", put("read", value="incomplete")),
    ("scope_end", "complete with a table denied", put("tables", 3, "outcome", value="denied")),
    ("scope_end", "an outcome never heard of", put("tables", 3, "outcome", value="ok")),
    ("scope_end", "a count that is missing", gone("counts", "table")),
    ("scope_end", "a cost below zero", put("cost", "requests", value=-1)),
    ("scope_end", "a phase that is missing", gone("cost", "ms", "login")),
    ("scope_end", "another hash_v", put("hash_v", value=2)),
    ("scope_end", "agreement as a boolean", put("agreement", value=True)),
    ("scope_end", "a proof never heard of", put("proof", value="sure")),
    ("heartbeat", "a heartbeat without a proof", put("proof", value="none")),
    ("heartbeat", "a heartbeat since nothing", put("since_epoch", value=0)),
    ("heartbeat", "a heartbeat of no version", put("schema_version", value=None)),
    ("heartbeat", "a heartbeat with a hash", put("hash", value="0" * 32)),
    ("heartbeat", "a heartbeat without a digest", put("digest", value=None)),
    ("heartbeat", "a heartbeat without counts", gone("counts")),
]
ADDITIONS = [
    ("table", "a new key", put("new_key", value={"any": "thing"})),
    ("table", "a new key of a column", put("columns", 0, "new_key", value=1)),
    ("table", "a new option", put("options", "new_option", value="x")),
    ("scope_end", "a new count", put("counts", "new_kind", value=1)),
    ("table", "a delete without a body", lambda r: (r.update(op="delete", hash=None), [
        r.pop(key) for key in list(r)[13:]])),
]


def valid(validator, record):
    return next(validator.iter_errors(record), None)


def examples(paths, validator):
    """(failures, records, one good record of each kind with all that the faults need)"""
    failures, n, of_kind = [], 0, {}
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for number, record in enumerate(map(json.loads, lines), 1):
                n += 1
                error = valid(validator, record)
                if error:
                    failures.append(f"{path}:{number}: {error.json_path}: {error.message[:200]}")
                if not record["virtual"] and not record["system"]:
                    of_kind.setdefault(record["kind"], record)
    return failures, n, of_kind


def main(paths):
    faults = paths[:1] == ["--faults"]
    paths = paths[1:] if faults else paths
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures, n, of_kind = examples(paths, validator)
    for changes, refused in ((FAULTS, True), (ADDITIONS, False)) if faults else ():
        for kind, what, apply in changes:
            record, n = copy.deepcopy(of_kind[kind]), n + 1
            apply(record)
            if bool(valid(validator, record)) != refused:
                failures.append(f"{what} was {'accepted' if refused else 'refused'} ({kind})")
    for one in failures[:20]:
        print("FAIL", one)
    print(f"{n - len(failures)} passed, {len(failures)} failed")
    return 1 if failures or not n else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
