# SPDX-License-Identifier: Apache-2.0
"""What a part says: lines of what was measured against a target and a floor, as text, Markdown and JSON."""
from figures import Spread

MET, MISSED, OPEN, SAID = "met", "missed", "no conclusion", "-"
BELOW = "below the floor of this machine"  # the target is: nobody who does this work here could meet it


class Line:
    def __init__(self, what, target="", measured="", floor="", verdict=SAID, note="", value=None, limit=None, unit=""):
        self.what, self.target, self.measured, self.floor = what, target, measured, floor
        self.verdict, self.note, self.value, self.limit, self.unit = verdict, note, value, limit, unit
        self.part = ""

    def cells(self):
        return [self.what, self.target, self.measured, self.floor, self.verdict + (f"; {self.note}" if self.note
                                                                                   else "")]

    @classmethod
    def from_json(cls, saved):
        line = cls(saved["what"])
        line.__dict__.update(saved)
        return line

    def json(self):
        value = self.value
        if isinstance(value, Spread):
            value = {"median": value.median, "low": value.low, "high": value.high, "rounds": value.n}
        return {**self.__dict__, "value": value}


def keeps(value, limit, sense):
    return value <= limit if sense == "<=" else value >= limit


def missed(value, limit, sense, least):
    """How far off: of the target, or where the floor (`least`, a Spread) does not keep it in its best round, of the
    floor."""
    if least and least.low > 0 and not keeps(least.low if sense == "<=" else least.high, limit, sense):
        return f"{BELOW}: {max(value / least.median, least.median / value):.1f} times the floor"
    off = value / limit - 1 if limit else value
    if abs(off) > 3 and limit:
        return f"{MISSED} {value / limit:.1f} times the target"
    return f"{MISSED} by {abs(off):.{0 if abs(off) > 0.1 else 1}%}" if limit else MISSED


def judged(what, value, limit, unit="", sense="<=", floor="", note="", form="{:.3g}", target=None, least=None):
    """A line with a limit: the median decides, and how far off it is is said. least: what the floor takes of the same
    thing in the same unit, where there is one (a Spread or a number)."""
    spread = value if isinstance(value, Spread) else Spread([value])
    least = least if isinstance(least, Spread) or least is None else Spread([least])
    verdict = MET if keeps(spread.median, limit, sense) else missed(spread.median, limit, sense, least)
    sign = {"<=": "≤", ">=": "≥"}[sense]
    return Line(what, target or f"{sign} {limit:g} {unit}".strip(), f"{spread.text(form)} {unit}".strip(), floor,
                verdict, note, spread, limit, unit)


def told(what, value, unit="", floor="", note="", form="{:.3g}"):
    """A line without a target."""
    spread = value if isinstance(value, Spread) or value is None else Spread([value])
    text = "" if spread is None else f"{spread.text(form)} {unit}".strip()
    return Line(what, "", text, floor, SAID, note, spread, None, unit)


def missing(what, why, target=""):
    return Line(what, target, "not measured", "", OPEN, why)


def unsure(line, why):
    line.verdict, line.note = OPEN, (line.note + "; " if line.note else "") + why
    return line


HEAD = ["what", "target", "measured", "floor of the same run", "verdict"]


def text_table(parts):
    """The lines of [(title, lines)] as columns for a terminal."""
    rows = [HEAD] + [line.cells() for _, lines in parts for line in lines]
    widths = [min(max(len(row[i]) for row in rows), 56) for i in range(len(HEAD))]
    out = ["  ".join(h.ljust(w) for h, w in zip(HEAD, widths)).rstrip()]
    for title, lines in parts:
        out.append(f"\n{title}")
        out += ["  ".join(c.ljust(w) for c, w in zip(line.cells(), widths)).rstrip() for line in lines]
    return "\n".join(out)


def markdown(parts, machine, command):
    """Everything that goes into bench/README.md between its marks."""
    verdicts = [line.verdict for _, lines in parts for line in lines]
    n = {kind: sum(v.startswith(kind) for v in verdicts) for kind in (MET, MISSED, BELOW, OPEN)}
    out = [f"{machine['date']}, `{command}`. {machine['text']}", "",
           f"{n[MET]} targets met, {n[MISSED]} missed, {n[BELOW]} below the floor of this machine, {n[OPEN]} without a "
           "conclusion.", ""]
    for title, lines in parts:
        out += [f"### {title}", "", "| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
        out += ["| " + " | ".join(c.replace("|", "\\|") for c in line.cells()) + " |" for line in lines] + [""]
    return "\n".join(out)
