"""A Dynamics organisation in memory: rows, files, and failures in the order in which a test wants them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from capture.errors import CaptureError, Waiting
from capture.model.conversation import Agent, Conversation
from capture.model.day import CompletedCall
from capture.model.identity import AgentId, ConversationId, RecordingId, SessionId
from capture.model.recording import Recording
from capture.model.session import AgentSession
from capture.ports import Clock, Download

PIECE = 700
"""Bytes a piece of a download: small, so that even little files come in several."""


@dataclass
class FakeSource:
    """Implements `capture.ports.Source`.

    `metadata` has the conversations of which more than the end is known. `calls` names every call made; `failures` are
    raised by `open`, `listing_failures` by lists, `session_failures` by what reads sessions and agents,
    `agent_failures` by what reads agents.
    """

    clock: Clock
    page_size: int = 100
    rows: dict[RecordingId, Recording] = field(default_factory=dict)
    visible_on: dict[RecordingId, datetime] = field(default_factory=dict)
    files: dict[RecordingId, bytes] = field(default_factory=dict)
    claimed_sizes: dict[RecordingId, int] = field(default_factory=dict)
    finished: set[ConversationId] = field(default_factory=set)
    deleted: set[ConversationId] = field(default_factory=set)
    metadata: dict[ConversationId, Conversation] = field(default_factory=dict)
    failures: list[CaptureError] = field(default_factory=list)
    listing_failures: list[CaptureError] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    sessions: dict[SessionId, tuple[AgentSession, datetime]] = field(default_factory=dict)
    related: dict[tuple[str, str], AgentSession] = field(default_factory=dict)
    ended_calls: list[CompletedCall] = field(default_factory=list)
    agents: dict[AgentId, Agent] = field(default_factory=dict)
    session_failures: list[CaptureError] = field(default_factory=list)
    agent_failures: list[CaptureError] = field(default_factory=list)

    def put_session(self, session: AgentSession) -> AgentSession:
        """Let Dynamics have a session as it is now."""
        self.sessions[session.id] = (session, self.clock.now())
        return session

    def publish(self, recording: Recording, content: bytes | None, *, commit_delay: float = 0) -> Recording:
        """Add a row, visible after `commit_delay` seconds, with its file if there is one."""
        if content is not None:
            self.files[recording.id] = content
            recording = replace(recording, file_id=f"file-{recording.id}")
        self.rows[recording.id] = recording
        self.visible_on[recording.id] = self.clock.now() + timedelta(seconds=commit_delay)
        return recording

    def bring_file(self, recording_id: RecordingId, content: bytes) -> None:
        """Let a file come after its row."""
        self.files[recording_id] = content
        self.rows[recording_id] = replace(self.rows[recording_id], file_id=f"file-{recording_id}")

    def recordings_since(self, cursor: datetime) -> Iterator[list[Recording]]:
        yield from self._pages("since", [row for row in self._visible() if row.created_on >= cursor])

    def recordings_between(self, start: datetime, end: datetime) -> Iterator[list[Recording]]:
        yield from self._pages("between", [row for row in self._visible() if start <= row.created_on <= end])

    def recordings_by_id(self, ids: Sequence[RecordingId]) -> list[Recording]:
        self.calls.append("by_id")
        return [row for row in self._visible() if row.id in set(ids)]

    def recordings_of(self, ids: Sequence[ConversationId]) -> list[Recording]:
        self.calls.append("of")
        return [row for row in self._visible() if row.conversation_id in set(ids)]

    def count(self, start: datetime, end: datetime) -> int:
        self.calls.append("count")
        return sum(start <= row.created_on < end for row in self._visible())

    def completed_calls(self, start: datetime, end: datetime) -> Iterator[list[CompletedCall]]:
        self.calls.append("completed")
        yield [call for call in self.ended_calls if start <= call.created_on < end]

    def describe(self, recordings: Sequence[Recording]) -> dict[ConversationId, Conversation]:
        return self.conversations([each.conversation_id for each in recordings if each.conversation_id is not None])

    def conversations(self, ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
        if ids:
            self.calls.append("conversations")
        now = self.clock.now()
        return {
            each: self.metadata.get(each) or Conversation(each, now, finished=each in self.finished)
            for each in ids
            if each not in self.deleted
        }

    @contextmanager
    def open(self, recording_id: RecordingId) -> Iterator[Download]:
        self.calls.append("open")
        if self.failures:
            raise self.failures.pop(0)
        if recording_id not in self.files:
            raise Waiting("no file yet")
        content = self.files[recording_id]
        yield Download(
            file_name="callRecording.mp3",
            size=self.claimed_sizes.get(recording_id, len(content)),
            media_type="audio/mpeg",
            chunks=(content[at : at + PIECE] for at in range(0, len(content), PIECE)),
        )

    def session_of(self, table: str | None, row_id: str) -> AgentSession | None:
        self._call("session_of")
        if table in (None, "msdyn_ocsession"):
            return next(iter(self._sessions([SessionId(row_id)])), None)
        return self.related.get((table, row_id))

    def sessions_by_id(self, ids: Sequence[SessionId]) -> list[AgentSession]:
        self._call("sessions_by_id")
        return self._sessions(ids)

    def sessions_since(self, since: datetime, channels: Sequence[int]) -> Iterator[list[AgentSession]]:
        self._call("sessions_since")
        yield [
            session
            for session, modified_on in self.sessions.values()
            if (session.closed_on is None or modified_on >= since) and session.channel in channels
        ]

    def agent(self, agent_id: AgentId) -> Agent:
        self._call("agent")
        if self.agent_failures:
            raise self.agent_failures.pop(0)
        return self.agents.get(agent_id, Agent(agent_id))

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.session_failures:
            raise self.session_failures.pop(0)

    def _sessions(self, ids: Sequence[SessionId]) -> list[AgentSession]:
        return [self.sessions[each][0] for each in ids if each in self.sessions]

    def _visible(self) -> list[Recording]:
        now = self.clock.now()
        rows = [row for row in self.rows.values() if self.visible_on[row.id] <= now]
        return sorted(rows, key=lambda row: (row.created_on, row.id))

    def _pages(self, name: str, rows: list[Recording]) -> Iterator[list[Recording]]:
        for at in range(0, max(len(rows), 1), self.page_size):
            self.calls.append(name)
            if self.listing_failures:
                raise self.listing_failures.pop(0)
            yield rows[at : at + self.page_size]
