#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_lines.py [CASE...]: what the bench concludes from its figures; nothing is measured here."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench", "lib"), os.path.join(ROOT, "bench")]
import lines  # noqa: E402
import wire  # noqa: E402
from figures import Spread  # noqa: E402

FIGURES = ('{"peer": "mine", "waits": 7, "connections": 2, "requests": 9, "bytes_out": 1000, "bytes_in": 2000, '
           '"status": %d, "dropped": 0}')


class Verdicts(unittest.TestCase):
    def verdict(self, value, limit, sense="<=", **more):
        return lines.judged("what", Spread([value]), limit, "ms", sense, **more).verdict

    def test_without_a_floor(self):
        self.assertEqual(self.verdict(5, 5), "met")
        self.assertEqual(self.verdict(6, 5), "missed by 20%")
        self.assertEqual(self.verdict(50, 5), "missed 10.0 times the target")
        self.assertEqual(self.verdict(4, 5, ">="), "missed by 20%")
        self.assertEqual(self.verdict(1, 0), "missed")

    def test_floor(self):
        """Where the floor itself does not keep the target, that is said; what keeps it keeps it."""
        self.assertEqual(self.verdict(6, 5, least=4), "missed by 20%")
        self.assertEqual(self.verdict(9, 5, least=6), "below the floor of this machine: 1.5 times the floor")
        self.assertEqual(self.verdict(500, 1000, ">=", least=Spread([900])),
                         "below the floor of this machine: 1.8 times the floor")
        self.assertEqual(self.verdict(500, 1000, ">=", least=1200), "missed by 50%")
        self.assertEqual(self.verdict(5, 5, least=6), "met")
        self.assertEqual(self.verdict(9, 6, least=Spread([5, 7, 8])), "missed by 50%")  # its best round keeps it
        self.assertEqual(self.verdict(500, 1000, ">=", least=Spread([800, 900, 1100])), "missed by 50%")

    def test_counts(self):
        found = [lines.judged("a", 1, 2), lines.judged("b", 3, 2), lines.judged("c", 4, 2, least=3),
                 lines.missing("d", "why"), lines.told("e", 1), lines.judged("f", 3, 2, least=2)]
        text = lines.markdown([("part", found)], {"date": "today", "text": "here"}, "command")
        self.assertIn("1 targets met, 2 missed, 1 below the floor of this machine, 1 without a conclusion.", text)


class OfWire(unittest.TestCase):
    def test_figures(self):
        line = wire.of_wire(FIGURES % 0)
        self.assertEqual((line.what, line.value.median, line.verdict), ("mine: waits", 7, lines.SAID))

    def test_nobody_is_left_out(self):
        for text in ("Traceback", "[]", "{}", FIGURES % 1):
            line = wire.of_wire(text)
            self.assertEqual((line.verdict, line.value), (lines.OPEN, None), text)
        self.assertIn("Traceback", wire.of_wire("Traceback").what)
        self.assertIn("exit status 1", wire.of_wire(FIGURES % 1).note)


if __name__ == "__main__":
    unittest.main()
