# SPDX-License-Identifier: Apache-2.0
"""Shows that each check can fail: a good tree, in which it finds nothing, and the same tree with one thing wrong."""
import os
import shutil
import subprocess
import tempfile

from tree import Tree

GOOD = {
    ".clang-format": "BasedOnStyle: LLVM\nIndentWidth: 4\nColumnLimit: 100\nBreakBeforeBraces: Linux\n"
                     "AllowShortFunctionsOnASingleLine: None\n",
    "src/base/mem.h": "/* SPDX-License-Identifier: Apache-2.0 */\nint cq_one(int a);\n",
    "src/base/mem.c": '/* SPDX-License-Identifier: Apache-2.0 */\n#include "base/mem.h"\n\n'
                      "static const char *const names[] = {\"a\", \"b\"};\n\n"
                      "int cq_one(int a)\n{\n    return names[a & 1][0];\n}\n",
    "src/base/layer.cmake": "# SPDX-License-Identifier: Apache-2.0\ncq_layer(base SOURCES base/mem.c)\n",
    "src/net/layer.cmake": "# SPDX-License-Identifier: Apache-2.0\ncq_layer(net SOURCES net/a.c USES base LINK uv)\n",
    "docs/design.md": "| step | files | what |\n|---|---|---|\n| one | `base/mem.c`, `base/*` | |\n"
                      "| two | `cli/*` | |\n\n",
    "docs/operations.md": "| class | codes |\n|---|---|\n| `network` | `dns` |\n\n`cqlcrawl_up{cluster}`\n",
    "src/base/err.h": "/* SPDX-License-Identifier: Apache-2.0 */\n"
                      "#define X_ERRORS(X) X(DNS, \"dns\", NETWORK, \"no name\", \"mend it\")\n",
    "src/cli/metrics.c": "/* SPDX-License-Identifier: Apache-2.0 */\n"
                         "static const char *const up = \"cqlcrawl_up\";\n",
    "scripts/test": "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n# gi" "t log is not asked\nexit 0\n",
}
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"


def body(lines):
    return "int cq_two(int a)\n{\n" + lines + "    return a;\n}\n"


def switch(labels, statement):
    return body("    switch (a) {\n" + "".join(f"    case {i}:\n{statement}" for i in range(labels)) + "    }\n")


# What is wrong, per check: files to write. All of them must be found.
BAD = {
    "format": [{"src/base/b.c": SPDX + "int  cq_b;\n"}],
    "lines": [{"src/base/b.c": SPDX + "/* " + "x" * 100 + " */\n"},
              {"src/base/b.c": SPDX + "int cq_b; \n"}, {"scripts/a.py": "# " + "x" * 120 + "\n"}],
    "files": [{"src/base/b.c": SPDX + "\n" * 400}, {"tests/b.c": SPDX + "\n" * 700}],
    "functions": [{"src/base/b.c": SPDX + body("    a++;\n" * 48)},
                  {"src/base/b.c": SPDX + switch(30, "        a++;\n        a++;\n        break;\n")},
                  {"src/base/b.c": SPDX + switch(60, "        return 1;\n")}],
    "nesting": [{"src/base/b.c": SPDX + body("    if (a)\n        if (a)\n            if (a)\n"
                                             "                if (a)\n                    a++;\n")}],
    "spdx": [{"src/base/b.c": "int cq_b;\n"}, {"scripts/go": "#!/bin/sh\nexit 0\n"}, {"x.cmake": "set(a b)\n"}],
    "words": [{"src/base/b.c": SPDX + "/* the outer Fr" + "ame */\n"},
              {"src/base/b.h": SPDX + "int cq_fr" + "amed(void);\n"}],
    "generated": [{"src/base/b.o": "x"}, {"tests/build.ninja": "x"},
                  {"src/base/b.h": SPDX + "/* @gene" + "rated */\n"}],
    "registries": [{"scripts/get": "#!/bin/sh\ncurl https://files.python" + "hosted.org/x\n"},
                   {"README.md": "see repo1.ma" + "ven.org\n"}],
    "git": [{"scripts/go": "#!/bin/sh\nv=$(gi" "t describe --tags)\n"},
            {"tests/x.py": "import subprocess\nsubprocess.run(['gi" "t', 'ls-files'])\n"}],
    "layers": [{"src/proto/a.c": SPDX + '#include "net/sock.h"\n'}, {"src/net/a.c": SPDX + '#include "proto/cql.h"\n'},
               {"src/base/a.c": SPDX + '#include "mem.h"\n'}, {"src/cli/a.c": SPDX + '#include "base/mem.h"\n'},
               {"sim/a.c": SPDX + '#include "proto/wire.h"\n'}, {"include/cqlcrawl.h": '#include "base/mem.h"\n'},
               {"src/crawler/crawl.c": SPDX + '#include "net/sock.h"\n'},
               {"examples/a.c": SPDX + '#include "crawler/driver.h"\n'}],
    "libraries": [{"src/crawler/crawl.c": SPDX + "#include <uv.h>\n"},
                  {"src/net/sock.c": SPDX + "#include <openssl/ssl.h>\n"},
                  {"src/net/tcp.c": SPDX + "#include <ares.h>\n"}, {"src/base/a.c": SPDX + "#include <lz4.h>\n"},
                  {"src/cli/a.c": SPDX + "#include <curl/curl.h>\n"},
                  {"src/proto/a.c": SPDX + "#include <xxhash.h>\n"}],
    "targets": [{"src/proto/layer.cmake": "cq_layer(proto SOURCES a.c\n  USES base net LINK lz4)\n"}],
    "design": [{"src/state/a.c": SPDX}, {"docs/design.md": "a table is not here\n"},
               {"docs/design.md": "| step | files | what |\n| one | `base/*`, `cli/*` | |\n| two | `base/*` | |\n\n"},
               {"docs/design.md": "| step | files | what |\n| one | `base/*`, `cli/*`, `base/gone.c` | |\n\n"}],
    "codes": [{"docs/operations.md": "| class | codes |\n| `network` | |\n\n"},
              {"docs/operations.md": "| class | codes |\n| `tls` | `dns` |\n\n"},
              {"docs/operations.md": "| class | codes |\n| `network` | `dns`, `gone` |\n\n"}],
    "metrics": [{"src/cli/metrics.c": SPDX + 'static const char *const a = "cqlcrawl_down";\n'}],
    "symbols": [{"src/base/mem.c": "int one(int a)\n{\n    return a;\n}\n"}],
    "exports": [{"src/base/mem.c": "int cq_one(int a)\n{\n    return a;\n}\nint cqlcrawl_x(void);\n"
                                   "int cqlcrawl_x(void)\n{\n    return 1;\n}\n"}],
    "mutable": [{"src/base/mem.c": "int cq_count;\nint cq_one(int a)\n{\n    return cq_count += a;\n}\n"},
                {"src/base/mem.c": "int cq_one(int a)\n{\n    static int n = 3;\n    return n += a;\n}\n"},
                {"src/base/mem.c": "int cq_one(int a)\n{\n    static _Thread_local int n;\n    return n += a;\n}\n"}],
    "start": [{"src/base/mem.c": "int cq_one(int a);\nint cq_one(int a)\n{\n    return a; /* needs libextra */\n}\n"}],
}
# What may stand there although it looks alike.
FINE = {
    "functions": {"src/base/b.c": SPDX + switch(40, "        return 1;\n"),
                  "src/base/c.c": SPDX + body("    a++;\n" * 45)},
    "lines": {"src/base/b.c": SPDX + "/* clang-format off */\n/* " + "x" * 100 + " */\n"},
    "layers": {"src/crawler/link.c": SPDX + '#include "net/sock.h"\n', "src/lib/a.c": SPDX + '#include "net/sock.h"\n'},
    "words": {"src/base/b.c": SPDX + 'const char *cq_text = "detected in fr' + 'ame";\n'},
    "registries": {"a.md": "mavenised, npm, and pypi.example\n"},
    "generated": {"docs/a.md": "records are generated by the crawl\n"},
}


