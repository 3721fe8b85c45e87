# SPDX-License-Identifier: Apache-2.0
"""What a user would pick instead, each driven over the whole schema, beside cqlcrawl on the same real server."""
from clients import Null, Ours
from cost import WAYS, warm
from figures import Spread
from lines import judged, missing, told, unsure
from rounds import Job, Rounds

# By the name's beginning: at least so many times less than the peer, and the stretch.
RATIOS = {"scylla": (10, 15), "gocql": (16, 22), "python": (55, 70), "node": (65, 80), "java": (100, None),
          "datahub": (1000, None), "openmetadata": (1000, None)}
OURS = "cqlcrawl to standard output"
COUNTS = {"seq": [1, 5, 20], "conc": [50], "hold": [50]}


def counts(peer, mode):
    """How many crawls; none where the peer has no such mode. One that is given by --peer says nothing of its modes."""
    if mode not in (peer.modes or ("seq", "conc")):
        return []
    return [1, 3] if limits(peer.name)[0] == 1000 else COUNTS[mode]


def limits(name):
    return next((limits for begin, limits in RATIOS.items() if name.startswith(begin)), (None, None))


def compare(bench):
    if not bench.peers:
        return [missing("peers", "none is installed (bench/peers/setup) and none was named (--peer)")]
    ours = [Job(Ours(bench, OURS, output="-"), (1, 5, 20, 100)),
            Job(Ours(bench, OURS + ", v4", *WAYS[2][1], output="-"), (1, 5, 20, 100))]
    theirs = [Job(peer, counts(peer, "seq"), may_fail=True, share=2 if limits(peer.name)[0] == 1000 else 1)
              for peer in bench.peers]
    with bench.real() as real:
        jobs = [Job(Null(bench), (1, 5, 20, 100)), *ours, *theirs]
        warm(bench, jobs[0], real)
        found = Rounds(bench, real.targets, jobs)
    bench.data["peers"] = {job.client.name: {"marginal_ms": found.marginal(job.name),
                                             "hwm_kb": found.each(job.name, lambda c: c.hwm_kb),
                                             "one_ms": [1e3 * c[min(c)].cpu for c in found.costs[job.name]]}
                           for job in jobs if found.has(job.name)}
    out = [figures(found, job) for job in jobs]
    for job in theirs:
        out += ratios(found, job)
    return out


def figures(found, job):
    if not found.has(job.name):
        return missing(job.client.name, found.failures.get(job.name, "not run"))
    one = Spread([1e3 * c[min(c)].cpu for c in found.costs[job.name]])
    hwm = Spread(found.each(job.name, lambda c: (c.hwm_kb or 0) / 1024))
    version = getattr(job.client, "version", "")
    return told(f"{job.client.name} {version}: marginal".replace(" :", ":"), Spread(found.marginal(job.name)), "ms",
                note=f"one crawl {one.text('{:.0f}' if one.median > 20 else '{:.1f}')} ms, VmHWM {hwm.median:.0f} MB")


def ratios(found, job):
    least, stretch = limits(job.client.name)
    if not found.has(job.name):
        return []
    ratio = found.ratio(job.name, f"{OURS}/seq") if job.share == 1 else Spread(
        [a / Spread(found.marginal(f"{OURS}/seq")).median for a in found.marginal(job.name)])
    what = f"{job.client.name} / cqlcrawl, CPU per cluster"
    if not least:
        return [told(what, ratio, "x")]
    note = f"stretch ≥ {stretch} x: {'met' if ratio.median >= stretch else 'missed'}" if stretch else ""
    line = judged(what, ratio, least, "x", ">=", note=note)
    return [unsure(line, found.is_unsure()) if found.is_unsure() else line]


def at_once(bench):
    """50 in flight until 200 are read, each beside the null client that asks for the same bytes."""
    n, at_once = 200, 50
    jobs = []
    for way, options in WAYS[:2]:
        jobs.append(Job(Null(bench, *options, "--window", str(at_once), name=f"null {way}"), (n,), "conc"))
        jobs.append(Job(Ours(bench, f"cqlcrawl {way}", *options, window=at_once, timed=True), (n,), "conc"))
    jobs += [Job(p, counts(p, "conc"), "conc", may_fail=True) for p in bench.peers if counts(p, "conc")]
    with bench.real() as real:
        warm(bench, jobs[0], real)
        found = Rounds(bench, real.targets, jobs)
    rate = {j.client.name: Spread(found.each(j.name, lambda c: c.n / c.wall_in)) for j in jobs if found.has(j.name)}
    cpu = {j.client.name: Spread(found.each(j.name, lambda c: 1e3 * c.cpu / c.n)) for j in jobs if found.has(j.name)}
    bench.data["at-once"] = {name: {"per_second": rate[name].median, "cpu_ms": cpu[name].median} for name in rate}
    out = [against_floor(found, f"cqlcrawl {way}", f"null {way}") for way, _ in WAYS[:2]]
    for name, spread in rate.items():
        out.append(told(f"{name}: clusters/s", spread, "/s", note=f"CPU {cpu[name].text('{:.2f}')} ms per cluster"))
    return out + [missing(name, why) for name, why in found.failures.items()]


def against_floor(found, name, floor):
    """The whole process, start included, against the floor's."""
    share = Spread([a / b for a, b in zip(found.each(f"{name}/conc", lambda c: c.n / c.wall),
                                          found.each(f"{floor}/conc", lambda c: c.n / c.wall))])
    line = judged(f"{name}: clusters/s against {floor}'s", share, 0.95, "x", ">=", form="{:.2f}",
                  target="as many (≥ 0.95)")
    return unsure(line, found.is_unsure()) if found.is_unsure() else line
