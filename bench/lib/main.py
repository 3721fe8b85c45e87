# SPDX-License-Identifier: Apache-2.0
"""bench/run's inside: options, the parts in their order, the results. bench/run --help prints what follows.

run [--quick] [--rounds N] [--only PART]... [--peer NAME=COMMAND]... [--without-peers] [--cassandra-host ADDRESS]
    [--markdown] [--output FILE]

Measures cqlcrawl beside its floor (bench/null) and its peers (bench/peers), against simulated clusters and a real
Cassandra, and prints the table of targets. The result is build/bench/result.json, plots are beside it.

  --quick            2 rounds, simulated clusters only, no peers: whether the bench works, not a measurement
  --rounds N         interleaved rounds (5)
  --only PART        this part only (repeatable); --list names them
  --peer NAME=CMD    one more peer: CMD HOST PORT seq|conc|hold N, as bench/README.md says
  --without-peers    none of bench/peers/list.json
  --cassandra-host   an address whose Cassandra carries the reference schema already (port 9042)
  --markdown         the table as bench/README.md has it
  --output FILE      where the result goes
  --from RESULT      prints a saved result (several: their parts together), and nothing is measured
  --compare A B      two results side by side, and nothing is measured
"""
import argparse
import contextlib
import json
import os
import shlex
import shutil
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(1, os.path.join(ROOT, "bench"))

import machine  # noqa: E402
import parts  # noqa: E402
import peer_list  # noqa: E402
from clients import Peer  # noqa: E402
from lines import Line, markdown, missing, text_table  # noqa: E402
from measure import Failed, Machine  # noqa: E402
from servers import Real  # noqa: E402

SECONDS_SAID = 10
PROGRAMS = {"cqlcrawl": "release/cqlcrawl", "core": "core/cqlcrawl", "cqlsim": "release/cqlsim",
            "null": "release/cq-null", "null-tls": "release/cq-null-tls", "launch": "release/cq-launch",
            "keep": "release/cq-keep",
            "sink": "release/cq-sink", "post": "release/cq-post", "count": "release/tests/libcount_alloc.so",
            "cqlcrawl-tls.so": "release/cqlcrawl-tls.so"}  # which cqlcrawl looks for beside itself


class Bench:
    """What every part is given."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.rounds = options.rounds or (2 if options.quick else 5)
        self.quick = options.quick
        self.machine = Machine()
        self.open, self.one_real = contextlib.ExitStack(), None
        self.programs = self.copies()
        self.peers = [] if options.quick or options.without_peers else known_peers()
        self.peers += [named_peer(text) for text in options.peer]
        self.data = {}  # for plots and for later parts
        self.n_folders, self.said_at, self.failed = 0, 0.0, []

    def copies(self):
        """Copies of the programs, so that a build meanwhile does not change what is measured."""
        os.makedirs(self.at("build/bench"), exist_ok=True)
        folder = self.open.enter_context(tempfile.TemporaryDirectory(prefix="bin-", dir=self.at("build/bench")))
        return {name: shutil.copy2(self.at("build/" + path), os.path.join(folder, name))
                for name, path in PROGRAMS.items()}

    @contextlib.contextmanager
    def real(self):
        """The one real server, started when it is first wanted; it ends with the bench."""
        if not self.one_real:
            self.one_real = self.open.enter_context(Real(self))
        yield self.one_real

    def at(self, path):
        return os.path.join(ROOT, path)

    def fresh(self, name):
        self.n_folders += 1
        path = os.path.join(self.folder, f"{name}-{self.n_folders}")
        os.mkdir(path)
        return path

    def tick(self, what):
        """Says now and then what is going on."""
        if sys.stderr.isatty() or time.monotonic() - self.said_at > SECONDS_SAID:
            self.said_at = time.monotonic()
            print(f"  {what}", file=sys.stderr, flush=True)


def known_peers():
    """Those of bench/peers that could be installed; what could not, its setup says."""
    return [Peer(p.name, p.words, p.env, p.modes, p.version) for p in peer_list.installed()]


def named_peer(text):
    name, _, command = text.partition("=")
    if not command:
        sys.exit(f"bench: --peer {text}: NAME=COMMAND is wanted")
    return Peer(name, shlex.split(command))


def run_part(bench, part):
    begun = time.monotonic()
    print(f"{part.name}: {part.title}", file=sys.stderr, flush=True)
    try:
        lines = part.run(bench)
    except Exception as why:  # pylint: disable=broad-except; what the other parts found must not be lost
        lines = [missing(part.title, f"{'' if isinstance(why, Failed) else type(why).__name__ + ': '}{why}")]
        bench.failed.append(part.name)
    for line in lines:
        line.part = part.name
    print(f"{part.name}: {time.monotonic() - begun:.1f} s", file=sys.stderr, flush=True)
    return lines


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n", 2)[2])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--peer", action="append", default=[])
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--cassandra-host", default="")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--output", default=os.path.join(ROOT, "build", "bench", "result.json"))
    parser.add_argument("--compare", nargs=2)
    parser.add_argument("--from", dest="saved", action="append", default=[])
    return parser.parse_args()


def compare(paths):
    """The lines of two results whose values both have, with what changed."""
    results = []
    for path in paths:
        with open(path, encoding="utf-8") as f:
            results.append({(line["part"], line["what"]): line for line in json.load(f)["lines"] if line["value"]})
    for key in results[0]:
        if key in results[1]:
            a, b = (r[key]["value"]["median"] for r in results)
            change = f"{b / a - 1:+.1%}" if a else ""
            print(f"{key[0]:12} {key[1]:60.60} {a:10.4g} {b:10.4g} {results[0][key]['unit']:12} {change}")


def print_saved(options):
    results = []
    for path in options.saved:
        with open(path, encoding="utf-8") as f:
            results.append(json.load(f))
    lines = {}
    for saved in (line for result in results for line in result["lines"]):
        lines.setdefault(saved["part"], []).append(Line.from_json(saved))
    done = [(part.title, lines[part.name]) for part in parts.ALL if part.name in lines]
    about, command = results[0]["machine"], results[0]["command"].strip()
    print(markdown(done, about, command) if options.markdown else text_table(done))


def main():
    options = arguments()
    if options.compare:
        return compare(options.compare)
    if options.saved:
        return print_saved(options)
    chosen = [p for p in parts.ALL if not options.only or p.name in options.only]
    if options.list:
        return print("\n".join(f"{p.name:12} {p.title}" for p in parts.ALL))
    unknown = set(options.only) - {p.name for p in parts.ALL}
    if unknown:
        sys.exit(f"bench: no part is called {', '.join(unknown)}: {', '.join(p.name for p in parts.ALL)}")
    if options.quick and not options.only:
        chosen = [p for p in chosen if p.is_quick]
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="cqlcrawl-bench-", dir=memory) as folder:
        bench = Bench(options, folder)
        about = machine.about(bench)
        with bench.open:
            done, command = [], "bench/run " + " ".join(sys.argv[1:])
            for part in chosen:
                done.append((part.title, run_part(bench, part)))
                save(options.output, bench, about, command, done)
    about["load_after"] = os.getloadavg()[0]
    print(markdown(done, about, command.strip()) if options.markdown else text_table(done))
    save(options.output, bench, about, command, done)
    print(f"result: {options.output}", file=sys.stderr)
    return 1 if bench.failed else 0


def save(path, bench, about, command, done):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"machine": about, "command": command, "rounds": bench.rounds, "data": bench.data,
                   "lines": [line.json() for _, lines in done for line in lines]}, f, indent=1)


if __name__ == "__main__":
    sys.exit(main())
