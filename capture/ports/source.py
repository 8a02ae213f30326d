"""What is asked of the Dynamics organisation."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from capture.model.conversation import Conversation
from capture.model.identity import ConversationId, RecordingId
from capture.model.recording import Recording


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
