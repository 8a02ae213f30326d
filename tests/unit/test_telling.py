"""Whatever one ledger knows the other one learns, even when a node was killed before it could tell."""

from datetime import timedelta

import pytest

from capture.messages import Notification
from capture.model.conversation import Conversation
from capture.model.identity import NodeName
from tests.pair import Pair


class Killed(Exception):
    """The process is gone."""


def killed_before_telling() -> Pair:
    """Main has archived a recording and written its ledger, and was killed while it told peer."""
    pair = Pair({"REASSIGN_AFTER_SECONDS": "60", "PREFERRED_NODE": "none"})
    pair.turn()
    pair.publish()
    pair.members["main"].node.tick()
    (message,) = pair.queue("main").receive(visibility=1)

    def kill(call: str) -> None:
        if call == "watermarks.send":
            raise Killed

    link = pair.members["main"].peer.link
    link.watch = kill
    with pytest.raises(Killed):
        pair.members["main"].node.ingest(message.body)
    link.watch = None
    assert len(pair.archived("main")) == 1
    assert pair.accounts["peer"].stores.ledger.entries == {}
    return pair


def ledgers_are_equal(pair: Pair) -> bool:
    main, peer = (pair.accounts[name].stores.ledger.entries for name in ("main", "peer"))
    return main == peer


def test_when_the_command_has_not_outlived_it_the_sweep_tells() -> None:
    pair = killed_before_telling()
    pair.clock.advance(100)
    pair.start("main")
    for _ in range(8):
        pair.turn("main")
    pair.turn("peer")
    assert ledgers_are_equal(pair)
    assert pair.members["main"].own.jobs.outstanding() == {}


def test_who_has_done_the_work_again_meanwhile_hears_of_the_first_copy() -> None:
    pair = killed_before_telling()
    pair.accounts["main"].power.down = True
    for _ in range(40):
        pair.turn("peer")
    assert len(pair.archived("peer")) == 1
    pair.accounts["main"].power.down = False
    pair.clock.advance(100)
    pair.start("main")
    for _ in range(12):
        pair.turn()
    assert ledgers_are_equal(pair)
    (entry,) = pair.accounts["peer"].stores.ledger.entries.values()
    assert {copy.node for copy in entry.copies} == {"main", "peer"}


def test_who_gave_the_work_out_finds_what_the_worker_has_never_told() -> None:
    pair = Pair({"REASSIGN_AFTER_SECONDS": "60", "PREFERRED_NODE": "none"})
    pair.turn()
    for _ in range(2):
        pair.publish()
    pair.members["main"].node.tick()
    pair.work("main")
    (message,) = pair.queue("peer").receive(visibility=1)
    link = pair.members["peer"].peer.link

    def kill(call: str) -> None:
        if call == "watermarks.send":
            raise Killed

    link.watch = kill
    with pytest.raises(Killed):
        pair.members["peer"].node.ingest(message.body)
    link.watch = None
    pair.clock.advance(100)
    pair.start("peer")
    for _ in range(3):
        pair.turn("peer")
    assert pair.members["peer"].role == "ACTIVE"
    pair.start("main")
    for _ in range(20):
        pair.turn()
    assert pair.members["peer"].role == "ACTIVE"
    assert ledgers_are_equal(pair)
    assert len(pair.accounts["main"].stores.ledger.entries) == 2
    assert pair.members["main"].own.jobs.outstanding() == {}
    main, peer = (pair.accounts[name].stores.interactions.get("c1") for name in ("main", "peer"))
    assert main is not None
    assert peer is not None
    assert main.recordings == peer.recordings


def test_a_later_reading_of_the_conversation_is_taken_in_with_a_fact_that_is_no_news() -> None:
    """The worker knows its own copy and was killed; the peer looks, finds it, and has read the conversation again."""
    pair = Pair()
    pair.turn()
    recording = pair.publish()
    for _ in range(3):
        pair.turn()
    (name,) = [each for each in ("main", "peer") if pair.archived(each)]
    own, other = pair.members[name].own, "peer" if name == "main" else "main"
    entry = own.ledger.get(recording.id, recording.created_on)
    assert entry is not None
    assert entry.conversation_id is not None
    later = Conversation(
        entry.conversation_id, read_at=pair.clock.now() + timedelta(minutes=1), finished=True, subject="late"
    )
    pair.members[name].node.parked.finisher.merge(Notification(NodeName(other), entry, later, again=True))
    found = own.interactions.get(entry.conversation_id)
    assert found is not None
    assert found.conversation == later
