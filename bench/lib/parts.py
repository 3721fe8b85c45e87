# SPDX-License-Identifier: Apache-2.0
"""The parts of the bench in their order: each measures one or a few lines of the table of targets."""
import cost
import fleet
import memory
import peers
import wire


class Part:
    def __init__(self, name, title, run, is_quick=True):
        self.name, self.title, self.run, self.is_quick = name, title, run, is_quick


ALL = [
    Part("cpu-sim", "CPU per cluster, marginal, simulated cluster", cost.on_sim),
    Part("cpu-real", "CPU per cluster, marginal, real Cassandra 5.0", cost.on_real, False),
    Part("peers", "Peers on a real Cassandra 5.0, records written as JSON by all", peers.compare, False),
    Part("at-once", "50 at once, one real server", peers.at_once, False),
    Part("process", "One crawl as a whole process, to a file", cost.process),
    Part("rate", "Clusters per second and core, simulated clusters", fleet.rate),
    Part("large", "One large cluster: 5,000 tables, 75,000 columns", fleet.large),
    Part("growth", "Growth", fleet.growth),
    Part("fleet", "100,000 reference clusters", fleet.hundred_thousand),
    Part("flight", "1,000 in flight", fleet.flight),
    Part("held", "A session that is held", memory.held),
    Part("allocations", "Allocations", memory.allocations),
    Part("waits", "Waits in a row, connections, requests: counted by the server", wire.waits),
    Part("wire", "The same on a real Cassandra 5.0, read off the loopback", wire.on_real, False),
    Part("latency", "Latency: 1, 20 and 80 ms", wire.latency),
    Part("unchanged", "An unchanged cluster again", wire.unchanged),
]
