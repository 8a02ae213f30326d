"""Heartbeats: the last one of each node, with an age by the store's clock."""

from dataclasses import replace

from capture.model.authority import Heartbeat, RoleName, Watermark
from capture.model.identity import Epoch
from tests.contract.values import MAIN, PEER, after
from tests.contract.worlds import World

BEAT = Heartbeat(MAIN, after(0), RoleName.ACTIVE, Epoch(3), Watermark(Epoch(3), after(-5)))


def test_a_node_that_never_beat_is_unknown(world: World) -> None:
    assert world.main.heartbeats.read(PEER) is None


def test_what_one_node_writes_the_other_reads(world: World) -> None:
    world.main.heartbeats.write(BEAT)
    found = world.peer.heartbeats.read(MAIN)
    assert found is not None
    assert found[0] == BEAT
    assert 0 <= found[1] <= 2


def test_a_later_heartbeat_replaces_the_earlier(world: World) -> None:
    world.main.heartbeats.write(BEAT)
    later = replace(BEAT, role=RoleName.READY, watermark=None)
    world.main.heartbeats.write(later)
    found = world.main.heartbeats.read(MAIN)
    assert found is not None
    assert found[0] == later


def test_its_age_grows_whatever_the_node_said_of_the_time(world: World) -> None:
    world.main.heartbeats.write(replace(BEAT, at=after(1_000_000)))
    world.wait(1.2)
    found = world.main.heartbeats.read(MAIN)
    assert found is not None
    assert 1 <= found[1] <= 3


def test_nodes_do_not_touch_each_others(world: World) -> None:
    world.main.heartbeats.write(BEAT)
    world.peer.heartbeats.write(replace(BEAT, node=PEER))
    found = world.main.heartbeats.read(MAIN)
    assert found is not None
    assert found[0].node == MAIN
