"""The numbers of `make bench-webhooks`: how fast events are acknowledged, and whether an acknowledged one was lost."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from lab.webhook_load import Sent

TARGET_P99_MS = 50.0
"""Of the acknowledgement in the calm part."""

type Told = Mapping[str, Mapping[str, Any]]
"""What a node knows of the sessions, by their ids."""


@dataclass(frozen=True, slots=True)
class Applied:
    """How many acknowledged events have had their effect: at some node, and at both."""

    somewhere: int
    everywhere: int
    lost: tuple[str, ...]


def read_results(file: Path) -> list[Sent]:
    """Read what the sender has written."""
    return [Sent(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def acknowledged(sent: Iterable[Sent]) -> list[Sent]:
    """The events that were answered with 2xx."""
    return [one for one in sent if 200 <= one.status < 300]


def applied(sent: Iterable[Sent], nodes: Collection[Told]) -> Applied:
    """Compare acknowledged events with what the nodes know: each must have left its time in its session."""
    counts = {(one.session_id, one.moment): sum(_knows(node, one) for node in nodes) for one in acknowledged(sent)}
    return Applied(
        sum(count > 0 for count in counts.values()),
        sum(count == len(nodes) for count in counts.values()),
        tuple(f"{session} {moment}" for (session, moment), count in counts.items() if count == 0),
    )


def figures(
    cold: Sequence[Sent], calm: Sequence[Sent], loaded: Sequence[Sent], done: Applied, seconds: float | None
) -> dict[str, Any]:
    """Put the report together; `seconds` is how long it took after the last event until all were applied."""
    cold_ms, calm_ms, loaded_ms = (
        sorted(one.latency_ms for one in acknowledged(part)) for part in (cold, calm, loaded)
    )
    everything = [*cold, *calm, *loaded]
    told = len(acknowledged(everything))
    return {
        "rps": _rate(calm),
        "p50_ms": _at(calm_ms, 0.5),
        "p99_ms": _at(calm_ms, 0.99),
        "cold_p50_ms": _at(cold_ms, 0.5),
        "cold_p99_ms": _at(cold_ms, 0.99),
        "sent": len(everything),
        "acknowledged": told,
        "applied": done.somewhere,
        "applied_at_both": done.everywhere,
        "lost": told - done.somewhere,
        "refused": len(everything) - told,
        "loaded_rps": _rate(loaded),
        "loaded_p50_ms": _at(loaded_ms, 0.5),
        "loaded_p99_ms": _at(loaded_ms, 0.99),
        "sent_again": sum(one.attempts > 1 for one in everything),
        "answers": {str(status): count for status, count in sorted(Counter(one.status for one in everything).items())},
        "latest_start_ms": round(max((one.late_ms for one in everything), default=0.0), 1),
        "seconds_until_applied": seconds,
        "lost_events": list(done.lost[:20]),
    }


def good(report: Mapping[str, Any]) -> bool:
    """Whether no acknowledged event was lost and the acknowledgement was fast enough."""
    return report["lost"] == 0 and report["p99_ms"] is not None and report["p99_ms"] <= TARGET_P99_MS


def table(report: Mapping[str, Any]) -> Table:
    """Lay the report out for a terminal."""
    shown = Table(title="What has become of the webhooks", title_justify="left", show_header=False)
    shown.add_column()
    shown.add_column(justify="right")
    for key, value in report.items():
        if isinstance(value, list):
            continue
        text = ", ".join(f"{name}: {count}" for name, count in value.items()) if isinstance(value, dict) else str(value)
        shown.add_row(key.replace("_", " "), text)
    return shown


def _knows(node: Told, one: Sent) -> bool:
    told = node.get(one.session_id, {}).get(one.moment)
    return told is not None and datetime.fromisoformat(told) == datetime.fromisoformat(one.at)


def _rate(part: Sequence[Sent]) -> float | None:
    told = acknowledged(part)
    if not told:
        return None
    ends = max(one.due + one.latency_ms / 1000 for one in told)
    return round(len(told) / ends, 1) if ends else None


def _at(ordered: Sequence[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1) if ordered else None
