# SPDX-License-Identifier: Apache-2.0
"""Field by field: a tally of what was compared and what differs.

A difference is (side, id, field, what the record says, what the other says). Exceptions (from
exceptions.json) each name one object, one field, both values and the raw row that proves the
record right; one that proves nothing, or that nothing needs, is itself a failure.
"""
import json
import pathlib
from collections import Counter

import expected

EXCEPTIONS = pathlib.Path(__file__).resolve().parent / "exceptions.json"
EMPTY_WHEN_ABSENT = ("types", "flags", "indexes", "triggers", "dropped_columns", "extra")
MISSING = "(missing)"


class Tally:
    def __init__(self):
        self.objects, self.fields, self.wrong, self.by_kind = 0, 0, [], Counter()

    def same(self, side, where, field, record, other):
        self.fields += 1
        if record != other or isinstance(record, bool) != isinstance(other, bool):
            self.wrong.append((side, where, field, record, other))

    def fail(self, side, where, field, record, other):
        self.fields += 1
        self.wrong.append((side, where, field, record, other))

    def seen(self, kind):
        self.objects += 1
        self.by_kind[kind] += 1

    def deep(self, side, where, field, record, other):
        """Compares leaf by leaf; lists in order, named by what they hold."""
        if isinstance(other, dict) and isinstance(record, dict):
            for key in list(other) + [key for key in record if key not in other]:
                self.deep(side, where, f"{field}.{key}" if field else key,
                          record.get(key, MISSING), other.get(key, MISSING))
        elif isinstance(other, list) and isinstance(record, list):
            for i in range(max(len(record), len(other))):
                left = record[i] if i < len(record) else MISSING
                right = other[i] if i < len(other) else MISSING
                self.deep(side, where, f"{field}[{label(left, right, i)}]", left, right)
            if not record and not other:
                self.fields += 1
        else:
            self.same(side, where, field, record, other)


def label(left, right, i):
    for one in (right, left):
        if isinstance(one, dict) and "name" in one:
            return one["name"]
    return i


def apply_exceptions(tally, raw, cluster, line, with_system):
    """Takes the proven differences out of tally.wrong; returns (how many held, faults)."""
    held, faults = 0, []
    for entry in json.loads(EXCEPTIONS.read_text(encoding="utf-8")):
        if line not in entry["versions"] or (entry.get("system") and not with_system):
            continue
        where = f"{expected.encode(cluster)}/{entry['id']}"
        found = [wrong for wrong in tally.wrong if wrong[1] == where
                 and (wrong[0], wrong[2]) == ("driver", entry["field"])]
        name = f"exception {entry['id']} {entry['field']}"
        if len(found) != 1 or found[0][3:] != (entry["record"], entry["driver"]):
            faults.append(f"{name}: no such difference ({found or 'they agree'})")
        elif not proven(entry["row"], raw):
            faults.append(f"{name}: no raw row proves it")
        else:
            tally.wrong.remove(found[0])
            held += 1
    return held, faults


def proven(row, raw):
    for candidate in raw[row["table"]] or []:
        if all(candidate[key] == value for key, value in row["where"].items()):
            return all(plain(candidate[key]) == value for key, value in row["shows"].items())
    return False


def plain(value):
    return sorted(value) if not isinstance(value, (str, int, float, type(None))) else value
