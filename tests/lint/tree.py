# SPDX-License-Identifier: Apache-2.0
"""The tree that is checked: its files without the built ones, C files with their functions. No git."""
import os
import re

LEFT_OUT = {"build", ".git", "__pycache__"}
CODE = ("src", "include", "sim", "fuzz", "examples", "tests", "bench")


class Function:
    def __init__(self, path, name, first, lines):
        self.path, self.name, self.first, self.lines = path, name, first, lines

    def __str__(self):
        return f"{self.path}:{self.first}: {self.name}"


class Tree:
    def __init__(self, root, build):
        self.root, self.build = root, build
        self.cache = {}
        self.files = sorted(self._walk())

    def _walk(self):
        for folder, folders, files in os.walk(self.root):
            folders[:] = [f for f in folders if f not in LEFT_OUT]
            for name in files:
                path = os.path.join(folder, name)
                if not os.path.islink(path):
                    yield os.path.relpath(path, self.root)

    def full(self, path):
        return os.path.join(self.root, path)

    def text(self, path):
        """The file's text; None where it is not text."""
        if path not in self.cache:
            with open(self.full(path), "rb") as f:
                data = f.read()
            try:
                self.cache[path] = None if b"\0" in data else data.decode("utf-8")
            except UnicodeDecodeError:
                self.cache[path] = None
        return self.cache[path]

    def lines(self, path):
        return (self.text(path) or "").split("\n")

    def c_files(self, *folders):
        for path in self.files:
            if path.endswith((".c", ".h")) and path.split(os.sep)[0] in (folders or CODE):
                yield path

    def functions(self, path):
        """By the shape that clang-format gives them: the body's braces stand in column 1."""
        lines = self.lines(path)
        start = None
        for number, line in enumerate(lines, 1):
            if line == "{":
                start = number
            elif line == "}" and start is not None:
                first = start - 1
                while first > 1 and re.match(r"[\w#/ ]", lines[first - 2]) and not re.match(
                        r"(#|/| \*|.*[;}]$)", lines[first - 2]):
                    first -= 1
                head = " ".join(lines[first - 1:start - 1])
                name = re.search(r"(\w+)\s*\(", head)
                yield Function(path, name.group(1) if name else "?", first, lines[first - 1:number])
                start = None
