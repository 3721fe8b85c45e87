# SPDX-License-Identifier: Apache-2.0
"""What every Python peer says of itself: the line `PEER {json}`, its last on standard error."""
import json
import os
import resource
import sys


def status():
    """{VmHWM, VmRSS: KB, Threads: number} of this process"""
    found = {}
    with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
        for line in lines:
            key, _, value = line.partition(":")
            if key in ("VmHWM", "VmRSS", "Threads"):
                found[key] = int(value.split()[0])
    return found


def own_sockets():
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink("/proc/self/fd/" + number)
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def connections(port):
    """Established connections of this process to that port, IPv4 and IPv6"""
    mine, suffix, count = own_sockets(), f":{port:04X}", 0
    for name in ("/proc/self/net/tcp", "/proc/self/net/tcp6"):
        with open(name, encoding="ascii") as lines:
            for line in list(lines)[1:]:
                part = line.split()
                count += part[2].endswith(suffix) and part[3] == "01" and part[9] in mine
    return count


def report(peer, mode, n, wall, port, counts):
    usage, now = resource.getrusage(resource.RUSAGE_SELF), status()
    line = {"peer": peer, "mode": mode, "n": n, "wall": round(wall, 4),
            "cpu": round(usage.ru_utime + usage.ru_stime, 4), "hwm_kb": now["VmHWM"],
            "rss_kb": now["VmRSS"], "threads": now["Threads"], "conns": connections(port), **counts}
    sys.stdout.flush()
    print("PEER " + json.dumps(line), file=sys.stderr, flush=True)


def arguments(modes):
    """(host, port, mode, n) of the command line"""
    try:
        host, port, mode, n = sys.argv[1:]
        if mode in modes and int(n) > 0:
            return host, int(port), mode, int(n)
    except ValueError:
        pass
    sys.exit(f"usage: {sys.argv[0]} HOST PORT {'|'.join(modes)} N")
