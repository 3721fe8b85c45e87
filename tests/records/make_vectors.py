# SPDX-License-Identifier: Apache-2.0
"""make_vectors.py RECORDS_OF: prints tests/data/record-vectors.json anew.

Only for a change of the canonical form (a new hash_v): the file is published and others test
themselves with it. Lines come from recorded servers (RECORDS_OF is build/release/tests/records-of);
what is expected of them is computed here, by canon.py, not by the product.
"""
import base64
import json
import pathlib
import subprocess
import sys

import canon

DATA = pathlib.Path(__file__).parent.parent / "data" / "transcripts"
IDS = [
    ("prod-eu-1", "scope_end", [], None),
    ("prod-eu-1", "heartbeat", [], None),
    ("prod-eu-1", "cluster", [], None),
    ("10.0.0.1:9042", "keyspace", ["shop"], None),
    ("prod-eu-1", "node", ["5cd19656-fd6e-47c0-8c17-6172b3d16435"], None),
    ("prod-eu-1", "node", ["2001:db8::1"], None),
    ("prod-eu-1", "table", ["shop", "orders"], None),
    ("prod-eu-1", "type", ["shop", 'Weird "Type"/ünïcode'], None),
    ("München/1", "view", ["Shop", "A%b~c.d-e_f"], None),
    ("prod-eu-1", "function", ["shop", "now"], []),
    ("prod-eu-1", "function", ["shop", "Mixed Fn()"], ["int", "frozen<map<text, int>>"]),
    ("prod-eu-1", "aggregate", ["shop", "sum_all"], ["double"]),
    ("prod-eu-1", "anomaly", ["orphan_columns", "table", "shop", "gone"], None),
    ("prod-eu-1", "anomaly", ["peer_skipped", "node"], None),
    ("c", "keyspace", ["n" * 389], None),
    ("c", "keyspace", ["n" * 390], None),
    ("c", "type", ["k", "é" * 100], None),
    ("c", "type", ["k", b"\xff\x00not utf-8"], None),
    ("", "table", ["", ""], None),
]
LINES = {
    "4.0.19-v4": (["rich", "rich_multi_dc", "RichCamel"], 60),
    "5.0.9-v4-lz4-reference": (["ref_ks00", "system_views"], 12),
    "5.0.9-v5-lz4-trio": ([], 12),
}
KINDS = ("cluster", "node", "anomaly")


def id_vector(cluster, kind, parts, signature):
    out = {"cluster": cluster, "kind": kind,
           "parts": [p if isinstance(p, str) else None for p in parts]}
    binary = [p for p in parts if isinstance(p, bytes)]
    if binary:
        out["parts_base64"] = [base64.b64encode(p if isinstance(p, bytes) else p.encode()).decode()
                               for p in parts]
    if signature is not None:
        out["signature"] = signature
    whole = "/".join([canon.encode(cluster), kind, *map(canon.encode, parts)])
    if signature is not None:
        whole += "(" + ",".join(map(canon.encode, signature)) + ")"
    out["id"] = canon.seal(whole)
    return out


def wanted(record, keyspaces):
    if record["kind"] in KINDS:
        return True
    return record["kind"] in canon.OBJECTS and record.get(
        "keyspace", record.get("name")) in keyspaces


def record_vector(line):
    record = canon.parse(line)
    out = {"line": line, "id": canon.record_id(record), "content": canon.content(record),
           "hash": canon.content_hash(record)}
    if record["kind"] in canon.STRUCTURED:
        out["structure"] = canon.serialise(canon.structure(record))
    out["structure_hash"] = canon.structure_hash(record)
    return out


def lines_of(records_of, name, keyspaces, most):
    out = subprocess.run([records_of, name, DATA / f"{name}.s2c.bin"], check=True,
                         capture_output=True, encoding="utf-8").stdout.splitlines()
    return [line for line in out if wanted(canon.parse(line), keyspaces)][:most]


def main(records_of):
    vectors = {
        "about": "Test vectors of docs/records.md. ids: parts (bytes in parts_base64 where they are"
                 " not text) to id. records: of a record's line the id, the text that hash covers,"
                 " hash, the text that structure_hash covers, structure_hash.",
        "hash_v": 1,
        "ids": [id_vector(*one) for one in IDS],
        "records": [record_vector(line) for name, (keyspaces, most) in LINES.items()
                    for line in lines_of(records_of, name, keyspaces, most)],
    }
    json.dump(vectors, sys.stdout, ensure_ascii=False, indent=1)
    print()


if __name__ == "__main__":
    main(sys.argv[1])
