"""The tick: beats, takes over when the peer is gone, and hands over when it cannot work."""

import logging

import pytest

from capture.errors import Transient, Unauthorized, Waiting
from tests.pair import Pair


def test_one_node_is_active_and_both_say_what_they_are() -> None:
    pair = Pair()
    pair.turn()
    assert [pair.members[name].role for name in ("main", "peer")] == ["ACTIVE", "READY"]
    assert pair.members["peer"].peer.heartbeats.read(pair.members["peer"].node.name) is not None


def test_the_other_node_takes_over_when_the_leases_of_a_crashed_one_run_out() -> None:
    pair = Pair()
    pair.turn()
    crashed_at = pair.clock.monotonic()
    while pair.members["peer"].role != "ACTIVE":
        pair.members["peer"].node.tick()
        pair.clock.advance(0.5)
        assert pair.clock.monotonic() - crashed_at < 18
    assert pair.members["peer"].epoch == 2


def test_a_ready_node_looks_twice_a_second_until_the_next_tick() -> None:
    pair = Pair()
    pair.turn()
    pair.clock.advance(1)
    before = len(pair.clock.slept)
    pair.members["peer"].node.tick()
    assert pair.clock.slept[before:] == [0.5] * 8


def test_a_clean_stop_is_taken_up_within_the_same_tick() -> None:
    pair = Pair()
    pair.turn()
    pair.members["main"].node.stop()
    began = pair.clock.monotonic()
    pair.members["peer"].node.tick()
    assert pair.members["peer"].role == "ACTIVE"
    assert pair.clock.monotonic() - began < 2


def test_a_stop_of_a_ready_node_changes_nothing() -> None:
    pair = Pair()
    pair.turn()
    pair.members["peer"].node.stop()
    pair.turn("main")
    assert pair.members["main"].role == "ACTIVE"
    assert pair.members["main"].epoch == 1


def test_a_node_whose_secret_is_rejected_gives_up_the_role() -> None:
    pair = Pair()
    pair.turn()
    pair.source.listing_failures.append(Unauthorized("Entra refused the secret: check DYNAMICS_CLIENT_SECRET"))
    pair.members["main"].node.tick()
    assert pair.members["main"].role == "RESIGNED"
    error = pair.members["main"].own.state.last_error()
    assert error is not None
    assert "DYNAMICS_CLIENT_SECRET" in error[1]
    pair.members["peer"].node.tick()
    assert pair.members["peer"].role == "ACTIVE"


def test_a_node_whose_own_tables_refuse_it_gives_up_the_role_all_the_same() -> None:
    pair = Pair()
    pair.turn()

    def refuse(call: str) -> None:
        if call.startswith(("state.note_error", "state.cursor")):
            raise Unauthorized("403 check OWN_STORAGE")

    pair.accounts["main"].power.watch = refuse
    pair.members["main"].node.tick()
    assert pair.members["main"].role == "RESIGNED"


def test_a_node_that_cannot_do_the_work_gives_the_other_one_a_chance() -> None:
    pair = Pair()
    pair.turn()

    def out(call: str) -> None:
        if call.startswith(("jobs.", "ledger.", "state.")):
            raise Transient("503")

    pair.accounts["main"].power.watch = out
    recording = pair.publish()
    for _ in range(8):
        pair.members["main"].node.tick()
        pair.turn("peer")
    assert pair.members["peer"].role == "ACTIVE"
    assert pair.archived("peer") == {recording.id}


def test_a_rate_limit_is_no_reason_to_give_up_the_role() -> None:
    pair = Pair()
    pair.turn()
    pair.source.listing_failures += [Waiting("429", 5)] * 10
    for _ in range(10):
        pair.turn()
    assert pair.members["main"].role == "ACTIVE"
    assert pair.members["main"].epoch == 1


def test_the_low_watermark_comes_with_the_heartbeat_when_no_recording_does() -> None:
    pair = Pair()
    pair.turn()
    pair.turn()
    ours, theirs = (pair.members[name].own.state.watermark() for name in ("main", "peer"))
    assert ours is not None
    assert theirs == ours


def test_a_lost_region_is_survived_by_the_other_node() -> None:
    pair = Pair()
    pair.turn()
    recording = pair.publish()
    pair.accounts["main"].power.down = True
    for _ in range(5):
        pair.turn("peer")
    assert pair.archived("peer") == set(), "main may have archived it: its archive may be readable again soon"
    for _ in range(40):
        pair.turn("peer")
    assert pair.archived("peer") == {recording.id}
    assert pair.members["peer"].own.outbox.count(100) == 1


def test_two_regions_unreachable_raise_an_alarm(caplog: pytest.LogCaptureFixture) -> None:
    pair = Pair()
    pair.accounts["peer"].power.down = pair.accounts["witness"].power.down = True
    pair.members["main"].node.tick()
    assert pair.members["main"].role == "READY"
    alarms = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in alarms] == ["event=no_majority node=main reachable=1"]
