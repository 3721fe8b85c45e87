# SPDX-License-Identifier: Apache-2.0
"""Interleaved rounds: floor, A, B, ..., floor, over and over, so that what the machine does meanwhile meets all alike.

The floor is run once more at the end of every round. Its cost in the first and the last round says whether the machine
stood still: beyond DRIFT nothing is concluded.
"""
from figures import Spread, drift, slope
from measure import Failed, run

DRIFT = 0.15


class Job:
    """client over ns clusters each; of a peer a failure is kept and told, of ours it ends the part."""

    def __init__(self, client, ns, mode="seq", may_fail=False, share=1):
        self.client, self.ns, self.mode, self.may_fail = client, list(ns), mode, may_fail
        self.share = share  # run in every share-th round only: slow peers
        self.name = f"{client.name}/{mode}"


class Rounds:
    def __init__(self, bench, targets, jobs, rounds=None):
        self.bench, self.targets, self.jobs = bench, targets, jobs
        self.costs = {job.name: [] for job in jobs}
        self.failures, self.floor = {}, []
        for number in range(rounds or bench.rounds):
            self.round(number)

    def round(self, number):
        first = self.jobs[0]
        for job in self.jobs:
            if number % job.share == 0:
                self.one(job)
        costs = [self.run(first, first.ns[-1]) for _ in range(2)]
        self.floor.append(min(c.cpu / c.n for c in costs))

    def run(self, job, n):
        command, env = job.client(self.targets, job.mode, n)
        return run(self.bench.programs, self.bench.machine, command, n, env, getattr(job.client, "allowed", (0,)))

    def one(self, job):
        try:
            self.costs[job.name].append({n: self.run(job, n) for n in job.ns})
        except Failed as why:
            if not job.may_fail:
                raise
            self.failures[job.name] = str(why)
        self.bench.tick(job.name)

    def drift(self):
        return drift(self.floor[0], self.floor[-1])

    def is_unsure(self):
        """Why nothing can be concluded, or None."""
        if len(self.floor) < 2 or self.drift() <= DRIFT:
            return None
        return f"the floor drifted by {self.drift():.0%} between the first and the last round"

    def has(self, name):
        return bool(self.costs.get(name))

    def marginal(self, name):
        """CPU milliseconds of one more cluster, in each round."""
        return [1e3 * slope([(n, c.cpu) for n, c in costs.items()]) for costs in self.costs[name]]

    def each(self, name, figure):
        """figure(cost of the largest n) in each round"""
        return [figure(costs[max(costs)]) for costs in self.costs[name]]

    def above(self, name, floor):
        """What a client costs over a floor, round by round."""
        return Spread([a - b for a, b in zip(self.marginal(name), self.marginal(floor))])

    def ratio(self, name, ours):
        """How many times ours a client costs, round by round."""
        return Spread([a / b for a, b in zip(self.marginal(name), self.marginal(ours)) if b > 0])
