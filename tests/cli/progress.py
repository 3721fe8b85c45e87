# SPDX-License-Identifier: Apache-2.0
"""What a run says while it goes on: JSON, lines, a bar on a terminal, SIGUSR1; limits; fail-on."""
import fcntl
import os
import pty
import re
import resource
import struct
import subprocess
import termios
import time

from support import Case, CQLCRAWL, LIMIT, signal


class Progress(Case):
    def test_json(self):
        slow = self.sim("127.67.13.1:0", "--clusters", "2", "--fault", "silent")
        sim = self.sim("127.67.13.10:0", "--clusters", "3", "--keyspaces", "1", "--tables", "2")
        _, err = self.run_it("crawl", "--targets", sim.file, *slow.targets, "--timeout", "4s", "--retries", "0",
                             "--progress", "json", "--output", "r", status=3)
        lines = self.records(err)
        self.assertEqual({x["event"] for x in lines}, {"progress", "cluster", "summary"})
        progress = [x for x in lines if x["event"] == "progress"]
        self.assertGreaterEqual(len(progress), 2)
        self.assertEqual(list(progress[0]), [
            "time", "level", "event", "clusters", "done", "complete", "unchanged", "incomplete", "failed", "in_flight",
            "later", "delivering", "records", "bytes_in", "clusters_per_s", "bytes_per_s", "left_s", "memory_used",
            "memory_max", "sink_bound", "slowest"])
        self.assertEqual((progress[0]["clusters"], progress[0]["done"], progress[0]["in_flight"]), (5, 3, 2))
        self.assertEqual({x["cluster"] for x in progress[0]["slowest"]}, set(slow.targets))
        self.assertEqual(sum(x["event"] == "cluster" for x in lines), 5)
        self.assertEqual(lines[-1]["event"], "summary")

    def test_many_that_go_wrong_are_counted(self):
        """Of each code twenty have a line."""
        self.write("t", "".join(f"127.67.14.{i}:1\n" for i in range(1, 61)))
        _, err = self.run_it("crawl", "--targets", "t", "--output", "r", "--retries", "0", status=3)
        self.assertEqual(err.count("failed      127."), 20)
        self.assertIn("further connection_refused are counted only", err)
        self.assertIn("connection_refused (60)", err)
        self.assertIn("and 55 more", err)
        _, err = self.run_it("crawl", "--targets", "t", "--output", "r", "--retries", "0", "--progress", "lines",
                             status=3)
        self.assertEqual(err.count("failed      127."), 60)

    def test_state_on_signal(self):
        slow = self.sim("127.67.13.20:0", "--fault", "silent")
        process = self.start("crawl", slow.targets[0], "--output", "r", "--timeout", "5s", "--retries", "0")
        time.sleep(1)
        process.send_signal(signal.SIGUSR1)
        _, err = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, 3, err)
        err = err.decode()
        self.assertIn("0 of 1 done", err)
        self.assertIn("1 running of 1000 at once", err)
        self.assertRegex(err, r"slowest: 127\.67\.13\.20:\d+ \d")
        self.assertIn("  memory ", err)

    def bar(self, **environment):
        """What a terminal of 60 columns gets."""
        slow = self.sim("127.67.13.30:0", "--fault", "silent")
        good = self.sim("127.67.13.31:0", "--clusters", "50", "--keyspaces", "1", "--tables", "2")
        try:
            master, slave = pty.openpty()
        except OSError as error:
            self.skipTest(f"no terminal can be opened here (/dev/pts): {error}")
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        process = subprocess.Popen(
            [CQLCRAWL, "crawl", "--targets", good.file, slow.targets[0], "127.67.13.99:1", "--timeout", "3s",
             "--retries", "0", "--output", self.path("r")], stdin=slave, stdout=slave, stderr=slave,
            env={**os.environ, "TERM": "xterm", **environment})
        os.close(slave)
        text = b""
        try:
            while chunk := os.read(master, 65536):
                text += chunk
        except OSError:
            pass
        os.close(master)
        self.assertEqual(process.wait(LIMIT), 3)
        return text.decode()

    def test_bar(self):
        text = self.bar()
        self.assertIn("51 of 52 done", text)
        self.assertIn("slowest: 127.67.13.30:", text)
        self.assertRegex(text, r"\[=+>? *\]")
        self.assertGreater(text.count("\033[J"), 8)  # drawn again in its place
        self.assertLess(text.count("\033[J"), 30)  # at most five times a second
        rest = text[text.rindex("\033[J"):]
        self.assertNotIn(" of 52 done", rest)  # it has gone at the end
        self.assertIn("52 clusters:", rest)
        self.assertRegex(text, r"\033\[3\dm")
        for line in text.replace("\r", "").split("\n"):
            if " done" in line or "[=" in line or "slowest" in line:
                self.assertLess(len(line.split("\033[J")[-1]), 60 + 9 * 2, line)

    def test_no_colour(self):
        self.assertNotRegex(self.bar(NO_COLOR="1"), r"\033\[\d+m")

    def test_dumb_terminal(self):
        text = self.bar(TERM="dumb")
        self.assertNotIn("\033", text)
        self.assertIn("connection_refused", text)


