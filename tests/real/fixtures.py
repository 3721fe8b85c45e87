# SPDX-License-Identifier: Apache-2.0
"""Loads fixtures/*.cql into a server, statement by statement, as far as its version takes them.

Comment directives: `-- @min V` and `-- @max V` concern the next statement, `-- @file-min V` and
`-- @file-max V` the file. In statements \\uXXXX stands for that character and @NxTEXT@ for N times
TEXT, where # is the count. A statement that fails is an error: nothing is skipped in silence.
"""
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent / "fixtures"
TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$\$.*?\$\$|--[^\n]*|;|[^'\"$;-]+|.", re.S)
REPEAT = re.compile(r"@(\d+)x(.*?)@", re.S)
LONG_STATEMENT_S = 60


def line(version):
    """(5, 0) of 5.0.9"""
    return tuple(int(part) for part in str(version).split(".")[:2])


def expand(text):
    def repeated(match):
        return "".join(match[2].replace("#", str(i)) for i in range(int(match[1])))

    text = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text)
    return REPEAT.sub(repeated, text)


def statements(text):
    """(minimum, maximum, statement) of a file's text"""
    limits, whole, parts = {}, {}, []
    for token in TOKEN.findall(text):
        if token.startswith("--"):
            found = re.match(r"-- @(file-)?(min|max) ([0-9.]+)$", token.strip())
            if found:
                (whole if found[1] else limits)[found[2]] = line(found[3])
        elif token == ";":
            both = {**whole, **limits}
            yield both.get("min", (0, 0)), both.get("max", (99, 0)), expand("".join(parts).strip())
            limits, parts = {}, []
        else:
            parts.append(token)
    if "".join(parts).strip():
        raise ValueError("a statement without its semicolon: " + "".join(parts).strip()[:60])


def load(session, version, only=None):
    """Runs every statement that the version takes; returns how many."""
    count = 0
    for path in sorted(FOLDER.glob("*.cql")):
        if only and path.stem not in only:
            continue
        for low, high, statement in statements(path.read_text(encoding="utf-8")):
            if low <= line(version) <= high:
                try:
                    session.execute(statement, timeout=LONG_STATEMENT_S)
                except Exception as error:
                    raise RuntimeError(f"{path.name}: {statement[:200]}\n  {error}") from error
                count += 1
    return count