def write(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)


def build(root):
    """A library of the one file, as the real one is made: static, and shared with what the linker exports."""
    folder = os.path.join(root, "build", "release")
    os.makedirs(folder)
    source = os.path.join(root, "src/base/mem.c")
    made = os.path.join(folder, "mem.o")
    with open(source, encoding="utf-8") as f:
        hidden = "" if "cqlcrawl_x" in f.read() else "-fvisibility=hidden"
    flags = ["-fPIC", "-O1", "-I", os.path.join(root, "src"), *([hidden] if hidden else [])]
    extra = os.path.join(folder, "public.c")
    write(root, {"build/release/public.c": '__attribute__((visibility("default"))) int cqlcrawl_open(void);\n'
                                           "int cqlcrawl_open(void)\n{\n    return 0;\n}\n"})
    subprocess.run(["cc", *flags, "-c", source, "-o", made], check=True)
    subprocess.run(["cc", *flags, "-c", extra, "-o", extra + ".o"], check=True)
    subprocess.run(["ar", "rc", os.path.join(folder, "libcqlcrawl.a"), made, extra + ".o"], check=True)
    subprocess.run(["cc", "-shared", made, extra + ".o", "-o", os.path.join(folder, "libcqlcrawl.so")], check=True)
    write(root, {"build/release/main.c": "int main(void)\n{\n    return 0;\n}\n"})
    program = [os.path.join(folder, "main.c"), "-o", os.path.join(folder, "cqlcrawl")]
    with open(source, encoding="utf-8") as f:
        if "libextra" in f.read():
            subprocess.run(["cc", "-shared", made, "-o", os.path.join(folder, "libextra.so")], check=True)
            program += ["-L" + folder, "-Wl,--no-as-needed", "-lextra"]
    subprocess.run(["cc", *program], check=True)


def findings(name, check, *changes):
    root = tempfile.mkdtemp(prefix="cq-lint-")
    try:
        for files in (GOOD, *changes):
            write(root, files)
        if name in ("symbols", "exports", "mutable", "start"):
            build(root)
        return check(Tree(root, os.path.join(root, "build", "release")))
    finally:
        shutil.rmtree(root)


def why_blind(name, check):
    """Why the check cannot be trusted; None if it can."""
    found = findings(name, check, FINE.get(name, {}))
    if found:
        return f"finds fault with a good tree: {found[0]}"
    for bad in BAD[name]:
        if not findings(name, check, bad):
            return f"does not see what is wrong in {', '.join(bad)}"
    return None
