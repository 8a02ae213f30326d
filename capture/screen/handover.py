"""From what a desktop has staged into the archive, by the way of every recording.

Bytes verified and committed in one step with their metadata, then sidecar, ledger and peer, then the mark on the board,
and the staged blob deleted last. Killed between any two, the queue brings the command again, which finds the committed
recording by its name, in this archive or in the peer's.

Behind one front URL a desktop's report may reach the node in whose account the bytes are not: it goes on to the other.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from capture.errors import CaptureError, Mangled, Permanent, Transient, Unauthorized, Waiting
from capture.events import Event, emit
from capture.messages import ArchiveScreen, screen_files
from capture.model.board import ArchivedPart
from capture.model.conversation import Conversation
from capture.model.identity import NodeName
from capture.model.ledger import LedgerEntry, ScreenTimes
from capture.model.session import AgentSession, Seat, Wanted, seats
from capture.ports import Clock, Queue, Sessions, Staged
from capture.redundancy.incidents import Incidents
from capture.screen.counts import Counts
from capture.screen.grants import staged_name
from capture.screen.orders import Orders
from capture.screen.taking import Elsewhere, Taking, recording_of

_SOON, _FIRST_DELAY = 2.0, 5.0
_LONGEST_DELAY = 60.0
_END_PATIENCE = timedelta(hours=1)
"""How long a recording waits for the end of its session to be known; then it is kept rather than lost."""


class Finish(Protocol):
    """What follows once something is archived: everybody is told, in the order that loses nothing."""

    def __call__(self, entry: LedgerEntry, conversation: Conversation | None, assigned_by: NodeName) -> None:
        """Keep a fact that this node found out, and tell the peer, always."""


@dataclass(frozen=True, slots=True)
class Handover:
    """The use case behind the hand-over queue."""

    node: NodeName
    peer: NodeName
    sessions: Sessions
    staged: Staged
    taking: Taking
    queue: Queue
    peer_queue: Queue
    orders: Orders
    finish: Finish
    kept_until: Callable[[LedgerEntry], datetime | None]
    incidents: Incidents
    counts: Counts
    clock: Clock
    max_failures: int

    def run(self, command: ArchiveScreen) -> None:
        """Archive it, delete it when nobody wants it, pass the command on to the peer, or put it back for later.

        Permanent when the staged bytes are not what was reported, again and again; they stay where they are.
        """
        try:
            self._hand_over(command)
        except Mangled as error:
            if command.failures + 1 >= self.max_failures:
                raise Permanent(f"{error} ({command.failures + 1} times)") from None
            self._postpone(replace(command, failures=command.failures + 1), error)
        except (Transient, Unauthorized) as error:
            self._postpone(command, error)
        except Elsewhere:
            self._pass_on(command)

    def _hand_over(self, command: ArchiveScreen) -> None:
        session = self.sessions.get(command.session_id)
        seat = _seat(session, command)
        wanted = self._wanted(command, seat)
        name = staged_name(command.workstation, command.session_id, command.agent_id, command.part)
        if wanted is Wanted.DELETE:
            self.staged.remove(name)
            self.counts.add("deleted")
            emit(Event.SCREEN_DELETED, node=self.node, session=command.session_id, agent=command.agent_id)
            return
        if wanted is not Wanted.KEEP and self.clock.now() - command.reported_at < _END_PATIENCE:
            raise Waiting("the end of the session is not known yet", retry_after=self._later(command, _SOON))
        if not command.sha256:
            command = self.taking.measured(command, name)
        screen = ScreenTimes(
            command.session_id,
            command.agent_id,
            command.workstation,
            command.started_at,
            command.ended_at,
            session.marks if session is not None else (),
            command.complete,
        )
        called_on = seat.called_on if seat is not None else None
        blank = LedgerEntry(
            recording_of(command, command.part),
            (called_on or command.started_at).replace(microsecond=0),
            session.conversation_id if session is not None else None,
            screen=screen,
        )
        entry = self.taking.take(command, replace(blank, keep_until=self.kept_until(blank)), name)
        # Of one that was found, the archive remembers all but the marks.
        self.finish(replace(entry, screen=screen), None, self.peer)
        if command.complete:  # else the desktop, should it come back, may have more
            part = ArchivedPart(command.part, command.sha256)
            self.orders.archived(command.session_id, command.agent_id, command.workstation, part)
        self.staged.remove(name)
        self.counts.add("archived")
        emit(
            Event.SCREEN_ARCHIVED,
            node=self.node,
            recording=entry.recording_id,
            conversation=entry.conversation_id,
            session=command.session_id,
            agent=command.agent_id,
            size=command.size,
        )

    def _wanted(self, command: ArchiveScreen, seat: Seat | None) -> Wanted:
        if seat is not None:
            return self.orders.decided(seat, command.workstation)
        # The session was given to another agent meanwhile: what stands on the board was decided then.
        order = self.orders.find(command.workstation, command.session_id, command.agent_id)
        return order.wanted if order is not None else Wanted.NOTHING

    def _pass_on(self, command: ArchiveScreen) -> None:
        """Let the peer do it, once: when it does not have the bytes either, it says so."""
        try:
            self.peer_queue.send(screen_files.to_json(replace(command, passed_on=True)))
        except CaptureError as error:  # whatever the peer's store answers: this node still has the command
            text = f"the peer, which may have the bytes, could not be told: {error}"
            self._postpone(command, Transient(text, self._later(command, _FIRST_DELAY)))
            return
        emit(Event.SCREEN_PASSED_ON, node=self.node, session=command.session_id, agent=command.agent_id)

    def _later(self, command: ArchiveScreen, least: float) -> float:
        """Seconds until the next look: the longer it has been reported, the longer."""
        waited = (self.clock.now() - command.reported_at).total_seconds()
        return min(max(least, waited / 10), _LONGEST_DELAY)

    def _postpone(self, command: ArchiveScreen, error: CaptureError) -> None:
        """Put the command back with a delay instead of raising: waiting must not use up the queue's poison count."""
        asked = error.retry_after if isinstance(error, Transient) else None
        delay = asked if asked is not None else min(_LONGEST_DELAY, _FIRST_DELAY * 2**command.failures)
        if not isinstance(error, Waiting):
            self.incidents.note(f"the screen of session {command.session_id}: {error}")
        self.queue.send(screen_files.to_json(command), delay=delay)
        emit(
            Event.SCREEN_POSTPONED,
            logging.INFO if isinstance(error, Waiting) else logging.WARNING,
            node=self.node,
            session=command.session_id,
            seconds=round(delay, 1),
            why=error,
        )


def _seat(session: AgentSession | None, command: ArchiveScreen) -> Seat | None:
    found = seats(session) if session is not None else ()
    return next((seat for seat in found if seat.agent_id == command.agent_id), None)
