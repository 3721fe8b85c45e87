# SPDX-License-Identifier: Apache-2.0
"""How each client is told what to do. A client is called with (targets, mode, n) and gives (command, environment).

mode: seq (n crawls, one after another), conc (n at once), hold (n sessions kept; peers and the floor only). One process
crawls n clusters; where a server has fewer addresses than that, the same address is given under n names.
"""
import os

LIMITS = ["--progress", "none", "--retries", "0", "--system", "--timeout", "600s"]


class Null:
    """The floor: bench/null."""

    def __init__(self, bench, *options, name="null"):
        program = "null-tls" if "--cacert" in options else "null"
        self.name, self.program, self.options = name, bench.programs[program], list(options)

    def __call__(self, targets, mode, n):
        host, port = targets[0].rsplit(":", 1)
        return [self.program, *self.options, host, port, mode, str(n)], {}


class Ours:
    """cqlcrawl crawl. output: FILE, "-" or None (then options name a sink). timed: its wall clock counts, so that it
    gets a state directory, new each time: without one a run ends no sooner than its epoch's second (docs/design.md).
    """

    def __init__(self, bench, name, *options, output="/dev/null", program=None, window=None, cluster="", env=None,
                 timed=False):
        self.timed = timed
        self.name, self.bench, self.options, self.output = name, bench, list(options), output
        self.program = program or bench.programs["cqlcrawl"]
        self.window, self.cluster, self.env = window, cluster, env or {}

    def config(self, targets, window, n):
        """A configuration of n names over these addresses; kept, because writing it is none of the client's work."""
        path = os.path.join(self.bench.folder, f"config-{abs(hash((tuple(targets), window, n, self.cluster)))}.yaml")
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as f:
                f.write(f"run: {{concurrency: {window}}}\nclusters:\n")
                for i in range(n):
                    f.write(f'  - {{name: c{i}, contact_points: ["{targets[i % len(targets)]}"]{self.cluster}}}\n')
        return path

    def __call__(self, targets, mode, n):
        window = self.window or (1 if mode == "seq" else n)
        output = ["--output", self.output] if self.output else []
        if self.timed:
            output += ["--state", self.bench.fresh("state")]
        return [self.program, "crawl", "--config", self.config(targets, window, n), *LIMITS, *output,
                *self.options], self.env


class Poster:
    """The floor of delivery: as many bytes as the records of a reference cluster, once for each cluster."""
    BYTES = 560000
    name = "post"

    def __init__(self, bench, sink):
        self.program, (self.host, self.port) = bench.programs["post"], sink.url.split("/")[2].split(":")

    def __call__(self, targets, mode, n):
        return [self.program, self.host, self.port, str(n), str(self.BYTES)], {}


class Keeper:
    """The floor of a file: as many bytes as a reference cluster's records, replaced and synced as cqlcrawl does."""
    name = "keep"

    def __init__(self, bench):
        self.program, self.path = bench.programs["keep"], os.path.join(bench.folder, "keep.ndjson")

    def __call__(self, targets, mode, n):
        return [self.program, self.path, str(n), str(Poster.BYTES)], {}


class Peer:
    """Any command that is called PEER HOST PORT seq|conc|hold N and says PEER {json} (bench/peers/list.json)."""

    def __init__(self, name, command, env=None, modes=None, version=""):
        self.name, self.command, self.env, self.modes, self.version = name, command, env or {}, modes or {}, version

    def counts(self, mode, usual):
        """How many crawls in that mode: the peer's own list, else the usual one."""
        return self.modes.get(mode, usual) if self.modes else usual

    def __call__(self, targets, mode, n):
        host, port = targets[0].rsplit(":", 1)
        return [*self.command, host, port, mode, str(n)], self.env
