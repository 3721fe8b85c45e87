# SPDX-License-Identifier: Apache-2.0
"""What a held session adds, and how often the heap is asked."""
import os
import signal
import subprocess
import time

from clients import Null, Ours
from cost import WAYS
from figures import Spread, slope
from fleet import tls
from lines import judged, missing, told
from measure import Failed, pinned, run, status_kb
from peers import counts
from servers import Sim



def rss_held(bench, sim, client, n):
    """VmRSS of a crawl of n clusters, its window full of sessions that wait for memory, behind the handshake."""
    before = sim.stats()["total"]["requests"]["STARTUP"]
    command, env = client(sim.targets, "conc", n)
    process = pinned(bench.machine.client, command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL, env={**os.environ, **env})
    try:
        end = time.monotonic() + 60
        while sim.stats()["total"]["requests"]["STARTUP"] - before < client.window:
            if time.monotonic() > end or process.poll() is not None:
                raise Failed(f"not all of {client.window} sessions came up")
            time.sleep(0.05)
        time.sleep(0.5)
        return status_kb(process.pid, "VmRSS")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def one_way(bench, name, *of_sim, cluster=""):
    """The same inventory, with few and with many of it in a session: a session's memory and nothing else."""
    few, many = (50, 150) if bench.quick else (200, 1700)
    with Sim(bench, "small", "--fault", "held", *of_sim, clusters=many) as sim:
        clients = [Ours(bench, name, "--memory-max", "1MiB", cluster=cluster, window=n) for n in (few, many)]
        return Spread([slope([(c.window, rss_held(bench, sim, c, many)) for c in clients])
                       for _ in range(1 if bench.quick else 3)])


def held(bench):
    ca = os.path.join(bench.fresh("ca"), "ca.pem")
    ns = (50, 150) if bench.quick else (50, 500)
    with Sim(bench, "small") as sim:
        plain = held_by(bench, Null(bench), sim.targets, ns)
    with Sim(bench, "small", "--tls", "--made-ca", ca) as sim:
        null_tls = held_by(bench, Null(bench, *WAYS[1][1], "--cacert", ca), sim.targets, ns)
    out = [judged("plaintext: KB per session", one_way(bench, "held"), 4, "KB", form="{:.2f}", least=plain,
                  floor=f"null {plain:.2f} KB"),
           judged("TLS: KB per session", one_way(bench, "held TLS", "--tls", "--made-ca", ca, cluster=tls(ca)), 30,
                  "KB", form="{:.1f}", least=null_tls, floor=f"null {null_tls:.1f} KB",
                  note="the floor: OpenSSL's session alone, on a socket, its buffers released")]
    theirs = [p for p in bench.peers if counts(p, "hold")]
    if theirs:
        with bench.real() as real:
            out += [of_peer(bench, p, real.targets) for p in theirs]
    return out


def of_peer(bench, peer, targets):
    try:
        return told(f"{peer.name}: KB per session", held_by(bench, peer, targets, (1, counts(peer, "hold")[-1])), "KB",
                    form="{:,.0f}")
    except Failed as why:
        return missing(f"{peer.name}: KB per session", str(why))


def held_by(bench, client, targets, ns):
    points = []
    for n in ns:
        command, env = client(targets, "hold", n)
        points.append((n, run(bench.programs, bench.machine, command, n, env).said["rss_kb"]))
    return slope(points)


SHAPES = (("10", "20", "12"), ("10", "40", "12"))  # the second has 200 tables of 12 columns more


def counted(bench, sim, n, command, env):
    path = os.path.join(bench.fresh("count"), "count")
    run(bench.programs, bench.machine, command, n, {**env, "LD_PRELOAD": bench.programs["count"],
                                                    "CQ_ALLOC_COUNT": path})
    with open(path, encoding="utf-8") as f:
        return int(f.read().split()[0])


def allocations(bench):
    """Slopes, so that the start of the program is not in them; what the configuration of one more cluster costs
    (validate) is taken off."""
    few, many = 20, 120
    of = {}
    for size in SHAPES:
        with Sim(bench, size, clusters=many) as sim:
            for window in (1, 20):
                client = Ours(bench, "count", window=window)
                of[size, window] = slope([(n, counted(bench, sim, n, *client(sim.targets, "conc", n)))
                                          for n in (few, many)])
            config = [(n, counted(bench, sim, n, [bench.programs["cqlcrawl"], "validate", "--config", client.config(
                sim.targets, 20, n)], {})) for n in (few, many)]
    start = slope(config)
    size, twice = SHAPES
    rows = 200 * 13
    out = [judged(f"per cluster, warm, {window} at a time", of[size, window] - start, 10, "", form="{:.1f}",
                  note=f"and {start:.1f} of the configuration") for window in (1, 20)]
    return out + [judged("per row", max(0.0, (of[twice, 1] - of[size, 1]) / rows), 0.01, "", form="{:.4f}", target="0",
                         note=f"{of[twice, 1] - of[size, 1]:+.1f} for {rows:,} rows more")]
