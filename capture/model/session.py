"""One agent's session of a conversation as a merge of timestamps, whatever order its events come in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from capture.model.identity import AgentId, ConversationId, SessionId


@dataclass(frozen=True, slots=True, order=True)
class Stamped:
    """A value and when it was so: the latest one holds."""

    at: datetime
    value: str


class MarkKind(StrEnum):
    """What a mark on the time line of a session stands for."""

    HOLD = "hold"
    CONSULT = "consult"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """Something that happened within a session."""

    kind: MarkKind
    id: str
    begun_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Participation:
    """One `msdyn_sessionparticipant`."""

    id: str
    agent_id: AgentId | None = None
    mode: str | None = None
    called_on: datetime | None = None
    joined_on: datetime | None = None
    left_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class AgentSession:
    """One `msdyn_ocsession` as far as it is known."""

    id: SessionId
    conversation_id: ConversationId | None = None
    owner: Stamped | None = None
    channel: int | None = None
    created_on: datetime | None = None
    assigned_on: datetime | None = None
    accepted_on: datetime | None = None
    closed_on: datetime | None = None
    closure: Stamped | None = None
    primary_id: SessionId | None = None
    marks: tuple[Mark, ...] = ()
    participants: tuple[Participation, ...] = ()
