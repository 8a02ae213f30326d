"""How a pair drains what has piled up while both nodes were down, and whether a larger backlog costs more each."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lab.check import check, unfinished
from lab.organisation import SOURCE
from lab.pair import NODES, Pair
from lab.waiting import TimeoutExpiredError

_SIZE = 16 * 1024
_A_DAY = 23 * 3600.0
_LOOK_SECONDS = 2.0
_MOST_SECONDS_A_RECORDING = 0.5
_WARM = 0.1
"""Part of a backlog after which its pace is measured: the start of two processes is no part of the drain."""


@dataclass(frozen=True, slots=True)
class Drain:
    """How one backlog went: (seconds since the nodes were started, downloads so far), and what was wrong at the end."""

    recordings: int
    points: tuple[tuple[float, int], ...]
    wrong: int

    @property
    def seconds_a_recording(self) -> float:
        """Wall time between the first tenth and the end, for each recording of it."""
        start, done = next(point for point in self.points if point[1] >= _WARM * self.recordings)
        end, total = self.points[-1]
        return (end - start) / (total - done)

    def rates(self, parts: int) -> list[float]:
        """Recordings per second in each of `parts` equal parts of the backlog."""
        bounds = [self._when(self.recordings * part / parts) for part in range(parts + 1)]
        return [self.recordings / parts / (end - start) for start, end in pairwise(bounds)]

    def _when(self, count: float) -> float:
        """Interpolate when so many recordings were there; the first point with a download counts as none."""
        before = self.points[0]
        for point in self.points:
            if point[1] >= count > 0:
                share = (count - before[1]) / max(1, point[1] - before[1])
                return before[0] + share * (point[0] - before[0])
            if point[1] > 0 and count == 0:
                return before[0]
            before = point
        return self.points[-1][0]


def measure(sizes: Sequence[int], tell: Callable[[str], None]) -> list[Drain]:
    """Let each backlog pile up over a day with both nodes down, then start them and watch; a pair for each."""
    return [_drain(size, tell) for size in sizes]


def figures(drains: Sequence[Drain], parts: int = 10) -> dict[str, Any]:
    """Give the cost of a recording in each backlog, the ratio of the largest's to the smallest's, and the pace."""
    costs = {str(drain.recordings): round(1000 * drain.seconds_a_recording, 2) for drain in drains}
    pace = {str(drain.recordings): [round(rate, 1) for rate in drain.rates(parts)] for drain in drains}
    return {
        "backlog_ms_per_recording": costs,
        "backlog_cost_ratio": round(drains[-1].seconds_a_recording / drains[0].seconds_a_recording, 3),
        "backlog_per_second": pace,
        "backlog_wrong": sum(drain.wrong for drain in drains),
    }


def _drain(recordings: int, tell: Callable[[str], None]) -> Drain:
    pair = Pair("bench-backlog", settings={"FIRST_LOOKBACK_HOURS": "24"}, tell=tell)
    try:
        pair.start_surroundings()
        pair.organisation.publish(
            recordings, recordings_per_call=1, size_bytes=_SIZE, created_ago_seconds=_A_DAY, spread_seconds=_A_DAY - 60
        )
        tell(f"{recordings} recordings wait, spread over a day")
        began = time.monotonic()
        pair.start_nodes()
        points = _watch(pair, recordings, began)
        stores = {name: pair.storage[name].connection_string for name in NODES}
        while left := unfinished(pair.organisation.published(hashes=False), stores):
            if time.monotonic() - began > _MOST_SECONDS_A_RECORDING * recordings + 120:
                raise TimeoutExpiredError(f"{left} of {recordings} recordings are not in both ledgers")
            time.sleep(_LOOK_SECONDS)
        findings = check(pair.organisation.published(), stores, SOURCE)
    finally:
        pair.stop()
    wrong = len(findings.missing) + len(findings.duplicates) + len(findings.hash_mismatches) + len(findings.problems)
    drain = Drain(recordings, points, wrong)
    tell(f"{recordings}: {1000 * drain.seconds_a_recording:.1f} ms a recording, {wrong} wrong")
    return drain


def _watch(pair: Pair, recordings: int, began: float) -> tuple[tuple[float, int], ...]:
    points = [(0.0, 0)]
    while points[-1][1] < recordings:
        if time.monotonic() - began > _MOST_SECONDS_A_RECORDING * recordings + 120:
            raise TimeoutExpiredError(f"{points[-1][1]} of {recordings} recordings were downloaded in time")
        time.sleep(_LOOK_SECONDS)
        points.append((time.monotonic() - began, pair.organisation.stats()["file_downloads"]))
    return tuple(points)
