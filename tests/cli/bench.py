# SPDX-License-Identifier: Apache-2.0
"""`cqlcrawl bench` against simulated clusters: what is counted, in rounds; what two results say."""
import json
import os
import signal
import time

from receiver import Receiver
from support import CQLSIM, Case

ROUNDS = ["--rounds", "3"]


class Bench(Case):
    def bench(self, *args, status=0):
        out, err = self.run_it("bench", *args, "--json", "r.json", status=status)
        with open(self.path("r.json")) as f:
            return json.load(f), out, err

    def test_closed_loop(self):
        """Every crawl is a whole one, as many at once as were asked for; nothing is left out of the figures."""
        sim = self.sim("127.86.20.1:0", "--clusters", "4", "--keyspaces", "2", "--tables", "3")
        r, out, _ = self.bench("--targets", sim.file, "--count", "20", *ROUNDS, "--concurrency", "8")
        stats = sim.stop()
        self.assertEqual((r["schema"], r["crawls"], r["failed"], r["errors"]), ("cqlcrawl-bench-1", 60, 0, {}))
        self.assertEqual((r["options"]["window"], r["options"]["targets"], r["memory"]["in_flight"]), (8, 4, 8))
        for key, values in r["figures"].items():
            self.assertEqual(len(values), 3, key)
            if key not in ("user_ms_per_cluster", "system_ms_per_cluster"):  # parts may be 0
                self.assertGreater(min(values), 0, key)
        self.assertEqual(set(r["figures"]["connections_per_cluster"]), {1})
        self.assertEqual(set(r["figures"]["records_per_cluster"]), {12})  # 2 + 6, cluster, node, begin, end
        connections = sum(c["connections"] for c in stats["clusters"])
        self.assertEqual(connections, 60 + 8, "and a round that is not counted")
        phases = r["phases_us"]
        self.assertEqual([phases[p]["n"] for p in ("connect", "handshake", "main", "after", "total")], [60] * 5)
        self.assertEqual([phases[p]["n"] for p in ("tls", "login")], [0, 0])
        for p in ("connect", "handshake", "first_byte", "before", "main", "after"):
            self.assertLessEqual(phases[p]["p50"], phases["total"]["max"], p)
        total = phases["total"]
        self.assertTrue(0 < total["p50"] <= total["p90"] <= total["p99"] <= total["p99_9"] <= total["max"])
        self.assertGreater(r["memory"]["peak_kib"], r["memory"]["base_kib"])
        self.assertIn("clusters/s", out)
        self.assertIn("OpenSSL 3.", r["machine"]["libraries"])

    def test_phases_are_where_the_time_is(self):
        """At 40 ms of distance each wait is 40 ms; no crawl waits for a second to pass."""
        sim = self.sim("127.86.21.1:0", "--keyspaces", "1", "--tables", "2", "--fault", "rtt=40")
        r, _, _ = self.bench(*sim.targets, "--count", "3", *ROUNDS, "--concurrency", "2")
        for p in ("before", "main", "after"):
            self.assertTrue(39e3 < r["phases_us"][p]["p50"] < 80e3, (p, r["phases_us"][p]))
        self.assertTrue(2 * 39e3 < r["phases_us"]["first_byte"]["p50"] < 160e3)
        self.assertTrue(5 * 39e3 < r["phases_us"]["total"]["p50"] < 500e3)

    def test_open_loop(self):
        """A place that is taken delays those that were meant to begin, and their time says so."""
        sim = self.sim("127.86.22.1:0", "--keyspaces", "1", "--tables", "2", "--fault", "rtt=40")
        one = ["--count", "10", "--rounds", "1", "--rate", "50/s"]
        r, out, _ = self.bench(*sim.targets, *one, "--concurrency", "1")
        self.assertGreater(r["phases_us"]["total"]["max"], 1e6, "10 crawls of 200 ms, 20 ms apart: the last waits")
        self.assertIn("50 begun per second", out)
        r, _, _ = self.bench(*sim.targets, *one, "--concurrency", "50")
        self.assertLess(r["phases_us"]["total"]["max"], 1e6)

    def test_faults(self):
        sim = self.sim("127.86.23.1:0", "--clusters", "2", "--keyspaces", "1", "--tables", "2", "--fault", "refuse@1")
        r, out, _ = self.bench("--targets", sim.file, "--count", "10", *ROUNDS, "--concurrency", "2", status=3)
        self.assertEqual((r["crawls"], r["failed"], r["errors"]), (30, 15, {"connection_refused": 15}))
        self.assertEqual(r["phases_us"]["total"]["n"], 15)
        self.assertIn("connection_refused", out)

    def test_output_and_sink(self):
        sim = self.sim("127.86.24.1:0", "--keyspaces", "1", "--tables", "2")
        self.bench(*sim.targets, "--count", "2", *ROUNDS, "--output", "o.ndjson")
        records = self.file_records("o.ndjson")
        self.assertEqual(sum(r["kind"] == "scope_end" for r in records), 7)
        receiver = Receiver(self, "127.86.25.1:0")
        r, _, _ = self.bench(*sim.targets, "--count", "2", *ROUNDS, "--sink", receiver.url)
        self.assertEqual(r["options"]["sinks"], 1)
        self.run_it("bench", *sim.targets, "--output", "out/", status=2)
        r, _, _ = self.bench(*sim.targets, "--count", "2", *ROUNDS, "--output", "none")
        self.assertEqual((r["failed"], r["options"]["output"], r["figures"]["record_mb_per_s"]), (0, "none", [0] * 3))

    def test_simulate(self):
        """A simulator of its own, which is gone afterwards."""
        r, _, _ = self.bench("--simulate", "3:1x2x5", "--sim", CQLSIM, "--count", "6", *ROUNDS, "--tls", "require")
        self.assertEqual((r["crawls"], r["failed"], r["options"]["simulate"]), (18, 0, "3:1x2x5"))
        self.assertEqual(r["phases_us"]["tls"]["n"], 18)
        env = dict(os.environ, TMPDIR=self.folder)
        self.run_it("bench", "--simulate", "1:small", "--sim", CQLSIM, "--count", "1", env=env, status=0)
        p = self.start("bench", "--simulate", "1:small", "--sim", CQLSIM, "--duration", "30s", env=env)
        self.wait_for(lambda: any(n.startswith("cqlcrawl-bench-") for n in os.listdir(self.folder)), "it starts")
        time.sleep(0.5)
        p.send_signal(signal.SIGTERM)
        p.communicate(timeout=20)
        self.assertEqual(p.returncode, 143)
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith("cqlcrawl-bench-")], [])

    def test_refused(self):
        _, err = self.run_it("bench", status=2)
        self.assertIn("nobody to read", err)
        _, err = self.run_it("bench", "--simulate", "1", "--sim", "/nonexistent", status=2)
        self.assertIn("say where with --sim PATH", err)
        for size in ("0", "1:", "1:big", "1:1x1", "1:1x1x4", "1:1x1x5x6", "99999"):
            _, err = self.run_it("bench", "--simulate", size, status=2)
            self.assertIn("is expected", err)
        _, err = self.run_it("bench", "--simulate", "1", "127.0.0.1:1", status=2)
        self.assertIn("one of the two", err)
        _, err = self.run_it("crawl", "--rounds", "1", "127.0.0.1:1", status=2)
        self.assertIn("--rounds is not an option of crawl", err)


