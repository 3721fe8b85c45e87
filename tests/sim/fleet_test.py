#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cqlsim as a fleet, over real sockets of 127.20.220.0/22: many clusters, chaos, faults that come and go, time on the
wire, certificates made at the start, schemas that move, inventories.

Usage: fleet_test.py PATH-OF-CQLSIM. Needs the standard library only.
"""
import collections
import json
import os
import resource
import signal
import socket
import ssl
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import serve_test as base  # noqa: E402

LISTEN = "127.20.220.1:0"


class Sim(base.Sim):
    def __init__(self, *args, **more):
        super().__init__(*args, listen=more.get("listen", LISTEN))

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def ask(self, sock, text="SELECT * FROM system.local", stream=1):
        sock.sendall(base.query(text, stream))
        return base.answer(sock)


def login(sim, i=0):
    sock = sim.connect(i)
    sock.sendall(base.envelope(1, base.STARTUP))
    return sock, base.answer(sock)


def code(answer):
    opcode, _, body = answer
    return int.from_bytes(body[:4], "big") if opcode == 0 else None


def memory(sim):
    with open(f"/proc/{sim.process.pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * 4096


class Many(unittest.TestCase):
    def test_thousands_are_cheap(self):
        with Sim("--clusters", "16", "--keyspaces", "2", "--tables", "5") as sim:
            alone = memory(sim)
        begin = time.monotonic()
        with Sim("--clusters", "5000", "--keyspaces", "2", "--tables", "5", listen="127.20.220.1:9142") as sim:
            self.assertLess(time.monotonic() - begin, 5)
            self.assertEqual(len(set(sim.targets)), 5000)
            self.assertLess((memory(sim) - alone) / 5000, 4096)
            for i in (0, 255, 256, 4999):
                self.assertIn(f"sim-1-{i}".encode(), sim.ask(login(sim, i)[0])[2])

    def test_held_connections_are_cheap(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with Sim("--clusters", "2", "--fault", "trickle=1") as sim:
            before, socks = memory(sim), []
            for i in range(1000):
                sock = sim.connect(i % 2)
                sock.sendall(base.envelope(1, base.STARTUP))
                socks.append(sock)
            time.sleep(0.5)
            self.assertLess((memory(sim) - before) / 1000, 12 << 10)
            for sock in socks:
                sock.close()

    def inventory(self, *args):
        sim = Sim("--clusters", "4", "--seed", "9", "--tls-for", "1/2", *args)
        for name in ("made-ca", "targets-json", "targets-yaml", "faults-file"):
            sim.args += ["--" + name, sim.path(name)]
        return sim

    def test_inventories(self):
        with self.inventory("--fault", "held@3", "--fault", "trickle=5@0/2,from=1000") as sim:
            listed = json.loads(sim.read("targets-json"))
            self.assertEqual([e["targets"][0] for e in listed], sim.targets)
            self.assertEqual(listed[1]["labels"], {"cluster": "sim-9-1", "group": "tls"})
            yaml = sim.read("targets-yaml").splitlines()
            self.assertEqual(yaml[2], "  tls: {tls: {mode: verify-full, name: cqlsim.example, cacert: "
                             + sim.path("made-ca") + "}}")
            self.assertEqual(yaml[4], f'  - {{name: sim-9-0, group: plain, contact_points: ["{sim.targets[0]}"]}}')
            self.assertEqual(sim.read("faults-file").splitlines(),
                             [f"sim-9-0 {sim.targets[0]} trickle=5", f"sim-9-2 {sim.targets[2]} trickle=5",
                              f"sim-9-3 {sim.targets[3]} held"])


class Chaos(unittest.TestCase):
    def deal(self, seed, *more):
        sim = Sim("--clusters", "200", "--keyspaces", "1", "--tables", "1", *more, "--chaos",
                  f"{seed}:dead@5%,slow@5%,reset_after=60@2.5%,garbage=ssh@2.5%", listen="127.20.221.1:0")
        sim.args += ["--faults-file", sim.path("faults")]
        with sim:
            dealt = [line.split() for line in sim.read("faults").splitlines()]
            return [(name, fault) for name, _, fault in dealt], self.look(sim, dealt)

    def look(self, sim, dealt):
        """Each does what its line says; the others are well."""
        targets = {target: fault for _, target, fault in dealt}
        for i, target in enumerate(sim.targets):
            fault = targets.get(target, "none")
            try:
                sock = sim.connect(i)
                sock.sendall(base.envelope(5))
                begin = base.receive(sock, 4)
                got = "garbage=ssh" if begin == b"SSH-" else "none"
                if got == "none":
                    sock.settimeout(0.05)
                    base.receive(sock, 107)
            except ConnectionRefusedError:
                got = "dead"
            except ConnectionResetError:
                got = "reset_after=60"
            except socket.timeout:
                got = "slow"
            self.assertIn(got, (fault, "none") if fault == "slow" else (fault,), (i, target))
        return True

    def test_exact_and_seeded(self):
        first, _ = self.deal(1)
        counts = collections.Counter(fault for _, fault in first)
        self.assertEqual(counts, {"dead": 10, "slow": 10, "reset_after=60": 5, "garbage=ssh": 5})
        self.assertEqual(first, self.deal(1)[0])
        self.assertNotEqual(first, self.deal(2)[0])


class Times(unittest.TestCase):
    def test_come_and_go(self):
        with Sim("--clusters", "2", "--fault", "dead@1,from=0.6,to=1.2", "--fault", "silent@0,to=0.6") as sim:
            sock = sim.connect(0)
            sock.sendall(base.envelope(5))
            sock.settimeout(0.2)
            self.assertRaises(socket.timeout, sock.recv, 1)
            self.assertEqual(base.options(sim.connect(1)), 6)
            time.sleep(0.7)
            self.assertRaises(ConnectionRefusedError, sim.connect, 1)
            self.assertEqual(base.options(sim.connect(0)), 6)
            time.sleep(0.7)
            self.assertEqual(base.options(sim.connect(1)), 6)

    def waits(self, sim, i, wrap=None):
        """Seconds until the first answer, and of ten requests sent at once."""
        begin = time.monotonic()
        sock = sim.connect(i)
        if wrap:
            sock = wrap(sock)
        sock.sendall(base.envelope(1, base.STARTUP))
        base.answer(sock)
        first = time.monotonic()
        sock.sendall(b"".join(base.query("SELECT * FROM system_schema.types", k) for k in range(10)))
        for _ in range(10):
            base.answer(sock)
        return first - begin, time.monotonic() - first

    def test_round_trips(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with Sim("--clusters", "3", "--fault", "rtt=150", "--tls-for", "1", "--fault", "jitter=100@2") as sim:
            first, burst = self.waits(sim, 0)
            self.assertTrue(0.29 < first < 0.44, first)  # TCP, STARTUP
            self.assertTrue(0.14 < burst < 0.29, burst)  # once, not ten times
            first, burst = self.waits(sim, 1, context.wrap_socket)
            self.assertTrue(0.44 < first < 0.7, first)  # TCP, TLS 1.3, STARTUP
            self.assertTrue(0.14 < burst < 0.29, burst)
            times = [self.waits(sim, 2)[1] for _ in range(8)]
            self.assertTrue(0.14 < min(times) and max(times) < 0.4 and max(times) - min(times) > 0.01, times)

    def test_bandwidth(self):
        with Sim("--fault", "bandwidth=200000") as sim:
            sock, _ = login(sim)
            time.sleep(1)  # saves nothing up
            begin = time.monotonic()
            n = len(sim.ask(sock, "SELECT * FROM system_schema.tables")[2])
            self.assertTrue(0.9 * n / 200000 < time.monotonic() - begin + 0.03 < n / 200000 + 2, n)


class Refusals(unittest.TestCase):
    def test_held(self):
        with Sim("--fault", "held") as sim:
            sock, ready = login(sim)
            self.assertEqual(ready[0], 2)
            sock.sendall(base.query("SELECT * FROM system.local", 1))
            sock.settimeout(0.2)
            self.assertRaises(socket.timeout, sock.recv, 1)
            with open(f"/proc/{sim.process.pid}/stat", encoding="ascii") as f:
                self.assertLess(int(f.read().split()[13]), 50)  # it waits, it does not spin

    def test_overloaded_and_bootstrapping(self):
        with Sim("--clusters", "2", "--fault", "overloaded_startup=2@0", "--fault", "bootstrapping=1@1") as sim:
            self.assertEqual([code(login(sim)[1]) for _ in range(3)], [0x1001, 0x1001, None])
            sock, _ = login(sim, 1)
            self.assertEqual([code(sim.ask(sock)) for _ in range(2)], [0x1002, None])

    def test_connections(self):
        with Sim("--fault", "connections=2") as sim:
            socks = [sim.connect() for _ in range(2)]
            self.assertEqual([base.options(s) for s in socks], [6, 6])
            with self.assertRaises(ConnectionResetError):
                base.options(sim.connect())
            socks.pop().close()
            time.sleep(0.2)
            self.assertEqual(base.options(sim.connect()), 6)

    def test_wrong_password(self):
        with Sim("--fault", "wrong_password") as sim:
            sock, asked = login(sim)
            self.assertEqual(asked[0], 3)
            sock.sendall(base.envelope(15, b"\0\0\0\x0c\0cassandra\0x"))
            self.assertEqual(code(base.answer(sock)), 0x0100)


class Certificates(unittest.TestCase):
    def test_made_and_expired(self):
        sim = Sim("--clusters", "3", "--tls-for", "0", "--fault", "expired_cert@1")
        sim.args += ["--made-ca", sim.path("ca")]
        with sim:
            context = ssl.create_default_context(cafile=sim.path("ca"))
            sock = context.wrap_socket(sim.connect(0), server_hostname="cqlsim.example")
            self.assertEqual(base.options(sock), 6)
            with self.assertRaises(ssl.SSLCertVerificationError) as caught:
                context.wrap_socket(sim.connect(1), server_hostname="cqlsim.example")
            self.assertIn("certificate has expired", str(caught.exception))
            self.assertEqual(base.options(sim.connect(2)), 6)


class Changes(unittest.TestCase):
    def changes(self, sim):
        return [json.loads(line) for line in sim.read("changes").splitlines()]

    def sim(self, *args):
        sim = Sim(*args, "--keyspaces", "1", "--tables", "2")
        sim.args += ["--changes-file", sim.path("changes")]
        return sim

    def test_on_signal(self):
        with self.sim("--clusters", "3", "--schemas", "1", "--fault", "change@1", "--fault", "change@2") as sim:
            socks = [login(sim, i)[0] for i in range(3)]

            def look(i):
                version = sim.ask(socks[i], "SELECT schema_version FROM system.local")[2][-16:].hex()
                return version, sim.ask(socks[i], "SELECT * FROM system_schema.tables")[2], sim.ask(
                    socks[i], "SELECT * FROM system_schema.columns")[2]
            seen = [look(1)]
            first = look(0)
            self.assertEqual(seen[0], first)
            for n, (in_tables, in_columns) in enumerate(((b"moving", True), (b"moved", True), (None, False))):
                sim.process.send_signal(signal.SIGUSR2)
                for _ in range(100):
                    time.sleep(0.02)
                    if len(self.changes(sim)) == 2 * (n + 1):
                        break
                version, tables, columns = look(1)
                self.assertNotIn(version, [s[0] for s in seen])
                self.assertEqual(in_tables is not None and in_tables in tables, in_tables is not None)
                self.assertEqual(b"moving_0000" in columns, in_columns)
                log = [c for c in self.changes(sim) if c["cluster"] == "sim-1-1"][-1]
                self.assertEqual(log["schema_version"].replace("-", ""), version)
                self.assertEqual((log["number"], log["table"]), (n + 1, "moving_0000"))
                seen.append((version, tables, columns))
            self.assertEqual(seen[0][1:], seen[3][1:])  # created, altered, dropped: as before
            self.assertEqual(look(0), first)
            self.assertNotEqual(look(2)[0], seen[3][0])
            self.assertEqual([c["what"] for c in self.changes(sim)[::2]], ["create", "alter", "drop"])

    def test_by_the_clock(self):
        with self.sim("--clusters", "4", "--fault", "change=1@0/2") as sim:
            time.sleep(2.2)
            counts = collections.Counter(c["cluster"] for c in self.changes(sim))
            self.assertEqual(set(counts), {"sim-1-0", "sim-1-2"})
            self.assertTrue(all(1 <= n <= 3 for n in counts.values()), counts)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
