# SPDX-License-Identifier: Apache-2.0
"""cqlsim-receiver for Python tests: starts it, asks it, ends it."""
import json
import os
import signal
import subprocess
import time
import urllib.parse
import urllib.request

SECONDS = 60


class Receiver:
    """A running cqlsim-receiver; ends with the with-block and must then exit 0.

    with Receiver(program, folder_path, "127.20.9.1", "--script", "503*2,ok") as r:
        ... r.url ...
        r.stats()["records"]["distinct"]
    """

    def __init__(self, program, folder, listen, *options, store=True):
        self.url_file = os.path.join(folder, "receiver.url")
        self.log_file = os.path.join(folder, "receiver.log")
        self.store = os.path.join(folder, "receiver.ndjson")
        self.command = [program, "--listen", listen if ":" in listen else listen + ":0",
                        "--url-file", self.url_file, "--log", self.log_file, "--duration", "900",
                        *(["--store", self.store] if store else []), *options]
        if os.path.exists(self.url_file):
            os.remove(self.url_file)

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + SECONDS
        while not os.path.exists(self.url_file):
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise RuntimeError("cqlsim-receiver did not start: "
                                   + self.process.communicate()[1])
            time.sleep(0.01)
        with open(self.url_file, encoding="utf-8") as f:
            self.url = f.read().strip()
        return self

    def __exit__(self, *exc):
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=SECONDS)[1]
        if exc[0] is None and self.process.returncode != 0:
            raise RuntimeError(f"cqlsim-receiver: exit {self.process.returncode}: {said}")

    def ask(self, path, method="GET", body=None, context=None):
        request = urllib.request.Request(self.url.rstrip("/") + path, method=method,
                                         data=None if body is None else body.encode())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             urllib.request.HTTPSHandler(context=context))
        with opener.open(request, timeout=SECONDS) as answer:
            return answer.read()

    def stats(self):
        """What /stats answers."""
        return json.loads(self.ask("/stats"))

    def clusters(self):
        """{name: what was counted of it}"""
        return {c["cluster"]: c for c in json.loads(self.ask("/clusters"))}

    def records(self, cluster):
        """The records of a cluster, each id and version once, in order of first arrival."""
        lines = self.ask("/records?cluster=" + urllib.parse.quote(cluster, safe=""))
        return [json.loads(line) for line in lines.splitlines()]

    def reset(self):
        self.ask("/reset")

    def script(self, steps):
        self.ask("/script", "PUT", steps)

    def faults(self, seed_and_steps):
        self.ask("/faults", "PUT", seed_and_steps)

    def outage(self, ms):
        """Connections are reset and nobody listens for so long; what was accepted stays."""
        self.ask("/outage", "PUT", str(ms))

    def log(self):
        """A dict for every POST that came whole: ms, status, step, records, bytes, wire, key."""
        with open(self.log_file, encoding="utf-8") as f:
            return [json.loads(line) for line in f]
