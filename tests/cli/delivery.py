# SPDX-License-Identifier: Apache-2.0
"""Where records of a run go: a folder, HTTP receivers, dead letters; and what is counted of it."""
import json
import os
import re
import resource
import stat
import time

from receiver import Receiver
from support import Case, LIMIT, signal


def metric(text, name):
    """The samples of a name: {labels: value}."""
    found = re.findall(r"^%s(?:\{(.*)\})? (\S+)$" % name, text, re.M)
    return {labels: float(value) for labels, value in found}


class NoLibrary(Case):
    def test_without_libcurl(self):
        """libcurl is loaded for sinks and lists alone; where it is not there a word says what to install."""
        sim = self.sim("127.67.11.90:0", "--keyspaces", "1", "--tables", "2")
        self.write("libcurl.so.4", "no library\n")
        env = dict(os.environ, LD_LIBRARY_PATH=self.folder)
        self.run_it("crawl", *sim.targets, "--output", "o.ndjson", status=0, env=env)
        _, err = self.run_it("crawl", *sim.targets, "--sink", "http://127.0.0.1:1/", status=2, env=env)
        self.assertIn("HTTP needs libcurl 7.85 or later (Debian: libcurl4)", err)


class Folder(Case):
    def names(self):
        return sorted(n for n in os.listdir(self.path("out")) if not n.startswith("."))

    def of(self, name):
        return self.file_records(os.path.join("out", name))

    def test_file_per_cluster(self):
        sim = self.sim("127.67.11.1:0", "--clusters", "30", "--keyspaces", "2", "--tables", "3")
        _, err = self.run_it("crawl", "--targets", sim.file, "--output", "out/", "--concurrency", "20", status=0)
        self.assertIn("records in out/: 30 files written\n", err)
        self.assertEqual(self.names(), sorted(t.replace(":", "%3A") + ".ndjson" for t in sim.targets))
        for target in sim.targets:
            records = self.of(target.replace(":", "%3A") + ".ndjson")
            self.assertEqual({r["cluster"] for r in records}, {target})
            self.assertEqual((records[0]["kind"], records[-1]["kind"]), ("scope_begin", "scope_end"))
            self.assertEqual(sum(r["kind"] == "table" for r in records), 6)

    def test_only_complete_reads_replace(self):
        """A torn attempt leaves no line behind, a failed read leaves the file of before."""
        torn = self.sim("127.67.11.10:0", "--keyspaces", "1", "--tables", "2", "--fault", "torn=1")
        sick = self.sim("127.67.11.11:0", "--fault", "garbage=ssh")
        os.mkdir(self.path("out"))
        self.write("c.yaml", f"clusters: [{{name: torn, connect: '{torn.targets[0]}'}},"
                             f" {{name: Sick/1, connect: '{sick.targets[0]}'}}]\n")
        self.write(os.path.join("out", "torn.ndjson"), "old\n")
        _, err = self.run_it("crawl", "--config", "c.yaml", "--output", "out/", status=3)
        ends = [r for r in self.of("torn.ndjson") if r["kind"] == "scope_end"]
        self.assertEqual([(e["attempt"], e["read"]) for e in ends], [(2, "complete")])
        partial, = [n for n in self.names() if n.startswith("Sick%2F1~")]
        self.assertTrue(partial.endswith(".ndjson.partial"))
        self.assertEqual(self.of(partial)[-1]["code"], "not_cql")
        self.assertEqual(len(self.names()), 2)

    def test_unchanged(self):
        """With a state an unchanged cluster keeps its file; where that is gone, or another folder, it is read again."""
        sim = self.sim("127.67.11.50:0", "--clusters", "2", "--keyspaces", "1", "--tables", "2")
        first, second = (self.path("out/" + t.replace(":", "%3A") + ".ndjson") for t in sim.targets)

        def crawl(folder, *more):
            _, err = self.run_it("crawl", "--targets", sim.file, "--state", "s", "--output", folder, *more,
                                 "--log-format", "json", status=0)
            end = self.records(err)[-1]
            self.assertEqual("kept: unchanged" in end["output"], end["unchanged"] > 0, end["output"])
            return end["unchanged"]

        self.assertEqual(crawl("out/"), 0)
        with open(first) as f:
            text = f.read()
        os.utime(first, (1, 1))
        os.unlink(second)
        self.assertEqual(crawl("./out//"), 1)
        with open(first) as f:
            self.assertEqual(f.read(), text)
        self.assertGreater(os.stat(first).st_mtime, 1000)
        self.assertTrue(os.path.exists(second))
        self.assertEqual(crawl("out/"), 2)
        self.assertEqual(crawl("other/"), 0)
        self.assertEqual(crawl("out/"), 0, "what another folder got is not here")
        self.assertEqual(crawl("out/"), 2)
        receiver = Receiver(self, "127.67.11.59:0")
        self.assertEqual(crawl("out/", "--sink", receiver.url), 0, "the receiver has nothing yet")
        self.assertEqual(crawl("out/", "--sink", receiver.url), 2)
        self.assertEqual(receiver.stats()["scopes"]["complete"], 2)

    def test_lost_files_are_no_complete_reads(self):
        sim = self.sim("127.67.11.60:0", "--keyspaces", "5", "--tables", "20")

        def small():
            resource.setrlimit(resource.RLIMIT_FSIZE, (150000, 150000))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        os.mkdir(self.path("out"))
        self.write("out/" + sim.targets[0].replace(":", "%3A") + ".ndjson", "old\n")
        self.run_it("crawl", sim.targets[0], "--state", "s", "--output", "out/", status=4, preexec_fn=small)
        _, err = self.run_it("crawl", sim.targets[0], "--state", "s", "--output", "out/", status=0)
        self.assertIn("1 complete in", err)
        self.assertNotIn("unchanged", err)

    def test_interrupted(self):
        silent = self.sim("127.67.11.20:0", "--fault", "silent")
        os.mkdir(self.path("out"))
        name = silent.targets[0].replace(":", "%3A") + ".ndjson"
        self.write(os.path.join("out", name), "old\n")
        process = self.start("crawl", silent.targets[0], "--output", "out/")
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, 143, err)
        with open(self.path(os.path.join("out", name))) as f:
            self.assertEqual(f.read(), "old\n")

    def test_one_run_at_a_time(self):
        silent = self.sim("127.67.11.30:0", "--fault", "silent")
        first = self.start("crawl", silent.targets[0], "--output", "out/")
        self.wait_for(lambda: os.path.exists(self.path("out/.cqlcrawl.lock")), "the first run begins")
        _, err = self.run_it("crawl", silent.targets[0], "--output", "out/", status=2)
        self.assertIn("another run is writing it", err)
        first.kill()
        first.communicate(timeout=LIMIT)
        self.write("file", "")
        _, err = self.run_it("crawl", silent.targets[0], "--output", "file/", status=2)
        self.assertIn("file/: cannot be written: Not a directory", err)

    def test_full_disk(self):
        """What cannot be written is said, is status 4, and renames nothing."""
        sim = self.sim("127.67.11.40:0", "--clusters", "3", "--keyspaces", "5", "--tables", "20")

        def small():
            resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        _, err = self.run_it("crawl", "--targets", sim.file, "--output", "out/", status=4, preexec_fn=small)
        self.assertRegex(err, r"NOT delivered: out/127\.67\.11\.\S*: File too large")
        self.assertEqual([n for n in self.names() if n.endswith(".ndjson")], [])


