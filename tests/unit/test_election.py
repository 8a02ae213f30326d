"""Two of three leases: one ACTIVE, growing epochs, and nothing that starves."""

import pytest

from capture.errors import Superseded, Transient
from capture.model.authority import Active, Ready
from capture.model.identity import NodeName
from capture.redundancy.election import Election, Office
from capture.redundancy.regions import Regions
from capture.redundancy.rest import REST_SECONDS, Rest
from tests.stores.clock import FakeClock
from tests.stores.leases import MemoryLease

REGIONS = ("main", "peer", "witness")


class World:
    """Three lease blobs and the two nodes that want them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.blobs = {region: MemoryLease(self.clock, "nobody") for region in REGIONS}
        self.leases = {
            node: [self.blobs[region].held_by(node) for region in order]
            for node, order in (("main", ("main", "peer", "witness")), ("peer", ("peer", "main", "witness")))
        }
        self.alone: set[str] = set()
        self.elections = {node: self.election(node) for node in self.leases}

    def election(self, node: str, office: Office | None = None) -> Election:
        other = "peer" if node == "main" else "main"
        return Election(
            NodeName(node),
            NodeName(other),
            Regions(self.leases[node], [Rest(self.clock) for _ in REGIONS]),
            self.clock,
            lease_seconds=15,
            margin_seconds=3,
            alone=lambda: node in self.alone,
            office=office,
        )

    def stand(self, node: str) -> Active | Ready:
        return self.elections[node].stand()


@pytest.fixture
def world() -> World:
    return World()


def active(role: Active | Ready) -> Active:
    assert isinstance(role, Active)
    return role


def test_the_first_one_becomes_active_and_the_other_ready(world: World) -> None:
    assert active(world.stand("main")).epoch == 1
    assert world.stand("peer") == Ready(held=0, reachable=3, own_store=True)


def test_authority_is_counted_from_before_the_call_less_the_margin(world: World) -> None:
    began = world.clock.monotonic()
    assert active(world.stand("main")).until == began + 12


def test_slow_calls_give_no_authority_that_is_already_over(world: World) -> None:
    world.blobs["main"].power.watch = lambda _: world.clock.advance(7)
    assert isinstance(world.stand("main"), Ready)


def test_renewing_keeps_the_epoch(world: World) -> None:
    for _ in range(5):
        assert active(world.stand("main")).epoch == 1
        world.clock.advance(5)


def test_a_crashed_node_is_followed_when_its_leases_run_out(world: World) -> None:
    world.stand("main")
    world.clock.advance(14)
    assert isinstance(world.stand("peer"), Ready)
    world.clock.advance(1)
    assert active(world.stand("peer")).epoch == 2


def test_a_node_restarted_within_its_lease_goes_on_in_its_epoch(world: World) -> None:
    world.stand("main")
    world.elections["main"] = world.election("main")
    assert active(world.stand("main")).epoch == 1


def test_resigning_hands_over_at_once_and_abstains(world: World) -> None:
    world.stand("main")
    world.elections["main"].resign(abstain_seconds=15)
    assert world.elections["main"].active is None
    assert isinstance(world.stand("main"), Ready)
    assert active(world.stand("peer")).epoch == 2
    world.clock.advance(14)
    assert isinstance(world.stand("main"), Ready)


@pytest.mark.parametrize("lost", REGIONS)
def test_the_loss_of_any_one_region_leaves_an_active_node(world: World, lost: str) -> None:
    world.blobs[lost].power.down = True
    roles = [world.stand("main"), world.stand("peer")]
    assert sum(isinstance(role, Active) for role in roles) == 1


def test_a_node_without_its_own_store_lets_go_at_once(world: World) -> None:
    world.stand("main")
    world.blobs["main"].power.down = True
    assert world.stand("main") == Ready(held=2, reachable=2, own_store=False)
    assert active(world.stand("peer")).epoch == 2


def test_two_regions_unreachable_is_no_majority(world: World) -> None:
    world.blobs["peer"].power.down = world.blobs["witness"].power.down = True
    assert world.stand("main") == Ready(held=1, reachable=1, own_store=True)


def test_without_a_majority_what_was_taken_is_released(world: World) -> None:
    world.blobs["peer"].state.holder, world.blobs["peer"].state.until = "peer", 100.0
    world.blobs["witness"].state.holder, world.blobs["witness"].state.until = "peer", 100.0
    assert world.stand("main") == Ready(held=1, reachable=3, own_store=True)
    assert world.blobs["main"].state.holder is None


def test_an_acquire_whose_answer_was_lost_is_released_too(world: World) -> None:
    for region in ("main", "peer"):
        world.blobs[region].fail_next("acquire", after=True)
    world.stand("main")
    assert all(world.blobs[region].state.holder is None for region in REGIONS)


def test_an_active_node_that_loses_contact_for_a_moment_keeps_what_it_holds(world: World) -> None:
    world.stand("main")
    for region in ("peer", "witness"):
        world.blobs[region].fail_next("acquire")
    assert isinstance(world.stand("main"), Ready)
    assert world.blobs["main"].state.holder == "main"
    assert active(world.stand("main")).epoch == 1


def test_the_epoch_goes_beyond_every_epoch_on_the_blobs_it_holds(world: World) -> None:
    world.blobs["witness"].state.epoch = 41
    assert active(world.stand("main")).epoch == 43
    assert {blob.state.epoch for blob in world.blobs.values()} == {43}


def test_an_epoch_that_two_nodes_wrote_is_passed_over(world: World) -> None:
    """Main wrote 5 to one blob and died, then peer wrote 5 to another: neither ever reigned with it alone."""
    for region, holder in (("main", "main"), ("peer", "peer")):
        world.blobs[region].state.epoch, world.blobs[region].state.node = 5, NodeName(holder)
    assert active(world.stand("main")).epoch == 7


def test_an_epoch_that_cannot_be_written_to_a_majority_is_no_reign(world: World) -> None:
    for region in ("peer", "witness"):
        world.blobs[region].fail_next("write_reign")
    assert isinstance(world.stand("main"), Ready)


def test_hold_renews_but_never_takes(world: World) -> None:
    bystander = world.election("main")
    assert bystander.hold(5) is None
    assert all(blob.state.holder is None for blob in world.blobs.values())
    world.stand("main")
    began = world.clock.monotonic()
    held = bystander.hold(5)
    assert held is not None
    assert held.epoch == 1
    assert held.until == began + 5


def test_hold_does_not_touch_the_leases_that_another_node_left(world: World) -> None:
    world.stand("peer")
    world.clock.advance(15)
    assert world.election("main").hold(5) is None
    assert "lease.renew" not in [call for blob in world.blobs.values() for call in blob.power.calls]


def test_hold_without_the_own_store_prolongs_nothing(world: World) -> None:
    world.stand("main")
    world.blobs["main"].power.down = True
    world.clock.advance(5)
    assert world.election("main").hold(5) is None
    assert {world.blobs[region].state.until for region in ("peer", "witness")} == {world.clock.monotonic() + 10}


def test_hold_finds_out_that_the_other_node_reigns(world: World) -> None:
    world.stand("main")
    world.clock.advance(15)
    world.stand("peer")
    assert world.election("main").hold(5) is None


def test_the_epochs_of_the_two_nodes_never_meet(world: World) -> None:
    assert active(world.stand("peer")).epoch == 2
    world.clock.advance(15)
    assert active(world.stand("main")).epoch == 3
    world.clock.advance(15)
    assert active(world.stand("peer")).epoch == 4


def test_on_a_persons_word_a_node_reigns_with_its_own_lease_alone(world: World) -> None:
    world.blobs["peer"].power.down = world.blobs["witness"].power.down = True
    world.alone.add("main")
    role = active(world.stand("main"))
    assert role.epoch == 1
    held = world.election("main").hold(5)
    assert held is not None
    assert held.epoch == 1
    world.alone.clear()
    assert isinstance(world.stand("main"), Ready)


def test_alone_ends_where_the_other_node_is_seen_to_hold_a_lease(world: World) -> None:
    world.alone.add("main")
    for region in ("peer", "witness"):
        world.blobs[region].power.down = True
    world.stand("main")
    for region in ("peer", "witness"):
        world.blobs[region].power.down = False
    world.blobs["main"].power.down = True
    assert active(world.stand("peer")).epoch == 2, "beyond the cut the other node had the majority"
    world.blobs["main"].power.down = False
    assert isinstance(world.stand("main"), Ready)


def test_who_acts_as_active_learns_at_once_that_the_role_was_given_up(world: World) -> None:
    role = active(world.stand("main"))
    role.check(world.clock.monotonic())
    world.elections["main"].resign(abstain_seconds=15)
    with pytest.raises(Superseded, match="given the role up"):
        role.check(world.clock.monotonic())
    world.clock.advance(15)
    active(world.stand("main")).check(world.clock.monotonic())


def test_a_try_that_overlaps_a_resignation_gives_no_role(world: World) -> None:
    election = world.elections["main"]

    def resign_meanwhile(_: str) -> None:
        world.blobs["witness"].power.watch = None
        election.resign(abstain_seconds=15)

    world.blobs["witness"].power.watch = resign_meanwhile
    assert isinstance(election.stand(), Ready)


def test_a_store_that_has_not_answered_is_left_alone_while_the_other_two_decide(world: World) -> None:
    world.stand("main")
    tries: list[str] = []

    def hang(call: str) -> None:
        tries.append(call)
        raise Transient("no answer")

    world.blobs["peer"].power.watch = hang
    for _ in range(4):
        active(world.stand("main"))
        world.clock.advance(4)
    assert tries == ["lease.acquire"]
    world.blobs["peer"].power.watch = None
    world.clock.advance(REST_SECONDS - 16)
    active(world.stand("main"))
    assert world.blobs["peer"].state.until == world.clock.monotonic() + 15, "its rest is over"


def test_a_store_left_alone_is_asked_all_the_same_when_another_one_goes(world: World) -> None:
    world.stand("main")
    world.blobs["peer"].power.down = True
    active(world.stand("main"))
    world.blobs["peer"].power.down, world.blobs["witness"].power.down = False, True
    assert active(world.stand("main")).epoch == 1


def test_who_reigns_alone_overlooks_nobody_whose_store_rests(world: World) -> None:
    for region in ("peer", "witness"):
        world.blobs[region].power.down = True
    world.alone.add("main")
    active(world.stand("main"))
    for region in ("peer", "witness"):
        world.blobs[region].power.down = False
        world.blobs[region].state.holder, world.blobs[region].state.until = "peer", 100.0
    assert isinstance(world.stand("main"), Ready)


def test_who_lets_the_leases_go_ends_what_another_view_of_the_same_process_does_with_them(world: World) -> None:
    office = Office()
    tick, sweep = world.election("main", office), world.election("main", office)
    active(tick.stand())
    world.clock.advance(13)  # the tick believes in its leases no more, though they last
    held = sweep.hold(5)
    assert held is not None
    for region in ("peer", "witness"):
        world.blobs[region].fail_next("acquire", after=True)
    for lease in world.leases["main"][1:]:
        lease.fail_next("acquire", after=True)
    assert isinstance(tick.stand(), Ready)
    with pytest.raises(Superseded):
        held.check(world.clock.monotonic())
