"""Who gets the work, and what becomes of it when a node is silent or cannot be told."""

from capture.errors import Transient
from tests.pair import Pair


def test_a_dead_peer_store_is_waited_for_once_and_then_left_alone() -> None:
    pair = Pair()
    pair.turn()

    def dead(_: str) -> None:
        pair.clock.advance(4.4)
        raise Transient("timed out")

    for _ in range(10):
        pair.publish()
    pair.members["main"].peer.link.watch = lambda call: dead(call) if call == "ingest.send" else None
    began = pair.clock.monotonic()
    pair.members["main"].node.tick()
    assert pair.clock.monotonic() - began < 4.4 + 1, "the first one is waited for, the others are done here instead"
    pair.publish()
    began = pair.clock.monotonic()
    pair.members["main"].node.tick()
    assert pair.clock.monotonic() - began < 1
    pair.members["main"].peer.link.watch = None
    for _ in range(40):
        pair.turn()
    assert pair.everything_is_archived(), "what was not answered stays the peer's until its time is over"


def test_no_work_for_a_silent_node() -> None:
    pair = Pair()
    pair.turn()
    for _ in range(4):
        pair.turn("main")
    for _ in range(6):
        pair.publish()
    pair.turn("main")
    assert len(pair.archived("main")) == 6
    assert pair.queue("peer").bodies() == []


def test_a_peer_that_cannot_be_reached_does_not_hold_a_job_up() -> None:
    pair = Pair()
    pair.turn()
    pair.members["main"].peer.link.down = True
    for _ in range(4):
        pair.publish()
    pair.turn("main")
    assert len(pair.archived("main")) == 4
    assert pair.members["main"].own.outbox.count(100) == 4


def test_a_job_whose_sending_was_not_answered_stays_with_the_peer_until_its_time_is_over() -> None:
    pair = Pair()
    pair.turn()

    def no_answer(call: str) -> None:
        if call == "ingest.send":
            raise Transient("no answer")

    pair.members["main"].peer.link.watch = no_answer
    for _ in range(4):
        pair.publish()
    pair.turn("main")
    assert len(pair.archived("main")) == 3, "whether the peer got the first cannot be known, the second was not sent"
    pair.clock.advance(310)
    for _ in range(30):
        pair.turn("main")
    assert len(pair.archived("main")) == 4


def test_an_unfinished_assignment_is_given_out_again() -> None:
    pair = Pair(settings={"REASSIGN_AFTER_SECONDS": "60"})
    pair.turn()
    for _ in range(4):
        pair.publish()
    for _ in range(20):
        pair.turn("main")  # peer's functions stand still, but its heartbeat was heard a moment ago
    assert pair.everything_is_archived()
    assert pair.archived("main") == {row.id for row in pair.source.rows.values()}


def test_messages_of_an_assignment_that_ran_out_are_gone() -> None:
    pair = Pair(settings={"REASSIGN_AFTER_SECONDS": "60"})
    pair.turn()
    pair.publish()
    pair.publish()
    pair.members["main"].node.tick()
    assert len(pair.queue("peer").bodies()) == 1
    pair.clock.advance(60)
    assert pair.queue("peer").bodies() == []