class Sinks(Case):
    def crawl(self, *args, status):
        """(summary, metrics) of a crawl."""
        _, err = self.run_it("crawl", "--progress", "json", "--metrics-file", "m.prom", *args, status=status)
        with open(self.path("m.prom")) as f:
            return self.records(err)[-1], f.read()

    def agree(self, summary, metrics, receiver):
        """Every count of one sink, as summary, metrics and receiver have it; the summary's sink."""
        sink, = [k for k in summary["sinks"] if k["sink"] == receiver.name]
        stats = receiver.stats()
        self.assertEqual(sink["offered"], sink["accepted"] + sink["dead_letters"] + sink["pending"])
        self.assertEqual(sink["offered"], summary["records"])
        self.assertEqual(stats["records"]["distinct"], sink["accepted"])
        self.assertEqual(stats["violations"]["total"], 0, stats["said"])
        for name, key in {"records_offered_total": "offered", "records_accepted_total": "accepted",
                          "dead_letters_total": "dead_letters", "records_pending": "pending",
                          "requests_total": "requests", "retries_total": "retries",
                          "accepted_bytes_total": "bytes"}.items():
            self.assertEqual(metric(metrics, "cqlcrawl_sink_" + name)[f'sink="{receiver.name}"'], sink[key], name)
        self.assertEqual(metric(metrics, "cqlcrawl_records_total")[""], summary["records"])
        return sink

    def test_keys_of_two_runs(self):
        """Nothing that can be repeated makes a key: a receiver would take the second run for the first one's echo."""
        sim = self.sim("127.67.11.95:0", "--keyspaces", "1", "--tables", "2")
        receiver = Receiver(self, "127.67.11.99:0")
        for _ in range(2):
            self.crawl(sim.targets[0], "--seed", "7", "--sink", receiver.url, status=0)
        self.assertEqual(receiver.stats()["violations"]["key_reused"], 0)
        self.assertEqual(receiver.stats()["scopes"]["complete"], 2)

    def test_counts_agree(self):
        sim = self.sim("127.67.12.1:0", "--clusters", "40", "--keyspaces", "2", "--tables", "20",
                       "--fault", "garbage=ssh@0/10")
        faults = "7:503@10%,429:retry-after=0@5%,close-after-body:stored@5%"
        receiver = Receiver(self, "127.67.12.99:0", "--faults", faults)
        summary, metrics = self.crawl("--targets", sim.file, "--sink", receiver.url, status=3)
        self.assertEqual((summary["complete"], summary["failed"], summary["undelivered"]), (36, 4, 0))
        sink = self.agree(summary, metrics, receiver)
        self.assertEqual((sink["dead_letters"], sink["pending"]), (0, 0))
        self.assertEqual(summary["classes"], [{"class": "protocol", "n": 4}])
        self.assertEqual([(c["code"], c["n"]) for c in summary["codes"]], [("not_cql", 4)])
        self.assertEqual(metric(metrics, "cqlcrawl_crawls_total"), {
            'read="complete"': 36, 'read="incomplete"': 0, 'read="failed"': 4})
        self.assertEqual(sum(metric(metrics, "cqlcrawl_cluster_read").values()), 8)

    def test_metrics_are_documented(self):
        sim = self.sim("127.67.12.40:0", "--keyspaces", "1", "--tables", "1")
        receiver = Receiver(self, "127.67.12.94:0")
        _, metrics = self.crawl(sim.targets[0], "127.67.12.41:1", "--retries", "0", "--sink", receiver.url, status=3)
        with open(os.path.join(os.path.dirname(__file__), "..", "..", "docs", "operations.md")) as f:
            named = f.read()
        for family in re.findall(r"^# TYPE (\S+)", metrics, re.M):
            short = re.sub("cqlcrawl_(memory|crawls)", "", family)
            self.assertTrue(f"`{family}" in named or f"`{short}`" in named, family)

    def test_dead_letters(self):
        """A record that a receiver never takes is kept, with its answer; everything else arrives."""
        sim = self.sim("127.67.12.50:0", "--clusters", "3", "--keyspaces", "1", "--tables", "20")
        receiver = Receiver(self, "127.67.12.98:0", "--poison", '"name":"table_07"')
        summary, metrics = self.crawl("--targets", sim.file, "--sink", receiver.url, status=4)
        sink = self.agree(summary, metrics, receiver)
        self.assertEqual((sink["dead_letters"], sink["pending"], summary["undelivered"]), (3, 0, 3))
        self.assertEqual(summary["dead_letters_file"], "cqlcrawl-dead-letters.ndjson")
        letters = self.file_records("cqlcrawl-dead-letters.ndjson")
        self.assertEqual({x["record"]["cluster"] for x in letters}, set(sim.targets))
        for letter in letters:
            self.assertEqual(list(letter), ["time", "sink", "status", "why", "answer", "record"])
            self.assertEqual((letter["sink"], letter["status"], letter["why"]), (receiver.name, 400, "rejected"))
            self.assertEqual(letter["record"]["name"], "table_07")
        mode = os.stat(self.path("cqlcrawl-dead-letters.ndjson")).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        _, err = self.run_it("crawl", sim.targets[0], "--sink", receiver.url, "--dead-letters", "d/e", status=2)
        self.assertIn("d/e: dead letters could not be kept there (--dead-letters): No such file", err)

    def test_text_summary(self):
        sim = self.sim("127.67.12.60:0", "--keyspaces", "1", "--tables", "5")
        receiver = Receiver(self, "127.67.12.97:0")
        out, err = self.run_it("crawl", sim.targets[0], "127.67.12.61:1", "--retries", "0", "--sink", receiver.url,
                               "--fail-on", "60%", status=0)
        self.assertEqual(out, "")
        n = receiver.stats()["records"]["distinct"]
        self.assertIn(f"sink {receiver.name}: {n} records offered, {n} accepted; ", err)
        self.assertFalse(os.path.exists(self.path("cqlcrawl-dead-letters.ndjson")))

    def test_interrupted_with_a_sink_that_refuses(self):
        """What was read is delivered for ten seconds at most; then it is counted, and the end is in good order."""
        sim = self.sim("127.67.12.70:0", "--clusters", "4", "--keyspaces", "1", "--tables", "5")
        receiver = Receiver(self, "127.67.12.96:0", "--script", "401")
        process = self.start("crawl", "--targets", sim.file, "--sink", receiver.url)
        self.wait_for(lambda: receiver.stats()["requests"]["posts"], "a request")
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, 130, err)
        self.assertGreater(time.monotonic() - begin, 9)
        self.assertLess(time.monotonic() - begin, 13)
        self.assertIn("stopping: what was read has ten seconds", err.decode())
        self.assertIn("is parked", err.decode())
        self.assertRegex(err.decode(), r"sink \S+: (\d+) records offered, 0 accepted, \1 NOT delivered")

    def test_interrupted_with_a_sink_that_takes(self):
        silent = self.sim("127.67.12.80:0", "--fault", "silent")
        good = self.sim("127.67.12.81:0", "--keyspaces", "1", "--tables", "5")
        receiver = Receiver(self, "127.67.12.95:0", "--script", "200:delay=200ms")  # longer than no grace
        process = self.start("crawl", silent.targets[0], good.targets[0], "--sink", receiver.url, "--progress", "json")
        process.stderr.readline()  # the good one is done
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, 143, err)
        summary = self.records(err.decode())[-1]
        sink, = summary["sinks"]
        self.assertEqual((sink["pending"], sink["accepted"]), (0, sink["offered"]))
        scopes = receiver.stats()["scopes"]
        self.assertEqual((scopes["begun"], scopes["complete"], scopes["failed"]), (2, 1, 1))
