"""Looks after late files, assignments that ran out, conversations that had not finished, and the outbox."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from capture.audio.assign import SLICE, Assigner
from capture.audio.finish import Finisher
from capture.audio.retell import Retelling
from capture.events import Event, emit
from capture.model.authority import Active, Revocation
from capture.model.identity import NodeName
from capture.model.recording import Job, JobState
from capture.ports import Clock, Jobs, Ledger, OpenConversations, Source, State
from capture.redundancy.notifications import Notifier
from capture.redundancy.presence import Presence

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
    presence: Presence
    retelling: Retelling
    state: State
    peer: NodeName
    clock: Clock
    file_recheck: timedelta
    give_up: timedelta

    def deliver(self, until: float) -> None:
        """Tell the peer what waits in the outbox, oldest first, until the monotonic time `until`. Both do this."""
        while self.notifier.deliver(SLICE) == SLICE and self.clock.monotonic() < until:
            pass

    def run(self, active: Active) -> None:
        """What only the ACTIVE node does. Raises Superseded when the lease may be over."""
        self._take_back(active)
        now = self.clock.now()
        self._assign_again(active, self.jobs.due(now, SLICE, JobState.ASSIGNED))
        self._check_files(active, self.jobs.due(now, SLICE, JobState.PENDING))
        self._read_conversations(active)
        self.retelling.run(active)

    def _take_back(self, active: Active) -> None:
        """Give out again what a peer has that cannot work now, and let it know that its commands are void.

        The word comes first: a peer that returns finds it before it works on what is somebody else's by then.
        """
        while not self.presence.peer_can_work() and (given := self.jobs.given_to(self.peer, SLICE)):
            active.check(self.clock.monotonic())
            self.presence.tell_revocation(self.state.revoke(Revocation(active.epoch, self.clock.now())))
            self._assign_again(active, given)

    def _check_files(self, active: Active, pending: Sequence[Job]) -> None:
        """Ask Dynamics in one go which of the late files have come."""
        pending = self._unfinished([job for job in pending if job.epoch != active.epoch]) + [
            job for job in pending if job.epoch == active.epoch
        ]
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
                self.finisher.park(job.recording, f"{why} within {self.give_up}", None, self.node)
            else:
                waiting.append(self._later(active, job))
        active.check(self.clock.monotonic())
        self.jobs.put(waiting)
        conversations = self.source.describe([job.recording for job in ready])
        self.assigner.assign(active, [(job, True) for job in ready], conversations)

    def _later(self, active: Active, job: Job) -> Job:
        now = self.clock.now()
        wait = min(max(self.file_recheck, (now - job.recording.created_on) / 10), _LONGEST_RECHECK)
        return replace(job, due=now + wait, epoch=active.epoch)

    def _assign_again(self, active: Active, overdue: Sequence[Job]) -> None:
        """Give out again what was not finished in time."""
        unfinished = self._unfinished(overdue)
        if not unfinished:
            return
        conversations = self.source.describe([job.recording for job in unfinished])
        self.assigner.assign(active, [(job, True) for job in unfinished], conversations)
        emit(Event.JOBS_REASSIGNED, logging.WARNING, node=self.node, epoch=active.epoch, count=len(unfinished))

    def _unfinished(self, some: Sequence[Job]) -> list[Job]:
        """Leave out what has been finished meanwhile, which is forgotten.

        Its job is still there, so this node was perhaps killed between its ledger and the telling, and the command has
        not outlived that: the peer is told now.
        """
        left = []
        for job in some:
            entry = self.ledger.get(job.recording.id, job.recording.created_on)
            if entry is not None and entry.finished:
                self.finisher.tell_again(entry, None, self.node)
            else:
                left.append(job)
        return left

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
                # In this order: killed in between, this node or its peer still has it on the list.
                self.finisher.refresh(reading)
                self.notifier.tell(None, reading)
                self.open_conversations.remove(conversation_id)
                emit(Event.CONVERSATION_FINISHED, node=self.node, conversation=conversation_id)
            elif reading is None and waited >= _GONE_AFTER:
                self.open_conversations.remove(conversation_id)  # deleted in Dynamics
            else:
                wait = min(2 * waited, _LONGEST_READ_WAIT)
                self.open_conversations.put(conversation_id, self.clock.now() + timedelta(seconds=wait), wait)
