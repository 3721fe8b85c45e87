# SPDX-License-Identifier: Apache-2.0
"""What the fleet's tests share: programs that are watched while they run, many simulated clusters,
the configuration that names them, the records of a run.

Every program is stopped by its pid at the end of a `with`. What a program took (VmHWM, descriptors,
CPU) is read from /proc while it runs: peak memory of a finished child would inherit its parent's.
"""
import datetime
import json
import os
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

from sim import Checks, Folder  # noqa: E402,F401

BUILD = os.environ.get("CQLCRAWL_BUILD", os.path.join(ROOT, "build", "release"))
CRAWLER = os.environ.get("CQLCRAWL", os.path.join(BUILD, "cqlcrawl"))
SIM = os.path.join(BUILD, "cqlsim")
RECEIVER = os.path.join(BUILD, "cqlsim-receiver")
MIB = 1 << 20
START_S = 60


def status_kib(pid, key):
    """A line of /proc/PID/status in KiB; 0 when the process is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            for line in f:
                if line.startswith(key + ":"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


class Watch(threading.Thread):
    """Samples a process until it ends: peak memory, memory and descriptors over time."""

    def __init__(self, pid, every_s=0.05, begun=None):
        super().__init__(daemon=True)
        self.pid, self.every_s = pid, every_s
        self.over = threading.Event()
        self.peak_kib = self.most_descriptors = 0
        self.samples = []  # (seconds since begun, resident KiB, descriptors)
        self.begun = time.monotonic() if begun is None else begun
        self.start()

    def run(self):
        while not self.over.wait(self.every_s):
            self.sample()

    def sample(self):
        self.peak_kib = max(self.peak_kib, status_kib(self.pid, "VmHWM"))
        rss, files = status_kib(self.pid, "VmRSS"), descriptors(self.pid)
        self.most_descriptors = max(self.most_descriptors, files)
        if rss:
            self.samples.append((time.monotonic() - self.begun, rss, files))

    def stop(self):
        self.over.set()
        self.join()
        return self


class Program:
    """A program with its output in a file; `ready` is a file that appears when it can be used."""

    def __init__(self, folder, name, command, ready=None):
        self.name, self.command, self.ready = name, [str(x) for x in command], ready
        self.log = folder.at(name + ".log")
        self.process = None

    def __enter__(self):
        if self.ready and os.path.exists(self.ready):
            os.remove(self.ready)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        end = time.monotonic() + START_S
        while self.ready and not (os.path.exists(self.ready) and os.path.getsize(self.ready)):
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"{self.name} did not start: {self.said()[-2000:]}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self.process.pid

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, seconds=START_S):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(seconds)
        return self.process.returncode if self.process is not None else None


class Clusters(Program):
    """cqlsim with these options; targets are its host:port list."""

    def __init__(self, folder, name, listen, *options):
        self.stats_file, targets = folder.at(name + ".stats"), folder.at(name + ".targets")
        super().__init__(folder, name, [SIM, "--listen", listen, "--targets-file", targets,
                                        "--stats", self.stats_file, "--duration", "1800", *options],
                         targets)

    def __enter__(self):
        super().__enter__()
        with open(self.ready, encoding="utf-8") as f:
            self.targets = f.read().split()
        return self

    def stats(self):
        """Ends the simulator; what it counted, by target."""
        self.stop()
        with open(self.stats_file, encoding="utf-8") as f:
            return {c["target"]: c for c in json.load(f)["clusters"]}


class Run:
    """What one `cqlcrawl crawl` said and took."""

    def __init__(self, status, begun, seconds, watch, usage, log):
        self.status, self.begun, self.seconds, self.log = status, begun, seconds, log
        self.peak_kib, self.most_descriptors = watch.peak_kib, watch.most_descriptors
        self.rss = [(seconds, kib) for seconds, kib, _ in watch.samples]
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.events = []
        for line in log.splitlines():
            try:
                self.events.append(json.loads(line))
            except ValueError:
                pass

    def of(self, event):
        return [e for e in self.events if e.get("event") == event]

    def at(self, event):
        """Seconds from the start of the program to this event."""
        then = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00"))
        return then.timestamp() - self.begun

    @property
    def summary(self):
        found = self.of("summary")
        return found[-1] if found else {}


def crawl(folder, name, *options, seconds=300, environment=None):
    """One run to its end with --progress json; its standard error is read as JSON lines."""
    log = folder.at(name + ".log")
    command = [CRAWLER, "crawl", "--progress", "json", *[str(o) for o in options]]
    begun, wall = time.monotonic(), time.time()
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=out, env={**os.environ, **(environment or {})})
    watch = Watch(process.pid)
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    _, waited, usage = os.wait4(process.pid, 0)
    took = time.monotonic() - begun
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(waited)
    watch.stop()
    with open(log, encoding="utf-8", errors="replace") as f:
        return Run(process.returncode, wall, took, watch, usage, f.read())


def lines(path):
    """The records of a file, one by one."""
    with open(path, encoding="utf-8") as f:
        for line in f:
            yield json.loads(line)


def ends(path):
    """The last scope_end of each cluster."""
    last = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            if '"kind":"scope_end"' in line[:60]:
                record = json.loads(line)
                last[record["cluster"]] = record
    return last


def quoted(text):
    return json.dumps(text)


def configuration(groups, sinks=(), run=None, defaults=None):
    """cqlcrawl.yaml. groups: {name: (settings, {cluster: [host:port...]})}, as JSON is YAML."""
    out = ["run: " + quoted(run or {}), "defaults: " + quoted(defaults or {}), "groups:"]
    out += [f"  {name}: {quoted(settings)}" for name, (settings, _) in groups.items()]
    if sinks:
        out += ["sinks:"] + [f"  - {quoted(sink)}" for sink in sinks]
    out.append("clusters:")
    for name, (_, clusters) in groups.items():
        out += [f"  - {{name: {quoted(cluster)}, group: {name}, contact_points: {quoted(points)}}}"
                for cluster, points in clusters.items()]
    return "\n".join(out) + "\n"
