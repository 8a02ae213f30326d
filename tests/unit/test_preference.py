"""Who shall be ACTIVE when both can: return to the preferred node, damping, and a person's word."""

import json
from datetime import timedelta

import pytest

from capture.errors import Permanent
from tests.pair import Pair

MAIN_PREFERRED = {"PREFERRED_NODE": "main", "RETURN_AFTER_SECONDS": "60"}


def led_by_peer(settings: dict[str, str] | None = None) -> Pair:
    """Peer has taken over from main, which is back."""
    pair = Pair({**MAIN_PREFERRED, **(settings or {})})
    pair.turn()
    for _ in range(5):
        pair.turn("peer")
    assert pair.members["peer"].role == "ACTIVE"
    pair.start("main")
    pair.turn()
    return pair


def seconds_until_main_leads(pair: Pair, at_most: float) -> float:
    began = pair.clock.monotonic()
    while pair.members["main"].role != "ACTIVE":
        assert pair.clock.monotonic() - began < at_most
        pair.turn()
    return pair.clock.monotonic() - began


def test_the_preferred_node_gets_the_role_back_when_it_has_been_well_for_a_while() -> None:
    pair = led_by_peer()
    began = pair.clock.monotonic()
    assert pair.members["main"].role == "READY"
    seconds_until_main_leads(pair, 120)
    assert pair.clock.monotonic() - began >= 40
    assert pair.members["main"].epoch == 3
    assert pair.members["peer"].role == "RESIGNED", "it abstains, and nobody may leave the role to it meanwhile"
    for _ in range(4):
        pair.turn()
    assert pair.members["peer"].role == "READY"


def test_nobody_preferred_means_that_the_role_stays_where_it_is() -> None:
    pair = led_by_peer({"PREFERRED_NODE": "none"})
    for _ in range(40):
        pair.turn()
    assert pair.members["peer"].role == "ACTIVE"


def test_a_node_that_fails_again_and_again_waits_twice_as_long_each_time() -> None:
    pair = led_by_peer()
    waits = [seconds_until_main_leads(pair, 200)]
    for at_most in (300, 600):
        for _ in range(5):
            pair.turn("peer")
        pair.start("main")
        pair.turn()
        waits.append(seconds_until_main_leads(pair, at_most))
    assert waits[1] > waits[0] + 30
    assert waits[2] > waits[1] + 60


def test_a_day_without_trouble_ends_the_damping() -> None:
    pair = led_by_peer()
    first = seconds_until_main_leads(pair, 200)
    for _ in range(5):
        pair.turn("peer")
    pair.start("main")
    pair.clock.advance(24 * 3600)
    pair.turn()
    for _ in range(5):
        pair.turn("peer")
    pair.start("main")
    pair.turn()
    assert seconds_until_main_leads(pair, 200) <= first + 30


def test_a_node_whose_own_store_fails_is_not_well() -> None:
    pair = led_by_peer()
    for _ in range(4):
        pair.turn()
    pair.accounts["main"].power.down = True
    pair.members["main"].node.tick()
    pair.accounts["main"].power.down = False
    assert seconds_until_main_leads(pair, 200) > 50


def test_a_person_moves_the_role_at_once_and_it_stays_there() -> None:
    pair = Pair(MAIN_PREFERRED)
    pair.turn()
    answer = pair.members["main"].node.role.run(b'{"active": "peer"}')
    assert answer == {"active": "peer", "epoch": 1, "alone_until": None}
    assert pair.members["main"].role == "RESIGNED"
    began = pair.clock.monotonic()
    pair.members["peer"].node.tick()
    assert pair.members["peer"].role == "ACTIVE"
    assert pair.clock.monotonic() - began <= 2
    for _ in range(40):
        pair.turn()
    assert pair.members["peer"].role == "ACTIVE"
    assert pair.members["peer"].node.status.read()["preferred_by_person"] == "peer"


def test_the_word_may_be_given_to_the_node_that_shall_be_active() -> None:
    pair = Pair(MAIN_PREFERRED)
    pair.turn()
    pair.members["peer"].node.role.run(b'{"active": "peer"}')
    for _ in range(3):
        pair.turn()
    assert pair.members["peer"].role == "ACTIVE"


