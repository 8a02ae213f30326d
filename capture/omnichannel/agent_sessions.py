"""Agents' sessions as Dynamics has them now: what lost or cut webhooks have not said."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from capture.model.identity import AgentId, ConversationId, SessionId
from capture.model.session import AgentSession, Mark, MarkKind, Participation, Stamped, best, merge_sessions
from capture.omnichannel import choices, query, rows
from capture.omnichannel.conversations import PARTICIPANTS
from capture.omnichannel.rows import Row
from capture.omnichannel.session_rows import happened
from capture.omnichannel.web_api import WebApi

_SESSIONS = "msdyn_ocsessions"
_COLUMNS = query.columns(
    "activityid",
    "createdon",
    "modifiedon",
    "statecode",
    "_msdyn_liveworkitemid_value",
    "_ownerid_value",
    "_msdyn_primarysession_value",
    "msdyn_channel",
    "msdyn_sessioncreatedon",
    "msdyn_agentassignedon",
    "msdyn_agentacceptedon",
    "msdyn_sessionclosedon",
    "msdyn_closurereason",
)
_PARTICIPANT_COLUMNS = query.columns(
    "msdyn_sessionparticipantid", "createdon", "_msdyn_agentid_value", "msdyn_mode", "msdyn_joinedon", "msdyn_lefton"
)
_WITH_PARTICIPANTS = f"{PARTICIPANTS}($select={_PARTICIPANT_COLUMNS})"
_IN_ORDER = "createdon asc,activityid asc"
_ENDED_STATES = frozenset({1, 2})
_HOLD = 192350001
_HOLDS = "msdyn_ocsessionparticipantevent"
_EVENTS = "msdyn_sessionevent"

# Of each table whose rows belong to a session: its set, its key, and the lookup to the session.
_RELATED = {
    "msdyn_sessionparticipant": (
        "msdyn_sessionparticipants", "msdyn_sessionparticipantid", "_msdyn_omnichannelsession_value",
    ),
    _EVENTS: ("msdyn_sessionevents", "msdyn_sessioneventid", "_msdyn_omnichannelsession_value"),
    _HOLDS: ("msdyn_ocsessionparticipantevents", "msdyn_ocsessionparticipanteventid", "_msdyn_sessionid_value"),
}  # fmt: skip
# And what such a row says by itself, which the session does not.
_OWN_COLUMNS = {
    _HOLDS: ("msdyn_eventtype", "msdyn_eventstarttime", "msdyn_eventendtime", "createdon"),
    _EVENTS: ("msdyn_eventtype", "createdon"),
}


class AgentSessions:
    """The sessions of the organisation, with those who take part in them."""

    def __init__(self, api: WebApi, page_size: int) -> None:
        self._api = api
        self._page_size = page_size

    def of_row(self, table: str | None, row_id: str) -> AgentSession | None:
        """Read the session that a row belongs to; None when there is none. Of a hold or an event, also that itself."""
        if table is None or table == "msdyn_ocsession":
            return next(iter(self.by_id([SessionId(row_id)])), None)
        if table not in _RELATED:
            return None
        entity_set, key, lookup = _RELATED[table]
        columns = query.columns(lookup, *_OWN_COLUMNS.get(table, ()))
        path = query.query(entity_set, select=columns, filter=query.any_of(key, [row_id]))
        row = next((row for page in self._api.pages(path) for row in page), None)
        session_id = rows.guid(row, lookup) if row is not None else None
        if row is None or session_id is None:
            return None
        said = _said(table, row, SessionId(session_id), row_id)
        found = next(iter(self.by_id([said.id])), None)
        return said if found is None else merge_sessions(found, said)

    def by_id(self, ids: Sequence[SessionId]) -> list[AgentSession]:
        """Those of these sessions that still exist."""
        found: list[AgentSession] = []
        for some in query.slices(ids):
            path = query.query(
                _SESSIONS, select=_COLUMNS, filter=query.any_of("activityid", some), expand=_WITH_PARTICIPANTS
            )
            for page in self._api.pages(path):
                found += _sessions(page)
        return found

    def since(self, since: datetime, channels: Sequence[int]) -> Iterator[list[AgentSession]]:
        """Pages of the sessions of these channels that are open or were modified at `since` or later."""
        of_channel = " or ".join(f"msdyn_channel eq {each}" for each in channels)
        path = query.query(
            _SESSIONS,
            select=_COLUMNS,
            filter=f"(statecode eq 0 or modifiedon ge {query.second(since)}) and ({of_channel})",
            orderby=_IN_ORDER,
            expand=_WITH_PARTICIPANTS,
        )
        for page in self._api.pages(path, self._page_size):
            yield _sessions(page)


def _sessions(page: list[Row]) -> list[AgentSession]:
    return [session for row in page if (session := agent_session_of(row)) is not None]


def agent_session_of(row: Row) -> AgentSession | None:
    """Read a session; None when the row has no usable id."""
    session_id = rows.guid(row, "activityid")
    if session_id is None:
        return None
    modified_on = rows.moment(row, "modifiedon") or rows.moment(row, "createdon")
    conversation, primary = rows.guid(row, "_msdyn_liveworkitemid_value"), rows.guid(row, "_msdyn_primarysession_value")
    # A session that waits for an agent may belong to a team.
    owner = rows.guid(row, "_ownerid_value") if rows.table(row, "_ownerid_value") in (None, "systemuser") else None
    closed_on = rows.moment(row, "msdyn_sessionclosedon")
    if closed_on is None and row.get("statecode") in _ENDED_STATES:
        closed_on = modified_on
    why, at = choices.closure(row), closed_on or modified_on
    return AgentSession(
        id=SessionId(session_id),
        conversation_id=ConversationId(conversation) if conversation else None,
        owner=Stamped(modified_on, owner) if owner and modified_on else None,
        channel=rows.number(row, "msdyn_channel"),
        created_on=rows.moment(row, "msdyn_sessioncreatedon") or rows.moment(row, "createdon"),
        assigned_on=rows.moment(row, "msdyn_agentassignedon"),
        accepted_on=rows.moment(row, "msdyn_agentacceptedon"),
        closed_on=closed_on,
        closure=Stamped(at, why) if why and at else None,
        primary_id=SessionId(primary) if primary else None,
        participants=_participants(row),
    )


def _participants(row: Row) -> tuple[Participation, ...]:
    found = row.get(PARTICIPANTS)
    made = [_participation(each) for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return tuple(sorted((each for each in made if each is not None), key=lambda each: each.id))


def _participation(row: Row) -> Participation | None:
    key, agent = rows.guid(row, "msdyn_sessionparticipantid"), rows.guid(row, "_msdyn_agentid_value")
    if key is None:
        return None
    return Participation(
        id=key,
        agent_id=AgentId(agent) if agent else None,
        mode=choices.mode(row),
        called_on=best(min, rows.moment(row, "createdon"), rows.moment(row, "msdyn_joinedon")),
        joined_on=rows.moment(row, "msdyn_joinedon"),
        left_on=rows.moment(row, "msdyn_lefton"),
    )


def _said(table: str, row: Row, session_id: SessionId, row_id: str) -> AgentSession:
    """Read what a row says by itself of its session."""
    kind, created_on = rows.number(row, "msdyn_eventtype"), rows.moment(row, "createdon")
    if table == _HOLDS and kind == _HOLD:
        begun_at = rows.moment(row, "msdyn_eventstarttime") or created_on
        mark = Mark(MarkKind.HOLD, row_id, begun_at, rows.moment(row, "msdyn_eventendtime"))
        return AgentSession(session_id, marks=(mark,))
    known = None
    if table == _EVENTS and kind is not None and created_on is not None:
        known = happened(session_id, kind, created_on, row_id)
    return known or AgentSession(session_id)
