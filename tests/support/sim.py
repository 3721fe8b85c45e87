# SPDX-License-Identifier: Apache-2.0
"""What the Python tests of the built programs share: simulated clusters, crawls, check lines."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

SECONDS = 60  # for any single program


class Checks:
    """Prints `ok NAME` or `FAIL NAME: why` and closes with the counts."""

    def __init__(self):
        self.passed = self.failed = 0

    def that(self, name, ok, why=""):
        if ok:
            self.passed += 1
            print(f"ok {name}")
        else:
            self.failed += 1
            print(f"FAIL {name}: {why}")

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)


class Folder:
    """A temporary folder that goes away at the end of a with."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="cqlcrawl-")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def at(self, name):
        return os.path.join(self.path, name)

    def write(self, name, text):
        with open(self.at(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.at(name), 0o600)
        return self.at(name)


class Sim:
    """cqlsim with these options, from its ports being open to its statistics being written."""

    def __init__(self, program, folder, listen, *options):
        self.stats_file, self.targets_file = folder.at("sim.stats"), folder.at("sim.targets")
        self.log = folder.at("sim.log")
        for path in (self.stats_file, self.targets_file):
            if os.path.exists(path):
                os.remove(path)
        self.command = [program, "--listen", f"{listen}:0", "--targets-file", self.targets_file,
                        "--stats", self.stats_file, "--duration", "600", *options]

    def __enter__(self):
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        end = time.monotonic() + SECONDS
        while not os.path.exists(self.targets_file) or not os.path.getsize(self.targets_file):
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                with open(self.log, encoding="utf-8") as log:
                    raise RuntimeError("cqlsim did not start: " + log.read())
            time.sleep(0.02)
        with open(self.targets_file, encoding="utf-8") as f:
            self.targets = f.read().split()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(SECONDS)

    def stats(self):
        """Ends the simulator; what it counted, by target."""
        self.stop()
        with open(self.stats_file, encoding="utf-8") as f:
            return {c["target"]: c for c in json.load(f)["clusters"]}


def crawl(program, folder, *options, environment=None, status=0):
    """Runs `cqlcrawl crawl` to a file and returns its records; another exit status is an error."""
    out = folder.at("records.ndjson")
    if os.path.exists(out):
        os.remove(out)
    done = subprocess.run([program, "crawl", "--output", out, *options], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=SECONDS, env={**os.environ, **(environment or {})})
    if done.returncode != status:
        raise RuntimeError(f"cqlcrawl ended with status {done.returncode}: {done.stdout}")
    with open(out, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def of_kind(records, kind):
    return [r for r in records if r["kind"] == kind]
