"""A lease blob: one holder, an epoch under the lease, and readers at any time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from capture.model.identity import Epoch
from tests.contract.values import MAIN, PEER
from tests.contract.worlds import World


def test_the_first_takes_it_and_the_other_does_not(world: World) -> None:
    assert world.main.lease.acquire(15)
    assert not world.peer.lease.acquire(15)


def test_acquiring_again_renews(world: World) -> None:
    assert world.main.lease.acquire(15)
    assert world.main.lease.acquire(20)
    assert world.main.lease.renew(15)


def test_a_released_lease_is_the_others_to_take(world: World) -> None:
    world.main.lease.acquire(15)
    world.main.lease.release()
    assert world.peer.lease.acquire(15)
    assert not world.main.lease.acquire(15)


def test_renewing_after_release_fails(world: World) -> None:
    world.main.lease.acquire(15)
    world.main.lease.release()
    assert not world.main.lease.renew(15)


def test_renewing_what_was_never_held_fails(world: World) -> None:
    assert not world.main.lease.renew(15)
    world.peer.lease.acquire(15)
    assert not world.main.lease.renew(15)


def test_releasing_what_is_not_held_changes_nothing(world: World) -> None:
    world.main.lease.release()
    world.peer.lease.acquire(15)
    world.main.lease.release()
    assert world.peer.lease.renew(15)


def test_a_lease_nobody_has_written_is_of_epoch_zero(world: World) -> None:
    assert world.main.lease.reign() == (0, None)
    world.main.lease.acquire(15)
    assert world.main.lease.reign() == (0, None)


def test_the_holder_writes_the_epoch_and_anybody_reads_it(world: World) -> None:
    world.main.lease.acquire(15)
    assert world.main.lease.write_reign(Epoch(7), MAIN)
    assert world.peer.lease.reign() == (7, MAIN)
    assert world.main.lease.renew(15)


def test_who_does_not_hold_it_does_not_write(world: World) -> None:
    assert not world.peer.lease.write_reign(Epoch(9), PEER)
    world.main.lease.acquire(15)
    world.main.lease.write_reign(Epoch(7), MAIN)
    assert not world.peer.lease.write_reign(Epoch(9), PEER)
    world.main.lease.release()
    assert not world.main.lease.write_reign(Epoch(8), MAIN)
    assert world.peer.lease.reign() == (7, MAIN)


def test_the_epoch_outlives_the_lease(world: World) -> None:
    world.main.lease.acquire(15)
    world.main.lease.write_reign(Epoch(7), MAIN)
    world.main.lease.release()
    assert world.peer.lease.acquire(15)
    assert world.peer.lease.reign() == (7, MAIN)


def test_whoever_comes_first_makes_the_blob_and_its_container(world: World) -> None:
    main, peer = world.fresh_leases()
    assert peer.reign() == (0, None)
    peer.release()
    assert not peer.renew(15)
    assert peer.acquire(15)
    assert not main.acquire(15)


def test_of_racing_nodes_one_gets_a_blob_that_was_not_there(world: World) -> None:
    main, peer = world.fresh_leases()
    with ThreadPoolExecutor(max_workers=8) as pool:
        won = list(pool.map(lambda lease: lease.acquire(15), [main, peer] * 4))
    assert won in ([True, False] * 4, [False, True] * 4)


@pytest.mark.slow
def test_an_expired_lease_cannot_write_may_be_revived_and_may_be_taken(world: World) -> None:
    main, peer = world.fresh_leases()
    assert main.acquire(15)
    assert world.main.lease.acquire(15)
    world.wait(15.2)
    assert not main.write_reign(Epoch(7), MAIN)
    assert main.renew(15)
    assert main.write_reign(Epoch(7), MAIN)
    assert not peer.acquire(15)
    assert world.peer.lease.acquire(15)
    assert not world.main.lease.renew(15)
    assert not world.main.lease.acquire(15)
    assert not world.main.lease.write_reign(Epoch(8), MAIN)
    assert world.peer.lease.reign() == (0, None)
