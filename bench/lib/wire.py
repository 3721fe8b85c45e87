# SPDX-License-Identifier: Apache-2.0
"""Waits, connections and requests as the server counts them; time over a distance; clusters that have not changed."""
import json
import os
import subprocess

from clients import Null, Ours
from cost import WAYS
from figures import Spread
from lines import MET, MISSED, Line, judged, missing, told
from measure import Failed, run
from peers import counts
from rounds import Job, Rounds
from servers import Sim, Sink

REQUESTS = 22
WAITS = 6  # TCP's one, and the five of a crawl without TLS and login
PROBE = 4  # OPTIONS, STARTUP, local, peers
FAR = 80
TABLES = 200
LONG = 2.5  # seconds for one cluster: nobody waits for 200 of them


def delta(sim, bench, client, n):
    """What the server counted of a run."""
    before = sim.stats()["total"]
    command, env = client(sim.targets, "seq", n)
    run(bench.programs, bench.machine, command, n, env)
    after = sim.stats()["total"]
    return {k: after[k] - before[k] for k in ("waits", "connections", "requests_total", "pages", "bytes_out")}


def exact(what, got, want, note=""):
    verdict = MET if got == want else f"{MISSED} by {got - want}"
    return Line(what, str(want), str(got), "", verdict, note, Spread([got]), want, "waits")


def waits(bench):
    out = []
    password = os.path.join(bench.fresh("password"), "password")
    with open(password, "w", encoding="utf-8") as f:
        f.write("correct horse\n")
    os.chmod(password, 0o600)
    with Sim(bench, "reference") as sim:
        first = delta(sim, bench, Ours(bench, "first"), 1)
        floor = delta(sim, bench, Null(bench), 1)
        state = ["--state", bench.fresh("state")]  # a file is whole: never a heartbeat instead
        known = [delta(sim, bench, Ours(bench, "again", *state), 1) for _ in range(2)][-1]
        bare = delta(sim, bench, Ours(bench, "bare", "--proof", "none", *state), 1)
    login = f', auth: {{user: crawler, password: {{file: "{password}"}}, allow_plaintext: true}}'
    with Sim(bench, "reference", "--auth", "password", "--user", "crawler", "--password-file", password) as sim:
        logged_in = delta(sim, bench, Ours(bench, "login", cluster=login), 1)
    out.append(exact("waits after TCP, with the proof", first["waits"], 5, f"null {floor['waits']}"))
    out.append(exact("what the server offers is remembered (--state)", known["waits"], 4))
    out.append(exact("remembered, --proof none", bare["waits"], 3))
    out.append(exact("with a login", logged_in["waits"], 6))
    out.append(judged("connections", first["connections"], 1, "", form="{:.0f}"))
    out.append(judged("requests and further pages", first["requests_total"], REQUESTS, "", form="{:.0f}",
                      floor=f"null {floor['requests_total']}", note=f"{first['bytes_out'] / 1e3:,.0f} KB read"))
    return out


def on_real(bench):
    """The same of a real server, read off the loopback by bench/wire, which has to be root for it."""
    with bench.real() as real:
        host, port = real.targets[0].rsplit(":", 1)
        whose = [word for p in bench.peers if p.version for word in ("--peer", p.name)]
        alone = ["--", *Ours(bench, "wire")(real.targets, "seq", 1)[0]]
        whose = ["--all", *whose] if whose else alone
        done = subprocess.run([bench.at("bench/wire"), host, port, "--json", *whose], text=True, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600,
                              env={**os.environ, "CQLCRAWL": bench.programs["cqlcrawl"]})
    out = [of_wire(text) for text in done.stdout.splitlines()]
    if not out:
        raise Failed(f"bench/wire ended with {done.returncode}: {done.stderr[-300:].strip()}")
    return out


