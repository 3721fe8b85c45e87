# SPDX-License-Identifier: Apache-2.0
"""Reads under a loop of CREATE, ALTER and DROP, on a server that flushes its schema.

One thread changes the schema, in bursts with pauses between; crawls of that node, many at once and
under other names, go on all the time, in turn at --proof settled and --proof version. The observer
groups the reads that called themselves complete by schema version and compares their content:
  settled: no version holds two contents;     any proof: no complete read has an orphan.
Torn reads that --proof version let through are counted and printed.
"""
import collections
import hashlib
import json
import os
import random
import threading
import time

import crawl
import nodes as servers
import oracle

NETS = {"5.0": "127.30.90.1", "4.0": "127.30.90.2"}
AT_ONCE, CRAWLERS = 8, ("settled", "version")
BURSTS = (1, 1, 2, 3, 6)
PAUSES_S = (0, 0, 0, 0.05, 0.2, 0.7, 1.3, 2.5, 4.0)  # a slow settled read takes the longest
WIDE_COLUMNS, WIDE_TABLES = 150, 4
KINDS = oracle.raw_side.OBJECTS
VOLATILE = ("epoch", "version", "observed_at", "cluster", "id", "labels")


class Changer(threading.Thread):
    """The loop of DDL"""

    def __init__(self, access, seed):
        super().__init__(daemon=True)
        self.access, self.random, self.faults = access, random.Random(seed), []
        self.seconds = []  # that each statement took
        self.ended = threading.Event()
        self.tables, self.serial = {}, 0

    @property
    def count(self):
        return len(self.seconds)

    def prepare(self):
        wide = ", ".join(f"column_number_{i} map<text, int>" for i in range(WIDE_COLUMNS))
        servers.execute(
            self.access, "CREATE KEYSPACE torn WITH replication = "
            "{'class': 'SimpleStrategy', 'replication_factor': 1}",
            "CREATE TYPE torn.inner_type (a int, b text)",
            *(f"CREATE TABLE torn.wide_{i} (k int PRIMARY KEY, {wide})"
              for i in range(WIDE_TABLES)))

    def run(self):
        cluster, session = oracle.rows.connect(self.access, metadata=False)
        try:
            while not self.ended.is_set():
                for _ in range(self.random.choice(BURSTS)):
                    for statement in self.next():
                        started = time.monotonic()
                        session.execute(statement, timeout=60)
                        self.seconds.append(time.monotonic() - started)
                self.ended.wait(self.random.choice(PAUSES_S))
        except Exception as error:
            self.faults.append(f"{type(error).__name__}: {error}")
        finally:
            cluster.shutdown()

    def next(self):
        """The statements of one change; a table is a dict of its columns"""
        names = list(self.tables)
        if len(names) < 4 or self.random.random() < 0.3:
            return self.create()
        name = self.random.choice(names)
        act = self.random.choice((self.add, self.add, self.remove, self.index, self.drop))
        return act(name)

    def create(self):
        self.serial += 1
        name = f"t{self.serial}"
        self.tables[name] = {"v0", "v1"}
        columns = "k int, k2 text, c int, v0 int, v1 frozen<inner_type>"
        out = [f"CREATE TABLE torn.{name} ({columns}, PRIMARY KEY ((k, k2), c))"]
        if self.serial % 3 == 0:
            out.append(f"CREATE MATERIALIZED VIEW torn.{name}_view AS SELECT * FROM torn.{name} "
                       "WHERE k IS NOT NULL AND k2 IS NOT NULL AND c IS NOT NULL "
                       "PRIMARY KEY (c, k, k2)")
        return out

    def add(self, name):
        column = f"added_{self.serial}_{self.count}"
        if column in self.tables[name]:
            return []
        self.tables[name].add(column)
        return [f"ALTER TABLE torn.{name} ADD {column} set<int>"]

    def remove(self, name):
        added = sorted(c for c in self.tables[name] if c.startswith("added_"))
        if not added or f"{name}_view" in self.views():
            return self.add(name)
        self.tables[name].discard(added[0])
        return [f"ALTER TABLE torn.{name} DROP {added[0]}"]

    def index(self, name):
        if "indexed" in self.tables[name]:
            return self.add(name)
        self.tables[name].add("indexed")
        return [f"CREATE INDEX {name}_index ON torn.{name} (v0)"]

    def drop(self, name):
        del self.tables[name]
        view = f"{name}_view"
        first = [f"DROP MATERIALIZED VIEW torn.{view}"] if view in self.views(name) else []
        return [*first, f"DROP TABLE torn.{name}"]

    def views(self, *more):
        return {f"{name}_view" for name in (*self.tables, *more) if int(name[1:]) % 3 == 0}


