# SPDX-License-Identifier: Apache-2.0
"""Exit status 2: usage, configuration, inventory. Nobody is contacted, every mistake has its place."""
import os
import re
import subprocess

from support import Case, Listener

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/configuration.md")


class Usage(Case):
    def setUp(self):
        super().setUp()
        self.listener = Listener("127.50.10.1")
        self.addCleanup(self.listener.close)

    def refused(self, *args, says):
        out, err = self.run_it(*args, status=2)
        self.assertEqual(out, "")
        for word in [says] if isinstance(says, str) else says:
            self.assertIn(word, err)
        self.assertEqual(self.listener.accepted, [], "nobody is contacted")

    def test_commands(self):
        self.refused(says="a command is missing")
        self.refused("crawl", says="nobody to read")
        self.refused("check", says="nobody to read")
        self.refused("validate", says="nothing to validate")
        self.refused("bench", self.listener.address, says="bench is not in this version")
        out, err = self.run_it("--help", status=0)
        self.assertIn("--password-file", out)
        self.assertNotIn("--sink", out)
        self.assertEqual(self.run_it("--version", status=0)[0], "cqlcrawl 0.1.0\n")
        self.assertNotIn("--output", self.run_it("check", "--help", status=0)[0])

    def test_one_bad_target_stops_all(self):
        self.refused("crawl", self.listener.address, "a:99999", says="'99999' is not a port")
        self.refused("crawl", self.listener.address, "--tls", "require", "--cert", "x", says="belong together")
        self.refused("crawl", self.listener.address, "--include", "(", says="not a regular expression")
        self.refused("crawl", self.listener.address, "--output", "/nonexistent/f",
                     says="/nonexistent/f: cannot be written")
        self.refused("crawl", self.listener.address, "--output", "/tmp", says="cannot be written")

    def test_places(self):
        self.write("c.yaml", "clusters:\n  - {name: a, contact_points: [h], tmeout: 3s}\n"
                             "  - {name: b, contact_points: [h], auth: {user: u, password: canary-1}}\n")
        self.refused("crawl", "--config", "c.yaml", self.listener.address,
                     says=["c.yaml:2:36: unknown key 'tmeout'", "did you mean 'timeout'",
                           "c.yaml:3:62: auth.password: a secret is never written here"])
        self.write("list", f"{self.listener.address}\n# no\nx:y\n")
        self.refused("crawl", "--targets", "list", says="list:3: 'y' is not a port")

    def test_secrets_are_not_repeated(self):
        for args in (["--password", "canary-1", "h"], ["cassandra://u:canary-1@h"], ["--user", "u:canary-1", "h"]):
            _, err = self.run_it("crawl", *args, status=2)
            self.assertNotIn("canary-1", err)
            self.assertTrue("--password-file" in err or "without a password" in err, err)

    def test_json(self):
        _, err = self.run_it("crawl", "--log-format", "json", "a:0", status=2)
        record, = self.records(err)
        self.assertEqual((record["level"], record["event"]), ("error", "message"))
        self.assertIn("'0' is not a port", record["text"])

    def test_validate(self):
        self.write("ca.pem", "not a PEM\n")
        self.write("c.yaml", f"run: {{rate: 200/s}}\nclusters: [{{name: a, connect: '{self.listener.address}'}}]\n"
                             "sinks: [{type: ndjson, url: 'https://x/y', token: {file: t}}]\n")
        out, err = self.run_it("validate", "--config", "c.yaml", status=0)
        self.assertEqual(out, "valid: 1 cluster\n")
        self.assertIn("c.yaml:1:13: run.rate: not carried out by this version", err)
        self.refused("crawl", "--config", "c.yaml", says=["c.yaml:1:13: run.rate: not in this", "sinks: not in this"])
        self.write("c.yaml", "clusters:\n - {name: a, connect: h, tls: {cacert: ca.pem}}\n - {name: a, connect: i}\n")
        self.refused("validate", "--config", "c.yaml", says="'a' is there twice")
        self.write("c.yaml", "clusters:\n - {name: a, connect: h, tls: {cacert: ca.pem}}\n")
        self.refused("validate", "--config", "c.yaml", says="c.yaml:2:4: a: ")
        self.assertEqual(self.listener.accepted, [])

    def test_documented_example(self):
        """What docs/configuration.md shows is valid, and its table of options is the program's."""
        with open(DOCS) as f:
            text = f.read()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                        "-subj", "/CN=x", "-keyout", "ca.key", "-out", "ca.pem"], check=True, cwd=self.folder,
                       capture_output=True)
        self.write("c.yaml", re.search(r"```yaml\n(.*?)```", text, re.S)[1])
        self.assertEqual(self.run_it("validate", "--config", "c.yaml", status=0)[0], "valid: 3 clusters\n")
        documented = set(re.findall(r"`(--[a-z-]+)", text.split("Times have a unit")[0].split("## Options")[1]))
        shown = set(re.findall(r"^  (--[a-z-]+)", self.run_it("--help", status=0)[0], re.M))
        self.assertEqual(documented, shown)
