# SPDX-License-Identifier: Apache-2.0
"""CPU per cluster over the floor, with every way of writing and every way of speaking; a whole process."""
import os

from clients import Keeper, Null, Ours, Poster
from figures import Spread
from lines import judged, told, unsure
from measure import Failed, run
from rounds import Job, Rounds
from servers import Real, Sim, Sink

WAYS = [("v5", ["--protocol", "5", "--compression", "none"]), ("v5 lz4", ["--protocol", "5", "--compression", "lz4"]),
        ("v4", ["--protocol", "4", "--compression", "none"]), ("v4 lz4", ["--protocol", "4", "--compression", "lz4"])]
OUTPUTS = [("merge and verdict", 0.08), ("encode and discard", 0.22), ("HTTP sink", 0.30)]
WARM = 100  # crawls of a fresh Java server before it is measured


def floors(bench, ways):
    return [Null(bench, *options, name=f"null {way}") for way, options in ways] + [
        Null(bench, *WAYS[0][1], "--walk", name="null and row walk v5")]


def writer(bench, output, way, options, sink):
    """cqlcrawl with that output; with none it reads, merges and judges, and makes no record."""
    name = f"{output} {way}"
    if output == "HTTP sink":
        return Ours(bench, name, *options, "--sink", sink.url, output=None)
    return Ours(bench, name, *options, output="/dev/null" if output == "encode and discard" else "none")


def measure(bench, server, ways, rounds=None):
    counts = (1, 20) if bench.quick else (1, 20, 100)
    with Sink(bench) as sink:
        clients = [*floors(bench, ways), Poster(bench, sink)]
        clients += [writer(bench, output, way, options, sink) for way, options in ways for output, _ in OUTPUTS]
        jobs = [Job(client, counts) for client in clients]
        warm(bench, jobs[0], server)
        return Rounds(bench, server.targets, jobs, rounds)


def warm(bench, job, server):
    if isinstance(server, Real):
        command, env = job.client(server.targets, "seq", WARM)
        for _ in range(3):
            run(bench.programs, bench.machine, command, WARM, env)


def lines(bench, found, ways, with_limits):
    out = [told(f"floor: null {way}", Spread(found.marginal(f"null {way}/seq")), "ms") for way, _ in ways]
    out.append(told("floor: null and row walk v5", Spread(found.marginal("null and row walk v5/seq")), "ms"))
    out.append(told(f"floor: {Poster.BYTES // 1000} KB by HTTP", Spread(found.marginal("post/seq")), "ms",
                    note="send() and nothing else: what the kernel takes for the same bytes"))
    for output, limit in OUTPUTS:
        out += [one(found, output, limit, way, with_limits) for way, _ in ways]
    why = found.is_unsure()
    return [unsure(line, why) if why and line.limit else line for line in out]


def one(found, output, limit, way, with_limits):
    name, floor = f"{output} {way}/seq", f"null {way}/seq"
    target = f"≤ null + {limit:.2f} ms"
    above, whole = found.above(name, floor), Spread(found.marginal(name))
    note = f"{whole.text('{:.3f}')} ms in all"
    at = f"null {Spread(found.marginal(floor)).median:.3f} ms"
    if output == "HTTP sink":
        at += f", the bytes by HTTP {Spread(found.marginal('post/seq')).median:.3f} ms"
    if not with_limits:
        return told(f"{output}, {way}: above null", above, "ms", at, note, "{:.3f}")
    return judged(f"{output}, {way}: above null", above, limit, "ms", floor=at, note=note, form="{:.3f}",
                  target=target)


def on_sim(bench):
    with Sim(bench, "reference") as sim:
        found = measure(bench, sim, WAYS[:2])
    bench.data["cpu-sim"] = {job.name: found.marginal(job.name) for job in found.jobs if found.has(job.name)}
    return lines(bench, found, WAYS[:2], False) + unseen(bench)


def unseen(bench):
    """Clusters none of which has a table's columns in common with another, or twice: what a memory of columns that were
    seen before cannot help with."""
    counts = (1, 20) if bench.quick else (1, 20, 100)
    title, n = "encode and discard", str(counts[-1])
    with Sim(bench, "reference", "--names", "distinct", "--schemas", n, clusters=int(n)) as sim:
        clients = [Null(bench, *options, name=f"null {way}") for way, options in WAYS[:2]]
        clients += [writer(bench, title, way, options, None) for way, options in WAYS[:2]]
        found = Rounds(bench, sim.targets, [Job(client, counts) for client in clients])
    out = []
    for way, _ in WAYS[:2]:
        name, floor = f"{title} {way}/seq", f"null {way}/seq"
        out.append(told(f"{title}, {way}, tables never seen before: above null", found.above(name, floor), "ms",
                        f"null {Spread(found.marginal(floor)).median:.3f} ms", form="{:.3f}"))
    return out


def on_real(bench):
    with bench.real() as real:
        found = measure(bench, real, WAYS)
    bench.data["cpu-real"] = {job.name: found.marginal(job.name) for job in found.jobs if found.has(job.name)}
    return lines(bench, found, WAYS, True)


def process(bench):
    """Start included: median of single runs, VmHWM by ptrace at the exit."""
    with Sim(bench, "reference") as sim:
        jobs = [Job(Null(bench), (1,)), Job(Keeper(bench), (1, 20))]
        for name, program in (("full", "cqlcrawl"), ("core", "core")):
            out = os.path.join(bench.folder, name + ".ndjson")
            jobs.append(Job(Ours(bench, name, program=bench.programs[program], output=out), (1,)))
        found = Rounds(bench, sim.targets, jobs, (1 if bench.quick else 3) * bench.rounds)
    jobs = [j for j in jobs if j.client.name != Keeper.name]
    cpu = {j.client.name: Spread(found.each(j.name, lambda c: 1e3 * c.cpu)) for j in jobs}
    kept = found.marginal(f"{Keeper.name}/seq")
    least = Spread([1e3 * cost + file for cost, file in zip(found.each("null/seq", lambda c: c.cpu), kept)])
    hwm = {j.client.name: Spread(found.each(j.name, lambda c: (c.hwm_kb or 0) / 1024)) for j in jobs}
    if not hwm["full"].median:
        raise Failed("no VmHWM: ptrace is refused here")
    floor = f"null {cpu['null'].median:.2f} ms, {hwm['null'].median:.1f} MB; the file {Spread(kept).median:.2f} ms"
    return [line for name, ms, mb in (("core", 3, 6), ("full", 6, 12)) for line in (
        judged(f"{name} build: CPU", cpu[name], ms, "ms", floor=floor, form="{:.2f}", least=least),
        judged(f"{name} build: VmHWM", hwm[name], mb, "MB", floor=floor, form="{:.1f}", least=hwm["null"]))]
