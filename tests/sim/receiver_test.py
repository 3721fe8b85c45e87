#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cqlsim-receiver over raw sockets of 127.20.210.0/24: requests, accounts, every step of a script.

Usage: receiver_test.py PATH-OF-CQLSIM-RECEIVER. Needs the standard library and the openssl program only.
"""
import base64
import email.utils
import gzip
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from receiver import Receiver as Program  # noqa: E402

RECEIVER = sys.argv.pop(1) if len(sys.argv) > 1 else "cqlsim-receiver"
LISTEN = "127.20.210.1"


def record(cluster, kind, sequence, name=None, epoch=7, **more):
    parts = [cluster, kind] + ([name] if name else [])
    r = {"schema": "cqlcrawl/1", "kind": kind, "op": "upsert", "id": "/".join(parts), "epoch": epoch,
         "version": epoch << 22 | sequence, "cluster": cluster, "labels": {}, **more}
    return json.dumps(r, separators=(",", ":")) + "\n"


def scope(cluster, n_tables=3, epoch=7, read="complete"):
    lines = [record(cluster, "scope_begin", 0, epoch=epoch), record(cluster, "cluster", 1, epoch=epoch)]
    for i in range(n_tables):
        lines.append(record(cluster, "table", 2 + i, f"ks/t{i}", epoch, comment='a "quoted\\" {[', x=[{"y": []}]))
    return lines + [record(cluster, "scope_end", 2 + n_tables, epoch=epoch, read=read)]


def zstd(data):
    """A zstd stream of one raw block (RFC 8878 section 3.1.1)."""
    return struct.pack("<IBI", 0xFD2FB528, 0xA0, len(data)) + struct.pack("<I", len(data) << 3 | 1)[:3] + data


class Http:
    """One connection; answers are (status, fields, body)."""

    def __init__(self, url, context=None):
        host, port = url.split("//")[1].rstrip("/").rsplit(":", 1)
        self.sock = socket.create_connection((host, int(port)), timeout=20)
        if context:
            self.sock = context.wrap_socket(self.sock, server_hostname="receiver")
        self.data = b""

    def send(self, body, key=None, fields=(), method="POST", length=True):
        head = [f"{method} /in HTTP/1.1", "Host: r"] + [f"{k}: {v}" for k, v in fields]
        if key:
            head.append("Idempotency-Key: " + key)
        if length:
            head.append(f"Content-Length: {len(body)}")
        self.sock.sendall("\r\n".join(head + ["", ""]).encode() + body)

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError(self.data)
        self.data += data

    def answer(self):
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        fields = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}
        n = int(fields.get("content-length", 0))
        while len(self.data) < n:
            self.more()
        body, self.data = self.data[:n], self.data[n:]
        return int(lines[0].split()[1]), fields, body

    def post(self, body, *args, **more):
        self.send(body.encode() if isinstance(body, str) else body, *args, **more)
        return self.answer()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name, text=None):
        path = os.path.join(self.folder.name, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        return path

    def receiver(self, *options, **more):
        return Program(RECEIVER, self.folder.name, LISTEN, *options, **more)


class Requests(Case):
    def test_bodies_in_every_form(self):
        lines = scope("a", 6)
        with self.receiver() as r:
            http = Http(r.url)
            raw = lines[0].encode()
            self.assertEqual(http.post(raw, "k0")[0], 200)
            packed = gzip.compress(lines[1].encode()) + gzip.compress(lines[2].encode())
            self.assertEqual(http.post(packed, "k1", [("Content-Encoding", "gzip")])[2], b'{"accepted":2}\n')
            self.assertEqual(http.post(zstd(lines[3].encode()), "k2", [("Content-Encoding", "zstd")])[0], 200)
            chunks = b"".join(b"%x;x=y\r\n%c\r\n" % (1, c) for c in lines[4].encode()) + b"0\r\nA: b\r\n\r\n"
            self.assertEqual(http.post(chunks, "k3", [("Transfer-Encoding", "chunked")], length=False)[0], 200)
            for byte in b"POST / HTTP/1.1\r\nidempotency-KEY:k4 \r\nContent-Length: %d\r\n\r\n%s" % (
                    len(lines[5]), lines[5].encode()):
                http.sock.sendall(bytes([byte]))
            self.assertEqual(http.answer()[0], 200)
            for i in (6, 7, 8):  # pipelined
                http.send(lines[i].encode(), f"k{i}")
            self.assertEqual([http.answer()[0] for _ in range(3)], [200] * 3)
            stats = r.stats()
            self.assertEqual(stats["records"]["distinct"], 9)
            self.assertEqual(stats["requests"]["by_encoding"], {"identity": 6, "gzip": 1, "zstd": 1})
            self.assertEqual((stats["requests"]["chunked"], stats["violations"]["total"]), (1, 0))
            self.assertEqual(stats["connections"]["open"], 2)
            self.assertEqual(r.records("a"), [json.loads(line) for line in lines])
            self.assertEqual([e["key"] for e in r.log()][:2], ["k0", "k1"])
        with open(r.store, encoding="utf-8") as f:
            self.assertEqual(f.read(), "".join(lines))

    def test_bad_requests(self):
        good = scope("a")[0]
        with self.receiver() as r:
            http = Http(r.url)
            for body, encoding in ((good[:-1], ""), (good + good[:30], ""), ("{}\n", ""), ("", ""), (good + "\n", ""),
                                   (good.replace('"version"', '"revision"'), ""), (good[:-2] + "]\n", ""),
                                   (good, "gzip"), (good, "zstd")):
                self.assertEqual(http.post(body, fields=[("Content-Encoding", encoding)])[0], 400, body)
            cut = gzip.compress(good.encode())[:-3]
            self.assertEqual(http.post(cut, fields=[("Content-Encoding", "gzip")])[0], 400)
            self.assertEqual(http.post(good, fields=[("Content-Encoding", "br")])[0], 415)
            self.assertEqual(http.post(b"", method="DELETE")[0], 405)
            for head in (b"nonsense\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                         b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                         b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"):
                bad = Http(r.url)
                bad.sock.sendall(head)
                self.assertEqual(bad.answer()[0], 400, head)
                self.assertEqual(bad.sock.recv(1), b"")
            self.assertEqual(r.stats()["records"]["accepted"], 0)
            self.assertEqual(r.stats()["bodies"]["bad"], 10)

    def test_expect(self):
        with self.receiver() as r:
            http = Http(r.url)
            http.send(scope("a")[0].encode(), fields=[("Expect", "100-continue")])
            self.assertEqual(http.answer()[0], 100)
            self.assertEqual(http.answer()[0], 200)
            self.assertEqual(r.stats()["requests"]["expects"], 1)

    def test_usage(self):
        for args in (["--nonsense"], ["--script", "50x"], ["--script", "503:early=1"], ["--faults", "503@5%"],
                     ["--faults", "1:503"], ["--script", ""], ["--tls"], ["--user", "u"], ["--listen", "80"],
                     ["--token-file", "/nonexistent"], ["--script", "over=12x"]):
            done = subprocess.run([RECEIVER, *args, "--duration", "1"], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 2 if args[-1] else 0, (args, done.stderr))
        done = subprocess.run([RECEIVER, "--help"], capture_output=True, text=True, timeout=20)
        self.assertIn("close-after-body", done.stdout)


class Accounts(Case):
    def test_scopes_and_kinds(self):
        with self.receiver() as r:
            http = Http(r.url)
            for cluster, read in (("a", "complete"), ("b", "incomplete"), ("c", "failed")):
                self.assertEqual(http.post("".join(scope(cluster, read=read)), "k" + cluster)[0], 200)
            beat = [record("a", "cluster", 0, epoch=8), record("a", "heartbeat", 1, epoch=8)]
            http.post("".join(beat), "beat")
            stats = r.stats()
            scopes = stats["scopes"]
            self.assertEqual([scopes[k] for k in ("begun", "complete", "incomplete", "failed", "heartbeats")],
                             [3, 1, 1, 1, 1])
            self.assertEqual(stats["kinds"], {"scope_begin": 3, "cluster": 4, "table": 9, "scope_end": 3,
                                              "heartbeat": 1})
            self.assertEqual((stats["records"]["distinct"], stats["records"]["ids"], stats["clusters"]), (20, 19, 3))
            self.assertEqual((stats["violations"]["total"], scopes["ended_short"]), (0, 0))
            self.assertEqual((r.clusters()["a"]["epoch"], r.clusters()["b"]["distinct"]), (8, 6))
            self.assertRaises(urllib.error.HTTPError, r.records, "d")
            r.reset()
            self.assertEqual((r.stats()["records"]["distinct"], r.clusters()), (0, {}))
            http.post("".join(scope("a")), "again")
            self.assertEqual(len(r.records("a")), 6)

    def test_duplicates(self):
        lines = scope("a")
        with self.receiver() as r:
            http = Http(r.url)
            for key in ("k1", "k1", "k2"):
                self.assertEqual(http.post("".join(lines), key)[0], 200)
            stats = r.stats()
            self.assertEqual((stats["records"]["accepted"], stats["records"]["distinct"]), (18, 6))
            self.assertEqual(stats["records"]["duplicates_same_key"], 6)
            self.assertEqual(stats["violations"]["duplicates_other_key"], 6)
            self.assertEqual([stats["bodies"][k] for k in ("keys", "keys_again", "accepted_again")], [2, 1, 1])
            self.assertIn("duplicates_other_key: a/scope_begin", stats["said"][0])
            self.assertEqual(len(r.records("a")), 6)

    def test_a_key_with_another_body(self):
        with self.receiver("--script", "503,ok") as r:
            http = Http(r.url)
            self.assertEqual(http.post(scope("a")[0], "k")[0], 503)
            self.assertEqual(http.post(scope("a")[1], "k")[0], 422)
            self.assertEqual(r.stats()["violations"]["key_reused"], 1)
            self.assertEqual(r.stats()["records"]["accepted"], 0)

    def test_order_fence_and_conflict(self):
        lines = scope("a", 4)
        with self.receiver() as r:
            http = Http(r.url)
            http.post(lines[0] + lines[2] + lines[1])
            self.assertEqual(r.stats()["violations"]["out_of_order"], 1)
            http.post(lines[3] + lines[6])  # the end, before lines 4 and 5
            scopes = r.stats()["scopes"]
            self.assertEqual((scopes["ended_short"], scopes["missing_at_end"]), (1, 2))
            http.post(lines[4])
            self.assertEqual(r.clusters()["a"]["violations"]["after_end"], 1)
            http.post(lines[4].replace('"comment":"a', '"comment":"b'), "new")
            self.assertEqual(r.stats()["violations"]["conflicts"], 1)


class Scripts(Case):
    def run_steps(self, script, n, body=None, options=()):
        """Posts n bodies, each on its own connection; what each got."""
        got = []
        with self.receiver("--script", script, *options) as r:
            for i in range(n):
                http = Http(r.url)
                begin = time.monotonic()
                try:
                    status, fields, text = http.post(body or scope("a")[i], f"k{i}")
                    got.append((status, fields, text, time.monotonic() - begin))
                except (OSError, EOFError, ValueError, IndexError) as e:
                    got.append((type(e).__name__, {}, http.data, time.monotonic() - begin))
            self.last = r.stats()
        return got

    def test_statuses_and_retry_after(self):
        got = self.run_steps("503*2,429:retry-after=7,429:retry-date=60,307:location=/x", 6)
        self.assertEqual([g[0] for g in got], [503, 503, 429, 429, 307, 503])
        self.assertEqual(got[2][1]["retry-after"], "7")
        at = email.utils.parsedate_to_datetime(got[3][1]["retry-after"]).timestamp()
        self.assertAlmostEqual(at, time.time() + 60, delta=5)
        self.assertEqual(got[4][1]["location"], "/x")
        self.assertEqual(self.last["records"]["accepted"], 0)
        self.assertEqual([s["taken"] for s in self.last["steps"]], [3, 1, 1, 1])
        self.assertEqual(self.last["requests"]["by_status"]["503"], 3)

    def test_once(self):
        got = self.run_steps("503*2,401", 5, options=["--script-once"])
        self.assertEqual([g[0] for g in got], [503, 503, 401, 200, 200])

    def test_conditions(self):
        got = self.run_steps("413:over=100,413:over=1m,400:match=cluster,400:match=nowhere", 4)
        self.assertEqual([g[0] for g in got], [413, 200, 400, 200])
        got = self.run_steps("ok", 1, options=["--poison", "scope_begin"])
        self.assertEqual(got[0][0], 400)

    def test_accepted_keys_are_spared(self):
        """A key that was stored is answered with success where a body would be refused, but not from passing faults."""
        script = "close-after-body:stored,413:early,400:match=cluster,422,503,429,401"
        lines = scope("a")
        with self.receiver("--script", script) as r:
            self.assertRaises(EOFError, Http(r.url).post, lines[0], "k0")
            http = Http(r.url)
            self.assertEqual([http.post(lines[0], "k0")[0] for _ in range(6)], [200, 200, 200, 503, 429, 401])
            self.assertRaises(EOFError, Http(r.url).post, lines[1], "k1")
            http = Http(r.url)
            self.assertEqual(http.post(lines[2], "k2")[0], 413)
            http = Http(r.url)
            self.assertEqual([http.post(lines[3], "k3")[0], http.post(lines[0], "k1")[0]], [400, 422])
            stats = r.stats()
            self.assertEqual((stats["records"]["distinct"], stats["records"]["duplicates_same_key"]), (2, 3))
            self.assertEqual(stats["violations"]["total"], 1)

    def test_cut_off(self):
        body = "".join(scope("a", 500)).encode()
        for step in ("reset-after=1000", "reset-after=0", "reset-answer=20", "reset-answer=0"):
            got = self.run_steps(step, 1, body)[0]
            self.assertIn(got[0], ("ConnectionResetError", "BrokenPipeError"), step)
            self.assertEqual(self.last["records"]["accepted"], 503 if "answer" in step else 0, step)
        self.assertEqual(self.run_steps("close-after-body", 1)[0][0], "EOFError")
        self.assertEqual(self.last["records"]["accepted"], 0)
        self.assertEqual(self.last["requests"]["unanswered"], 1)
        self.assertEqual(self.run_steps("close-after-body:stored", 1)[0][0], "EOFError")
        self.assertEqual(self.last["records"]["accepted"], 1)
        self.assertEqual(self.run_steps("503:stored", 1)[0][0], 503)
        self.assertEqual(self.last["records"]["accepted"], 1)

    def test_answers_that_are_none(self):
        self.assertEqual(self.run_steps("garbage", 1)[0][2][:4], b"220 ")
        self.assertEqual(self.run_steps("short", 1)[0][0], "EOFError")
        self.assertEqual(self.last["records"]["accepted"], 1)
        got = self.run_steps("huge=3m", 1)[0]
        self.assertEqual((got[0], len(got[2])), (200, 3 << 20))

    def test_times(self):
        got = self.run_steps("delay=300ms,dribble=3ms,slow=1000", 3, "".join(scope("a")))
        n = len("".join(scope("a")))
        self.assertEqual([g[0] for g in got], [200] * 3)
        self.assertGreater(got[0][3], 0.29)
        self.assertGreater(got[1][3], 0.25)
        self.assertGreater(got[2][3], n / 1000 * 0.9)
        self.assertLess(got[2][3], n / 1000 + 20)

    def test_never(self):
        for step, n in (("never", 0), ("never:stored", 1)):
            with self.receiver("--script", step) as r:
                http = Http(r.url)
                http.sock.settimeout(0.3)
                http.send(scope("a")[0].encode())
                self.assertRaises(socket.timeout, http.answer)
                self.assertEqual(r.stats()["records"]["accepted"], n)
                self.assertEqual(r.stats()["requests"]["in_flight"], 1)

    def test_early(self):
        body = b"x" * (8 << 20)
        for options in (["--script", "413:early"], ["--max-body", "1000"]):
            with self.receiver(*options) as r:
                http = Http(r.url)
                http.sock.sendall(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body))
                status, fields, _ = http.answer()
                self.assertEqual((status, fields["connection"]), (413, "close"))
                try:
                    http.sock.sendall(body)
                except OSError:
                    pass
                self.assertEqual(r.stats()["records"]["accepted"], 0)

    def test_random_is_seeded(self):
        def statuses(seed):
            with self.receiver("--faults", f"{seed}:503@20%,429:retry-after=0@20%") as r:
                http = Http(r.url)
                return [http.post(scope("a")[0], "k")[0] for _ in range(200)]
        first = statuses(5)
        self.assertEqual(first, statuses(5))
        self.assertNotEqual(first, statuses(6))
        for status, least, most in ((503, 20, 60), (429, 20, 60), (200, 90, 150)):
            self.assertTrue(least < first.count(status) < most, (status, first.count(status)))

    def test_changed_while_it_runs(self):
        with self.receiver("--script", "503") as r:
            http = Http(r.url)
            self.assertEqual(http.post(scope("a")[0])[0], 503)
            r.script("500*2,ok")
            self.assertEqual([http.post(scope("a")[0])[0] for _ in range(3)], [500, 500, 200])
            r.faults("3:502@100%")
            r.script("")
            self.assertEqual(http.post(scope("a")[0])[0], 502)
            self.assertRaises(urllib.error.HTTPError, r.script, "50x")

    def test_outage(self):
        with self.receiver() as r:
            http = Http(r.url)
            http.post("".join(scope("a")), "k")
            r.outage(600)
            http.sock.settimeout(5)
            self.assertRaises(ConnectionResetError, http.sock.recv, 1)
            self.assertRaises(ConnectionRefusedError, Http, r.url)
            time.sleep(0.8)
            self.assertEqual(Http(r.url).post("".join(scope("a")), "k")[0], 200)
            self.assertEqual(r.stats()["records"]["duplicates_same_key"], 6)


class Secured(Case):
    def test_credentials(self):
        secret = self.path("secret", "s3cr:et\n")
        basic = "Basic " + base64.b64encode(b"me:s3cr:et").decode()
        for options, right in ((["--token-file", secret], "Bearer s3cr:et"),
                               (["--user", "me", "--password-file", secret], basic)):
            with self.receiver(*options) as r:
                http = Http(r.url)
                for value in ("", "Bearer x", basic[:-1], right + "x"):
                    self.assertEqual(http.post(scope("a")[0], fields=[("Authorization", value)])[0], 401)
                self.assertEqual(http.post(scope("a")[0], fields=[("Authorization", right)])[0], 200)

    def certificates(self):
        def openssl(*args):
            subprocess.run(["openssl", *args], check=True, stderr=subprocess.DEVNULL)
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl("req", "-x509", *new, "-keyout", self.path("ca.key"), "-out", self.path("ca.pem"), "-days", "2",
                "-subj", "/CN=ca")
        for name in ("receiver", "client"):
            openssl("req", *new, "-keyout", self.path(name + ".key"), "-out", self.path("csr"), "-subj", "/CN=" + name)
            openssl("x509", "-req", "-in", self.path("csr"), "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"),
                    "-CAcreateserial", "-days", "2", "-out", self.path(name + ".pem"))

    def test_tls(self):
        self.certificates()
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        context.check_hostname = False
        args = ["--tls", "--cert", self.path("receiver.pem"), "--key", self.path("receiver.key")]
        body = "".join(scope("a", 2000))
        with self.receiver(*args) as r:
            self.assertTrue(r.url.startswith("https://"))
            self.assertEqual(Http(r.url, context).post(body)[0], 200)
        with self.receiver(*args, "--client-ca", self.path("ca.pem"), "--require-client-cert") as r:
            with self.assertRaises((OSError, EOFError)):
                Http(r.url, context).post(body)
            context.load_cert_chain(self.path("client.pem"), self.path("client.key"))
            self.assertEqual(Http(r.url, context).post(body)[0], 200)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
