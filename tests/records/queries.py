# SPDX-License-Identifier: Apache-2.0
"""queries.py DIR NAME=ROWS.json...: runs every query of docs/queries.md over DIR/records.ndjson.

Each question is asked of jq and of DuckDB; both must give the rows that the servers' own rows
(decoded by an independent client; NAME is the record key `cluster`) say. Prints `ok`/`FAIL` per
question and `N passed, N failed`.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

import duckdb

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "queries.md"
QUESTIONS = 11


class Server:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.tables = json.load(f)

    def rows(self, table, **where):
        source = self.tables[table]
        for row in source.get("rows", []):
            row = dict(zip((column[0] for column in source["columns"]), row))
            if not row.get("keyspace_name", "").startswith("system") and all(
                    row[key] == value for key, value in where.items()):
                yield row

    def schema(self, table, **where):
        return self.rows("system_schema." + table, **where)


def names_column(server):
    views = {(row["keyspace_name"], row["view_name"]) for row in server.schema("views")}
    for row in server.schema("columns", column_name="email"):
        key = row["keyspace_name"], row["table_name"]
        yield ("view" if key in views else "table", *key, row["type"])


def reaches_type(server):
    types = {row["type_name"]: " ".join(row["field_types"])
             for row in server.schema("types", keyspace_name="rich")}

    def named(text):
        return [name for name in types if re.search(rf'\b{re.escape(name)}\b|"{re.escape(name)}"', text)]

    reached = {"phone"}  # names of types that contain it
    while True:
        more = {name for name in types if set(named(types[name])) & reached} - reached
        if not more:
            break
        reached |= more
    tables = {row["table_name"] for row in server.schema("tables", keyspace_name="rich")}
    for table in tables:
        columns = list(server.schema("columns", keyspace_name="rich", table_name=table))
        if any(set(named(column["type"])) & reached for column in columns):
            using = sorted((key_rank(column), column["column_name"].encode(), column["column_name"])
                           for column in columns if named(column["type"]))
            yield "rich", table, " ".join(one[2] for one in using)


def key_rank(column):
    return {"partition_key": 0, "clustering": 1}.get(column["kind"], 2), column["position"]


def no_ttl(server):
    for row in server.schema("tables", default_time_to_live=0):
        yield row["keyspace_name"], row["table_name"]


def compact(server):
    for row in server.schema("tables"):
        flags = set(row["flags"])
        if "compound" not in flags or flags & {"dense", "super"}:
            yield row["keyspace_name"], row["table_name"], " ".join(row["flags"])


def indexes(server):
    counts = {}
    for row in server.schema("indexes"):
        name = "2i" if row["kind"] != "CUSTOM" else (
            "sasi" if row["options"]["class_name"].endswith("SASIIndex") else "other")
        counts[name] = counts.get(name, 0) + 1
    yield from counts.items()


def replication(server):
    for row in server.schema("keyspaces"):
        options = dict(row["replication"])
        strategy = options.pop("class").split(".")[-1]
        if strategy == "SimpleStrategy" or any(int(value) < 3 for value in options.values()):
            yield row["keyspace_name"], strategy, " ".join(
                f"{name}={options[name]}" for name in sorted(options, key=str.encode))


def code(server):
    for row in server.schema("functions"):
        yield row["keyspace_name"], row["function_name"], row["language"]
    for row in server.schema("triggers"):
        yield row["keyspace_name"], row["table_name"], row["options"]["class"]


def verdicts(server):
    (local,) = server.rows("system.local")
    yield local["release_version"], "complete", len(list(server.schema("tables"))), ""


def structure(server, row):
    where = {"keyspace_name": row["keyspace_name"], "table_name": row["table_name"]}
    columns = [tuple(one.values()) for one in server.schema("columns", **where)]
    targets = sorted(one["options"]["target"] for one in server.schema("indexes", **where))
    return json.dumps([columns, targets])


def differ(servers):
    found = {}
    for name, server in servers.items():
        for row in server.schema("tables"):
            found.setdefault((row["keyspace_name"], row["table_name"]), []).append(
                (name, structure(server, row)))
    for key, where in found.items():
        if len(where) < len(servers) or len({one[1] for one in where}) > 1:
            yield (*key, " ".join(sorted(one[0] for one in where)))


def strategies(servers):
    counts = {}
    for server in servers.values():
        for row in server.schema("tables"):
            name = row["compaction"]["class"].split(".")[-1]
            counts[name] = counts.get(name, 0) + 1
    yield from counts.items()


def seen(_):
    last = {}
    with open("records.ndjson", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["kind"] == "heartbeat" or record.get("read") == "complete":
                last[record["cluster"]] = record  # a file's lines of one cluster are in order
    for name, record in last.items():
        unchanged = record["kind"] == "heartbeat"
        yield (name, record["observed_at"][:10], "unchanged" if unchanged else "read",
               record["since_epoch" if unchanged else "epoch"])


def expected(number, servers):
    whole = {4: differ, 8: strategies, 11: seen}
    each = {1: names_column, 2: reaches_type, 3: no_ttl, 5: compact, 6: indexes, 7: replication,
            9: code, 10: verdicts}
    if number in whole:
        return whole[number](servers)
    return ((name, *row) for name, server in servers.items() for row in each[number](server))


def tsv(rows):
    def cell(value):
        return "" if value is None else re.sub(r"[\\\t\n]", lambda m: {
            "\\": "\\\\", "\t": "\\t", "\n": "\\n"}[m[0]], str(value))
    return sorted("\t".join(map(cell, row)) for row in rows)


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def ask_jq(text, directory):
    (script,) = blocks(text, "sh")
    out = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=directory, check=True,
                         capture_output=True, encoding="utf-8").stdout
    return sorted(out.splitlines())


def main(directory, sources):
    page = PAGE.read_text(encoding="utf-8")
    servers = {name: Server(path) for name, path in (one.split("=", 1) for one in sources)}
    os.chdir(directory)
    database = duckdb.connect()
    database.execute(blocks(page, "sql setup")[0])
    parts = re.split(r"^## (\d+)\. (.*)$", page, flags=re.M)[1:]
    failed = 0
    for number, title, text in zip(parts[::3], parts[1::3], parts[2::3]):
        want = tsv(expected(int(number), servers))
        (query,) = blocks(text, "sql")
        answers = {"jq": ask_jq(text, directory), "DuckDB": tsv(database.execute(query).fetchall())}
        wrong = [name for name, answer in answers.items() if answer != want]
        for name in wrong:
            print(f"FAIL {number}. {title}: {name} says {answers[name][:5]}, the rows {want[:5]}")
        if not want:
            wrong.append("nothing")
            print(f"FAIL {number}. {title}: nothing to find, so that nothing is shown")
        if not wrong:
            print(f"ok {number}. {title} ({len(want)} rows)")
        failed += bool(wrong)
    total = len(parts) // 3
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed or total != QUESTIONS else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
