"""What the ACTIVE node finds in Dynamics, and how far the low watermark goes."""

from datetime import timedelta

from tests.pair import NAMES, Pair, audio


def test_a_second_look_finds_nothing_new() -> None:
    pair = Pair()
    pair.turn()
    pair.publish()
    for _ in range(20):
        pair.turn()
    opened = pair.source.calls.count("open")
    assert opened == 1


def test_rows_that_share_the_last_second_are_not_lost() -> None:
    pair = Pair()
    pair.turn()
    pair.publish()
    pair.members["main"].node.tick()
    late = pair.publish()  # same second as the first, listed only now
    pair.turn()
    pair.turn()
    assert late.id in pair.archived("main") | pair.archived("peer")


def test_a_row_committed_late_is_found_by_the_look_back() -> None:
    pair = Pair()
    pair.turn()
    late = pair.publish()
    pair.source.visible_on[late.id] = pair.clock.now() + timedelta(minutes=2)
    pair.clock.advance(30)
    pair.publish()
    while pair.clock.now() < pair.source.visible_on[late.id] + timedelta(minutes=2):
        pair.turn()
    assert pair.everything_is_archived()


def test_a_row_committed_as_late_as_is_promised_is_found_however_busy_it_is() -> None:
    pair = Pair(settings={"LOOKBACK_MINUTES": "3", "LOOKBACK_EVERY_SECONDS": "60"})
    pair.turn()
    for number in range(120):
        row = pair.publish()
        if number % 5 == 0:
            pair.source.visible_on[row.id] = pair.clock.now() + timedelta(seconds=175)
        pair.turn()
    for _ in range(60):
        pair.turn()
    assert pair.everything_is_archived()


def test_a_large_page_is_taken_in_by_slices_within_the_time_of_the_lease() -> None:
    pair = Pair()
    pair.source.page_size = 500
    pair.turn()
    for _ in range(500):
        pair.publish()
    pair.accounts["main"].power.watch = lambda call: pair.clock.advance(0.03) if call == "ingest.send" else None
    pair.accounts["peer"].power.watch = pair.accounts["main"].power.watch
    for _ in range(12):
        pair.members["main"].node.tick()
        pair.members["peer"].node.tick()
    pair.accounts["main"].power.watch = pair.accounts["peer"].power.watch = None
    assert pair.members["main"].epoch == 1
    assert sum(len(pair.queue(name).sent) for name in NAMES) == 500
    for _ in range(6):
        pair.turn()
    assert pair.everything_is_archived()


def test_the_low_watermark_waits_for_the_oldest_unfinished_recording() -> None:
    pair = Pair(settings={"LOOKBACK_MINUTES": "1"})
    pair.turn()
    recording = pair.publish_without_file()
    for _ in range(60):
        pair.publish()
        pair.turn()
    mark = pair.members["main"].own.state.watermark()
    assert mark is not None
    assert mark.low == recording.created_on
    pair.source.bring_file(recording.id, audio())
    for _ in range(15):
        pair.turn()
    later = pair.members["main"].own.state.watermark()
    assert later is not None
    assert later.low > recording.created_on


def test_the_peer_knows_the_low_watermark() -> None:
    pair = Pair()
    pair.turn()
    for _ in range(3):
        pair.publish()
        pair.turn()
        pair.clock.advance(2)
    theirs = pair.members["peer"].own.state.watermark()
    assert theirs is not None
    assert theirs.epoch == 1


def test_takeover_goes_on_from_the_low_watermark_without_double_work() -> None:
    pair = Pair()
    pair.turn()
    for _ in range(6):
        pair.publish()
    pair.turn()
    for _ in range(6):
        pair.publish()
    pair.members["main"].node.tick()  # assigned, and then main dies
    for _ in range(8):
        pair.turn("peer")
    assert pair.everything_is_archived()
    pair.start("main")
    for _ in range(4):
        pair.turn()
    assert pair.archived("main") & pair.archived("peer") == set()
    main, peer = pair.ledgers()
    assert main == peer
    assert len(main) == 12


def test_discovery_waits_while_too_much_is_outstanding() -> None:
    pair = Pair(settings={"MAX_OUTSTANDING": "5"})
    pair.source.page_size = 5
    pair.turn()
    for _ in range(20):
        pair.publish()
    pair.members["main"].node.tick()
    counts = pair.members["main"].own.jobs.outstanding()
    assert sum(counts.values()) == 5
    for _ in range(10):
        pair.turn()
    assert pair.everything_is_archived()


def test_a_pair_without_a_watermark_starts_where_the_setting_says() -> None:
    pair = Pair(settings={"FIRST_LOOKBACK_HOURS": "2"})
    old = pair.publish(ago=3 * 3600)
    young = pair.publish(ago=1 * 3600)
    pair.turn()
    pair.turn()
    found = pair.archived("main") | pair.archived("peer")
    assert young.id in found
    assert old.id not in found
