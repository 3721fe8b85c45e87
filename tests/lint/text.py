# SPDX-License-Identifier: Apache-2.0
"""Checks that read text: form, size, words. Each takes a Tree and returns its findings, a line each."""
import os
import re
import shutil
import subprocess

COLUMNS = 100
SCRIPT_COLUMNS = 120
FUNCTION = 50
DISPATCH = 100  # a function that is one table-like switch
FILE = 400
API = 600
TEST_FILE = 700  # cases are tables
DEPTH = 3
SCRIPTS = (".py", ".sh", ".cmake")


def clang_format():
    for name in ("clang-format-14", "clang-format"):
        path = shutil.which(name)
        if path and " version 14." in subprocess.run([path, "--version"], capture_output=True, text=True).stdout:
            return path
    return None


def check_format(tree):
    tool = clang_format()
    files = list(tree.c_files())
    if not tool:
        return ["clang-format 14 is not installed"]
    if not files or not os.path.exists(tree.full(".clang-format")):
        return ["no C files, or no .clang-format"]
    done = subprocess.run([tool, "--dry-run", "--style=file", *files], cwd=tree.root, capture_output=True, text=True)
    found = re.findall(r"^(\S+?:\d+):\d+: (?:warning|error)", done.stderr, re.M)
    if done.returncode and not found:
        return [done.stderr.strip()[:200]]
    first = {}
    for place in found:
        first.setdefault(place.rsplit(":", 1)[0], place)
    return [f"{place}: not as clang-format writes it" for place in first.values()]


def is_script(tree, path):
    return path.endswith((".py", ".sh")) or (tree.text(path) or "").startswith("#!")


def check_lines(tree):
    found = []
    c_files = set(tree.c_files())
    for path in tree.files:
        if path not in c_files and not is_script(tree, path):
            continue
        most = COLUMNS if path in c_files else SCRIPT_COLUMNS
        for number, line in enumerate(tree.lines(path), 1):
            if len(line) > most and "clang-format off" not in tree.text(path):
                found.append(f"{path}:{number}: {len(line)} columns of at most {most}")
            if line != line.rstrip() or (path in c_files and "\t" in line):
                found.append(f"{path}:{number}: a tab, or blanks at the end")
    return found


def check_files(tree):
    found = []
    for path in tree.c_files():
        lines = len(tree.lines(path)) - 1
        most = TEST_FILE if path.startswith("tests" + os.sep) else FILE
        if path == os.path.join("include", "cqlcrawl.h"):
            most = API  # the whole API is one header for those who read it
        if lines > most:
            found.append(f"{path}: {lines} lines of at most {most}")
    return found


def is_dispatch(function):
    """One switch, and at least a third of the lines are its labels."""
    text = "\n".join(function.lines)
    labels = len(re.findall(r"^\s*(case\b.*|default):", text, re.M))
    return len(re.findall(r"\bswitch \(", text)) == 1 and labels * 3 >= len(function.lines)


def check_functions(tree):
    found = []
    for path in tree.c_files():
        for function in tree.functions(path):
            most = DISPATCH if is_dispatch(function) else FUNCTION
            if function.name == "main" and path.startswith("tests" + os.sep):
                most = DISPATCH  # the list of the tests
            if len(function.lines) > most:
                found.append(f"{function}: {len(function.lines)} lines of at most {most}")
    return found


def check_nesting(tree):
    """A statement that opens a level stands at most DEPTH levels deep; `else if` and case labels open none."""
    found = []
    for path in tree.c_files("src", "include", "sim", "fuzz", "examples"):
        for function in tree.functions(path):
            for at, line in enumerate(function.lines):
                deep = re.match(r"( +)(if|for|while|do|switch)\b", line)
                if deep and len(deep.group(1)) > 4 * DEPTH:
                    found.append(f"{path}:{function.first + at}: {len(deep.group(1)) // 4} levels in {function.name}")
    return found