def test_another_instance_of_the_node_does_not_take_the_role_back() -> None:
    pair = Pair(MAIN_PREFERRED)
    pair.turn()
    watching = pair.members["main"].node
    other_instance = pair.start("main").node
    other_instance.role.run(b'{"active": "peer"}')
    watching.tick()
    pair.members["peer"].node.tick()
    assert pair.members["peer"].role == "ACTIVE"


def test_the_role_is_not_given_to_a_node_that_is_not_there() -> None:
    pair = Pair(MAIN_PREFERRED)
    for _ in range(5):
        pair.turn("main")
    pair.members["main"].node.role.run(b'{"active": "peer"}')
    for _ in range(5):
        pair.turn("main")
    assert pair.members["main"].role == "ACTIVE"


def test_a_later_word_replaces_an_earlier_one() -> None:
    pair = Pair(MAIN_PREFERRED)
    pair.turn()
    for name in ("peer", "main", "peer", "main"):
        pair.members["main"].node.role.run(json.dumps({"active": name}).encode())
        for _ in range(4):
            pair.turn()
        assert pair.members[name].role == "ACTIVE"


def test_a_person_may_let_a_node_reign_while_the_other_regions_cannot_be_reached() -> None:
    pair = Pair(MAIN_PREFERRED)
    for region in ("peer", "witness"):
        pair.accounts[region].power.down = True
    pair.turn("main")
    assert pair.members["main"].role == "READY"
    pair.members["main"].node.role.run(b'{"active": "main", "alone_minutes": 5}')
    recording = pair.publish()
    for _ in range(3):
        pair.turn("main")
    assert pair.members["main"].role == "ACTIVE"
    assert pair.archived("main") == {recording.id}
    pair.clock.advance(timedelta(minutes=5).total_seconds())
    pair.turn("main")
    assert pair.members["main"].role == "READY"


def test_a_node_that_has_just_handed_over_answers_when_it_is_called_back() -> None:
    pair = Pair(MAIN_PREFERRED)
    pair.turn()
    pair.members["main"].node.role.run(b'{"active": "peer"}')
    pair.members["peer"].node.tick()
    assert pair.members["peer"].role == "ACTIVE"
    pair.members["peer"].node.role.run(b'{"active": "main"}')
    pair.members["main"].node.tick()
    assert pair.members["main"].role == "ACTIVE", "though it abstains after a resignation of its own accord"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "the body"),
        (b"peer", "the body"),
        (b'{"active": "witness"}', "'witness' is no node of this pair"),
        (b'{"active": 7}', "active"),
        (b'{"active": "peer", "alone_minutes": -1}', "alone_minutes"),
        (b'{"active": "peer", "foce": true}', "foce"),
        (b" " * 20_000, "20000 bytes"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(body: bytes, says: str) -> None:
    pair = Pair()
    pair.turn()
    with pytest.raises(Permanent, match=says):
        pair.members["main"].node.role.run(body)
    assert pair.members["main"].role == "ACTIVE"


def test_the_role_can_be_called_back_at_once_wherever_the_ticks_stand() -> None:
    """Peer has just handed over and abstains; main hands over in turn, and its next tick comes before peer looks."""
    for first in ("main", "peer"):
        pair = Pair({"PREFERRED_NODE": "none"})
        pair.turn()
        for was, now in (("main", "peer"), ("peer", "main"), ("main", "peer")):
            pair.members[was].node.role.run(json.dumps({"active": now}).encode())
            began = pair.clock.monotonic()
            for name in (first, "peer" if first == "main" else "main"):
                pair.members[name].node.tick()
            assert pair.members[now].role == "ACTIVE"
            assert pair.clock.monotonic() - began < 6
            pair.clock.advance(2)


def test_the_role_is_not_left_to_a_peer_that_has_just_let_it_go() -> None:
    """It stops, say: a person's word of some time ago does not make it stay."""
    pair = Pair({"PREFERRED_NODE": "none"})
    pair.turn()
    pair.members["main"].node.role.run(json.dumps({"active": "peer"}).encode())
    for _ in range(4):
        pair.turn()
    assert pair.members["peer"].role == "ACTIVE"
    pair.members["peer"].node.stop()
    for _ in range(2):
        pair.members["main"].node.tick()
        assert pair.members["main"].role == "ACTIVE"
        pair.clock.advance(4)
