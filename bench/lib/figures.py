# SPDX-License-Identifier: Apache-2.0
"""Arithmetic of the bench: slopes, medians with their spread, ratios round by round, fits."""
import statistics


class Spread:
    """A median with the smallest and the largest of the rounds."""

    def __init__(self, values):
        values = sorted(values)
        self.n, self.low, self.high = len(values), values[0], values[-1]
        self.median = statistics.median(values)

    def times(self, k):
        return Spread([v * k for v in (self.low, self.median, self.high)])

    def plus(self, other):
        return Spread([self.low + other.low, self.median + other.median, self.high + other.high])

    def text(self, form="{:.3g}"):
        middle = form.format(self.median)
        if self.n == 1 or self.low == self.high:
            return middle
        return f"{middle} ({form.format(self.low)} to {form.format(self.high)})"


def slope(points):
    """Least squares: what one more of x costs, for [(x, y)]."""
    return line(points)[0]


def line(points):
    """(slope, intercept, r squared) of the least squares line through [(x, y)]."""
    n = len(points)
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    sxx = sum((x - mx) ** 2 for x, _ in points)
    if not sxx:
        raise ValueError("no slope through one x")
    k = sum((x - mx) * (y - my) for x, y in points) / sxx
    b = my - k * mx
    off = sum((y - k * x - b) ** 2 for x, y in points)
    all_off = sum((y - my) ** 2 for _, y in points)
    return k, b, 1 - off / all_off if all_off else 1.0


def power(points):
    """k of y = a * x^k: 1 is linear. Through the logarithms."""
    from math import log
    return slope([(log(x), log(y)) for x, y in points])


def paired(rounds_a, rounds_b, how):
    """how(a, b) in each round, as a Spread."""
    return Spread([how(a, b) for a, b in zip(rounds_a, rounds_b)])


def drift(first, last):
    return abs(last / first - 1)
