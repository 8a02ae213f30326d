"""From what a desktop has staged into the archive, by the way of every recording.

Bytes verified and committed in one step with their metadata, then sidecar, ledger and peer, then the mark on the board,
and the staged blob deleted last. Killed between any two, the queue brings the command again, which finds the committed
recording by its name, in this archive or in the peer's.
"""

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from capture.errors import CaptureError, Mangled, Permanent, Transient, Unauthorized, Waiting
from capture.events import Event, emit
from capture.messages import ArchiveScreen, screen_files
from capture.model.conversation import Conversation
from capture.model.identity import NodeName, RecordingId
from capture.model.ledger import Copy, LedgerEntry, ScreenTimes
from capture.model.media import SCREEN
from capture.model.path import stem
from capture.model.session import AgentSession, Seat, Wanted, seats
from capture.ports import Archive, Clock, Queue, Sessions, Staged
from capture.redundancy.incidents import Incidents
from capture.redundancy.rest import Rest
from capture.screen.counts import Counts
from capture.screen.desktops import staged_name
from capture.screen.orders import Orders

_SOON, _FIRST_DELAY = 2.0, 5.0
_LONGEST_DELAY = 60.0
_END_PATIENCE = timedelta(hours=1)
"""How long a recording waits for the end of its session to be known; then it is kept rather than lost."""
_TAKES = 20
"""Recordings of one name with other bytes, as when an agent changed the workstation: each gets a number of its own."""
_TAKE = 10_000


class Finish(Protocol):
    """What follows once something is archived: everybody is told, in the order that loses nothing."""

    def __call__(self, entry: LedgerEntry, conversation: Conversation | None, assigned_by: NodeName) -> None:
        """Keep a fact that this node found out, and tell the peer, always."""


@dataclass(frozen=True, slots=True)
class Handover:
    """The use case behind the hand-over queue."""

    node: NodeName
    peer: NodeName
    source_name: str
    sessions: Sessions
    staged: Staged
    archive: Archive
    peer_archive: Archive
    queue: Queue
    orders: Orders
    finish: Finish
    incidents: Incidents
    rest: Rest
    counts: Counts
    clock: Clock
    max_failures: int

    def run(self, command: ArchiveScreen) -> None:
        """Archive it, delete it when nobody wants it, or put the command back for later.

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
            waited = (self.clock.now() - command.reported_at).total_seconds()
            raise Waiting(
                "the end of the session is not known yet", retry_after=min(max(_SOON, waited / 10), _LONGEST_DELAY)
            )
        screen = ScreenTimes(
            command.session_id,
            command.agent_id,
            command.workstation,
            command.started_at,
            command.ended_at,
            session.marks if session is not None else (),
        )
        called_on = seat.called_on if seat is not None else None
        blank = LedgerEntry(
            _recording(command, command.part),
            (called_on or command.started_at).replace(microsecond=0),
            session.conversation_id if session is not None else None,
            screen=screen,
        )
        entry = self._archive(command, blank, name)
        # Of one that was found, the archive remembers all but the marks.
        self.finish(replace(entry, screen=screen), None, self.peer)
        self.orders.archived(command.session_id, command.agent_id, command.workstation)
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
            return self.orders.wanted(seat)
        # The session was given to another agent meanwhile: what stands on the board was decided then.
        order = self.orders.find(command.workstation, command.session_id, command.agent_id)
        return order.wanted if order is not None else Wanted.NOTHING

    def _archive(self, command: ArchiveScreen, blank: LedgerEntry, name: str) -> LedgerEntry:
        """Return the archived fact: found under its name with the same bytes, or else committed now."""
        for take in range(_TAKES):
            entry = replace(blank, recording_id=_recording(command, command.part + take * _TAKE))
            where = stem(self.source_name, entry.recording_id, entry.created_on, entry.conversation_id)
            found = self._look(where) or self._commit(command, entry, where, name)
            if any(copy.sha256 == command.sha256 for copy in found.copies):
                return found
        raise Permanent(f"{_TAKES} other recordings have this name already")

    def _commit(self, command: ArchiveScreen, blank: LedgerEntry, where: str, name: str) -> LedgerEntry:
        self._check_size(command, name)
        path = f"{where}.{SCREEN.extension}"
        upload, digest, size = self.archive.upload(path), hashlib.sha256(), 0
        try:
            for chunk in self.staged.read(name):
                digest.update(chunk)
                size += len(chunk)
                upload.write(chunk)
            if (size, digest.hexdigest()) != (command.size, command.sha256):
                raise Mangled("the staged bytes are not those that the desktop reported")
            copy = Copy(self.clock.now(), self.node, path, size, command.sha256, SCREEN.name)
            entry = replace(blank, copies=frozenset({copy}))
            if upload.commit(copy, entry, None):
                return entry
        finally:
            upload.abort()
        found = self.archive.find(where)
        if found is None:
            raise Mangled("the archive refused the commit, yet has no such recording")
        return found

    def _check_size(self, command: ArchiveScreen, name: str) -> None:
        size = self.staged.size(name)
        if size is None:
            raise Mangled("nothing has been staged under this name")
        if size != command.size:
            raise Mangled(f"{size} bytes are staged, the desktop reported {command.size}")

    def _look(self, where: str) -> LedgerEntry | None:
        """Look in both archives: a desktop that got no answer from one node uploads to the other one, too."""
        if (found := self.archive.find(where)) is not None:
            return found
        if not self.rest.on:
            try:
                return self.peer_archive.find(where)
            except (Transient, Unauthorized):
                self.rest.begin()
        return None  # a second copy does no harm, a lost one does

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


def _recording(command: ArchiveScreen, part: int) -> RecordingId:
    return RecordingId(f"screen-{command.session_id}-{command.agent_id}-{part}")
