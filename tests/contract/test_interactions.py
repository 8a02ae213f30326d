"""The interactions: a grow-only set of facts, joined when it is read."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from capture.model.identity import ConversationId
from capture.model.ledger import merge_entries
from tests.contract.values import ODD_IDS, PEER, archived, conversation, copy_of, parked
from tests.contract.worlds import World


def test_an_unknown_interaction_is_none(world: World) -> None:
    assert world.main.interactions.get("talk") is None
    assert list(world.main.interactions.keys()) == []


def test_all_recordings_of_a_conversation_come_together(world: World) -> None:
    first, second = archived("r1", at=1), archived("r2", at=2, node=PEER)
    world.main.interactions.add(second, conversation(at=2))
    world.main.interactions.add(first, conversation(at=1))
    found = world.main.interactions.get("talk")
    assert found is not None
    assert found.key == "talk"
    assert found.recordings == (first, second)
    assert found.conversation == conversation(at=2)


def test_facts_of_both_nodes_about_one_recording_join(world: World) -> None:
    facts = [archived("r"), archived("r", node=PEER), parked("r"), parked("r", node=PEER)]
    for fact in facts:
        world.main.interactions.add(fact, None)
        world.main.interactions.add(fact, None)
    found = world.main.interactions.get("talk")
    joined = merge_entries(merge_entries(facts[0], facts[1]), merge_entries(facts[2], facts[3]))
    assert found is not None
    assert found.recordings == (joined,)


def test_a_later_fact_of_the_same_node_does_not_hide_an_earlier(world: World) -> None:
    one, other = archived("r"), replace(archived("r"), copies=frozenset({copy_of("r", at=9)}))
    world.main.interactions.add(one, None)
    world.main.interactions.add(other, None)
    found = world.main.interactions.get("talk")
    assert found is not None
    assert found.recordings == (merge_entries(one, other),)


def test_a_fact_without_metadata_does_not_take_them_away(world: World) -> None:
    world.main.interactions.add(archived("r"), conversation())
    world.main.interactions.add(archived("r"), None)
    found = world.main.interactions.get("talk")
    assert found is not None
    assert found.conversation == conversation()


def test_the_best_reading_wins_in_any_order(world: World) -> None:
    readings = [
        conversation(at=9),
        conversation(at=5, finished=True),
        conversation(at=1, finished=True),
        conversation(),
    ]
    for reading in readings:
        world.main.interactions.add_reading(reading)
    world.main.interactions.add(archived("r"), conversation(at=100))
    found = world.main.interactions.get("talk")
    assert found is not None
    assert found.conversation == conversation(at=5, finished=True)


def test_racing_readings_leave_the_best(world: World) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda n: world.main.interactions.add_reading(conversation(at=n)), range(8)))
    found = world.main.interactions.get("talk")
    assert found is not None
    assert found.conversation == conversation(at=7)


def test_a_recording_without_conversation_stands_alone(world: World) -> None:
    entry = archived("r", conversation=None)
    world.main.interactions.add(entry, None)
    found = world.main.interactions.get("recording-r")
    assert found is not None
    assert found.recordings == (entry,)
    assert list(world.main.interactions.keys()) == ["recording-r"]


def test_keys_name_every_interaction_once(world: World) -> None:
    for number in range(3):
        for talk in ("b", "a", "c"):
            world.main.interactions.add(archived(f"r{number}", conversation=talk), None)
    world.main.interactions.add_reading(conversation("d"))
    assert sorted(world.main.interactions.keys()) == ["a", "b", "c", "d"]


def test_a_very_long_conversation_survives(world: World) -> None:
    long = conversation(sessions=1000)
    world.main.interactions.add(archived("r"), long)
    world.main.interactions.add_reading(replace(long, finished=True))
    found = world.main.interactions.get("talk")
    assert found is not None
    assert found.conversation == replace(long, finished=True)


def test_a_shorter_reading_leaves_nothing_of_a_longer(world: World) -> None:
    world.main.interactions.add_reading(conversation(at=1, sessions=300))
    world.main.interactions.add_reading(conversation(at=2))
    found = world.main.interactions.get("talk")
    assert found is not None
    assert found.conversation == conversation(at=2)


@pytest.mark.parametrize("name", ODD_IDS)
def test_odd_ids(world: World, name: str) -> None:
    entry = replace(archived(name), conversation_id=ConversationId(name))
    world.main.interactions.add(entry, conversation(name))
    world.main.interactions.add_reading(conversation(name, at=1))
    found = world.main.interactions.get(name)
    assert found is not None
    assert found.recordings == (entry,)
    assert list(world.main.interactions.keys()) == [name]
