"""A worker learns in time that its assignment is over."""

import pytest

from capture.errors import Superseded, Transient
from capture.model.authority import Heartbeat, Revocation, RoleName
from capture.model.identity import Epoch, NodeName
from capture.redundancy.fence import Fence
from capture.redundancy.presence import Presence
from capture.redundancy.regions import Regions
from capture.redundancy.rest import Rest
from capture.redundancy.together import one_by_one
from tests.stores.account import MemoryAccount
from tests.stores.clock import START, FakeClock

MAIN, PEER = NodeName("main"), NodeName("peer")


class World:
    """The fence of peer, and the three accounts around it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.accounts = {name: MemoryAccount(self.clock) for name in ("main", "peer", "witness")}
        self.leases = [self.accounts[name].stores.lease for name in ("peer", "main", "witness")]
        own, other = (self.accounts[name].stores.heartbeats for name in ("peer", "main"))
        presence = Presence(PEER, MAIN, own, other, tick_seconds=5, rest=Rest(self.clock), together=one_by_one)
        regions = Regions(self.leases, [Rest(self.clock) for _ in self.leases])
        self.fence = Fence(MAIN, regions, presence, self.clock, fresh_seconds=5)

    def reign(self, region: str, epoch: int) -> None:
        self.accounts[region].stores.lease.state.epoch = Epoch(epoch)

    def beat(self, region: str, revocation: Revocation | None) -> None:
        heartbeat = Heartbeat(MAIN, self.clock.now(), RoleName.ACTIVE, Epoch(1), revocation=revocation)
        self.accounts[region].stores.heartbeats.write(heartbeat)


@pytest.fixture
def world() -> World:
    return World()


def test_the_highest_epoch_of_any_blob_counts(world: World) -> None:
    world.reign("witness", 2)
    assert world.fence.highest() == 2
    with pytest.raises(Superseded):
        world.fence.check(MAIN, Epoch(1), START)
    world.fence.check(MAIN, Epoch(2), START)


def test_epochs_are_read_at_most_once_in_a_while(world: World) -> None:
    world.reign("main", 1)
    assert world.fence.highest() == 1
    world.reign("witness", 9)
    assert world.fence.highest() == 1
    world.clock.advance(5)
    assert world.fence.highest() == 9


def test_a_node_that_reaches_nobody_and_knows_nothing_cannot_judge(world: World) -> None:
    for account in world.accounts.values():
        account.power.down = True
    with pytest.raises(Transient):
        world.fence.highest()


def test_what_was_known_holds_while_nobody_can_be_reached(world: World) -> None:
    world.reign("main", 3)
    assert world.fence.highest() == 3
    for account in world.accounts.values():
        account.power.down = True
    world.clock.advance(5)
    assert world.fence.highest() == 3


@pytest.mark.parametrize("region", ["main", "peer"])
def test_a_revocation_is_heard_from_either_store(world: World, region: str) -> None:
    now = world.clock.now()
    world.beat(region, Revocation(Epoch(1), now))
    with pytest.raises(Superseded, match="taken back"):
        world.fence.check(MAIN, Epoch(1), now)


def test_a_revocation_covers_what_was_assigned_before_it_and_nothing_else(world: World) -> None:
    now = world.clock.now()
    world.beat("peer", Revocation(Epoch(1), now))
    world.clock.advance(0.001)
    world.fence.check(MAIN, Epoch(1), world.clock.now())
    world.fence.check(PEER, Epoch(1), now)  # its own assignments are nobody else's to take back
    world.fence.check(MAIN, Epoch(3), now)


def test_a_later_heartbeat_that_has_lost_the_revocation_does_not_lift_it(world: World) -> None:
    now = world.clock.now()
    world.beat("main", Revocation(Epoch(1), now))
    with pytest.raises(Superseded):
        world.fence.check(MAIN, Epoch(1), now)
    world.clock.advance(5)
    world.beat("main", None)
    with pytest.raises(Superseded):
        world.fence.check(MAIN, Epoch(1), now)
