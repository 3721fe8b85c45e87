#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""peer.py HOST PORT seq N: DataHub's Cassandra source with its file sink, which is standard output.

Each crawl is one ingestion pipeline, as `datahub ingest` makes it. What is measured: ../README.md.
"""
import logging
import os
import sys
import time

os.environ["DATAHUB_TELEMETRY_ENABLED"] = "false"

import figures
from datahub.ingestion.run.pipeline import Pipeline

OUTPUT = "/proc/self/fd/1"


def crawl(host, port):
    pipeline = Pipeline.create({
        "source": {"type": "cassandra", "config": {"contact_point": host, "port": port}},
        "sink": {"type": "file", "config": {"filename": OUTPUT}}}, no_progress=True)
    pipeline.run()
    pipeline.raise_from_status()
    return pipeline.source.get_report()


def main():
    host, port, mode, n = figures.arguments(("seq",))
    logging.disable(logging.WARNING)
    started = time.monotonic()
    for _ in range(n):
        report = crawl(host, port)
    wall = time.monotonic() - started
    figures.report("datahub", mode, n, wall, port, {
        "events": report.events_produced, "failures": len(report.failures),
        "warnings": len(report.warnings)})


if __name__ == "__main__":
    main()
