# SPDX-License-Identifier: Apache-2.0
"""What clients are measured against, all of it on loopback and on the servers' core; each ends with its `with`."""
import json
import os
import signal
import subprocess
import time
import urllib.request

from measure import Failed, pinned

NET = f"127.{100 + os.getpid() % 100}"  # two of us at once measure nothing, but neither falls over the other
SINK = f"{NET}.9.1"  # and the simulated clusters from .10.1 on
REAL = "127.87.8.1"
WAIT = 60
SIZES = {"small": ("1", "5", "8"), "reference": ("10", "20", "12"), "large": ("50", "100", "15")}


def shape(size):
    k, t, c = SIZES.get(size, size)
    return ["--keyspaces", str(k), "--tables", str(t), "--columns", str(c)]


class Server:
    """A process that runs until the `with` ends."""

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(WAIT)

    def __exit__(self, *_):
        self.stop()

    def wait_for(self, is_ready, what, log):
        end = time.monotonic() + WAIT
        while not is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop(signal.SIGKILL)
                with open(log, encoding="utf-8") as f:
                    raise Failed(f"{what} did not start: {f.read()[-200:].strip()}")
            time.sleep(0.01)


class Sim(Server):
    """cqlsim. targets: host:port of each; stats(): what it counted since the start, without ending it."""

    def __init__(self, bench, size, *options, clusters=1, number=0):
        self.folder = bench.fresh("sim")
        self.targets_file, self.stats_file = self.folder + "/targets", self.folder + "/stats"
        self.command = [bench.programs["cqlsim"], "--listen", f"{NET}.{10 + number}.1:9042",
                        "--clusters", str(clusters), *shape(size),
                        "--targets-file", self.targets_file, "--stats", self.stats_file, *options]
        self.core = bench.machine.server

    def __enter__(self):
        with open(self.folder + "/log", "w", encoding="utf-8") as log:
            self.process = pinned(self.core, self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_for(lambda: os.path.exists(self.targets_file) and os.path.getsize(self.targets_file),
                      "cqlsim", self.folder + "/log")
        with open(self.targets_file, encoding="utf-8") as f:
            self.targets = f.read().split()
        return self

    def stats(self):
        if os.path.exists(self.stats_file):
            os.remove(self.stats_file)
        self.process.send_signal(signal.SIGUSR1)
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            try:
                with open(self.stats_file, encoding="utf-8") as f:
                    return json.load(f)
            except (FileNotFoundError, ValueError):
                time.sleep(0.01)
        raise Failed("cqlsim writes no statistics")

    def counted(self, key):
        return self.stats()["total"][key]


class Sink(Server):
    """cq-sink: reads and forgets what is posted."""

    def __init__(self, bench):
        self.bench = bench

    def __enter__(self):
        self.process = pinned(self.bench.machine.server, [self.bench.programs["sink"], SINK, "0"],
                              stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        words = self.process.stdout.readline().split()
        if not words or words[0] != "ready":
            raise Failed("cq-sink did not start")
        self.url = f"http://{SINK}:{words[1]}/"
        return self

    def bytes(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url, timeout=WAIT) as answer:
            return json.load(answer)["bytes"]

    def __exit__(self, *exc):
        super().__exit__(*exc)
        self.process.stdout.close()


class Real:
    """A real Cassandra 5.0 with the reference schema (bench/server), or the one at --cassandra-host."""

    def __init__(self, bench, address=REAL):
        self.bench, self.given = bench, bench.options.cassandra_host
        self.address = self.given or address

    def __enter__(self):
        self.targets = [self.address + ":9042"]
        if self.given:
            return self
        done = subprocess.run([self.bench.at("bench/server"), "up", "--schema", "reference", "--address",
                               self.address], stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
                              check=False, timeout=900)
        if done.returncode:
            raise Failed("bench/server could not start a Cassandra")
        self.pid = int(done.stdout.split()[0])
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            os.sched_setaffinity(int(thread), {self.bench.machine.server})
        return self

    def __exit__(self, *_):
        if not self.given:
            subprocess.run([self.bench.at("bench/server"), "down", "--address", self.address], check=False,
                           stdin=subprocess.DEVNULL, timeout=120)
