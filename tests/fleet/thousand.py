# SPDX-License-Identifier: Apache-2.0
"""1,000 simulated clusters of 246 tables (200 of users, 46 of the system), half of them TLS, in one
run: 5 % dead, 5 % slow, 5 % wrong in other ways. Every healthy one is complete with all its tables,
every sick one fails with a code of its own, memory stays within its bounds, and the healthy ones
come as fast as without the sick ones (paired runs, the median of the ratios)."""
import statistics

import fleet

EACH = 500  # in plaintext, and as many with TLS
TABLES = 200
MEMORY_MAX = 64 * fleet.MIB
SLOT_PLAIN, SLOT_TLS = 4 << 10, 48 << 10  # at most; in the middle of a TLS record (design.md, Memory)
BASE = 24 * fleet.MIB  # program, libraries, configuration and what is known of 1,000 targets
PAIRS = 3
RETRIES = 1
GOODPUT = 0.95
STARVED = 0.75  # a run that is not --long says no more: other programs' noise is larger than that

# of each wire: index modulo 100 -> (fault, code that the crawl must report)
OTHERS = {
    "plain": {2: ("garbage=ssh", "not_cql"), 22: ("wrong_version", "protocol_version"),
              42: ("silent", "no_answer"), 62: ("close_after=9000", "connection_closed"),
              82: ("garbage=http", "not_cql")},
    "tls": {2: ("expired_cert", "tls_expired"), 22: ("wrong_version", "protocol_version"),
            42: ("silent", "no_answer"), 62: ("bootstrapping=1000", "bootstrapping"),
            82: ("denied=system_schema.columns", "denied")},
}
DEAD, SLOW = 0, 1  # modulo 20


def sickness(name):
    """The fault's name and the codes that are right for it; None: healthy."""
    wire, index = name.split("-")
    index = int(index)
    if index % 20 == DEAD:
        return "dead", {"connection_refused"}
    if index % 20 == SLOW:
        return "slow", {"timeout", "no_answer", "too_slow"}
    if index % 100 in OTHERS[wire]:
        fault, code = OTHERS[wire][index % 100]
        return fault, {code}
    return None


def options(wire):
    out = ["--clusters", EACH, "--schemas", 16, "--fault", f"dead@{DEAD}/20", "--fault",
           f"latency=4000@{SLOW}/20"]
    for index, (fault, _) in OTHERS[wire].items():
        out += ["--fault", f"{fault}@{index}/100"]
    return [str(x) for x in out]


def groups(plain, tls, ca, only_healthy):
    def chosen(prefix, targets):
        named = {f"{prefix}-{i:03}": [target] for i, target in enumerate(targets)}
        return {name: points for name, points in named.items()
                if not only_healthy or sickness(name) is None}

    secure = {"tls": {"mode": "verify-full", "cacert": ca, "name": "cqlsim.example"},
              "labels": {"wire": "tls"}}
    return {"plain": ({"labels": {"wire": "plain"}}, chosen("plain", plain.targets)),
            "tls": (secure, chosen("tls", tls.targets))}


def goodput(run):
    """Healthy clusters a second, until the last of them was done."""
    done = [e for e in run.of("cluster") if sickness(e["cluster"]) is None]
    if not done:
        return 0.0
    return len(done) / max(run.at(e) for e in done)


def one(folder, name, config, output):
    """With a state of its own: without one, every end waits for the second to be over."""
    return fleet.crawl(folder, name, "--config", config, "--state", folder.at(name + ".state"),
                       "--output", output, "--memory-max", MEMORY_MAX, "--concurrency", 1000,
                       "--timeout", "10s", "--connect-timeout", "5s", "--retries", RETRIES)


def check_verdicts(checks, path):
    ends = fleet.ends(path)
    wrong, sick_wrong, by_fault = [], [], {}

    def code_of(end):
        return end.get("code") or next((r["code"] for r in end["reasons"]), None)

    for name, end in ends.items():
        sick = sickness(name)
        if sick is None:
            tables = end["counts"].get("table", 0)
            if end["read"] != "complete" or tables != TABLES:
                wrong.append(f"{name}: {end['read']}, {tables} tables, {end.get('code')}")
            continue
        by_fault.setdefault(sick[0], set()).add(code_of(end))
        if end["read"] == "complete" or code_of(end) not in sick[1]:
            sick_wrong.append(f"{name} ({sick[0]}): {end['read']}, {code_of(end)}")
    checks.that("thousand: every cluster has a verdict", len(ends) == 2 * EACH, len(ends))
    checks.that("thousand: every healthy cluster is complete with its tables", not wrong, wrong[:5])
    checks.that("thousand: every sick one has the class of its sickness", not sick_wrong,
                sick_wrong[:5])
    print(f"   codes by fault: { {k: sorted(map(str, v)) for k, v in sorted(by_fault.items())} }")


def run(checks, folder, long):
    ca = folder.at("ca.pem")
    with fleet.Clusters(folder, "plain", "127.70.0.1:19042", *options("plain")) as plain, \
            fleet.Clusters(folder, "tls", "127.70.16.1:19042", *options("tls"), "--tls",
                           "--made-ca", ca, "--seed", "2") as tls:
        every, healthy = folder.at("every.yaml"), folder.at("healthy.yaml")
        for path, only in ((every, False), (healthy, True)):
            folder.write(path.rsplit("/", 1)[1], fleet.configuration(groups(plain, tls, ca, only)))
        ratios, sick = [], None
        for i in range(PAIRS + 4 * long):
            well = one(folder, f"well-{i}", healthy, "/dev/null")
            sick = one(folder, f"sick-{i}", every, "/dev/null")
            ratios.append(goodput(sick) / max(goodput(well), 1e-9))
            print(f"   goodput {goodput(sick):.0f}/s with the sick, {goodput(well):.0f}/s without; "
                  f"CPU {sick.cpu_s:.2f} s and {well.cpu_s:.2f} s; peak {sick.peak_kib} KiB")
        ratio = statistics.median(ratios)
        least = GOODPUT if long else STARVED
        checks.that(f"thousand: goodput with the sick is {ratio:.3f} of that without them, at least "
                    f"{least}", ratio >= least, [f"{r:.3f}" for r in ratios])
        bound = MEMORY_MAX + BASE + EACH * (SLOT_PLAIN + SLOT_TLS)
        checks.that(f"thousand: peak memory {sick.peak_kib} KiB of at most {bound >> 10} KiB",
                    0 < sick.peak_kib << 10 <= bound, sick.peak_kib)
        last = one(folder, "records", every, folder.at("records.ndjson"))
        account = sick.summary["memory_peak"]
        checks.that(f"thousand: answers in hand took {account >> 10} KiB at most",
                    account <= MEMORY_MAX * 1.05, account)
        checks.that("thousand: exit status says that some failed", last.status == 3, last.status)
        check_verdicts(checks, folder.at("records.ndjson"))
