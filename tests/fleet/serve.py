#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/fleet/serve.py [--seconds N] [--seed S]: `cqlcrawl serve` over 200 simulated clusters for a while.

A tenth of the clusters is sick by seed, a quarter changes its schema again and again, records go to a receiver that
sometimes refuses. Meanwhile: a reload, a bad one, a list that changes, a state directory that is lost, a receiver that
restarts, a Prometheus that scrapes. Then: every change of a schema arrived once, an unchanged cluster cost a probe,
memory and descriptors are flat, every record is accounted for, the service ends in good order.

CQLCRAWL_BUILD names another build than build/release; tests/fleet/setup brings Prometheus. All on 127.68.0.0/16.
"""
import argparse
import collections
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
from fleet import CRAWLER, RECEIVER, ROOT, SIM, Checks, Folder, Watch  # noqa: E402
from receiver import Receiver  # noqa: E402

CLUSTERS = 200
INTERVAL = 3  # seconds
CHANGE_EVERY = 20  # seconds, of every fourth cluster
CHAOS = "dead@4%,silent@1%,overloaded_startup=3@3%,reset_after=3000@1%"
FAULTS = "503@2%,429:retry-after=1@1%,reset-after=1000@1%,close-after-body:stored@1%"
OPEN = 'cqlcrawl_sink_state{sink="receiver",state="open"}'
PENDING = 'cqlcrawl_sink_records_pending{sink="receiver"}'
SETTLED = 4 * INTERVAL  # a schema that stays for so long is read


def free(host):
    with socket.socket() as s:
        s.bind((host, 0))
        return "%s:%d" % s.getsockname()


METRICS = free("127.68.40.250")
PROMETHEUS = free("127.68.40.251")


def get(url, method="GET"):
    """(status, text)"""
    request = urllib.request.Request(url, method=method, data=b"" if method == "POST" else None)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def metrics():
    lines = get(f"http://{METRICS}/metrics")[1].splitlines()
    return {k: float(v) for k, _, v in (line.rpartition(" ") for line in lines if line[:1] != "#")}


def wait_for(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise RuntimeError("not in time: " + what)
        time.sleep(0.1)


def read_json_lines(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.endswith("\n")]


class Fleet:
    """The simulator, with what it dealt out."""

    def __init__(self, folder, seed):
        self.folder = folder
        self.stats_file, self.faults, self.changes = folder.at("stats"), folder.at("faults"), folder.at("changes")
        self.list = folder.at("fleet.json")
        self.process = subprocess.Popen(
            [SIM, "--clusters", str(CLUSTERS), "--listen", "127.68.41.1:0", "--keyspaces", "3", "--tables", "8",
             "--columns", "6", "--seed", str(seed), "--chaos", f"{seed}:{CHAOS}", "--faults-file", self.faults,
             "--targets-json", self.list, "--changes-file", self.changes, "--fault", f"change={CHANGE_EVERY}@1/4",
             "--stats", self.stats_file, "--duration", "1200"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(folder.at("sim.log"), "w"))
        wait_for("cqlsim", lambda: os.path.exists(self.list) and os.path.getsize(self.list))
        with open(self.list, encoding="utf-8") as f:
            entries = json.load(f)
        self.names = [e["labels"]["cluster"] for e in entries]
        self.address = {e["labels"]["cluster"]: e["targets"][0] for e in entries}
        self.sick = {}
        if os.path.exists(self.faults):
            with open(self.faults, encoding="utf-8") as f:
                for line in f:
                    name, _, *faults = line.split()
                    faults = [x for x in faults if not x.startswith("change")]
                    if faults:
                        self.sick[name] = faults
        self.changing = {n for i, n in enumerate(self.names) if i % 4 == 1}

    def stats(self):
        """What it counted until now, by cluster."""
        if os.path.exists(self.stats_file):
            os.remove(self.stats_file)
        self.process.send_signal(signal.SIGUSR1)
        wait_for("statistics", lambda: os.path.exists(self.stats_file) and os.path.getsize(self.stats_file))
        by_target = {}
        end = time.monotonic() + 10
        while not by_target and time.monotonic() < end:
            try:
                with open(self.stats_file, encoding="utf-8") as f:
                    by_target = {c["target"]: c for c in json.load(f)["clusters"]}
            except ValueError:
                time.sleep(0.1)
        return {n: by_target[self.address[n]] for n in self.names}

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Prometheus:
    def __init__(self, folder, program):
        config = folder.write("prometheus.yml", json.dumps({
            "global": {"scrape_interval": "2s"},
            "scrape_configs": [{"job_name": "cqlcrawl", "static_configs": [{"targets": [METRICS]}]}],
            "rule_files": [os.path.join(ROOT, "examples", "prometheus", "cqlcrawl.rules.yml")]}))
        self.process = subprocess.Popen(
            [program, "--config.file", config, "--storage.tsdb.path", folder.at("prometheus"),
             "--web.listen-address", PROMETHEUS, "--log.level=error"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(folder.at("prometheus.log"), "w"))
        wait_for("prometheus", lambda: get(f"http://{PROMETHEUS}/-/ready")[0] == 200)

    def query(self, expression):
        """[(labels, value)]"""
        text = get(f"http://{PROMETHEUS}/api/v1/query?" + urllib.parse.urlencode({"query": expression}))[1]
        return [(r["metric"], float(r["value"][1])) for r in json.loads(text)["data"]["result"]]

    def rules(self):
        text = get(f"http://{PROMETHEUS}/api/v1/rules")[1]
        return [r for g in json.loads(text)["data"]["groups"] for r in g["rules"]]

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Run:
    def __init__(self, folder, checks, seconds, seed):
        self.folder, self.checks, self.seconds, self.seed = folder, checks, seconds, seed
        self.stored = {}  # of receivers that are gone, by id and version
        self.stats = []
        self.begin = time.monotonic()

    def until(self, part):
        time.sleep(max(0, self.begin + self.seconds * part - time.monotonic()))

    def config(self, more=""):
        return self.folder.write("c.yaml", f"""\
