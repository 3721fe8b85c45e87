# SPDX-License-Identifier: Apache-2.0
"""Reads what callgrind wrote (its manual, "Callgrind Format Specification") and adds up each function's
own instructions: {(object, source file, function): instructions}. What a call cost stands in a line of
its own behind `calls=` and belongs to the function that was called, so it is passed over. A function's
file is where it is defined; what was inlined into it from other files counts as its own."""
import re
from collections import Counter

NAME = re.compile(r"\((\d+)\)(?: (.*))?")


class Names:
    """A name is written out once, behind its number; later the number alone stands for it."""

    def __init__(self):
        self.known = {}

    def get(self, text):
        number, name = NAME.fullmatch(text).groups()
        if name is not None:
            self.known[number] = name
        return self.known[number]


def own_instructions(path):
    objects, files, functions = Names(), Names(), Names()
    total = Counter()
    where = [None, None, None]
    passed_over = False
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            key, _, text = line.rstrip("\n").partition("=")
            if key == "ob":
                where[0] = objects.get(text)
            elif key == "fl":
                where[1] = files.get(text)
            elif key == "fn":
                where[2] = functions.get(text)
            elif key in ("fi", "fe", "cfi", "cfl"):
                files.get(text)
            elif key == "cob":
                objects.get(text)
            elif key == "cfn":
                functions.get(text)
            elif key == "calls":
                passed_over = True
            elif line[:1] in "0123456789+-*" and " " in line:
                if not passed_over:
                    total[tuple(where)] += int(line.split()[1])
                passed_over = False
    return total


def ours(total, folder="src"):
    """Of them the functions that our own sources define, wherever the tree stood when it was built."""
    part = re.compile(rf"(^|/){folder}/(base|proto|net|cred|record|state|model|sink|crawler|lib|cli)/[^/]+$"
                      r"|/include-of/[a-z_]+/[a-z_]+/[^/]+$")
    return Counter({where: n for where, n in total.items() if where[1] and part.search(where[1])})
