"""One agent's session of a conversation as a merge of timestamps, whatever order its events come in.

What a desktop should be doing is a pure function of it, and only ever goes forward: record, then delete or keep.
Between them stands stop, while it is not sure which of the two.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from capture.model.identity import AgentId, ConversationId, SessionId

RECORDED_MODES = frozenset({"Primary", "Consult"})
"""Who takes part in one of these ways speaks with the customer or the agent; who monitors only listens."""


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
    """Something that happened within a session; the two ends may come to be known one after the other."""

    kind: MarkKind
    id: str
    begun_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Participation:
    """One `msdyn_sessionparticipant`: called, joined (accepted) and left."""

    id: str
    agent_id: AgentId | None = None
    mode: str | None = None
    called_on: datetime | None = None
    joined_on: datetime | None = None
    left_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class AgentSession:
    """One `msdyn_ocsession` as far as it is known. Marks and participants are sorted, each stands once."""

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

    @property
    def complete(self) -> bool:
        """Tell whether enough is known to decide who is recorded."""
        if self.conversation_id is None or self.owner is None or self.channel is None:
            return False
        return all(each.agent_id is not None and each.mode is not None for each in self.participants)


class Wanted(StrEnum):
    """What a desktop should be doing about a seat, in the order in which it can change."""

    NOTHING = "nothing"
    RECORD = "record"
    STOP = "stop"
    DELETE = "delete"
    KEEP = "keep"

    @property
    def rank(self) -> int:
        """Orders of a higher rank replace those of a lower one: an accept that comes late keeps."""
        return list(Wanted).index(self)


@dataclass(frozen=True, slots=True)
class Seat:
    """One agent in one session: whose screen it is about, and since when."""

    session_id: SessionId
    conversation_id: ConversationId | None
    agent_id: AgentId
    called_on: datetime | None
    accepted_on: datetime | None
    closed_on: datetime | None
    mode: str | None


def merge_sessions(one: AgentSession, other: AgentSession) -> AgentSession:
    """Join what two facts say of one session. Order, grouping and repetition change nothing."""
    return AgentSession(
        id=one.id,
        conversation_id=best(max, one.conversation_id, other.conversation_id),
        owner=best(max, one.owner, other.owner),
        channel=best(max, one.channel, other.channel),
        created_on=best(min, one.created_on, other.created_on),
        assigned_on=best(max, one.assigned_on, other.assigned_on),
        accepted_on=best(min, one.accepted_on, other.accepted_on),
        closed_on=best(max, one.closed_on, other.closed_on),
        closure=best(max, one.closure, other.closure),
        primary_id=best(max, one.primary_id, other.primary_id),
        marks=merge_marks((*one.marks, *other.marks)),
        participants=_merge_participants((*one.participants, *other.participants)),
    )


def merge_marks(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Join marks of the same kind and id: the earliest begin and the latest end."""
    known: dict[tuple[MarkKind, str], Mark] = {}
    for mark in marks:
        before = known.get((mark.kind, mark.id), mark)
        known[mark.kind, mark.id] = replace(
            before,
            begun_at=best(min, before.begun_at, mark.begun_at),
            ended_at=best(max, before.ended_at, mark.ended_at),
        )
    return tuple(known[key] for key in sorted(known))


def _merge_participants(some: Iterable[Participation]) -> tuple[Participation, ...]:
    known: dict[str, Participation] = {}
    for each in some:
        before = known.get(each.id, each)
        known[each.id] = Participation(
            id=each.id,
            agent_id=best(max, before.agent_id, each.agent_id),
            mode=best(max, before.mode, each.mode),
            called_on=best(min, before.called_on, each.called_on),
            joined_on=best(min, before.joined_on, each.joined_on),
            left_on=best(max, before.left_on, each.left_on),
        )
    return tuple(known[key] for key in sorted(known))


def seats(session: AgentSession) -> tuple[Seat, ...]:
    """Name the agents whose screens belong to the session: its owner, and who takes part in a recorded mode.

    Each agent once, sorted by id. The owner's seat is open as long as the session is; anybody else's until the last
    of his participations has ended. The end of the session ends them all.
    """
    owner = AgentId(session.owner.value) if session.owner is not None else None
    taking_part: dict[AgentId, list[Participation]] = {owner: []} if owner is not None else {}
    for each in session.participants:
        if each.agent_id is not None and each.mode in RECORDED_MODES:
            taking_part.setdefault(each.agent_id, []).append(each)
    return tuple(_seat(session, agent, taking_part[agent], agent == owner) for agent in sorted(taking_part))


def _seat(session: AgentSession, agent: AgentId, some: list[Participation], is_owner: bool) -> Seat:
    accepted_on = min((each.joined_on for each in some if each.joined_on is not None), default=None)
    called = [when for each in some for when in (each.called_on, each.joined_on) if when is not None]
    left = [each.left_on for each in some]
    closed_on = session.closed_on
    if is_owner:
        accepted_on = best(min, accepted_on, session.accepted_on)
        called += [when for when in (session.assigned_on, session.accepted_on) if when is not None]
    elif None not in left:
        closed_on = best(min, closed_on, max(when for when in left if when is not None))
    return Seat(
        session_id=session.id,
        conversation_id=session.conversation_id,
        agent_id=agent,
        called_on=min(called, default=None),
        accepted_on=accepted_on,
        closed_on=closed_on,
        mode="Primary" if is_owner else min(each.mode or "" for each in some),
    )


def wanted(seat: Seat, min_seconds: float = 0) -> Wanted:
    """Decide what a desktop should be doing. "Never accepted" is told from the missing time, never from a reason."""
    if seat.called_on is None:
        return Wanted.NOTHING
    if seat.closed_on is None:
        return Wanted.RECORD
    if seat.accepted_on is None:
        return Wanted.DELETE
    long_enough = seat.closed_on - seat.accepted_on >= timedelta(seconds=min_seconds)
    return Wanted.KEEP if min_seconds <= 0 or long_enough else Wanted.DELETE


def best[T](choose: Callable[[Iterable[T]], T], *values: T | None) -> T | None:
    """Choose among what is known, None when nothing is."""
    known = [value for value in values if value is not None]
    return choose(known) if known else None
