#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The run over all real servers (see `run`): versions, then clusters, secrets, torn reads."""
import argparse
import pathlib
import shutil
import signal
import sys

import checks
import crawl
import nodes as servers
import suite_cluster
import suite_secrets
import suite_version
import torn

SHORT_TORN_S = 60


def arguments():
    parser = argparse.ArgumentParser(prog="tests/real/run")
    parser.add_argument("versions", nargs="*", default=[], metavar="VERSION")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="suites to run, as 5.0/tls, cluster, torn; * and ? as in file names")
    parser.add_argument("--torn-seconds", type=int, default=SHORT_TORN_S)
    parser.add_argument("--folder", default=crawl.HERE.parents[1] / "build" / "real",
                        help="where outputs are kept")
    parser.add_argument("--nodes", default=None, help="where nodes live (default: the folder)")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a good run")
    args = parser.parse_args()
    args.versions = args.versions or list(suite_version.NETS)
    unknown = [one for one in args.versions if one not in suite_version.NETS]
    if unknown:
        parser.error(f"unknown version {unknown[0]} (of {', '.join(suite_version.NETS)})")
    return args


def suites(args):
    """name: function of (report, nodes, crawler)"""
    every = {}
    for version in args.versions:
        every[version] = lambda r, n, c, v=version: suite_version.run(r, n, c, v)
    if "5.0" in args.versions:
        every["cluster"] = suite_cluster.trio
        every["secrets"] = suite_secrets.run
    if {"5.0", "4.1"} <= set(args.versions):
        every["mixed"] = suite_cluster.mixed
    for version in ("5.0", "4.0"):
        if version in args.versions:
            every[f"torn/{version}"] = lambda r, n, c, v=version: torn.run(
                r, n, c, v, args.torn_seconds)
    return every


def chosen(name, report):
    """A suite is run where its name or the name of one of its parts is asked for."""
    return report.wanted(name) or any(one.split("/")[0] == name for one in report.only)


def interrupted(*_):
    """As a fault would: every node that runs is stopped on the way out."""
    raise SystemExit(143)


def main():
    signal.signal(signal.SIGTERM, interrupted)
    args = arguments()
    report = checks.Report(args.only)
    folder = pathlib.Path(args.folder).resolve() / "run"
    home = pathlib.Path(args.nodes or args.folder).resolve() / "run"
    for one in (folder, home):
        shutil.rmtree(one, ignore_errors=True)
    crawler = crawl.Crawler(folder / "out")
    if not crawler.program.exists():
        print(f"no {crawler.program}: build it, or name it in CQLCRAWL", file=sys.stderr)
        return 2
    with servers.Nodes(home) as nodes:
        for name, run in suites(args).items():
            if not chosen(name, report):
                continue
            with report.suite(name):
                run(report, nodes, crawler)
    status = report.close()
    if status == 0 and not args.keep:
        for one in (folder, home):
            shutil.rmtree(one, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