def is_code(tree, path):
    name = os.path.basename(path)
    if path.endswith((".c", ".h", ".java", ".yaml", ".yml", ".toml", *SCRIPTS)) or name == "CMakeLists.txt":
        return True
    return (tree.text(path) or "").startswith("#!")


def check_spdx(tree):
    found = []
    for path in tree.files:
        if path.startswith(os.path.join("tests", "data") + os.sep) or not is_code(tree, path):
            continue
        if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(tree.lines(path)[:3]):
            found.append(f"{path}:1: no SPDX line")
    return found


BANNED = "fr" + "ame"  # envelope or segment is what is meant


def check_words(tree):
    """Texts in quotes are left alone: a server's message may say what it likes."""
    found = []
    for path in tree.c_files("src", "include", "sim", "fuzz", "examples"):
        for number, line in enumerate(tree.lines(path), 1):
            if re.search(BANNED, re.sub(r'"(\\.|[^"\\])*"', '""', line), re.I):
                found.append(f"{path}:{number}: say envelope or segment")
    return found


BUILT = re.compile(r"(\.(o|a|so(\.\d+)*|pyc|class|jar|gcda|gcno|profraw|orig|rej|log|swp|keystore)$"
                   r"|(^|/)(CMakeCache\.txt|build\.ninja|compile_commands\.json|core(\.\d+)?|Makefile)$"
                   r"|(^|/)(CMakeFiles|node_modules|\.venv|venv)/)")
# In two pieces, so that this file is none of them.
MARKS = re.compile("|".join((r"\bDO NOT" + r" EDIT\b", r"@gene" + r"rated\b", r"(?i:automatically gene" + r"rated)")))


def check_generated(tree):
    found = []
    for path in tree.files:
        if BUILT.search(path.replace(os.sep, "/")):
            found.append(f"{path}: looks like something that was built")
            continue
        mark = MARKS.search("\n".join(tree.lines(path)[:10]))
        if mark:
            found.append(f"{path}: says that it is made by a program ({mark.group(0)})")
    return found


REGISTRIES = [".".join(parts) for parts in (
    ("pypi", "org"), ("pythonhosted", "org"), ("maven", "org"), ("maven", "apache", "org"), ("npmjs", "org"),
    ("npmjs", "com"), ("deb", "debian", "org"), ("security", "debian", "org"), ("proxy", "golang", "org"),
    ("sum", "golang", "org"), ("crates", "io"), ("rubygems", "org"), ("docker", "io"), ("ghcr", "io"),
    ("quay", "io"), ("gcr", "io"), ("archive", "ubuntu", "com"), ("jfrog", "io"), ("jitpack", "io"))]


def check_registries(tree):
    pattern = re.compile(r"(?<![\w-])(?:[\w-]+\.)*(?:" + "|".join(map(re.escape, REGISTRIES)) + r")(?![\w-])", re.I)
    found = []
    for path in tree.files:
        for number, line in enumerate(tree.lines(path), 1):
            match = pattern.search(line)
            if match:
                found.append(f"{path}:{number}: the name of a registry's host ({match.group(0)})")
    return found


GIT = re.compile(r"(^|[\s;&|(`\"'\[])git[\"',]*\s+[\"']?"
                 r"(-C|rev-parse|ls-files|diff|status|log|describe|show|clone|fetch|checkout|submodule|config"
                 r"|archive|stash|worktree)\b")


def check_git(tree):
    """Building and testing work in a tree that is no checkout, so nothing may ask git."""
    found = []
    for path in tree.files:
        first = path.split(os.sep)[0]
        script = path.endswith(SCRIPTS) or os.path.basename(path) == "CMakeLists.txt" or (
            tree.text(path) or "").startswith("#!")
        if first not in ("scripts", "tests", "cmake", ".ci", "src", "sim", "CMakeLists.txt") or not script:
            continue
        for number, line in enumerate(tree.lines(path), 1):
            if GIT.search(line) and not line.lstrip().startswith("#"):
                found.append(f"{path}:{number}: asks git")
    return found
