"""Published calls appear when they are due, and the truth about them is kept; the clock is moved by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from lab.dynamics.calls import CallPlan, publish, realistic
from lab.dynamics.organisation import Options, Organisation
from lab.dynamics.publications import attach, published


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 20, 0, 0, 700_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def organisation(clock: Clock) -> Organisation:
    return Organisation(Options(seed=7), clock)


def visible(organisation: Organisation, recording_id: str) -> dict[str, object] | None:
    organisation.settle()
    return organisation.tables["msdyn_ocrecording"].get(recording_id)


def test_a_late_row_carries_the_time_of_its_creation(organisation: Organisation, clock: Clock) -> None:
    call = publish(organisation, CallPlan(recordings_per_call=1, commit_delay_seconds=5))
    recording = call.recording_ids[0]
    clock.pass_seconds(4.9)
    assert visible(organisation, recording) is None
    clock.pass_seconds(0.1)
    row = visible(organisation, recording)
    assert row is not None
    assert row["createdon"] == row["modifiedon"] == "2026-11-22T20:00:00Z"


def test_a_late_file_changes_the_version_and_not_the_times(organisation: Organisation, clock: Clock) -> None:
    recording = publish(organisation, CallPlan(recordings_per_call=1, file_delay_seconds=60)).recording_ids[0]
    before = dict(visible(organisation, recording) or {})
    clock.pass_seconds(60)
    after = visible(organisation, recording) or {}
    assert before["msdyn_recording"] is None
    assert after["msdyn_recording"] in organisation.files
    assert after["versionnumber"] > before["versionnumber"]
    assert after["modifiedon"] == before["modifiedon"]


def test_a_file_that_never_comes_is_no_file_in_the_truth(organisation: Organisation) -> None:
    publish(organisation, CallPlan(recordings_per_call=1, file_delay_seconds=None))
    truth = published(organisation, hashes=True)[0]
    assert (truth["file_on"], truth["sha256"], truth["size"]) == (None, None, None)


def test_a_call_without_recording_leaves_a_conversation(organisation: Organisation) -> None:
    call = publish(organisation, CallPlan(without_recording=True))
    assert call.recording_ids == ()
    assert organisation.tables["msdyn_ocliveworkitem"].get(call.conversation_id) is not None
    assert published(organisation, hashes=True) == []


def test_a_transfer_has_a_session_with_an_agent_of_its_own_per_recording(organisation: Organisation) -> None:
    call = publish(organisation, CallPlan(recordings_per_call=2))
    tables = organisation.tables
    sessions = list(tables["msdyn_ocsession"].having("_msdyn_liveworkitemid_value", [call.conversation_id]))
    assert len(call.recording_ids) == len(sessions) == 2
    assert len({session["_ownerid_value"] for session in sessions}) == 2
    for session in sessions:
        participants = tables["msdyn_sessionparticipant"].having(
            "_msdyn_omnichannelsession_value", [session["activityid"]]
        )
        for participant in participants:
            agent = tables["systemuser"].get(participant["_msdyn_agentid_value"])
            assert agent is not None
            assert agent["azureactivedirectoryobjectid"] == participant["msdyn_activedirectoryuserid"]


def test_an_open_conversation_closes_later(organisation: Organisation, clock: Clock) -> None:
    call = publish(organisation, CallPlan(recordings_per_call=2, open=True, close_delay_seconds=30))
    conversations = organisation.tables["msdyn_ocliveworkitem"]
    before = dict(conversations.get(call.conversation_id) or {})
    assert (before["statecode"], before["msdyn_closedon"]) == (0, None)
    clock.pass_seconds(30)
    organisation.settle()
    after = conversations.get(call.conversation_id) or {}
    assert (after["statecode"], after["statuscode"]) == (1, 4)
    assert after["msdyn_closedon"] == after["modifiedon"] == "2026-11-22T20:00:30Z"
    sessions = organisation.tables["msdyn_ocsession"].having("_msdyn_liveworkitemid_value", [call.conversation_id])
    assert all(session["statecode"] == 1 for session in sessions)


def test_a_call_of_the_past_is_there_at_once(organisation: Organisation) -> None:
    call = publish(organisation, CallPlan(recordings_per_call=1, created_ago_seconds=3600, commit_delay_seconds=20))
    row = visible(organisation, call.recording_ids[0])
    assert row is not None
    assert row["createdon"] == "2026-11-22T19:00:00Z"


def test_the_realistic_mix_has_some_of_everything(organisation: Organisation) -> None:
    plans = [realistic(CallPlan(size_bytes=2000), organisation) for _ in range(400)]
    for plan in plans:
        publish(organisation, plan)
    late_rows = sum(plan.commit_delay_seconds > 0 for plan in plans)
    late_files = sum((plan.file_delay_seconds or 0) > 0 for plan in plans)
    none = sum(plan.without_recording for plan in plans)
    second = len(organisation.published) - (400 - none)
    assert 30 < late_rows < 100
    assert 60 < late_files < 150
    assert 5 < none < 45
    assert 30 < second < 100
    assert max(plan.commit_delay_seconds for plan in plans) <= 20


def test_a_replaced_file_has_another_id_and_another_hash(organisation: Organisation) -> None:
    recording = publish(organisation, CallPlan(recordings_per_call=1)).recording_ids[0]
    first = published(organisation, hashes=True)[0]
    file_id = (visible(organisation, recording) or {})["msdyn_recording"]
    second = attach(organisation, recording, size_bytes=5000)
    assert (visible(organisation, recording) or {})["msdyn_recording"] != file_id
    assert second["size"] == 5000
    assert second["sha256"] != first["sha256"]


def test_the_same_seed_makes_the_same_calls(clock: Clock) -> None:
    def ids() -> object:
        return publish(Organisation(Options(seed=3), clock), CallPlan())

    assert ids() == ids()
