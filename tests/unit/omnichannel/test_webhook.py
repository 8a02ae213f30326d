"""Payloads as Dataverse posts them, and what each says of a session."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from capture.errors import Permanent
from capture.messages import RowRef, ScreenFact, screen_facts
from capture.model.identity import NodeName
from capture.model.session import AgentSession, Mark, MarkKind, Participation, Stamped
from capture.omnichannel import session_rows
from capture.omnichannel.webhook import every_fact_of, facts_of

PAYLOADS = Path(__file__).parents[2] / "payloads"
MAIN = NodeName("main")
NOW = datetime(2026, 11, 24, 12, 5, tzinfo=UTC)
SESSION, OTHER = "5d0f6a52-7a2f-4f6e-9d0e-000000000001", "5d0f6a52-7a2f-4f6e-9d0e-000000000002"
AGENT, CONVERSATION = "7a4f1c11-0c1e-4a52-8f0c-0000000000aa", "c0c0a852-7a2f-4a6e-9d0e-0000000000c1"
PARTICIPANT, HOLD = "9b1d6a52-7a2f-4a6e-9d0e-0000000000b1", "401d0000-7a2f-4a6e-9d0e-0000000000d1"


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(1795512000, UTC) + timedelta(seconds=seconds)


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return found


def heard(payload: dict[str, Any] | bytes, **headers: str) -> ScreenFact | None:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).replace("/", "\\/").encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return facts_of(body, named, node=MAIN, received_at=NOW)


def fact(name: str) -> ScreenFact:
    found = heard((PAYLOADS / f"{name}.json").read_bytes())
    assert found is not None
    assert screen_facts.from_json(screen_facts.to_json(found)) == found
    return found


def session(name: str) -> AgentSession:
    found = fact(name)
    assert found.session is not None
    return found.session


def attributes(payload: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = payload["InputParameters"][0]["value"]["Attributes"]
    return found


def test_a_new_session_says_all_that_an_order_needs() -> None:
    found = fact("session-create")
    assert (found.heard_by, found.received_at, found.forwarded, found.read_back) == (MAIN, NOW, False, None)
    assert found.session == AgentSession(
        id=SESSION,
        conversation_id=CONVERSATION,
        owner=Stamped(at(0), AGENT),
        channel=192440000,
        created_on=at(0),
        assigned_on=at(0),
    )


def test_an_update_is_completed_by_its_image() -> None:
    found = session("session-accepted-with-image")
    assert (found.accepted_on, found.assigned_on) == (at(4), at(0))
    assert (found.conversation_id, found.channel) == (CONVERSATION, 192440000)
    assert found.owner == Stamped(at(4), AGENT)


def test_an_update_without_image_says_what_changed() -> None:
    assert session("session-accepted-without-image") == AgentSession(SESSION, accepted_on=at(4))


def test_what_changed_goes_before_the_image() -> None:
    payload = recorded("session-accepted-with-image")
    image = payload["PostEntityImages"][0]["value"]["Attributes"]
    next(each for each in image if each["key"] == "msdyn_agentacceptedon")["value"] = "/Date(0)/"
    found = heard(payload)
    assert found is not None
    assert found.session is not None
    assert found.session.accepted_on == at(4)


@pytest.mark.parametrize(
    ("name", "accepted_on", "closed_on", "word"),
    [("session-closed", 4, 64, "CustomerDisconnect"), ("session-timed-out", None, 20, "AgentTimeout")],
)
def test_the_end_of_a_session(name: str, accepted_on: float | None, closed_on: float, word: str) -> None:
    found = session(name)
    assert found.accepted_on == (None if accepted_on is None else at(accepted_on))
    assert (found.closed_on, found.closure) == (at(closed_on), Stamped(at(closed_on), word))


def test_an_end_without_its_time_is_read_back() -> None:
    payload = recorded("session-closed")
    attributes(payload)[:] = [each for each in attributes(payload) if each["key"] != "msdyn_sessionclosedon"]
    payload["PostEntityImages"] = []
    found = heard(payload)
    assert found is not None
    assert found.read_back == RowRef("msdyn_ocsession", SESSION)
    assert found.session is not None
    assert found.session.closed_on is None


def test_a_participant_is_called_when_its_row_is_made_and_joins_when_it_accepts() -> None:
    called = Participation(PARTICIPANT, AGENT, "Primary", called_on=at(0))
    assert session("participant-create").participants == (called,)
    joined = Participation(PARTICIPANT, AGENT, "Primary", called_on=at(0), joined_on=at(4))
    assert session("participant-joined").participants == (joined,)


@pytest.mark.parametrize("name", ["participant-joined", "hold-ended"])
def test_a_row_whose_session_is_not_said_is_read_back(name: str) -> None:
    payload = recorded(name)
    payload["PostEntityImages"] = []
    found = heard(payload)
    assert found is not None
    assert found.read_back == RowRef(payload["PrimaryEntityName"], payload["PrimaryEntityId"])
    assert found.session is None


def test_a_hold_is_a_mark_with_both_its_ends() -> None:
    assert session("hold-create").marks == (Mark(MarkKind.HOLD, HOLD, at(10), None),)
    assert session("hold-ended").marks == (Mark(MarkKind.HOLD, HOLD, at(10), at(15)),)


def test_a_participant_event_that_is_no_hold_is_ignored() -> None:
    payload = recorded("hold-create")
    next(each for each in attributes(payload) if each["key"] == "msdyn_eventtype")["value"]["Value"] = 192350002
    assert heard(payload) is None


EVENTS: dict[str, AgentSession] = {
    "agent-assigned": AgentSession(SESSION, assigned_on=at(2)),
    "agent-accepted": AgentSession(SESSION, accepted_on=at(3)),
    "agent-invite-rejected": AgentSession(SESSION, closed_on=at(4), closure=Stamped(at(4), "AgentReject")),
    "session-end": AgentSession(SESSION, closed_on=at(5)),
    "agent-invite-timeout": AgentSession(SESSION, closed_on=at(7), closure=Stamped(at(7), "AgentTimeout")),
    "transferred-to-agent": AgentSession(
        SESSION, marks=(Mark(MarkKind.TRANSFER, "eeee0000-7a2f-4a6e-9d0e-000000000018", at(18), at(18)),)
    ),
}


@pytest.mark.parametrize("name", EVENTS)
def test_session_events(name: str) -> None:
    assert session(f"event-{name}") == EVENTS[name]


def test_an_agent_whose_browser_is_gone_may_come_back() -> None:
    assert heard(recorded("event-agent-disconnected")) is None


def test_a_changed_session_event_says_nothing_new() -> None:
    assert heard(recorded("event-session-end") | {"MessageName": "Update"}) is None


def test_consulting_leaves_marks() -> None:
    payload = recorded("event-session-end")
    kind = next(each for each in attributes(payload) if each["key"] == "msdyn_eventtype")["value"]
    for number, begun, ended in ((11, at(5), None), (29, None, at(5))):
        kind["Value"] = 192350000 + number
        found = heard(payload)
        assert found is not None
        assert found.session is not None
        assert found.session.marks == (Mark(MarkKind.CONSULT, "eeee0000-7a2f-4a6e-9d0e-000000000005", begun, ended),)
        assert found.session.closed_on is None


@pytest.mark.parametrize(
    "mangled",
    [
        {},
        {"InputParameters": None},
        {"InputParameters": []},
        {"InputParameters": [{"key": "Target", "value": None}]},
    ],
)
def test_a_payload_without_columns_is_read_back(mangled: dict[str, Any]) -> None:
    found = heard(recorded("session-too-large") | mangled)
    assert found is not None
    assert (found.read_back, found.session) == (RowRef("msdyn_ocsession", SESSION), None)


def test_the_header_of_a_cut_payload_is_believed() -> None:
    found = heard(recorded("session-create"), X_MS_Dynamics_Msg_Size_Exceeded="true")
    assert found is not None
    assert found.read_back == RowRef("msdyn_ocsession", SESSION)


@pytest.mark.parametrize(
    "changes",
    [{"PrimaryEntityName": "msdyn_agentstatus"}, {"MessageName": "Delete"}, {"MessageName": "SetState"}],
)
def test_other_tables_and_messages_are_ignored(changes: dict[str, str]) -> None:
    assert heard(recorded("session-create") | changes) is None
    assert heard(recorded("presence")) is None


def test_several_rows_in_one_payload() -> None:
    body = (PAYLOADS / "session-update-multiple.json").read_bytes()
    facts = every_fact_of(body, {}, node=MAIN, received_at=NOW)
    assert [each.session for each in facts] == [AgentSession(each, accepted_on=at(4)) for each in (SESSION, OTHER)]
    assert len({each.event_id for each in facts}) == 2
    assert facts_of(body, {}, node=MAIN, received_at=NOW) == facts[0]


def test_the_event_id_is_the_job_and_its_step() -> None:
    found = fact("session-create")
    payload = recorded("session-create")
    assert found.event_id == f"{payload['OperationId']}:{payload['OwningExtension']['Id']}"


def test_without_a_job_the_event_id_is_the_row_its_version_and_the_message() -> None:
    payload = recorded("session-create") | {"OperationId": None}
    found = heard(payload)
    assert found is not None
    assert found.event_id == f"{SESSION}:5948260:Create"
    payload["InputParameters"][0]["value"]["RowVersion"] = None
    found = heard(payload)
    assert found is not None
    assert found.event_id == f"{SESSION}:{at(0).isoformat()}:Create"


@pytest.mark.parametrize(
    "spelled",
    [
        "/Date(1795512004000)/",
        "/Date(1795512004000+0000)/",
        "/Date(1795512004000-0800)/",
        "\\/Date(1795512004000)\\/",
        at(4).isoformat(),
        at(4).strftime("%Y-%m-%dT%H:%M:%SZ"),
        at(4).strftime("%Y-%m-%dT%H:%M:%S.0000000Z"),
    ],
)
def test_spellings_of_a_time(spelled: str) -> None:
    assert accepted_on(spelled) == at(4)


@pytest.mark.parametrize(
    "spelled",
    [None, "", "soon", 1795512004000, 1e400, "/Date()/", "/Date(1)", "/Date(99999999999999999)/",
     "/Date(" + "9" * 40 + ")/", "/Date(-62135596800000)/", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z",
     True, [], {}],
)  # fmt: skip
def test_what_is_no_time_is_none(spelled: object) -> None:
    assert accepted_on(spelled) is None


def accepted_on(spelled: object) -> datetime | None:
    payload = recorded("session-accepted-without-image")
    next(each for each in attributes(payload) if each["key"] == "msdyn_agentacceptedon")["value"] = spelled
    found = heard(json.dumps(payload).encode())
    assert found is not None
    assert found.session is not None
    return found.session.accepted_on


def test_ids_in_braces_and_capitals() -> None:
    payload = recorded("session-create")
    target = payload["InputParameters"][0]["value"]
    target["Id"] = payload["PrimaryEntityId"] = "{" + SESSION.upper() + "}"
    found = heard(payload)
    assert found is not None
    assert found.session is not None
    assert found.session.id == SESSION


def test_a_session_of_a_team_has_no_agent_yet() -> None:
    payload = recorded("session-create")
    next(each for each in attributes(payload) if each["key"] == "ownerid")["value"]["LogicalName"] = "team"
    found = heard(payload)
    assert found is not None
    assert found.session is not None
    assert found.session.owner is None


def test_of_a_column_that_stands_twice_the_last_one_counts() -> None:
    payload = recorded("session-accepted-without-image")
    attributes(payload).append({"key": "msdyn_agentacceptedon", "value": "/Date(1795512009000)/"})
    found = heard(payload)
    assert found is not None
    assert found.session is not None
    assert found.session.accepted_on == at(9)


def nested(depth: int) -> bytes:
    return b'{"MessageName":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"not json",
        b'{"MessageName": "Update"}',
        b'{"MessageName": 1, "PrimaryEntityName": "msdyn_ocsession"}',
        b'"\xff\xfe"',
        b'{"MessageName": ' + b"9" * 5000 + b"}",
        nested(100),
        nested(500_000),
    ],
)
def test_what_is_no_context_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(Permanent, match=r"^not a RemoteExecutionContext: "):
        heard(body)


def test_the_documentation_of_screens_names_every_session_event_that_is_read() -> None:
    page = (Path(__file__).parents[3] / "docs" / "screens.md").read_text()
    table = {line.split("|")[1].strip(): line for line in page.splitlines() if line.startswith("| ")}
    for event, kinds in (
        ("Transfer", session_rows._TRANSFERS),
        ("Disconnected", session_rows._ENDS),
        ("Consult, conference", session_rows._CONSULT_BEGINS | session_rows._CONSULT_ENDS),
        ("Not responding, declined", session_rows._NEVER_ACCEPTED.keys()),
    ):
        named = {int(number) for number in re.findall(r"1923500\d\d", table[event].partition("msdyn_sessionevent`")[2])}
        assert named == set(kinds), event
