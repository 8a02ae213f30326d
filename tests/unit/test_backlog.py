"""A large backlog is walked in slices: the work of a tick is bounded, and nothing is skipped."""

from datetime import timedelta

from capture.model.identity import RecordingId
from capture.model.ledger import LedgerEntry
from capture.model.recording import Recording
from tests.pair import Pair, audio
from tests.stores.tables import MemoryJobs

BACKLOG = 50_000
SECONDS_A_CALL = 0.01


def pair_with_backlog() -> Pair:
    """Both nodes were down for a day; every call to a store takes its time."""
    pair = Pair()
    pair.turn()
    began = pair.clock.now() - timedelta(hours=23)
    content = audio(600)
    for number in range(BACKLOG):
        created_on = began + timedelta(seconds=number)
        pair.source.publish(Recording(RecordingId(f"b{number:05}"), created_on.replace(microsecond=0)), content)
    for account in pair.accounts.values():
        account.power.watch = lambda _: pair.clock.advance(SECONDS_A_CALL)
    return pair


def jobs(pair: Pair) -> MemoryJobs:
    return pair.accounts["main"].stores.jobs


def test_a_tick_ends_in_time_and_gives_out_no_more_than_may_be_outstanding() -> None:
    pair = pair_with_backlog()
    given: list[int] = []
    for _ in range(5):
        began = pair.clock.monotonic()
        pair.members["main"].node.tick()
        assert pair.clock.monotonic() - began < 12, "the lease holds for fifteen seconds less a margin of three"
        given.append(len(jobs(pair).jobs))
    assert given[0] > 0
    assert given == sorted(given)
    assert given[-1] <= 1000 + pair.source.page_size


def test_the_walk_goes_on_where_it_stopped_as_soon_as_there_is_room() -> None:
    pair = pair_with_backlog()
    for _ in range(5):
        pair.members["main"].node.tick()
    first = set(jobs(pair).jobs)
    jobs(pair).jobs.clear()
    for created_on, recording_id in first:
        pair.accounts["main"].stores.ledger.merge(LedgerEntry(recording_id, created_on))
    for _ in range(5):
        pair.members["main"].node.tick()
    second = set(jobs(pair).jobs)
    assert second
    assert not first & second
    assert min(second) > max(first)
