#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cqlsim as a program, over real sockets of 127.20.200.0/24: files, signals, statistics, TLS, faults.

Usage: serve_test.py PATH-OF-CQLSIM. Needs the standard library and the openssl program only.
"""
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest

CQLSIM = sys.argv.pop(1) if len(sys.argv) > 1 else "cqlsim"
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "transcripts")
STARTUP = struct.pack(">H", 1) + b"\0\x0bCQL_VERSION\0\x053.0.0"


def envelope(opcode, body=b"", stream=0, version=4):
    return struct.pack(">BBhBi", version, 0, stream, opcode, len(body)) + body


def query(text, stream, page_size=5000):
    raw = text.encode()
    body = struct.pack(">i", len(raw)) + raw + struct.pack(">HBi", 1, 4, page_size)
    return envelope(7, body, stream)


def receive(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise EOFError(f"{len(data)} of {n} bytes")
        data += more
    return data


def answer(sock):
    version, flags, stream, opcode, length = struct.unpack(">BBhBi", receive(sock, 9))
    return opcode, stream, receive(sock, length)


class Sim:
    """One running cqlsim; ends with the with-block and must then exit 0."""

    def __init__(self, *args, listen="127.20.200.1:0"):
        self.dir = tempfile.TemporaryDirectory()
        self.args = [CQLSIM, "--listen", listen, "--duration", "120"]
        for option in ("targets-file", "pid-file", "stats", "peers-file"):
            self.args += ["--" + option, self.path(option)]
        self.args += args

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def __enter__(self):
        self.process = subprocess.Popen(self.args, stderr=subprocess.PIPE, text=True)
        self.ready = self.process.stderr.readline()
        with open(self.path("targets-file")) as f:
            self.targets = [line.strip() for line in f]
        return self

    def __exit__(self, *exc):
        self.process.send_signal(signal.SIGTERM)
        self.rest = self.process.communicate(timeout=20)[1]
        if exc[0] is None and self.process.returncode != 0:
            raise AssertionError(f"exit {self.process.returncode}: {self.rest}")

    def connect(self, i=0):
        host, port = self.targets[i].rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout=10)

    def stats(self):
        try:
            os.remove(self.path("stats"))
        except FileNotFoundError:
            pass
        self.process.send_signal(signal.SIGUSR1)
        for _ in range(200):
            if os.path.exists(self.path("stats")):
                with open(self.path("stats")) as f:
                    return json.load(f)
            time.sleep(0.02)
        raise AssertionError("no statistics")


def options(sock):
    sock.sendall(envelope(5))
    return answer(sock)[0]


class Program(unittest.TestCase):
    def test_files_and_signals(self):
        with Sim("--clusters", "3", "--nodes", "3") as sim:
            self.assertTrue(sim.ready.startswith("cqlsim: ready, 3 cluster(s) of 5.0.9, 200 user"))
            hosts = [t.split(":")[0] for t in sim.targets]
            self.assertEqual(hosts, ["127.20.200.1", "127.20.200.2", "127.20.200.3"])
            with open(sim.path("pid-file")) as f:
                self.assertEqual(int(f.read()), sim.process.pid)
            with open(sim.path("peers-file")) as f:
                self.assertEqual(len(set(f)), 6)
            for i in range(3):
                self.assertEqual(options(sim.connect(i)), 6)
        with open(sim.path("stats")) as f:
            self.assertEqual(json.load(f)["total"]["connections"], 3)

    def test_spread_by_port_and_help(self):
        with Sim("--clusters", "2", "--spread", "port", listen="127.20.200.9:29142") as sim:
            self.assertEqual(sim.targets, ["127.20.200.9:29142", "127.20.200.9:29143"])
            self.assertEqual(options(sim.connect(1)), 6)
        done = subprocess.run([CQLSIM, "--help"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0)
        self.assertIn("--fault", done.stdout)

    def test_usage(self):
        for args in (["--nonsense"], ["--clusters"], ["--clusters", "x"], ["--fault", "no"],
                     ["--cert", "x"], ["--chaos", "1:dead@60%,held@50%"], ["--chaos", "1:no@5%"],
                     ["--tls-for", "x"], ["--fault", "orphan@from=3"], ["--auth", "password"], ["--listen", "9042"],
                     ["--replay", "/nonexistent"], ["--columns", "4"]):
            done = subprocess.run([CQLSIM, *args], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, args)
            self.assertTrue(done.stderr.startswith("cqlsim: "), args)

    def test_address_in_use(self):
        with Sim() as sim:
            done = subprocess.run([CQLSIM, "--listen", sim.targets[0]], capture_output=True,
                                  text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn("cannot listen on", done.stderr)

    def test_duration(self):
        begin = time.monotonic()
        done = subprocess.run([CQLSIM, "--listen", "127.20.200.1:0", "--duration", "1"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0)
        self.assertLess(time.monotonic() - begin, 10)

    def test_statistics_count_what_the_client_counts(self):
        names = ["system.local", "system.peers_v2"] + [
            "system_schema." + t for t in ("keyspaces", "tables", "columns", "types", "views")]
        with Sim() as sim:
            sock = sim.connect()
            out = into = 0
            bursts = [envelope(5), envelope(1, STARTUP),
                      b"".join(query("select * from " + n, i) for i, n in enumerate(names)),
                      query("select schema_version from system.local", 5) + query("nonsense", 6)]
            for burst, n_answers in zip(bursts, (1, 1, len(names), 2)):
                sock.sendall(burst)
                out += len(burst)
                for _ in range(n_answers):
                    into += 9 + len(answer(sock)[2])
            counts = sim.stats()["clusters"][0]["per_connection"][0]
            self.assertEqual(counts["waits"], 4)
            self.assertEqual(counts["requests_total"], 4 + len(names))
            self.assertEqual(counts["requests"]["QUERY"], 2 + len(names))
            self.assertEqual(counts["pages"], 1 + len(names))
            self.assertEqual(counts["errors"], 1)
            self.assertEqual((counts["bytes_in"], counts["bytes_out"]), (out, into))
            self.assertEqual((counts["wire_in"], counts["wire_out"]), (out, into))

    def test_replay_with_pages(self):
        names = [os.path.join(DATA, "4.0.19-v4." + way + ".bin") for way in ("s2c", "c2s")]
        with Sim("--replay", names[0], "--replay-c2s", names[1], "--page-rows", "9") as sim:
            sock = sim.connect()
            sock.sendall(envelope(1, STARTUP))
            answer(sock)
            sock.sendall(query("select * from system_schema.column_masks", 1))
            self.assertIn(b"table column_masks does not exist", answer(sock)[2])
            sock.sendall(query("select * from system_schema.tables", 1))
            flags = struct.unpack(">i", answer(sock)[2][4:8])[0]
            self.assertEqual(flags, 3)


class Connections(unittest.TestCase):
    def test_refused_and_not(self):
        with Sim("--clusters", "4", "--fault", "dead@1/2") as sim:
            for i in range(4):
                if i % 2 == 0:
                    self.assertEqual(options(sim.connect(i)), 6)
                else:
                    self.assertRaises(ConnectionRefusedError, sim.connect, i)

    def test_reset_and_close(self):
        with Sim("--clusters", "2", "--fault", "reset_after=50@0", "--fault",
                 "close_after=50@1") as sim:
            sock = sim.connect(0)
            sock.sendall(envelope(5))
            with self.assertRaises(ConnectionResetError):
                receive(sock, 51)
            sock = sim.connect(1)
            sock.sendall(envelope(5))
            self.assertEqual(len(receive(sock, 50)), 50)
            self.assertEqual(sock.recv(1), b"")

    def test_silent(self):
        with Sim("--fault", "silent") as sim:
            sock = sim.connect()
            sock.sendall(envelope(5))
            sock.settimeout(0.3)
            self.assertRaises(socket.timeout, sock.recv, 1)

    def test_banners(self):
        with Sim("--clusters", "2", "--fault", "garbage=ssh@0", "--fault",
                 "garbage=http@1") as sim:
            self.assertEqual(receive(sim.connect(0), 8), b"SSH-2.0-")
            sock = sim.connect(1)
            sock.sendall(envelope(5))
            self.assertEqual(receive(sock, 8), b"HTTP/1.1")

    def test_split_and_latency_and_trickle(self):
        with Sim("--clusters", "3", "--fault", "split=3@0", "--fault", "latency=200@1",
                 "--fault", "trickle=300@2") as sim:
            seconds = []
            for i in range(3):
                begin = time.monotonic()
                self.assertEqual(options(sim.connect(i)), 6)
                seconds.append(time.monotonic() - begin)
            self.assertGreater(seconds[1], 0.19)
            self.assertGreater(seconds[2], 0.25)

    def test_clients_that_leave(self):
        with Sim() as sim:
            for n in (0, 1, 8, 9, 200):
                for _ in range(5):
                    sock = sim.connect()
                    sock.sendall((envelope(1, STARTUP) + query("select * from system.local", 1) *
                                  20)[:n])
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    sock.close()
            self.assertEqual(options(sim.connect()), 6)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        for name in ("ca", "other"):
            cls.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-keyout", cls.path(name + ".key"), "-out",
                        cls.path(name + ".pem"), "-days", "2", "-subj", "/CN=" + name)
        for name in ("server", "client"):
            cls.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", cls.path(name + ".key"), "-out", cls.path(name + ".csr"),
                        "-subj", "/CN=" + name)
            cls.openssl("x509", "-req", "-in", cls.path(name + ".csr"), "-CA", cls.path("ca.pem"),
                        "-CAkey", cls.path("ca.key"), "-CAcreateserial", "-days", "2", "-out",
                        cls.path(name + ".pem"))
        cls.args = ["--tls", "--cert", cls.path("server.pem"), "--key", cls.path("server.key")]

    @classmethod
    def openssl(cls, *args):
        subprocess.run(["openssl", *args], check=True, stderr=subprocess.DEVNULL)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.dir.name, name)

    def wrap(self, sock, cert=None, ca="ca"):
        context = ssl.create_default_context(cafile=self.path(ca + ".pem"))
        context.check_hostname = False
        if cert:
            context.load_cert_chain(self.path(cert + ".pem"), self.path(cert + ".key"))
        return context.wrap_socket(sock)

    def test_versions_and_counters(self):
        for extra, version in (([], "TLSv1.3"), (["--tls-max", "1.2"], "TLSv1.2")):
            with Sim(*self.args, *extra) as sim:
                sock = self.wrap(sim.connect())
                self.assertEqual(sock.version(), version)
                sock.sendall(envelope(1, STARTUP) + b"")
                answer(sock)
                sock.sendall(query("select * from system_schema.columns", 3))
                n = len(answer(sock)[2])
                self.assertGreater(n, 200000)
                counts = sim.stats()["total"]
                self.assertEqual(counts["bytes_out"], n + 9 + 9)
                self.assertGreater(counts["wire_out"], counts["bytes_out"])
                self.assertEqual(counts["waits"], 2)

    def test_wrong_ca(self):
        with Sim(*self.args) as sim:
            with self.assertRaises(ssl.SSLCertVerificationError):
                self.wrap(sim.connect(), ca="other")

    def test_client_certificates(self):
        with Sim(*self.args, "--client-ca", self.path("ca.pem"), "--require-client-cert",
                 "--auth", "mtls") as sim:
            sock = self.wrap(sim.connect(), cert="client")
            sock.sendall(envelope(1, STARTUP))
            self.assertIn(b"MutualTlsAuthenticator", answer(sock)[2])
            sock.sendall(envelope(15, struct.pack(">i", 0)))
            self.assertEqual(answer(sock)[0], 16)
            with self.assertRaises((ssl.SSLError, ConnectionResetError, EOFError)):
                options(self.wrap(sim.connect()))

    def test_plaintext_to_tls_port(self):
        for release in ("5.0", "4.0"):
            with Sim(*self.args, "--release", release) as sim:
                sock = sim.connect()
                sock.sendall(envelope(5))
                if release == "5.0":
                    self.assertRaises(ConnectionResetError, sock.recv, 1)
                else:
                    self.assertEqual(receive(sock, 7), b"\x15\x03\x01\x00\x02\x02\x46")

    def test_tls_to_plaintext_port(self):
        with Sim() as sim:
            with self.assertRaises(ssl.SSLError) as caught:
                self.wrap(sim.connect())
            self.assertIn("WRONG_VERSION_NUMBER", str(caught.exception))


if __name__ == "__main__":
    unittest.main(warnings="ignore")
