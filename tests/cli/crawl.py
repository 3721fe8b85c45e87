# SPDX-License-Identifier: Apache-2.0
"""crawl against simulated clusters: records, files, streams, exit statuses 0, 3, 4, interruption."""
import json
import os
import pty
import stat
import subprocess
import time

from support import Case, LIMIT, signal


class Records(Case):
    def test_file(self):
        sim = self.sim("127.50.11.1:0", "--clusters", "5", "--keyspaces", "2", "--tables", "5")
        _, err = self.run_it("crawl", "--targets", sim.file, "--output", "r.ndjson", status=0)
        records = self.file_records("r.ndjson")
        ends = self.ends(records)
        self.assertEqual(sorted(ends), sorted(sim.targets))
        self.assertEqual({e["read"] for e in ends.values()}, {"complete"})
        self.assertEqual(sum(r["kind"] == "table" for r in records), 50)
        self.assertIn("5 clusters: 5 complete", err)
        self.assertIn("50 tables", err)
        self.assertIn("r.ndjson", err)
        self.assertFalse(os.path.exists(self.path("r.ndjson.partial")))
        for cluster in sim.stop()["clusters"]:
            cost = ends[cluster["target"]]["cost"]
            self.assertEqual((cost["connections"], cost["requests"], cost["waits"]),
                             (1, cluster["requests_total"], cluster["waits"]))
            self.assertEqual((cost["bytes_out"], cost["bytes_in"]), (cluster["bytes_in"], cluster["bytes_out"]))

    def test_none(self):
        sim = self.sim("127.50.11.9:0", "--rich", "--keyspaces", "2", "--tables", "5", "--fault", "duplicate")
        ends = []
        for output, written in (("r.ndjson", True), ("none", False)):
            out, err = self.run_it("crawl", sim.targets[0], "--system", "--log-format", "json", "--output", output,
                                   status=0)
            self.assertEqual(out, "")
            lines = [json.loads(line) for line in err.splitlines()]
            end = [line for line in lines if line.get("event") == "summary"][-1]
            self.assertEqual(bool(end["records"]), written)
            ends.append({k: end[k] for k in ("complete", "keyspaces", "tables", "views", "types", "functions",
                                             "aggregates", "nodes")})
        self.assertEqual(ends[0], ends[1])
        self.assertGreater(ends[0]["tables"], 50)
        self.assertFalse(os.path.exists(self.path("none")))

    def test_epochs_of_two_runs(self):
        sim = self.sim("127.50.11.10:0", "--keyspaces", "1", "--tables", "2")
        epochs = []
        for _ in range(3):
            out, _ = self.run_it("crawl", sim.targets[0], status=0)
            records = self.records(out)
            self.assertEqual(len({r["epoch"] for r in records}), 1)
            versions = [r["version"] for r in records]
            self.assertEqual(versions, sorted(set(versions)))
            epochs.append(records[0]["epoch"])
        self.assertEqual(len(set(epochs)), 3)
        self.assertEqual(epochs, sorted(epochs))

    def test_filters_and_system(self):
        sim = self.sim("127.50.11.11:0", "--keyspaces", "2", "--tables", "3")
        tables = {}
        for name, options in {"all": [], "system": ["--system"], "none": ["--exclude", ".*"]}.items():
            out, _ = self.run_it("crawl", sim.targets[0], *options, status=0)
            tables[name] = {(r["keyspace"], r["name"]) for r in self.records(out) if r["kind"] == "table"}
        self.assertEqual(len(tables["all"]), 6)
        self.assertGreater(len(tables["system"]), 20)
        self.assertEqual(tables["none"], set())
        keyspace, name = sorted(tables["all"])[0]
        out, _ = self.run_it("crawl", sim.targets[0], "--include", f"{keyspace}\\.{name}", status=0)
        self.assertEqual([r["name"] for r in self.records(out) if r["kind"] == "table"], [name])
        self.assertEqual([r for r in self.records(out) if r["kind"] == "keyspace"], [])
        out, _ = self.run_it("crawl", sim.targets[0], "--include", keyspace, status=0)  # not what begins with it
        self.assertEqual([r["kind"] for r in self.records(out) if r["kind"] in ("keyspace", "table")], ["keyspace"])

    def test_names_and_labels_of_the_configuration(self):
        sim = self.sim("127.50.11.12:0", "--clusters", "2", "--keyspaces", "1", "--tables", "1")
        self.write("c.yaml", "groups: {g: {labels: {env: prod}}}\nclusters:\n" + "".join(
            f"  - {{name: c{i}, group: g, contact_points: ['{t}'], labels: {{n: '{i}'}}}}\n"
            for i, t in enumerate(sim.targets)))
        out, _ = self.run_it("crawl", "--config", "c.yaml", "c1", status=0)
        records = self.records(out)
        self.assertEqual({r["cluster"] for r in records}, {"c1"})
        self.assertEqual(records[0]["labels"], {"env": "prod", "n": "1"})
        out, _ = self.run_it("crawl", "--config", "c.yaml", "--select", "n=0", status=0)
        self.assertEqual({r["cluster"] for r in self.records(out)}, {"c0"})

    def test_one_bad_cluster_among_good_ones(self):
        sim = self.sim("127.50.11.20:0", "--clusters", "3", "--keyspaces", "1", "--tables", "2",
                       "--fault", "garbage=ssh@1")
        _, err = self.run_it("crawl", "--targets", sim.file, "127.50.11.29:1", "--output", "r", status=3)
        ends = self.ends(self.file_records("r"))
        self.assertEqual([ends[t]["read"] for t in sim.targets], ["complete", "failed", "complete"])
        self.assertEqual(ends[sim.targets[1]]["code"], "not_cql")
        self.assertEqual(ends["127.50.11.29:1"]["code"], "connection_refused")
        for word in ("4 clusters: 2 complete, 2 failed", "not_cql (1)", "connection_refused (1)", "-> check"):
            self.assertIn(word, err)

    def test_progress_and_logs_as_json(self):
        sim = self.sim("127.50.11.30:0", "--clusters", "2", "--keyspaces", "1", "--tables", "1")
        _, err = self.run_it("crawl", "--targets", sim.file, "127.50.11.39:1", "--output", "r", "--log-format", "json",
                             status=3)
        lines = self.records(err)
        retries = [x for x in lines if x["event"] == "retry"]
        self.assertEqual([(x["cluster"], x["attempts"]) for x in retries],
                         [("127.50.11.39:1", 1), ("127.50.11.39:1", 2)])
        lines = [x for x in lines if x["event"] not in ("progress", "retry")]
        self.assertEqual([x["event"] for x in lines], ["cluster"] * 3 + ["summary"])
        self.assertEqual((lines[-1]["clusters"], lines[-1]["complete"], lines[-1]["failed"]), (3, 2, 1))
        bad, = [x for x in lines if x.get("code")]
        self.assertEqual((bad["code"], bad["class"]), ("connection_refused", "network"))
        _, err = self.run_it("crawl", "--targets", sim.file, "--output", "r", "--progress", "none", status=0)
        self.assertEqual(err.count("\n"), 4, err)  # the summary alone


