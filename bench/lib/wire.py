# SPDX-License-Identifier: Apache-2.0
"""Waits, connections and requests as the server counts them; time over a distance; clusters that have not changed."""
import json
import os
import subprocess

from clients import Null, Ours
from figures import Spread
from lines import MET, MISSED, Line, judged, told
from measure import Failed, run
from peers import counts
from rounds import Job, Rounds
from servers import Sim, Sink

REQUESTS = 22
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
    out = []
    for text in done.stdout.splitlines():
        try:
            seen = json.loads(text)
        except ValueError:  # a peer may talk on standard output, too
            continue
        out.append(told(f"{seen.get('peer', 'cqlcrawl')}: waits", seen["waits"], form="{:.0f}",
                        note=f"{seen['connections']} connections, {seen['requests']} requests, "
                             f"{seen['bytes_out'] / 1e3:,.1f} KB out, {seen['bytes_in'] / 1e3:,.0f} KB in"))
    if not out:
        raise Failed(f"bench/wire ended with {done.returncode}: {done.stderr[-300:].strip()}")
    return out


def latency(bench):
    out, data = [], {}
    many = 50 if bench.quick else 200
    distances = (20,) if bench.quick else (1, 20, FAR)
    for ms in distances:
        with Sim(bench, "reference", "--fault", f"rtt={ms}", clusters=many) as sim:
            jobs = [Job(Null(bench), (1,)), Job(Null(bench, name="null all"), (many,), "conc"),
                    Job(Ours(bench, "one", timed=True), (1,)),
                    Job(Ours(bench, "all", "--memory-max", "1GiB", window=many, timed=True), (many,), "conc")]
            found = Rounds(bench, sim.targets, jobs, None if ms == FAR or bench.quick else 2)
            theirs = [timed(bench, sim, peer, many, ms == FAR) for peer in bench.peers] if ms > 1 else []
        wall = {j.client.name: Spread(found.each(j.name, lambda c: 1e3 * c.wall)) for j in jobs}
        data[ms] = {name: spread.median for name, spread in wall.items()} | {
            p.name: t for p, (t, _) in zip(bench.peers, theirs) if t}
        out.append(told(f"{ms} ms: one cluster", wall["one"], "ms", f"null {wall['null'].median:.0f} ms",
                        form="{:.0f}"))
        whole, floor = wall["all"].times(0.001), f"null {wall['null all'].median / 1e3:.2f} s"
        out.append(judged(f"{ms} ms: {many} clusters", whole, 0.8, "s", floor=floor, form="{:.2f}") if ms == FAR
                   else told(f"{ms} ms: {many} clusters", whole, "s", floor, form="{:.2f}"))
        out += [told(f"{ms} ms: {peer.name}, one cluster", one, "ms", note=words, form="{:,.0f}")
                for peer, (one, words) in zip(bench.peers, theirs)]
    bench.data["latency"] = data
    return out


def timed(bench, sim, peer, many, at_once):
    """(milliseconds for one cluster or None, what is to say: the seconds for many, a failure)"""
    try:
        command, env = peer(sim.targets, "seq", 1)
        cost = run(bench.programs, bench.machine, command, 1, env)
        one, found = cost.wall, cost.said.get("tables", TABLES)
        if found < TABLES:  # no PREPARE there, or not what it expects: this was no crawl
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
        found = Rounds(bench, sim.targets, [Job(Null(bench), (few,)), Job(client, (few, many), "conc")])
    if asked > PROBE:
        raise Failed(f"{asked:.1f} requests a cluster: not all were unchanged")
    return [judged("CPU, marginal", Spread(found.marginal("again/conc")), 0.05, "ms", form="{:.3f}",
                   note=f"{asked:.0f} requests; the state directory's thread and the heartbeat to a sink included")]