def of_wire(text):
    """What bench/wire says of one client. What it cannot say is a line, too: nobody is left out in silence."""
    try:
        seen = json.loads(text)
        what = f"{seen.get('peer', 'cqlcrawl')}: waits"
        if seen["status"] or seen["dropped"]:
            return missing(what, f"exit status {seen['status']}, {seen['dropped']} packets dropped")
        return told(what, seen["waits"], form="{:.0f}",
                    note=f"{seen['connections']} connections, {seen['requests']} requests, "
                         f"{seen['bytes_out'] / 1e3:,.1f} KB out, {seen['bytes_in'] / 1e3:,.0f} KB in")
    except (ValueError, KeyError, AttributeError) as why:
        return missing(f"a line of bench/wire: {text[:40]!r}", f"{type(why).__name__}: {why}")


class Known(Ours):
    """Every cluster was read before, with the same state directory: the server's offer is remembered."""

    def __init__(self, bench, name, state, **more):
        super().__init__(bench, name, "--memory-max", "1GiB", "--state", state, **more)


def first_read(bench, sim, window):
    state = bench.fresh("state")
    known = Known(bench, "", state, window=window)
    command, env = known(sim.targets, "conc", len(sim.targets))
    run(bench.programs, bench.machine, command, len(sim.targets), env)
    return state


def latency(bench):
    out, data = [], {}
    many = 50 if bench.quick else 200
    distances = (20,) if bench.quick else (1, 20, FAR)
    for ms in distances:
        with Sim(bench, "reference", "--fault", f"rtt={ms}", clusters=many) as sim:
            state = first_read(bench, sim, many)
            jobs = [Job(Null(bench), (1,)), Job(Null(bench, name="null all"), (many,), "conc"),
                    Job(Ours(bench, "one", timed=True), (1,)), Job(Known(bench, "known one", state), (1,)),
                    Job(Ours(bench, "all", "--memory-max", "1GiB", window=many, timed=True), (many,), "conc"),
                    Job(Known(bench, "known all", state, window=many), (many,), "conc")]
            found = Rounds(bench, sim.targets, jobs, None if ms == FAR or bench.quick else 2)
            theirs = [timed(bench, sim, peer, many, ms == FAR) for peer in bench.peers] if ms > 1 else []
        wall = {j.client.name: Spread(found.each(j.name, lambda c: 1e3 * c.wall)) for j in jobs}
        data[ms] = {name: spread.median for name, spread in wall.items()} | {
            p.name: t for p, (t, _) in zip(bench.peers, theirs) if t}
        out += distance(ms, many, wall)
        out += [told(f"{ms} ms: {peer.name}, one cluster", one, "ms", note=words, form="{:,.0f}")
                for peer, (one, words) in zip(bench.peers, theirs)]
    bench.data["latency"] = data
    return out + [far_fleet(bench), far_large(bench)]


def distance(ms, many, wall):
    """One and many of them, new and read before. What no client can do without: TCP's wait and those of the protocol,
    counted by the part `waits`; beside it the null client, which is new to everybody."""
    floor, known = (f"{waits} x {ms} = {waits * ms} ms" for waits in (WAITS, WAITS - 1))
    floors = [f"{floor}; null {wall['null'].median:.0f} ms", f"{floor}; null {wall['null all'].median / 1e3:.2f} s"]
    all_of = [wall[name].times(0.001) for name in ("all", "known all")]
    what = f"{ms} ms: {many} clusters"
    least = wall["null all"].times(0.001)
    return [told(f"{ms} ms: one cluster", wall["one"], "ms", floors[0], form="{:.0f}"),
            told(f"{ms} ms: one cluster, read before", wall["known one"], "ms", known, form="{:.0f}"),
            judged(what, all_of[0], 0.8, "s", floor=floors[1], form="{:.2f}", least=least) if ms == FAR
            else told(what, all_of[0], "s", floors[1], form="{:.2f}"),
            told(f"{what}, read before", all_of[1], "s", known, form="{:.2f}")]


