"""What lies staged and nobody reports: kept when its desktop is gone for good, thrown away when nobody needs it."""

import json
from dataclasses import replace

import pytest

from capture.errors import Transient
from capture.messages import screen_facts
from capture.model.session import merge_sessions
from capture.model.workstation import Place
from tests.office import ANN, BOB, Office, accepted, at, closed, ringing

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


def test_what_is_staged_of_a_call_in_doubt_is_left_alone(office: Office) -> None:
    office.hear(ringing())
    office.stage("main", b"video")
    office.pair.source.session_failures += [Transient("down")] * 1000
    office.hear(closed())
    for _ in range(3):
        office.pair.clock.advance(4000)
        office.pair.turn()
    staged = office.pair.accounts["main"].stores.staged
    assert list(staged.blobs) == ["pc-1/s1/ann-1.mp4"]
    office.pair.source.session_failures.clear()
    office.pair.source.put_session(merge_sessions(ringing(), closed()))
    for _ in range(2):
        office.pair.clock.advance(4000)
        office.pair.turn()
    assert staged.blobs == {}


def test_what_is_staged_from_where_the_seat_has_been_moved_away_is_thrown_away(begun: Office) -> None:
    begun.stage("main", b"video")
    place = Place(ANN, "pc-9", at(5), at(6))
    fact = replace(begun.fact(ringing(), "peer"), forwarded=True, places=(place,))
    begun.pair.members["main"].node.screen(screen_facts.to_json(fact))
    begun.hear(closed())
    begun.pair.clock.advance(4000)
    begun.pair.turn()
    assert begun.pair.accounts["main"].stores.staged.blobs == {}


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


def test_what_is_of_no_session_that_is_known_is_thrown_away_in_the_end(office: Office) -> None:
    staged = office.pair.accounts["main"].stores.staged
    for name in ("pc-1/s9/ann-1.mp4", "somebody/else.mp4"):
        staged.append(f"memory:{name}", b"video")
    office.pair.clock.advance(71 * HOURS)
    office.pair.turn()
    assert len(staged.blobs) == 2
    office.pair.clock.advance(HOURS)
    office.pair.turn()
    assert list(staged.blobs) == ["somebody/else.mp4"]


@pytest.mark.parametrize(("answered", "wanted"), [(True, "keep"), (False, "delete")])
def test_what_is_of_an_agent_who_has_no_part_in_the_session_any_more(
    office: Office, *, answered: bool, wanted: str
) -> None:
    office.hear(ringing(), *([accepted()] if answered else []))
    office.stage("main", b"video")
    office.hear(ringing(agent=BOB, when=9), closed())
    assert office.wanted("main") == {"s1:ann": wanted}
    stores = office.pair.accounts["main"].stores
    stores.boards.boards.pop("pc-1")  # the order has left the board meanwhile
    for hours in (2, 72):
        assert office.pair.archived("main") == set()
        office.pair.clock.advance(hours * HOURS)
        office.pair.turn()
    for _ in range(2):
        office.pair.clock.advance(HOURS)
        office.pair.turn()
    assert office.pair.archived("main") == ({"screen-s1-ann-1"} if answered else set())
    assert stores.staged.blobs == {}


def test_everything_that_lies_there_has_its_turn(begun: Office) -> None:
    begun.stage("main", b"x")
    staged = begun.pair.accounts["main"].stores.staged
    for number in range(10_001):
        staged.append(f"memory:pc-0/s0/ann-{number}.mp4", b"x")
    begun.pair.source.put_session(merge_sessions(merge_sessions(ringing(), accepted()), closed()))
    begun.pair.clock.advance(74 * HOURS)
    for name, (data, _) in list(staged.blobs.items()):
        if name.startswith("pc-0"):
            staged.blobs[name] = (data, begun.pair.clock.now())
    for _ in range(3):
        begun.pair.turn()
    assert begun.pair.archived("main") == {"screen-s1-ann-1"}


def test_a_sweep_looks_at_as_much_as_its_time_allows_and_the_next_one_goes_on(office: Office) -> None:
    office.pair.turn()
    stores = office.pair.accounts["main"].stores
    for number in range(20):
        stores.staged.append(f"memory:pc-1/s{number:02}/ann-1.mp4", b"x")
    office.pair.clock.advance(80 * HOURS)

    def slow(call: str) -> None:
        if call == "staged.remove":
            office.pair.clock.advance(1)

    office.pair.members["main"].own.link.watch = slow
    left = []
    for _ in range(6):
        office.pair.members["main"].node.screen_sweep()
        left.append(len(stores.staged.blobs))
    assert left == [15, 10, 5, 0, 0, 0]
    assert office.pair.members["main"].own.link.calls.count("staged.listed") == 2


def test_the_bytes_are_read_by_the_hand_over_and_not_by_the_timer(begun: Office) -> None:
    begun.stage("main", b"video" * 100)
    begun.hear(closed())
    begun.pair.clock.advance(73 * HOURS)
    calls = begun.pair.members["main"].own.link.calls
    begun.pair.members["main"].node.screen_sweep()
    assert "staged.fetch" not in calls
    begun.work()
    assert "staged.fetch" in calls
    assert begun.pair.archived("main") == {"screen-s1-ann-1"}


def test_what_is_gone_before_the_hand_over_reads_it_is_kept_aside_with_the_reason(begun: Office) -> None:
    begun.stage("main", b"video" * 100)
    begun.hear(closed())
    begun.pair.clock.advance(73 * HOURS)
    begun.pair.members["main"].node.screen_sweep()
    stores = begun.pair.accounts["main"].stores
    stores.staged.blobs.clear()
    for _ in range(6):
        begun.work()
        begun.pair.clock.advance(100)
    ((queue, reason),) = stores.state.rejected()
    assert queue == "screenfile"
    assert "nothing has been staged" in reason
