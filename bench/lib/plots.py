# SPDX-License-Identifier: Apache-2.0
"""plots.py RESULT.json FOLDER: cost and size, throughput and clusters in flight, peers, distance."""
import json
import os
import statistics
import sys

import matplotlib
from matplotlib.ticker import FuncFormatter

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

OURS, FLOOR, PEER, SECOND = "#0b7285", "#868e96", "#e8590c", "#5f3dc4"
STYLE = {"font.size": 10, "font.family": "sans-serif", "axes.spines.top": False, "axes.spines.right": False,
         "axes.edgecolor": "#adb5bd", "axes.grid": True, "grid.color": "#e9ecef", "axes.axisbelow": True,
         "svg.hashsalt": "cqlcrawl", "figure.constrained_layout.use": True, "axes.titlelocation": "left",
         "axes.titleweight": "bold"}


def number(x, _=None):
    return f"{x:,.0f}" if x >= 10 else f"{x:g}"


def size_of(x, _=None):
    return f"{x / 1e6:g} MB" if x >= 1e6 else f"{x / 1e3:g} KB"


def plain(axis, form=number):
    axis.set_major_formatter(FuncFormatter(form))
    axis.set_minor_formatter(FuncFormatter(lambda *_: ""))


def titled(ax, title, x, y):
    ax.set_title(title, pad=12)
    ax.set_xlabel(x)
    ax.set_ylabel(y)


def sizes(data, ax):
    for name, color, label in (("cqlcrawl", OURS, "cqlcrawl, encode and discard"), ("null", FLOOR, "null client")):
        points = sorted(data["sizes"][name])
        ax.plot(*zip(*points), "o-", color=color, label=label, lw=2)
        ax.annotate(f"{points[-1][1]:.1f} ms", points[-1], textcoords="offset points", xytext=(-4, 8), color=color,
                    ha="right")
    (x0, y0), (x1, _) = data["sizes"]["cqlcrawl"][0], data["sizes"]["cqlcrawl"][-1]
    ax.plot([x0, x1], [y0, y0 * x1 / x0], ":", color=OURS, label="linear in bytes", lw=1)
    ax.set(xscale="log", yscale="log")
    plain(ax.xaxis, size_of)
    plain(ax.yaxis)
    titled(ax, "CPU per cluster grows with its bytes", "what the server sends", "CPU per cluster, ms")
    ax.legend(frameon=False)


def in_flight(data, ax):
    points = sorted((int(k), v) for k, v in data["in_flight"].items())
    windows = [w for w, _ in points]
    ax.plot(windows, [v["per_second"] for _, v in points], "o-", color=OURS, lw=2, label="clusters per second")
    for name, theirs in data.get("in_flight_peers", {}).items():
        points_of = sorted((int(k), v["per_second"]) for k, v in theirs.items())
        ax.plot(*zip(*points_of), "o-", color=PEER, lw=1.2)
        ax.annotate(name, points_of[-1], textcoords="offset points", xytext=(6, -3), color=PEER)
    ax.set(xscale="log", ylim=(0, None))
    plain(ax.xaxis)
    plain(ax.yaxis)
    titled(ax, "Throughput against clusters in flight", "clusters in flight", "clusters per second")
    other = ax.twinx()
    other.plot(windows, [v["cpu_ms"] for _, v in points], "s--", color=SECOND, lw=1.5, label="CPU per cluster, ms")
    other.set_ylim(0, None)
    other.set_ylabel("CPU per cluster, ms", color=SECOND)
    other.grid(False)
    handles = [h for a in (ax, other) for h in a.get_lines() if not h.get_label().startswith("_")]
    ax.legend(handles, [h.get_label() for h in handles], frameon=False, loc="lower right")


def peers(data, ax):
    rows = sorted(((statistics.median(v["marginal_ms"]), name) for name, v in data["peers"].items()), reverse=True)
    ours = next(ms for ms, name in rows if name.startswith("cqlcrawl"))
    for y, (ms, name) in enumerate(rows):
        color = OURS if name.startswith("cqlcrawl") else FLOOR if name.startswith("null") else PEER
        ax.barh(y, ms, color=color, height=0.62)
        times = "" if name.startswith(("cqlcrawl", "null")) else f"   {number(round(ms / ours))} x"
        ax.text(ms * 1.08, y, f"{ms:.2f} ms{times}" if ms < 10 else f"{ms:,.0f} ms{times}", va="center", color=color)
    ax.set_yticks(range(len(rows)), [name for _, name in rows])
    ax.set(xscale="log", xlim=(None, max(ms for ms, _ in rows) * 12))
    plain(ax.xaxis)
    ax.grid(False, axis="y")
    titled(ax, "CPU for one more cluster, real Cassandra 5.0, all of it as JSON", "CPU, ms (logarithmic)", "")


def latency(data, ax):
    points = sorted((int(ms), v) for ms, v in data["latency"].items())
    names = {"one": ("cqlcrawl", OURS, 2), "known one": ("read before", OURS, 1), "null": ("null client", FLOOR, 2)}
    for name in dict.fromkeys(name for _, v in points for name in v):
        if name in ("all", "known all", "null all"):
            continue
        label, color, width = names.get(name, (name, PEER, 1.2))
        line = [(ms, v[name]) for ms, v in points if v.get(name)]
        ax.plot(*zip(*line), "o-", color=color, lw=width, alpha=1 if name in names else 0.6)
        ax.annotate(label, line[-1], textcoords="offset points", xytext=(6, -9 if name == "null" else 1), color=color)
    ax.set(yscale="log", xlim=(0, max(ms for ms, _ in points) * 1.3))
    plain(ax.yaxis)
    titled(ax, "One cluster over a distance", "round trip, ms", "time, ms (logarithmic)")


PLOTS = {"sizes": (sizes, (6.4, 4.4)), "in_flight": (in_flight, (6.4, 4.4)), "peers": (peers, (8.4, 4.8)),
         "latency": (latency, (6.4, 4.8))}


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        result = json.load(f)
    about = result["machine"]
    plt.rcParams.update(STYLE)
    for name, (draw, size) in PLOTS.items():
        if not result["data"].get(name):
            continue
        figure, ax = plt.subplots(figsize=size)
        draw(result["data"], ax)
        figure.supxlabel(f"{about['date']} · {about['processor']} · Linux {about['kernel']} · {about['cqlcrawl']}",
                         fontsize=7, color="#868e96", x=0.99, ha="right")
        path = os.path.join(sys.argv[2], name.replace("_", "-") + ".svg")
        figure.savefig(path, metadata={"Date": None})
        print(path)


main()
