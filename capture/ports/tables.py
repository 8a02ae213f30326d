"""What is asked of the node's own tables."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

from capture.model.authority import Cursor, Preference, Revocation, Watermark, Yields
from capture.model.conversation import Conversation, Interaction
from capture.model.hold import HeldRecording
from capture.model.identity import ConversationId, NodeName, RecordingId
from capture.model.ledger import LedgerEntry, ParkedRecording, RejectedMessage, Tally
from capture.model.recording import Job, JobState


class Ledger(Protocol):
    """What has become of each recording. Entries merge; nothing is ever overwritten by less."""

    def get(self, recording_id: RecordingId, created_on: datetime) -> LedgerEntry | None:
        """Read one entry."""

    def merge(self, entry: LedgerEntry) -> LedgerEntry:
        """Join the entry into the ledger (insert, or read-merge-write under an ETag) and return what is known now."""

    def known(self, start: datetime, end: datetime) -> set[RecordingId]:
        """Ids of all entries with `start <= created_on <= end`."""

    def states(self, start: datetime, end: datetime) -> dict[RecordingId, str]:
        """`LedgerEntry.state` of all entries with `start <= created_on <= end`, by their ids."""

    def calls(self, start: datetime, end: datetime) -> Iterator[tuple[RecordingId, ConversationId | None, str]]:
        """Id, conversation and state of all entries with `start <= created_on <= end`."""

    def tally(self, start: datetime, end: datetime) -> Tally:
        """Count the archived recordings with `start <= created_on <= end`."""

    def between(self, start: datetime, end: datetime) -> Iterator[LedgerEntry]:
        """All entries with `start <= created_on <= end`, oldest first."""


class Jobs(Protocol):
    """The unfinished recordings, as the ACTIVE node keeps them. Ordered by `created_on`, then id."""

    def put(self, jobs: Iterable[Job]) -> None:
        """Insert or replace, many at once."""

    def remove(self, recording_id: RecordingId, created_on: datetime) -> None:
        """Forget a finished recording; no error when it is not there."""

    def known(self, start: datetime, end: datetime) -> set[RecordingId]:
        """Ids of all jobs with `start <= created_on <= end`."""

    def between(self, start: datetime, end: datetime) -> Iterator[Job]:
        """All jobs with `start <= created_on <= end`."""

    def due(self, now: datetime, limit: int, state: JobState) -> list[Job]:
        """Jobs in this state with `due <= now`, oldest recording first, at most `limit`."""

    def given_to(self, node: NodeName, limit: int) -> list[Job]:
        """Jobs that are assigned to this node, oldest recording first, at most `limit`."""

    def oldest(self) -> datetime | None:
        """`created_on` of the oldest unfinished recording, None when there is none."""

    def outstanding(self) -> dict[NodeName | None, int]:
        """How many are assigned to each node; under None how many are pending."""


class Interactions(Protocol):
    """The consolidated conversations: a grow-only set of facts by conversation; reading joins them."""

    def add(self, entry: LedgerEntry, conversation: Conversation | None) -> None:
        """Keep one fact about a recording (one copy or one parking) with the metadata that came with it.

        A blind write under a name made of the recording and the fact itself: facts stand side by side, none hides one.
        """

    def add_reading(self, conversation: Conversation) -> None:
        """Keep a reading of the metadata alone; the best one wins when it is read."""

    def get(self, key: str) -> Interaction | None:
        """Join all facts of one interaction (conversation id, or `recording-<id>` where there is none)."""

    def keys(self) -> Iterator[str]:
        """Every interaction's key."""


class OpenConversations(Protocol):
    """Conversations that had not finished when their metadata was read: to be read again."""

    def put(self, conversation_id: ConversationId, due: datetime, wait: float) -> None:
        """Insert or replace: read again at `due`; `wait` is the length of this wait in seconds."""

    def remove(self, conversation_id: ConversationId) -> None:
        """Forget a conversation that has finished; no error when it is not there."""

    def due(self, now: datetime, limit: int) -> list[tuple[ConversationId, float]]:
        """Conversations to read again now, with the wait that has passed, at most `limit`."""


class Outbox(Protocol):
    """What the peer must hear and could not be told yet."""

    def put(self, message: bytes, now: datetime) -> None:
        """Keep a message for later."""

    def oldest(self, limit: int) -> list[tuple[str, bytes]]:
        """Read the oldest messages with their keys."""

    def since(self) -> datetime | None:
        """When the oldest message was put there, None when nothing waits."""

    def remove(self, key: str) -> None:
        """Forget a delivered message."""

    def count(self, limit: int) -> int:
        """How many wait; counting stops at `limit`."""


class State(Protocol):
    """The node's few single values."""

    def watermark(self) -> Watermark | None:
        """Read the low watermark."""

    def raise_watermark(self, mark: Watermark) -> Watermark:
        """Merge `mark` in and return the result: a lower epoch, or an earlier time in one epoch, changes nothing."""

    def cursor(self) -> Cursor | None:
        """Read how far the tail has been read."""

    def put_cursor(self, cursor: Cursor) -> None:
        """Write the cursor; Superseded when one of a higher epoch is there."""

    def preference(self) -> Preference | None:
        """Read a person's word about who shall be ACTIVE."""

    def prefer(self, preference: Preference) -> Preference:
        """Merge it in and return the result: one of a lower epoch, or an earlier one, changes nothing."""

    def revocation(self) -> Revocation | None:
        """Read until when this node has taken back what it gave its peer."""

    def revoke(self, revocation: Revocation) -> Revocation:
        """Merge it in and return the result."""

    def yields(self) -> Yields | None:
        """Read how often this node has left the role to the preferred one."""

    def note_yield(self, yields: Yields) -> None:
        """Keep that it did."""

    def paused_until(self) -> datetime | None:
        """Read until when this node must not call Dynamics (Retry-After of a 429)."""

    def pause_until(self, when: datetime) -> None:
        """Keep a pause for the whole node; an earlier end than the known one changes nothing."""

    def note_error(self, at: datetime, text: str) -> None:
        """Keep the last error for `status`."""

    def last_error(self) -> tuple[datetime, str] | None:
        """Read the last error."""

    def reject(self, queue: str, body: bytes, reason: str, now: datetime) -> None:
        """Keep a queue message that cannot be read, with the reason; the same body is kept once."""

    def rejected(self) -> list[tuple[str, str]]:
        """Queue and reason of every message that could not be read."""

    def rejected_messages(self) -> list[RejectedMessage]:
        """Every message that could not be read or carried out, in the order in which they came."""

    def rejected_body(self, rejection: RejectedMessage) -> bytes | None:
        """Read the body of such a message, None when it is not there any more."""

    def forget_rejected(self, rejection: RejectedMessage) -> None:
        """Drop such a message, which is in its queue again; no error when it is not there."""

    def parked(self) -> list[ParkedRecording]:
        """Recordings that are parked and not archived, with their reasons."""

    def note_parked(self, parked: ParkedRecording) -> None:
        """Index a parked recording, so that `parked` need not read the ledger."""

    def forget_parked(self, recording_id: RecordingId) -> None:
        """Drop a recording that has been archived after all; no error when it is not there."""

    def held(self) -> list[HeldRecording]:
        """Recordings under a legal hold, with who and why."""

    def note_held(self, held: HeldRecording) -> None:
        """Index a recording under hold, so that `held` need not read the ledger."""

    def forget_held(self, recording_id: RecordingId) -> None:
        """Drop a recording whose hold was released; no error when it is not there."""
