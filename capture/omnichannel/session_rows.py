"""What rows say of an agent's session: one function a table, from changed columns to timestamps. Pure."""

from dataclasses import dataclass
from datetime import datetime

from capture.model.identity import AgentId, ConversationId, SessionId
from capture.model.session import AgentSession, Mark, MarkKind, Participation, Stamped
from capture.omnichannel import choices
from capture.omnichannel.contract_values import code, moment, reference
from capture.omnichannel.execution import RowChange

_HOLD = 192350001
_ENDED_STATES = frozenset({1, 2})
"""Completed and Canceled."""

# msdyn_eventtype of msdyn_sessionevent.
_ASSIGNED, _ACCEPTED = 192350002, 192350003
_NEVER_ACCEPTED = {192350004: "AgentReject", 192350007: "AgentTimeout"}
# SessionEnd, CustomerDisconnected, BotEndConversation, CustomerEndConversation, AgentEndConversation,
# SupervisorForceClose. Not AgentDisconnected (14): an agent whose browser was gone may rejoin within 90 seconds.
# Nor ParticipantEnd and ParticipantLeft (13, 20): that may be somebody who was consulted.
_ENDS = frozenset(192350000 + number for number in (5, 17, 22, 25, 26, 30))
_TRANSFERS = frozenset(192350000 + number for number in (18, 19, 23, 24))
# ParticipantInvited, ParticipantInviteAccepted, AgentAddedToC2Chat; and what ends that.
_CONSULT_BEGINS = frozenset(192350000 + number for number in (9, 11, 27))
_CONSULT_ENDS = frozenset(192350000 + number for number in (10, 12, 13, 20, 28, 29))


@dataclass(frozen=True, slots=True)
class Unknown:
    """The payload does not say enough: the row must be read. `session` is what it did say."""

    session: AgentSession | None = None


def of_session(change: RowChange) -> AgentSession | Unknown:
    """Read a change of `msdyn_ocsession`."""
    values = change.values
    modified_on = moment(values, "modifiedon") or change.happened_at
    owner = reference(values, "ownerid", "systemuser")
    closed_on = moment(values, "msdyn_sessionclosedon")
    reason = code(values, "msdyn_closurereason")
    why = None if reason is None else choices.closure({"msdyn_closurereason": reason})
    primary = reference(values, "msdyn_primarysession", "msdyn_ocsession")
    conversation = reference(values, "msdyn_liveworkitemid", "msdyn_ocliveworkitem")
    session = AgentSession(
        id=SessionId(change.id),
        conversation_id=ConversationId(conversation) if conversation else None,
        owner=Stamped(modified_on, owner) if owner else None,
        channel=code(values, "msdyn_channel"),
        created_on=moment(values, "msdyn_sessioncreatedon") or moment(values, "createdon"),
        assigned_on=moment(values, "msdyn_agentassignedon"),
        accepted_on=moment(values, "msdyn_agentacceptedon"),
        closed_on=closed_on,
        closure=Stamped(closed_on or modified_on, why) if why else None,
        primary_id=SessionId(primary) if primary else None,
    )
    if closed_on is None and code(values, "statecode") in _ENDED_STATES:
        return Unknown(session)  # it has ended, but when?
    return session


def of_participant(change: RowChange) -> AgentSession | Unknown:
    """Read a change of `msdyn_sessionparticipant`. Its creation is the ringing, `msdyn_joinedon` the accepting."""
    values = change.values
    session = reference(values, "msdyn_omnichannelsession", "msdyn_ocsession")
    if session is None:
        return Unknown()
    agent, mode = reference(values, "msdyn_agentid", "systemuser"), code(values, "msdyn_mode")
    one = Participation(
        id=change.id,
        agent_id=AgentId(agent) if agent else None,
        mode=None if mode is None else choices.mode({"msdyn_mode": mode}),
        called_on=moment(values, "createdon") or (change.happened_at if change.created else None),
        joined_on=moment(values, "msdyn_joinedon"),
        left_on=moment(values, "msdyn_lefton"),
    )
    known = AgentSession(SessionId(session), participants=(one,))
    return known if agent and mode is not None else Unknown(known)


def of_hold(change: RowChange) -> AgentSession | Unknown | None:
    """Read a change of `msdyn_ocsessionparticipantevent`: of its kinds only hold is kept."""
    values = change.values
    kind, session = code(values, "msdyn_eventtype"), reference(values, "msdyn_sessionid", "msdyn_ocsession")
    if kind is not None and kind != _HOLD:
        return None
    if kind is None or session is None:
        return Unknown()
    begun_at = moment(values, "msdyn_eventstarttime") or moment(values, "createdon")
    mark = Mark(MarkKind.HOLD, change.id, begun_at, moment(values, "msdyn_eventendtime"))
    return AgentSession(SessionId(session), marks=(mark,))


def of_event(change: RowChange) -> AgentSession | Unknown | None:
    """Read a new `msdyn_sessionevent`. When it happened is when it was created: `msdyn_eventtime` has no hours."""
    values = change.values
    kind, session = code(values, "msdyn_eventtype"), reference(values, "msdyn_omnichannelsession", "msdyn_ocsession")
    if kind is None or session is None:
        return Unknown()
    return happened(SessionId(session), kind, moment(values, "createdon") or change.happened_at, change.id)


def happened(session: SessionId, kind: int, at: datetime, event: str) -> AgentSession | None:
    """Say what a `msdyn_sessionevent` of this `msdyn_eventtype` stands for; None: nothing that is kept."""
    known: AgentSession | None = None
    if kind == _ASSIGNED:
        known = AgentSession(session, assigned_on=at)
    elif kind == _ACCEPTED:
        known = AgentSession(session, accepted_on=at)
    elif kind in _NEVER_ACCEPTED:
        known = AgentSession(session, closed_on=at, closure=Stamped(at, _NEVER_ACCEPTED[kind]))
    elif kind in _ENDS:
        known = AgentSession(session, closed_on=at)
    elif kind in _TRANSFERS:
        known = AgentSession(session, marks=(Mark(MarkKind.TRANSFER, event, at, at),))
    elif kind in _CONSULT_BEGINS:
        known = AgentSession(session, marks=(Mark(MarkKind.CONSULT, event, at, None),))
    elif kind in _CONSULT_ENDS:
        known = AgentSession(session, marks=(Mark(MarkKind.CONSULT, event, None, at),))
    return known
