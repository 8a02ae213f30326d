"""What lies staged: thrown away when nobody needs it, handed over when its desktop is gone for good."""

import logging
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from capture.errors import CaptureError
from capture.events import Event, emit
from capture.messages import ArchiveScreen, screen_files
from capture.model.identity import AgentId, NodeName, RecordingId, SessionId
from capture.model.session import AgentSession, Seat, Wanted, seats
from capture.ports import Alarm, Alarms, Clock, Ledger, Queue, Sessions, Staged
from capture.screen.counts import Counts
from capture.screen.orders import Orders

_MOST = 200_000
"""Blobs of one round; the next one has the others, as those of this one will be gone."""
_ROUND_EVERY = 600.0
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


@dataclass(slots=True)
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
    _left: deque[tuple[str, datetime]] = field(default_factory=deque, init=False)
    _begun_at: float = field(default=float("-inf"), init=False)

    def tidy(self, until: float) -> None:
        """Look at each blob that nobody has written to for an hour; go on with the next call at the monotonic `until`.

        Deleted is what belongs to sessions that nobody accepted, when the desktop has never said so, and what the other
        node has archived, to which the desktop went over while this one was away. Handed over is what is to be kept and
        whose desktop has been silent for so long that it will not report any more; by then what is of no known session
        is deleted, too.
        """
        if not self._left and self.clock.monotonic() - self._begun_at >= _ROUND_EVERY:
            self._left.extend(self.staged.listed("", _MOST))
            self._begun_at = self.clock.monotonic()
        while self._left:
            name, changed_at = self._left.popleft()
            part = _part(name, changed_at)
            if part is None or self.clock.now() - changed_at < _PURGED_AFTER:
                continue
            try:
                self._look_at(part)
            except CaptureError as error:
                emit(Event.WORK_FAILED, logging.WARNING, node=self.node, work="staging", why=error)
            if self.clock.monotonic() >= until:
                break

    def _look_at(self, part: _Part) -> None:
        session = self.sessions.get(part.session_id)
        seat = next((each for each in seats(session) if each.agent_id == part.agent_id), None) if session else None
        called_on = seat.called_on if seat is not None else None
        is_old = self.clock.now() - part.changed_at >= self.give_up
        match self._wanted(part, session, seat):
            case Wanted.DELETE:
                self._throw_away(part)
            case Wanted.KEEP if called_on is not None and self._is_archived(part, called_on):
                self.staged.remove(part.name)
            case Wanted.KEEP if is_old:
                self._hand_over(part, called_on)
            case Wanted.NOTHING if is_old and session is None:
                self._throw_away(part)
            case _:
                pass

    def _wanted(self, part: _Part, session: AgentSession | None, seat: Seat | None) -> Wanted:
        if seat is not None:
            return self.orders.decided(seat, part.workstation)
        if session is None:
            return Wanted.NOTHING
        # The session was given to another agent meanwhile: what stands on the board was decided then. When it is not
        # there any more, what was accepted by whomever is kept rather than lost.
        order = self.orders.find(part.workstation, part.session_id, part.agent_id)
        if order is not None:
            return order.wanted
        return Wanted.KEEP if session.accepted_on is not None else Wanted.DELETE

    def _throw_away(self, part: _Part) -> None:
        self.staged.remove(part.name)
        self.counts.add("deleted")
        emit(Event.SCREEN_DELETED, node=self.node, session=part.session_id, agent=part.agent_id)

    def _is_archived(self, part: _Part, called_on: datetime) -> bool:
        entry = self.ledger.get(part.recording, called_on.replace(microsecond=0))
        size = self.staged.size(part.name)
        # Less than what is archived, or the same: more may be another recording, which waits for its turn.
        return entry is not None and size is not None and any(copy.size >= size for copy in entry.copies)

    def _hand_over(self, part: _Part, called_on: datetime | None) -> None:
        """Take what there is: from the call, as far as is known, to the last bytes that came.

        The hand-over reads how many they are, and their hash: that may take longer than a timer should.
        """
        text = (
            f"the desktop at {part.workstation} has not reported the end of its recording: archived as far as it came"
        )
        alarm = Alarm(f"incomplete {part.recording}", self.clock.now(), text, part.session_id)
        if not self.alarms.raise_(alarm):
            return  # handed over already; should that have come to nothing, again when the alarm has lapsed
        begun_at = min(called_on or part.changed_at, part.changed_at)
        command = ArchiveScreen(
            session_id=part.session_id,
            agent_id=part.agent_id,
            workstation=part.workstation,
            part=part.number,
            started_at=begun_at,
            ended_at=part.changed_at,
            size=0,
            sha256="",
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
