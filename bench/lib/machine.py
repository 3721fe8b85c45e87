# SPDX-License-Identifier: Apache-2.0
"""What the figures were taken on: processor, kernel, versions, load, date."""
import datetime
import os
import platform
import re
import subprocess


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return "none"
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0] if lines else "none"


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        names = re.findall(r"^model name\s*:\s*(.*)$", f.read(), re.M)
    return names[0] if names else platform.machine()


def memory_gib():
    with open("/proc/meminfo", encoding="utf-8") as f:
        return round(int(f.readline().split()[1]) / 1048576)


def about(bench):
    found = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "processor": processor(), "cores": os.cpu_count(), "memory_gib": memory_gib(), "kernel": platform.release(),
        "cqlcrawl": first_line(bench.programs["cqlcrawl"], "--version"), "compiler": first_line("gcc", "--version"),
        "openssl": first_line("openssl", "version").split(" (")[0], "java": first_line("java", "-version"),
        "libuv": first_line("pkg-config", "--modversion", "libuv"),
        "libcurl": first_line("pkg-config", "--modversion", "libcurl"),
        "lz4": first_line("pkg-config", "--modversion", "liblz4"), "load": os.getloadavg()[0],
        "server_core": bench.machine.server, "client_core": bench.machine.client,
        "peers": {p.name: p.version for p in bench.peers},
    }
    found["text"] = ", ".join((
        f"{found['cores']} cores of {found['processor']}", f"{found['memory_gib']} GiB", f"Linux {found['kernel']}",
        found["openssl"], f"libuv {found['libuv']}", f"libcurl {found['libcurl']}",
        f"servers on core {found['server_core']} and the client on core {found['client_core']}",
        f"load {found['load']:.1f} before", f"{bench.rounds} round" + "s" * (bench.rounds > 1))) + "."
    return found
