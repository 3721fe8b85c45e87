# SPDX-License-Identifier: Apache-2.0
"""Passwords: from a file, the environment, standard input; in no output, argument or core; tried once."""
import os
import re
import subprocess

from support import Case, LIMIT, signal

CANARY = "canary-7f3a91c2e5"


def dumpable(pid):
    """What a core dump of the process would hold: readable mappings that are not marked "do not dump".
    Nothing where the process ended meanwhile: a part of its memory shows nothing by what it lacks."""
    found = []
    with open(f"/proc/{pid}/smaps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        region = None
        for line in maps:
            span = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r?)", line)
            if span:
                region = (int(span[1], 16), int(span[2], 16)) if span[3] else None
                if region and region[1] - region[0] > 1 << 28:
                    region = None  # a sanitizer's shadow
            elif line.startswith("VmFlags:") and region and " dd" not in line and " io" not in line:
                try:
                    memory.seek(region[0])
                    found.append(memory.read(region[1] - region[0]))
                except (OSError, OverflowError, ValueError):
                    pass  # [vvar] and the like
        maps.seek(0)
        return b"".join(found) if maps.read(1) else b""


class Passwords(Case):
    def setUp(self):
        super().setUp()
        self.write("server", CANARY + "\n")
        self.options = ("--auth", "password", "--user", "crawler", "--password-file", self.path("server"),
                        "--keyspaces", "1", "--tables", "1")

    def login(self, *args, status, **more):
        out, err = self.run_it("crawl", "--user", "crawler", *args, status=status, **more)
        self.assertNotIn(CANARY, out + err)
        end, = self.ends(self.records(out)).values()
        return end

    def test_sources(self):
        target = self.sim("127.50.14.1:0", *self.options).targets[0]
        for ending in ("", "\n", "\r\n"):
            self.write("pw", CANARY + ending)
            end = self.login("--password-file", "pw", "--allow-plaintext-login", target, status=0)
            self.assertEqual(end["read"], "complete")
        self.write("pw", CANARY + "\n\n")  # one line end is removed, not two
        end = self.login("--password-file", "pw", "--allow-plaintext-login", target, status=3)
        self.assertEqual(end["code"], "bad_credentials")
        process = self.start("crawl", "--user", "crawler", "--password-file", "-", "--allow-plaintext-login", target,
                             stdin=subprocess.PIPE)
        out, err = process.communicate((CANARY + "\n").encode(), timeout=LIMIT)
        self.assertEqual(process.returncode, 0, err)
        self.assertNotIn(CANARY.encode(), out + err)
        self.write("c.yaml", f"clusters: [{{name: lab, connect: '{target}', auth: {{user: crawler, "
                             "password: {env: LAB_PW}, allow_plaintext: true}}]\n")
        out, _ = self.run_it("crawl", "--config", "c.yaml", status=0, env={**os.environ, "LAB_PW": CANARY})
        self.assertNotIn(CANARY, out)
        os.mkdir(self.path("lab"))
        self.write("lab/password", CANARY)
        self.write("c.yaml", f"clusters: [{{name: lab, connect: '{target}', auth: {{user: crawler, "
                             "password: {file: '{cluster}/password'}, allow_plaintext: true}}]\n")
        self.run_it("crawl", "--config", "c.yaml", status=0)

    def test_wrong_is_tried_once(self):
        sim = self.sim("127.50.14.2:0", *self.options)
        self.write("pw", "wrong\n")
        end = self.login("--password-file", "pw", "--allow-plaintext-login", sim.targets[0], status=3)
        self.assertEqual((end["read"], end["class"], end["code"]), ("failed", "auth", "bad_credentials"))
        self.assertEqual(sim.stop()["clusters"][0]["requests"]["AUTH_RESPONSE"], 1)

    def test_not_over_plaintext(self):
        sim = self.sim("127.50.14.3:0", *self.options)
        self.write("pw", CANARY)
        end = self.login("--password-file", "pw", sim.targets[0], status=3)
        self.assertEqual((end["class"], end["code"]), ("auth", "plaintext_login"))
        self.assertEqual(sim.stop()["clusters"][0]["requests"].get("AUTH_RESPONSE", 0), 0)

    def test_unreadable_file_dials_nobody(self):
        sim = self.sim("127.50.14.4:0", *self.options)
        end = self.login("--password-file", "nothing", "--allow-plaintext-login", sim.targets[0], status=3)
        self.assertEqual(end["code"], "secret")
        self.assertIn("No such file", end["text"])
        self.assertEqual(sim.stop()["clusters"][0]["connections"], 0)

    def test_in_no_argument_and_no_core(self):
        """Looked at while the login is on its way, while tables are read, and as a core would show it."""
        sim = self.sim("127.50.14.5:0", *self.options, "--fault", "latency=700")
        self.write("pw", CANARY + "\n")
        process = self.start("crawl", "--user", "crawler", "--password-file", "pw", "--allow-plaintext-login",
                             sim.targets[0], "--output", "r")
        looks = 0
        while process.poll() is None:
            with open(f"/proc/{process.pid}/cmdline", "rb") as f:
                self.assertNotIn(CANARY.encode(), f.read())
            try:
                core = dumpable(process.pid)
            except (ProcessLookupError, FileNotFoundError, PermissionError):
                break
            if len(core) > 100000:
                looks += 1
                self.assertIn(b"allow-plaintext-login", core)  # the look sees what there is
                self.assertFalse(CANARY.encode() in core, "the password is in the core")
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                pass
        out, err = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, 0, err)
        self.assertGreater(looks, 5)
        self.assertNotIn(CANARY.encode(), out + err)
        with open(self.path("r")) as f:
            self.assertNotIn(CANARY, f.read())

    def test_standard_input_in_no_core(self):
        sim = self.sim("127.50.14.6:0", *self.options, "--fault", "silent")
        process = self.start("crawl", "--user", "crawler", "--password-file", "-", sim.targets[0], "--output", "r",
                             stdin=subprocess.PIPE)
        process.stdin.write((CANARY + "\n").encode())
        process.stdin.close()
        process.stdin = None
        self.wait_for(lambda: os.path.exists(self.path("r.partial")), "the run begins")
        for _ in range(3):
            self.assertFalse(CANARY.encode() in dumpable(process.pid), "the password is in memory")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LIMIT)

    def test_variable_in_no_core(self):
        """What a variable held is taken out of the environment; two clusters may share it."""
        with open(os.environ["CQLCRAWL"], "rb") as f:
            if b"__asan_init" in f.read():
                self.skipTest("a sanitizer keeps a copy of the environment of its own")
        silent = self.sim("127.50.14.7:0", *self.options, "--fault", "silent")
        good = self.sim("127.50.14.8:0", *self.options)
        auth = "auth: {user: crawler, password: {env: LAB_PW}, allow_plaintext: true}"
        self.write("c.yaml", f"clusters:\n - {{name: a, connect: '{good.targets[0]}', {auth}}}\n"
                             f" - {{name: b, connect: '{silent.targets[0]}', {auth}}}\n"
                             " - {name: c, connect: '127.50.14.9:1', auth: {user: u, password: {env: NO_SUCH}}}\n")
        process = self.start("crawl", "--config", "c.yaml", "--output", "r", env={**os.environ, "LAB_PW": CANARY})
        lines = [process.stderr.readline() for _ in range(2)]  # a and c are done
        self.assertIn(b"NO_SUCH: is not set", b"".join(lines))
        with open(f"/proc/{process.pid}/environ", "rb") as f:
            self.assertNotIn(CANARY.encode(), f.read())
        core = dumpable(process.pid)
        self.assertIn(b"c.yaml", core)
        self.assertFalse(CANARY.encode() in core, "the password is in the core")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LIMIT)
        self.assertEqual(self.ends(self.file_records("r.partial"))["a"]["read"], "complete")
