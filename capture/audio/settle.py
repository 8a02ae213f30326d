"""What a READY node does with jobs that it gave out while it was ACTIVE."""

from dataclasses import dataclass, field

from capture.audio.assign import SLICE
from capture.audio.finish import Finisher
from capture.errors import CaptureError
from capture.model.conversation import Conversation
from capture.model.identity import ConversationId, NodeName
from capture.model.ledger import LedgerEntry
from capture.model.path import stem
from capture.model.recording import JobState, Recording
from capture.ports import Archive, Clock, Jobs, Ledger, Source

_EVERY = 60.0


@dataclass(slots=True)
class Settlement:
    """Finds out what has become of them. To give them out again is another's business now; facts are everybody's.

    The worker may have been killed between its ledger and the telling, and be ACTIVE itself since: it knows the
    recording, has no job for it, and would never speak of it again. This node still has the job.
    """

    node: NodeName
    source_name: str
    source: Source
    jobs: Jobs
    ledger: Ledger
    archive: Archive
    peer_archive: Archive
    finisher: Finisher
    clock: Clock
    _looked_at: float = field(default=float("-inf"), init=False)

    def run(self) -> None:
        """Look for what is overdue in the ledger and in both archives, a slice a minute. Transient when one is down."""
        if self.clock.monotonic() - self._looked_at < _EVERY:
            return
        self._looked_at = self.clock.monotonic()
        found: list[LedgerEntry] = []
        for job in self.jobs.due(self.clock.now(), SLICE, JobState.ASSIGNED):
            known = self.ledger.get(job.recording.id, job.recording.created_on)
            if known is not None and known.finished:
                self.finisher.tell_again(known, None, self.node)
            elif (entry := self._look(job.recording)) is not None:
                found.append(entry)
        conversations = self._conversations(found)
        for entry in found:
            key = entry.conversation_id
            self.finisher.finish(entry, conversations.get(key) if key else None, self.node)

    def _look(self, recording: Recording) -> LedgerEntry | None:
        name = stem(self.source_name, recording.id, recording.created_on, recording.conversation_id)
        return self.archive.find(name) or self.peer_archive.find(name)

    def _conversations(self, found: list[LedgerEntry]) -> dict[ConversationId, Conversation]:
        ids = sorted({entry.conversation_id for entry in found if entry.conversation_id is not None})
        try:
            return self.source.conversations(ids) if ids else {}
        except CaptureError:
            return {}  # the recording does not wait for its metadata: the conversation is read again later