class Attempts(Case):
    """What the driver does between attempts, and that nobody waits for others."""

    def test_torn_read_is_repeated(self):
        sim = self.sim("127.50.16.1:0", "--keyspaces", "1", "--tables", "2", "--fault", "torn=1")
        out, err = self.run_it("crawl", sim.targets[0], status=0)
        self.assertIn("once more", err)
        records = self.records(out)
        ends = [r for r in records if r["kind"] == "scope_end"]
        self.assertEqual([(e["attempt"], e["read"]) for e in ends], [(1, "incomplete"), (2, "complete")])
        self.assertGreater(ends[1]["epoch"], ends[0]["epoch"])
        self.assertEqual([r["version"] for r in records], sorted(r["version"] for r in records))

    def test_torn_for_good(self):
        sim = self.sim("127.50.16.2:0", "--keyspaces", "1", "--tables", "2", "--fault", "torn=99")
        begin = time.monotonic()
        out, err = self.run_it("crawl", sim.targets[0], status=3)
        self.assertGreater(time.monotonic() - begin, 3.5)  # 0.5 s, then 3 s
        ends = [r for r in self.records(out) if r["kind"] == "scope_end"]
        self.assertEqual([e["read"] for e in ends], ["incomplete"] * 3)
        self.assertEqual(ends[2]["reasons"][0]["code"], "torn")
        self.assertIn("1 incomplete", err)

    def test_order_that_cannot_be_merged(self):
        sim = self.sim("127.50.16.3:0", "--keyspaces", "5", "--tables", "5", "--fault", "unordered")
        out, _ = self.run_it("crawl", sim.targets[0], status=0)
        ends = [r for r in self.records(out) if r["kind"] == "scope_end"]
        self.assertEqual(ends[-1]["read"], "complete")
        self.assertEqual(ends[-1]["counts"]["table"], 25)
        epochs = [e["epoch"] for e in ends]
        self.assertEqual(epochs, sorted(set(epochs)), "an attempt, an epoch")
        self.assertGreater(len(epochs), 1)

    def test_dead_ones_hold_nobody(self):
        """Four silent clusters fill the slots first; the others are read as slots come free, none waits for ever."""
        sim = self.sim("127.50.16.10:0", "--clusters", "24", "--keyspaces", "1", "--tables", "2",
                       "--fault", "silent@0/6")
        begin = time.monotonic()
        out, _ = self.run_it("crawl", "--targets", sim.file, "--concurrency", "4", "--timeout", "2s", status=3)
        self.assertLess(time.monotonic() - begin, 10)
        ends = self.ends(self.records(out))
        for i, target in enumerate(sim.targets):
            self.assertEqual(ends[target]["read"], "failed" if i % 6 == 0 else "complete", target)

    def test_little_memory(self):
        sim = self.sim("127.50.16.40:0", "--clusters", "12")
        out, _ = self.run_it("crawl", "--targets", sim.file, "--memory-max", "1MiB", "--compression", "none",
                             status=0)
        self.assertEqual({e["read"] for e in self.ends(self.records(out)).values()}, {"complete"})

    def test_larger_pages_far_away(self):
        """Pages of one table come one after another: over a distance there are fewer of them, with the same in them."""
        size = ["--keyspaces", "10", "--tables", "100", "--columns", "20"]
        of = {}
        for where, options in {"127.50.17.1:0": [], "127.50.18.1:0": ["--fault", "rtt=40"]}.items():
            sim = self.sim(where, *size, *options)
            self.run_it("crawl", sim.targets[0], "--output", "r", "--memory-max", "32MiB", status=0)
            records = self.file_records("r")
            hashes = [(r["name"], r["hash"]) for r in records if r["kind"] == "table"]
            self.assertEqual(len(hashes), 1000)
            of[where] = hashes, records[-1]["cost"]["waits"]
        (near, near_waits), (far, far_waits) = of.values()
        self.assertEqual(near, far)
        self.assertGreaterEqual(near_waits, 11)
        self.assertLess(far_waits, near_waits - 2)

    def test_same_records_in_every_dialect(self):
        sim = self.sim("127.50.16.60:0", "--keyspaces", "2", "--tables", "5", "--rich")
        seen = set()
        for protocol in ("4", "5", "auto"):
            for compression in ("none", "lz4", "auto"):
                out, _ = self.run_it("crawl", sim.targets[0], "--protocol", protocol, "--compression", compression,
                                     status=0)
                seen.add(tuple(r["hash"] for r in self.records(out) if r["kind"] not in ("cluster", "node")))
        self.assertEqual(len(seen), 1)


