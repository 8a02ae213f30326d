"""The ledger: entries merge, whoever writes them, and are found by time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from capture.model.hold import Hold
from capture.model.identity import ConversationId, RecordingId
from capture.model.ledger import Tally, merge_entries
from tests.contract.values import MAIN, ODD_IDS, PEER, after, archived, copy_of, parked
from tests.contract.worlds import World


def test_what_is_not_there_is_none(world: World) -> None:
    assert world.main.ledger.get(RecordingId("r"), after(0)) is None


def test_a_new_entry_is_kept_as_it_is(world: World) -> None:
    entry = archived("r", at=0.123456)
    assert world.main.ledger.merge(entry) == entry
    assert world.main.ledger.get(entry.recording_id, entry.created_on) == entry


def test_entries_join_in_any_order(world: World) -> None:
    ours, theirs, given_up = archived("r"), archived("r", node=PEER, conversation=None), parked("r", conversation=None)
    world.main.ledger.merge(given_up)
    world.peer.ledger.merge(theirs)
    joined = merge_entries(merge_entries(ours, theirs), given_up)
    assert world.main.ledger.merge(ours) == joined
    assert world.peer.ledger.get(ours.recording_id, ours.created_on) == joined


def test_the_same_entry_again_changes_nothing(world: World) -> None:
    entry = archived("r")
    world.main.ledger.merge(entry)
    assert world.main.ledger.merge(entry) == entry
    assert world.main.ledger.merge(replace(entry, copies=frozenset())) == entry


def test_racing_merges_lose_nothing(world: World) -> None:
    facts = [replace(archived("r"), copies=frozenset({copy_of("r", at=number)})) for number in range(16)]
    with ThreadPoolExecutor(max_workers=16) as pool:
        list(pool.map(world.main.ledger.merge, facts))
    entry = world.main.ledger.get(RecordingId("r"), after(0))
    assert entry is not None
    assert entry.copies == {copy for fact in facts for copy in fact.copies}


def test_known_is_by_time_and_holds_both_ends(world: World) -> None:
    for second in (-1, 0, 1, 3600, 3601):
        world.main.ledger.merge(archived(f"r{second}", at=second))
    assert world.main.ledger.known(after(0), after(3600)) == {"r0", "r1", "r3600"}
    assert world.main.ledger.known(after(4000), after(5000)) == set()


def test_known_separates_times_by_the_microsecond(world: World) -> None:
    for micro in (0, 1, 2):
        world.main.ledger.merge(archived(f"r{micro}", at=micro / 1_000_000))
    assert world.main.ledger.known(after(0.000001), after(0.000001)) == {"r1"}


def test_between_is_oldest_first_over_hours_and_years(world: World) -> None:
    seconds = (7200, 0, 3599.999999, 86_400 * 40, 3600, -1)
    for second in seconds:
        world.main.ledger.merge(archived(f"r{second}", at=second))
    found = [entry.created_on for entry in world.main.ledger.between(after(-1), after(86_400 * 40))]
    assert found == [after(second) for second in sorted(seconds)]


def test_times_in_other_zones_are_the_same_times(world: World) -> None:
    elsewhere = after(0).astimezone(timezone(timedelta(hours=-5, minutes=-30)))
    world.main.ledger.merge(replace(archived("r"), created_on=elsewhere))
    world.main.ledger.merge(archived("r", node=PEER))
    entry = world.main.ledger.get(RecordingId("r"), after(0))
    assert entry is not None
    assert len(entry.copies) == 2
    assert world.main.ledger.known(elsewhere, elsewhere) == {"r"}


@pytest.mark.parametrize("name", ODD_IDS)
def test_odd_ids_are_kept_apart(world: World, name: str) -> None:
    entry = replace(archived(name), conversation_id=ConversationId(name))
    world.main.ledger.merge(entry)
    world.main.ledger.merge(archived("other"))
    assert world.main.ledger.get(RecordingId(name), after(0)) == entry
    assert world.main.ledger.known(after(0), after(0)) == {name, "other"}


def test_long_reasons_and_strange_text_survive(world: World) -> None:
    entry = parked("r")
    assert entry.parked is not None
    long = replace(entry, parked=replace(entry.parked, reason="Grund \u0001 📞 \u2028 ' \" < & " * 4000))
    world.main.ledger.merge(long)
    assert world.main.ledger.get(long.recording_id, long.created_on) == long


def test_archived_recordings_are_counted_by_the_node_of_their_address(world: World) -> None:
    world.main.ledger.merge(archived("r1"))
    world.main.ledger.merge(archived("r2", node=PEER))
    world.main.ledger.merge(archived("r3", node=PEER))
    world.main.ledger.merge(parked("r4"))
    world.main.ledger.merge(archived("r3", node=MAIN))
    created = archived("r1").created_on
    hour = timedelta(hours=1)
    assert world.main.ledger.tally(created - hour, created + hour) == Tally({MAIN: 2, PEER: 1}, second_copies=1)
    assert world.main.ledger.tally(created + hour, created + 2 * hour) == Tally({}, second_copies=0)


def test_the_latest_word_about_a_hold_is_kept(world: World) -> None:
    held = Hold(after(1), on=True, node=MAIN, by="Änn", reason="case 7")
    released = Hold(after(2), on=False, node=PEER, by="Bob", reason="closed")
    for word in (released, held):
        world.main.ledger.merge(replace(archived("r"), hold=word))
    entry = world.peer.ledger.get(RecordingId("r"), after(0))
    assert entry == replace(archived("r"), hold=released)
    assert not entry.held
