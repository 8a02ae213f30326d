"""What is asked of the Dynamics organisation."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from capture.model.conversation import Agent, Conversation
from capture.model.day import CompletedCall
from capture.model.identity import AgentId, ConversationId, RecordingId, SessionId
from capture.model.recording import Recording
from capture.model.session import AgentSession


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

    def recordings_of(self, ids: Sequence[ConversationId]) -> list[Recording]:
        """Read the recordings of these conversations, in any order."""

    def count(self, start: datetime, end: datetime) -> int:
        """Count the recordings with `start <= createdon < end`, by another way than lists: Dynamics counts."""

    def completed_calls(self, start: datetime, end: datetime) -> Iterator[list[CompletedCall]]:
        """Pages of the voice conversations created with `start <= createdon < end` that have ended."""

    def describe(self, recordings: Sequence[Recording]) -> dict[ConversationId, Conversation]:
        """Read the metadata of the conversations of these recordings, in batches; what is missing is left out."""

    def conversations(self, ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
        """Read these conversations afresh, in batches; those that no longer exist are left out."""

    def open(self, recording_id: RecordingId) -> AbstractContextManager[Download]:
        """Start a download with a fresh URL. Waiting when there is no file (yet)."""

    def session_of(self, table: str | None, row_id: str) -> AgentSession | None:
        """Read the session that a row belongs to, participants included, with what the row itself says.

        Without a table the row is a session itself. None when there is no such row, or the table has nothing to do
        with sessions.
        """

    def sessions_by_id(self, ids: Sequence[SessionId]) -> list[AgentSession]:
        """Read the sessions that still exist among `ids`, participants included, in any order."""

    def sessions_since(self, since: datetime, channels: Sequence[int]) -> Iterator[list[AgentSession]]:
        """Pages of the sessions of these channels that are open or were modified at `since` or later."""

    def agent(self, agent_id: AgentId) -> Agent:
        """Read an agent, or what is remembered of him; of one who cannot be found no more than the id."""