class Observer:
    """Contents of complete reads by proof asked for and schema version"""

    def __init__(self):
        self.seen = {proof: collections.defaultdict(collections.Counter)
                     for proof in ("settled", "version")}
        self.reads, self.complete, self.torn_said = (collections.Counter() for _ in range(3))
        self.orphans, self.faults, self.checked = [], [], set()
        self.runs, self.lock = 0, threading.Lock()

    def take(self, proof, result):
        with self.lock:
            self.sort(proof, result)

    def sort(self, proof, result):
        self.runs += 1
        if result.status not in (0, 3):
            self.faults.append(f"exit status {result.status}: {result.stderr[-300:]}")
        scopes = collections.defaultdict(list)
        for record in result.records:
            scopes[(record["cluster"], record["epoch"])].append(record)
        for records in scopes.values():
            self.scope(proof, records)

    def scope(self, proof, records):
        end = records[-1]
        self.reads[proof] += 1
        if end["kind"] != "scope_end":
            self.faults.append(f"{records[0]['cluster']}: a scope without its end")
            return
        if end["read"] != "complete":
            self.torn_said[proof] += 1
            return
        self.complete[proof] += 1
        if proof == "settled" and end["proof"] != "settled":
            self.faults.append(f"asked for settled, complete with proof {end['proof']}")
        objects = [record for record in records if record["kind"] in KINDS]
        digest = content(objects)
        self.seen[proof][end["schema_version"]["after"]][digest] += 1
        if digest not in self.checked:
            self.checked.add(digest)
            self.orphans += orphans(objects)
        self.orphans += [f"anomaly {r['code']}" for r in records if r["kind"] == "anomaly"]

    def torn(self, proof):
        """Versions with more than one content, and reads that differ from the settled or most
        common one"""
        versions = reads = 0
        for version, contents in self.seen[proof].items():
            settled = self.seen["settled"].get(version)
            best = (settled or contents).most_common(1)[0][0]
            versions += len(contents) > 1
            reads += sum(count for digest, count in contents.items() if digest != best)
        return versions, reads


def content(objects):
    lines = []
    for record in objects:
        kept = {key: value for key, value in record.items() if key not in VOLATILE}
        lines.append(json.dumps(kept, sort_keys=True, ensure_ascii=False))
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def orphans(objects):
    """What no schema can hold: keys with gaps, indexes, views and types of nothing"""
    out, names = [], {(r["kind"], r.get("keyspace"), r["name"]) for r in objects}
    for record in objects:
        if record["kind"] not in ("table", "view") or record["virtual"]:
            continue
        where = f"{record['keyspace']}.{record['name']}"
        columns = {column["name"] for column in record["columns"]}
        for kind in ("partition_key", "clustering"):
            at = sorted(c["position"] for c in record["columns"] if c["kind"] == kind)
            if at != list(range(len(at))) or (kind == "partition_key" and not at):
                out.append(f"{where}: {kind} positions {at}")
        if ("keyspace", None, record["keyspace"]) not in names:
            out.append(f"{where}: no keyspace")
        if record["kind"] == "view" and \
                ("table", record["keyspace"], record["base_table"]) not in names:
            out.append(f"{where}: no base {record['base_table']}")
        out += [f"{where}: index on {name}" for index in record["indexes"]
                for name in index["columns"] if name not in columns]
        types = {one["name"] for one in record["types"]}
        out += [f"{where}: no type {name}" for column in record["columns"]
                for name in column.get("uses", []) if name not in types]
    return out


def run(report, nodes, crawler, version, seconds):
    name = f"torn/{version}"
    node = nodes.start(version, NETS[version], "--flush")
    changer = Changer(node.access(), seed=version)
    changer.prepare()
    config = crawler.fresh(".yaml")
    config.write_text(json.dumps({"clusters": [
        {"name": f"t{i:03d}", "contact_points": [node.access().target]}
        for i in range(AT_ONCE)]}), encoding="utf-8")
    observer, until = Observer(), time.monotonic() + seconds
    changer.start()

    def crawl_on(proof):
        while time.monotonic() < until and not changer.faults:
            observer.take(proof, crawler.run("--config", config, "--proof", proof, keep=False))

    readers = [threading.Thread(target=crawl_on, args=(proof,)) for proof in CRAWLERS]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    changer.ended.set()
    changer.join(60)
    conclude(report, name, observer, changer, seconds)
    nodes.drop(node)


def conclude(report, name, observer, changer, seconds):
    total = sum(observer.reads.values())
    took = sorted(changer.seconds) or [0]
    report.note(f"{name}: {seconds} s, {changer.count} DDL statements (median "
                f"{took[len(took) // 2]:.2f} s, longest {took[-1]:.2f} s), {observer.runs} runs, "
                f"{total} reads, load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores")
    for proof in ("settled", "version"):
        versions, torn = observer.torn(proof)
        report.note(
            f"{name}: --proof {proof}: {observer.reads[proof]} reads, {observer.complete[proof]} "
            f"complete over {len(observer.seen[proof])} schema versions, "
            f"{observer.torn_said[proof]} said incomplete; {torn} torn reads let through, "
            f"{versions} versions with two contents")
    versions, _ = observer.torn("settled")
    settled = observer.complete["settled"]
    report.check(f"{name}/settled: no version holds two contents",
                 f"{versions} do" if versions else "" if settled else "no settled read at all")
    report.check(f"{name}/no complete read has an orphan", observer.orphans)
    report.check(f"{name}/every scope is whole", observer.faults)
    report.check(f"{name}/the schema did change", changer.faults or (
        "" if changer.count >= seconds else f"{changer.count} statements only"))
