"""What the use cases ask of the outside world. `storage/` and `omnichannel/` implement it, `node.py` joins them.

Every method may raise `Transient` (the store or the organisation cannot be reached, or is busy); none of them lets an
exception of a vendor library through. Times are aware datetimes in UTC.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from capture.model.authority import Cursor, Heartbeat, Watermark
from capture.model.conversation import Conversation, Interaction
from capture.model.identity import ConversationId, Epoch, NodeName, RecordingId
from capture.model.ledger import Copy, LedgerEntry
from capture.model.recording import Job, Recording


class Clock(Protocol):
    """Time and waiting, by argument, so that tests and simulations can move it by hand."""

    def now(self) -> datetime:
        """Wall clock, UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


# --- Dynamics --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Download:
    """An open download: what Dynamics says of the file, and its bytes in pieces. `size` is None when it is not said."""

    file_name: str | None
    size: int | None
    media_type: str | None
    chunks: Iterator[bytes]


class Source(Protocol):
    """The Dynamics organisation. Raises Transient, Waiting (429, no file yet), Permanent or Unauthorized."""

    def recordings_since(self, cursor: datetime) -> Iterator[list[Recording]]:
        """Pages of recordings with `createdon >= cursor`, oldest first, each page as long as it is asked for."""

    def recordings_between(self, start: datetime, end: datetime) -> Iterator[list[Recording]]:
        """Pages of all recordings with `start <= createdon <= end`, ids and files only: cheap and wide."""

    def recordings_by_id(self, ids: Sequence[RecordingId]) -> list[Recording]:
        """Read the recordings that still exist among `ids`, in any order."""

    def describe(self, recordings: Sequence[Recording]) -> dict[ConversationId, Conversation]:
        """Read the metadata of the conversations of these recordings, in batches; what is missing is left out."""

    def conversations(self, ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
        """Read these conversations afresh, in batches; those that no longer exist are left out."""

    def open(self, recording_id: RecordingId) -> AbstractContextManager[Download]:
        """Start a download with a fresh URL. Waiting when there is no file (yet)."""


# --- The node's own store --------------------------------------------------------------------------------------------


class Ledger(Protocol):
    """What has become of each recording. Entries merge; nothing is ever overwritten by less."""

    def get(self, recording_id: RecordingId, created_on: datetime) -> LedgerEntry | None:
        """Read one entry."""

    def merge(self, entry: LedgerEntry) -> LedgerEntry:
        """Join the entry into the ledger (insert, or read-merge-write under an ETag) and return what is known now."""

    def known(self, start: datetime, end: datetime) -> set[RecordingId]:
        """Ids of all entries with `start <= created_on <= end`."""

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

    def due(self, now: datetime, limit: int) -> list[Job]:
        """Jobs with `due <= now`, oldest recording first, at most `limit`."""

    def oldest(self) -> datetime | None:
        """`created_on` of the oldest unfinished recording, None when there is none."""

    def outstanding(self) -> dict[NodeName | None, int]:
        """How many are assigned to each node; under None how many are pending."""


class Interactions(Protocol):
    """The consolidated conversations: a grow-only set of facts by conversation; reading joins them."""

    def add(self, entry: LedgerEntry, conversation: Conversation | None) -> None:
        """Keep one fact about a recording (one copy or one parking) with the metadata that came with it.

        A blind write under a name made of recording and node: facts of both nodes stand side by side.
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

    def remove(self, key: str) -> None:
        """Forget a delivered message."""

    def count(self) -> int:
        """How many wait."""


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

    def parked(self) -> list[tuple[RecordingId, str]]:
        """Recordings that are parked and not archived, with their reasons."""

    def note_parked(self, recording_id: RecordingId, reason: str) -> None:
        """Index a parked recording, so that `parked` need not read the ledger."""

    def forget_parked(self, recording_id: RecordingId) -> None:
        """Drop a recording that has been archived after all; no error when it is not there."""


# --- Archive ---------------------------------------------------------------------------------------------------------


class Upload(Protocol):
    """Bytes on their way into the archive: staged, and visible only after `commit`."""

    def write(self, chunk: bytes) -> None:
        """Stage the next bytes. Memory stays bounded however many come."""

    def commit(self, copy: Copy, entry: LedgerEntry, file_name: str | None) -> bool:
        """Make all bytes visible with their metadata in one step, if nothing is there; else False."""

    def abort(self) -> None:
        """Give the staged bytes up; never raises."""


class Archive(Protocol):
    """One node's archive of recordings."""

    def find(self, stem: str) -> LedgerEntry | None:
        """Look for a committed recording by its path without extension; its metadata is the fact."""

    def upload(self, path: str) -> Upload:
        """Begin an upload of the recording that will live at `path`, extension included."""

    def put_sidecar(self, path: str, document: bytes) -> None:
        """Write the JSON document beside the recording at `path`, replacing an older one."""


# --- Between the nodes -----------------------------------------------------------------------------------------------


class Lease(Protocol):
    """One of the three lease blobs. `acquire` with the same id is acquire-or-renew, from any instance of a node."""

    def acquire(self, seconds: int) -> bool:
        """Take or renew; False when the other node holds it."""

    def renew(self, seconds: int) -> bool:
        """Renew only; False when this node's id does not hold it any more."""

    def release(self) -> None:
        """Give it up; no error when it is not held."""

    def reign(self) -> tuple[Epoch, NodeName | None]:
        """Read the epoch written on the blob, and by whom."""

    def write_reign(self, epoch: Epoch, node: NodeName) -> bool:
        """Write the epoch under the lease; False when the lease is not held any more."""


class Heartbeats(Protocol):
    """Heartbeats in one node's store."""

    def write(self, heartbeat: Heartbeat) -> None:
        """Replace this node's heartbeat."""

    def read(self, node: NodeName) -> tuple[Heartbeat, float] | None:
        """Read a node's heartbeat and its age in seconds by the store's own clock."""


class Queue(Protocol):
    """A queue of commands or notifications. Messages are JSON."""

    def send(self, body: bytes, delay: float = 0, ttl: float | None = None) -> None:
        """Append a message, visible after `delay` seconds, gone after `ttl` seconds (None: never)."""

    def length(self) -> int:
        """About how many messages wait."""


# --- What a node is built from ---------------------------------------------------------------------------------------


class PeerStores(Protocol):
    """What one node uses of an account that both nodes reach: its own or its peer's."""

    @property
    def lease(self) -> Lease:
        """The lease of this account's region."""

    @property
    def heartbeats(self) -> Heartbeats:
        """Who has been heard of here."""

    @property
    def archive(self) -> Archive:
        """The recordings of this account's node."""

    @property
    def ingest(self) -> Queue:
        """Commands for this account's node."""

    @property
    def watermarks(self) -> Queue:
        """Notifications for this account's node."""


class OwnStores(PeerStores, Protocol):
    """All of a node's own stores."""

    @property
    def ledger(self) -> Ledger:
        """What has become of each recording."""

    @property
    def jobs(self) -> Jobs:
        """The unfinished recordings."""

    @property
    def interactions(self) -> Interactions:
        """The consolidated conversations."""

    @property
    def open_conversations(self) -> OpenConversations:
        """What must be read again."""

    @property
    def outbox(self) -> Outbox:
        """What the peer could not be told yet."""

    @property
    def state(self) -> State:
        """Single values."""

    def ensure(self) -> None:
        """Create what is missing; Transient when the account cannot be reached."""
