"""Hand-over into the archive: once, with all that was told, whichever node has the bytes and whichever is told."""

import hashlib
import json

import pytest

from capture.errors import Permanent, Transient
from capture.messages import screen_files
from capture.model.board import ArchivedPart
from capture.model.identity import SessionId
from tests.office import ANN, Office, accepted, closed, ringing

VIDEO = b"video" * 900
S2 = SessionId("s2")


@pytest.fixture
def over(office: Office) -> Office:
    office.hear(ringing(), accepted(), closed())
    return office


def test_a_recording_is_archived_under_the_conversation_with_its_times(office: Office) -> None:
    office.hear(ringing(), accepted(), closed())
    office.upload()
    office.work()
    stores = office.pair.accounts["main"].stores
    ((path, blob),) = stores.archive.blobs.items()
    assert path == "source=contoso/year=2026/month=11/day=22/conversation=c1/screen-s1-ann-1.mp4"
    assert blob.copy.media_type == "video/mp4"
    assert blob.data == b"video" * 900
    sidecar = json.loads(stores.archive.sidecars[path.replace("mp4", "json")])
    assert sidecar["screen"]["workstation"] == "pc-1"
    assert sidecar["screen"]["ended_at"] == "2026-11-22T10:01:00Z"
    for node in ("main", "peer"):
        (entry,) = office.pair.accounts[node].stores.ledger.entries.values()
        assert entry.screen is not None
        assert entry.state == "archived"


def test_a_recording_that_both_nodes_are_given_is_archived_once(office: Office) -> None:
    office.hear(ringing(), accepted(), closed())
    office.stage("peer", VIDEO)
    office.upload("main", video=VIDEO)
    office.work()
    office.report("peer", "pc-1", ANN, VIDEO)
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}
    assert office.pair.archived("peer") == set()


def test_another_recording_of_the_same_name_is_not_lost(office: Office) -> None:
    office.hear(ringing(), accepted(), closed())
    office.stage("main", b"one" * 100)
    office.stage("peer", b"two" * 100)
    for node, video in (("main", b"one" * 100), ("peer", b"two" * 100)):
        office.report(node, "pc-1", ANN, video)
        office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}
    assert office.pair.archived("peer") == {"screen-s1-ann-10001"}


def test_a_recording_waits_for_the_end_of_its_session(office: Office) -> None:
    office.hear(ringing(), accepted())
    office.upload()
    office.work()
    assert office.pair.archived("main") == set()
    office.hear(closed())
    office.pair.clock.advance(10)
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}


def test_the_boards_say_which_parts_are_archived_and_not_more(over: Office) -> None:
    over.upload("main", video=b"one" * 100)
    over.stage("main", b"two" * 100, part=2)
    over.report("main", "pc-1", ANN, b"other" * 100, part=2)
    over.work()
    one, two = (ArchivedPart(n, hashlib.sha256(text * 100).hexdigest()) for n, text in ((1, b"one"), (2, b"two")))
    for node in ("main", "peer"):
        assert over.board(node, "pc-1").orders["s1:ann"].archived_parts == {one}
    over.report("main", "pc-1", ANN, b"two" * 100, part=2)
    over.work()
    for node in ("main", "peer"):
        assert over.board(node, "pc-1").orders["s1:ann"].archived_parts == {one, two}


def test_a_desktop_that_was_off_over_the_weekend_still_hands_over(over: Office) -> None:
    over.pair.clock.advance(71 * 3600)
    over.sign_in("pc-1", "ann@contoso.com", since=71 * 3600)
    over.hear(ringing(S2, when=71 * 3600))
    assert over.wanted("main") == {"s1:ann": "keep", "s2:ann": "record"}
    assert over.upload().status == 202
    over.work()
    assert over.pair.archived("main") == {"screen-s1-ann-1"}


def test_what_nobody_accepted_is_not_archived(office: Office) -> None:
    office.hear(ringing())
    office.stage("main", VIDEO)
    office.hear(closed())
    office.report("main", "pc-1", ANN, VIDEO)
    office.work()
    assert office.pair.archived("main") == set()
    assert office.pair.accounts["main"].stores.staged.blobs == {}


def test_nothing_staged_is_deleted_while_the_board_is_in_doubt(office: Office) -> None:
    office.hear(ringing())
    office.pair.members["peer"].peer.link.down = True
    office.hear(accepted(), closed(), node="peer")
    office.pair.source.session_failures += [Transient("down")] * 1000
    office.hear(closed())
    assert (office.wanted("main"), office.wanted("peer")) == ({"s1:ann": "stop"}, {"s1:ann": "keep"})
    office.upload()
    office.work()
    assert list(office.pair.accounts["main"].stores.staged.blobs) == ["pc-1/s1/ann-1.mp4"]
    office.pair.members["peer"].peer.link.down = False
    office.pair.clock.advance(60)
    office.pair.members["peer"].node.screen_sweep()
    office.work()
    office.pair.clock.advance(10)
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}


