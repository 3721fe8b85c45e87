# SPDX-License-Identifier: Apache-2.0
"""A cqlsim-receiver for the end-to-end tests."""
import json
import os
import subprocess
import time
import urllib.request

from support import LIMIT

RECEIVER = os.environ.get("CQLSIM_RECEIVER", "")


class Receiver:
    """Running once made; .url takes records."""

    def __init__(self, case, listen, *options):
        url_file = case.path("url." + listen.replace(":", "."))
        self.process = subprocess.Popen(
            [RECEIVER, "--listen", listen, "--url-file", url_file, "--duration", "120", *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        case.addCleanup(self.stop)
        end = time.monotonic() + LIMIT
        while not os.path.exists(url_file) or not os.path.getsize(url_file):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("cqlsim-receiver did not start")
            time.sleep(0.01)
        with open(url_file) as f:
            self.url = f.read().strip()
        self.name = self.url.split("/")[2]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(LIMIT)

    def stats(self):
        with urllib.request.urlopen(f"http://{self.name}/stats", timeout=LIMIT) as answer:
            return json.load(answer)

    def put(self, what, body):
        request = urllib.request.Request(f"http://{self.name}/{what}", body.encode(), method="PUT")
        urllib.request.urlopen(request, timeout=LIMIT).close()
