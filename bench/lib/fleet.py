# SPDX-License-Identifier: Apache-2.0
"""Many simulated clusters: rates, sizes, how many at once; and one large one."""
import contextlib
import json
import os
import re
import shutil
import subprocess

from clients import Null, Ours, Poster
from cost import WAYS
from figures import Spread, line, power, slope
from lines import judged, missing, told, unsure
from measure import SECONDS, Failed, run
from rounds import Job, Rounds
from servers import SIZES, Sim, Sink

TLS_NAME = "cqlsim.example"
BUDGET = 64 << 20  # the program's default
SLOT_KB = 4
SMALL = ("scylla", "gocql")  # 5,000 sessions of the others would be 10 GB and more, or minutes
PEER_WINDOWS = (10, 100, 1000)
COLLECTED = re.compile(r"^==\d+== Collected : (\d+)", re.M)


def per_second(found, name):
    """Clusters per second of the client's core: the inverse of what one more costs."""
    return Spread([1e3 / ms for ms in found.marginal(name)])


def tls(ca):
    return f', tls: {{mode: verify-full, cacert: "{ca}", name: {TLS_NAME}}}'


def rate(bench):
    """Marginal, at 50 in flight. Resumed: the same endpoints over and over; full: an endpoint for every cluster."""
    few, many = (20, 60) if bench.quick else (100, 500)
    out = []
    with Sim(bench, "reference") as sim:
        jobs = [Job(Null(bench, *WAYS[0][1], "--window", "50", name="null v5"), (few, many), "conc"),
                Job(Null(bench, *WAYS[1][1], "--window", "50", name="null v5 lz4"), (few, many), "conc"),
                Job(Ours(bench, "plain", window=50), (few, many)),
                Job(Ours(bench, "plain v5", *WAYS[0][1], window=50), (few, many))]
        found = Rounds(bench, sim.targets, jobs)
        least = per_second(found, "null v5 lz4/conc")
        floor = f"null v5 lz4 {least.median:,.0f}/s"
        floor_plain = f"null v5 {per_second(found, 'null v5/conc').median:,.0f}/s"
        out += [judged("plaintext", per_second(found, "plain/seq"), 2200, "/s", ">=", floor, form="{:,.0f}",
                       least=least),
                told("plaintext, uncompressed", per_second(found, "plain v5/seq"), "/s", floor_plain, form="{:,.0f}")]
        why = found.is_unsure()
    out += with_tls(bench, "TLS 1.3, full handshakes", many, (few, many), 1100)
    out += with_tls(bench, "TLS 1.3, resumed", 50, (few, many), 1450)
    return [unsure(x, why) if why and x.limit else x for x in out]


def with_tls(bench, title, clusters, ns, limit):
    ca = os.path.join(bench.fresh("ca"), "ca.pem")
    with Sim(bench, "reference", "--tls", "--made-ca", ca, clusters=clusters) as sim:
        resume = ["--resume"] if clusters < ns[-1] else []
        jobs = [Job(Null(bench, *WAYS[1][1], "--cacert", ca, *resume), ns)]
        jobs += [Job(Ours(bench, way, *options, window=50, cluster=tls(ca)), ns)
                 for way, options in (("default", []), ("v5", WAYS[0][1]))[:1 if bench.quick else 2]]
        found = Rounds(bench, sim.targets, jobs)
        total = sim.stats()["total"]
    resumed = total["tls_resumed"]
    seen = f"the server resumed {resumed / total['connections']:.0%} of the connections"
    least = per_second(found, "null/seq")
    out = [judged(title, per_second(found, "default/seq"), limit, "/s", ">=", note=seen, form="{:,.0f}",
                  floor=f"null v5 lz4 {least.median:,.0f}/s", least=least)]
    if found.has("v5/seq"):
        out.append(told(title + ", uncompressed", per_second(found, "v5/seq"), "/s", form="{:,.0f}"))
    return out


def hwm(found, name):
    return Spread(found.each(name, lambda c: c.hwm_kb / 1024))


