"""A node that is not heard of loses its jobs to the other one, and finds no stale work when it is back."""

from capture.messages import commands
from capture.model.recording import ArchiveRecording
from tests.pair import Pair


def pair_with_work_at_peer(count: int = 6) -> Pair:
    """Main has archived its share; peer has received its own and done nothing yet."""
    pair = Pair()
    pair.turn()
    for _ in range(count):
        pair.publish()
    pair.members["main"].node.tick()
    pair.work("main")
    assert len(pair.queue("peer").bodies()) == count / 2
    return pair


def silence_peer(pair: Pair, turns: int = 6) -> None:
    for _ in range(turns):
        pair.turn("main")


def test_the_jobs_of_a_silent_node_are_done_by_the_other_one_long_before_their_time_is_over() -> None:
    pair = pair_with_work_at_peer()
    began = pair.clock.monotonic()
    silence_peer(pair)
    assert len(pair.archived("main")) == 6
    assert pair.clock.monotonic() - began < 60
    assert pair.members["main"].own.jobs.outstanding() == {}


def test_a_node_that_returns_does_not_do_the_work_a_second_time() -> None:
    pair = pair_with_work_at_peer()
    silence_peer(pair)
    pair.start("peer")
    for _ in range(3):
        pair.turn()
    assert pair.archived("peer") == set()
    assert len(pair.accounts["peer"].stores.ledger.entries) == 6


def test_a_node_that_slept_in_the_middle_of_the_work_does_not_commit_it() -> None:
    pair = pair_with_work_at_peer(2)
    (message,) = pair.queue("peer").receive()

    def sleep_at_the_first_block(call: str) -> None:
        if call == "archive.stage":
            pair.accounts["peer"].power.watch = None
            silence_peer(pair, 12)

    pair.accounts["peer"].power.watch = sleep_at_the_first_block
    pair.members["peer"].node.ingest(message.body)
    assert len(pair.archived("main")) == 2
    assert pair.archived("peer") == set()


def test_a_peer_without_its_own_store_gets_no_work_and_loses_what_it_has() -> None:
    pair = pair_with_work_at_peer()
    pair.accounts["peer"].power.down = True
    pair.members["peer"].node.tick()
    for _ in range(40):
        pair.members["peer"].node.tick()
        pair.turn("main")
    assert len(pair.archived("main")) == 6
    pair.accounts["peer"].power.down = False
    for _ in range(3):
        pair.turn()
    assert pair.archived("peer") == set(), "it had been told that its commands are void"


def test_what_may_have_been_begun_is_given_out_only_when_nobody_believes_in_it_any_more() -> None:
    pair = pair_with_work_at_peer(2)
    given: list[tuple[ArchiveRecording, float]] = []
    send = pair.members["main"].own.ingest.send

    def remember(body: bytes, delay: float = 0, ttl: float | None = None) -> None:
        given.append((commands.from_json(body), delay))
        send(body, delay, ttl)

    pair.members["main"].own.ingest.send = remember  # type: ignore[method-assign]
    silence_peer(pair)
    ((command, delay),) = [(command, delay) for command, delay in given if command.attempt == 2]
    assert command.look_first
    assert delay > int(pair.settings.get("TICK_SECONDS", "5"))
