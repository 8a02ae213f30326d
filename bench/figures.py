"""What the measurements come to: ratios, whether the targets are met, a table for people and JSON for the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.table import Table

from bench.archive import Speeds

RIVALS = {"naive": ("naive",), "rclone": ("rclone x4", "rclone x8")}
"""Whom the ratios are about. Where several are named, the one that was fastest counts."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure has to reach."""

    key: str
    limit: float
    at_least: bool

    def met(self, value: float) -> bool:
        """Whether a value is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'at least' if self.at_least else 'at most'} {self.limit:g}"


TARGETS = (
    Target("ratio_naive_4", 1.3, at_least=True),
    Target("ratio_naive_32", 1.3, at_least=True),
    Target("ratio_rclone_32", 1.0, at_least=True),
    Target("rss_growth_mib", 64, at_least=False),
    Target("dataverse_calls_per_recording", 1.1, at_least=False),
    Target("backlog_cost_ratio", 1.15, at_least=False),
    Target("backlog_wrong", 0, at_least=False),
    Target("recovery_dataverse_calls", 150, at_least=False),
    Target("recovery_memory_mib", 200, at_least=False),
    Target("console_longest_first_paint_seconds", 1, at_least=False),
    Target("console_longest_search_seconds", 1, at_least=False),
)


def figures(speeds: Sequence[Speeds], rss_growth_mib: float | None, calls: float | None) -> dict[str, Any]:
    """Put the report together; what was not measured is None."""
    report: dict[str, Any] = {f"ratio_{rival}_{size}": None for rival in RIVALS for size in (4, 32)}
    for one in speeds:
        for rival, names in RIVALS.items():
            report[f"ratio_{rival}_{one.label.split()[0]}"] = round(median(one.ratios(one.best(names))), 2)
    report["rss_growth_mib"] = None if rss_growth_mib is None else round(rss_growth_mib, 1)
    report["dataverse_calls_per_recording"] = None if calls is None else round(calls, 3)
    report |= {"backlog_cost_ratio": None, "backlog_wrong": None}
    report |= {"recovery_dataverse_calls": None, "recovery_memory_mib": None}
    report |= {"console_longest_first_paint_seconds": None, "console_longest_search_seconds": None}
    report["mib_s"] = {
        name: {one.label: round(median(one.by_contender[name]), 1) for one in speeds}
        for name in (speeds[0].by_contender if speeds else ())
    }
    return report


def speed_table(speeds: Sequence[Speeds]) -> Table:
    """Show every contender: median, least and most, and how ours compares."""
    table = Table(title="Archive step, MiB/s: median (least-most)", title_justify="left")
    table.add_column("")
    for one in speeds:
        table.add_column(one.label, justify="right")
        table.add_column("ours against it", justify="right")
    for name in speeds[0].by_contender:
        cells: list[str] = []
        for one in speeds:
            ratio = "" if name == "ours" else _spread(one.ratios(name), 2)
            cells += [_spread(one.by_contender[name], 0), ratio]
        table.add_row(name, *cells)
    start_up = median([seconds for one in speeds for seconds in one.rclone_start_up])
    table.caption = f"rclone takes {start_up:.2f} s for one file of 1 KiB; nothing is subtracted for it"
    return table


def target_table(report: Mapping[str, Any]) -> Table:
    """Show what was to be reached, and what was."""
    table = Table(title="Targets", title_justify="left")
    for heading in ("", "measured", "target", ""):
        table.add_column(heading, justify="left" if heading == "" else "right")
    for key, value, target in _judged(report):
        verdict = "" if target is None or value is None else "met" if target.met(value) else "MISSED"
        table.add_row(key, "not measured" if value is None else f"{value:g}", str(target or ""), verdict)
    return table


def _judged(report: Mapping[str, Any]) -> Iterator[tuple[str, float | None, Target | None]]:
    targets = {target.key: target for target in TARGETS}
    for key, value in report.items():
        if not isinstance(value, dict):
            yield key, value, targets.get(key)


def _spread(values: Sequence[float], digits: int) -> str:
    least, most = min(values), max(values)
    middle = f"{median(values):.{digits}f}"
    return middle if len(values) == 1 else f"{middle} ({least:.{digits}f}-{most:.{digits}f})"
