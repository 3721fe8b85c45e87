# SPDX-License-Identifier: Apache-2.0
"""Everything that has to fail, in one run with one cluster that must not notice.

Each fault has its class, its code, a text and a remedy in scope_end, and read failed (or, for a
denied user, incomplete); the exit status is 3; the good cluster's records are those of a run alone.
"""
import contextlib
import json
import subprocess

import crawl
import expected
import nodes as servers
import stubs

GOOD = "good"
TLS_HINT = "--tls"


class Wanted:
    """What the scope_end of one faulty cluster has to say."""

    def __init__(self, group, *codes, remedy="", read="failed", connections=None):
        self.group, self.codes, self.remedy = group, codes, remedy
        self.read, self.connections = read, connections


def login(user, secret):
    return {"user": user, "password": {"file": str(secret)}}


def login_faults(bench, full):
    """Of the node that wants a login: name -> (cluster of the configuration, Wanted)"""
    point = [f"{bench.login.address}:9042"]
    right = bench.crawler.secret(bench.password)
    wrong = bench.crawler.secret("pw-wrong-" + bench.password[3:9])
    out = {
        "wrong-password": ({"contact_points": point, "tls": full, "auth": login("crawler", wrong)},
                           Wanted("auth", "bad_credentials", remedy="--user", connections=1)),
        "unknown-user": ({"contact_points": point, "tls": full, "auth": login("stranger", right)},
                         Wanted("auth", "bad_credentials", connections=1)),
        "may-not-log-in": ({"contact_points": point, "tls": full, "auth": login("idle", right)},
                           Wanted("auth", "bad_credentials")),
        "no-credentials": ({"contact_points": point, "tls": full},
                           Wanted("auth", "credentials_missing", remedy="--user")),
    }
    if bench.modern:
        out["denied"] = ({"contact_points": point, "tls": full,
                          "auth": login("elsewhere", right)},
                         Wanted("auth", "unauthorized", read=("failed", "incomplete")))
    return out


def tls_faults(bench, full, foreign):
    """Trust, names, client certificates, and TLS where there is none or the reverse"""
    point, mutual, plain = ([f"{node.address}:9042"]
                            for node in (bench.login, bench.mutual, bench.plain))
    right = bench.crawler.secret(bench.password)
    return {
        "wrong-ca": ({"contact_points": point, "auth": login("crawler", right),
                      "tls": {"mode": "verify-full", "cacert": str(foreign / "ca.pem")}},
                     Wanted("tls", "tls_untrusted", remedy="--cacert")),
        "wrong-name": ({"contact_points": point, "auth": login("crawler", right),
                        "tls": {**full, "name": "other.cqlcrawl.test"}},
                       Wanted("tls", "tls_name_mismatch", remedy="--tls-name")),
        "plaintext-to-tls": ({"contact_points": point, "tls": {"mode": "disable"}, "auth": {
            **login("crawler", right), "allow_plaintext": True}},
            Wanted(None, "tls_required", "connection_reset", remedy=TLS_HINT)),
        "tls-to-plaintext": ({"contact_points": plain, "tls": full},
                             Wanted("tls", "tls_plaintext_peer", remedy=TLS_HINT)),
        "no-client-certificate": ({"contact_points": mutual, "tls": full},
                                  Wanted("tls", "tls_client_certificate", remedy="--cert")),
        "foreign-client-certificate": (
            {"contact_points": mutual, "tls": {**full, "cert": str(foreign / "client.pem"),
                                               "key": str(foreign / "client.key")}},
            Wanted("tls", "tls_client_certificate", remedy="--cert")),
    }


def stub_faults(bench, stack):
    """Faults that need no Cassandra."""
    net = bench.net
    http = stack.enter_context(stubs.Http(f"{net}.201"))
    ssh = stack.enter_context(stubs.Ssh(f"{net}.202"))
    silent = stack.enter_context(stubs.Stub(f"{net}.203"))
    full = stack.enter_context(stubs.Full(f"{net}.204"))
    asked = stack.enter_context(stubs.Login(f"{net}.205"))
    secret = bench.crawler.secret(bench.password)
    closed = f"{net}.206:{stubs.closed_port(f'{net}.206')}"
    out = {
        "http": ({"contact_points": [http.target]}, Wanted("protocol", "not_cql", remedy="port")),
        "ssh": ({"contact_points": [ssh.target]}, Wanted("protocol", "not_cql", remedy="port")),
        "closed": ({"contact_points": [closed]},
                   Wanted("network", "connection_refused", remedy="port")),
        "silent": ({"contact_points": [silent.target]},
                   Wanted("network", "no_answer", remedy=TLS_HINT)),
        "drops-everything": ({"contact_points": [full.target]},
                             Wanted("network", "connect_timeout", remedy="--connect-timeout")),
        "login-over-plaintext": (
            {"contact_points": [asked.target], "auth": login("crawler", secret)},
            Wanted("auth", "plaintext_login", remedy="--allow-plaintext-login")),
        "silent-tls": ({"contact_points": [silent.target], "tls": {"mode": "require"}},
                       Wanted("tls", "tls_timeout")),
        "http-asked-for-tls": ({"contact_points": [http.target], "tls": {"mode": "require"}},
                               Wanted("tls", "tls_plaintext_peer")),
    }
    return out, asked


