"""What lies staged and nobody reports: kept when its desktop is gone for good, thrown away when nobody needs it."""

import json

import pytest

from tests.office import ANN, Office, accepted, closed, ringing

HOURS = 3600.0


@pytest.fixture
def office() -> Office:
    made = Office()
    made.sign_in("pc-1", "ann@contoso.com")
    made.hear(ringing(), accepted())
    return made


def test_what_a_desktop_never_reported_is_kept_in_the_end_and_said_to_be_incomplete(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    office.pair.clock.advance(30)
    office.stage("main", b"video" * 100)
    office.hear(closed())
    office.pair.clock.advance(71 * HOURS)
    office.pair.turn()
    assert office.pair.archived("main") == set()
    office.pair.clock.advance(HOURS)
    for _ in range(3):
        office.pair.turn()
        office.pair.clock.advance(700)
    stores = office.pair.accounts["main"].stores
    ((path, blob),) = stores.archive.blobs.items()
    assert path == "source=contoso/year=2026/month=11/day=22/conversation=c1/screen-s1-ann-1.mp4"
    assert blob.data == b"video" * 100
    screen = json.loads(stores.archive.sidecars[path.replace("mp4", "json")])["screen"]
    assert screen["complete"] is False
    assert (screen["started_at"], screen["ended_at"]) == ("2026-11-22T10:00:01Z", "2026-11-22T10:00:30Z")
    assert stores.staged.blobs == {}
    assert "has not reported the end" in stores.alarms.alarms["incomplete screen-s1-ann-1"].text
    assert caplog.text.count("event=screen_incomplete") == 1
    (told,) = office.pair.accounts["peer"].stores.ledger.entries.values()
    assert told.screen is not None
    assert not told.screen.complete


def test_a_desktop_that_is_back_after_that_loses_nothing(office: Office) -> None:
    office.stage("main", b"video" * 100)
    office.hear(closed())
    office.pair.clock.advance(73 * HOURS)
    office.pair.turn()
    whole = b"video" * 200
    office.stage("main", whole)
    office.report("main", "pc-1", ANN, whole)
    office.work()
    archived = {blob.data for blob in office.pair.accounts["main"].stores.archive.blobs.values()}
    assert archived == {b"video" * 100, whole}


def test_the_same_bytes_reported_after_all_make_it_complete(office: Office) -> None:
    office.stage("main", b"video" * 100)
    office.hear(closed())
    office.pair.clock.advance(73 * HOURS)
    office.pair.turn()
    office.report("peer", "pc-1", ANN, b"video" * 100)
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}
    for node in ("main", "peer"):
        (entry,) = office.pair.accounts[node].stores.ledger.entries.values()
        assert entry.screen is not None
        assert entry.screen.complete


def test_what_is_still_being_written_is_left_alone(office: Office) -> None:
    office.hear(closed())
    office.stage("main", b"video")
    for _ in range(4):
        office.pair.clock.advance(30 * HOURS)
        office.stage("main", b"more")
        office.pair.turn()
    assert office.pair.archived("main") == set()
    assert list(office.pair.accounts["main"].stores.staged.blobs) == ["pc-1/s1/ann-1.mp4"]


def test_a_session_that_goes_on_is_not_handed_over(office: Office) -> None:
    office.pair.source.put_session(ringing())
    office.stage("main", b"video")
    office.pair.clock.advance(80 * HOURS)
    office.pair.turn()
    assert office.pair.archived("main") == set()
