# SPDX-License-Identifier: Apache-2.0
"""Clusters of lists: file_sd and http_sd, with groups, labels, credentials, choice. Listens on 127.66.0.0/16."""
import http.server
import json
import socket
import threading

from support import Case, Listener


class Lists(http.server.ThreadingHTTPServer):
    """Answers every GET with .answer = (status, headers, body) and keeps what was asked."""

    def __init__(self):
        super().__init__(("127.66.1.1", 0), Handler)
        self.url = "http://%s:%d/sd" % self.server_address[:2]
        self.answer, self.asked = (200, {"Content-Type": "application/json"}, "[]"), []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def serve(self, entries, kind="application/json; charset=utf-8"):
        self.answer = (200, {"Content-Type": kind}, json.dumps(entries))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(dict(self.headers))
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


class Inventory(Case):
    def setUp(self):
        super().setUp()
        self.lists = Lists()
        self.addCleanup(self.lists.server_close)
        self.addCleanup(self.lists.shutdown)

    def configure(self, source, more=""):
        self.write("c.yaml", "groups:\n  sim: {labels: {env: test, tier: one}, timeout: 20s}\n"
                             f"discovery:\n  - {source}\n{more}")

    def labels(self, *args):
        out, _ = self.run_it("crawl", "--config", "c.yaml", "--output", "-", *args, status=0)
        return {r["cluster"]: r["labels"] for r in self.records(out) if r["kind"] == "cluster"}

    def test_file_sd(self):
        """A file of each form under a pattern; its clusters are read like any other."""
        sim = self.sim("127.66.2.1:9042", "--clusters", "3")
        entries = [{"targets": [t], "labels": {"cluster": f"c{i}", "tier": str(i), "__x": "y"}}
                   for i, t in enumerate(sim.targets[:2])]
        self.write("a.json", json.dumps(entries, indent=1))
        self.write("b.yml", f"- targets: [{sim.targets[2]}]\n  labels: {{dc: eu, cluster: c2}}\n")
        self.configure('file_sd: {files: ["*.json", b.yml], group: sim}')
        found = self.labels()
        self.assertEqual(found, {"c0": {"env": "test", "tier": "0"}, "c1": {"env": "test", "tier": "1"},
                                 "c2": {"env": "test", "tier": "one", "dc": "eu"}})
        self.assertEqual(set(self.labels("--select", "tier=1")), {"c1"})
        self.assertEqual(set(self.labels("--select", "env=test", "--select", "name~c[02]")), {"c0", "c2"})
        shards = [set(self.labels("--shard", f"{i}/2")) for i in (1, 2)]
        self.assertEqual((shards[0] | shards[1], shards[0] & shards[1]), (set(found), set()))

    def test_http_sd(self):
        sim = self.sim("127.66.3.1:9042", "--clusters", "2")
        self.lists.serve([{"targets": [t], "labels": {"cluster": f"h{i}"}} for i, t in enumerate(sim.targets)])
        self.write("token", "canary-7\n")
        self.configure(f"http_sd: {{url: '{self.lists.url}', group: sim, refresh: 5m, token: {{file: token}}}}")
        self.assertEqual(set(self.labels()), {"h0", "h1"})
        headers = self.lists.asked[0]
        self.assertEqual(headers["X-Prometheus-Refresh-Interval-Seconds"], "300")
        self.assertEqual(headers["Authorization"], "Bearer canary-7")
        self.assertEqual(headers["Accept"], "application/json")
        self.assertEqual(len(self.lists.asked), 1)

    def test_a_list_that_is_none(self):
        """It is refused as a whole, whoever else is in the configuration, and nobody is contacted."""
        listener = Listener("127.66.4.1")
        self.addCleanup(listener.close)
        self.configure(f"http_sd: {{url: '{self.lists.url}'}}",
                       f"clusters: [{{name: own, connect: '{listener.address}'}}]\n")
        whole = [{"targets": [listener.address]}]
        json_type = {"Content-Type": "application/json"}
        for answer, word in [((500, json_type, "[]"), "answers with status 500, not 200"),
                             ((302, {"Location": "/other"}, ""), "answers with status 302"),
                             ((200, {"Content-Type": "text/html"}, "[]"), "sends 'text/html', not application/json"),
                             ((200, json_type, '{"a": 1}'), ":1:1: a list is expected here"),
                             ((200, json_type, json.dumps(whole)[:-2]), "not YAML"),
                             ((200, {**json_type, "Content-Length": "999"}, "[]"), "http_sd: ")]:
            self.lists.answer = answer
            if "Content-Length" in answer[1]:  # cut short: the server is gone in the middle
                self.lists.answer = (answer[0], {**answer[1], "Connection": "close"}, answer[2])
            _, err = self.run_it("crawl", "--config", "c.yaml", status=2)
            self.assertIn(word, err)
        self.lists.serve([])
        self.assertEqual(listener.accepted, [])

    def test_nobody_listens(self):
        with socket.socket() as closed:
            closed.bind(("127.66.5.1", 0))
            url = "http://%s:%d/" % closed.getsockname()
        self.configure(f"http_sd: {{url: '{url}'}}")
        _, err = self.run_it("crawl", "--config", "c.yaml", status=2)
        self.assertIn(f"c.yaml:4:14: http_sd: {url}: ", err)
        out, _ = self.run_it("validate", "--config", "c.yaml", status=0)
        self.assertEqual(out.splitlines()[0], "valid: 0 clusters")

    def test_credentials_stay_at_home(self):
        """A list cannot have a group's password sent to a host of its own."""
        listener = Listener("127.66.6.1")
        self.addCleanup(listener.close)
        self.write("pw", "canary-8\n")
        self.lists.serve([{"targets": [listener.address]}])
        self.write("c.yaml", "groups: {g: {auth: {user: u, password: {file: pw}, allow_plaintext: true}, "
                             "hosts: [127.66.7.0/24, .example]}}\n"
                             f"discovery: [{{http_sd: {{url: '{self.lists.url}', group: g}}}}]\n")
        _, err = self.run_it("crawl", "--config", "c.yaml", status=2)
        self.assertIn(f"{self.lists.url}:1:15: '127.66.6.1' is not one of the hosts of group 'g' "
                      "(127.66.7.0/24, .example)", err)
        self.assertEqual(listener.accepted, [])