class Limits(Case):
    def test_descriptors(self):
        """The hard limit counts, and what does not fit is said once."""
        sim = self.sim("127.67.15.1:0", "--clusters", "200", "--keyspaces", "1", "--tables", "2")

        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (100, 150))

        _, err = self.run_it("crawl", "--targets", sim.file, "--output", "r", status=0, preexec_fn=few)
        self.assertEqual(err.count("clusters at once instead of 1000: this process may open 150 files (ulimit -n)"), 1)
        self.assertEqual(err.count("cqlcrawl: "), 1, err)  # and then it does fit
        self.assertIn("200 clusters: 200 complete", err)
        _, err = self.run_it("crawl", sim.targets[0], "--output", "r", "--concurrency", "20", status=0, preexec_fn=few)
        self.assertNotIn("at once instead of", err)
        _, err = self.run_it("crawl", sim.targets[0], "--output", "r", "--half-open", "70", status=0, preexec_fn=few)
        self.assertIn(" instead of 1000, 10 connections being made at once instead of 70: this process may open 150",
                      err)

    def test_half_open(self):
        """More connections than the usual 256 are made at once where somebody asks for it."""
        sim = self.sim("127.67.18.1:0", "--clusters", "600", "--fault", "silent")

        def most(*options):
            process = self.start("crawl", "--targets", sim.file, "--output", "r", "--retries", "0", *options)
            for _ in range(20):  # a silent one stops counting after a second
                time.sleep(0.1)
                process.send_signal(signal.SIGUSR1)
            process.kill()
            err = process.communicate(timeout=LIMIT)[1].decode()
            return max(int(n) for n in re.findall(r"(\d+) being connected", err))

        self.assertEqual(most(), 256)
        self.assertGreater(most("--half-open", "600"), 256)
        _, err = self.run_it("crawl", "--half-open", "16385", "h", status=2)
        self.assertIn("--half-open: a number from 1 to 16384", err)

    def test_fail_on(self):
        sim = self.sim("127.67.16.1:0", "--clusters", "8", "--keyspaces", "1", "--tables", "1")
        bad = ["127.67.16.99:1", "127.67.16.98:1"]
        for what, status in {"any": 3, "none": 0, "2": 3, "3": 0, "20%": 3, "21%": 0}.items():
            self.run_it("crawl", "--targets", sim.file, *bad, "--retries", "0", "--output", "r", "--fail-on", what,
                        status=status)

    def test_more_targets_than_the_library_holds(self):
        """Those beyond the window are checked before anybody is contacted, and read as others are done."""
        sim = self.sim("127.67.17.1:0", "--keyspaces", "1", "--tables", "1")
        n = 2100
        self.write("c.yaml", "defaults: {compression: none}\nclusters:\n" + "".join(
            f"  - {{name: c{i}, connect: '{sim.targets[0]}'}}\n" for i in range(n)))
        _, err = self.run_it("crawl", "--config", "c.yaml", "--output", "r", "--concurrency", "100", status=0)
        self.assertIn(f"{n} clusters: {n} complete", err)
        with open(self.path("c.yaml"), "a") as f:
            f.write("  - {name: last, connect: '127.67.17.2', include: '('}\n")
        _, err = self.run_it("crawl", "--config", "c.yaml", "--output", "r", status=2)
        self.assertIn("last", err)
