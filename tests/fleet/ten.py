# SPDX-License-Identifier: Apache-2.0
"""10,000 small simulated clusters in one run, 2,000 and more of them in flight at once: all complete,
no descriptor is left over, memory is flat."""
import fleet

CLUSTERS = 10000
WINDOW = 2500
LATENCY_MS = 40  # so that many are in flight
IN_FLIGHT = 2000
PER_TARGET = 2560  # bytes that the program keeps for a target: configuration, outcome, name
MEMORY_MAX = 32 * fleet.MIB  # so little that most of the window waits for it, connected
BASE = 24 * fleet.MIB
FLAT = 1.10  # of memory in the second half of the run against its middle


def in_flight(run):
    return max((e.get("in_flight", e.get("running", 0)) for e in run.of("progress")), default=0)


def is_flat(rss):
    """Compares the middle of the run with its end: a leak per cluster would show."""
    half = [kib for seconds, kib in rss if seconds > rss[-1][0] * 0.4]
    if len(half) < 10:
        return True, "too short to say"
    early, late = max(half[:len(half) // 3]), max(half[-len(half) // 3:])
    return late <= early * FLAT, f"{early} KiB, then {late} KiB"


def run(checks, folder, long):
    with fleet.Clusters(folder, "small", "127.72.0.1:19042", "--clusters", str(CLUSTERS),
                        "--keyspaces", "1", "--tables", "3", "--columns", "6", "--schemas", "4",
                        "--fault", f"latency={LATENCY_MS}") as small:
        targets = folder.write("targets", "\n".join(small.targets) + "\n")
        last = fleet.crawl(folder, "ten", "--targets", targets, "--output", "/dev/null",
                           "--concurrency", WINDOW, "--memory-max", MEMORY_MAX)
        summary = last.summary
        checks.that("ten: every cluster is complete", summary.get("complete") == CLUSTERS
                    and last.status == 0, (last.status, summary.get("complete")))
        most = in_flight(last)
        checks.that(f"ten: {most} clusters were in flight at once", most >= IN_FLIGHT, most)
        bound = MEMORY_MAX + BASE + CLUSTERS * PER_TARGET + WINDOW * 4096
        checks.that(f"ten: peak memory {last.peak_kib} KiB of at most {bound >> 10} KiB",
                    0 < last.peak_kib << 10 <= bound, last.peak_kib)
        flat, why = is_flat(last.rss)
        checks.that(f"ten: memory is flat ({why})", flat, why)
        checks.that(f"ten: at most {WINDOW} sockets and a few files were open",
                    last.most_descriptors <= WINDOW + 64, last.most_descriptors)
        print(f"   {CLUSTERS / last.seconds:.0f} clusters/s, CPU {last.cpu_s:.2f} s, "
              f"{last.most_descriptors} descriptors at most")
        again = fleet.crawl(folder, "again", "--targets", targets, "--output",
                            "/dev/null", "--concurrency", WINDOW, "--rate", "20000/s")
        checks.that("ten: a rate limit above what is possible costs nobody",
                    again.summary.get("complete") == CLUSTERS, again.summary.get("complete"))
        checks.that("ten: no connection is left at the simulator", not leftovers(small.pid), "")


def leftovers(pid):
    """Established connections of the simulator beyond its listeners."""
    want = fleet.descriptors(pid)
    return want > CLUSTERS + 64
