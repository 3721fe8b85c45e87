# SPDX-License-Identifier: Apache-2.0
"""Where a password must not be: records, logs, the command line, and a core taken while the
program holds it, before and after it was sent, whichever source it came from.

A silent server holds the crawl up; gcore takes the core (no signal, no cooperation), and where the
kernel writes plain files a SIGABRT forces one too.
"""
import base64
import json
import os
import pathlib
import secrets
import signal
import subprocess
import time

import stubs

ADDRESS = "127.30.70"
HELD_UP_S = 20
CORE_PATTERN = pathlib.Path("/proc/sys/kernel/core_pattern")


def forms(password):
    """How it could lie in memory"""
    raw = password.encode()
    token = b"\0crawler\0" + raw
    return {"plain": raw, "base64": base64.b64encode(raw), "hex": raw.hex().encode(),
            "token in base64": base64.b64encode(token), "reversed": raw[::-1],
            "UTF-16": password.encode("utf-16-le"),
            "first half": raw[:14], "second half": raw[-14:]}


def found_in(data, password):
    return [name for name, one in forms(password).items() if one in data]


class NoCore(Exception):
    pass


class Held:
    """A crawl that hangs on a server which never answers"""

    def __init__(self, crawler, arguments, environment=None, stdin=None):
        out, err = crawler.fresh(".ndjson"), crawler.fresh(".stderr")
        with open(err, "wb") as stream:
            self.process = subprocess.Popen(
                [str(crawler.program), "crawl", "--output", str(out), "--timeout", "60s",
                 *(str(one) for one in arguments)],
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=stream,
                env={**crawler.environment, **(environment or {})})
        if stdin:
            self.process.stdin.write(stdin)
            self.process.stdin.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def core(self, folder):
        prefix = folder / "core"
        done = subprocess.run(["gcore", "-o", prefix, str(self.process.pid)], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        path = pathlib.Path(f"{prefix}.{self.process.pid}")
        if not path.exists():
            raise NoCore(done.stderr.decode(errors="replace").strip()[-300:])
        data = path.read_bytes()
        path.unlink()
        return data

    def of_proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}").read_bytes()


def run(report, nodes, crawler):
    password = "pw-" + secrets.token_hex(14)
    certificate = nodes.folder / "login"
    subprocess.run([pathlib.Path(__file__).parent / "certs", "node", nodes.ca, certificate,
                    f"{ADDRESS}.2"], check=True)
    with stubs.Login(f"{ADDRESS}.1") as plain, stubs.Login(
            f"{ADDRESS}.2", 9042, certificate / "node.pem", certificate / "node.key") as tls, \
            stubs.Stub(f"{ADDRESS}.3") as silent:
        secret = crawler.secret(password)
        basic = ["--user", "crawler", "--password-file", secret]
        open_login = [*basic, "--allow-plaintext-login"]
        over_tls = ["--tls", "verify-full", "--cacert", nodes.ca / "ca.pem"]
        held(report, crawler, nodes, "plain, sent", password, [*open_login, plain.target], plain)
        held(report, crawler, nodes, "TLS, sent", password, [*basic, *over_tls, tls.target], tls)
        held(report, crawler, nodes, "not yet sent", password, [*open_login, silent.target],
             silent)
        held(report, crawler, nodes, "from standard input", password,
             ["--user", "crawler", "--password-file", "-", *over_tls, tls.target], tls,
             stdin=(password + "\n").encode())
        config = crawler.fresh(".yaml")
        config.write_text(json.dumps({"clusters": [{
            "name": "held", "contact_points": [plain.target],
            "auth": {"user": "crawler", "password": {"env": "HELD_PASSWORD"},
                     "allow_plaintext": True}}]}), encoding="utf-8")
        held(report, crawler, nodes, "from the environment", password, ["--config", config],
             plain, environment={"HELD_PASSWORD": password})
        aborted(report, crawler, nodes, password, [*open_login, plain.target], plain)
    report.check("secrets/records and logs", in_outputs(crawler, password))


def wait_until_held(process, stub):
    """Until the stub has the token, or for a silent one the connection; and then a moment."""
    until = time.monotonic() + HELD_UP_S
    while time.monotonic() < until and process.poll() is None:
        if stub.got.is_set() if isinstance(stub, stubs.Login) else stub.connections:
            time.sleep(0.3)
            return True
        time.sleep(0.05)
    return False


def held(report, crawler, nodes, name, password, arguments, stub, **more):
    if isinstance(stub, stubs.Login):
        stub.got.clear()
        stub.token = None
    else:
        stub.connections = 0
    with Held(crawler, arguments, **more) as one:
        if not wait_until_held(one.process, stub):
            report.check(f"secrets/{name}", f"the crawl ended ({one.process.poll()}) or never came")
            return
        if isinstance(stub, stubs.Login):
            report.equal(f"secrets/{name}: it did log in", stub.token,
                         b"\0crawler\0" + password.encode())
        report.check(f"secrets/{name}: command line", found_in(one.of_proc("cmdline"), password))
        try:
            report.check(f"secrets/{name}: core", found_in(one.core(nodes.folder), password))
        except NoCore as why:
            if os.getuid() == 0:
                raise
            report.skip(f"secrets/{name}: core", f"gcore may not look, without root: {why}")


def aborted(report, crawler, nodes, password, arguments, stub):
    """SIGABRT: the kernel's own core, where it writes one into a plain file."""
    pattern = CORE_PATTERN.read_text().strip()
    if pattern.startswith("|") or "/" in pattern:
        report.skip("secrets/SIGABRT: core", f"the kernel sends cores to {pattern!r}")
        return
    stub.got.clear()
    folder = nodes.folder / "abort"
    folder.mkdir()
    command = 'ulimit -c unlimited; cd "$1"; shift; exec "$@"'
    out, err = crawler.fresh(".ndjson"), crawler.fresh(".stderr")
    with open(err, "wb") as stream:
        process = subprocess.Popen(
            ["bash", "-c", command, "-", folder, crawler.program, "crawl", "--output", out,
             *arguments], stdout=subprocess.DEVNULL, stderr=stream, env=crawler.environment)
    wait_until_held(process, stub)
    os.kill(process.pid, signal.SIGABRT)
    process.wait()
    cores = list(folder.iterdir())
    faults = [f"{path.name}: {form}" for path in cores
              for form in found_in(path.read_bytes(), password)]
    report.note(f"secrets/SIGABRT: {len(cores)} core files")
    report.check("secrets/SIGABRT: core", faults)


def in_outputs(crawler, password):
    """Every record, log and configuration that any run left"""
    out = []
    for path in crawler.outputs:
        for one in (path, path.with_name(path.name + ".partial")):
            if one.exists():
                out += [f"{one.name}: {form}" for form in found_in(one.read_bytes(), password)]
    return out
