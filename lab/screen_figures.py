"""The numbers of `make screen-demo`, put together from what was found."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table

from lab.screen_check import ScreenFindings
from lab.screen_rounds import Repair, Round
from lab.screen_truth import Key, TrueSession

TARGETS = {"start_latency_p95_seconds": 1.0, "repair_seconds": 15.0}

type Latencies = Mapping[Key, tuple[float, float]]
"""Seconds from the webhook, and from the ringing, to the first picture."""


def figures(
    truth: Sequence[TrueSession],
    findings: ScreenFindings,
    latencies: Latencies,
    rounds: Mapping[str, Round],
    repair: Repair | None,
) -> dict[str, Any]:
    """Put the report together: everything, then each option for itself, then the withheld webhooks."""
    told = {one.key: one for one in truth if repair is None or one.conversation_id != repair.conversation}
    report = _counts(findings, latencies, told.keys()) | {"archived_by": findings.archived_by}
    report["sessions"], report["kept"], report["deleted"] = (
        findings.sessions,
        len(findings.kept),
        len(findings.deleted),
    )
    report["left_in_staging"] = len(findings.left_in_staging)
    for name, played in rounds.items():
        keys = {one.key for one in truth if one.conversation_id in played.conversations}
        report[name] = _counts(findings, latencies, keys) | {
            "killed": played.victim,
            "seconds_to_finish": played.seconds_to_finish,
        }
    if repair is not None:
        report["repair"] = {"start_seconds": repair.start_seconds, "stop_seconds": repair.stop_seconds}
    report["problems"] = [*(f"{key[0]}: {what}" for key, what in findings.wrong_length.items()), *findings.problems]
    report["within_targets"] = within_targets(report)
    return report


def within_targets(report: Mapping[str, Any]) -> dict[str, bool]:
    """Say which targets were met."""
    latency, repair = report["start_latency_p95_seconds"], report.get("repair")
    met = {
        "start_latency_p95_seconds": latency is not None and latency <= TARGETS["start_latency_p95_seconds"],
        "missing": report["missing"] == 0,
    }
    if repair is not None:
        met["repair_seconds"] = all(one is not None and one <= TARGETS["repair_seconds"] for one in repair.values())
    return met


def table(report: Mapping[str, Any]) -> Table:
    """Lay the report out for a terminal."""
    names = [name for name in ("option1", "option2") if name in report]
    shown = Table(title="What has become of the screens", title_justify="left")
    shown.add_column("")
    for name in ("all", *names):
        shown.add_column(name, justify="right")
    for key in ("sessions", "kept", "deleted", "missing", "wrong_length", "duplicates", "start_latency_p95_seconds"):
        shown.add_row(key.replace("_", " "), str(report[key]), *(str(report[name][key]) for name in names))
    return shown


def p95(values: Iterable[float]) -> float | None:
    """Return the 95th percentile: of few values the largest."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 3) if ordered else None


def _counts(findings: ScreenFindings, latencies: Latencies, keys: Iterable[Key]) -> dict[str, Any]:
    wanted = set(keys)
    heard = [latencies[key][0] for key in wanted if key in latencies]
    rung = [latencies[key][1] for key in wanted if key in latencies]
    return {
        "sessions": len(wanted),
        "kept": sum(key in wanted for key in findings.kept),
        "deleted": sum(key in wanted for key in findings.deleted),
        "missing": sum(key in wanted for key in findings.missing),
        "wrong_length": sum(key in wanted for key in findings.wrong_length),
        "duplicates": sum(key in wanted for key in findings.duplicates),
        "start_latency_p50_seconds": round(sorted(heard)[len(heard) // 2], 3) if heard else None,
        "start_latency_p95_seconds": p95(heard),
        "start_latency_max_seconds": round(max(heard), 3) if heard else None,
        "ringing_to_first_picture_p95_seconds": p95(rung),
        "starts_measured": len(heard),
    }
