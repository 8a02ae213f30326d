"""The client against the simulated organisation: what it reads is the truth, and how few calls that takes."""

import gc
import hashlib
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from capture.errors import CaptureError, Mangled, Transient, Unauthorized, Waiting
from capture.model.identity import ConversationId, RecordingId
from capture.model.recording import Recording
from capture.omnichannel.organisation import Organisation
from capture.settings import Settings
from lab.dynamics.calls import CallPlan, PublishedCall, publish
from lab.dynamics.organisation import Options, whole_seconds
from lab.dynamics.publications import published
from lab.dynamics.server import RunningOrganisation, running_organisation

type MakeSource = Callable[..., Organisation]


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class NodeState:
    until: datetime | None = None

    def paused_until(self) -> datetime | None:
        return self.until

    def pause_until(self, when: datetime) -> None:
        self.until = when


@pytest.fixture
def dynamics() -> Iterator[RunningOrganisation]:
    with running_organisation(Options(seed=7)) as running:
        yield running
    with warnings.catch_warnings():
        # The server ends without waiting for connections that are kept alive: their sockets are its own affair.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def make(dynamics: RunningOrganisation) -> MakeSource:
    def source(**changes: str) -> Organisation:
        environ = {
            "NODE_NAME": "main",
            "PEER_NAME": "peer",
            "SOURCE_NAME": "contoso",
            "DYNAMICS_URL": dynamics.url,
            "DYNAMICS_AUTHORITY": dynamics.url,
            "DYNAMICS_TENANT_ID": "contoso.example",
            "DYNAMICS_CLIENT_ID": "capture-main",
            "DYNAMICS_CLIENT_SECRET": "main-secret",
            "DYNAMICS_TIMEOUT_SECONDS": "5",
            "OWN_STORAGE__accountName": "contosomain",
            "PEER_STORAGE__accountName": "contosopeer",
            "WITNESS_STORAGE__accountName": "contosowitness",
        }
        return Organisation(Settings.from_env(environ | changes), NodeState(), WallClock(), str(dynamics.ca_bundle))

    return source


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def all_of(pages: Iterator[list[Recording]]) -> list[Recording]:
    return [recording for page in pages for recording in page]


def calls(dynamics: RunningOrganisation) -> int:
    return int(dynamics.organisation.statistics.shown()["dataverse_calls"])


def call(dynamics: RunningOrganisation, **plan: object) -> PublishedCall:
    return publish(dynamics.organisation, CallPlan(**plan))  # type: ignore[arg-type]


def read(source: Organisation, recording_id: str) -> bytes:
    with source.open(RecordingId(recording_id)) as download:
        return b"".join(download.chunks)


def test_fifty_new_recordings_cost_fifty_four_calls(dynamics: RunningOrganisation, make: MakeSource) -> None:
    for _ in range(50):
        call(dynamics, recordings_per_call=1)
    source = make()
    [page] = source.recordings_since(an_hour_ago())
    found = source.describe(page)
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda each: read(source, each.id), page))

    assert calls(dynamics) == 54  # list, sessions, phones, agents, and a link for each recording
    assert calls(dynamics) / 50 <= 1.1
    truth = {each["recording_id"]: each for each in published(dynamics.organisation, hashes=True)}
    assert {each.id for each in page} == set(truth)
    for recording, body in zip(page, bodies, strict=True):
        assert hashlib.sha256(body).hexdigest() == truth[recording.id]["sha256"]
        assert recording.conversation_id == truth[recording.id]["conversation_id"]
    for conversation in found.values():
        assert conversation.finished
        assert conversation.channel == "Voice call"
        assert conversation.call_id
        assert conversation.from_phone
        assert conversation.queue
        assert conversation.customer
        assert conversation.started_on
        assert conversation.sessions
        assert all(agent.email and agent.entra_object_id for agent in conversation.agents)


def test_the_next_page_knows_the_agents(dynamics: RunningOrganisation, make: MakeSource) -> None:
    source = make()
    for _ in range(2):
        for _ in range(40):
            call(dynamics, recordings_per_call=2)
        before = calls(dynamics)
        for page in source.recordings_since(an_hour_ago()):
            source.describe(page)
    assert calls(dynamics) - before == 3


def test_paging_finds_every_recording_once_in_order(dynamics: RunningOrganisation, make: MakeSource) -> None:
    sent = [each for _ in range(60) for each in call(dynamics, recordings_per_call=2).recording_ids]
    found = all_of(make(DYNAMICS_PAGE_SIZE="7").recordings_since(an_hour_ago()))
    assert sorted(each.id for each in found) == sorted(sent)
    assert found == sorted(found, key=lambda each: each.created_on)


