# SPDX-License-Identifier: Apache-2.0
"""same.py A.ndjson B.ndjson: what two servers with the same schema must agree in.

Every user object that both have has equal structure hashes; where the bodies differ, hashes do. Prints
each difference and `N passed, N failed`, a check per object in both.
"""
import json
import sys

import canon

ONLY_IN_ONE = 6  # a fixture may differ by a few tables; more means that the names do not match


def objects(path):
    found = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = canon.parse(line)
            if record["kind"] in canon.OBJECTS and not record["system"]:
                found[record["id"].split("/", 1)[1]] = record
    return found


def main(first, second):
    a, b = objects(first), objects(second)
    both, failed, different = sorted(a.keys() & b.keys()), [], 0
    for key in both:
        one, two = a[key], b[key]
        if one["structure_hash"] != two["structure_hash"]:
            failed.append(f"{key}: structure hashes differ: {json.dumps(canon.structure(one))} and"
                          f" {json.dumps(canon.structure(two))}")
        same = canon.content(one) == canon.content(two)
        different += not same
        if same != (one["hash"] == two["hash"]):
            failed.append(f"{key}: hash says the opposite of the content")
    alone = a.keys() ^ b.keys()
    if len(alone) > ONLY_IN_ONE or not both or not different:
        failed.append(f"{len(both)} in both, {different} of other content, alone: {sorted(alone)}")
    for one in failed[:20]:
        print("FAIL", one)
    print(f"{max(0, len(both) - len(failed))} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
