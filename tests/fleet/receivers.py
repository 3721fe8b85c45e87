# SPDX-License-Identifier: Apache-2.0
"""Into real programs: nginx with a small client_max_body_size in front of the receiver (413 by
nginx itself, and 502 while the receiver is away), and toxiproxy between (latency, bandwidth,
reset_peer, limit_data, slow_close, timeout), changed while the crawl runs."""
import json
import os
import threading
import time
import urllib.request

import delivery
import fleet
from receiver import Receiver

CLUSTERS = 200
NGINX = """worker_processes 1; pid {at}/pid; error_log {at}/error.log; daemon off;
{user}
events {{ worker_connections 256; }}
http {{
  access_log {at}/access.log; client_body_temp_path {at}/body; proxy_temp_path {at}/proxy;
  fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;
  keepalive_timeout 2s; keepalive_requests 20;
  server {{ listen {listen}; client_max_body_size 100k;
    location / {{ proxy_pass {upstream}; proxy_connect_timeout 2s; }} }} }}
"""
TOXICS = (  # (type, stream, attributes, toxicity)
    ("latency", "downstream", {"latency": 30, "jitter": 20}, 1.0),
    ("bandwidth", "upstream", {"rate": 20000}, 1.0),
    ("reset_peer", "downstream", {"timeout": 50}, 0.3),
    ("reset_peer", "upstream", {"timeout": 50}, 0.3),
    ("limit_data", "upstream", {"bytes": 200000}, 0.5),
    ("limit_data", "downstream", {"bytes": 40}, 0.3),
    ("slow_close", "downstream", {"delay": 300}, 1.0),
    ("timeout", "downstream", {"timeout": 300}, 0.3),
)
TOXIC_S = 0.3
RATE = "50/s"  # clusters begun per second: long enough for each toxic to have its turn
BATCH_RECORDS = 150


def ask(url, method="GET", body=None):
    request = urllib.request.Request(url, method=method,
                                     data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return answer.read()


def until_up(url, seconds=20):
    end = time.monotonic() + seconds
    while True:
        try:
            return ask(url)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def into(checks, folder, plain, title, url, receiver, meanwhile=None, options=()):
    """One run into `url`, which leads to the receiver; the counts must agree."""
    sink = {"type": "ndjson", "url": url, "batch_records": BATCH_RECORDS}
    config = folder.write(title + ".yaml", fleet.configuration(
        {"all": ({}, {f"c-{i:03}": [t] for i, t in enumerate(plain.targets)})}, [sink]))
    metrics = folder.at(title + ".prom")
    over = threading.Event()
    other = threading.Thread(target=meanwhile, args=(over,)) if meanwhile else None
    if other:
        other.start()
    try:
        run = fleet.crawl(folder, title, "--config", config, "--metrics-file", metrics,
                          "--memory-max", "64M", *options)
    finally:
        over.set()
        if other:
            other.join()
    checks.that(f"{title}: every cluster is complete and delivered", run.status == 0
                and run.summary.get("complete") == CLUSTERS, (run.status, run.log[-800:]))
    stats = receiver.stats()
    delivery.check_counts(checks, title, run, stats, metrics)
    print(f"   {title}: {run.seconds:.1f} s, {stats['records']['distinct']} records, "
          f"{stats['records']['duplicates_same_key']} duplicates under their own key")
    return run


def through_nginx(checks, folder, plain):
    listen = "127.74.100.1:18090"
    os.makedirs(folder.at("nginx"), exist_ok=True)
    with Receiver(fleet.RECEIVER, folder.path, "127.74.100.2", store=False) as receiver:
        upstream = receiver.url.rstrip("/")
        user = "user root;" if os.geteuid() == 0 else ""
        conf = folder.write("nginx.conf", NGINX.format(at=folder.at("nginx"), listen=listen,
                                                       upstream=upstream, user=user))
        with fleet.Program(folder, "nginx", [os.environ["FLEET_NGINX"], "-c", conf, "-p",
                                             folder.at("nginx"), "-e",
                                             folder.at("nginx/error.log")],
                           folder.at("nginx/pid")):
            receiver_away = threading.Timer(1.0, lambda: receiver.outage(1500))
            receiver_away.start()
            into(checks, folder, plain, "nginx", f"http://{listen}/ingest", receiver)
            receiver_away.cancel()
    with open(folder.at("nginx/access.log"), encoding="utf-8") as f:
        codes = [line.split('"')[2].split()[0] for line in f]
    seen = {code: codes.count(code) for code in sorted(set(codes))}
    checks.that(f"nginx: it refused bodies that were too large: {seen}", seen.get("413", 0) > 0, seen)
    checks.that("nginx: the receiver was away for a while", seen.get("502", 0) > 0, seen)


def through_toxiproxy(checks, folder, plain):
    api, listen = "http://127.74.101.1:18474", "127.74.101.2:18475"
    with Receiver(fleet.RECEIVER, folder.path, "127.74.101.3", store=False) as receiver, \
            fleet.Program(folder, "toxiproxy", [os.environ["FLEET_TOXIPROXY"], "-host",
                                                "127.74.101.1", "-port", "18474"]):
        until_up(api + "/version")
        upstream = receiver.url.split("//")[1].split("/")[0]
        ask(api + "/proxies", "POST", {"name": "sink", "listen": listen, "upstream": upstream,
                                       "enabled": True})
        seen = []

        def change(over):
            n = 0
            while not over.is_set():
                kind, stream, attributes, toxicity = TOXICS[n % len(TOXICS)]
                name = f"t{n}"
                ask(api + "/proxies/sink/toxics", "POST",
                    {"name": name, "type": kind, "stream": stream, "toxicity": toxicity,
                     "attributes": attributes})
                over.wait(TOXIC_S)
                ask(f"{api}/proxies/sink/toxics/{name}", "DELETE")
                seen.append(kind)
                n += 1

        into(checks, folder, plain, "toxiproxy", f"http://{listen}/ingest", receiver, change,
             ("--rate", RATE))
        checks.that(f"toxiproxy: {len(seen)} changes while it ran", set(seen) >= {t[0] for t in TOXICS}, seen)


def run(checks, folder, long):
    with fleet.Clusters(folder, "plain", "127.74.0.1:19042", "--clusters", str(CLUSTERS),
                        "--schemas", "16", "--fault", "latency=200") as plain:
        through_nginx(checks, folder, plain)
        through_toxiproxy(checks, folder, plain)
