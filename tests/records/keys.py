# SPDX-License-Identifier: Apache-2.0
"""keys.py FILE...: every key that a record has is in docs/records.md and in the JSON Schema.

A twin (..._base64) counts with its key. Prints each key that is not and `N passed, N failed`.
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parents[2]


def keys_of(value, seen):
    if isinstance(value, list):
        for one in value:
            keys_of(one, seen)
    elif isinstance(value, dict):
        for key, one in value.items():
            seen.add(key.removesuffix("_base64"))
            if key != "labels":
                keys_of(one, seen)


def properties(schema, seen):
    if isinstance(schema, list):
        for one in schema:
            properties(one, seen)
    elif isinstance(schema, dict):
        seen.update(schema.get("properties", ()))
        for one in schema.values():
            properties(one, seen)


def main(paths):
    seen, defined = set(), set()
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                keys_of(json.loads(line), seen)
    words = set(re.findall(r"\w+", (ROOT / "docs" / "records.md").read_text(encoding="utf-8")))
    properties(json.loads((ROOT / "schema" / "cqlcrawl-1.schema.json").read_text()), defined)
    failed = [f"{key} is not in {where}" for key in sorted(seen)
              for where, known in (("docs/records.md", words), ("the schema", defined))
              if key not in known]
    for one in failed:
        print("FAIL", one)
    print(f"{len(seen) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or len(seen) < 100 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
