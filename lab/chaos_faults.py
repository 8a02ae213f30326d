"""What is done to the pair in a chaos run: the faults, in the order of their turns, and the plan of all trials."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle, islice

from lab.pair import NODES, Pair

type Undo = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of harm. `target` is a role, a region whose store it is, or empty when it is everybody's."""

    name: str
    target: str
    strike: Callable[[Pair, str], Undo]
    """Do it to the node or store of this name; what is returned ends it."""
    change: bool | None = None
    """Whether the role must change hands (True), must not (False), or may (None). A store's fault decides by role."""
    shortest: float = 20.0
    longest: float = 60.0

    def victim(self, active: str) -> str:
        """Name of the node or store that is meant while `active` is ACTIVE."""
        roles = {"ACTIVE": active, "READY": other(active)}
        return roles.get(self.target, self.target)

    def changes_role(self, active: str) -> bool | None:
        """Whether the role must change hands: a node without its own store can do nothing as ACTIVE."""
        return self.target == active if self.target in NODES else self.change


@dataclass(frozen=True, slots=True)
class Plan:
    """One trial: which fault, how long after its beginning, and for how long."""

    trial: int
    fault: Fault
    after_seconds: float
    fault_seconds: float


def other(node: str) -> str:
    """Name of the other node."""
    return NODES[1 - NODES.index(node)]


def plans(trials: int, seed: int, only: str = "") -> list[Plan]:
    """Plan all trials: the faults take turns, their moments and lengths are random, and the seed repeats them.

    `only` chooses the faults that have this text in their name.
    """
    chance = random.Random(seed)
    chosen = [fault for fault in FAULTS if only in fault.name]
    return [
        # Longer than a tick, so that every moment of a tick has its chance.
        Plan(trial, fault, chance.uniform(5, 12), chance.uniform(fault.shortest, fault.longest))
        for trial, fault in enumerate(islice(cycle(chosen), trials), start=1)
    ]


def _kill(pair: Pair, node: str) -> Undo:
    pair.nodes[node].kill()
    return pair.nodes[node].start


def _freeze(pair: Pair, node: str) -> Undo:
    pair.nodes[node].pause()
    return pair.nodes[node].resume


def _freeze_store(pair: Pair, region: str) -> Undo:
    pair.storage[region].process.pause()
    return pair.storage[region].process.resume


def _throttle(pair: Pair, _: str) -> Undo:
    return _faults(pair, {"kind": "throttle", "retry_after": 5})


def _fail(pair: Pair, _: str) -> Undo:
    return _faults(pair, {"kind": "server_error"})


def _be_unavailable(pair: Pair, _: str) -> Undo:
    return _faults(pair, {"kind": "unavailable"})


def _take_entra_down(pair: Pair, _: str) -> Undo:
    # The tokens that the nodes hold would outlast the trial, so they are refused, too.
    return _faults(pair, {"kind": "unavailable", "place": "token"}, {"kind": "reject_token"})


def _refuse_secret(pair: Pair, node: str) -> Undo:
    client = pair.credentials[node].client_id
    refused = {"kind": "reject_secret", "client_id": client}
    return _faults(pair, refused, {"kind": "reject_token", "client_id": client})


def _faults(pair: Pair, *faults: Mapping[str, object]) -> Undo:
    for fault in faults:
        pair.organisation.faults(**fault)
    return pair.organisation.clear_faults


FAULTS = (
    Fault("ACTIVE killed", "ACTIVE", _kill, change=True, shortest=30, longest=30),
    Fault("READY killed", "READY", _kill, change=False, shortest=5, longest=40),
    Fault("ACTIVE frozen", "ACTIVE", _freeze, change=True),
    Fault("READY frozen", "READY", _freeze, change=False),
    Fault("main's store frozen", "main", _freeze_store),
    Fault("peer's store frozen", "peer", _freeze_store),
    Fault("witness frozen", "witness", _freeze_store, change=False),
    Fault("Dynamics throttles", "", _throttle, change=False),
    Fault("Dynamics answers 500", "", _fail),
    Fault("Dynamics answers 503", "", _be_unavailable),
    Fault("Entra down", "", _take_entra_down),
    Fault("secret refused", "ACTIVE", _refuse_secret, change=True),
)
"""Every fault once; a run goes through them again and again."""