def large(bench):
    ns, rounds = ((1, 2), 1) if bench.quick else ((1, 4), None)
    with Sim(bench, "large") as sim:
        often = (1, 5 * ns[-1])
        jobs = [Job(Null(bench, *WAYS[0][1], name="null v5"), often),
                Job(Null(bench, *WAYS[1][1], name="null v5 lz4"), often),
                *(Job(Null(bench, *options, "--walk", name=f"walk {way}"), often) for way, options in WAYS[:2]),
                Job(Ours(bench, "default"), ns), Job(Ours(bench, "v5", *WAYS[0][1]), ns),
                Job(Ours(bench, "once"), (1,)), Job(Ours(bench, "once v5", *WAYS[0][1]), (1,))]
        found = Rounds(bench, sim.targets, jobs, rounds)
    nobody = Ours(bench, "nobody")
    nobody.allowed = (3,)
    with Sim(bench, "small") as small:
        base = Rounds(bench, small.targets, [Job(Null(bench), (1,)), Job(Ours(bench, "small"), (1,))])
        empty = Rounds(bench, ["127.87.11.1:1"], [Job(nobody, (1,))])
    bench.data["large"] = {j.name: found.marginal(j.name) for j in jobs if len(j.ns) > 1}
    memory = [hwm(found, "once/seq"), hwm(found, "once v5/seq")]
    start = hwm(empty, "nobody/seq")
    out = [over_floor(found, "CPU", "default/seq", "v5 lz4"), over_floor(found, "CPU, uncompressed", "v5/seq", "v5")]
    for name, spread in zip(("memory over the base", "memory over the base, uncompressed"), memory):
        out.append(judged(name, Spread([spread.low - start.median, spread.median - start.median,
                                        spread.high - start.median]), 2, "MB", form="{:.1f}",
                          floor=f"nothing read {start.median:.1f} MB, small cluster "
                                f"{hwm(base, 'small/seq').median:.1f} MB"))
    return [unsure(x, found.is_unsure()) if found.is_unsure() and x.unit == "ms" else x for x in out]


def over_floor(found, what, name, way):
    floor, walk = (Spread(found.marginal(f"{kind} {way}/seq")) for kind in ("null", "walk"))
    return judged(what, Spread(found.marginal(name)), 10, "ms", form="{:.1f}", least=floor,
                  floor=f"null {way} {floor.median:.2f} ms, and row walk {walk.median:.2f} ms")


def size_text(n):
    return f"{n / 1e6:.1f} MB" if n >= 1e6 else f"{n / 1e3:.0f} KB"


class At:
    """A client that has one server of several."""

    def __init__(self, client, sim, name):
        self.client, self.sim, self.name = client, sim, name

    def __call__(self, _, mode, n):
        return self.client(self.sim.targets, mode, n)


def growth(bench):
    """Every size in every round, so that what the machine does meanwhile meets all alike."""
    sizes = [SIZES["small"], ("4", "10", "10"), SIZES["reference"], ("25", "40", "12"), SIZES["large"]]
    sizes = sizes[:3] if bench.quick else sizes
    ways = [("null", Null(bench, *WAYS[0][1])), ("v5", Ours(bench, "v5", *WAYS[0][1]))]
    with contextlib.ExitStack() as servers:
        sims = [servers.enter_context(Sim(bench, size, number=i)) for i, size in enumerate(sizes)]
        jobs = [Job(At(client, sim, f"{name} {i}"), (1, 5 if size == SIZES["large"] else 20))
                for i, (size, sim) in enumerate(zip(sizes, sims)) for name, client in ways]
        found = Rounds(bench, [], jobs)
        sizes = [sim.counted("bytes_out") / sim.counted("connections") for sim in sims]
        counted = instructions(bench, ways[1][1], sims)
    floor, points = ([(size, Spread(found.marginal(f"{name} {i}/seq")).median) for i, size in enumerate(sizes)]
                     for name in ("null", "v5"))
    bench.data["sizes"] = {"cqlcrawl": points, "null": floor}
    k, b, fit = line(points)
    what = f"linear in bytes, {size_text(sizes[0])} to {size_text(sizes[-1])}: r² of the line"
    out = [judged(what, fit, 0.99, "", ">=", form="{:.4f}", floor=f"null: r² {line(floor)[2]:.4f}",
                  note=f"{b:.2f} ms + {k * 1e6:.2f} ms per MB; {farthest(points)}; grows as bytes^{power(points):.2f}")]
    out.append(linear(list(zip(sizes, counted)), "the same of instructions"))
    return out + at_once(bench) + theirs_at_once(bench)


def farthest(points):
    k, b, _ = line(points)
    worst = max(abs(y - (k * x + b)) for x, y in points)
    return f"farthest from the line by {worst / points[-1][1]:.1%} of the largest"


def linear(points, what):
    """The line through instructions, which no machine's noise is in."""
    if not all(y for _, y in points):
        return missing(what, "valgrind is not here: scripts/setup test")
    k, b, fit = line(points)
    return told(what, fit, form="{:.4f}",
                note=f"{b / 1e6:.2f} M + {k:.2f} per byte, libraries included; {farthest(points)}")


