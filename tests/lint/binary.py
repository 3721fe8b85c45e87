# SPDX-License-Identifier: Apache-2.0
"""Checks that read the built library: names of symbols, what others can link to, data that can change.

Each takes a Tree and returns its findings, a line each.
"""
import glob
import os
import re
import subprocess

PROGRAM = "cqlcrawl"
STATIC = "libcqlcrawl.a"
SHARED = "libcqlcrawl.so"
# What every start of the program pays for (docs/design.md, "The start"); whatever else is loaded when it is wanted.
AT_START = re.compile(r"(ld-linux|libc|libm|libuv|liblz4|libyaml|libzstd|libz|libasan|libubsan|libgcc_s)\b")
# Of the compiler's own making, in sanitized and instrumented builds.
COMPILERS = re.compile(r"^(__|_GLOBAL_|\.|asan\.|DW\.)")


def symbols(path, *options):
    """(object, name, type, section) by nm; the section tells constants that are relocated from real data."""
    out = subprocess.run(["nm", "--format=sysv", *options, path], capture_output=True, text=True, check=True).stdout
    member = ""
    for line in out.split("\n"):
        head = re.match(r"Symbols from (?:.*\[(.*)\]|(.*)):", line)
        if head:
            member = head.group(1) or head.group(2)
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7 and fields[0] != "Name":
            yield member, fields[0], fields[2], fields[6]


def library(tree, name):
    found = sorted(glob.glob(os.path.join(tree.build, "**", name), recursive=True))
    return found[0] if found else None


def check_symbols(tree):
    path = library(tree, STATIC)
    if not path:
        return [f"no {STATIC} below {tree.build}: build it first"]
    found, seen = [], 0
    for member, name, kind, _ in symbols(path, "--defined-only", "--extern-only"):
        seen += 1
        if not re.match(r"cq", name) and not COMPILERS.match(name):
            found.append(f"{member}: {name} ({kind}) does not begin with cq")
    return found if seen else [f"{path} has no symbols"]


def check_exports(tree):
    path = library(tree, SHARED)
    if not path:
        return [f"no {SHARED} below {tree.build}: build it first"]
    found, seen = [], 0
    for _, name, kind, _ in symbols(path, "--dynamic", "--defined-only", "--extern-only"):
        seen += 1
        if not name.startswith("cqlcrawl_") and not COMPILERS.match(name):
            found.append(f"{name} ({kind}) is not public, yet exported")
    return found if seen else [f"{path} exports nothing"]


def check_mutable(tree):
    """No static data that can change: constants with addresses in them (.data.rel.ro) are none."""
    path = library(tree, STATIC)
    if not path:
        return [f"no {STATIC} below {tree.build}: build it first"]
    found = []
    for member, name, kind, section in symbols(path, "--defined-only"):
        can_change = re.match(r"\.(data|bss|tdata|tbss|ldata|lbss)(\.|$)", section) or section == "*COM*"
        if can_change and not section.startswith(".data.rel.ro") and not COMPILERS.match(name):
            found.append(f"{member}: {name} ({kind}) stands in {section}")
    return found


def check_start(tree):
    """The libraries that the program is linked with."""
    path = os.path.join(tree.build, PROGRAM)
    if not os.path.exists(path):
        return [f"no {PROGRAM} in {tree.build}: build it first"]
    out = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", out)
    if not needed:
        return [f"{path} needs no library"]
    return [f"{name} is loaded at every start" for name in needed if not AT_START.match(name)]
