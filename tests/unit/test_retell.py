"""What a node was killed before telling: its peer hears of it all the same, whoever reigns."""

from capture.errors import Transient
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
