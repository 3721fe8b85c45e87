# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests of the program share: simulated clusters, runs of the program, small servers.

CQLCRAWL and CQLSIM name the programs (tests/cli.cmake sets them). Everything listens on 127.50.0.0/16.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

CQLCRAWL = os.environ["CQLCRAWL"]
CQLSIM = os.environ["CQLSIM"]
LIMIT = 60  # seconds that anything may take


class Sim:
    """A cqlsim that is ready: .targets is its list of host:port."""

    def __init__(self, folder, listen, *options):
        self.file = os.path.join(folder, "targets." + listen.replace(":", "."))
        self.stats_file = self.file + ".stats"
        self.process = subprocess.Popen(
            [CQLSIM, "--listen", listen, "--targets-file", self.file, "--stats", self.stats_file,
             "--duration", "120", *options], stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + LIMIT
        while not os.path.exists(self.file):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("cqlsim: " + self.process.stderr.read())
            time.sleep(0.01)
        with open(self.file) as f:
            self.targets = f.read().split()

    def stop(self):
        self.process.terminate()
        self.process.wait(LIMIT)
        self.process.stderr.close()
        with open(self.stats_file) as f:
            return json.load(f)


class Listener:
    """Accepts connections, counts them and says nothing, or sends a banner and closes."""

    def __init__(self, host, banner=None):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((host, 0))
        self.socket.listen(16)
        self.address = "%s:%d" % self.socket.getsockname()
        self.banner = banner
        self.accepted = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.accepted.append(connection)
            if self.banner:
                connection.sendall(self.banner)

    def close(self):
        self.socket.close()
        for connection in self.accepted:
            connection.close()


class Case(unittest.TestCase):
    """A folder of its own, gone afterwards; run() runs the program in it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="cq-cli-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o600):
        with open(self.path(name), "w") as f:
            f.write(text)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def sim(self, listen, *options):
        sim = Sim(self.folder, listen, *options)
        self.addCleanup(lambda: sim.process.poll() is None and sim.stop())
        return sim

    def start(self, *args, **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen([CQLCRAWL, *args], stdout=subprocess.PIPE, cwd=self.folder,
                                   stderr=subprocess.PIPE, **more)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def run_it(self, *args, status=None, **more):
        """(stdout, stderr) as texts; the exit status is compared."""
        process = self.start(*args, **more)
        out, err = process.communicate(timeout=LIMIT)
        out, err = out.decode(), err.decode()
        if status is not None:
            self.assertEqual(process.returncode, status, f"{args}\n{out[-2000:]}\n{err[-4000:]}")
        return out, err

    def records(self, text):
        """Every line is one JSON object; whole lines only."""
        if text:
            self.assertTrue(text.endswith("\n"), "the last line is whole")
        return [json.loads(line) for line in text.splitlines()]

    def file_records(self, name):
        with open(self.path(name)) as f:
            return self.records(f.read())

    def ends(self, records):
        return {r["cluster"]: r for r in records if r["kind"] == "scope_end"}

    def wait_for(self, condition, what):
        end = time.monotonic() + LIMIT
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.01)


__all__ = ["Case", "Listener", "LIMIT", "CQLCRAWL", "CQLSIM", "signal", "unittest"]
