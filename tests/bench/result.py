#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""result.py RESULT.json: a run of `bench/run --quick` measured what it says: each part a figure, none without sense."""
import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench", "lib"), os.path.join(ROOT, "bench"), os.path.join(ROOT, "tests", "support")]
import figures  # noqa: E402
import parts  # noqa: E402
from sim import Checks  # noqa: E402

ALWAYS = {"connections": 1, "with a login": 6}  # whatever the machine does


def arithmetic(checks):
    checks.that("slope of a line", abs(figures.slope([(1, 5), (5, 13), (20, 43)]) - 2) < 1e-9)
    k, b, fit = figures.line([(1, 5), (5, 13), (20, 43)])
    checks.that("line", abs(k - 2) + abs(b - 3) < 1e-9 and fit > 0.999999, f"{k} {b} {fit}")
    checks.that("a line that is none", figures.line([(1, 1), (2, 4), (3, 9), (9, 3)])[2] < 0.5)
    checks.that("power", abs(figures.power([(1, 3), (10, 300), (100, 30000)]) - 2) < 1e-9)
    spread = figures.Spread([5, 1, 3])
    checks.that("spread", (spread.low, spread.median, spread.high, spread.n) == (1, 3, 5, 3))
    checks.that("drift", abs(figures.drift(2, 2.5) - 0.25) < 1e-9)


def main():
    checks = Checks()
    arithmetic(checks)
    with open(sys.argv[1], encoding="utf-8") as f:
        result = json.load(f)
    for part in parts.ALL:
        if part.is_quick:
            figure = [x for x in result["lines"] if x["part"] == part.name and x["value"]]
            checks.that(f"{part.name}: measured", figure, "no figure")
            bad = [x["what"] for x in figure if part.name in ("cpu-sim", "process", "large", "rate")
                   and not x["value"]["median"] > 0]
            checks.that(f"{part.name}: figures above 0", not bad, f"{bad}")
    for line in result["lines"]:
        if line["what"] in ALWAYS:
            want = ALWAYS[line["what"]]
            checks.that(line["what"], line["value"]["median"] == want, f"{line['value']['median']}, not {want}")
    checks.that("the machine is recorded", all(result["machine"].get(k) for k in ("kernel", "processor", "cqlcrawl")))
    checks.close()


main()
