"""Metadata by the page: what is called, and what is made of the rows."""

from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from conftest import HandClock
from tiny_server import TinyServer, refuses, says

from capture.errors import Unauthorized, Waiting
from capture.model.conversation import Agent, Participant
from capture.model.identity import ConversationId, RecordingId
from capture.model.recording import Recording
from capture.omnichannel.aside import Aside
from capture.omnichannel.organisation import Organisation

API = "/api/data/v9.2/"
LIST = API + "msdyn_ocrecordings?"
CONVERSATIONS = API + "msdyn_ocliveworkitems?"
SESSIONS = API + "msdyn_ocsessions?"
PHONES = API + "msdyn_ocphonecallengagementctxes?"
USERS = API + "systemusers?"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LABEL = "@OData.Community.Display.V1.FormattedValue"
LOOKUP = "@Microsoft.Dynamics.CRM.lookuplogicalname"


def guid(kind: int, number: int = 1) -> str:
    return f"0f3c9a52-7a2f-4a6e-{kind:04d}-{number:012d}"


CALL, SESSION, ADA, BOB, CUSTOMER = (guid(kind) for kind in range(1, 6))

CONVERSATION_ROW = {
    "activityid": CALL,
    "subject": "Late delivery",
    "statecode": 1,
    "msdyn_channel": "192440000",
    "msdyn_isoutbound": False,
    "msdyn_startedon": "2026-11-22T11:50:00Z",
    "msdyn_closedon": "2026-11-22T11:58:00Z",
    "_msdyn_cdsqueueid_value": guid(6),
    f"_msdyn_cdsqueueid_value{LABEL}": "Deliveries",
    "_msdyn_customer_value": CUSTOMER,
    f"_msdyn_customer_value{LABEL}": "Chris Customer",
}
SESSION_ROW = {
    "activityid": SESSION,
    "_msdyn_liveworkitemid_value": CALL,
    "_ownerid_value": ADA,
    f"_ownerid_value{LABEL}": "Ada",
    f"_ownerid_value{LOOKUP}": "systemuser",
    "msdyn_agentassignedon": "2026-11-22T11:50:05Z",
    "msdyn_agentacceptedon": "2026-11-22T11:50:09Z",
    "msdyn_sessionclosedon": "2026-11-22T11:58:00Z",
    "msdyn_closurereason": 192350020,
    "msdyn_ocsession_sessionparticipant_nested": [
        {"_msdyn_agentid_value": BOB, "msdyn_mode": 192350003, "msdyn_joinedon": "2026-11-22T11:55:00Z"},
        {"_msdyn_agentid_value": ADA, "msdyn_mode": 192350002, "msdyn_joinedon": "2026-11-22T11:50:09Z"},
    ],
    "msdyn_ocsession_sessionparticipant_nested@odata.nextLink": "https://elsewhere.example/",
}
PHONE_ROW = {
    "_msdyn_liveworkitemid_value": CALL,
    "msdyn_callsid": "call-1",
    "msdyn_fromphone": "+49891234567",
    "msdyn_tophone": "+4930765432",
}
ADA_ROW = {
    "systemuserid": ADA,
    "fullname": "Ada Agent",
    "internalemailaddress": "ada@contoso.example",
    "domainname": "ada@contoso.example",
    "azureactivedirectoryobjectid": guid(9),
}
ADA_AGENT = Agent(ADA, "Ada Agent", "ada@contoso.example", "ada@contoso.example", guid(9))


@pytest.fixture(autouse=True)
def organisation_rows(server: TinyServer) -> None:
    listed = {
        "msdyn_ocrecordingid": guid(7),
        "createdon": "2026-11-22T12:00:00Z",
        "_msdyn_liveworkitemid_value": CALL,
        "msdyn_liveworkitemid": CONVERSATION_ROW,
    }
    server.on(LIST, says({"value": [listed]}))
    server.on(CONVERSATIONS, says({"value": [CONVERSATION_ROW]}))
    server.on(SESSIONS, says({"value": [SESSION_ROW, {"activityid": guid(8)}]}))
    server.on(PHONES, says({"value": [PHONE_ROW, PHONE_ROW | {"msdyn_callsid": "call-2"}]}))
    server.on(USERS, says({"value": [ADA_ROW]}))