run: {{memory_max: 32MiB}}
defaults: {{interval: {INTERVAL}s, timeout: 5s, connect_timeout: 2s}}
groups: {{plain: {{labels: {{env: test}}}}}}
discovery:
  - file_sd: {{files: [fleet.json]}}
sinks:
  - {{type: ndjson, name: receiver, url: "{self.receiver.url}"}}
clusters:
  - {{name: extra-0, contact_points: ["127.68.40.249:1"]}}
{more}""")

    def open_receiver(self, listen):
        self.receiver = Receiver(RECEIVER, self.folder.path, listen, "--faults", f"{self.seed}:{FAULTS}")
        self.receiver.__enter__()

    def close_receiver(self):
        self.stats.append(self.receiver.stats())
        self.receiver.__exit__(None, None, None)
        for r in read_json_lines(self.receiver.store):
            self.stored.setdefault((r["id"], r["version"]), r)
        os.rename(self.receiver.store, self.receiver.store + str(len(self.stats)))

    def start(self):
        self.open_receiver("127.68.40.252")
        self.config()
        with open(self.folder.at("serve.log"), "w", encoding="utf-8") as log:
            self.serve = subprocess.Popen(
                [CRAWLER, "serve", "--config", "c.yaml", "--state", "state", "--dead-letters", "dead.ndjson",
                 "--metrics-listen", METRICS, "--log-format", "json"],
                cwd=self.folder.path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        wait_for("serve", lambda: self.serve.poll() is not None or get(f"http://{METRICS}/-/ready")[0] == 200)

    def log(self):
        with open(self.folder.at("serve.log"), encoding="utf-8") as f:
            return f.read()

    # ---- what happens meanwhile ----

    def reloads(self):
        self.config('  - {name: extra-1, contact_points: ["127.68.40.249:2"]}\n')
        status, text = get(f"http://{METRICS}/-/reload", "POST")
        self.checks.that("a reload is taken", status == 200 and "1 added" in text, f"{status} {text}")
        self.config("  - {name: extra-2, contact_pints: []}\n")
        self.serve.send_signal(signal.SIGHUP)
        wait_for("the bad reload", lambda: metrics()["cqlcrawl_config_last_reload_successful"] == 0)
        self.checks.that("a bad reload changes nothing", metrics()["cqlcrawl_clusters"] == CLUSTERS + 2)
        self.checks.that("and is said with its place", "c.yaml:10:" in self.log(), self.log()[-1000:])
        self.config()
        status, text = get(f"http://{METRICS}/-/reload", "POST")
        self.checks.that("a good one follows", status == 200 and "1 removed" in text, f"{status} {text}")

    def lose_state(self):
        shutil.rmtree(self.folder.at("state"))
        self.lost = time.time()
        wait_for("the lost state directory is noticed", lambda: metrics()["cqlcrawl_state_failures_total"] > 0)
        self.checks.that("a lost state directory is said", '"state"' in self.log() or "state directory" in self.log(),
                         self.log()[-1000:])

    def restart_receiver(self):
        listen = urllib.parse.urlsplit(self.receiver.url).netloc
        begin = time.time()
        self.close_receiver()
        time.sleep(3)
        self.open_receiver(listen)
        wait_for("the sink goes on", lambda: metrics()[OPEN] == 1 and not metrics()[PENDING], 120)
        self.outage = (begin, time.time())
        self.recovered = time.monotonic() - self.begin

    # ---- what must be true then ----

    def check_probe(self, before, after):
        """Requests of one read of a cluster that does not change: STARTUP, local, peers (OPTIONS the first time)."""
        costs = []
        for name in self.fleet.names:
            if name in self.fleet.sick or name in self.fleet.changing:
                continue
            reads = after[name]["connections"] - before[name]["connections"]
            if reads:
                costs.append((after[name]["requests_total"] - before[name]["requests_total"]) / reads)
        worst = max(costs, default=99)
        self.checks.that(f"an unchanged cluster costs a probe ({statistics.mean(costs or [99]):.1f} requests)",
                         worst <= 6, f"{worst} requests, {len(costs)} clusters")

    def lives(self, end):
        """(change, from, until) in seconds, of clusters that are well."""
        by_cluster = collections.defaultdict(list)
        for c in read_json_lines(self.fleet.changes):
            if c["cluster"] not in self.fleet.sick:
                by_cluster[c["cluster"]].append(c)
        for changes in by_cluster.values():
            times = [c["time"] / 1000 for c in changes] + [end]
            for c, begin, until in zip(changes, times, times[1:]):
                if until > begin:
                    yield c, begin, until

    def check_changes(self, end):
        """One complete read, whole, of each version of a schema that stayed long enough to be read."""
        reads, heartbeats = collections.Counter(), 0
        for r in self.stored.values():
            heartbeats += r["kind"] == "heartbeat"
            if r["kind"] == "scope_end" and r["read"] == "complete":
                reads[r["cluster"], r["schema_version"]["before"]] += 1
        missed, again, seen = [], [], []
        for c, begin, until in self.lives(end):
            stayed = until - begin - max(0, min(until, self.outage[1]) - max(begin, self.outage[0]))
            n = reads[c["cluster"], c["schema_version"]]
            if stayed >= SETTLED:
                seen.append(c)
                if not n:
                    missed.append(c)
            if n > 1 + (begin < self.lost + SETTLED and self.lost < until):
                again.append((n, c))
        self.checks.that(f"every one of {len(seen)} changes arrived", seen and not missed, missed[:3])
        self.checks.that("and arrived once", not again, again[:3])
        self.checks.that(f"else there were heartbeats ({heartbeats})", heartbeats > len(seen), heartbeats)
        self.check_tables(seen)

    def check_tables(self, changes):
        """The content of each change, not only its version."""
        tables = {(r["cluster"], r["keyspace"], r["name"]) for r in self.stored.values() if r["kind"] == "table"}
        missing = [c for c in changes if c["what"] != "drop"
                   and (c["cluster"], c["keyspace"], c["table"]) not in tables]
        self.checks.that("with the tables that changed", not missing, missing[:3])

    def check_counts(self, m):
        label = '{sink="receiver"}'
        offered, accepted = (m[f"cqlcrawl_sink_records_{x}_total" + label] for x in ("offered", "accepted"))
        dead, pending = m["cqlcrawl_sink_dead_letters_total" + label], m[PENDING]
        self.checks.that("offered = accepted + dead letters + pending", offered == accepted + dead + pending,
                         f"{offered} {accepted} {dead} {pending}")
        self.checks.that("no dead letters", dead == 0, dead)
        wrong = {k: s["violations"][k] for s in self.stats for k, n in s.get("violations", {}).items()
                 if isinstance(n, int) and n}
        self.checks.that("the receivers saw nothing that may not be", not wrong, wrong)

    def check_flat(self):
        """Once everything has happened: the first and the last part of what is left."""
        begin = self.recovered + 5
        left = [x for x in self.watcher.samples if x[0] > begin]
        third = max(1, len(left) // 3)
        before = statistics.median(x[1] for x in self.watcher.samples if x[0] < self.seconds * 0.3)
        early, late = (statistics.median(x[1] for x in part) for part in (left[:third], left[-third:]))
        mib = [f"{x / 1024:.1f}" for x in (before, early, late)]
        self.checks.that(f"memory is flat ({' '.join(mib)} MiB)", late <= early + max(1024, 0.03 * early))
        self.checks.that("and what happened left little behind", late <= before + 12 * 1024, mib)
        early, late = (statistics.median(x[2] for x in part) for part in (left[:third], left[-third:]))
        self.checks.that(f"descriptors are flat ({early:.0f} to {late:.0f})", late <= early + 5)

    def check_prometheus(self):
        p = self.prometheus
        self.checks.that("Prometheus scrapes it", [v for _, v in p.query("up")] == [1])
        n = p.query("count(cqlcrawl_cluster_read == 0)")
        healthy = CLUSTERS - len(self.fleet.sick)
        self.checks.that("and has a series of every cluster", n and n[0][1] >= healthy, n)
        wrong = [r for r in p.rules() if r.get("lastError") or r["health"] == "err"]
        self.checks.that("its alert rules can be evaluated", not wrong, wrong[:2])
        down = p.query("up == 0 or min_over_time(up[1h]) < 1")
        self.checks.that("no scrape failed", not down, down)
        self.check_dashboard(p)

    def check_dashboard(self, p):
        """Every panel's expressions are answered; those of clusters with data."""
        with open(os.path.join(ROOT, "examples", "grafana", "cqlcrawl.json"), encoding="utf-8") as f:
            panels = json.load(f)["panels"]
        empty = []
        for panel in panels:
            for target in panel["targets"]:
                expr = target["expr"]
                for name, value in (("$__rate_interval", "1m"), ("$job", ".*"), ("$instance", ".*")):
                    expr = expr.replace(name, value)
                if not p.query(expr) and "certificate" not in expr:
                    empty.append(panel["title"])
        self.checks.that("every panel of the dashboard has data", not empty, empty)

    def check_promtool(self, promtool):
        done = subprocess.run([promtool, "check", "metrics"], input=get(f"http://{METRICS}/metrics")[1], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        self.checks.that("promtool takes the metrics", done.returncode == 0 and not done.stdout, done.stdout[:500])

    def check_sick(self, m):
        """Each dead or silent cluster is reported as its own, and asked less and less."""
        wrong = [n for n, faults in self.fleet.sick.items() if faults[0] in ("dead", "silent")
                 and m.get(f'cqlcrawl_cluster_read{{cluster="{n}"}}') != 2]
        self.checks.that("dead and silent clusters are said", not wrong, wrong)
        healthy = [n for n in self.fleet.names if n not in self.fleet.sick]
        wrong = [n for n in healthy if m.get(f'cqlcrawl_cluster_read{{cluster="{n}"}}') != 0]
        self.checks.that("all others are complete", not wrong, wrong)

    # ---- all of it ----

    def go(self, tools):
        self.fleet = Fleet(self.folder, self.seed)
        self.start()
        self.watcher = Watch(self.serve.pid, 0.5, self.begin)
        self.prometheus = Prometheus(self.folder, tools["prometheus"])
        self.until(0.2)
        before = self.fleet.stats()
        self.until(0.35)
        self.check_probe(before, self.fleet.stats())
        self.reloads()
        self.until(0.4)
        self.lose_state()
        self.until(0.5)
        self.restart_receiver()
        self.until(1)
        time.sleep(max(0, self.recovered + 15 - (time.monotonic() - self.begin)))
        wait_for("the sink is open", lambda: metrics()[OPEN] == 1)
        m = metrics()
        self.check_sick(m)
        self.check_promtool(tools["promtool"])
        self.check_prometheus()
        self.check_counts(m)
        self.stop()

    def stop(self):
        self.watcher.over.set()
        self.watcher.join()
        self.prometheus.stop()
        end = time.time()
        begin = time.monotonic()
        self.serve.terminate()
        status = self.serve.wait(60)
        self.checks.that(f"it ends in good order ({time.monotonic() - begin:.1f} s)", status == 143, status)
        self.close_receiver()
        self.fleet.stop()
        self.check_changes(end)
        self.check_flat()

    def clean(self):
        for process in (getattr(self, "serve", None), getattr(getattr(self, "fleet", None), "process", None),
                        getattr(getattr(self, "prometheus", None), "process", None),
                        getattr(getattr(self, "receiver", None), "process", None)):
            if process and process.poll() is None:
                process.kill()
                process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    a = parser.parse_args()
    checks = Checks()
    tools = dict(line.split("=", 1) for line in
                 subprocess.run([os.path.join(HERE, "setup")], check=True, text=True, stdout=subprocess.PIPE)
                 .stdout.split())
    with Folder() as folder:
        run = Run(folder, checks, a.seconds, a.seed)
        try:
            run.go(tools)
        except Exception as e:  # whatever it is, the others' output is of use
            checks.that("the run went through", False, repr(e))
            for name in ("serve.log", "sim.log", "prometheus.log"):
                if os.path.exists(folder.at(name)):
                    with open(folder.at(name), encoding="utf-8") as f:
                        print(name, f.read()[-3000:])
        finally:
            run.clean()
            if a.keep:
                shutil.copytree(folder.path, f"/tmp/serve-kept-{os.getpid()}")
    checks.close()


if __name__ == "__main__":
    main()
