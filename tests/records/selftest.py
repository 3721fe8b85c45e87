# SPDX-License-Identifier: Apache-2.0
"""selftest.py RECORDS.ndjson ROWS.json: the checks of this folder can fail.

One fault at a time is put into good records; expect.py (against the rows) or verify.py (of the records
themselves), as said, must see it. Prints `N passed, N failed`, a check per fault.
"""
import contextlib
import copy
import io
import json
import sys
import tempfile

import expect
import verify


def put(*path, value):
    def apply(record):
        for key in path[:-1]:
            record = record[key]
        record[path[-1]] = value
    return apply


def take(*path):
    def apply(record):
        for key in path[:-1]:
            record = record[key]
        del record[path[-1]]
    return apply


def swap(*path):
    def apply(record):
        for key in path:
            record = record[key]
        record[0], record[1] = record[1], record[0]
    return apply


USERS, UDTS, DROPPED = "table/rich/users", "table/rich/udts", "table/rich/dropped"
FAULTS = [  # what, whose, how, who sees it
    ("a column is missing", USERS, take("columns", 3), "both"),
    ("two columns change places", USERS, swap("columns"), "both"),
    ("a type changed", USERS, put("columns", 1, "type", value="bigint"), "both"),
    ("an index is missing", USERS, take("indexes", 0), "both"),
    ("an index names another column", USERS, put("indexes", 0, "columns", value=["id"]), "both"),
    ("a trigger is missing", USERS, take("triggers", 0), "both"),
    ("an option changed", USERS, put("options", "gc_grace_seconds", value=1), "both"),
    ("a null for an empty text", USERS, put("comment", value=None), "both"),
    ("another table id", USERS, put("table_id", value="0" * 8 + "-0000-0000-0000-" + "0" * 12),
     "expect"),
    ("a type reached is missing", UDTS, take("types", 0), "both"),
    ("a dropped column is missing", DROPPED, take("dropped_columns", 0), "both"),
    ("another date of a drop", DROPPED, put("dropped_columns", 0, "dropped_at_raw", value="1"),
     "expect"),
    ("another base table", "view/rich/View_Mixed", put("base_table", value="x"), "both"),
    ("a field is missing", "type/rich/address", take("fields", 1), "both"),
    ("another body", "function/rich/plus(int,int)", put("body", value=""), "both"),
    ("other replication", "keyspace/rich", put("replication", "options", 0, "value", value="9"),
     "both"),
    ("another dc", "node/5cd19656-fd6e-47c0-8c17-6172b3d16435", put("dc", value="x"), "both"),
    ("system is wrong", USERS, put("system", value=True), "expect"),
    ("the record is missing", USERS, None, "both"),
    ("another hash", USERS, put("hash", value="0" * 32), "verify"),
    ("another structure hash", USERS, put("structure_hash", value="0" * 32), "verify"),
    ("another id", USERS, put("id", value="x/table/rich/users"), "both"),
    ("another version", USERS, put("version", value=1), "verify"),
    ("a wrong count", "scope_end", put("counts", "table", value=1), "verify"),
    ("a wrong digest", "scope_end", put("digest", value="0" * 32), "verify"),
    ("a heartbeat of itself", "heartbeat", put("since_epoch", value=217123457), "beats"),
    ("a heartbeat with a hash", "heartbeat", put("hash", value="0" * 32), "beats"),
    ("a heartbeat that is missing", "heartbeat", None, "beats"),
    ("a heartbeat in a scope", "keyspace/rich", put("kind", value="heartbeat"), "beats"),
]


def is_seen(check, *arguments):
    with contextlib.redirect_stdout(io.StringIO()):
        return check(*arguments) != 0


def faulty(records, whose, apply):
    out = []
    for record in records:
        if record["id"].split("/", 1)[1] == whose:
            if apply is None:
                continue
            record = copy.deepcopy(record)
            apply(record)
        out.append(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
    return out


def main(path, rows, beats):
    sources = {}
    for source in (path, beats):
        with open(source, encoding="utf-8") as lines:
            sources[source] = [json.loads(line) for line in lines]
    failed = []
    for what, whose, apply, by in FAULTS:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".ndjson") as file:
            records = sources[beats if by == "beats" else path]
            file.writelines(faulty(records, whose, apply))
            file.flush()
            if by in ("both", "expect") and not is_seen(expect.main, rows, file.name):
                failed.append(f"expect.py does not see: {what}")
            if by != "expect" and not is_seen(verify.main, [file.name]):
                failed.append(f"verify.py does not see: {what}")
    for one in failed:
        print("FAIL", one)
    print(f"{len(FAULTS) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