def test_between_has_the_same_recordings_without_their_conversations(
    dynamics: RunningOrganisation, make: MakeSource
) -> None:
    created = [call(dynamics, recordings_per_call=1, created_ago_seconds=ago).recording_ids[0] for ago in (0, 50, 100)]
    source = make()
    tail = {each.id: each for each in all_of(source.recordings_since(an_hour_ago()))}
    middle = tail[RecordingId(created[1])]
    [found] = all_of(source.recordings_between(middle.created_on, middle.created_on))
    assert (found.id, found.created_on, found.conversation_id, found.file_id) == (
        middle.id,
        middle.created_on,
        middle.conversation_id,
        middle.file_id,
    )
    assert len(all_of(source.recordings_between(an_hour_ago(), datetime.now(UTC)))) == 3


def test_recordings_by_id(dynamics: RunningOrganisation, make: MakeSource) -> None:
    ids = [RecordingId(each) for _ in range(60) for each in call(dynamics, recordings_per_call=2).recording_ids]
    dynamics.organisation.delete_row("msdyn_ocrecordings", ids[0])
    assert {each.id for each in make().recordings_by_id(ids)} == set(ids[1:])


def test_open_conversation_is_seen_to_finish(dynamics: RunningOrganisation, make: MakeSource) -> None:
    source = make()
    going_on = call(dynamics, recordings_per_call=1, open=True, close_delay_seconds=3)
    key = ConversationId(going_on.conversation_id)
    first = source.describe(all_of(source.recordings_since(an_hour_ago())))[key]
    assert not first.finished
    assert first.closed_on is None
    time.sleep(3.2)
    second = source.conversations([key, ConversationId("0f3c9a52-7a2f-4a6e-9d0e-3b1f1f6f0001")])
    assert set(second) == {key}
    assert second[key].finished
    assert second[key].closed_on is not None
    assert second[key].read_at > first.read_at


def test_file_that_is_not_there_yet(dynamics: RunningOrganisation, make: MakeSource) -> None:
    [recording_id] = call(dynamics, recordings_per_call=1, file_delay_seconds=None).recording_ids
    source = make()
    [recording] = all_of(source.recordings_since(an_hour_ago()))
    assert recording.file_id is None
    with pytest.raises(Waiting):
        read(source, recording_id)
    with pytest.raises(Waiting):
        read(source, "0f3c9a52-7a2f-4a6e-9d0e-3b1f1f6f0001")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "cut_body", "count": 6}, Mangled),
        ({"kind": "expired_url"}, Transient),
        ({"kind": "server_error", "place": "files"}, Transient),
        ({"kind": "unavailable", "place": "files", "retry_after": 3}, Transient),
        ({"kind": "server_error"}, Transient),
        ({"kind": "unavailable"}, Transient),
        ({"kind": "throttle", "retry_after": 1}, Waiting),
    ],
)
def test_download_that_fails_works_at_the_next_attempt(
    dynamics: RunningOrganisation, make: MakeSource, fault: dict[str, object], kind: type[CaptureError]
) -> None:
    [recording_id] = call(dynamics, recordings_per_call=1, size_bytes=3_000_000).recording_ids
    source = make()
    details = {"count": 1} | fault
    dynamics.organisation.faults.add(str(details.pop("kind")), **details)
    with pytest.raises(CaptureError) as caught:
        read(source, recording_id)
    assert type(caught.value) is kind
    assert "sig=" not in str(caught.value)
    if kind is Waiting:
        time.sleep(1.1)
    assert len(read(source, recording_id)) == 3_000_000


def test_a_download_that_is_cut_goes_on_where_it_broke(dynamics: RunningOrganisation, make: MakeSource) -> None:
    [recording_id] = call(dynamics, recordings_per_call=1, size_bytes=8_000_000).recording_ids
    dynamics.organisation.faults.add("cut_body", count=3)
    before = dynamics.organisation.statistics.shown()["bytes"]
    body = read(make(), recording_id)
    [truth] = published(dynamics.organisation, hashes=True)
    assert hashlib.sha256(body).hexdigest() == truth["sha256"]
    sent = dynamics.organisation.statistics.shown()["bytes"] - before
    assert sent < 1.5 * len(body), "what had come was not sent again"


@pytest.mark.parametrize("fault", ["sas_forbidden", "no_sas"])
def test_without_links_the_file_comes_by_ranges(dynamics: RunningOrganisation, make: MakeSource, fault: str) -> None:
    [recording_id] = call(dynamics, recordings_per_call=1, size_bytes=9_000_000).recording_ids
    source = make()
    dynamics.organisation.faults.add(fault)
    with source.open(RecordingId(recording_id)) as download:
        size, name, media_type = download.size, download.file_name, download.media_type
        body = b"".join(download.chunks)
    [truth] = published(dynamics.organisation, hashes=True)
    assert (len(body), hashlib.sha256(body).hexdigest()) == (size, truth["sha256"])
    assert (name, media_type) == (truth["file_name"], "audio/mpeg")
    before = calls(dynamics)
    read(source, recording_id)
    assert calls(dynamics) - before == 3, "three ranges, and no second try for a link"


