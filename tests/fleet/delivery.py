# SPDX-License-Identifier: Apache-2.0
"""1,000 simulated clusters into a receiver that fails in every way it can, drawn by seed: 503, 429
with Retry-After in both forms, 413, resets in the middle, slow reads, bodies taken and never
answered (kept or not), answers that dribble. Every record arrives; what comes twice comes under the
same Idempotency-Key; crawler, metrics and receiver count the same records."""
import re

import fleet
from receiver import Receiver

CLUSTERS = 1000
# Each Retry-After stops the destination for a second or two, so they are few: at 1 % each a run of 84 s stands still
# for 63 on demand.
FAULTS = ("503@4%,500@1%,429:retry-after=1@0.2%,429:retry-date=2@0.2%,413:over=300000@4%,"
          "reset-after=20000@3%,close-after-body@3%,close-after-body:stored@3%,slow=4000000@2%,"
          "delay=100@2%,502@1%,408@1%")
SEEDS = (1,)
LONG_SEEDS = (1, 2, 3, 4, 5)
VIOLATIONS = ("key_reused", "duplicates_other_key", "conflicts", "out_of_order", "after_end")


def series(path, name):
    """The sum of a metric over its labels."""
    total = 0
    with open(path, encoding="utf-8") as f:
        for line in f:
            found = re.match(rf"{name}(\{{[^}}]*\}})? (\S+)$", line)
            if found:
                total += float(found.group(2))
    return total


def check_counts(checks, title, run, stats, metrics):
    """The same number of records, whoever counts them."""
    records, summary = stats["records"], run.summary
    sinks = summary.get("sinks", [{}])
    accepted = sum(s.get("accepted", 0) for s in sinks)
    offered = sum(s.get("offered", 0) for s in sinks)
    checks.that(f"{title}: {offered} records were offered, accepted and arrived",
                summary.get("records") == offered == accepted == records["distinct"] > 0,
                (summary.get("records"), offered, accepted, records["distinct"]))
    counted = series(metrics, "cqlcrawl_sink_records_accepted_total")
    checks.that(f"{title}: the metrics say so, too", counted == accepted, (counted, accepted))
    lost = {k: stats["violations"].get(k) for k in VIOLATIONS if stats["violations"].get(k)}
    checks.that(f"{title}: duplicates only under their key, order kept, keys never used twice",
                not lost, (lost, stats["violations"]))
    checks.that(f"{title}: no scope ended before all of it was there",
                stats["scopes"]["missing_at_end"] == 0, stats["scopes"])


def once(checks, folder, plain, seed):
    title = f"delivery {seed}"
    targets = folder.write("targets", "\n".join(plain.targets) + "\n")
    metrics = folder.at("metrics.prom")
    with Receiver(fleet.RECEIVER, folder.path, "127.73.200.1", "--faults", f"{seed}:{FAULTS}",
                  store=False) as receiver:
        run = fleet.crawl(folder, "delivery", "--targets", targets, "--sink", receiver.url,
                          "--metrics-file", metrics, "--seed", seed, "--memory-max", "64M")
        stats = receiver.stats()
        posts = {step.get("status") for step in receiver.log()}
    checks.that(f"{title}: every cluster is complete and delivered", run.status == 0
                and run.summary.get("complete") == CLUSTERS, (run.status, run.log[-800:]))
    check_counts(checks, title, run, stats, metrics)
    refused = stats["requests"].get("by_status", {})
    checks.that(f"{title}: the receiver did refuse: {refused}",
                all(str(code) in refused for code in (200, 413, 429, 503)), (refused, posts))
    print(f"   {run.seconds:.1f} s, CPU {run.cpu_s:.2f} s, peak {run.peak_kib} KiB, "
          f"{stats['records']['distinct']} records, {stats['records']['duplicates_same_key']} duplicates "
          "under their own key")


def poison(checks, folder, plain):
    """One table that the receiver refuses: that record alone is a dead letter."""
    targets = folder.write("few", "\n".join(plain.targets[:20]) + "\n")
    letters = folder.at("dead.ndjson")
    victim = '"keyspace":"ref_ks03","name":"table_07"'
    with Receiver(fleet.RECEIVER, folder.path, "127.73.200.2", "--poison", victim,
                  store=False) as receiver:
        run = fleet.crawl(folder, "poison", "--targets", targets, "--sink", receiver.url,
                          "--dead-letters", letters, "--memory-max", "64M")
        stats = receiver.stats()
    dead = list(fleet.lines(letters))
    sink = run.summary.get("sinks", [{}])[0]
    checks.that(f"poison: exit status 4, {len(dead)} dead letters", run.status == 4 and len(dead) == 20,
                (run.status, len(dead)))
    checks.that("poison: they are the poisoned ones", all(
        d["record"]["name"] == "table_07" and d["status"] == 400 for d in dead), dead[:1])
    checks.that("poison: all others arrived", stats["records"]["distinct"] + len(dead)
                == sink.get("offered") == run.summary.get("records"),
                (stats["records"]["distinct"], len(dead), sink))


def run(checks, folder, long):
    with fleet.Clusters(folder, "plain", "127.73.0.1:19042", "--clusters", str(CLUSTERS),
                        "--schemas", "16") as plain:
        poison(checks, folder, plain)
        for seed in LONG_SEEDS if long else SEEDS:
            once(checks, folder, plain, seed)
