#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_schema.py CQLCRAWL CQLSIM: what bench/schema.py puts on a real server is what cqlsim shows.

The simulated cluster is crawled and every table compared with the generator, column by column; the
statements are compared with the same list, so that both ways of loading carry one schema.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import schema  # noqa: E402

READY_S = 10
SHAPE = (2, 17, 21)  # every type, every rotation of keys


def crawl(shape):
    """{(keyspace, table): record} of a simulated cluster of that shape"""
    with tempfile.TemporaryDirectory() as folder:
        targets, records = pathlib.Path(folder, "targets"), pathlib.Path(folder, "records")
        sizes = [text for pair in zip(("--keyspaces", "--tables", "--columns"), shape)
                 for text in (pair[0], str(pair[1]))]
        sim = subprocess.Popen([SIM, "--listen", "127.88.9.1:0", "--targets-file", targets,
                                "--duration", "60", *sizes], stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + READY_S
            while not targets.exists() and time.monotonic() < until:
                time.sleep(0.02)
            subprocess.run([CRAWL, "crawl", "--targets", targets, "--output", records,
                            "--progress", "none"], check=True, stderr=subprocess.DEVNULL)
            lines = [json.loads(line) for line in records.read_text(encoding="utf-8").splitlines()]
        finally:
            sim.terminate()
            sim.wait()
    return {(one["keyspace"], one["name"]): one for one in lines if one["kind"] == "table"}


class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.found = crawl(SHAPE)

    def test_the_same_tables(self):
        wanted = {(keyspace, table) for keyspace, table, _ in schema.tables(SHAPE)}
        self.assertEqual(set(self.found), wanted)

    def test_the_same_columns(self):
        for keyspace, table, number in schema.tables(SHAPE):
            given = {one["name"]: one for one in self.found[keyspace, table]["columns"]}
            wanted = {name: rest for name, *rest in schema.columns(number, SHAPE[2])}
            self.assertEqual(set(given), set(wanted))
            for name, (kind_of_type, kind, _, order) in wanted.items():
                self.assertEqual(given[name]["type"], kind_of_type, (table, name))
                self.assertEqual(given[name]["kind"], kind, (table, name))
                self.assertEqual(given[name].get("order", "none"), order, (table, name))

    def test_statements_say_the_same(self):
        made = [one for one in schema.statements(SHAPE) if one.startswith("CREATE TABLE")]
        self.assertEqual(len(made), SHAPE[0] * SHAPE[1])
        for (keyspace, table, number), text in zip(schema.tables(SHAPE), made):
            self.assertIn(f"CREATE TABLE {keyspace}.{table} (id ", text)
            body = text[text.index("(") + 1:text.index(", PRIMARY KEY")]
            given = re.findall(r"(\w+) (\w+(?:<[^>]*>)?)(?:, |$)", body)
            self.assertEqual(given, [(name, kind) for name, kind, *_ in
                                     schema.columns(number, SHAPE[2])])

    def test_options(self):
        one = self.found["ref_ks00", "table_00"]["options"]
        for name in ("gc_grace_seconds", "bloom_filter_fp_chance", "speculative_retry", "caching"):
            self.assertEqual(one[name], schema.TABLE_ROW[name], name)


if __name__ == "__main__":
    CRAWL, SIM = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
