"""Columns, choices and queries: pure functions."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from capture.omnichannel import choices, query, rows
from capture.omnichannel.conversations import conversation_of, people
from capture.omnichannel.recordings import recording_of

ID = "0f3c9a52-7a2f-4a6e-9d0e-3b1f1f6f0001"
OTHER = "0f3c9a52-7a2f-4a6e-9d0e-3b1f1f6f0002"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOOKUP = "@Microsoft.Dynamics.CRM.lookuplogicalname"
LABEL = "@OData.Community.Display.V1.FormattedValue"


@pytest.mark.parametrize("value", [ID, ID.upper(), f"{{{ID}}}", f" {ID} "])
def test_guid_is_bare_and_lower_case(value: str) -> None:
    assert rows.guid({"id": value}, "id") == ID


@pytest.mark.parametrize("value", [None, 7, "", "x", ID + "0", [ID]])
def test_guid_that_is_none(value: object) -> None:
    assert rows.guid({"id": value}, "id") is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T12:00:00Z", NOON),
        ("2026-11-22T12:00:00.5Z", NOON + timedelta(seconds=0.5)),
        ("2026-11-22T12:00:00.1234567Z", NOON + timedelta(microseconds=123456)),
        ("2026-11-22T13:00:00+01:00", NOON),
        ("2026-11-22T12:00:00", NOON),
    ],
)
def test_moment_is_in_utc(text: str, moment: datetime) -> None:
    assert rows.moment({"on": text}, "on") == moment


@pytest.mark.parametrize("value", [None, "", "yesterday", 5, "0001-01-01T00:00:00+14:00"])
def test_moment_that_is_none(value: object) -> None:
    assert rows.moment({"on": value}, "on") is None


def test_recording_with_everything_missing_but_id_and_time() -> None:
    recording = recording_of({"msdyn_ocrecordingid": ID.upper(), "createdon": "2026-11-22T12:00:00.9Z"})
    assert recording is not None
    assert (recording.id, recording.created_on, recording.conversation_id) == (ID, NOON, None)


@pytest.mark.parametrize("row", [{}, {"msdyn_ocrecordingid": ID}, {"createdon": "2026-11-22T12:00:00Z"}])
def test_recording_without_id_or_time_is_skipped(row: dict[str, str]) -> None:
    assert recording_of(row) is None


@pytest.mark.parametrize(
    ("columns", "conversation"),
    [
        ({"_msdyn_liveworkitemid_value": ID, "_msdyn_recordingtarget_value": OTHER}, ID),
        ({f"_msdyn_recordingtarget_value{LOOKUP}": "msdyn_ocliveworkitem", "_msdyn_recordingtarget_value": ID}, ID),
        ({f"_msdyn_recordingtarget_value{LOOKUP}": "phonecall", "_msdyn_recordingtarget_value": ID}, None),
        ({"_msdyn_recordingtarget_value": ID}, None),
        ({"_msdyn_liveworkitemid_value": "broken"}, None),
    ],
)
def test_conversation_of_a_recording(columns: dict[str, str], conversation: str | None) -> None:
    row = {"msdyn_ocrecordingid": OTHER, "createdon": "2026-11-22T12:00:00Z"} | columns
    recording = recording_of(row)
    assert recording is not None
    assert recording.conversation_id == conversation


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("192440000", "Voice call"),
        ("192440000,192360000", "Voice call, Live chat"),
        (192440000, "Voice call"),
        ("999", "999"),
        ("", None),
        (None, None),
    ],
)
def test_channel_words(value: object, word: str | None) -> None:
    assert choices.channel({"msdyn_channel": value}) == word


def test_closure_and_mode_words() -> None:
    assert choices.closure({"msdyn_closurereason": 192350002}) == "AgentTimeout"
    assert choices.closure({"msdyn_closurereason": 192350099}) == "192350099"
    assert choices.mode({"msdyn_mode": 192350003}) == "Consult"
    assert choices.mode({"msdyn_mode": True}) is None


@pytest.mark.parametrize(
    ("state", "finished"), [(0, False), (1, True), (2, True), (3, False), (4, False), (None, False)]
)
def test_finished_is_closed_or_resolved(state: int | None, finished: bool) -> None:
    assert choices.finished({"statecode": state}) is finished


def test_conversation_of_the_barest_row() -> None:
    conversation = conversation_of({"activityid": ID}, NOON, [], [], {})
    assert conversation is not None
    assert (conversation.id, conversation.read_at, conversation.sessions) == (ID, NOON, ())
    assert conversation_of({}, NOON, [], [], {}) is None


def test_people_are_owners_and_participants_but_no_teams() -> None:
    session = {
        "_ownerid_value": ID,
        f"_ownerid_value{LABEL}": "Ada",
        "msdyn_ocsession_sessionparticipant_nested": [{"_msdyn_agentid_value": OTHER}, {}, "broken"],
    }
    waiting = {"_ownerid_value": OTHER.replace("2", "3"), f"_ownerid_value{LOOKUP}": "team"}
    assert people([session, waiting]) == {ID: "Ada", OTHER: None}


def test_slices_ask_each_id_once_and_at_most_a_hundred() -> None:
    ids = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(250)]
    assert [len(some) for some in query.slices(ids + ids)] == [100, 100, 50]


def test_what_is_no_guid_is_not_asked_for() -> None:
    assert list(query.slices(["nobody", "1 or 1 eq 1", "", ID])) == [(ID,)]


def test_query_encodes_values_and_keeps_the_dollar() -> None:
    path = query.query("rows", filter="a eq 1 or b eq 'x&y'", expand="")
    assert path == "rows?$filter=a%20eq%201%20or%20b%20eq%20'x%26y'"


def test_second_rounds_down_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    assert query.second(datetime(2026, 11, 22, 14, 0, 0, 999999, tzinfo=east)) == "2026-11-22T12:00:00Z"
