# SPDX-License-Identifier: Apache-2.0
"""check: each step with its time, what was seen, and the remedy at the one that fails."""
import shutil
import subprocess

from support import CQLCRAWL, Case, Listener


class Check(Case):
    def certificates(self):
        def openssl(*args):
            subprocess.run(["openssl", *args], check=True, cwd=self.folder, capture_output=True)

        for ca in ("ca", "other"):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={ca}", "-keyout", ca + ".key", "-out", ca + ".pem")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=node",
                "-keyout", "node.key", "-out", "node.csr")
        self.write("ext", "subjectAltName=DNS:node.example\n")
        openssl("x509", "-req", "-in", "node.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "ext", "-out", "node.pem")

    def steps(self, *args, status):
        """[(step, ok, code, seen)] of the one target, from the JSON form; the text form says the same codes."""
        out, _ = self.run_it("check", "--log-format", "json", *args, status=status)
        lines = self.records(out)
        text, _ = self.run_it("check", *args, status=status)
        for line in lines:
            if line["code"]:
                self.assertIn(line["code"], text)
                self.assertIn("-> " + line["remedy"], text)
        return [(x["step"], x["ok"], x["code"], x["seen"]) for x in lines]

    def failing(self, *args):
        """The step that fails and its code; every step before it is in order."""
        steps = self.steps(*args, status=3)
        bad = [s for s in steps if not s[1] and s[0] != "done"]
        self.assertEqual(len(bad), 1, steps)
        self.assertTrue(all(s[1] for s in steps[:steps.index(bad[0])]), steps)
        self.assertEqual(steps[-1][:3], ("done", False, bad[0][2]))
        return bad[0][0], bad[0][2]

    def test_in_order(self):
        target = self.sim("127.50.15.1:0", "--keyspaces", "1", "--tables", "1").targets[0]
        steps = self.steps(target, status=0)
        self.assertEqual([s[0] for s in steps], ["resolve", "connect", "protocol", "login", "read", "done"])
        self.assertTrue(all(s[1] for s in steps))
        self.assertIn("v5", steps[2][3])

    def test_faults(self):
        sim = self.sim("127.50.15.2:0", "--clusters", "2", "--keyspaces", "1", "--tables", "1",
                       "--fault", "silent@0", "--fault", "garbage=http@1")
        short = ("--timeout", "2s", "--connect-timeout", "1s")
        self.assertEqual(self.failing("127.50.15.9:1"), ("connect", "connection_refused"))
        self.assertEqual(self.failing("no-such-host.invalid", *short), ("resolve", "dns"))
        self.assertEqual(self.failing(sim.targets[0], *short), ("protocol", "no_answer"))
        self.assertEqual(self.failing(sim.targets[1]), ("protocol", "not_cql"))

    def test_tls_without_its_library(self):
        """The program alone: plaintext does not miss it; TLS is refused before anybody is dialled."""
        sim = self.sim("127.50.15.13:0", "--keyspaces", "1", "--tables", "1")
        alone = shutil.copy(CQLCRAWL, self.path("alone"))
        self.assertEqual(subprocess.run([alone, "check", sim.targets[0]], capture_output=True).returncode, 0)
        r = subprocess.run([alone, "check", sim.targets[0], "--tls", "require"], capture_output=True, text=True)
        self.assertEqual(r.returncode, 2)
        self.assertIn("TLS needs cqlcrawl-tls.so, which is installed with this program", r.stderr)
        self.assertEqual(sim.stop()["total"]["connections"], 1)

    def test_tls(self):
        self.certificates()
        sim = self.sim("127.50.15.10:0", "--keyspaces", "1", "--tables", "1", "--tls", "--cert",
                       self.path("node.pem"), "--key", self.path("node.key"))
        plain = self.sim("127.50.15.11:0", "--keyspaces", "1", "--tables", "1")
        target = sim.targets[0]
        steps = self.steps(target, "--cacert", "ca.pem", "--tls-name", "node.example", status=0)
        self.assertEqual([s[0] for s in steps][:3], ["resolve", "connect", "TLS"])
        self.assertIn("TLSv1.3", steps[2][3])
        self.steps(target, "--tls", "require", status=0)
        self.steps(target, "--tls", "verify-ca", "--cacert", "ca.pem", status=0)
        self.assertEqual(self.failing(target, "--cacert", "other.pem"), ("TLS", "tls_untrusted"))
        self.assertEqual(self.failing(target, "--cacert", "ca.pem"), ("TLS", "tls_name_mismatch"))
        self.assertEqual(self.failing(plain.targets[0], "--tls", "require"), ("TLS", "tls_plaintext_peer"))
        # Plaintext to a TLS port: 5.0 resets in silence, 4.1 sends an alert. Both remedies speak of TLS.
        self.assertEqual(self.failing(target), ("protocol", "connection_reset"))
        older = self.sim("127.50.15.12:0", "--release", "4.1", "--tls", "--cert", self.path("node.pem"), "--key",
                         self.path("node.key"))
        self.assertEqual(self.failing(older.targets[0]), ("protocol", "tls_required"))

    def test_login(self):
        self.write("server", "right\n")
        target = self.sim("127.50.15.20:0", "--keyspaces", "1", "--tables", "1", "--auth", "password", "--user", "u",
                          "--password-file", self.path("server")).targets[0]
        self.write("pw", "wrong\n")
        login = ("--user", "u", "--password-file", "pw")
        self.assertEqual(self.failing(target), ("login", "credentials_missing"))
        self.assertEqual(self.failing(target, *login), ("login", "plaintext_login"))
        self.assertEqual(self.failing(target, *login, "--allow-plaintext-login"), ("login", "bad_credentials"))
        other = self.sim("127.50.15.21:0", "--auth", "password", "--user", "u", "--password-file",
                         self.path("server"), "--authenticator", "com.example.Unknown").targets[0]
        self.assertEqual(self.failing(other, *login, "--allow-plaintext-login"), ("login", "authenticator_unknown"))

    def test_targets_do_not_interleave(self):
        sim = self.sim("127.50.15.30:0", "--clusters", "20", "--keyspaces", "1", "--tables", "1")
        out, err = self.run_it("check", "--targets", sim.file, status=0)
        lines = out.splitlines()
        self.assertEqual(len(lines), 20 * 6)
        self.assertEqual(sorted(lines[::6]), sorted(sim.targets))
        self.assertIn("20 clusters: 20 in order, 0 not", err)

    def test_strangers_text_is_escaped(self):
        listener = Listener("127.50.15.40", b"\x1b]0;owned\x07SSH-2.0-x\r\n\x1b[31m")
        self.addCleanup(listener.close)
        out, err = self.run_it("check", listener.address, status=3)
        self.assertNotIn("\x1b", out + err)
