#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The run over the fleet's tests (see `run`): each is a module with run(checks, folder, long)."""
import argparse
import importlib
import os
import shutil
import time

import fleet

NAMES = ("thousand", "ten", "delivery", "receivers", "real")
KEEP = os.path.join(fleet.ROOT, "build", "fleet")


class Place(fleet.Folder):
    """A folder of one test below build/fleet: stays when something failed in it."""

    def __init__(self, name, checks):
        self.name, self.checks, self.before = name, checks, checks.failed

    def __enter__(self):
        self.path = os.path.join(KEEP, self.name)
        shutil.rmtree(self.path, ignore_errors=True)
        os.makedirs(self.path, mode=0o700)
        return self

    def __exit__(self, *exc):
        if exc[0] is None and self.checks.failed == self.before:
            shutil.rmtree(self.path, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(prog="tests/fleet/run")
    parser.add_argument("--only", action="append", default=[], choices=NAMES, metavar="NAME")
    parser.add_argument("--long", action="store_true")
    args = parser.parse_args()
    checks = fleet.Checks()
    for name in args.only or NAMES:
        begun = time.monotonic()
        print(f"-- {name}", flush=True)
        try:
            with Place(name, checks) as folder:
                importlib.import_module(name).run(checks, folder, args.long)
        except Exception as e:  # the others are worth running
            checks.that(f"{name}: runs to its end", False, repr(e)[:600])
        print(f"-- {name}: {time.monotonic() - begun:.1f} s", flush=True)
    checks.close()


if __name__ == "__main__":
    main()
