# SPDX-License-Identifier: Apache-2.0
"""Who may include whom (docs/design.md, The house): project headers, system libraries, CMake targets.

Each check takes a Tree and returns its findings, a line each.
"""
import os
import re

# Whom a layer may see besides itself.
MAY = {
    "base": set(),
    "proto": {"base"},
    "net": {"base"},
    "cred": {"base"},
    "record": {"base"},
    "model": {"base", "record", "proto"},
    "state": {"base"},
    "crawler": {"base", "proto", "record", "model", "state"},
    "sink": {"base"},
    "lib": {"sink", "base", "proto", "net", "cred", "record", "model", "state", "crawler"},
    "cli": set(),
}
# Files of a layer that may see more: its shell.
MORE = {
    "src/crawler/link": {"net"},
    "src/crawler/driver": {"net"},
    "src/crawler/jobs": {"net"},
}
PUBLIC = "cqlcrawl.h"
SEES_PUBLIC = ("src/lib/", "src/cli/", "examples/", "tests/", "fuzz/")

# Where a library's header may stand: path prefixes.
LIBRARIES = {
    r"uv(\.h|/)": ("src/net/", "src/crawler/link", "src/crawler/driver", "src/crawler/jobs", "src/state/state",
                   "src/lib/", "include/", "sim/", "examples/", "tests/"),
    r"openssl/": ("src/net/tls", "sim/tls", "sim/main", "bench/null/tls", "tests/"),
    r"ares(_\w+)?\.h": ("src/net/ares", "tests/"),
    r"lz4(\w*)\.h": ("src/proto/lz4", "sim/", "tests/", "bench/"),
    r"xxhash\.h": ("src/base/xxh3", "src/cli/outname", "sim/", "tests/"),
    r"yaml\.h": ("src/cli/", "tests/"),
    r"microhttpd\.h": ("src/cli/mhd",),
    r"dlfcn\.h": ("src/cli/mhd", "src/base/library", "src/net/trustload"),
    r"curl/": ("src/net/http",),
    r"sqlite3\.h": ("src/state/sql", "tests/"),
    r"(zstd|zlib)\.h": ("src/sink/encode", "sim/", "tests/", "bench/"),
    r"jansson\.h": ("tests/",),
    r"cmocka\.h": ("tests/",),
    r"pthread\.h|threads\.h": ("tests/",),
    r"signal\.h": ("src/cli/", "src/state/state", "sim/", "examples/", "tests/", "bench/"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def includes(tree, path):
    for number, line in enumerate(tree.lines(path), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def slashed(path):
    return path.replace(os.sep, "/")


def allowed(path):
    parts = path.split("/")
    layer = parts[1]
    may = MAY.get(layer, set()) | {layer}
    for prefix, more in MORE.items():
        if path.startswith(prefix):
            may = may | more
    return layer, may


def check_include(path, name):
    """Why `#include "name"` may not stand in path; None if it may."""
    if name == PUBLIC:
        return None if path.startswith(SEES_PUBLIC) else "only lib, cli and examples see the public header"
    if path.startswith("include/"):
        return "the public header includes none of ours"
    if path.startswith("examples/"):
        return f"examples use nothing but {PUBLIC}"
    if "/" not in name:
        return "an include names its layer" if not path.startswith("tests/") else None
    top = name.split("/")[0]
    if path.startswith("sim/"):
        return None if top == "sim" else "the simulator shares no code with the client"
    if path.startswith("src/"):
        layer, may = allowed(path)
        if layer not in MAY:
            return f"no layer is called {layer}"
        return None if top in may else f"{layer} may not see {top}"
    return None


def check_layers(tree):
    found = []
    for path in tree.c_files():
        for number, kind, name in includes(tree, path):
            why = check_include(slashed(path), name) if kind == '"' else None
            if why:
                found.append(f'{path}:{number}: "{name}": {why}')
    return found


def check_libraries(tree):
    found = []
    for path in tree.c_files():
        for number, _, name in includes(tree, path):
            for pattern, places in LIBRARIES.items():
                if re.match(pattern, name) and not slashed(path).startswith(tuple(places)):
                    where = ", ".join(places) or "nowhere yet"
                    found.append(f"{path}:{number}: <{name}> belongs to {where}")
    return found


def check_targets(tree):
    """The CMake targets let a layer see no more than that: an include path that is too wide hides mistakes."""
    found = []
    for path in tree.files:
        match = re.match(r"src/(\w+)/(layer|shell)\.cmake$", slashed(path))
        if not match:
            continue
        for name, body in re.findall(r"cq_layer\((\w+)([^)]*)\)", tree.text(path)):
            layer = match.group(1)
            may = set(MAY.get(layer, ())) | {layer}
            if name != layer:  # the shell of a layer
                may |= {"net"}
            used = re.search(r"\bUSES\b([\w\s]*?)(?:\bLINK\b|\bSOURCES\b|$)", body)
            for other in (used.group(1).split() if used else []):
                if other.removesuffix("_shell") not in may:
                    found.append(f"{path}: {name} may not use {other}")
    return found
