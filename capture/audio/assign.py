"""Gives recordings that have a file to the nodes of the pair. Authority: needs an Active."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from capture.errors import CaptureError, Permanent, Superseded, Transient, Unauthorized
from capture.messages import commands
from capture.model.authority import Active
from capture.model.conversation import Conversation
from capture.model.identity import ConversationId, NodeName
from capture.model.recording import ArchiveRecording, Job, JobState
from capture.ports import Clock, Jobs, Queue
from capture.redundancy.notifications import LARGEST_BODY
from capture.redundancy.presence import Presence
from capture.redundancy.rest import Rest
from capture.redundancy.sharing import share
from capture.redundancy.together import Together

GRACE = timedelta(seconds=10)
"""Between the deadline, after which the node commits nothing more, and the next assignment: room for clock skew."""

_LONGEST = timedelta(hours=1)

SLICE = 100
"""Jobs assigned in one go: what fits into one transaction of the table, and surely into the time of a lease."""


@dataclass(frozen=True, slots=True)
class Assigner:
    """Shares jobs between the nodes by outstanding work, never to a SILENT one.

    `look_delay` is in seconds: who had such a job before may believe in it for that long. So the next one gets it later
    than that, and looks then whether it is done.
    """

    node: NodeName
    peer: NodeName
    own_queue: Queue
    peer_queue: Queue
    jobs: Jobs
    presence: Presence
    rest: Rest
    together: Together
    clock: Clock
    first_assignment: timedelta
    look_delay: float
    max_outstanding: int

    def room(self) -> int:
        """How many more jobs may be outstanding now."""
        counts = self.jobs.outstanding()
        return self.max_outstanding - sum(count for node, count in counts.items() if node is not None)

    def assign(
        self,
        active: Active,
        work: Sequence[tuple[Job, bool]],
        conversations: Mapping[ConversationId, Conversation],
    ) -> None:
        """Assign each job anew; the flag says that it may have been archived before. At most SLICE jobs at once.

        The rows are written before the messages are sent. Killed in between, a job has a row and no message, and is
        assigned again when its time is over; the other way round a job could run that nobody knows of.
        """
        if not work:
            return
        outstanding = {node: count for node, count in self.jobs.outstanding().items() if node is not None}
        chosen = share(len(work), outstanding, self._nodes())
        given = [
            (self._assigned(job, active, node), look_first)
            for (job, look_first), node in zip(work, chosen, strict=True)
        ]
        active.check(self.clock.monotonic())
        self.jobs.put([job for job, _ in given])
        refused = self._send(active, given, conversations)
        if refused:
            # Nothing waits on the other region: these jobs are done here instead.
            moved = [(replace(job, node=self.node), look_first) for job, look_first in refused]
            active.check(self.clock.monotonic())
            self.jobs.put([job for job, _ in moved])
            self._send(active, moved, conversations)

    def _nodes(self) -> tuple[NodeName, ...]:
        alone = self.rest.on or not self.presence.peer_can_work()
        return (self.node,) if alone else (self.node, self.peer)

    def _assigned(self, job: Job, active: Active, node: NodeName) -> Job:
        attempt = job.attempt + 1
        length = min(self.first_assignment * 2 ** (attempt - 1), max(_LONGEST, self.first_assignment))
        return replace(
            job,
            state=JobState.ASSIGNED,
            node=node,
            epoch=active.epoch,
            attempt=attempt,
            due=self.clock.now() + length + GRACE,
        )

    def _send(
        self,
        active: Active,
        given: Sequence[tuple[Job, bool]],
        conversations: Mapping[ConversationId, Conversation],
    ) -> list[tuple[Job, bool]]:
        """Send a command for each job, side by side. Return those that the peer's queue surely did not take.

        Without an answer it may have taken the command: then the job stays the peer's until its time is over, or until
        the peer is not heard of any more and everything is taken back from it.
        """

        def send(job: Job, look_first: bool) -> bool:
            if job.node == self.peer and self.rest.on:
                return False  # one of those before has not been answered: the others need not find out for themselves
            active.check(self.clock.monotonic())  # over slow links a slice may outlast the lease
            key = job.recording.conversation_id
            queue = self.peer_queue if job.node == self.peer else self.own_queue
            try:
                self._put(queue, job, look_first, conversations.get(key) if key else None)
            except Transient:
                if job.node == self.peer:
                    self.rest.begin()
                raise
            return True

        outcomes = self.together([partial(send, job, look_first) for job, look_first in given])
        refused = []
        for (job, look_first), outcome in zip(given, outcomes, strict=True):
            if isinstance(outcome, Superseded) or (isinstance(outcome, CaptureError) and job.node == self.node):
                raise outcome
            if outcome is False or isinstance(outcome, Permanent | Unauthorized):
                refused.append((job, look_first))
        return refused

    def _put(self, queue: Queue, job: Job, look_first: bool, conversation: Conversation | None) -> None:
        now = self.clock.now()
        deadline = job.due - GRACE
        command = ArchiveRecording(
            recording=job.recording,
            assigned_by=self.node,
            epoch=job.epoch,
            attempt=job.attempt,
            assigned_at=now,
            deadline=deadline,
            look_first=look_first,
            conversation=conversation,
        )
        body = commands.to_json(command)
        if len(body) > LARGEST_BODY:
            body = commands.to_json(replace(command, conversation=None))
        # The message lives as long as the assignment, so that a node back from the dead finds no stale work.
        lasts = max(1.0, (deadline - now).total_seconds())
        queue.send(body, delay=self.look_delay if look_first else 0, ttl=lasts)
