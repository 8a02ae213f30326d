"""Rows of a conversation, its sessions and its phone context, turned into one value. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from capture.model.conversation import Agent, Conversation, Participant, Session
from capture.model.identity import ConversationId
from capture.omnichannel import choices, query, rows
from capture.omnichannel.rows import Row

CONVERSATION_COLUMNS = query.columns(
    "activityid",
    "subject",
    "statecode",
    "msdyn_channel",
    "msdyn_isoutbound",
    "msdyn_startedon",
    "msdyn_closedon",
    "_msdyn_cdsqueueid_value",
    "_msdyn_customer_value",
)
SESSION_COLUMNS = query.columns(
    "activityid",
    "_msdyn_liveworkitemid_value",
    "_ownerid_value",
    "msdyn_agentassignedon",
    "msdyn_agentacceptedon",
    "msdyn_sessionclosedon",
    "msdyn_closurereason",
)
PARTICIPANT_COLUMNS = query.columns("_msdyn_agentid_value", "msdyn_mode", "msdyn_joinedon", "msdyn_lefton")
PHONE_COLUMNS = query.columns("_msdyn_liveworkitemid_value", "msdyn_callsid", "msdyn_fromphone", "msdyn_tophone")

PARTICIPANTS = "msdyn_ocsession_sessionparticipant_nested"
"""The navigation property from a session to those who take part in it."""

_OWNER = "_ownerid_value"
_AGENT = "_msdyn_agentid_value"
_QUEUE = "_msdyn_cdsqueueid_value"
_CUSTOMER = "_msdyn_customer_value"


def conversation_of(
    row: Row, read_at: datetime, sessions: Iterable[Row], phones: Sequence[Row], agents: Mapping[str, Agent]
) -> Conversation | None:
    """Build the value; None when the row has no usable id. The rows come in order of their creation."""
    conversation_id = rows.guid(row, "activityid")
    if conversation_id is None:
        return None
    # The oldest phone context as a whole: numbers of two calls are never mixed.
    phone = phones[0] if phones else {}
    return Conversation(
        id=ConversationId(conversation_id),
        read_at=read_at,
        finished=choices.finished(row),
        subject=rows.text(row, "subject"),
        channel=choices.channel(row),
        outbound=rows.flag(row, "msdyn_isoutbound"),
        started_on=rows.moment(row, "msdyn_startedon"),
        closed_on=rows.moment(row, "msdyn_closedon"),
        queue=rows.label(row, _QUEUE),
        customer_id=rows.guid(row, _CUSTOMER),
        customer=rows.label(row, _CUSTOMER),
        call_id=rows.text(phone, "msdyn_callsid"),
        from_phone=rows.text(phone, "msdyn_fromphone"),
        to_phone=rows.text(phone, "msdyn_tophone"),
        sessions=tuple(made for each in sessions if (made := _session(each, agents)) is not None),
    )


def conversation_id_of(row: Row) -> str | None:
    """Tell to which conversation a session or a phone context belongs."""
    return rows.guid(row, "_msdyn_liveworkitemid_value")


def people(sessions: Iterable[Row]) -> dict[str, str | None]:
    """Collect the ids of all agents in these sessions, with the names that came with them."""
    found: dict[str, str | None] = {}
    for session in sessions:
        for row, column in ((session, _OWNER), *((each, _AGENT) for each in _participants(session))):
            agent_id = _agent_id(row, column)
            if agent_id is not None:
                found[agent_id] = found.get(agent_id) or rows.label(row, column)
    return found


def _session(row: Row, agents: Mapping[str, Agent]) -> Session | None:
    session_id = rows.guid(row, "activityid")
    if session_id is None:
        return None
    return Session(
        id=session_id,
        agent=agents.get(_agent_id(row, _OWNER) or ""),
        assigned_on=rows.moment(row, "msdyn_agentassignedon"),
        accepted_on=rows.moment(row, "msdyn_agentacceptedon"),
        closed_on=rows.moment(row, "msdyn_sessionclosedon"),
        closure_reason=choices.closure(row),
        participants=tuple(
            Participant(
                agent=agents.get(_agent_id(each, _AGENT) or ""),
                mode=choices.mode(each),
                joined_on=rows.moment(each, "msdyn_joinedon"),
                left_on=rows.moment(each, "msdyn_lefton"),
            )
            for each in _participants(row)
        ),
    )


def _participants(session: Row) -> list[Row]:
    # Sorted here: an expanded collection has no order of its own, and both nodes must build the same value.
    found = session.get(PARTICIPANTS)
    if not isinstance(found, list):
        return []
    return sorted(
        (each for each in found if isinstance(each, dict)),
        key=lambda each: (str(each.get("msdyn_joinedon") or "9"), str(each.get(_AGENT))),
    )


def _agent_id(row: Row, column: str) -> str | None:
    # A session that waits for an agent may belong to a team.
    return rows.guid(row, column) if rows.table(row, column) in (None, "systemuser") else None
