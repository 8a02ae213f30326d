"""Agents' sessions read back: what is asked, and what is made of the rows."""

from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from tiny_server import TinyServer, says

from capture.model.conversation import Agent
from capture.model.identity import AgentId, ConversationId, SessionId
from capture.model.session import AgentSession, Mark, MarkKind, Participation, Stamped, merge_sessions
from capture.omnichannel.agent_sessions import agent_session_of
from capture.omnichannel.organisation import Organisation

API = "/api/data/v9.2/"
SESSIONS = API + "msdyn_ocsessions?"
LOOKUP = "@Microsoft.Dynamics.CRM.lookuplogicalname"


def guid(number: int) -> str:
    return f"0f3c9a52-7a2f-4a6e-0000-{number:012d}"


def at(minute: int) -> datetime:
    return datetime(2026, 11, 22, 11, minute, tzinfo=UTC)


CALL, SESSION, ADA, BOB, PART, PRIMARY = (guid(number) for number in range(1, 7))
ROW = {
    "activityid": SESSION,
    "createdon": "2026-11-22T11:49:00Z",
    "modifiedon": "2026-11-22T11:59:00Z",
    "statecode": 0,
    "_msdyn_liveworkitemid_value": CALL,
    "_ownerid_value": ADA,
    f"_ownerid_value{LOOKUP}": "systemuser",
    "_msdyn_primarysession_value": PRIMARY,
    "msdyn_channel": 192440000,
    "msdyn_sessioncreatedon": "2026-11-22T11:48:00Z",
    "msdyn_agentassignedon": "2026-11-22T11:50:00Z",
    "msdyn_agentacceptedon": "2026-11-22T11:51:00Z",
    "msdyn_ocsession_sessionparticipant_nested": [
        {
            "msdyn_sessionparticipantid": PART,
            "createdon": "2026-11-22T11:52:00Z",
            "_msdyn_agentid_value": BOB,
            "msdyn_mode": 192350003,
            "msdyn_joinedon": "2026-11-22T11:53:00Z",
        },
        {"msdyn_sessionparticipantid": "none"},
        "nothing",
    ],
}
VALUE = AgentSession(
    SessionId(SESSION),
    ConversationId(CALL),
    Stamped(at(59), ADA),
    192440000,
    created_on=at(48),
    assigned_on=at(50),
    accepted_on=at(51),
    primary_id=SessionId(PRIMARY),
    participants=(Participation(PART, AgentId(BOB), "Consult", at(52), at(53)),),
)


def test_a_session_is_read_with_its_participants(organisation: Organisation, server: TinyServer) -> None:
    server.on(SESSIONS, says({"value": [ROW, {"activityid": "none"}]}))
    assert organisation.sessions_by_id([SessionId(SESSION)]) == [VALUE]
    assert organisation.session_of("msdyn_ocsession", SESSION) == VALUE
    assert organisation.session_of(None, SESSION) == VALUE
    asked = unquote(server.asked[-1].path)
    assert f"$filter=activityid eq {SESSION}" in asked
    assert "$expand=msdyn_ocsession_sessionparticipant_nested($select=msdyn_sessionparticipantid," in asked


def test_open_and_recently_changed_sessions_are_listed(organisation: Organisation, server: TinyServer) -> None:
    server.on(SESSIONS, says({"value": [ROW]}))
    assert list(organisation.sessions_since(at(30), [192440000, 192370000])) == [[VALUE]]
    assert (
        "$filter=(statecode eq 0 or modifiedon ge 2026-11-22T11:30:00Z) and "
        "(msdyn_channel eq 192440000 or msdyn_channel eq 192370000)"
    ) in unquote(server.asked[-1].path)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"statecode": 1, "msdyn_closurereason": 192350002}, (at(59), Stamped(at(59), "AgentTimeout"))),
        (
            {"statecode": 1, "msdyn_sessionclosedon": "2026-11-22T11:55:00Z", "msdyn_closurereason": 192350001},
            (at(55), Stamped(at(55), "AgentReject")),
        ),
        ({}, (None, None)),
    ],
)
def test_a_session_that_has_ended_says_when(changes: dict[str, object], expected: tuple[object, object]) -> None:
    session = agent_session_of(ROW | changes)
    assert session is not None
    assert (session.closed_on, session.closure) == expected


def test_a_session_that_waits_for_an_agent_has_no_owner() -> None:
    session = agent_session_of(ROW | {f"_ownerid_value{LOOKUP}": "team"})
    assert session is not None
    assert session.owner is None


