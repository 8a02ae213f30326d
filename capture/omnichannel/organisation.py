"""One Dynamics organisation as the node sees it: joins the parts of this package into `capture.ports.Source`."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from capture.model.conversation import Agent, Conversation
from capture.model.day import CompletedCall
from capture.model.identity import AgentId, ConversationId, RecordingId, SessionId
from capture.model.recording import Recording
from capture.model.session import AgentSession
from capture.omnichannel.agent_sessions import AgentSessions
from capture.omnichannel.agents import Agents
from capture.omnichannel.aside import Aside
from capture.omnichannel.download import Downloads
from capture.omnichannel.metadata import Metadata
from capture.omnichannel.pause import Pause
from capture.omnichannel.recordings import Recordings
from capture.omnichannel.tokens import Assertion, Tokens, no_identity
from capture.omnichannel.transport import session
from capture.omnichannel.web_api import WebApi
from capture.ports import Clock, Download, State
from capture.settings import Settings


class Organisation:
    """Implements `Source`. One for each process; threads share it. Nothing is called before the first method is.

    `ca_bundle` is a file of root certificates to trust instead of the usual ones; `assertion` fetches what stands in
    for a client secret, see `Tokens`.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        clock: Clock,
        ca_bundle: str | None = None,
        assertion: Assertion = no_identity,
    ) -> None:
        timeout = float(settings.dynamics_timeout_seconds)
        http = session(timeout, ca_bundle)
        api = WebApi(settings, Tokens(settings, clock, http, assertion), Pause(state, clock), http)
        aside = Aside(clock)
        self._recordings = Recordings(api, aside, clock, settings.dynamics_page_size)
        self._agents = Agents(api, clock)
        self._metadata = Metadata(api, self._agents, aside, clock)
        self._sessions = AgentSessions(api, settings.dynamics_page_size)
        self._downloads = Downloads(api, session(timeout, ca_bundle), clock)

    def recordings_since(self, cursor: datetime) -> Iterator[list[Recording]]:
        """Pages of recordings with `createdon >= cursor`, oldest first, each page read when it is asked for."""
        return self._recordings.since(cursor)

    def recordings_between(self, start: datetime, end: datetime) -> Iterator[list[Recording]]:
        """Pages of all recordings with `start <= createdon <= end`, ids and files only."""
        return self._recordings.between(start, end)

    def recordings_by_id(self, ids: Sequence[RecordingId]) -> list[Recording]:
        """Read the recordings that still exist among `ids`, in any order."""
        return self._recordings.by_id(ids)

    def recordings_of(self, ids: Sequence[ConversationId]) -> list[Recording]:
        """Read the recordings of these conversations, in any order."""
        return self._recordings.of(ids)

    def count(self, start: datetime, end: datetime) -> int:
        """Count the recordings with `start <= createdon < end`."""
        return self._recordings.count(start, end)

    def completed_calls(self, start: datetime, end: datetime) -> Iterator[list[CompletedCall]]:
        """Pages of the voice conversations created with `start <= createdon < end` that have ended."""
        return self._metadata.completed(start, end)

    def describe(self, recordings: Sequence[Recording]) -> dict[ConversationId, Conversation]:
        """Describe the conversations of these recordings, in batches; what is missing is left out."""
        return self._metadata.describe(recordings)

    def conversations(self, ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
        """Read these conversations afresh, in batches; those that no longer exist are left out."""
        return self._metadata.conversations(ids)

    def open(self, recording_id: RecordingId) -> AbstractContextManager[Download]:
        """Start a download with a fresh URL. Waiting when there is no file (yet)."""
        return self._downloads.open(recording_id)

    def session_of(self, table: str | None, row_id: str) -> AgentSession | None:
        """Read the session that a row belongs to; None when there is none."""
        return self._sessions.of_row(table, row_id)

    def sessions_by_id(self, ids: Sequence[SessionId]) -> list[AgentSession]:
        """Read the sessions that still exist among `ids`, participants included, in any order."""
        return self._sessions.by_id(ids)

    def sessions_since(self, since: datetime, channels: Sequence[int]) -> Iterator[list[AgentSession]]:
        """Pages of the sessions of these channels that are open or were modified at `since` or later."""
        return self._sessions.since(since, channels)

    def agent(self, agent_id: AgentId) -> Agent:
        """Read an agent, or what is remembered of him; of one who cannot be found no more than the id."""
        return self._agents.named({agent_id: None})[agent_id]