class Compare(Case):
    def result(self, name, clusters, cpu, **more):
        figures = {"clusters_per_s": clusters, "cpu_ms_per_cluster": cpu}
        self.write(name, json.dumps({"schema": "cqlcrawl-bench-1", "cqlcrawl": "0.2.0", "time": "t", "crawls": 3,
                                     "failed": 0, "figures": figures, "machine": {"kernel": "Linux \u2028"},
                                     "options": {"window": 8}, **more}))

    def lines(self, *args):
        out, _ = self.run_it("bench", "--compare", *args, status=0)
        return out

    def test_compare(self):
        self.result("a.json", [100, 110, 105], [2, 2.2, 2.1])
        self.result("b.json", [210, 220, 200], [2.15, 2, 3], options={"window": 9})
        out = self.lines("a.json", "b.json")
        self.assertRegex(out, r"clusters/s +105.0 +210.0 +2.000  \(1.818 to 2.200\)  better")
        self.assertRegex(out, r"CPU ms/cluster +2.100 +2.150 +1.024 .*within noise")
        self.assertIn("options.window differs: 8 | 9", out)
        self.assertNotIn("machine.", out)
        out = self.lines("b.json", "a.json")
        self.assertRegex(out, r"clusters/s .*WORSE")
        self.result("few.json", [900], [9])
        self.assertIn("too few rounds to say", self.lines("a.json", "few.json"))

    def test_refused(self):
        self.result("a.json", [1], [1])
        self.write("other.json", "{}")
        for args in (["a.json"], ["a.json", "other.json"], ["a.json", "none.json"], ["a.json", "a.json", "a.json"]):
            self.run_it("bench", "--compare", *args, status=2)
