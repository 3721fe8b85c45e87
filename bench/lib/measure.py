# SPDX-License-Identifier: Apache-2.0
"""One run of one client: on its core, its own CPU (wait4), its own VmHWM, what it says of itself."""
import json
import os
import re
import subprocess
import tempfile

SECONDS = 600  # for any single run
SAID = re.compile(r"^PEER (\{.*\})$", re.M)


class Failed(Exception):
    """A client that did not do what it was measured for: no figure comes of it."""


class Cost:
    """wall and cpu in seconds, hwm_kb, `said`: the client's own PEER line, `n`: clusters crawled."""

    def __init__(self, n, report, said):
        self.n, self.said = n, said
        self.wall, self.user, self.sys = report["wall"], report["user"], report["sys"]
        self.cpu = self.user + self.sys
        self.hwm_kb = report["hwm_kb"] or said.get("hwm_kb")
        self.wall_in = said.get("wall", self.wall)  # without the start of the program, where it says so


class Machine:
    """Two cores: the first for servers, the second for the client. With one core both share it."""

    def __init__(self):
        cores = sorted(os.sched_getaffinity(0))
        self.server, self.client = cores[0], cores[1 if len(cores) > 1 else 0]
        self.is_shared = len(cores) < 2


def run(programs, machine, command, n, env=None, allowed=(0,), stdout=subprocess.DEVNULL):
    """Runs a client over n clusters; another exit status than allowed is Failed with its last words."""
    with tempfile.NamedTemporaryFile(prefix="cqlcrawl-bench-") as report, tempfile.TemporaryFile("w+") as err:
        done = subprocess.run([programs["launch"], report.name, str(machine.client), *command],
                              stdin=subprocess.DEVNULL, stdout=stdout, stderr=err, timeout=SECONDS, check=False,
                              env={**os.environ, **(env or {})})
        err.seek(0)
        words = err.read()
        if done.returncode not in allowed:
            raise Failed(f"{os.path.basename(command[0])} ended with {done.returncode}: {words[-400:].strip()}")
        with open(report.name, encoding="utf-8") as f:
            figures = json.load(f)
    said = SAID.findall(words)
    return Cost(n, figures, json.loads(said[-1]) if said else {})


def pinned(core, command, **more):
    """A server or a client that goes on running, on that core."""
    return subprocess.Popen(command, preexec_fn=lambda: os.sched_setaffinity(0, {core}), **more)


def status_kb(pid, key):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        for line in f:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    raise Failed(f"no {key} of process {pid}")


def cpu_of(pid):
    """user and system seconds of a process that runs"""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
