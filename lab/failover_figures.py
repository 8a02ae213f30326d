"""The figures of a failover run: how long the role was nobody's, and whether that is what was promised."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.table import Table

from lab.check import Findings

TARGETS = {"crash_p50": 14.0, "crash_max": 18.5, "handover_max": 2.0}
"""What the design promises, in seconds."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """One change of role: who had it, who has it now, and how long it took to the first poll."""

    was: str
    now: str
    seconds: float


def figures(crashes: Sequence[Takeover], handovers: Sequence[Takeover], findings: Findings) -> dict[str, Any]:
    """Put the report together; a figure of nothing is None."""
    crash = [one.seconds for one in crashes]
    handover = [one.seconds for one in handovers]
    measured = {
        "crash_p50": round(statistics.median(crash), 2) if crash else None,
        "crash_max": max(crash, default=None),
        "handover_max": max(handover, default=None),
    }
    return {
        "crash_seconds": crash,
        "handover_seconds": handover,
        **measured,
        "within_targets": {name: value is not None and value <= TARGETS[name] for name, value in measured.items()},
        "published": findings.published,
        "missing": len(findings.missing),
        "duplicates": len(findings.duplicates),
        "wrong_hashes": len(findings.hash_mismatches),
        "problems": findings.problems,
        "crashed": [one.was for one in crashes],
        "handed_over_by": [one.was for one in handovers],
    }


def table(numbers: dict[str, Any]) -> Table:
    """Lay the figures out for a terminal."""
    found = Table(title="From the event to the other node's first poll", title_justify="left", box=box.SIMPLE_HEAD)
    for title in ("", "measured", "target", ""):
        found.add_column(title, justify="right" if title else "left")
    for name, target in TARGETS.items():
        value, kept = numbers[name], numbers["within_targets"][name]
        found.add_row(name.replace("_", " "), f"{value} s", f"{target} s", "kept" if kept else "MISSED")
    for name in ("published", "missing", "duplicates", "wrong_hashes"):
        found.add_row(name.replace("_", " "), str(numbers[name]), "", "")
    return found