def test_conversation_is_described_from_the_row_that_came_with_the_page(
    organisation: Organisation, server: TinyServer, clock: HandClock
) -> None:
    [page] = organisation.recordings_since(NOON)
    read_at = clock.now()
    clock.seconds += 5
    conversation = organisation.describe(page)[ConversationId(CALL)]

    assert server.count(CONVERSATIONS) == 0
    assert server.count(API) == 4
    assert conversation.read_at == read_at
    assert conversation.finished
    assert (conversation.subject, conversation.channel, conversation.outbound) == ("Late delivery", "Voice call", False)
    assert (conversation.queue, conversation.customer, conversation.customer_id) == (
        "Deliveries",
        "Chris Customer",
        CUSTOMER,
    )
    assert (conversation.call_id, conversation.from_phone, conversation.to_phone) == (
        "call-1",
        "+49891234567",
        "+4930765432",
    )
    [session] = conversation.sessions
    assert session.agent == ADA_AGENT
    assert session.closure_reason == "CustomerDisconnect"
    bob = Agent(BOB)
    assert [(each.agent, each.mode) for each in session.participants] == [(ADA_AGENT, "Primary"), (bob, "Consult")]
    assert isinstance(session.participants[0], Participant)
    assert conversation.agents == (ADA_AGENT, bob)


def test_agents_are_asked_for_once_an_hour(organisation: Organisation, server: TinyServer, clock: HandClock) -> None:
    for seconds, calls in ((0, 1), (10, 1), (3500, 1), (200, 2)):
        clock.seconds += seconds
        [page] = organisation.recordings_since(NOON)
        organisation.describe(page)
        assert server.count(USERS) == calls


def test_old_rows_are_not_used(organisation: Organisation, server: TinyServer, clock: HandClock) -> None:
    [page] = organisation.recordings_since(NOON)
    clock.seconds += 61
    assert organisation.describe(page)[ConversationId(CALL)].read_at == clock.now()
    assert server.count(CONVERSATIONS) == 1


def test_conversations_are_read_afresh_before_their_sessions(organisation: Organisation, server: TinyServer) -> None:
    list(organisation.recordings_since(NOON))
    before = len(server.asked)
    found = organisation.conversations([ConversationId(CALL), ConversationId(guid(1, 2))])
    assert set(found) == {CALL}, "a conversation that no longer exists is left out"
    sets = [each.path.removeprefix(API).partition("?")[0] for each in server.asked[before:]]
    assert sets == ["msdyn_ocliveworkitems", "msdyn_ocsessions", "msdyn_ocphonecallengagementctxes", "systemusers"]
    query = unquote(server.asked[before + 1].path)
    assert "$expand=msdyn_ocsession_sessionparticipant_nested($select=" in query
    assert f"$filter=_msdyn_liveworkitemid_value eq {CALL}" in query


def test_many_conversations_are_asked_in_slices(organisation: Organisation, server: TinyServer) -> None:
    rows = [{"activityid": guid(1, number)} for number in range(150)]
    server.on(CONVERSATIONS, says({"value": rows[:100]}), says({"value": rows[100:]}))
    server.on(SESSIONS, says({"value": []}))
    server.on(PHONES, says({"value": []}))
    assert len(organisation.conversations([ConversationId(each["activityid"]) for each in rows])) == 150
    assert (server.count(SESSIONS), server.count(PHONES), server.count(USERS)) == (2, 2, 0)


def test_recordings_without_conversation_cost_nothing(organisation: Organisation, server: TinyServer) -> None:
    assert organisation.describe([Recording(RecordingId(guid(7)), NOON)]) == {}
    assert organisation.conversations([]) == {}
    assert server.asked == []


def test_missing_privilege_is_told(organisation: Organisation, server: TinyServer) -> None:
    message = "Principal user is missing prvReadmsdyn_ocsession privilege"
    server.on(SESSIONS, refuses(403, "0x80040220", message))
    with pytest.raises(Unauthorized, match="prvReadmsdyn_ocsession"):
        organisation.conversations([ConversationId(CALL)])


def test_what_is_kept_is_bounded(clock: HandClock) -> None:
    aside = Aside(clock)
    for number in range(5001):
        aside.put(guid(1, number), {}, NOON)
    assert aside.get(guid(1, 0)) is None
    assert aside.get(guid(1, 5000)) == ({}, NOON)


def test_throttling_in_the_middle_of_a_description_is_waiting(organisation: Organisation, server: TinyServer) -> None:
    server.on(PHONES, refuses(429, Retry_After="3"))
    with pytest.raises(Waiting):
        organisation.conversations([ConversationId(CALL)])