def far_fleet(bench):
    """What --half-open is for: so many that begin over such a distance."""
    ms, n, most = (100, 400, 400) if bench.quick else (200, 2000, 1000)
    with Sim(bench, "reference", "--fault", f"rtt={ms}", clusters=n) as sim:
        jobs = [Job(Null(bench, name="null all"), (n,), "conc")]
        jobs += [Job(Ours(bench, name, "--memory-max", "4GiB", *options, window=n, timed=True), (n,), "conc")
                 for name, options in (("usual", []), ("raised", ["--half-open", str(most)]))]
        found = Rounds(bench, sim.targets, jobs, 1 if bench.quick else 3)
    wall = {j.client.name: Spread(found.each(j.name, lambda c: c.wall)) for j in jobs}
    return told(f"{ms} ms: {n:,} clusters, --half-open {most:,}", wall["raised"], "s", form="{:.2f}",
                floor=f"{WAITS} x {ms} = {WAITS * ms} ms; null {wall['null all'].median:.2f} s",
                note=f"with the usual 256 {wall['usual'].text('{:.2f}')} s")


def far_large(bench):
    """Further pages are further waits; those of the null client are as near as on loopback."""
    ms = 20 if bench.quick else FAR
    with Sim(bench, "large", "--fault", f"rtt={ms}") as sim:
        jobs = [Job(Null(bench), (1,)), Job(Ours(bench, "large", timed=True), (1,))]
        found = Rounds(bench, sim.targets, jobs, 1 if bench.quick else 3)
        waits = delta(sim, bench, Ours(bench, "waits"), 1)["waits"]
    wall = {j.client.name: Spread(found.each(j.name, lambda c: 1e3 * c.wall)) for j in jobs}
    return told(f"{ms} ms: one cluster of 5,000 tables", wall["large"], "ms", form="{:,.0f}",
                floor=f"its {waits + 1} waits x {ms} = {(waits + 1) * ms:,} ms",
                note=f"with the null client's pages of 256 KiB {wall['null'].text('{:,.0f}')} ms")


def timed(bench, sim, peer, many, at_once):
    """(milliseconds for one cluster or None, what is to say: the seconds for many, a failure)"""
    try:
        command, env = peer(sim.targets, "seq", 1)
        cost = run(bench.programs, bench.machine, command, 1, env)
        one, found = cost.wall, cost.said.get("tables", TABLES)
        if found < TABLES:  # not what it expects: this was no crawl
            return None, f"finds {found} of {TABLES} tables of a simulated cluster"
    except Failed as why:
        return None, str(why)[-120:]
    if not counts(peer, "conc") or one > LONG or not at_once:
        return 1e3 * one, ""
    try:
        command, env = peer(sim.targets, "conc", many)
        return 1e3 * one, f"{many} at once: {run(bench.programs, bench.machine, command, many, env).wall:.2f} s"
    except Failed as why:
        return 1e3 * one, f"{many} at once failed: {str(why)[-80:]}"


def unchanged(bench):
    few, many = (20, 120) if bench.quick else (100, 1100)
    state = os.path.join(bench.fresh("state"), "state")
    with Sim(bench, "reference", clusters=many) as sim, Sink(bench) as sink:
        client = Ours(bench, "again", "--state", state, "--sink", sink.url, output=None, window=100)
        command, env = client(sim.targets, "conc", many)
        run(bench.programs, bench.machine, command, many, env)
        asked = sim.counted("requests_total")
        run(bench.programs, bench.machine, command, many, env)
        asked = (sim.counted("requests_total") - asked) / many
        floor = Null(bench, *WAYS[1][1], "--probe", "--window", "100", name="probe")
        found = Rounds(bench, sim.targets, [Job(floor, (few, many), "conc"), Job(client, (few, many), "conc")])
    if asked > PROBE:
        raise Failed(f"{asked:.1f} requests a cluster: not all were unchanged")
    least = Spread(found.marginal("probe/conc"))
    return [judged("CPU, marginal", Spread(found.marginal("again/conc")), 0.05, "ms", form="{:.3f}", least=least,
                   floor=f"null {least.text('{:.3f}')} ms: STARTUP, local and peers read, nothing else",
                   note=f"{asked:.0f} requests; the state directory's thread and the heartbeat to a sink included")]
