"""What a node was killed before telling: its peer hears of it all the same, whoever reigns."""

from dataclasses import replace

from capture.errors import Transient
from capture.messages import Notification, notifications
from capture.model.identity import NodeName
from capture.model.recording import Recording
from tests.pair import Pair

SETTINGS = {"REASSIGN_AFTER_SECONDS": "60", "LOOKBACK_MINUTES": "1"}


def killed_before_telling(pair: Pair, name: str) -> Recording:
    """A recording is archived by this node, which is killed after the ledger; its command never comes again."""
    recording = pair.publish()
    member = pair.members[name]

    def killed(call: str) -> None:
        if call in ("watermarks.send", "outbox.put"):
            raise Transient("killed")

    pair.members["main"].node.tick()
    member.peer.link.watch = member.own.link.watch = killed
    queue = pair.queue(name)
    messages = queue.receive(4)
    assert messages
    for message in messages:
        member.node.ingest(message.body, message.dequeue_count)
        queue.delete(message)
    queue.messages.clear()
    member.peer.link.watch = member.own.link.watch = None
    pair.start(name)
    assert knows(pair, name, recording)
    return recording


def knows(pair: Pair, name: str, recording: Recording) -> bool:
    return pair.members[name].own.ledger.get(recording.id, recording.created_on) is not None


def test_the_active_node_tells_what_it_finds_finished_when_the_time_of_a_job_is_over() -> None:
    pair = Pair(SETTINGS)
    pair.turn()
    recording = killed_before_telling(pair, "main")
    assert not knows(pair, "peer", recording)
    for _ in range(20):
        pair.turn()
    assert knows(pair, "peer", recording)
    assert pair.members["main"].own.jobs.oldest() is None


def test_a_new_reign_tells_what_this_node_had_done_under_the_other_one() -> None:
    pair = Pair(SETTINGS)
    for _ in range(20):
        pair.turn()
    pair.publish()  # the next one is the peer's
    recording = killed_before_telling(pair, "peer")
    for _ in range(6):
        pair.turn("peer")
    assert pair.members["peer"].role == "ACTIVE"
    pair.accounts["main"].stores.jobs.jobs.clear()
    assert not knows(pair, "main", recording)
    pair.start("main")
    for _ in range(10):
        pair.turn()
    assert knows(pair, "main", recording)
    sent = len(pair.accounts["main"].stores.watermarks.sent)
    for _ in range(5):
        pair.turn()
    assert len(pair.accounts["main"].stores.watermarks.sent) == sent, "once in a reign"


def test_a_parking_that_is_told_again_stays_on_the_list() -> None:
    pair = Pair({**SETTINGS, "GIVE_UP_HOURS": "1"})
    pair.turn()
    recording = pair.publish_without_file()
    pair.clock.advance(3700)
    for _ in range(8):
        pair.turn()
    for name in ("peer", "main"):
        pair.start(name)
        pair.clock.advance(20)
        for _ in range(8):
            pair.turn(name)
        assert pair.members[name].role == "ACTIVE"
    for name in ("peer", "main"):
        assert [parked.recording_id for parked in pair.members[name].own.state.parked()] == [recording.id]


def test_a_copy_that_its_node_had_no_time_to_note_is_remembered_when_the_peer_has_done_it_again() -> None:
    pair = Pair(SETTINGS)
    pair.turn()
    recording = pair.publish()
    main = pair.members["main"]
    main.node.tick()

    def killed(call: str) -> None:
        if call == "ledger.merge":
            raise Transient("killed")

    pair.accounts["main"].power.watch = killed
    (message,) = pair.queue("main").receive(4)
    main.node.ingest(message.body, message.dequeue_count)
    pair.accounts["main"].power.watch = None
    pair.queue("main").messages.clear()
    assert not knows(pair, "main", recording)
    (blob,) = pair.accounts["main"].stores.archive.blobs.values()
    theirs = replace(blob.copy, node=NodeName("peer"))
    done_again = Notification(NodeName("peer"), replace(blob.entry, copies=frozenset({theirs})), again=True)
    main.node.merge(notifications.to_json(done_again))
    pair.work("peer")
    for name in ("main", "peer"):
        entry = pair.members[name].own.ledger.get(recording.id, recording.created_on)
        assert entry is not None
        assert entry.copies == {blob.copy, theirs}
