#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_peers.py [CASE...]: bench/peers says what it installs, and pins it; nothing is installed here."""
import json
import pathlib
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "peers"
PINS = {  # where each folder says the version of what is measured
    "rust": ("Cargo.toml", r'^scylla = "=([^"]+)"'),
    "go": ("go.mod", r"cassandra-gocql-driver/v2 v(\S+)"),
    "java": ("pom.xml", r"<artifactId>java-driver-core</artifactId>\s*<version>([^<]+)"),
    "node": ("package.json", r'"cassandra-driver": "([^"]+)"'),
    "python": ("requirements.txt", r"^cassandra-driver==(\S+)"),
    "datahub": ("requirements.txt", r"^acryl-datahub==(\S+)"),
    "openmetadata": ("requirements.txt", r"^openmetadata-ingestion==(\S+)"),
}


def text(*parts):
    return PEERS.joinpath(*parts).read_text(encoding="utf-8")


class List(unittest.TestCase):
    def setUp(self):
        self.entries = json.loads(text("list.json"))

    def test_every_folder(self):
        self.assertEqual({one["folder"] for one in self.entries}, set(PINS))
        self.assertEqual(len({one["name"] for one in self.entries}), len(PINS))

    def test_versions_are_the_pinned_ones(self):
        for one in self.entries:
            name, pattern = PINS[one["folder"]]
            found = re.search(pattern, text(one["folder"], name), re.M)
            self.assertIsNotNone(found, one["folder"])
            self.assertEqual(found[1], one["version"], one["folder"])

    def test_commands(self):
        for one in self.entries:
            self.assertTrue(one["command"][0].startswith("{peers}/" + one["folder"] + "/"), one)
            self.assertLessEqual(set(one["modes"]), {"seq", "conc", "hold"})
            self.assertIn("seq", one["modes"])

    def test_the_readme_names_each(self):
        readme = text("README.md")
        for one in self.entries:
            self.assertRegex(readme, rf"(?m)^\| {one['folder']} \|.*{re.escape(one['version'])}")


class Pins(unittest.TestCase):
    def test_python(self):
        for folder in ("python", "datahub", "openmetadata"):
            for line in text(folder, "requirements.txt").splitlines():
                self.assertRegex(line, r"^(#.*|[\w.\-]+==[\w.+!]+)$", folder)

    def test_rust(self):
        direct = text("rust", "Cargo.toml").split("[dependencies]")[1]
        self.assertEqual(len(re.findall(r'"=\d', direct)), len(re.findall(r"^\w", direct, re.M)))
        locked = text("rust", "Cargo.lock.in")
        packages = locked.split("[[package]]")[1:]
        own = [one for one in packages if "@REGISTRY@" not in one]
        self.assertEqual(len(own), 1, "the program itself has no registry, all others have")
        self.assertTrue(all("checksum" in one for one in packages if one not in own))

    def test_node(self):
        packages = json.loads(text("node", "package-lock.json"))["packages"]
        for name, one in packages.items():
            self.assertNotIn("resolved", one, name)
            self.assertTrue(not name or "integrity" in one, name)

    def test_go(self):
        for line in text("go", "go.mod").splitlines():
            if line.startswith("require"):
                module, version = line.split()[1:3]
                self.assertIn(f"{module} {version} h1:", text("go", "go.sum"))


class Setup(unittest.TestCase):
    def test_unknown_peer(self):
        done = subprocess.run([PEERS / "setup", "cobol"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("setup [NAME...]", done.stderr)


if __name__ == "__main__":
    unittest.main()
