# SPDX-License-Identifier: Apache-2.0
"""A real fleet: Apache Cassandra of three versions, one without login in plaintext, one with login
and TLS, one with client certificates, in one inventory with 200 simulated clusters, crawled in one
run into the receiver. What is read of the real ones is what a crawl of each alone reads."""
import os
import subprocess
import sys

import fleet
from receiver import Receiver

REAL = os.path.join(fleet.ROOT, "tests", "real")
CLUSTERS = 200
TABLE = ("CREATE KEYSPACE shop WITH replication = {'class': 'SimpleStrategy', "
         "'replication_factor': 1}",
         "CREATE TABLE shop.orders (customer uuid, at timestamp, total decimal, note text, "
         "PRIMARY KEY (customer, at)) WITH comment = 'of a real server'",
         "CREATE TYPE shop.address (street text, town text)")

# name: version, address, options of the server, settings of the group
SERVERS = {
    "real-50": ("5.0", "127.31.1.1", [], {}),
    "real-40": ("4.0", "127.31.1.2", ["--auth", "--tls"],
                {"tls": {"mode": "verify-full"},
                 "auth": {"user": "cassandra", "password": {"env": "FLEET_REAL_PASSWORD"}}}),
    "real-311": ("3.11", "127.31.1.3", ["--mtls"], {"tls": {"mode": "verify-full"}}),
}


def python_with_driver():
    """tests/real's own environment; its modules run in a process of it."""
    done = subprocess.run([os.path.join(REAL, "setup"), "5.0", "4.0", "3.11"], check=True,
                          stdout=subprocess.PIPE, text=True)
    return done.stdout.split()[-1]


def groups(ca, simulated):
    out = {}
    for name, (_, address, _, settings) in SERVERS.items():
        settings = {**settings, "labels": {"env": "real"}}
        if "tls" in settings:
            settings["tls"] = {**settings["tls"], "cacert": f"{ca}/ca.pem"}
        if name == "real-311":
            settings["tls"].update(cert=f"{ca}/client.pem", key=f"{ca}/client.key")
        out[name] = (settings, {name: [f"{address}:9042"]})
    out["simulated"] = ({"labels": {"env": "sim"}},
                        {f"sim-{i:03}": [t] for i, t in enumerate(simulated.targets)})
    return out


def content(records, cluster):
    """id -> hash of everything that is not about the attempt."""
    return {r["id"]: r["hash"] for r in records if r["cluster"] == cluster
            and r["kind"] not in ("scope_begin", "scope_end", "node", "cluster", "anomaly")}


def check(checks, folder, config, receiver):
    run = fleet.crawl(folder, "real", "--config", config, "--sink", receiver.url, "--memory-max",
                      "32M", "--system", environment={"FLEET_REAL_PASSWORD": "cassandra"})
    summary = run.summary
    checks.that("real: every cluster is complete and delivered", run.status == 0
                and summary.get("complete") == CLUSTERS + len(SERVERS), (run.status, run.log[-900:]))
    stats = receiver.stats()
    checks.that("real: every record arrived", stats["records"]["distinct"] == summary.get("records"),
                (stats["records"]["distinct"], summary.get("records")))
    for name, (version, _, _, _) in SERVERS.items():
        got = receiver.records(name)
        alone = folder.at(name + ".ndjson")
        fleet.crawl(folder, name, "--config", config, "--output", alone, "--system", name,
                    environment={"FLEET_REAL_PASSWORD": "cassandra"})
        mine = content(list(fleet.lines(alone)), name)
        checks.that(f"real: {name} is what a crawl of it alone reads ({len(mine)} objects)",
                    mine and mine == content(got, name),
                    sorted(set(mine.items()) ^ set(content(got, name).items()))[:3])
        release = [r["release_version"] for r in got if r["kind"] == "cluster"]
        checks.that(f"real: {name} is a {release}", release and release[0].startswith(version),
                    release)
        checks.that(f"real: {name} has the table that was made", f"{name}/table/shop/orders" in mine,
                    len(mine))


def run(checks, folder, long):
    """In the Python that has the driver: tests/real starts its nodes there."""
    done = subprocess.run([python_with_driver(), "-B", os.path.abspath(__file__), folder.path],
                          check=False, stdout=subprocess.PIPE, text=True)
    for line in done.stdout.splitlines():
        if line.startswith(("ok ", "FAIL ")):
            name, _, why = line.split(" ", 1)[1].partition(": ")
            checks.that(f"{name}: {why}", line.startswith("ok "), "see above")
        else:
            print(line)
    checks.that("real: it ran to its end", done.returncode in (0, 1), done.returncode)


def main():
    sys.path.insert(0, REAL)
    import nodes  # pylint: disable=import-outside-toplevel

    checks = fleet.Checks()
    folder = fleet.Folder()
    folder.path = sys.argv[1]
    with nodes.Nodes(folder.at("nodes")) as servers, \
            fleet.Clusters(folder, "simulated", "127.75.0.1:19042", "--clusters", str(CLUSTERS),
                           "--schemas", "8") as simulated:
        running = {name: servers.begin(version, address, *options)
                   for name, (version, address, options, _) in SERVERS.items()}
        for name, node in running.items():
            servers.ready(node)
            if name == "real-50":
                nodes.execute(node.access(), *TABLE)
        ca = str(servers.ca / "ca.pem")
        nodes.execute(running["real-311"].access(cacert=ca, cert=str(servers.ca / "client.pem"),
                                                 key=str(servers.ca / "client.key")), *TABLE)
        nodes.execute(running["real-40"].access(user="cassandra", password="cassandra",
                                                cacert=ca), *TABLE)
        config = folder.write("fleet.yaml", fleet.configuration(groups(servers.ca, simulated)))
        with Receiver(fleet.RECEIVER, folder.path, "127.75.200.1") as receiver:
            check(checks, folder, config, receiver)
    checks.close()


if __name__ == "__main__":
    main()
