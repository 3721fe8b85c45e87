# SPDX-License-Identifier: Apache-2.0
"""The programs that the bench compares: bench/peers/list.json, and cqlcrawl itself."""
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SETUP = HERE / "peers" / "setup"


class Peer:
    """One program: `command(address, port, mode, n)` is what to run, with `environment()`."""

    def __init__(self, name, version, words, env=None, modes=("seq",)):
        self.name, self.version, self.words = name, version, list(words)
        self.env, self.modes = dict(env or {}), list(modes)

    def command(self, address, port, mode="seq", n=1):
        return [*self.words, address, str(port), mode, str(n)]

    def environment(self):
        return {**os.environ, **self.env}


class Crawler(Peer):
    """cqlcrawl ($CQLCRAWL, else build/release/cqlcrawl): everything, as the peers, to standard output"""

    def __init__(self, *options):
        program = os.environ.get("CQLCRAWL", HERE.parent / "build" / "release" / "cqlcrawl")
        super().__init__("cqlcrawl", "", [str(pathlib.Path(program).resolve()), "crawl", "--system",
                                          "--progress", "none", *options])

    def command(self, address, port, mode="seq", n=1):
        if mode != "seq" or n != 1:
            raise ValueError("cqlcrawl takes its targets in one run: no mode, no number")
        return [*self.words, f"{address}:{port}"]


def installed(names=()):
    """Peers that setup could install, in the order of the list; what is not there setup has said."""
    entries = json.loads((HERE / "peers" / "list.json").read_text(encoding="utf-8"))
    unknown = set(names) - {entry["name"] for entry in entries}
    if unknown:
        raise SystemExit(f"no peer is called {', '.join(sorted(unknown))}; there are "
                         + ", ".join(entry["name"] for entry in entries))
    wanted = [entry for entry in entries if not names or entry["name"] in names]
    done = subprocess.run([SETUP, *(entry["folder"] for entry in wanted)], stdout=subprocess.PIPE,
                          text=True, check=False)
    folder = pathlib.Path(done.stdout.strip())
    if not done.stdout.strip():
        raise SystemExit(f"{SETUP} failed with status {done.returncode}")
    return [Peer(entry["name"], entry["version"],
                 [word.replace("{peers}", str(folder)) for word in entry["command"]],
                 entry["env"], entry["modes"])
            for entry in wanted if (folder / entry["folder"]).exists()]


if __name__ == "__main__":
    for peer in installed(sys.argv[1:]):
        print(peer.name, peer.version, *peer.words)
