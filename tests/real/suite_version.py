# SPDX-License-Identifier: Apache-2.0
"""One version: a plain node, one with passwords and TLS, one that requires client certificates.

Everything crawled is held against the oracle; then the same node is read in each protocol and
compression, by a user without rights, and in each of the ways that have to fail.
"""
import concurrent.futures
import contextlib
import json
import secrets
import uuid

import crawl
import expected
import fixtures
import nodes as servers
import oracle
import stubs
import suite_faults
import suite_secrets

NETS = {"5.0": "127.30.50", "4.1": "127.30.41", "4.0": "127.30.40", "3.11": "127.30.31",
        "3.0": "127.30.30"}
USER = "crawler"
PORTS_OF_A_NODE = (9042, 9142, 7000, 7001)


class Bench:
    """What the suites of one version share."""

    def __init__(self, report, nodes, crawler, version):
        self.report, self.nodes, self.crawler, self.version = report, nodes, crawler, version
        self.net = NETS[version]
        self.password = "pw-" + secrets.token_hex(12)
        self.modern = fixtures.line(version) >= (4, 0)

    def start(self):
        extra = ["--yaml", "network_authorizer: CassandraNetworkAuthorizer"] if self.modern else []
        begun = [self.nodes.begin(self.version, f"{self.net}.1"),
                 self.nodes.begin(self.version, f"{self.net}.2", "--auth", "--tls", *extra),
                 self.nodes.begin(self.version, f"{self.net}.3", "--mtls")]
        self.plain, self.login, self.mutual = (self.nodes.ready(node) for node in begun)
        ca = str(self.nodes.ca / "ca.pem")
        self.ca = self.nodes.ca
        self.super_access = self.login.access(user="cassandra", password="cassandra", cacert=ca)
        self.login_access = self.login.access(user=USER, password=self.password, cacert=ca)
        self.mutual_access = self.mutual.access(
            cacert=ca, cert=str(self.ca / "client.pem"), key=str(self.ca / "client.key"))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(servers.load_fixtures,
                          [self.plain.access(), self.super_access, self.mutual_access]))
        self.make_roles()

    def make_roles(self):
        statements = [
            f"CREATE ROLE {USER} WITH PASSWORD = '{self.password}' AND LOGIN = true",
            f"CREATE ROLE idle WITH PASSWORD = '{self.password}' AND LOGIN = false"]
        if self.modern:
            # as if that data centre had been there once: no statement takes an unknown one
            statements += [
                f"CREATE ROLE elsewhere WITH PASSWORD = '{self.password}' AND LOGIN = true",
                "INSERT INTO system_auth.network_permissions (role, dcs) "
                "VALUES ('roles/elsewhere', {'gone'})"]
        servers.execute(self.super_access, *statements)

    def against_oracle(self, name, result, view, with_system=True, schema=True):
        cluster = view.access.target
        if result.status != 0 or not result.records:
            self.report.check(name, f"exit status {result.status}: {result.stderr[-400:]}")
            return False
        tally, held, faults = oracle.check(result.records, view, cluster, with_system, schema)
        self.report.note(f"{name}: objects {tally.objects}, fields {tally.fields} compared, "
                         f"{held} exceptions proven")
        return self.report.check(name, oracle.complaints(tally, faults))


def run(report, nodes, crawler, version):
    bench = Bench(report, nodes, crawler, version)
    with report.suite(f"{version}/start"):
        bench.start()
    if not hasattr(bench, "login_access"):
        return
    for name, suite in (("plain", plain), ("peers", peers), ("tls", tls), ("mtls", mutual),
                        ("faults", suite_faults.of_version)):
        if report.wanted(f"{version}/{name}"):
            with report.suite(f"{version}/{name}"):
                suite(bench)
    report.check(f"{version}/the password is in no output",
                 suite_secrets.in_outputs(crawler, bench.password))
    for node in (bench.plain, bench.login, bench.mutual):
        nodes.drop(node)


def plain(bench):
    report, access, name = bench.report, bench.plain.access(), f"{bench.version}/plain"
    view = oracle.View(access)
    try:
        whole = bench.crawler.of(access, "--system")
        if bench.against_oracle(f"{name}/oracle", whole, view):
            missed, tried = oracle.self_test(whole.records, view, access.target)
            report.note(f"{name}: {tried - len(missed)} of {tried} faults noticed")
            report.check(f"{name}/self-test", missed)
        users = bench.crawler.of(access)
        bench.against_oracle(f"{name}/without system", users, view, with_system=False,
                             schema=False)
        again = bench.crawler.of(access, "--system")
        report.check(f"{name}/twice the same", crawl.differences(whole.records, again.records))
        report.check(f"{name}/a login nobody asked for", crawl.differences(
            whole.records, bench.crawler.of(bench.plain.access(
                user="nobody", password=bench.password), "--system").records))
        settled = bench.crawler.of(access, "--proof", "settled")
        report.equal(f"{name}/settled", (settled.end() or {}).get("proof"), "settled")
        protocols(bench, access, whole, name)
        fresh_epochs(bench, whole, again, name)
    finally:
        view.close()


def protocols(bench, access, whole, name):
    """Each protocol and compression gives the same records, and is what was asked for."""
    for protocol in ("5", "4") if bench.modern else ("4",):
        for compression in ("lz4", "none"):
            result = bench.crawler.of(access, "--system", "--protocol", protocol,
                                      "--compression", compression)
            one = f"{name}/v{protocol} {compression}"
            bench.report.check(one, crawl.differences(whole.records, result.records))
            facts = next((r for r in result.records if r["kind"] == "cluster"), {})
            bench.report.equal(f"{one} is what was used",
                               (facts.get("protocol", {}).get("chosen"),
                                facts.get("compression")), (int(protocol), compression))
    if not bench.modern:
        result = bench.crawler.of(access, "--protocol", "5")
        end = result.end() or {}
        bench.report.equal(f"{name}/v5 refused", (result.status, end.get("code")),
                           (3, "protocol_version"))


