"""The pair at a glance, from this node's store and what both have said: it works with the other node down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from capture.console.status import Status
from capture.errors import CaptureError
from capture.events import Event
from capture.model.time_text import text_of
from capture.ports import Alarm, Alarms, Queue, Reigns

_MOST_REIGNS = 50
_MOST_ALARMS = 50
_LATE_SECONDS = 300
_KINDS = {
    "seat": Event.AGENT_WITHOUT_WORKSTATION,
    "doubled": Event.WORKSTATIONS_DOUBLED,
    "long": Event.LONG_CALL,
    "incomplete": Event.SCREEN_INCOMPLETE,
}
"""By what the key of an alarm begins with; all others are of a desktop that could not record."""


class PairAlarm(StrEnum):
    """What the figures of the pair may say to a person; docs/operations.md says what to do."""

    NOBODY_ACTIVE = "nobody_active"
    TWO_ACTIVE = "two_active"
    NODE_SILENT = "node_silent"
    RECORDINGS_PARKED = "recordings_parked"
    SECOND_COPIES = "second_copies"
    OUTBOX_WAITS = "outbox_waits"
    LAG_GROWS = "lag_grows"


@dataclass(frozen=True, slots=True)
class Glance:
    """Composes what the top of the console shows. `peer_queue` is asked only while the peer's region answers."""

    status: Status
    reigns: Reigns
    alarms: Alarms
    peer_queue: Queue
    peer_rests: Callable[[], bool]
    lookback_seconds: float

    def read(self) -> dict[str, Any]:
        """Read everything afresh. Times are UTC in ISO 8601, ages and lags in seconds, counts of the last 24 hours."""
        own = self.status.read()
        now = self.status.clock.now()
        nodes = [self._own(own), self._peer(own, now)]
        active = [node["node"] for node in nodes if node["role"] == "ACTIVE"]
        return {
            "node": own["node"],
            "source": own["source"],
            "at": own["at"],
            "active": active[0] if len(active) == 1 else None,
            "nodes": sorted(nodes, key=lambda node: str(node["node"])),
            "reigns": [
                {"epoch": reign.epoch, "node": reign.node, "began_at": text_of(reign.began_at)}
                for reign in reversed(self.reigns.latest(_MOST_REIGNS))
            ],
            "hours": self.status.hours(now),
            "parked": own["parked"],
            "second_copies": own["second_copies"],
            "outstanding": own["outstanding"],
            "outbox": own["outbox"],
            "last_error": own["last_error"],
            "alarms": [*self._derived(own, nodes, active), *self._raised()],
        }

    def _own(self, own: dict[str, Any]) -> dict[str, Any]:
        beat = own["heartbeat"] or {}
        return {
            "node": own["node"],
            "role": own["role"],
            "epoch": own["epoch"],
            "last_heartbeat": beat.get("last_heartbeat"),
            "age_seconds": beat.get("age_seconds"),
            "lag_seconds": own["lag_seconds"],
            "archived": own["archived"].get(own["node"], 0),
            "queued": own["outstanding"]["queued"],
        }

    def _peer(self, own: dict[str, Any], now: datetime) -> dict[str, Any]:
        said = own["peer"]
        reading = self.status.presence.peer()
        mark = reading[0].watermark if reading is not None else None
        silent = said.get("role") == "SILENT"
        return {
            "node": said["node"],
            "role": said.get("role", "UNKNOWN"),
            "epoch": said.get("epoch", 0),
            "last_heartbeat": said.get("last_heartbeat"),
            "age_seconds": said.get("age_seconds"),
            "lag_seconds": round((now - mark.low).total_seconds()) if mark is not None and not silent else None,
            "archived": own["archived"].get(said["node"], 0),
            "queued": self._queued(),
        }

    def _queued(self) -> int | None:
        if self.peer_rests():
            return None
        try:
            return self.peer_queue.length()
        except CaptureError:
            return None

    def _raised(self) -> list[dict[str, Any]]:
        return [
            {"name": _kind(alarm).value, "at": text_of(alarm.at), "text": alarm.text}
            for alarm in self.alarms.listed(_MOST_ALARMS)
        ]

    def _derived(self, own: dict[str, Any], nodes: list[dict[str, Any]], active: list[str]) -> list[dict[str, Any]]:
        """Say what follows from the figures."""
        at = own["at"]
        found: list[tuple[PairAlarm, str]] = []
        if len(active) != 1:
            name = PairAlarm.TWO_ACTIVE if active else PairAlarm.NOBODY_ACTIVE
            found.append((name, "not exactly one node calls itself ACTIVE"))
        found += [(PairAlarm.NODE_SILENT, f"{node['node']}: no heartbeat") for node in nodes if _is_absent(node)]
        if own["parked"]:
            found.append((PairAlarm.RECORDINGS_PARKED, f"{own['parked']} recordings or messages wait for a person"))
        if own["second_copies"]:
            found.append((PairAlarm.SECOND_COPIES, f"{own['second_copies']} recordings are archived twice"))
        if own["outbox"]["oldest_seconds"] > _LATE_SECONDS:
            found.append(
                (PairAlarm.OUTBOX_WAITS, f"the peer has not been told for {own['outbox']['oldest_seconds']} s")
            )
        if (own["lag_seconds"] or 0) > self.lookback_seconds + _LATE_SECONDS:
            found.append((PairAlarm.LAG_GROWS, f"the low watermark is {own['lag_seconds']} s old"))
        return [{"name": name.value, "at": at, "text": text} for name, text in found]


def _kind(alarm: Alarm) -> Event:
    return _KINDS.get(alarm.key.partition(" ")[0], Event.SCREEN_FAILED)


def _is_absent(node: dict[str, Any]) -> bool:
    return node["role"] in ("SILENT", "UNKNOWN")