def test_token_that_is_rejected_in_the_middle(dynamics: RunningOrganisation, make: MakeSource) -> None:
    call(dynamics, recordings_per_call=1)
    source = make()
    assert all_of(source.recordings_since(an_hour_ago()))
    dynamics.organisation.faults.add("reject_token", count=1)
    assert all_of(source.recordings_since(an_hour_ago()))


@pytest.mark.parametrize("fault", ["reject_secret", "expire_secret"])
def test_secret_that_is_refused_names_its_setting(dynamics: RunningOrganisation, make: MakeSource, fault: str) -> None:
    dynamics.organisation.faults.add(fault)
    with pytest.raises(Unauthorized, match="DYNAMICS_CLIENT_SECRET") as caught:
        all_of(make().recordings_since(an_hour_ago()))
    assert "main-secret" not in str(caught.value)


def test_client_that_is_not_known_names_its_setting(make: MakeSource) -> None:
    with pytest.raises(Unauthorized, match="DYNAMICS_CLIENT_ID"):
        all_of(make(DYNAMICS_CLIENT_ID="somebody-else").recordings_since(an_hour_ago()))


def test_throttled_node_makes_no_calls_until_it_may(dynamics: RunningOrganisation, make: MakeSource) -> None:
    source = make()
    all_of(source.recordings_since(an_hour_ago()))
    dynamics.organisation.faults.add("throttle", count=1, retry_after=1)
    before = calls(dynamics)
    for _ in range(5):
        with pytest.raises(Waiting):
            all_of(source.recordings_since(an_hour_ago()))
    assert calls(dynamics) - before == 1
    time.sleep(1.1)
    all_of(source.recordings_since(an_hour_ago()))


def test_sixteen_threads_share_one_token(dynamics: RunningOrganisation, make: MakeSource) -> None:
    ids = [call(dynamics, recordings_per_call=1, size_bytes=200_000).recording_ids[0] for _ in range(48)]
    source = make()
    with ThreadPoolExecutor(16) as pool:
        sizes = list(pool.map(lambda each: len(read(source, each)), ids))
    assert sizes == [200_000] * 48
    assert dynamics.organisation.statistics.shown()["token_requests"] == {"capture-main": 1}


def test_sessions_are_read_back_with_their_participants(dynamics: RunningOrganisation, make: MakeSource) -> None:
    call(dynamics, recordings_per_call=1)
    call(dynamics, recordings_per_call=1)
    source = make()
    [page] = source.sessions_since(an_hour_ago(), [192440000])
    assert len(page) >= 2
    assert all(each.complete and each.assigned_on and each.accepted_on for each in page)
    assert all(part.mode in {"Primary", "Consult"} and part.joined_on for each in page for part in each.participants)
    assert sorted(source.sessions_by_id([each.id for each in page]), key=lambda each: each.id) == sorted(
        page, key=lambda each: each.id
    )
    first = page[0]
    assert source.session_of("msdyn_ocsession", first.id) == first
    assert source.session_of("msdyn_sessionparticipant", first.participants[0].id) == first
    assert list(source.sessions_since(datetime.now(UTC) + timedelta(days=1), [192360000])) in ([], [[]])


def test_recordings_of_conversations(dynamics: RunningOrganisation, make: MakeSource) -> None:
    one, other = (call(dynamics, recordings_per_call=2) for _ in range(2))
    found = make().recordings_of([ConversationId(one.conversation_id)])
    assert {recording.id for recording in found} == set(one.recording_ids)
    assert len(make().recordings_of([ConversationId(other.conversation_id), ConversationId("0' or 1 eq 1")])) == 2
    assert make().recordings_by_id([RecordingId("nobody")]) == []


def test_dynamics_counts_beyond_its_own_limit(dynamics: RunningOrganisation, make: MakeSource) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with dynamics.organisation.lock:
        for number in range(5200):
            created = now - timedelta(seconds=number % 3000 + 60)
            dynamics.organisation.insert_row("msdyn_ocrecordings", {"createdon": whole_seconds(created)})
    source = make()
    assert source.count(now - timedelta(hours=1), now) == 5200
    assert source.count(now - timedelta(seconds=100), now - timedelta(seconds=90)) == 20
    assert source.count(now, now + timedelta(hours=1)) == 0


def test_completed_calls_of_a_day(dynamics: RunningOrganisation, make: MakeSource) -> None:
    ended = [call(dynamics) for _ in range(3)]
    call(dynamics, open=True, close_delay_seconds=3600)
    now = datetime.now(UTC)
    (page,) = make().completed_calls(now - timedelta(hours=1), now + timedelta(hours=1))
    assert {call.id for call in page} == {each.conversation_id for each in ended}
    assert all(call.seconds is not None and call.seconds >= 0 for call in page)
    assert [page for page in make().completed_calls(now - timedelta(days=9), now - timedelta(days=8)) if page] == []
