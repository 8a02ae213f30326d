"""How each day stands: its completed calls against what is archived, and a second count that shares nothing with it."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from capture.bodies import read_body
from capture.errors import Absent, Malformed
from capture.events import Event, emit
from capture.model.day import Closing, DayReport, merge_days
from capture.model.identity import ConversationId, NodeName
from capture.model.time_text import text_of
from capture.ports import Clock, Days, Jobs, Ledger, Source
from capture.redundancy.notifications import Notifier

_A_DAY = timedelta(days=1)
_OVER_MIDNIGHT = timedelta(hours=12)
"""The recording of a call is listed so long after the call began at most."""
_RECENT, _EARLIER = timedelta(hours=1), timedelta(hours=24)
_SCREEN = "screen-"
"""How the ids of screens' recordings begin; Dynamics' ids are guids."""
_WORST = ("parked", "pending", "archived")
_REMOVED = "removed"
_COUNTED_AS = {"archived": _REMOVED}
"""What a person has had removed was archived."""
_MOST_DAYS = 366


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    by: str = Field(min_length=1, max_length=200)
    note: str = Field(min_length=1, max_length=2000)


@dataclass(frozen=True, slots=True)
class Compliance:
    """Reads the days again, shows them, and lets a person close what was wrong with one. `target` is in per cent."""

    node: NodeName
    source_name: str
    source: Source
    ledger: Ledger
    jobs: Jobs
    days: Days
    notifier: Notifier
    clock: Clock
    window: timedelta
    target: float
    shortest: int

    def look(self) -> bool:
        """Read one day that is due: of the last two every hour, of the window every day. False when none is."""
        now = self.clock.now()
        known = {report.day: report for report in self.days.listed(_MOST_DAYS)}
        for back in range(self.window.days):
            start = (now - back * _A_DAY).replace(hour=0, minute=0, second=0, microsecond=0)
            report = known.get(f"{start:%Y-%m-%d}")
            if report is None or now - report.read_at >= (_RECENT if back <= 1 else _EARLIER):
                self._tell(self._keep(self.read(start)))
                return True
        return False

    def read(self, start: datetime) -> DayReport:
        """Read the day that begins at `start`: a call of Dynamics for 5,000 calls, some for the count."""
        end = start + _A_DAY
        states = self._states(start, end + _OVER_MIDNIGHT)
        counts = dict.fromkeys((*_WORST, "without_recording", "too_short"), 0)
        completed = 0
        for page in self.source.completed_calls(start, end):
            for call in page:
                completed += 1
                found = states.get(call.id)
                kept = found is not None and found != {_REMOVED}
                if not kept and call.seconds is not None and call.seconds < self.shortest:
                    counts["too_short"] += 1
                elif found is not None:
                    counts[next(state for state in _WORST if state in found or _COUNTED_AS.get(state) in found)] += 1
                else:
                    counts["without_recording"] += 1
        last = end - timedelta(microseconds=1)
        ours = {key for key in self.ledger.states(start, last) if not key.startswith(_SCREEN)}
        return DayReport(
            day=f"{start:%Y-%m-%d}",
            read_at=self.clock.now(),
            completed=completed,
            archived=counts["archived"],
            pending=counts["pending"],
            parked=counts["parked"],
            without_recording=counts["without_recording"],
            too_short=counts["too_short"],
            in_dynamics=self.source.count(start, end),
            in_ledger=len(ours | self.jobs.known(start, last)),
        )

    def _tell(self, report: DayReport) -> None:
        """Log what is wrong with a day, unless a person has closed it and it has not got worse."""
        why = report.incident(self.target)
        if why is not None and not report.closed:
            emit(Event.DAY_INCOMPLETE, logging.WARNING, node=self.node, day=report.day, why=why)

    def listed(self, days: str | None = None) -> list[dict[str, Any]]:
        """Show the latest days, the latest first. Malformed: `days` is no number from 1 to 366."""
        wanted = int(days) if days is not None and days.isdecimal() else 7 if days is None else 0
        if not 1 <= wanted <= _MOST_DAYS:
            raise Malformed(f"days: {days!r} is no number from 1 to {_MOST_DAYS}")
        return [self._shown(report) for report in self.days.listed(wanted)]

    def close(self, day: str, body: bytes) -> dict[str, Any]:
        """Take `{"by": "<who>", "note": "<why>"}`: what is wrong with that day is closed, and the note is kept."""
        said = read_body(_Body, body, expected='{"by": "<who>", "note": "<why>"}')
        report = next((each for each in self.days.listed(_MOST_DAYS) if each.day == day), None)
        if report is None:
            raise Absent(f"nothing is known of the day {day}: GET /api/verification lists them")
        closing = Closing(self.clock.now(), said.by, said.note, *report.lacking)
        return self._shown(self._keep(merge_days(report, replace(report, closing=closing))))

    def hear(self, days: Sequence[DayReport]) -> None:
        """Take in what the peer has read or was told."""
        for report in days:
            self.days.merge(report)

    def _keep(self, report: DayReport) -> DayReport:
        known = self.days.merge(report)
        self.notifier.tell_days((known,))
        return known

    def _states(self, start: datetime, end: datetime) -> dict[ConversationId, set[str]]:
        found: dict[ConversationId, set[str]] = defaultdict(set)
        for job in self.jobs.between(start, end):
            if job.recording.conversation_id is not None:
                found[job.recording.conversation_id].add("pending")
        for recording_id, conversation_id, state in self.ledger.calls(start, end):
            if conversation_id is not None and not recording_id.startswith(_SCREEN):
                found[conversation_id].add("pending" if state == "open" else state)
        return found

    def _shown(self, report: DayReport) -> dict[str, Any]:
        closing = report.closing
        return {
            "day": report.day,
            "source": self.source_name,
            "completed": report.completed,
            "with_recording": report.with_recording,
            "archived": report.archived,
            "pending": report.pending,
            "parked": report.parked,
            "without_recording": report.without_recording,
            "too_short": report.too_short,
            "compliance": report.compliance,
            "target": self.target / 100,
            "in_dynamics": report.in_dynamics,
            "in_ledger": report.in_ledger,
            "incident": report.incident(self.target),
            "open": report.incident(self.target) is not None and not report.closed,
            "closed": {"at": text_of(closing.at), "by": closing.by, "note": closing.note} if closing else None,
            "read_at": text_of(report.read_at),
        }
