"""The metadata of a call, and the interaction: all recordings of one conversation, with its agents and times."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from capture.model.identity import ConversationId
from capture.model.ledger import LedgerEntry, merge_entries


@dataclass(frozen=True, slots=True)
class Agent:
    """A `systemuser` who took part. Everything but the id may be missing. `is_program`: it is a bot."""

    id: str
    name: str | None = None
    email: str | None = None
    domain_name: str | None = None
    entra_object_id: str | None = None
    is_program: bool = False


@dataclass(frozen=True, slots=True)
class Participant:
    """One `msdyn_sessionparticipant`: an agent in a session, as primary, consulted or monitoring."""

    agent: Agent | None
    mode: str | None = None
    joined_on: datetime | None = None
    left_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One `msdyn_ocsession`: a stretch of the conversation with one agent. A transfer opens the next."""

    id: str
    agent: Agent | None = None
    assigned_on: datetime | None = None
    accepted_on: datetime | None = None
    closed_on: datetime | None = None
    closure_reason: str | None = None
    participants: tuple[Participant, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """What Dynamics said of a conversation at `read_at`. Anything may be missing, nothing is guessed.

    `finished` means closed or resolved; what was read before is read again when the conversation has finished.
    """

    id: ConversationId
    read_at: datetime
    finished: bool = False
    subject: str | None = None
    channel: str | None = None
    outbound: bool | None = None
    started_on: datetime | None = None
    closed_on: datetime | None = None
    queue: str | None = None
    customer_id: str | None = None
    customer: str | None = None
    call_id: str | None = None
    from_phone: str | None = None
    to_phone: str | None = None
    sessions: tuple[Session, ...] = ()

    @property
    def agents(self) -> tuple[Agent, ...]:
        """Everybody who had a session or took part in one, each once, in order of appearance."""
        seen: dict[str, Agent] = {}
        for session in self.sessions:
            for agent in (session.agent, *(p.agent for p in session.participants)):
                if agent is not None:
                    seen.setdefault(agent.id, agent)
        return tuple(seen.values())


def latest(readings: Iterable[Conversation | None]) -> Conversation | None:
    """Choose the reading that knows most: a finished one before an unfinished, then the later.

    The text of the value breaks ties, so that both nodes choose the same one whatever the order.
    """
    best: Conversation | None = None
    for reading in readings:
        if reading is not None and (best is None or _knows_more(reading, best)):
            best = reading
    return best


def _knows_more(one: Conversation, other: Conversation) -> bool:
    if (one.finished, one.read_at) != (other.finished, other.read_at):
        return (one.finished, one.read_at) > (other.finished, other.read_at)
    return one is not other and repr(one) > repr(other)  # the text is dear, and hardly ever needed


@dataclass(frozen=True, slots=True)
class Interaction:
    """The consolidated conversation: the best reading of its metadata and an entry for each of its recordings."""

    key: str
    conversation: Conversation | None = None
    recordings: tuple[LedgerEntry, ...] = field(default=())

    @property
    def started_on(self) -> datetime | None:
        """When the conversation began, or else when its first recording was listed."""
        if self.conversation is not None and self.conversation.started_on is not None:
            return self.conversation.started_on
        return min((entry.created_on for entry in self.recordings), default=None)


def merge_interactions(one: Interaction, other: Interaction) -> Interaction:
    """Join what two nodes (or two messages) know of one interaction. Order and repetition change nothing."""
    entries = {entry.recording_id: entry for entry in one.recordings}
    for entry in other.recordings:
        known = entries.get(entry.recording_id)
        entries[entry.recording_id] = entry if known is None else merge_entries(known, entry)
    return Interaction(
        key=one.key,
        conversation=latest((one.conversation, other.conversation)),
        recordings=tuple(sorted(entries.values(), key=lambda e: (e.created_on, e.recording_id))),
    )
