# SPDX-License-Identifier: Apache-2.0
"""Runs cqlcrawl and reads what it wrote. The program is $CQLCRAWL, else build/release/cqlcrawl."""
import itertools
import json
import os
import pathlib
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
DEFAULT = HERE.parents[1] / "build" / "release" / "cqlcrawl"
LONGEST_S = 120


class Result:
    def __init__(self, status, records, stderr, seconds, text):
        self.status, self.records, self.stderr = status, records, stderr
        self.seconds, self.text = seconds, text

    def by_cluster(self, name):
        return [record for record in self.records if record["cluster"] == name]

    def end(self, name=None):
        """The last scope_end, of that cluster"""
        found = [r for r in self.records if r["kind"] == "scope_end"
                 and name in (None, r["cluster"])]
        return found[-1] if found else None


class Crawler:
    def __init__(self, folder):
        self.program = pathlib.Path(os.environ.get("CQLCRAWL", DEFAULT)).resolve()
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.numbers = itertools.count(1)
        self.outputs = []  # every file that a run left: searched for passwords at the end
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8"}

    def fresh(self, suffix):
        path = self.folder / f"{next(self.numbers):04d}{suffix}"
        self.outputs.append(path)
        return path

    def secret(self, text):
        path = self.folder / f"{next(self.numbers):04d}.secret"
        path.touch(mode=0o600)
        path.write_text(text + "\n", encoding="utf-8")
        return path

    def options(self, access, tls="verify-full"):
        out = []
        if access.user:
            out += ["--user", access.user, "--password-file", self.secret(access.password)]
            if not access.cacert:
                out += ["--allow-plaintext-login"]
        if access.cacert:
            out += ["--tls", tls]
            out += ["--cacert", access.cacert] if tls != "require" else []
        if access.cert:
            out += ["--cert", access.cert, "--key", access.key]
        return out

    def run(self, *arguments, stdin=None, keep=True):
        """cqlcrawl crawl ARGUMENTS, with an output file of its own"""
        out, err = self.fresh(".ndjson"), self.fresh(".stderr")
        command = [str(self.program), "crawl", "--output", str(out),
                   *(str(one) for one in arguments)]
        started = time.monotonic()
        with open(err, "wb") as stream:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=stream, input=stdin,
                                  timeout=LONGEST_S, check=False, env=self.environment)
        seconds = time.monotonic() - started
        text = out.read_text(encoding="utf-8") if out.exists() else ""
        records = [json.loads(line) for line in text.split("\n") if line]
        said = err.read_text(encoding="utf-8", errors="replace") + done.stdout.decode(
            errors="replace")
        if not keep:
            for path in (out, err):
                path.unlink(missing_ok=True)
        return Result(done.returncode, records, said, seconds, text)

    def of(self, access, *more, tls="verify-full"):
        return self.run(*self.options(access, tls), *more, access.target)


def comparable(records):
    """Records without what protocol, compression, times and epochs are allowed to change."""
    out = []
    for record in records:
        kept = {key: value for key, value in record.items()
                if key not in ("epoch", "version", "observed_at")}
        if record["kind"] == "cluster":
            for key in ("protocol", "compression", "hash", "tls", "authenticator"):
                kept.pop(key, None)
        if record["kind"] in ("scope_begin", "scope_end"):
            for key in ("started_at", "finished_at", "cost", "digest"):
                kept.pop(key, None)
        out.append(kept)
    return out


def differences(left, right):
    """Where two comparable lists of records differ, in words."""
    left, right = comparable(left), comparable(right)
    if not left or not right:
        return [f"{len(left)} lines against {len(right)}: nothing to compare"]
    out = [] if len(left) == len(right) else [f"{len(left)} lines against {len(right)}"]
    for one, other in zip(left, right):
        if one != other:
            keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
            out.append(f"{one.get('id')}: {', '.join(keys)}")
    return out