@pytest.mark.parametrize(
    ("table", "entity_set", "lookup"),
    [
        ("msdyn_sessionparticipant", "msdyn_sessionparticipants", "_msdyn_omnichannelsession_value"),
        ("msdyn_sessionevent", "msdyn_sessionevents", "_msdyn_omnichannelsession_value"),
    ],
)
def test_a_row_leads_to_its_session(
    organisation: Organisation, server: TinyServer, table: str, entity_set: str, lookup: str
) -> None:
    server.on(SESSIONS, says({"value": [ROW]}))
    server.on(API + entity_set, says({"value": [{lookup: SESSION}]}))
    assert organisation.session_of(table, guid(9)) == VALUE
    server.on(API + entity_set, says({"value": []}))
    assert organisation.session_of(table, guid(9)) is None


def test_a_hold_leads_to_its_session_and_is_a_mark(organisation: Organisation, server: TinyServer) -> None:
    server.on(SESSIONS, says({"value": []}))
    row = {
        "_msdyn_sessionid_value": SESSION,
        "msdyn_eventtype": 192350001,
        "msdyn_eventstarttime": "2026-11-22T11:54:00Z",
        "msdyn_eventendtime": "2026-11-22T11:55:00Z",
    }
    server.on(API + "msdyn_ocsessionparticipantevents", says({"value": [row]}))
    found = organisation.session_of("msdyn_ocsessionparticipantevent", guid(9))
    assert found == AgentSession(SessionId(SESSION), marks=(Mark(MarkKind.HOLD, guid(9), at(54), at(55)),))
    server.on(API + "msdyn_ocsessionparticipantevents", says({"value": [row | {"msdyn_eventtype": 192350002}]}))
    assert organisation.session_of("msdyn_ocsessionparticipantevent", guid(9)) == AgentSession(SessionId(SESSION))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (192350018, AgentSession(SessionId(SESSION), marks=(Mark(MarkKind.TRANSFER, guid(9), at(54), at(54)),))),
        (192350009, AgentSession(SessionId(SESSION), marks=(Mark(MarkKind.CONSULT, guid(9), at(54), None),))),
        (192350029, AgentSession(SessionId(SESSION), marks=(Mark(MarkKind.CONSULT, guid(9), None, at(54)),))),
        (192350005, AgentSession(SessionId(SESSION), closed_on=at(54))),
        (192350021, AgentSession(SessionId(SESSION))),
        (None, AgentSession(SessionId(SESSION))),
    ],
)
def test_an_event_leads_to_its_session_and_is_what_it_stands_for(
    organisation: Organisation, server: TinyServer, kind: int | None, said: AgentSession
) -> None:
    row = {"_msdyn_omnichannelsession_value": SESSION, "msdyn_eventtype": kind, "createdon": "2026-11-22T11:54:00Z"}
    server.on(API + "msdyn_sessionevents", says({"value": [row]}))
    server.on(SESSIONS, says({"value": []}))
    assert organisation.session_of("msdyn_sessionevent", guid(9)) == said
    server.on(SESSIONS, says({"value": [ROW]}))
    assert organisation.session_of("msdyn_sessionevent", guid(9)) == merge_sessions(VALUE, said)
    (asked,) = {unquote(each.path) for each in server.asked if "sessionevents" in each.path}
    assert "msdyn_eventtype" in asked
    assert "createdon" in asked


def test_tables_that_have_no_sessions_are_not_asked(organisation: Organisation, server: TinyServer) -> None:
    assert organisation.session_of("account", guid(9)) is None
    assert server.count(API) == 0


@pytest.mark.parametrize("column", ["msdyn_botapplicationid", "applicationid"])
def test_a_bot_is_told_from_a_person(organisation: Organisation, server: TinyServer, column: str) -> None:
    bot = {"systemuserid": ADA, "fullname": "IVR", "msdyn_botapplicationid": None, "applicationid": None}
    person = bot | {"systemuserid": BOB}
    server.on(API + "systemusers?", says({"value": [bot | {column: guid(9)}]}), says({"value": [person]}))
    assert organisation.agent(AgentId(ADA)).is_program
    assert not organisation.agent(AgentId(BOB)).is_program


def test_an_agent_is_read_once(organisation: Organisation, server: TinyServer) -> None:
    server.on(API + "systemusers?", says({"value": [{"systemuserid": ADA, "internalemailaddress": "ada@x.example"}]}))
    for _ in range(2):
        assert organisation.agent(AgentId(ADA)) == Agent(ADA, email="ada@x.example")
    assert organisation.agent(AgentId(BOB)) == Agent(BOB)
    assert server.count(API) == 2
