#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The independent oracle: records of cqlcrawl against what the Python driver makes of one server.

    oracle.py --target HOST --version V --records FILE [--system] [--self-test]
              [--user U --password-file F] [--cacert F --cert F --key F] [--cluster NAME]

Two witnesses: the driver's parsed metadata (driver_side.py) and raw rows read by its session
(raw_side.py), and what holds for all lines (envelope.py). Both directions: nothing missing,
nothing extra. Prints `objects N, fields M compared`; exit status 0 only where all agree.
--self-test puts each fault of mutations.py into the records and shows that it is noticed.
"""
import argparse
import copy
import json
import pathlib
import sys

import compare
import driver_side
import envelope
import fixtures
import mutations
import raw_side
import rows

SHOWN = 12


class View:
    """One server as both witnesses saw it, read once."""

    def __init__(self, access):
        self.access = access
        self.cluster, session = rows.connect(access)
        self.raw = rows.read(session)

    def close(self):
        self.cluster.shutdown()


def load(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]  # U+2028 is no line end


def check(records, view, cluster, with_system=True, schema=True):
    """(tally, exceptions that held, faults of the exception list)"""
    tally = compare.Tally()
    envelope.check(tally, records, view.raw, cluster)
    if schema:
        envelope.by_schema(tally, records)
    raw_side.check(tally, records, view.raw, cluster, view.access.port, with_system)
    driver_side.check(tally, records, view.cluster, cluster, with_system)
    line = ".".join(str(part) for part in fixtures.line(view.access.version))
    held, faults = compare.apply_exceptions(tally, view.raw, cluster, line, with_system)
    return tally, held, faults


def complaints(tally, faults):
    lines = [f"{side}: {where} {field}: record {shorten(record)}, {side} {shorten(other)}"
             for side, where, field, record, other in tally.wrong]
    return lines + faults


def shorten(value):
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 160 else text[:157] + "..."


def self_test(records, view, cluster):
    """Names of the faults that were not noticed; and how many were tried."""
    missed, tried = [], 0
    for name, (mutate, least) in mutations.ALL.items():
        if fixtures.line(view.access.version) < least:
            continue
        changed = copy.deepcopy(records)
        tried += 1
        if not mutate(changed):
            missed.append(f"{name}: nothing to change")
            continue
        tally, _, faults = check(changed, view, cluster, schema=False)
        if not tally.wrong and not faults:
            missed.append(f"{name}: not noticed")
    return missed, tried


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", required=True)
    parser.add_argument("--port", type=int, default=9042)
    parser.add_argument("--version", required=True)
    parser.add_argument("--records", required=True)
    parser.add_argument("--cluster", help="the records' name for it (default: HOST:PORT)")
    parser.add_argument("--system", action="store_true", help="records hold system objects too")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--user")
    parser.add_argument("--password-file")
    parser.add_argument("--cacert")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    return parser.parse_args()


def main():
    args = arguments()
    password = None
    if args.password_file:
        password = pathlib.Path(args.password_file).read_text(encoding="utf-8").rstrip("\r\n")
    access = rows.Access(args.target, args.version, port=args.port, user=args.user,
                         password=password, cacert=args.cacert, cert=args.cert, key=args.key)
    cluster = args.cluster or access.target
    records = load(args.records)
    view = View(access)
    try:
        tally, held, faults = check(records, view, cluster, args.system)
        wrong = complaints(tally, faults)
        for line in wrong[:SHOWN]:
            print(line)
        print(f"{args.version}: objects {tally.objects}, fields {tally.fields} compared, "
              f"{held} exceptions proven, {len(wrong)} differences")
        if args.self_test and not wrong:
            missed, tried = self_test(records, view, cluster)
            for line in missed:
                print(line)
            print(f"{args.version}: {tried - len(missed)} of {tried} faults noticed")
            wrong = missed
    finally:
        view.close()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
