"""What lies staged and nobody reports: kept when its desktop is gone for good, thrown away when nobody needs it."""

import json

import pytest

from tests.office import ANN, Office, accepted, closed, ringing

HOURS = 3600.0


@pytest.fixture
def begun(office: Office) -> Office:
    office.hear(ringing(), accepted())
    return office


def test_what_is_staged_of_a_missed_call_is_thrown_away(office: Office) -> None:
    office.hear(ringing())
    said = office.call("main", "pc-1", "upload", {"agent_id": "ann"}, "s1")
    staged = office.pair.accounts["main"].stores.staged
    staged.append(json.loads(said.body)["upload_url"], b"x")
    office.hear(closed())
    office.pair.clock.advance(4000)
    office.pair.turn()
    assert staged.blobs == {}


def test_what_is_staged_here_and_archived_by_the_other_node_is_thrown_away_later(office: Office) -> None:
    office.hear(ringing(), accepted(), closed())
    said = office.call("main", "pc-1", "upload", {"agent_id": "ann"}, "s1")
    staged = office.pair.accounts["main"].stores.staged
    staged.append(json.loads(said.body)["upload_url"], b"video")  # then main is away, and the desktop goes over
    other = staged.blobs | {"pc-1/s1/ann-2.mp4": (b"not archived", office.pair.clock.now())}
    staged.blobs.update(other)
    office.upload("peer")
    office.work()
    assert office.pair.archived("peer") == {"screen-s1-ann-1"}
    office.pair.turn()
    assert len(staged.blobs) == 2, "not at once: main may be about to hand it over"
    office.pair.clock.advance(4000)
    office.pair.turn()
    assert list(staged.blobs) == ["pc-1/s1/ann-2.mp4"]


def test_what_a_desktop_never_reported_is_kept_in_the_end_and_said_to_be_incomplete(
    begun: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    begun.pair.clock.advance(30)
    begun.stage("main", b"video" * 100)
    begun.hear(closed())
    begun.pair.clock.advance(71 * HOURS)
    begun.pair.turn()
    assert begun.pair.archived("main") == set()
    begun.pair.clock.advance(HOURS)
    for _ in range(3):
        begun.pair.turn()
        begun.pair.clock.advance(700)
    stores = begun.pair.accounts["main"].stores
    ((path, blob),) = stores.archive.blobs.items()
    assert path == "source=contoso/year=2026/month=11/day=22/conversation=c1/screen-s1-ann-1.mp4"
    assert blob.data == b"video" * 100
    screen = json.loads(stores.archive.sidecars[path.replace("mp4", "json")])["screen"]
    assert screen["complete"] is False
    assert (screen["started_at"], screen["ended_at"]) == ("2026-11-22T10:00:01Z", "2026-11-22T10:00:30Z")
    assert stores.staged.blobs == {}
    for node in ("main", "peer"):
        order = begun.board(node, "pc-1").orders["s1:ann"]
        assert order.archived_parts == frozenset(), "the desktop, should it come back, has the whole of it"
    assert "has not reported the end" in stores.alarms.alarms["incomplete screen-s1-ann-1"].text
    assert caplog.text.count("event=screen_incomplete") == 1
    (told,) = begun.pair.accounts["peer"].stores.ledger.entries.values()
    assert told.screen is not None
    assert not told.screen.complete


def test_a_desktop_that_is_back_after_that_loses_nothing(begun: Office) -> None:
    begun.stage("main", b"video" * 100)
    begun.hear(closed())
    begun.pair.clock.advance(73 * HOURS)
    begun.pair.turn()
    whole = b"video" * 200
    begun.stage("main", whole)
    begun.report("main", "pc-1", ANN, whole)
    begun.work()
    archived = {blob.data for blob in begun.pair.accounts["main"].stores.archive.blobs.values()}
    assert archived == {b"video" * 100, whole}


def test_the_same_bytes_reported_after_all_make_it_complete(begun: Office) -> None:
    begun.stage("main", b"video" * 100)
    begun.hear(closed())
    begun.pair.clock.advance(73 * HOURS)
    begun.pair.turn()
    begun.report("peer", "pc-1", ANN, b"video" * 100)
    begun.work()
    assert begun.pair.archived("main") == {"screen-s1-ann-1"}
    for node in ("main", "peer"):
        (entry,) = begun.pair.accounts[node].stores.ledger.entries.values()
        assert entry.screen is not None
        assert entry.screen.complete


def test_what_is_still_being_written_is_left_alone(begun: Office) -> None:
    begun.hear(closed())
    begun.stage("main", b"video")
    for _ in range(4):
        begun.pair.clock.advance(30 * HOURS)
        begun.stage("main", b"more")
        begun.pair.turn()
    assert begun.pair.archived("main") == set()
    assert list(begun.pair.accounts["main"].stores.staged.blobs) == ["pc-1/s1/ann-1.mp4"]


def test_a_session_that_goes_on_is_not_handed_over(begun: Office) -> None:
    begun.pair.source.put_session(ringing())
    begun.stage("main", b"video")
    begun.pair.clock.advance(80 * HOURS)
    begun.pair.turn()
    assert begun.pair.archived("main") == set()
