# SPDX-License-Identifier: Apache-2.0
"""vectors.py RECORDS_OF: the published vectors (tests/data/record-vectors.json).

Recomputes each from its record alone, sees that the model still writes those very lines from the
recorded rows, and that a changed byte of any line turns its hash. Prints each difference and
`N passed, N failed`.
"""
import json
import pathlib
import sys

import canon
import make_vectors

VECTORS = pathlib.Path(__file__).parent.parent / "data" / "record-vectors.json"


def change(line):
    """The line with one letter of a text of its body changed."""
    at = line.index('"virtual":') + len('"virtual":false,')
    at = line.index('":"', at) + 3
    return line[:at] + ("x" if line[at] != "x" else "y") + line[at + 1:]


def check_record(vector, lines):
    record = canon.parse(vector["line"])
    want = make_vectors.record_vector(vector["line"])
    if vector != want:
        return f"{record['id']}: recomputed {want}"
    if any(record[key] != vector[key] for key in ("id", "hash", "structure_hash")):
        return f"{record['id']}: the line says otherwise"
    if vector["line"] not in lines:
        return f"{record['id']}: the model writes another line"
    if canon.content_hash(canon.parse(change(vector["line"]))) == vector["hash"]:
        return f"{record['id']}: a changed letter did not change the hash"
    return None


def check_id(vector):
    parts = make_vectors.IDS
    known = [make_vectors.id_vector(*one) for one in parts]
    return None if vector in known else f"{vector['id']}: recomputed otherwise"


def main(records_of):
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    lines = {line for name, (keyspaces, most) in make_vectors.LINES.items()
             for line in make_vectors.lines_of(records_of, name, keyspaces, most)}
    results = [check_id(one) for one in vectors["ids"]]
    results += [check_record(one, lines) for one in vectors["records"]]
    failed = [one for one in results if one]
    for one in failed[:20]:
        print("FAIL", one)
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