class Outputs(Case):
    def setUp(self):
        super().setUp()
        self.cluster = self.sim("127.50.12.1:0", "--clusters", "8", "--keyspaces", "5", "--tables", "20")

    def test_slow_reader(self):
        """A reader that sleeps stops the crawl, loses nothing and breaks no line; no deadline is missed."""
        process = self.start("crawl", "--targets", self.cluster.file, "--output", "-", "--timeout", "3s")
        time.sleep(4)
        out, err = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, 0, err)
        records = self.records(out.decode())
        self.assertEqual({e["read"] for e in self.ends(records).values()}, {"complete"})
        self.assertEqual(sum(r["kind"] == "table" for r in records), 800)

    def test_a_few_records_do_not_wait_for_others(self):
        """Too few for a write of their own: they leave all the same, while another cluster is waited for."""
        small = self.sim("127.50.12.40:0", "--keyspaces", "1", "--tables", "1")
        silent = self.sim("127.50.12.50:0", "--fault", "silent")
        process = self.start("crawl", small.targets[0], silent.targets[0], "--timeout", "20s", "--retries", "0")
        began = time.monotonic()
        while b'"scope_end"' not in process.stdout.readline():
            pass
        self.assertLess(time.monotonic() - began, 10)
        process.terminate()

    def test_reader_that_leaves(self):
        process = self.start("crawl", "--targets", self.cluster.file)
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read().decode()
        self.assertEqual(process.wait(LIMIT), 4, err)
        self.assertIn("NOT delivered: standard output: Broken pipe", err)

    def test_full_device(self):
        _, err = self.run_it("crawl", "--targets", self.cluster.file, "--output", "/dev/full", status=4)
        self.assertIn("No space left on device", err)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/full").st_mode))

    def test_devices_and_pipes_are_written_directly(self):
        self.run_it("crawl", self.cluster.targets[0], "--output", "/dev/null", status=0)
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        os.mkfifo(self.path("pipe"))
        with open(self.path("copy"), "wb") as copy:
            reader = subprocess.Popen(["cat", self.path("pipe")], stdout=copy)
        self.run_it("crawl", self.cluster.targets[0], "--output", "pipe", status=0)
        self.assertEqual(reader.wait(LIMIT), 0)
        self.assertEqual(len(self.ends(self.file_records("copy"))), 1)
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe")).st_mode))

    def test_file_is_replaced_whole(self):
        self.write("r", "old\n")
        os.symlink("r", self.path("link"))
        self.run_it("crawl", self.cluster.targets[0], "--output", "link", status=0)
        self.assertTrue(os.path.islink(self.path("link")))
        self.assertEqual(len(self.ends(self.file_records("r"))), 1)

    def test_two_runs_one_file(self):
        silent = self.sim("127.50.12.20:0", "--fault", "silent")
        first = self.start("crawl", silent.targets[0], "--output", "r")
        self.wait_for(lambda: os.path.exists(self.path("r.partial")), "the first run begins")
        _, err = self.run_it("crawl", self.cluster.targets[0], "--output", "r", status=2)
        self.assertIn("another run is writing it", err)
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=LIMIT)

    def test_terminal(self):
        """Without --output a terminal gets a table; NO_COLOR takes the colours away."""
        for colour in (True, False):
            try:
                master, slave = pty.openpty()
            except OSError as error:
                self.skipTest(f"no terminal can be opened here (/dev/pts): {error}")
            environment = {**os.environ, "TERM": "xterm"}
            environment.pop("NO_COLOR", None)
            if not colour:
                environment["NO_COLOR"] = "1"
            process = subprocess.Popen([os.environ["CQLCRAWL"], "crawl", self.cluster.targets[0], "127.50.12.99:1"],
                                       stdin=slave, stdout=slave, stderr=slave, env=environment)
            os.close(slave)
            text = b""
            try:
                while chunk := os.read(master, 65536):
                    text += chunk
            except OSError:
                pass  # the terminal's end
            os.close(master)
            self.assertEqual(process.wait(LIMIT), 3)
            self.assertIn(b"CLUSTER", text)
            self.assertNotIn(b'"schema"', text)
            self.assertIn(b"connection_refused", text)
            self.assertEqual(b"\033[32m" in text, colour)