def fresh_epochs(bench, first, second, name):
    one, other = ({record["epoch"] for record in r.records} for r in (first, second))
    bench.report.check(f"{name}/epochs", "" if len(one) == len(other) == 1
                       and max(one) < min(other) else f"{one} then {other}")


def peers(bench):
    """Listeners on every address that peers and local name get no connection; agreement says
    what the peers' rows say."""
    report, name, access = bench.report, f"{bench.version}/peers", bench.plain.access()
    named = [f"{bench.net}.{i}" for i in (101, 102, 103, 104, 105, 106)]
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(stubs.Stub(address, port))
                     for address in named for port in PORTS_OF_A_NODE]
        cluster, session = oracle.rows.connect(access, metadata=False)
        try:
            undo = invent_peers(bench, session, named)
            raw = oracle.rows.read(session)
            result = bench.crawler.of(access)
            for statement in undo:
                session.execute(statement)
        finally:
            cluster.shutdown()
        touched = [one.target for one in listeners if one.connections]
    end = result.end() or {}
    report.check(f"{name}/no connection to a named address", touched)
    report.equal(f"{name}/read", (result.status, end.get("read")), (0, "complete"))
    agreement = end.get("agreement") or {}
    report.equal(f"{name}/agreement is false, and said",
                 (agreement.get("agreed"), len(agreement.get("versions", [])),
                  agreement.get("nodes")), (False, 3, 3))
    tally = oracle.compare.Tally()
    wanted = expected.nodes(raw, access.target, access.port)
    found = {r["id"]: r for r in result.records if r["kind"] == "node"}
    tally.same("rows", access.target, "nodes", sorted(found), sorted(wanted))
    for key in set(found) & set(wanted):
        oracle.raw_side.one(tally, found[key], wanted[key])
    report.check(f"{name}/nodes", oracle.complaints(tally, []))


def invent_peers(bench, session, named):
    """Two peers that do not exist, and a local row full of addresses; how to undo it."""
    local = session.execute("SELECT * FROM system.local").one()
    columns = ("rpc_address", "listen_address", "broadcast_address")
    session.execute("UPDATE system.local SET " + ", ".join(
        f"{column} = '{address}'" for column, address in zip(columns, named)) +
        " WHERE key = 'local'")
    undo = ["UPDATE system.local SET " + ", ".join(
        f"{column} = '{local[column]}'" for column in columns) + " WHERE key = 'local'"]
    for peer, native in ((named[3], named[4]), (named[5], named[3])):
        host, version = uuid.uuid4(), uuid.uuid4()
        session.execute(
            "INSERT INTO system.peers (peer, data_center, host_id, rack, release_version, "
            "rpc_address, schema_version, preferred_ip) VALUES (%s, 'dc größer', %s, 'r 9', "
            "'9.9.9', %s, %s, %s)", (peer, host, native, version, native))
        undo.append(f"DELETE FROM system.peers WHERE peer = '{peer}'")
        if bench.modern:
            session.execute(
                "INSERT INTO system.peers_v2 (peer, peer_port, data_center, host_id, rack, "
                "release_version, native_address, native_port, schema_version) VALUES "
                "(%s, 7000, 'dc größer', %s, 'r 9', '9.9.9', %s, 9142, %s)",
                (peer, host, native, version))
            undo.append(f"DELETE FROM system.peers_v2 WHERE peer = '{peer}' AND peer_port = 7000")
    return undo


def tls(bench):
    report, name = bench.report, f"{bench.version}/tls"
    view = oracle.View(bench.super_access)
    try:
        result = bench.crawler.of(bench.login_access, "--system")
        bench.against_oracle(f"{name}/least privilege, oracle", result, view, schema=False)
        facts = next((r for r in result.records if r["kind"] == "cluster"), {})
        report.check(f"{name}/authenticator", "" if str(facts.get("authenticator")).endswith(
            "PasswordAuthenticator") else str(facts.get("authenticator")))
        session = facts.get("tls") or {}
        report.check(f"{name}/what TLS said", "" if str(session.get("version")).startswith("TLSv1.")
                     and f"node-{bench.login.address}" in str(session.get("subject"))
                     and "cqlcrawl test CA" in str(session.get("issuer"))
                     and str(session.get("not_after")).startswith("20")
                     and session.get("cipher") else json.dumps(session))
        for mode, more in (("verify-ca", []), ("require", []),
                           ("verify-full", ["--tls-name", "node.cqlcrawl.test"])):
            other = bench.crawler.of(bench.login_access, "--system", *more, tls=mode)
            report.check(f"{name}/{mode} {' '.join(more)}".rstrip(),
                         crawl.differences(result.records, other.records))
        piped = bench.crawler.run(
            "--system", "--user", USER, "--password-file", "-", "--tls", "verify-full",
            "--cacert", bench.login_access.cacert, bench.login_access.target,
            stdin=(bench.password + "\n").encode())
        report.check(f"{name}/password from standard input",
                     crawl.differences(result.records, piped.records))
    finally:
        view.close()


def mutual(bench):
    view = oracle.View(bench.mutual_access)
    try:
        bench.against_oracle(
            f"{bench.version}/mtls/oracle",
            bench.crawler.of(bench.mutual_access, "--system"), view, schema=False)
    finally:
        view.close()
