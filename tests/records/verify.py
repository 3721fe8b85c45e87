# SPDX-License-Identifier: Apache-2.0
"""verify.py FILE...: recomputes what records say of themselves, from the records alone.

Every id, hash and structure hash; that keys stand in their order; that versions are epoch * 2^22 +
line number and grow; that a scope begins and ends, or has a cluster, its nodes and a heartbeat and
nothing else; counts and digest of scope_end. A file may hold many scopes, mixed.
Prints each difference and `N passed, N failed`, a check per record.
"""
import sys

import canon


class Scope:
    def __init__(self):
        self.lines, self.digest, self.counts, self.ended = 0, 0, {}, False
        self.begun = False


def scope_end(record, scope, wrong):
    if {k: v for k, v in scope.counts.items() if v} != {
            k: int(v) for k, v in record["counts"].items() if v != "0"}:
        wrong.append(f"counts {record['counts']} but {scope.counts}")
    digest = f"{scope.digest % (1 << 128):032x}"
    if record["digest"] not in (None, digest):
        wrong.append(f"digest {record['digest']} but {digest}")
    scope.ended = True


def beats(record, scope):
    """Does it stand where it may in a scope without scope_begin? (One that broke off is failed.)"""
    if scope.lines == 0:
        return record["kind"] == "cluster"
    if record["kind"] == "heartbeat":
        scope.ended = True
        return int(record["since_epoch"]) < int(record["epoch"])
    return record["kind"] == "node" or record.get("read") == "failed"


def check(record, scope):
    wrong = []
    if list(record)[:len(canon.COMMON)] != canon.COMMON:
        wrong.append("the common keys are not the first in their order")
    for key, want in (("id", canon.record_id(record)), ("hash", canon.content_hash(record)),
                      ("structure_hash", canon.structure_hash(record))):
        if record[key] != want:
            wrong.append(f"{key} is {record[key]}, recomputed {want}")
    want = (int(record["epoch"]) << canon.SEQUENCE_BITS) + scope.lines
    if int(record["version"]) != want:
        wrong.append(f"version is {record['version']}, should be {want}")
    if scope.ended:
        wrong.append("comes after the end")
    if scope.lines == 0:
        scope.begun = record["kind"] == "scope_begin"
    elif record["kind"] == "scope_begin":
        wrong.append("scope_begin is the first line of a scope and no other")
    if not scope.begun and not beats(record, scope):
        wrong.append("stands where only a cluster, its nodes and a heartbeat do")
    if scope.begun and record["kind"] == "heartbeat":
        wrong.append("a heartbeat in a scope")
    if record["kind"] == "scope_end":
        scope_end(record, scope, wrong)
    if record["kind"] in canon.OBJECTS:
        scope.digest += int(record["hash"], 16)
    scope.counts[record["kind"]] = scope.counts.get(record["kind"], 0) + 1
    scope.lines += 1
    return wrong


def verify(lines, name):
    """(records, differences as text)"""
    scopes, differences, n = {}, [], 0
    for number, line in enumerate(lines, 1):
        n += 1
        record = canon.parse(line)
        key = (record["cluster"], record["epoch"])
        for one in check(record, scopes.setdefault(key, Scope())):
            differences.append(f"{name}:{number}: {record['id']}: {one}")
        if canon.serialise(record) != line.rstrip("\n"):
            differences.append(f"{name}:{number}: not written as the canonical form has it")
    differences += [f"{name}: the scope {key} has no end"
                    for key, scope in scopes.items() if not scope.ended]
    return n, differences


def main(paths):
    total = failed = 0
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            n, differences = verify(lines, path)
        for one in differences[:20]:
            print("FAIL", one)
        total, failed = total + n, failed + min(n, len(differences))
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