def test_bytes_that_were_not_reported_are_never_archived_and_stay(office: Office) -> None:
    office.hear(ringing(), accepted(), closed())
    office.upload(video=b"good")
    ((name, (_, when)),) = office.pair.accounts["main"].stores.staged.blobs.items()
    office.pair.accounts["main"].stores.staged.blobs[name] = (b"evil", when)
    for _ in range(6):
        office.work()
        office.pair.clock.advance(100)
    assert office.pair.archived("main") == set()
    assert name in office.pair.accounts["main"].stores.staged.blobs
    assert [queue for queue, _ in office.pair.accounts["main"].stores.state.rejected()] == ["screenfile"]


@pytest.mark.parametrize(
    "call",
    [
        "archive.commit",
        "archive.put_sidecar",
        "interactions.add",
        "ledger.merge",
        "watermarks.send",
        "boards.change",
        "staged.remove",
    ],
)
def test_a_hand_over_that_is_killed_anywhere_is_finished_by_the_next_delivery(office: Office, call: str) -> None:
    class Killed(Exception):
        pass

    office.hear(ringing(), accepted(), closed())
    office.upload()
    stores = office.pair.accounts["main"].stores
    body = stores.screen_files.bodies()[0]
    office.pair.accounts["main" if "watermarks" not in call else "peer"].power.fail_next(call, error=Killed())
    with pytest.raises(Killed):
        office.pair.members["main"].node.screen_file(body)
    office.pair.start("main")
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}
    assert stores.staged.blobs == {}
    assert office.board("main", "pc-1").orders["s1:ann"].archived_parts
    assert len(office.pair.accounts["peer"].stores.ledger.entries) == 1


def test_a_report_that_reaches_the_other_node_is_passed_on_to_the_one_with_the_bytes(over: Office) -> None:
    over.stage("main", VIDEO)
    assert over.report("peer", "pc-1", ANN, VIDEO).status == 202
    over.work()
    assert over.pair.archived("main") == {"screen-s1-ann-1"}
    assert over.pair.archived("peer") == set()
    for node in ("main", "peer"):
        assert over.pair.accounts[node].stores.staged.blobs == {}
        assert over.board(node, "pc-1").orders["s1:ann"].archived_parts
        assert over.pair.accounts[node].stores.screen_files.bodies() == []


def test_so_is_one_of_which_this_node_has_only_the_beginning(over: Office) -> None:
    over.stage("peer", VIDEO[:500])
    over.stage("main", VIDEO)
    assert over.report("peer", "pc-1", ANN, VIDEO).status == 202
    over.work()
    assert over.pair.archived("main") == {"screen-s1-ann-1"}
    assert over.pair.archived("peer") == set()


@pytest.mark.parametrize("error", [Transient("down"), Permanent("unexpected answer")])
def test_a_peer_that_cannot_be_told_is_told_later(over: Office, error: Exception) -> None:
    over.stage("main", VIDEO)
    assert over.report("peer", "pc-1", ANN, VIDEO).status == 202
    over.pair.accounts["main"].stores.screen_files.fail_next("send", error=error)
    over.work()
    assert over.pair.archived("main") == set()
    over.pair.clock.advance(4)
    over.work()
    assert over.pair.archived("main") == set()
    over.pair.clock.advance(1)
    over.work()
    assert over.pair.archived("main") == {"screen-s1-ann-1"}


def test_a_peer_that_is_away_for_long_is_asked_less_and_less(over: Office) -> None:
    over.stage("main", VIDEO)
    over.report("peer", "pc-1", ANN, VIDEO)
    over.pair.accounts["main"].power.down = True
    queue = over.pair.accounts["peer"].stores.screen_files
    for _ in range(3600):
        over.pair.work("peer")
        over.pair.clock.advance(1)
    assert 60 < len(queue.sent) < 120
    over.pair.accounts["main"].power.down = False
    over.pair.clock.advance(60)
    over.work()
    assert over.pair.archived("main") == {"screen-s1-ann-1"}


def test_what_neither_node_has_is_passed_on_once_and_kept_aside_with_the_reason(over: Office) -> None:
    assert over.report("peer", "pc-1", ANN, VIDEO).status == 202
    for _ in range(6):
        over.work()
        over.pair.clock.advance(100)
    sent = {
        node: [screen_files.from_json(body) for body in over.pair.accounts[node].stores.screen_files.sent]
        for node in ("main", "peer")
    }
    assert [command.passed_on for command in sent["peer"]] == [False]
    assert {command.passed_on for command in sent["main"]} == {True}
    assert over.pair.accounts["peer"].stores.state.rejected() == []
    ((queue, reason),) = over.pair.accounts["main"].stores.state.rejected()
    assert queue == "screenfile"
    assert "nothing has been staged under this name" in reason


def test_what_is_passed_on_waits_there_for_the_end_of_its_session(over: Office) -> None:
    over.hear(ringing(S2), accepted(S2))
    over.stage("main", VIDEO, session=S2)
    assert over.report("peer", "pc-1", ANN, VIDEO, S2).status == 202
    over.work()
    over.hear(closed(S2))
    over.pair.clock.advance(10)
    over.work()
    assert over.pair.archived("main") == {"screen-s2-ann-1"}
