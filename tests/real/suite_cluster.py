# SPDX-License-Identifier: Apache-2.0
"""Clusters of several nodes: three that agree, one of three down, 4.1 beside 5.0.

A node that is down or of another release makes agreement false, and said so; the read stays
complete, for everything that the contacted node says was read.
"""
import time

import expected
import nodes as servers
import oracle

NET = "127.30.60"
AGREE_S = 30


def members(nodes):
    """Three 5.0 nodes of one cluster in two racks; the schema is there before two of them join,
    for each statement waits until all agree."""
    first = nodes.start("5.0", f"{NET}.1", "--cluster", "trio")
    servers.load_fixtures(first.access(), only=("01-keyspaces", "02-types", "05-views",
                                                "06-indexes"))
    return [first, *(nodes.start("5.0", f"{NET}.{i}", "--cluster", "trio", "--seeds",
                                 f"{NET}.1", "--rack", rack) for i, rack in ((2, "r1"), (3, "r2")))]


def wait_for(seconds, condition):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.25)
    return False


def agreed(access, count):
    cluster, session = oracle.rows.connect(access, metadata=False)
    try:
        def same():
            raw = oracle.rows.read(session)
            seen = raw["system.local"] + raw["system.peers_v2"]
            return len(seen) == count and len({row["schema_version"] for row in seen}) == 1
        return wait_for(AGREE_S, same)
    finally:
        cluster.shutdown()


def trio(report, nodes, crawler):
    joined = members(nodes)
    late = [node.address for node in joined if not agreed(node.access(), 3)]
    report.check("cluster/three agree, each of them", f"never, by the driver: {late}" if late else "")
    results = []
    for node in joined:
        view = oracle.View(node.access())
        try:
            result = crawler.of(node.access(), "--system")
            tally, held, faults = oracle.check(result.records, view, node.access().target,
                                               schema=False)
            report.note(f"cluster/{node.address}: objects {tally.objects}, fields "
                        f"{tally.fields} compared")
            report.check(f"cluster/{node.address}/oracle",
                         oracle.complaints(tally, faults) or wrong_agreement(result, True, 1, 3))
            results.append(result)
        finally:
            view.close()
    report.check("cluster/each node tells the same schema", same_schema(results))
    report.check("cluster/nodes are named by every one of them", same_nodes(results))
    one_down(report, nodes, crawler, joined)
    for node in joined:
        nodes.drop(node)


def wrong_agreement(result, agree, versions, count):
    end = result.end() or {}
    found = end.get("agreement") or {}
    said = (end.get("read"), found.get("agreed"), len(found.get("versions") or []),
            found.get("nodes"))
    wanted = ("complete", agree, versions, count)
    return [] if said == wanted else [f"read, agreed, versions, nodes: {said}, wanted {wanted}"]


def same_schema(results):
    """Content hashes of the objects, whichever node was asked"""
    seen = [{(r["kind"], r["id"].split("/", 1)[1]): r["hash"] for r in result.records
             if r["kind"] in oracle.raw_side.OBJECTS and not r["virtual"]} for result in results]
    if seen[0] and all(one == seen[0] for one in seen):
        return []
    return [f"{len(one)} objects, {len(set(one.items()) ^ set(seen[0].items()))} differ"
            for one in seen]


def same_nodes(results):
    out = []
    for result in results:
        ids = {r["host_id"]: r["observed"] for r in result.records if r["kind"] == "node"}
        if len(ids) != 3 or sum(ids.values()) != 1:
            out.append(f"{result.end()['cluster']}: {ids}")
    whole = [sorted(r["host_id"] for r in result.records if r["kind"] == "node")
             for result in results]
    return out or ("" if whole[0] == whole[1] == whole[2] else str(whole))


def one_down(report, nodes, crawler, joined):
    """A schema change that the stopped node never hears of."""
    nodes.stop(joined[2])
    access = joined[0].access()
    cluster, session = oracle.rows.connect(access, metadata=False)
    try:
        session.cluster.max_schema_agreement_wait = 0
        session.execute("CREATE TABLE fx.while_down (k int PRIMARY KEY)", timeout=60)
        version = oracle.rows.read(session)["system.local"][0]["schema_version"]

        def second_has_it():
            raw = oracle.rows.read(session)
            return sum(row["schema_version"] == version for row in raw["system.peers_v2"]) == 1
        wait_for(AGREE_S, second_has_it)
    finally:
        cluster.shutdown()
    result = crawler.of(access)
    report.equal("cluster/one down/exit status", result.status, 0)
    report.check("cluster/one down/complete, agreement false",
                 wrong_agreement(result, False, 2, 3))
    table = expected.record_id(access.target, "table", "fx", "while_down")
    report.equal("cluster/one down/what changed meanwhile is there",
                 table in {r["id"] for r in result.records}, True)
    gone = crawler.of(joined[2].access())
    report.equal("cluster/one down/the stopped node itself",
                 (gone.status, (gone.end() or {}).get("code")), (3, "connection_refused"))


def mixed(report, nodes, crawler):
    """4.1 and 5.0 in one cluster, as in the middle of an upgrade."""
    old = nodes.start("4.1", f"{NET}.11", "--cluster", "mixed")
    servers.load_fixtures(old.access(), only=("01-keyspaces", "02-types", "05-views"))
    new = nodes.start("5.0", f"{NET}.12", "--cluster", "mixed", "--seeds", f"{NET}.11")
    time.sleep(3)
    for node in (old, new):
        view = oracle.View(node.access())
        try:
            seen = view.raw["system.local"] + view.raw["system.peers_v2"]
            versions = {str(row["schema_version"]) for row in seen}
            result = crawler.of(node.access(), "--system")
            report.note(f"mixed/{node.version}: {len(seen)} nodes, {len(versions)} schema "
                        f"versions, releases {sorted(row['release_version'] for row in seen)}")
            end = result.end() or {}
            found = end.get("agreement") or {}
            report.equal(f"mixed/{node.version}/read", (result.status, end.get("read")),
                         (0, "complete"))
            report.equal(f"mixed/{node.version}/agreement",
                         (found.get("agreed"), sorted(found.get("versions") or []),
                          found.get("nodes")), (len(versions) == 1, sorted(versions), 2))
            tally, held, faults = oracle.check(result.records, view, node.access().target,
                                               schema=False)
            report.check(f"mixed/{node.version}/oracle", oracle.complaints(tally, faults))
        finally:
            view.close()
        report.check(f"mixed/{node.version}/upgrade under way", ""
                     if len(versions) == 2 else f"{len(versions)} versions")
    for node in (old, new):
        nodes.drop(node)