class Signals(Case):
    def interrupted(self, sent, status):
        good = self.sim("127.50.13.1:0", "--clusters", "2", "--keyspaces", "1", "--tables", "2")
        silent = self.sim("127.50.13.9:0", "--fault", "silent")
        self.write("r", "old\n")
        process = self.start("crawl", "--targets", good.file, silent.targets[0], "--output", "r", "--progress", "lines")
        lines = []
        while len(lines) < 2:  # both good ones are done
            lines.append(process.stderr.readline())
        process.send_signal(sent)
        out, err = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, status, err)
        with open(self.path("r")) as f:
            self.assertEqual(f.read(), "old\n")  # whole or absent: what was there stays
        ends = self.ends(self.file_records("r.partial"))
        self.assertEqual({t: ends[t]["read"] for t in good.targets}, dict.fromkeys(good.targets, "complete"))
        self.assertEqual(ends[silent.targets[0]]["code"], "cancelled")
        self.assertIn(b"interrupted", err)
        self.assertIn(b"r.partial", err)

    def test_once(self):
        self.interrupted(signal.SIGINT, 130)

    def test_terminated(self):
        self.interrupted(signal.SIGTERM, 143)

    def test_twice(self):
        """The first waits for a reader who does not read; the second one does not."""
        sim = self.sim("127.50.13.20:0", "--clusters", "10", "--keyspaces", "10", "--tables", "20")
        process = self.start("crawl", "--targets", sim.file, "--output", "-")
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        self.assertIsNone(process.poll())
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(LIMIT), 130)
        self.assertLess(time.monotonic() - begin, 1)
        process.communicate(timeout=LIMIT)
