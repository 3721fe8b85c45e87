# SPDX-License-Identifier: Apache-2.0
"""`cqlcrawl serve`: its pages, reloads, lists that change, the service manager's socket, its end.

Everything listens on 127.68.0.0/16.
"""
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

from receiver import Receiver
from support import LIMIT, Case, Listener, signal

DEAD = "127.68.20.99:9042"


def free_port():
    with socket.socket() as s:
        s.bind(("0.0.0.0", 0))
        return s.getsockname()[1]


class Service:
    """A running `cqlcrawl serve`; its standard error is in a file."""

    def __init__(self, case, *args, env=None):
        self.case = case
        with socket.socket() as s:
            s.bind(("127.68.20.200", 0))
            self.address = "%s:%d" % s.getsockname()
        self.log_file = case.path("serve.log")
        with open(self.log_file, "w") as log:
            self.process = subprocess.Popen(
                [os.environ["CQLCRAWL"], "serve", "--metrics-listen", self.address, *args], cwd=case.folder,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env=env)
        case.addCleanup(self.kill)
        case.wait_for(self.answers, lambda: "no answer: " + self.log())

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self):
        with open(self.log_file) as f:
            return f.read()

    def ask(self, path, method="GET"):
        """(status, text)"""
        request = urllib.request.Request(f"http://{self.address}{path}", method=method,
                                         data=b"" if method == "POST" else None)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def answers(self):
        if self.process.poll() is not None:
            self.case.fail("it ended: " + self.log())
        try:
            return self.ask("/-/healthy")[0] == 200
        except OSError:
            return False

    def metrics(self):
        """{'name{labels}': value}"""
        status, text = self.ask("/metrics")
        self.case.assertEqual(status, 200)
        return {k: float(v) for k, _, v in (line.rpartition(" ") for line in text.splitlines() if line[:1] != "#")}

    def metric(self, name):
        return self.metrics().get(name)

    def wait_metric(self, name, want):
        self.case.wait_for(lambda: self.metric(name) == want,
                           lambda: f"{name}: {self.metric(name)}, not {want}; {self.log()}")

    def stop(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        return self.process.wait(LIMIT)


class Lists(http.server.BaseHTTPRequestHandler):
    """http_sd: the server's `body`, with its `status`."""

    def do_GET(self):
        self.server.asked.append(dict(self.headers))
        body = self.server.body.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Serve(Case):
    def wait_for(self, condition, what):
        end = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > end:
                self.fail(what() if callable(what) else what)
            time.sleep(0.05)

    def config(self, clusters, more="", interval="1s"):
        lines = "".join(f'  - {{name: {n}, contact_points: ["{a}"]}}\n' for n, a in clusters.items())
        defaults = f"defaults: {{interval: {interval}, timeout: 5s}}\n"
        return self.write("c.yaml", f"{more}{defaults}clusters:\n{lines or '  []'}\n")

    def service(self, *args, **more):
        return Service(self, "--config", self.path("c.yaml"), *args, **more)

    def test_pages(self):
        a = self.sim("127.68.20.1:0", "--tables", "3", "--keyspaces", "2").targets[0]
        self.config({"one": a, "dead": DEAD})
        s = self.service()
        self.assertEqual(s.ask("/-/ready"), (200, "ready\n"))
        self.assertEqual(s.ask("/-/healthy"), (200, "healthy\n"))
        self.assertIn("/-/reload", s.ask("/")[1])
        self.assertEqual(s.ask("/-/reload")[0], 405)
        self.assertEqual(s.ask("/nothing")[0], 404)
        self.assertIn("there are no sinks", s.log())
        s.wait_metric('cqlcrawl_cluster_read{cluster="one"}', 0)
        s.wait_metric('cqlcrawl_cluster_read{cluster="dead"}', 2)
        m = s.metrics()
        self.assertEqual(m['cqlcrawl_cluster_objects{cluster="one",kind="table"}'], 6)
        self.assertEqual(m['cqlcrawl_cluster_interval_seconds{cluster="one"}'], 1)
        self.assertEqual(m["cqlcrawl_clusters"], 2)
        self.assertEqual(m["cqlcrawl_config_last_reload_successful"], 1)
        self.assertAlmostEqual(m['cqlcrawl_cluster_last_complete_read_timestamp_seconds{cluster="one"}'],
                               time.time(), delta=10)
        if shutil.which("promtool"):
            done = subprocess.run(["promtool", "check", "metrics"], input=s.ask("/metrics")[1], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual(s.stop(), 143)
        self.assertIn("complete", s.log().splitlines()[-1])

    def test_an_end_says_what_was_not_delivered(self):
        a = self.sim("127.68.20.1:0", "--tables", "3", "--keyspaces", "2").targets[0]
        receiver = Receiver(self, "127.68.20.97:0", "--script", "503")
        self.config({"one": a})
        s = self.service("--sink", receiver.url)
        s.wait_metric('cqlcrawl_crawls{state="delivering"}', 1)
        pending = int(s.metric(f'cqlcrawl_sink_records_pending{{sink="{receiver.name}"}}'))
        self.assertEqual(s.stop(), 143)
        self.assertIn("warning cluster one: complete: 6 tables, %d records, NOT delivered" % pending, s.log())
        self.assertIn("%d records were NOT delivered" % pending, s.log().splitlines()[-1])

    def test_again_and_again(self):
        sim = self.sim("127.68.20.1:0")
        a = sim.targets[0]
        self.config({"one": a, "dead": DEAD})
        s = self.service()
        s.wait_metric('cqlcrawl_crawls_total{read="complete"}', 5)
        failed = s.metric('cqlcrawl_crawls_total{read="failed"}')
        self.assertLess(failed, 5, "a dead cluster is asked less and less")
        self.assertEqual(s.stop(signal.SIGINT), 130)
        self.assertGreaterEqual(sim.stop()["total"]["connections"], 5)

    def test_sessions_are_resumed(self):
        """A full TLS handshake at first and none after it; the records say the same of the certificate."""
        ca = self.path("ca.pem")
        sims = [self.sim(f"127.68.20.{n}:0", "--tls", "--tls-max", version, "--made-ca", ca + version)
                for n, version in ((5, "1.3"), (6, "1.2"))]
        tls = "".join(f'  - {{name: n{i}, contact_points: ["{sim.targets[0]}"], tls: {{mode: verify-full, '
                      f'name: cqlsim.example, cacert: {ca + version}}}}}\n'
                      for i, (sim, version) in enumerate(zip(sims, ("1.3", "1.2"))))
        self.write("c.yaml", f"defaults: {{interval: 1s, timeout: 5s}}\nclusters:\n{tls}")
        receiver = Receiver(self, "127.68.20.97:0", "--store", self.path("got"))
        s = self.service("--sink", receiver.url)
        self.wait_for(lambda: s.metric('cqlcrawl_crawls_total{read="complete"}') >= 10, s.log)
        self.assertEqual(s.stop(), 143)
        for sim in sims:
            total = sim.stop()["total"]
            self.assertEqual(total["tls_full"], 1, total)
            self.assertGreaterEqual(total["tls_resumed"], 3, total)
        receiver.stop()
        for name in ("n0", "n1"):
            said = [json.dumps(r["tls"]) for r in self.file_records("got")
                    if r["kind"] == "cluster" and r["cluster"] == name]
            self.assertGreaterEqual(len(said), 4)
            self.assertEqual(len(set(said)), 1, said)
            self.assertIn("cqlsim.example", said[0])

    def test_reload(self):
        a = self.sim("127.68.20.1:0").targets[0]
        self.config({"one": a})
        s = self.service()
        s.wait_metric('cqlcrawl_cluster_read{cluster="one"}', 0)
        self.config({"one": a, "two": a})
        self.assertEqual(s.ask("/-/reload", "POST"), (200, "2 clusters: 1 added, 0 changed, 0 removed\n"))
        s.wait_metric('cqlcrawl_cluster_read{cluster="two"}', 0)
        # a bad one: said with its place, the old one goes on
        with open(self.path("c.yaml"), "a") as f:
            f.write("wrong: 1\n")
        status, text = s.ask("/-/reload", "POST")
        self.assertEqual(status, 400)
        self.assertRegex(text, r"c\.yaml:6:1: unknown key 'wrong'")
        m = s.metrics()
        self.assertEqual(m["cqlcrawl_config_last_reload_successful"], 0)
        self.assertEqual(m["cqlcrawl_config_reload_failures_total"], 1)
        self.assertEqual(m["cqlcrawl_clusters"], 2)
        self.assertEqual(s.ask("/-/ready")[0], 200)
        # by signal; who is gone has no metrics
        self.config({"two": a})
        s.process.send_signal(signal.SIGHUP)
        s.wait_metric("cqlcrawl_clusters", 1)
        m = s.metrics()
        self.assertEqual(m["cqlcrawl_config_last_reload_successful"], 1)
        self.assertFalse([name for name in m if 'cluster="one"' in name])
        self.assertIn('cqlcrawl_cluster_read{cluster="two"}', m)
        s.process.send_signal(signal.SIGUSR1)
        self.wait_for(lambda: "info state 1 clusters" in s.log(), s.log)
        self.assertEqual(s.stop(), 143)

    def test_reload_that_takes_a_restart(self):
        self.config({})
        s = self.service()
        for more in ('run: {concurrency: 7}\n', 'run: {memory_max: 5MiB}\n',
                     'sinks:\n  - {type: ndjson, url: "http://127.68.20.98:1/x"}\n'):
            self.config({}, more)
            status, text = s.ask("/-/reload", "POST")
            self.assertEqual(status, 400)
            self.assertIn("takes a restart", text)
        self.config({"one": DEAD})
        self.assertEqual(s.ask("/-/reload", "POST")[0], 200)

    def test_removed_while_it_is_read(self):
        silent = Listener("127.68.20.3")
        self.addCleanup(silent.close)
        self.config({"silent": silent.address})
        s = self.service()
        s.wait_metric('cqlcrawl_crawls{state="running"}', 1)
        begin = time.monotonic()
        self.config({})
        self.assertEqual(s.ask("/-/reload", "POST")[0], 200)
        s.wait_metric('cqlcrawl_crawls{state="running"}', 0)
        self.assertLess(time.monotonic() - begin, 3, "it is cancelled, not waited for")

    def test_stop_while_reading(self):
        silent = Listener("127.68.20.4")
        self.addCleanup(silent.close)
        self.config({"silent": silent.address})
        s = self.service()
        s.wait_metric('cqlcrawl_crawls{state="running"}', 1)
        begin = time.monotonic()
        self.assertEqual(s.stop(), 143)
        self.assertLess(time.monotonic() - begin, 3)

    def list_file(self, name, *clusters):
        """Written whole and renamed, as Prometheus asks for."""
        entries = [{"targets": [a], "labels": {"cluster": n}} for n, a in clusters]
        self.write(name + ".new", json.dumps(entries))
        os.rename(self.path(name + ".new"), self.path(name))

    def test_lists_in_files(self):
        a = self.sim("127.68.20.1:0").targets[0]
        self.list_file("fleet.json", ("one", a))
        self.config({}, "discovery:\n  - file_sd: {files: [fleet.json]}\n")
        s = self.service()
        s.wait_metric("cqlcrawl_clusters", 1)
        # the configuration is half edited meanwhile: nobody asked for it
        with open(self.path("c.yaml"), "a") as f:
            f.write("half a li")
        self.list_file("fleet.json", ("one", a), ("two", a))
        s.wait_metric("cqlcrawl_clusters", 2)
        s.wait_metric('cqlcrawl_cluster_read{cluster="two"}', 0)
        self.write("fleet.json", "[{")
        s.wait_metric("cqlcrawl_lists_failing", 1)
        self.assertEqual(s.metric("cqlcrawl_clusters"), 2)
        self.assertIn("fleet.json:2:", s.log())
        self.assertEqual(s.metric("cqlcrawl_config_last_reload_successful"), 1)
        self.list_file("fleet.json", ("two", a))
        s.wait_metric("cqlcrawl_clusters", 1)
        s.wait_metric("cqlcrawl_lists_failing", 0)
        self.assertEqual(s.stop(), 143)

    def test_lists_over_http(self):
        server = http.server.ThreadingHTTPServer(("127.68.20.5", 0), Lists)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        server.status, server.body, server.asked = 503, "", []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        a = self.sim("127.68.20.1:0").targets[0]
        url = "http://%s:%d/sd" % server.server_address
        self.config({"fixed": a}, f"discovery:\n  - http_sd: {{url: \"{url}\", refresh: 1s}}\n")
        s = self.service()
        s.wait_metric("cqlcrawl_lists_failing", 1)  # it begins without, and says so
        self.assertEqual(s.metric("cqlcrawl_clusters"), 1)
        self.assertIn("status 503", s.log())
        server.status, server.body = 200, json.dumps([{"targets": [a], "labels": {"cluster": "two"}}])
        s.wait_metric("cqlcrawl_clusters", 2)
        s.wait_metric("cqlcrawl_lists_failing", 0)
        server.body = "[]"
        s.wait_metric("cqlcrawl_clusters", 1)
        server.body = "nonsense"
        s.wait_metric("cqlcrawl_lists_failing", 1)
        self.assertEqual(s.metric("cqlcrawl_clusters"), 1)
        self.assertEqual(server.asked[0].get("X-Prometheus-Refresh-Interval-Seconds"), "1")
        # the same list again and again makes nothing new
        server.body = json.dumps([{"targets": [a], "labels": {"cluster": "three"}}])
        s.wait_metric("cqlcrawl_clusters", 2)
        lines, asked = s.log().count(" added,"), len(server.asked)
        self.wait_for(lambda: len(server.asked) > asked + 2, "it is asked no more")
        self.assertEqual(s.log().count(" added,"), lines)
        self.assertEqual(s.stop(), 143)

    def test_service_manager(self):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(self.path("notify"))
        manager.settimeout(LIMIT)
        env = dict(os.environ, NOTIFY_SOCKET=self.path("notify"), WATCHDOG_USEC="400000")
        self.config({})
        s = self.service(env=env)

        def hears(wanted):
            end = time.monotonic() + LIMIT
            while time.monotonic() < end:
                words = manager.recv(4096).decode()
                if words.startswith(wanted):
                    return words
            self.fail(f"no {wanted}")

        hears("READY=1")
        self.assertIn("0 clusters", hears("STATUS="))
        time.sleep(0.3)
        manager.setblocking(False)
        while True:
            try:
                manager.recv(4096)
            except BlockingIOError:
                break
        manager.settimeout(LIMIT)
        begin = time.monotonic()
        for _ in range(5):
            hears("WATCHDOG=1")
        self.assertLess(time.monotonic() - begin, 1.5, "every 0.2 s, though nothing else happens")
        s.process.send_signal(signal.SIGHUP)
        self.assertRegex(hears("RELOADING=1"), r"\nMONOTONIC_USEC=\d+$")
        hears("READY=1")
        self.assertEqual(s.stop(), 143)
        hears("STOPPING=1")

    def test_log_as_json(self):
        a = self.sim("127.68.20.1:0").targets[0]
        self.config({"one": a, "dead": DEAD})
        s = self.service("--log-format", "json")
        s.wait_metric('cqlcrawl_cluster_read{cluster="one"}', 0)
        s.wait_metric('cqlcrawl_cluster_read{cluster="dead"}', 2)
        with open(self.path("c.yaml"), "a") as f:
            f.write("wrong: 1\n")
        s.ask("/-/reload", "POST")
        self.assertEqual(s.stop(), 143)
        lines = [json.loads(line) for line in s.log().splitlines()]
        self.assertEqual({"start", "cluster", "reload", "stop", "end"} - {x["event"] for x in lines}, set())
        dead = [x for x in lines if x.get("cluster") == "dead"][0]
        self.assertEqual((dead["code"], dead["read"], dead["failures"]), ("connection_refused", "failed", 1))
        self.assertTrue(dead["remedy"] and dead["time"].endswith("Z") and dead["level"] == "warning")

    def test_what_cannot_start(self):
        self.config({"one": DEAD})
        held = Listener("127.68.20.6")
        self.addCleanup(held.close)
        _, err = self.run_it("serve", "--config", "c.yaml", "--metrics-listen", held.address, status=2)
        self.assertIn("Address already in use", err)
        with open(self.path("c.yaml"), "a") as f:
            f.write("wrong: 1\n")
        _, err = self.run_it("serve", "--config", "c.yaml", status=2)
        self.assertIn("c.yaml:5:1: unknown key 'wrong'", err)

    def test_a_listener_for_everybody_is_said(self):
        self.config({})
        process = self.start("serve", "--config", "c.yaml", "--metrics-listen", "0.0.0.0:%d" % free_port())
        self.assertIn(b"no loopback address", process.stderr.readline())
        process.terminate()
        process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, 143)