def of_version(bench):
    report, name = bench.report, f"{bench.version}/faults"
    foreign = bench.nodes.folder / "foreign"
    if not foreign.exists():
        subprocess.run([servers.HERE / "certs", "ca", foreign], check=True)
    alone = bench.crawler.of(bench.plain.access(), "--system")
    with contextlib.ExitStack() as stack:
        full = {"mode": "verify-full", "cacert": str(bench.ca / "ca.pem")}
        more, asked = stub_faults(bench, stack)
        faults = {**login_faults(bench, full), **tls_faults(bench, full, foreign), **more}
        config = {"defaults": {"timeout": "20s", "connect_timeout": "3s"}, "clusters": [
            {"name": GOOD, "contact_points": [f"{bench.plain.address}:9042"]},
            *({"name": key, **cluster} for key, (cluster, _) in faults.items())]}
        path = bench.crawler.fresh(".yaml")
        path.write_text(json.dumps(config, ensure_ascii=False, indent=1), encoding="utf-8")
        result = bench.crawler.run("--config", path, "--system")
        report.equal(f"{name}/a password without TLS is not sent", asked.token, None)
    report.equal(f"{name}/exit status", result.status, 3)
    for key, (_, wanted) in faults.items():
        report.check(f"{name}/{key}", complaints(result, key, wanted))
    report.check(f"{name}/the good cluster", unaffected(alone, result.by_cluster(GOOD)))
    by_command_line(bench, name)


def complaints(result, key, wanted):
    end = result.end(key)
    if end is None:
        return f"no scope_end; {result.stderr[-300:]}"
    out = []
    reads = wanted.read if isinstance(wanted.read, tuple) else (wanted.read,)
    if end["read"] not in reads:
        out.append(f"read {end['read']}")
    if end["read"] == "incomplete":
        if not any(reason["code"] == "denied" for reason in end["reasons"]):
            out.append(f"reasons {end['reasons']}")
        if "denied" not in {table["outcome"] for table in end["tables"]}:
            out.append(f"tables {end['tables']}")
        return out
    if end.get("code") not in wanted.codes:
        out.append(f"code {end.get('code')}, wanted {' or '.join(wanted.codes)}")
    if wanted.group and end.get("class") != wanted.group:
        out.append(f"class {end.get('class')}, wanted {wanted.group}")
    if not end.get("text"):
        out.append("no text")
    if wanted.remedy not in (end.get("remedy") or "-"):
        out.append(f"remedy {end.get('remedy')!r} without {wanted.remedy}")
    if wanted.connections is not None and end["cost"]["connections"] != wanted.connections:
        out.append(f"{end['cost']['connections']} connections")
    objects = [r["kind"] for r in result.by_cluster(key)
               if r["kind"] in ("keyspace", "table", "view", "type", "function", "aggregate")]
    if objects:
        out.append(f"{len(objects)} objects of a failed read")
    return out


def unaffected(alone, records):
    """The same lines, whatever the cluster is called; a sealed id is another one then."""
    def renamed(lines):
        out = []
        for line in lines:
            head = expected.encode(line["cluster"])
            sealed = len(line["id"]) > expected.ID_LIMIT
            out.append({**line, "cluster": "",
                        "id": "sealed" if sealed else line["id"].removeprefix(head)})
        return out
    return crawl.differences(renamed(alone.records), renamed(records))


def by_command_line(bench, name):
    """The same faults as a person types them; an address beside it is crawled all the same."""
    secret = bench.crawler.secret("pw-wrong-" + bench.password[3:9])
    result = bench.crawler.run("--user", "crawler", "--password-file", secret, "--tls",
                               "verify-full", "--cacert", bench.ca / "ca.pem",
                               bench.login_access.target)
    end = result.end() or {}
    bench.report.equal(f"{name}/wrong password, typed",
                       (result.status, end.get("class"), end.get("code")),
                       (3, "auth", "bad_credentials"))
    closed = f"{bench.net}.206:{stubs.closed_port(bench.net + '.206')}"
    result = bench.crawler.run(closed, bench.plain.access().target)
    ends = {key: (result.end(key) or {}).get("read")
            for key in (closed, bench.plain.access().target)}
    bench.report.equal(f"{name}/closed port beside a good one, typed",
                       (result.status, *ends.values()), (3, "failed", "complete"))