def instructions(bench, client, sims):
    """Of one cluster more, by callgrind; all None where there is none."""
    return [slope([(n, callgrind(bench, *client(sim.targets, "seq", n))) for n in (1, 3)])
            if shutil.which("valgrind") else None for sim in sims]


def callgrind(bench, command, env):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command], check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          timeout=SECONDS, env={**os.environ, **env})
    bench.tick("callgrind")
    seen = COLLECTED.search(done.stderr)
    if done.returncode or not seen:
        raise Failed(f"callgrind ended with {done.returncode}: {done.stderr[-200:].strip()}")
    return int(seen.group(1))


def at_once(bench):
    """The windows take turns, three times."""
    windows, n = ((10, 100), 200) if bench.quick else ((10, 100, 1000, 5000), 5000)
    costs = {w: [] for w in windows}
    with Sim(bench, "reference", clusters=n) as sim:
        for _ in range(1 if bench.quick else 3):
            once = run_ours(bench, sim, 1, 1)
            for window in windows:
                clusters = n if window == n else max(window, n // 5)
                cost = run_ours(bench, sim, window, clusters)
                costs[window].append((1e3 * (cost.cpu - once.cpu) / (clusters - 1),
                                      (clusters - 1) / (cost.wall - once.wall)))
    middle = {w: [Spread(values).median for values in zip(*found)] for w, found in costs.items()}
    bench.data["in_flight"] = {w: {"cpu_ms": c, "per_second": r} for w, (c, r) in middle.items()}
    base = middle[windows[0]][0]
    worst = max(abs(c / base - 1) for c, _ in middle.values())
    return [judged(f"per cluster, {windows[0]} to {windows[-1]:,} in flight: largest change", worst * 100, 10, "%",
                   form="{:.1f}", note=", ".join(f"{w:,}: {c:.2f} ms" for w, (c, _) in middle.items()))]


def theirs_at_once(bench):
    """The same of the peers whose sessions are small enough; every one of n begins at once."""
    out, data = [], {}
    for peer in bench.peers:
        if not peer.name.startswith(SMALL):
            continue
        with Sim(bench, "reference") as sim:
            costs = {n: timed_peer(bench, sim, peer, n) for n in (1, *PEER_WINDOWS)}
        found = {n: (1e3 * (costs[n].cpu - costs[1].cpu) / (n - 1), n / costs[n].wall) for n in PEER_WINDOWS}
        data[peer.name] = {n: {"cpu_ms": c, "per_second": r} for n, (c, r) in found.items()}
        base = found[PEER_WINDOWS[0]][0]
        what = f"{peer.name}: per cluster, {PEER_WINDOWS[0]} to {PEER_WINDOWS[-1]:,} in flight: largest change"
        out.append(told(what,
                        max(abs(c / base - 1) for c, _ in found.values()) * 100, "%", form="{:.1f}",
                        note=", ".join(f"{n:,}: {c:.2f} ms" for n, (c, _) in found.items()) +
                        f"; VmHWM {costs[PEER_WINDOWS[-1]].hwm_kb / 1024:,.0f} MB"))
    bench.data["in_flight_peers"] = data
    return out


def timed_peer(bench, sim, peer, n):
    command, env = peer(sim.targets, "conc", n)
    return run(bench.programs, bench.machine, command, n, env)


def run_ours(bench, sim, window, n, *options):
    command, env = Ours(bench, "fleet", *options, window=window, timed=True)(sim.targets, "conc", n)
    return run(bench.programs, bench.machine, command, n, env)


def hundred_thousand(bench):
    """The floors before and after it: what reading costs at 1,000 in flight, and sending as many bytes of records."""
    n, window = (300, 100) if bench.quick else (10000, 1000)
    with Sim(bench, "reference", clusters=n) as sim, Sink(bench) as sink:
        client = Ours(bench, "fleet", "--sink", sink.url, output=None, window=window)
        floors = [(Null(bench, *WAYS[1][1], "--window", str(window)), "conc"), (Poster(bench, sink), "seq")]
        counts = (window // 2, 2 * window)
        found = [floor_rounds(bench, sim, floors, counts)]
        posted = sink.bytes()
        command, env = client(sim.targets, "conc", n)
        cost = run(bench.programs, bench.machine, command, n, env)
        sent = sink.bytes() - posted
        found.append(floor_rounds(bench, sim, floors, counts))
    read, post = (Spread([1e5 * x for rounds in side for x in rounds]) for side in zip(*found))
    return [judged(f"CPU, {100000 // n} times {n:,} measured, to a discarding sink", cost.cpu * 100000 / n, 35, "s",
                   form="{:.1f}", least=read.plus(post),
                   floor=f"null v5 lz4 {read.text('{:.1f}')} s, their bytes by HTTP {post.text('{:.1f}')} s",
                   note=f"{n / cost.wall:,.0f} clusters/s, {sent / 1e6 / n:.2f} MB of records each, "
                        f"VmHWM {cost.hwm_kb / 1024:.0f} MB")]


def floor_rounds(bench, sim, floors, counts):
    """Of each floor what one more cluster costs, in every round."""
    return zip(*([marginal(bench, sim, floor, mode, counts) for floor, mode in floors] for _ in range(bench.rounds)))


def marginal(bench, sim, client, mode, counts):
    """CPU seconds of one more cluster."""
    points = []
    for n in counts:
        command, env = client(sim.targets, mode, n)
        points.append((n, run(bench.programs, bench.machine, command, n, env).cpu))
    return slope(points)


def flight(bench):
    n = 100 if bench.quick else 1000
    with Sim(bench, "reference", clusters=n) as sim:
        jobs = [Job(Null(bench, *WAYS[1][1]), (n,), "conc"), Job(Ours(bench, "budget", timed=True), (n,), "conc"),
                Job(Ours(bench, "none", "--memory-max", "4GiB", timed=True), (n,), "conc")]
        found = Rounds(bench, sim.targets, jobs)
        one = Rounds(bench, sim.targets, [Job(Null(bench), (1,)), Job(Ours(bench, "one"), (1,))], 1)
    speed = {j.client.name: found.each(j.name, lambda c: c.n / c.wall) for j in jobs}
    most, base = hwm(found, "budget/conc"), hwm(one, "one/seq").median
    loss = Spread([100 * (1 - a / b) for a, b in zip(speed["budget"], speed["none"])])
    limit = BUDGET / 1048576 + n * SLOT_KB / 1024 + base
    out = [judged("VmHWM, 64 MiB budget", most, limit, "MB", form="{:.1f}",
                  target=f"≤ budget + slots + program ({limit:.0f} MB)",
                  note=f"the program with one cluster {base:.1f} MB; "
                       f"without a budget {hwm(found, 'none/conc').median:.0f} MB"),
           judged("loopback: throughput lost to the budget", loss, 5, "%", form="{:.1f}",
                  floor=f"null {Spread(speed['null']).median:,.0f} clusters/s",
                  note=f"{Spread(speed['budget']).median:,.0f} and {Spread(speed['none']).median:,.0f} clusters/s")]
    return out + [little(bench, n)]


def little(bench, n):
    """The rate that the budget allows: how many fit, by the time that one holds its share."""
    budget = 4 << 20 if bench.quick else 16 << 20
    out, metrics = os.path.join(bench.folder, "little.ndjson"), os.path.join(bench.folder, "little.prom")
    with Sim(bench, "reference", "--fault", "rtt=80", clusters=n) as sim:
        client = Ours(bench, "one", "--metrics-file", metrics, output=out)
        command, env = client(sim.targets, "conc", 1)
        run(bench.programs, bench.machine, command, 1, env)
        client = Ours(bench, "many", "--memory-max", str(budget), timed=True)
        command, env = client(sim.targets, "conc", n)
        cost = run(bench.programs, bench.machine, command, n, env)
    share, seconds, whole = held_by_one(out, metrics)
    allowed = budget / share / seconds
    got = n / max(cost.wall - whole, 0.001)
    return judged(f"80 ms, {budget >> 20} MiB budget: clusters/s of what Little's law allows", got / allowed, 0.9, "x",
                  ">=", form="{:.2f}", note=f"{got:,.0f} clusters/s; {budget >> 20} MiB / {share / 1024:.0f} KiB / "
                                            f"{seconds * 1e3:.0f} ms = {allowed:,.0f}")


def held_by_one(out, metrics):
    """(bytes that one crawl takes of the budget, seconds that it holds them, seconds in all)"""
    with open(metrics, encoding="utf-8") as f:
        share = next(float(x.split()[1]) for x in f if x.startswith("cqlcrawl_memory_peak_bytes"))
    with open(out, encoding="utf-8") as f:
        cost = json.loads(f.read().splitlines()[-1])["cost"]
    phases = [v for k, v in flat(cost) if k.split(".")[-1] in ("before", "main", "after", "before_ms", "main_ms",
                                                               "after_ms")]
    total = next((v for k, v in flat(cost) if k.endswith(("total_ms", "ms.total", "duration_ms"))), sum(phases))
    return share, sum(phases) / 1e3, total / 1e3


def flat(tree, path=""):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value
