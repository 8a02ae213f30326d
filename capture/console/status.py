"""What a node knows of itself and its peer, as JSON-ready values."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from capture.model.authority import Heartbeat
from capture.model.identity import NodeName
from capture.model.ledger import Tally
from capture.model.time_text import text_of
from capture.ports import Clock, Jobs, Ledger, Outbox, Queue, State
from capture.redundancy.presence import Presence

_COUNTED_HOURS = 24
_MOST_COUNTED = 10_000
"""Counting the outbox stops here: its age says more by then, and the answer stays quick."""
_FRESH, _STALE = 2.0, 600.0
"""Seconds for which a count is good: of this and the last hour, and of the hours before."""


@dataclass(frozen=True, slots=True)
class Status:
    """Composes the answer of `GET /api/status`."""

    version: str
    node: NodeName
    peer: NodeName
    source_name: str
    presence: Presence
    state: State
    ledger: Ledger
    jobs: Jobs
    outbox: Outbox
    screen_outbox: Outbox
    queue: Queue
    clock: Clock
    tick_seconds: float
    screens: Callable[[], dict[str, int]]
    _counted: dict[datetime, tuple[float, Tally]] = field(default_factory=dict, init=False)
    _counting: Lock = field(default_factory=Lock, init=False)

    def read(self) -> dict[str, Any]:
        """Read everything afresh. Times are UTC in ISO 8601, ages and lag in seconds; counts are of the last 24 hours.

        `lag_seconds` is the age of the low watermark: how far back the next ACTIVE node would begin.
        """
        now = self.clock.now()
        own = self.presence.own()
        peer = self.presence.peer()
        watermark = self.state.watermark()
        outstanding = self.jobs.outstanding()
        last_error = self.state.last_error()
        preference = self.state.preference()
        archived, second_copies = self._archived(now)
        return {
            "version": self.version,
            "node": self.node,
            "source": self.source_name,
            "at": text_of(now),
            "role": self._role(own),
            "epoch": own[0].epoch if own else 0,
            "preferred_by_person": preference.node if preference else None,
            "heartbeat": self._beat(own),
            "peer": {"node": self.peer, **(self._beat(peer) or {})},
            "low_watermark": text_of(watermark.low) if watermark else None,
            "lag_seconds": round((now - watermark.low).total_seconds()) if watermark else None,
            "outstanding": {
                "pending": outstanding.get(None, 0),
                "assigned": {node: count for node, count in outstanding.items() if node is not None},
                "queued": self.queue.length(),
            },
            "archived": archived,
            "second_copies": second_copies,
            "screens": self.screens(),
            "parked": len(self.state.parked()) + len(self.state.rejected()),
            "outbox": _waiting(self.outbox, now),
            "screen_outbox": _waiting(self.screen_outbox, now),
            "last_error": {"at": text_of(last_error[0]), "text": last_error[1]} if last_error else None,
        }

    def hours(self, now: datetime) -> list[dict[str, Any]]:
        """Count what each node has archived in each of the last 24 hours (by `created_on`, UTC), the oldest first."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        with self._counting:
            tallies = [
                (start, self._of_hour(start, _FRESH if hour - start <= timedelta(hours=1) else _STALE))
                for start in (hour - timedelta(hours=ago) for ago in reversed(range(_COUNTED_HOURS)))
            ]
        return [
            {"hour": text_of(start), **{node: tally.by_node.get(node, 0) for node in sorted({self.node, self.peer})}}
            for start, tally in tallies
        ]

    def _role(self, own: tuple[Heartbeat, float] | None) -> str:
        if own is None or own[1] > 3 * self.tick_seconds:
            return "UNKNOWN"  # the timer of this node does not tick
        return own[0].role.value

    def _beat(self, reading: tuple[Heartbeat, float] | None) -> dict[str, Any] | None:
        if reading is None:
            return None
        beat, age = reading
        silent = age > 3 * self.tick_seconds
        role = "SILENT" if silent else beat.role.value
        return {"last_heartbeat": text_of(beat.at), "age_seconds": round(age), "role": role, "epoch": beat.epoch}

    def _archived(self, now: datetime) -> tuple[dict[str, int], int]:
        """Count by the hour: what is long past hardly changes, so it is not counted again for a while."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        counts: Counter[NodeName] = Counter()
        second_copies = 0
        with self._counting:
            for start in (hour - timedelta(hours=ago) for ago in range(-1, _COUNTED_HOURS)):
                fresh = _FRESH if hour - start <= timedelta(hours=1) else _STALE
                tally = self._of_hour(start, fresh)
                counts.update(tally.by_node)
                second_copies += tally.second_copies
        by_node: dict[str, int] = {node: counts[node] for node in sorted({self.node, self.peer})}
        return {"total": counts.total(), **by_node}, second_copies

    def _of_hour(self, start: datetime, fresh: float) -> Tally:
        read = self._counted.get(start)
        if read is None or self.clock.monotonic() - read[0] >= fresh:
            end = start + timedelta(hours=1) - timedelta(microseconds=1)
            read = (self.clock.monotonic(), self.ledger.tally(start, end))
            self._counted[start] = read
            for old in [hour for hour in self._counted if hour < start - timedelta(hours=2 * _COUNTED_HOURS)]:
                del self._counted[old]
        return read[1]


def _waiting(outbox: Outbox, now: datetime) -> dict[str, int]:
    """Count what the peer could not be told, up to a bound, and say how long the oldest has waited."""
    since = outbox.since()
    if since is None:
        return {"waiting": 0, "oldest_seconds": 0}
    return {"waiting": outbox.count(_MOST_COUNTED), "oldest_seconds": round((now - since).total_seconds())}
