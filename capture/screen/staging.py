"""What lies staged: thrown away when nobody needs it, handed over when its desktop is gone for good."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from capture.errors import CaptureError
from capture.events import Event, emit
from capture.messages import ArchiveScreen, screen_files
from capture.model.identity import AgentId, NodeName, RecordingId, SessionId
from capture.model.session import Seat, Wanted, seats
from capture.ports import Alarm, Alarms, Clock, Ledger, Queue, Sessions, Staged
from capture.screen.counts import Counts
from capture.screen.orders import Orders

_MOST = 10_000
_PURGED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Part:
    """One staged blob, as its name and the store tell of it."""

    name: str
    changed_at: datetime
    workstation: str
    session_id: SessionId
    agent_id: AgentId
    number: int

    @property
    def recording(self) -> RecordingId:
        return RecordingId(f"screen-{self.session_id}-{self.agent_id}-{self.number}")


@dataclass(frozen=True, slots=True)
class Staging:
    """The use case that looks through the staging area. `give_up`: how long a desktop may be silent."""

    node: NodeName
    sessions: Sessions
    staged: Staged
    files: Queue
    ledger: Ledger
    alarms: Alarms
    orders: Orders
    counts: Counts
    clock: Clock
    give_up: timedelta

    def tidy(self) -> None:
        """Look at each blob that nobody has written to for an hour.

        Deleted is what belongs to sessions that nobody accepted, when the desktop has never said so, and what the other
        node has archived, to which the desktop went over while this one was away. Handed over is what is to be kept and
        whose desktop has been silent for so long that it will not report any more.
        """
        for name, changed_at in self.staged.listed("", _MOST):
            part = _part(name, changed_at)
            if part is None or self.clock.now() - changed_at < _PURGED_AFTER:
                continue
            try:
                self._look_at(part)
            except CaptureError as error:
                emit(Event.WORK_FAILED, logging.WARNING, node=self.node, work="staging", why=error)

    def _look_at(self, part: _Part) -> None:
        session = self.sessions.get(part.session_id)
        seat = next((each for each in seats(session) if each.agent_id == part.agent_id), None) if session else None
        if seat is None:
            return
        match self.orders.decided(seat, part.workstation):
            case Wanted.DELETE:
                self.staged.remove(part.name)
                self.counts.add("deleted")
                emit(Event.SCREEN_DELETED, node=self.node, session=part.session_id, agent=part.agent_id)
            case Wanted.KEEP if seat.called_on is not None:
                if self._is_archived(part, seat.called_on):
                    self.staged.remove(part.name)
                elif self.clock.now() - part.changed_at >= self.give_up:
                    self._hand_over(part, seat)
            case _:
                pass

    def _is_archived(self, part: _Part, called_on: datetime) -> bool:
        entry = self.ledger.get(part.recording, called_on.replace(microsecond=0))
        size = self.staged.size(part.name)
        # Less than what is archived, or the same: more may be another recording, which waits for its turn.
        return entry is not None and size is not None and any(copy.size >= size for copy in entry.copies)

    def _hand_over(self, part: _Part, seat: Seat) -> None:
        """Take what there is: from the call, as far as is known, to the last bytes that came."""
        text = (
            f"the desktop at {part.workstation} has not reported the end of its recording: archived as far as it came"
        )
        alarm = Alarm(f"incomplete {part.recording}", self.clock.now(), text, part.session_id)
        if not self.alarms.raise_(alarm):
            return  # handed over already; should that have come to nothing, again when the alarm has lapsed
        digest, size = hashlib.sha256(), 0
        for piece in self.staged.read(part.name):
            digest.update(piece)
            size += len(piece)
        begun_at = min(seat.called_on or part.changed_at, part.changed_at)
        command = ArchiveScreen(
            session_id=part.session_id,
            agent_id=part.agent_id,
            workstation=part.workstation,
            part=part.number,
            started_at=begun_at,
            ended_at=part.changed_at,
            size=size,
            sha256=digest.hexdigest(),
            reported_at=self.clock.now(),
            passed_on=True,
            complete=False,
        )
        self.files.send(screen_files.to_json(command))
        seated = {"session": part.session_id, "agent": part.agent_id, "workstation": part.workstation}
        emit(Event.SCREEN_INCOMPLETE, logging.WARNING, node=self.node, **seated, part=part.number)


def _part(name: str, changed_at: datetime) -> _Part | None:
    """Read the name of a staged blob; None when it is none of ours."""
    parts = name.split("/")
    if len(parts) != 3:
        return None
    agent, _, number = parts[2].removesuffix(".mp4").rpartition("-")
    if not number.isdecimal():
        return None
    return _Part(name, changed_at, parts[0], SessionId(parts[1]), AgentId(agent), int(number))
