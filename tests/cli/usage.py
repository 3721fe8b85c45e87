# SPDX-License-Identifier: Apache-2.0
"""Exit status 2: usage, configuration, inventory. Nobody is contacted, every mistake has its place."""
import os
import re
import resource
import subprocess
import time

from support import LIMIT, Case, Listener

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
        self.refused("bensh", self.listener.address, says="did you mean bench?")
        out, err = self.run_it("--help", status=0)
        self.assertIn("--password-file", out)
        self.assertNotIn("--fail-on", self.run_it("serve", "--help", status=0)[0])
        self.assertEqual(self.run_it("--version", status=0)[0], "cqlcrawl 0.3.0\n")
        self.assertNotIn("--output", self.run_it("check", "--help", status=0)[0])

    def test_one_bad_target_stops_all(self):
        self.refused("crawl", self.listener.address, "a:99999", says="'99999' is not a port")
        self.refused("crawl", self.listener.address, "--tls", "require", "--cert", "x", says="belong together")
        self.refused("crawl", self.listener.address, "--include", "(", says="not a regular expression")
        self.refused("crawl", self.listener.address, "--output", "/nonexistent/f",
                     says="/nonexistent/f: cannot be written")
        self.refused("crawl", self.listener.address, "--output", "/tmp", says="cannot be written")
        self.refused("crawl", self.listener.address, "--sink", "http://10.0.0.1/", "--sink-token-file", "t",
                     says="would cross the network in clear text")

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
        self.write("more.json", '[{"targets": ["%s"]}]' % self.listener.address)
        self.write("c.yaml", f"""
run: {{rate: 200/s, shard: 1/1}}
groups: {{g: {{labels: {{a: b}}}}}}
clusters: [{{name: a, group: g, connect: '{self.listener.address}'}}]
discovery:
  - file_sd: {{files: [more.json], group: g}}
  - file_sd: {{files: ["none/*.json"]}}
  - http_sd: {{url: 'http://{self.listener.address}/list'}}
sinks: [{{type: ndjson, url: 'https://x/y', token: {{file: t}}}}]
""")
        out, err = self.run_it("validate", "--config", "c.yaml", status=0)
        self.assertEqual(out, "valid: 2 clusters\n"
                              "  c.yaml (configuration): 1 cluster\n"
                              "  more.json (file_sd): 1 cluster\n"
                              f"  http://{self.listener.address}/list (http_sd): not asked, nobody is contacted\n"
                              "  group g: 2 clusters\n"
                              "  sink x:443: not contacted\n")
        self.assertIn("c.yaml:7:14: file_sd: no file matches 'none/*.json'", err)
        self.assertIn("1 cluster has an address of another: a and " + self.listener.address, err)
        self.write("c.yaml", "clusters:\n - {name: a, connect: h, tls: {cacert: ca.pem}}\n - {name: a, connect: i}\n")
        self.refused("validate", "--config", "c.yaml",
                     says=["c.yaml:3:4: 'a' is there twice", "the other one is c.yaml:2:4"])
        self.write("c.yaml", "clusters:\n - {name: a, connect: h, tls: {cacert: ca.pem}}\n")
        self.refused("validate", "--config", "c.yaml", says="c.yaml:2:4: a: ")
        self.assertEqual(self.listener.accepted, [])

    def test_a_million_lines(self):
        """In seconds, and in less than 400 bytes a line: the limit is for the whole address space."""
        with open(self.path("many"), "w") as f:
            f.writelines(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}:9042\n" for i in range(1000000))
            f.write("10.0.0.7 # the same again, by its default port\n")
        began = time.monotonic()
        # a sanitizer takes address space by the terabyte
        limit = resource.RLIM_INFINITY if "ASAN_OPTIONS" in os.environ else 400 << 20
        process = self.start("validate", "--targets", "many",
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        _, err = process.communicate(timeout=LIMIT)
        self.assertEqual(err.decode(), "cqlcrawl: many:1000001: '10.0.0.7:9042' is there twice: every cluster needs "
                                       "a name of its own (the other one is many:8)\n")
        with open(self.path("many"), "a") as f:
            f.seek(f.tell() - 47)
            f.truncate()
        process = self.start("validate", "--targets", "many", "--shard", "2/2",
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        out, err = process.communicate(timeout=LIMIT)
        self.assertEqual((process.returncode, err), (0, b""))
        self.assertIn(" of 1000000\n", out.decode())
        self.assertLess(time.monotonic() - began, 40)

    def test_shards_divide(self):
        """N shards hold every name once, whatever their order in the file."""
        names = [f"h{i}:9042" for i in range(200)]
        self.write("a", "\n".join(names))
        self.write("b", "\n".join(reversed(names)))
        sizes = []
        for i in range(1, 5):
            out = [self.run_it("validate", "--targets", file, "--shard", f"{i}/4", status=0)[0] for file in "ab"]
            sizes.append(int(re.match(r"valid: (\d+)", out[0])[1]))
            self.assertEqual(out[0].splitlines()[0], out[1].splitlines()[0])
            self.assertIn(f"  shard {i} of 4\n  chosen: {sizes[-1]} of 200\n", out[0])
        self.assertEqual(sum(sizes), 200)
        self.assertTrue(all(25 <= n <= 75 for n in sizes), sizes)

    def test_shard_of_an_array_job(self):
        self.write("a", "\n".join(f"h{i}" for i in range(50)))
        slurm = {"SLURM_ARRAY_TASK_ID": "8", "SLURM_ARRAY_TASK_MIN": "7", "SLURM_ARRAY_TASK_COUNT": "3"}
        environments = [(slurm, "auto"),
                        ({"AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ARRAY_SIZE": "3"}, "auto"),
                        ({"JOB_COMPLETION_INDEX": "1"}, "auto/3")]
        for environment, shard in environments:
            out, _ = self.run_it("validate", "--targets", "a", "--shard", shard, status=0,
                                 env={**os.environ, **environment})
            self.assertIn("  shard 2 of 3\n", out)
        self.refused("validate", "--targets", "a", "--shard", "auto", says="--shard: I/N")

    def test_documented_example(self):
        """What docs/configuration.md shows is valid, and its table of options is the program's."""
        with open(DOCS) as f:
            text = f.read()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                        "-subj", "/CN=x", "-keyout", "ca.key", "-out", "ca.pem"], check=True, cwd=self.folder,
                       capture_output=True)
        example = re.search(r"```yaml\n(.*?)```", text, re.S)[1]
        self.write("c.yaml", example.replace("/var/lib/", ""))
        out = self.run_it("validate", "--config", "c.yaml", status=0)[0]
        self.assertEqual(out.splitlines()[0], "valid: 3 clusters")
        documented = set(re.findall(r"`(--[a-z-]+)", text.split("Times have a unit")[0].split("## Options")[1]))
        shown = set(re.findall(r"^  (--[a-z-]+)", self.run_it("--help", status=0)[0], re.M))
        self.assertEqual(documented, shown)
