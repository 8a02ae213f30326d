"""Archives one recording on the command of the ACTIVE node. Runs on both nodes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from capture.audio.fetch import Fetcher
from capture.audio.finish import Finisher
from capture.errors import CaptureError, Mangled, Permanent, Superseded, Transient, Unauthorized, Waiting
from capture.events import Event, emit
from capture.messages import commands
from capture.model.conversation import Conversation
from capture.model.identity import NodeName
from capture.model.ledger import LedgerEntry, Removal
from capture.model.recording import ArchiveRecording
from capture.ports import Archive, Clock, Ledger, Queue, Source
from capture.redundancy.condition import Condition
from capture.redundancy.incidents import Incidents
from capture.redundancy.rest import Rest

_FIRST_DELAY = 2.0
_LONGEST_DELAY = 60.0
_LOOK_AGAIN = 5.0


@dataclass(frozen=True, slots=True)
class Ingest:
    """The use case behind the ingest queue."""

    node: NodeName
    source: Source
    fetcher: Fetcher
    finisher: Finisher
    ledger: Ledger
    peer_archive: Archive
    queue: Queue
    incidents: Incidents
    condition: Condition
    rest: Rest
    clock: Clock
    max_failures: int
    look_patience: timedelta
    shortest: timedelta

    def run(self, command: ArchiveRecording, *, repeated: bool) -> None:
        """Archive the recording, park it, or put the command back for later. Returns when one of these is durable.

        `repeated` says that the queue delivers this message not for the first time.

        Doing it twice changes nothing. When even putting it back fails, the failure is raised and the queue delivers
        again.
        """
        try:
            self._archive(command, repeated=repeated)
        except Superseded as error:
            emit(
                Event.ASSIGNMENT_REFUSED,
                node=self.node,
                recording=command.recording.id,
                epoch=command.epoch,
                why=error,
            )
        except Permanent as error:
            self._park(command, str(error))
        except Mangled as error:
            self._count(command, error)
        except (Transient, Unauthorized) as error:
            self._postpone(command, error)

    def give_up(self, command: ArchiveRecording) -> None:
        """Decide on a command that failed again and again in a way that nobody foresaw.

        A committed blob is the fact, whatever failed after it. Else it is for the ACTIVE node to assign the recording
        again when its time is over; only one that has been assigned often enough is parked.
        """
        if (found := self._look(command, patient=False)) is not None:
            self.finisher.finish(found, command.conversation, command.assigned_by)
        elif command.attempt >= self.max_failures:
            self._park(command, f"archiving failed again and again, in {command.attempt} assignments; the log says why")

    def _park(self, command: ArchiveRecording, reason: str) -> None:
        self.finisher.park(command.recording, reason, command.conversation, command.assigned_by)

    def _archive(self, command: ArchiveRecording, *, repeated: bool) -> None:
        recording = command.recording
        # A first delivery of a first assignment has no past that the ledger could tell of; were there one all the
        # same, the commit would find it.
        has_past = repeated or command.attempt > 1 or command.look_first
        known = self.ledger.get(recording.id, recording.created_on) if has_past else None
        if known is not None and (known.address is not None or known.removed is not None):
            # Everything local is done, but perhaps not the telling: once more does no harm.
            self.finisher.tell_again(known, command.conversation, command.assigned_by)
            return
        self.fetcher.check(command)
        found = self._look(command) if command.look_first else None
        # Not what is archived already: a removal that the peer hears of would delete it.
        if found is None and (length := self._too_short(command.conversation)) is not None:
            self._leave_out(command, length)
            return
        entry = found or self.fetcher.fetch(command)
        self.finisher.finish(entry, self._conversation(command), command.assigned_by, again=command.look_first)
        copy = entry.address
        emit(
            Event.RECORDING_FOUND if found else Event.RECORDING_ARCHIVED,
            node=self.node,
            recording=entry.recording_id,
            conversation=entry.conversation_id,
            epoch=command.epoch,
            size=copy.size if copy else None,
            by=copy.node if copy else None,
        )

    def _too_short(self, conversation: Conversation | None) -> timedelta | None:
        """Return the length of a call that is over and shorter than what is kept; of any other None."""
        if conversation is None or not conversation.finished:
            return None
        start, end = conversation.started_on, conversation.closed_on
        return end - start if start is not None and end is not None and end - start < self.shortest else None

    def _leave_out(self, command: ArchiveRecording, length: timedelta) -> None:
        recording = command.recording
        why = f"the call lasted {length.total_seconds():.0f} s"
        entry = LedgerEntry(
            recording.id,
            recording.created_on,
            recording.conversation_id,
            removed=Removal(self.clock.now(), self.node, "MIN_CALL_SECONDS", why),
        )
        self.finisher.finish(entry, command.conversation, command.assigned_by)
        emit(Event.RECORDING_LEFT_OUT, node=self.node, recording=recording.id, why=why)

    def _look(self, command: ArchiveRecording, *, patient: bool = True) -> LedgerEntry | None:
        """Look for the recording in both archives by its name.

        The peer's may be out of reach: then this waits a while for it, and archives the recording a second time rather
        than not at all.
        """
        stem = self.fetcher.stem(command)
        found = self.fetcher.archive.find(stem)
        if found is not None:
            return found
        if not self.rest.on:
            try:
                return self.peer_archive.find(stem)
            except (Transient, Unauthorized):
                self.rest.begin()
        if patient and self.clock.now() < self._patient_until(command):
            raise Waiting("the other archive cannot be read, and may have the recording", retry_after=_LOOK_AGAIN)
        return None

    def _patient_until(self, command: ArchiveRecording) -> datetime:
        # Never longer than half of the assignment, or its end would come first every time.
        return command.assigned_at + min(self.look_patience, (command.deadline - command.assigned_at) / 2)

    def _conversation(self, command: ArchiveRecording) -> Conversation | None:
        conversation_id = command.recording.conversation_id
        if command.conversation is not None or conversation_id is None:
            return command.conversation
        try:
            return self.source.conversations([conversation_id]).get(conversation_id)
        except CaptureError:
            return None  # the recording does not wait for its metadata: the conversation is read again later

    def _count(self, command: ArchiveRecording, error: Mangled) -> None:
        failures = command.failures + 1
        if failures >= self.max_failures:
            self._park(command, f"{error} ({failures} times)")
        else:
            self._postpone(replace(command, failures=failures), error)

    def _postpone(self, command: ArchiveRecording, error: CaptureError) -> None:
        """Put the command back with a delay instead of raising: waiting must not use up the queue's poison count."""
        asked = error.retry_after if isinstance(error, Transient) else None
        delay = asked if asked is not None else min(_LONGEST_DELAY, _FIRST_DELAY * 2**command.failures)
        if isinstance(error, Unauthorized):
            delay = _LONGEST_DELAY
            self.condition.trouble()
        if not isinstance(error, Waiting):
            self.incidents.note(f"recording {command.recording.id}: {error}")
            # It may have been the telling that failed, after the commit.
            command = replace(command, look_first=True)
        now = self.clock.now()
        emit(Event.INGEST_POSTPONED, node=self.node, recording=command.recording.id, seconds=round(delay, 1), why=error)
        if now + timedelta(seconds=delay) < command.deadline:
            left = (command.deadline - now).total_seconds()
            self.queue.send(commands.to_json(command), delay=delay, ttl=left)
        # Else the assignment ends first, and the ACTIVE node gives the recording out again.
