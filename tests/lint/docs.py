# SPDX-License-Identifier: Apache-2.0
"""What the documentation lists, against the source: files, error codes, metrics.

Each check takes a Tree and returns its findings, a line each.
"""
import fnmatch
import os
import re

DESIGN, OPERATIONS = "docs/design.md", "docs/operations.md"


def section(tree, path, begin, end):
    text = tree.text(path) if path in tree.files else None
    if not text or begin not in text:
        return None
    return text.split(begin, 1)[1].split(end, 1)[0]


def check_design(tree):
    """Every file of src/ stands in one row of the design's table: by its name, `stem.c` for stem.h, or `stem*`."""
    table = section(tree, DESIGN, "| step | files |", "\n\n")
    if table is None:
        return [f"{DESIGN}: no table of files"]
    named = re.findall(r"`([a-z]+/[\w*.]+)`", table)
    found = [f"{DESIGN}: `{name}` is there {named.count(name)} times" for name in sorted(set(named))
             if named.count(name) > 1]
    used = set()
    for path in tree.c_files("src"):
        name = os.path.relpath(path, "src").replace(os.sep, "/")
        hits = {n for n in named if fnmatch.fnmatchcase(name, n) or n == name[:-2] + ".c"}
        exact = {n for n in hits if "*" not in n}
        used |= hits
        if not hits or len(exact or hits) > 1:
            found.append(f"{path}: {'in several rows' if hits else 'in no row'} of the table in {DESIGN}")
    return found + [f"{DESIGN}: no file is called `{name}`" for name in sorted(set(named) - used)]


def check_codes(tree):
    """Every error of src/base/err.h stands under its class in the table of codes."""
    table = section(tree, OPERATIONS, "| class | codes", "\n\n")
    source = tree.text("src/base/err.h") if "src/base/err.h" in tree.files else ""
    wanted = {(cls.lower(), code) for code, cls in re.findall(r'X\(\w+, *"(\w+)", +([A-Z]+),', source)}
    there = set()
    for row in (table or "").split("\n"):
        words = re.findall(r"`(\w+)`", row)
        there |= {(words[0], code) for code in words[1:]} if words else set()
    return [f"{OPERATIONS}: {code} ({cls}) is {'not listed' if missing else 'no error of the program'}"
            for missing, pairs in ((True, wanted - there), (False, there - wanted)) for cls, code in sorted(pairs)]


def check_metrics(tree):
    """Every metric that the program writes is described."""
    wanted = set()
    for path in tree.c_files("src"):
        if slashed(path).startswith("src/cli/"):
            wanted |= set(re.findall(r'"((?:cqlcrawl|process)_[a-z_]+[a-z])"', tree.text(path) or ""))
    text = tree.text(OPERATIONS) if OPERATIONS in tree.files else ""
    there = set(re.findall(r"`((?:cqlcrawl|process)_[a-z_]+)[`{]", text))
    return [f"{OPERATIONS}: {name} is {'not described' if missing else 'no metric of the program'}"
            for missing, names in ((True, wanted - there), (False, there - wanted)) for name in sorted(names)]


def slashed(path):
    return path.replace(os.sep, "/")
