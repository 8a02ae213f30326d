"""Looks after late files, assignments that ran out, conversations that had not finished, and the outbox."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from capture.audio.assign import SLICE, Assigner
from capture.audio.finish import Finisher
from capture.events import Event, emit
from capture.model.authority import Active
from capture.model.identity import NodeName
from capture.model.ledger import LedgerEntry, Parked
from capture.model.recording import Job, JobState
from capture.ports import Clock, Jobs, Ledger, OpenConversations, Source
from capture.redundancy.notifications import Notifier

_LONGEST_RECHECK = timedelta(minutes=10)
_GONE_AFTER = 3600.0
_LONGEST_READ_WAIT = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """The use case behind the sweep timer. A slice at a time, so that its work stays bounded."""

    node: NodeName
    source: Source
    ledger: Ledger
    jobs: Jobs
    open_conversations: OpenConversations
    assigner: Assigner
    finisher: Finisher
    notifier: Notifier
    clock: Clock
    file_recheck: timedelta
    give_up: timedelta

    def deliver(self) -> None:
        """Tell the peer what waits in the outbox. Both nodes do this."""
        self.notifier.deliver(SLICE)

    def run(self, active: Active) -> None:
        """What only the ACTIVE node does. Raises Superseded when the lease may be over."""
        now = self.clock.now()
        self._assign_again(active, self.jobs.due(now, SLICE, JobState.ASSIGNED))
        self._check_files(active, self.jobs.due(now, SLICE, JobState.PENDING))
        self._read_conversations(active)

    def _check_files(self, active: Active, pending: Sequence[Job]) -> None:
        """Ask Dynamics in one go which of the late files have come."""
        if not pending:
            return
        rows = {row.id: row for row in self.source.recordings_by_id([job.recording.id for job in pending])}
        ready, waiting = [], []
        for job in pending:
            row = rows.get(job.recording.id)
            if row is not None and row.file_id is not None:
                ready.append(replace(job, recording=row))
            elif self.clock.now() - job.recording.created_on >= self.give_up:
                why = "no file came" if row is not None else "the row is gone from Dynamics, and no file had come"
                self._park(job, f"{why} within {self.give_up}")
            else:
                waiting.append(self._later(job))
        self.jobs.put(waiting)
        conversations = self.source.describe([job.recording for job in ready])
        self.assigner.assign(active, [(job, True) for job in ready], conversations)

    def _later(self, job: Job) -> Job:
        now = self.clock.now()
        wait = min(max(self.file_recheck, (now - job.recording.created_on) / 10), _LONGEST_RECHECK)
        return replace(job, due=now + wait)

    def _assign_again(self, active: Active, overdue: Sequence[Job]) -> None:
        """Give out again what was not finished in time; what has been finished meanwhile is forgotten."""
        unfinished = []
        for job in overdue:
            entry = self.ledger.get(job.recording.id, job.recording.created_on)
            if entry is not None:
                self.jobs.remove(job.recording.id, job.recording.created_on)
            else:
                unfinished.append(job)
        if not unfinished:
            return
        conversations = self.source.describe([job.recording for job in unfinished])
        self.assigner.assign(active, [(job, True) for job in unfinished], conversations)
        emit(Event.JOBS_REASSIGNED, logging.WARNING, node=self.node, epoch=active.epoch, count=len(unfinished))

    def _read_conversations(self, active: Active) -> None:
        """Read again what had not finished, and pass on what has by now."""
        due = self.open_conversations.due(self.clock.now(), SLICE)
        if not due:
            return
        readings = self.source.conversations([conversation_id for conversation_id, _ in due])
        for conversation_id, waited in due:
            active.check(self.clock.monotonic())
            reading = readings.get(conversation_id)
            if reading is not None and reading.finished:
                self.finisher.refresh(reading)
                self.notifier.tell(None, reading)
                emit(Event.CONVERSATION_FINISHED, node=self.node, conversation=conversation_id)
            elif reading is None and waited >= _GONE_AFTER:
                self.open_conversations.remove(conversation_id)  # deleted in Dynamics
            else:
                wait = min(2 * waited, _LONGEST_READ_WAIT)
                self.open_conversations.put(conversation_id, self.clock.now() + timedelta(seconds=wait), wait)

    def _park(self, job: Job, reason: str) -> None:
        recording = job.recording
        entry = LedgerEntry(
            recording.id,
            recording.created_on,
            recording.conversation_id,
            parked=Parked(self.clock.now(), self.node, reason),
        )
        self.finisher.finish(entry, None, self.node)
        emit(Event.RECORDING_PARKED, logging.WARNING, node=self.node, recording=recording.id, why=reason)
