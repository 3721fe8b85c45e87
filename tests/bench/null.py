#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""null.py CQLCRAWL CQLSIM CQ_NULL CQ_NULL_TLS: the bench's floor asks what a crawl asks.

Both crawl the same simulated cluster, one after the other, in every protocol version and compression; what the
server counted of each must be equal: requests, pages, rows, waits, bytes of the answers. Walking must see every
row. A large schema must come in further pages.
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "support"))
from sim import SECONDS, Checks, Folder, Sim, crawl  # noqa: E402

WAYS = [("4", "none"), ("4", "lz4"), ("5", "none"), ("5", "lz4")]
SAME = ("requests_total", "waits", "pages", "rows", "bytes_out", "errors", "connections")
LISTEN = "127.60.40.1"


def null(program, target, *options, mode="seq", n=1):
    host, port = target.rsplit(":", 1)
    done = subprocess.run([program, *options, host, port, mode, str(n)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=SECONDS, check=False)
    last = done.stderr.splitlines()[-1] if done.stderr else ""
    if done.returncode or not last.startswith("PEER "):
        raise RuntimeError(f"cq-null ended with status {done.returncode}: {done.stderr}")
    return json.loads(last[5:])


def both(programs, folder, options, of_sim=()):
    """What the server counted of a crawl and of the null client, and what the latter says."""
    cqlcrawl, cqlsim, cq_null, _ = programs
    with Sim(cqlsim, folder, LISTEN, *of_sim) as sim:
        crawl(cqlcrawl, folder, *options, *sim.targets)
        ours = sim.stats()
    with Sim(cqlsim, folder, LISTEN, *of_sim) as sim:
        said = null(cq_null, sim.targets[0], *options)
        floor = sim.stats()
    return *ours.values(), *floor.values(), said


def one_way(checks, programs, folder, version, compression):
    name = f"v{version} {compression}"
    options = ["--protocol", version, "--compression", compression]
    ours, floor, said = both(programs, folder, options)
    a, b = ({k: c[k] for k in SAME} for c in (ours, floor))
    if compression == "lz4":  # how answers share segments is timing, and system.local holds the hour
        checks.that(f"{name}: about as many bytes", abs(a.pop("bytes_out") / b.pop("bytes_out") - 1) < 0.02)
    checks.that(f"{name}: asks what a crawl asks", a == b, f"a crawl {a}, the null client {b}")
    checks.that(f"{name}: says what it did", said["requests"] == b["requests_total"] and said["pages"] == b["pages"]
                and said["bytes"] == floor["bytes_out"], f"{said}, counted {floor}")
    with Sim(programs[1], folder, LISTEN) as sim:
        walked = null(programs[2], sim.targets[0], *options, "--walk", mode="conc", n=3)
    checks.that(f"{name}: walks every row", walked["rows"] == 3 * a["rows"], f"{walked['rows']}, 3 x {a['rows']}")


def probe(checks, programs, folder, mode):
    """An unchanged cluster, whose last read is remembered, and the floor that stands for it: by their connections."""
    command = [programs[0], "crawl", "--state", folder.at("state " + mode), "--output", folder.at("out " + mode) + "/"]
    with Sim(programs[1], folder, LISTEN) as sim:
        for _ in range(2):
            subprocess.run([*command, *sim.targets], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
                           check=True)
        null(programs[2], sim.targets[0], "--probe", "--compression", "lz4", mode=mode)
        (stats,) = sim.stats().values()
    ours, floor = ({k: c[k] for k in SAME if k in c} for c in stats["per_connection"][1:])
    checks.that(f"probe, {mode}: asks what an unchanged cluster is asked",
                abs(ours.pop("bytes_out") - floor.pop("bytes_out")) < 8 and ours == floor and
                floor["requests_total"] == 3, f"a crawl {ours}, the null client {floor}")


def main():
    programs = [os.path.realpath(p) for p in sys.argv[1:5]]
    checks = Checks()
    with Folder() as folder:
        for version, compression in WAYS:
            one_way(checks, programs, folder, version, compression)
        ours, floor, said = both(programs, folder, ["--compression", "none"], ["--tables", "150"])
        checks.that("a large schema: further pages", said["pages"] > 20, f"{said['pages']} pages")
        checks.that("a large schema: every row", floor["rows"] == ours["rows"], f"{floor['rows']}, {ours['rows']}")
        ours, floor, _ = both(programs, folder, ["--proof", "none", "--compression", "none"])
        checks.that("without proof: no third write", floor["waits"] == ours["waits"], f"{floor['waits']}")
        with Sim(programs[1], folder, LISTEN) as sim:
            held = null(programs[2], sim.targets[0], mode="hold", n=5)
            checks.that("holds its sessions", held["conns"] == 5, f"{held}")
        for mode in ("seq", "conc"):
            probe(checks, programs, folder, mode)
        ca = folder.at("ca.pem")
        with Sim(programs[1], folder, LISTEN, "--tls", "--made-ca", ca) as sim:
            full = null(programs[3], sim.targets[0], "--cacert", ca, n=3)
            again = null(programs[3], sim.targets[0], "--cacert", ca, "--resume", n=3)
            held = null(programs[3], sim.targets[0], "--cacert", ca, mode="hold", n=5)
        checks.that("TLS: full handshakes, then resumed ones", (full["resumed"], again["resumed"]) == (0, 2)
                    and full["rows"] == 0 and full["requests"] == again["requests"] == 60, f"{full}, {again}")
        checks.that("TLS: holds its sessions", held["conns"] == 5 and held["requests"] == 100, f"{held}")
    checks.close()


main()
