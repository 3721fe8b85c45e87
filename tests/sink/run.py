#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py [TESTS]: the library's sinks and fetches, by tests/sink/drive.c, against simulated clusters and receivers.

SINK_DRIVE, CQLSIM and RECEIVER name the programs (tests/sink.cmake sets them).
"""
import email.utils
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "support"))

from receiver import Receiver  # noqa: E402
from servers import Server  # noqa: E402

DRIVE, CQLSIM, RECEIVER = (os.environ[n] for n in ("SINK_DRIVE", "CQLSIM", "RECEIVER"))
NONE, ACCEPTED, REJECTED, UNKNOWN = range(4)
OPEN, COOLING, PARKED = range(3)


def no_content(_):
    return 204, b"", {}


class Outcome:
    def __init__(self, text, status):
        self.status, self.text = status, text
        self.lines = [line.split(" ") for line in text.splitlines()]
        self.done = {line[1]: line for line in self.lines if line[0] == "done"}
        self.states = [int(line[1]) for line in self.lines if line[0] == "sink"]
        self.codes = {line[2] for line in self.lines if line[0] == "sink"}
        self.letters = [line for line in text.splitlines() if line.startswith("letter")]
        stats = [line[1:] for line in self.lines if line[0] == "stats"]
        self.stats = {k: int(v) for k, v in (w.split("=") for w in stats[0])} if stats else {}

    def deliveries(self):
        return {int(line[2]) for line in self.done.values()}


class Case(unittest.TestCase):
    sims = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="cq-sink-")
        cls.listen("127.63.2.1", ["--clusters", "24", "--keyspaces", "2", "--tables", "10"])

    @classmethod
    def listen(cls, host, options):
        targets = os.path.join(cls.folder, "targets")
        cls.sim = subprocess.Popen([CQLSIM, "--listen", host + ":0", "--targets-file", targets, *options],
                                   stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not os.path.exists(targets):
            if cls.sim.poll() is not None or time.monotonic() > end:
                raise RuntimeError("cqlsim did not start")
            time.sleep(0.01)
        with open(targets, encoding="utf-8") as f:
            cls.targets = f.read().split()

    @classmethod
    def tearDownClass(cls):
        cls.sim.terminate()
        cls.sim.wait(30)
        shutil.rmtree(cls.folder, True)

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        return path

    def start(self, url, *options, targets=None):
        targets = self.targets if targets is None else targets
        return subprocess.Popen([DRIVE, url, *options, *targets], stdout=subprocess.PIPE, text=True)

    def end(self, process, status=0):
        out, _ = process.communicate(timeout=120)
        self.assertEqual(process.returncode, status, out)
        return Outcome(out, process.returncode)

    def drive(self, url, *options, targets=None, status=0):
        return self.end(self.start(url, *options, targets=targets), status)

    def server(self, answer, host="127.63.0.2", **more):
        server = Server(host, answer, **more)
        self.addCleanup(server.close)
        return server

    def check_counts(self, outcome):
        s = outcome.stats
        self.assertEqual(s["offered"], s["accepted"] + s["dead"] + s["pending"])
        self.assertEqual(s["offered"], sum(int(d[4]) for d in outcome.done.values()))


class Delivery(Case):
    """Everything arrives, whatever the receiver does."""

    def deliver(self, receiver_options, *options, targets=None):
        with Receiver(RECEIVER, self.folder, "127.63.3.1", *receiver_options) as r:
            outcome = self.drive(r.url, "seed=7", *options, targets=targets)
            stats = r.stats()
        self.check_counts(outcome)
        self.assertEqual(outcome.deliveries(), {ACCEPTED}, outcome.text)
        self.assertEqual(stats["records"]["distinct"], outcome.stats["offered"])
        self.assertEqual(outcome.stats["in_flight"], 0)
        self.assertEqual([v for v in stats["violations"].values() if isinstance(v, int) and v], [],
                         stats["violations"])
        return outcome, stats

    def test_encodings(self):
        for encoding in (0, 1, 2):
            outcome, _ = self.deliver([], f"encoding={encoding}")
            s = outcome.stats
            self.assertEqual(s["retries"], 0)
            if encoding:
                self.assertLess(s["encoded"] * 3, s["bytes"])
            else:
                self.assertEqual(s["encoded"], s["bytes"])

    def test_small_batches(self):
        outcome, _ = self.deliver([], "batch_records=3", "in_flight=8")
        self.assertGreaterEqual(outcome.stats["requests"], outcome.stats["offered"] // 3)

    def test_faults_by_seed(self):
        faults = ("503@5%,429:retry-after=1@2%,429:retry-date=1@2%,reset-after=1000@5%,"
                  "close-after-body:stored@5%,reset-answer=5@5%,503:stored@3%,never:stored@1%,slow=2000000@5%")
        for seed in (1, 2, 3):
            outcome, _ = self.deliver(["--max-body", "30000", "--faults", f"{seed}:{faults}"],
                                      "batch_bytes=40000", "timeout=1500")
            self.assertGreater(outcome.stats["retries"], 0)

    def test_dying_connections(self):
        """Each second body of a connection is taken and the connection dies: bodies = requests."""
        outcome, stats = self.deliver(["--script", "ok,close-after-body:stored"], "batch_records=5", "in_flight=2")
        self.assertEqual(stats["requests"]["posts"], outcome.stats["requests"])
        self.assertGreater(outcome.stats["retries"], 10)

    def test_small_limit(self):
        outcome, _ = self.deliver(["--max-body", "30000"])
        # the limit is learnt, not found out for every batch
        self.assertLess(outcome.stats["requests"], outcome.stats["bytes"] / 30000 * 3)

    def test_no_zstd_here(self):
        with Receiver(RECEIVER, self.folder, "127.63.3.1") as r:
            def answer(request):
                if "Content-Encoding" in request.headers:
                    return 415, b"no", {}
                return 204, b"", {}
            server = self.server(answer)
            outcome = self.drive(server.url, "encoding=2", "in_flight=1", "batch_records=20")
            del r
        self.assertEqual(outcome.deliveries(), {ACCEPTED})
        self.assertEqual(sum("Content-Encoding" in q.headers for q in server.requests), 1)

    def test_age(self):
        """A batch does not wait for more than its age while something runs: one cluster of two is dead slow."""
        server = self.server(no_content)
        targets = self.targets[:1]
        began = time.monotonic()
        self.drive(server.url, "batch_age=60000", targets=targets)
        self.assertLess(time.monotonic() - began, 10)  # nothing more is coming: no age


class Answers(Case):
    """What statuses lead to."""

    def test_poison(self):
        """One bad record among many: it alone is a dead letter, found by halving."""
        def answer(request):
            bad = [line for line in request.body.splitlines() if b'"kind":"node"' in line]
            return (422, b"node is not to my taste", {}) if bad else (200, b"", {})
        server = self.server(answer)
        outcome = self.drive(server.url, targets=self.targets[:3])
        nodes = outcome.stats["dead"]
        self.assertEqual(outcome.deliveries(), {REJECTED})
        self.assertEqual(len(outcome.letters), nodes)
        self.assertGreater(nodes, 2)
        for letter in outcome.letters:
            self.assertRegex(letter, r'letter 422 rejected node is not to my taste \{.*"kind":"node"')
        self.check_counts(outcome)
        self.assertEqual(sum(int(d[3]) for d in outcome.done.values()), nodes)

    def test_too_large_by_itself(self):
        server = self.server(lambda q: (413, b"", {}) if b'"kind":"table"' in q.body else (200, b"", {}))
        outcome = self.drive(server.url, targets=self.targets[:1])
        self.assertEqual(outcome.stats["dead"], 20)
        self.assertTrue(all(letter.startswith("letter 413 too_large") for letter in outcome.letters))

    def test_letters_not_kept(self):
        """A dead letter that cannot be kept parks the sink; nothing is lost: still pending."""
        for how in ("fail", "none"):
            server = self.server(lambda q: (400, b"no", {}))
            outcome = self.drive(server.url, f"letters={how}", "give_up=1000", targets=self.targets[:1])
            self.assertIn(PARKED, outcome.states)
            self.assertIn("dead_letters", outcome.codes)
            self.assertEqual(outcome.stats["dead"], 0)
            self.assertEqual(outcome.stats["pending"], outcome.stats["offered"])
            self.assertEqual(outcome.deliveries(), {UNKNOWN})

    def test_parked(self):
        """Nothing is dropped and hardly anything asked while a destination refuses everything."""
        for status in (301, 403, 404, 405, 410, 501):
            server = self.server(lambda q, s=status: (s, b"go away", {"Location": "http://127.63.0.2:9/"}))
            outcome = self.drive(server.url, "give_up=700", "batch_records=10", targets=self.targets[:4])
            self.assertEqual(outcome.states, [PARKED], status)
            self.assertEqual(outcome.stats["pending"], outcome.stats["offered"])
            self.assertLessEqual(len(server.requests), 4)
            self.assertEqual(outcome.deliveries(), {UNKNOWN})
            self.assertIn("go away", outcome.text)

    def test_wake(self):
        """A parked sink is asked again at once when it is told to."""
        server = self.server(lambda q: (403, b"", {}) if q.n == 0 else (204, b"", {}))
        began = time.monotonic()
        outcome = self.drive(server.url, "wake=500", "in_flight=1", targets=self.targets[:1])
        self.assertLess(time.monotonic() - began, 4)
        self.assertEqual(outcome.states, [PARKED, OPEN])
        self.assertEqual(outcome.deliveries(), {ACCEPTED})

    def test_retry_after(self):
        """Seconds and dates are lower bounds, for the whole destination."""
        for form in ("2", None):
            held, early = {}, []

            def answer(request, form=form, held=held, early=early):
                now = time.monotonic()
                if request.n == 0:
                    value = form or email.utils.formatdate(time.time() + 3, usegmt=True)
                    held["until"] = now + (2 if form else 1.9)
                    return 429, b"", {"Retry-After": value}
                if now < held["until"]:
                    early.append(request.n)
                return 204, b"", {}
            server = self.server(answer)
            outcome = self.drive(server.url, "in_flight=1", "batch_records=10", targets=self.targets[:2])
            self.assertEqual(early, [])
            self.assertEqual(outcome.deliveries(), {ACCEPTED})
            self.assertEqual(server.keys()[0], server.keys()[1])
            self.assertEqual(server.requests[0].body, server.requests[1].body)

    def test_conflict(self):
        """409: the first one is still being worked on."""
        server = self.server(lambda q: (409, b"", {}) if q.n < 2 else (204, b"", {}))
        outcome = self.drive(server.url, "in_flight=1", targets=self.targets[:1])
        self.assertEqual(outcome.deliveries(), {ACCEPTED})
        self.assertEqual(len(set(server.keys())), 1)
        self.assertEqual(len(server.keys()), 3)

    def test_keys(self):
        server = self.server(no_content)
        self.drive(server.url, "batch_records=5", targets=self.targets[:2])
        self.assertEqual(len(set(server.keys())), len(server.keys()))
        for key in server.keys():
            self.assertRegex(key, r'^"[0-9a-f]{32}"$')
        self.drive(server.url, "plain_key=1", targets=self.targets[:1])
        self.assertRegex(server.keys()[-1], r"^[0-9a-f]{32}$")

    def test_cap(self):
        """Never more requests at once than in_flight."""
        import threading
        now, most, lock = [0], [0], threading.Lock()

        def answer(_):
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.05)
            with lock:
                now[0] -= 1
            return 204, b"", {}
        server = self.server(answer)
        self.drive(server.url, "in_flight=3", "batch_records=5")
        self.assertEqual(most[0], 3)

    def test_back_pressure(self):
        """A receiver that takes nothing stops the reading: what waits is bounded, nothing is dropped."""
        server = self.server(lambda q: (503, b"", {"Retry-After": "600"}))
        process = self.start(server.url, "memory_max=4000000", "batch_records=50", "in_flight=2", "give_up=2500")
        outcome = self.end(process)
        self.assertEqual(outcome.stats["full"], 1)
        self.assertEqual(outcome.stats["accepted"], 0)
        # 2 lanes of two blocks of 50, and one more record of each cluster
        self.assertLessEqual(outcome.stats["offered"], 2 * 2 * 50 + 24 + 8)
        for line in outcome.done.values():
            self.assertEqual(int(line[2]), UNKNOWN if int(line[4]) else NONE)


class Access(Case):
    """Credentials, certificates, and what is refused before anybody is contacted."""

    def test_refused(self):
        token = self.path("token", "t\n")
        bad = self.path("bad.pem", "nonsense\n")
        for url, options, word in (
                ("http://10.0.0.1/", [f"token={token}"], "unencrypted"),
                ("http://u:secret@127.0.0.1/", [], "password"),
                ("ftp://127.0.0.1/", [], "http"),
                ("http://127.0.0.1/", ["user=u"], "password"),
                ("http://127.0.0.1/", [f"password={token}"], "user"),
                ("http://127.0.0.1/", [f"token={token}", "user=u", f"password={token}"], "token"),
                ("http://127.0.0.1/", [f"cacert={bad}"], "http://"),
                ("https://127.0.0.1/", [f"cacert={bad}"], "PEM"),
                ("https://127.0.0.1/", [f"cert={bad}"], "key"),
                ("http://127.0.0.1/", ["token=/nonexistent/token"], "token"),
                ("http://127.0.0.1/", ["in_flight=1000"], "in_flight"),
                ("http://127.0.0.1/", ["batch_bytes=5"], "batch_bytes"),
                ("http://127.0.0.1/", ["encoding=9"], "encoding")):
            outcome = self.drive(url, *options, targets=[], status=2)
            self.assertIn(word, outcome.text)
            self.assertNotIn("secret", outcome.text)

    def test_token_and_basic(self):
        server = self.server(no_content)
        self.drive(server.url, "token=" + self.path("token", "s3cr3t\n"), targets=self.targets[:1])
        self.assertEqual(server.requests[-1].headers["Authorization"], "Bearer s3cr3t")
        self.drive(server.url, "user=me", "password=" + self.path("pw", "pässword"), targets=self.targets[:1])
        self.assertEqual(server.requests[-1].headers["Authorization"], "Basic bWU6cMOkc3N3b3Jk")

    def test_rotated_at_once(self):
        """A token that has changed in its file is taken at the first 401. Of all requests that left with the old one
        only the first finds it changed; the others are no reason to park either."""
        path = self.path("token", "old")
        together = threading.Barrier(2, lambda: os.replace(self.path("token.new", "new"), path))

        def answer(request):
            if request.headers["Authorization"] == "Bearer new":
                return 204, b"", {}
            together.wait(30)
            return 401, b"", {}
        server = self.server(answer)
        outcome = self.drive(server.url, f"token={path}", "batch_records=20", "in_flight=2")
        self.assertEqual(outcome.states, [])
        self.assertEqual(outcome.deliveries(), {ACCEPTED})
        self.assertEqual(sum(q.headers["Authorization"] == "Bearer old" for q in server.requests), 2)

    def test_rotated_later(self):
        path = self.path("token", "old")
        server = self.server(lambda q: (204 if q.headers["Authorization"] == "Bearer new" else 401, b"", {}))
        process = self.start(server.url, f"token={path}", "wake=700", targets=self.targets[:1])
        time.sleep(0.4)
        self.path("token", "new")
        outcome = self.end(process)
        self.assertEqual(outcome.states, [PARKED, OPEN])
        self.assertIn("receiver_credentials", outcome.codes)
        self.assertEqual(outcome.deliveries(), {ACCEPTED})

    def test_dead_destination(self):
        outcome = self.drive("http://127.63.0.9:1/", "give_up=3000", targets=self.targets[:1])
        self.assertEqual(set(outcome.states), {COOLING})
        self.assertEqual(outcome.codes, {"connection_refused"})
        self.assertEqual(outcome.deliveries(), {UNKNOWN})
        self.assertLess(outcome.stats["requests"], 40)


class Fetch(Case):
    def fetch(self, url, *options):
        lines = self.drive("-", f"fetch={url}", *options, targets=[]).text
        return lines.split("\n")[0]

    def test_answers(self):
        seen = []

        def answer(request):
            seen.append((request.headers["X-Test"], request.headers["Authorization"]))
            return 200, b'["a"]', {"Content-Type": "application/json"}
        server = self.server(answer)
        token = self.path("token", "t")
        self.assertEqual(self.fetch(server.url, f"token={token}"), 'fetched ok 200 application/json ["a"] ')
        self.assertEqual(seen, [("yes", "Bearer t")])

    def test_errors(self):
        server = self.server(lambda q: (404, b"nobody", {}))
        self.assertTrue(self.fetch(server.url).startswith("fetched ok 404 - nobody"))
        server = self.server(lambda q: (200, b"x" * 10001, {}))
        self.assertTrue(self.fetch(server.url, "batch_bytes=10000").startswith("fetched too_large 0"))
        self.assertTrue(self.fetch("http://127.63.0.9:1/").startswith("fetched connection_refused 0"))
        slow = self.server(lambda q: time.sleep(2) or (200, b"", {}))
        self.assertTrue(self.fetch(slow.url, "timeout=200").startswith("fetched timeout 0"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
